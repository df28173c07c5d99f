//! What went wrong in a step of a pipeline, and how it is told: findings, the budget of issues,
//! and the text and place an issue is given (spec azure-devops.md §6.5).
//!
//! Invariants: pure; paths are handled as texts, of Windows and POSIX alike, wherever this runs.

pub mod budget;
pub mod message;
pub mod paths;

/// How bad it is; the services know these two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Severity {
    #[default]
    Error,
    Warning,
}

impl Severity {
    /// `error` or `warning` in any letter case.
    pub fn from_word(word: &str) -> Option<Severity> {
        if word.eq_ignore_ascii_case("error") {
            return Some(Severity::Error);
        }
        word.eq_ignore_ascii_case("warning").then_some(Severity::Warning)
    }

    /// As commands and messages spell it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One error or warning found in the output of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    pub severity: Severity,
    /// The name of the matcher that found it; empty when none did.
    pub matcher: String,
    /// The category it has of itself, such as `Timeout`; otherwise that of the whole step counts.
    pub category: Option<String>,
    /// The tool's code, such as `CS0103`.
    pub code: Option<String>,
    /// What stands between place and severity in MSBuild's form, such as `fatal`.
    pub subcategory: Option<String>,
    /// The tool that speaks where no file is named, such as `LINK`.
    pub origin: Option<String>,
    /// As the tool printed it.
    pub file: Option<String>,
    /// File whose folder `file` is relative to, where the tool says so.
    pub from_path: Option<String>,
    /// From 1, as are the other three.
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub end_line: Option<u32>,
    pub end_column: Option<u32>,
    /// The failed test, as its runner names it.
    pub test: Option<String>,
    pub text: String,
    /// It tells only that something before it failed, as `make` does; nobody wants to read it
    /// where that has an error of its own.
    pub is_consequence: bool,
}

impl Finding {
    /// A finding with a text and nothing else.
    pub fn new(severity: Severity, text: impl Into<String>) -> Finding {
        Finding { severity, text: text.into(), ..Finding::default() }
    }
}
