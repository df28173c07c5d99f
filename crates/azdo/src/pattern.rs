//! Patterns that stand in this program.

use regex::Regex;

/// Compiles a pattern of this program, never one that somebody gave.
#[allow(clippy::expect_used, reason = "fixed patterns; tests compile every one of them")]
pub(crate) fn fixed(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this program")
}
