//! What the author of a query is told: code, message, place, help.

/// A range of bytes in the query text; `start <= end`, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }
    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One finding about a query text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code in the vendor's shape: `SYN0001`, `SEM0100`, … (listed in `codes`).
    pub code: &'static str,
    /// Lower case, no full stop, names in backticks.
    pub message: String,
    pub span: Span,
    /// What to do about it, when there is something.
    pub help: Option<String>,
}

impl Diagnostic {
    pub fn new(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, message: message.into(), span, help: None }
    }
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Whether the text could not be read (as opposed to not making sense).
    pub fn is_syntax(&self) -> bool {
        self.code.starts_with("SYN")
    }

    /// The finding with the query line and a caret under the place, for terminals.
    pub fn render(&self, text: &str) -> String {
        let (line, column) = line_column(text, self.span.start);
        let source = text.lines().nth(line - 1).unwrap_or("");
        let rest = source.chars().count().saturating_sub(column - 1);
        let wide = text.get(self.span.start..self.span.end).map_or(1, |s| s.chars().count());
        let carets = "^".repeat(wide.clamp(1, rest.max(1)));
        let mut out = format!(
            "error {} at {line}:{column}: {}\n  {source}\n  {}{carets}",
            self.code,
            self.message,
            " ".repeat(column - 1),
        );
        if let Some(help) = &self.help {
            out.push_str("\nhelp: ");
            out.push_str(help);
        }
        out
    }
}

/// Line and column (both from 1, columns in characters) of a byte offset.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_under_its_place() {
        let text = "requests\n| where nme == 1";
        let finding = Diagnostic::new("SEM0100", Span::new(17, 20), "no column `nme` here")
            .help("did you mean `name`?");
        assert_eq!(
            finding.render(text),
            "error SEM0100 at 2:9: no column `nme` here\n  | where nme == 1\n          ^^^\n\
             help: did you mean `name`?"
        );
    }
}
