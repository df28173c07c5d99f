//! Categories of issues: their names, domains and the rules that give them
//! (spec azure-devops.md §5.1).

/// Names, markers and rules, compiled once.
#[derive(Debug, Default)]
pub struct Categories {}
