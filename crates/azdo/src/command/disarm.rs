//! Texts of others on their way into the log of a step, where the service's runner would act on a
//! command that stands in them: Azure Pipelines looks for `##vso[` anywhere in a line, GitHub
//! Actions for `##[` anywhere and for `::` at the start (spec azure-devops.md §6.1, §6.2).
//!
//! Invariant: what comes out holds no command of either service, whatever goes in.

use std::borrow::Cow;

/// The text on one line that is no command: `##` becomes `# #`, a leading `::` becomes `: :`,
/// line breaks and other control characters become blanks.
pub fn disarm(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && c != '\t';
    let has_commands = text.contains('#') || text.trim_start().starts_with(':');
    if !has_commands && !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut at_start = true;
    for c in text.chars().map(|c| if is_control(c) { ' ' } else { c }) {
        let is_command = match before {
            // Runners compare as people read, and pass over characters that are not seen.
            Some('#') => c == '#' || !c.is_ascii(),
            Some(':') => at_start && (c == ':' || !c.is_ascii()),
            _ => false,
        };
        if is_command {
            out.push(' ');
        }
        out.push(c);
        at_start &= c.is_whitespace() || c == ':' || !c.is_ascii();
        before = Some(c);
    }
    Cow::Owned(out)
}

/// The same for a text of several lines, which it keeps.
pub fn disarm_lines(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.lines().map(disarm).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::seeded_texts;
    use crate::command::{azure, github};

    #[test]
    fn commands_are_broken_up_and_stay_readable() {
        for (text, want) in [
            (
                "x ##vso[task.setvariable variable=PATH]/evil",
                "x # #vso[task.setvariable variable=PATH]/evil",
            ),
            ("##[add-path]/evil", "# #[add-path]/evil"),
            ("#\u{ad}#vso[a.b]", "# \u{ad}#vso[a.b]"),
            ("####[x", "# # # #[x"),
            (" ::add-path::/evil", " : :add-path::/evil"),
            (":::error::x", ": : :error::x"),
            ("a\r\n::error::x\u{1b}[0m", "a  ::error::x [0m"),
        ] {
            assert_eq!(disarm(text), want);
        }
        for text in ["", "C# is item #5 of a::b::c", "error: at 12:30\tUTC", "größer"] {
            assert_eq!(disarm(text), text);
        }
        assert_eq!(disarm_lines("a\n::error::b\n\n##[c"), "a\n: :error::b\n\n# #[c");
    }

    #[test]
    fn no_text_becomes_a_command() {
        let is_command = |line: &str| {
            let first = line.trim_start();
            line.contains(azure::PREFIX) || line.contains("##[") || first.starts_with("::")
        };
        let texts = seeded_texts(23, 40_000);
        assert!(texts.iter().filter(|text| is_command(text)).count() > 1_000);
        for text in texts {
            for line in [disarm(&text).into_owned(), disarm(&format!("##[{text}")).into_owned()] {
                assert!(!line.contains(['\n', '\r']), "{line:?}");
                assert!(!is_command(&line) && azure::parse(&line).is_none(), "{line:?}");
                assert!(github::parse(&line).is_none(), "{line:?}");
            }
        }
    }
}
