//! A known issue → KQL.
//!
//! Invariant: what an issue explains is what [`matches`] answers; all other texts are made of it,
//! or ask for more than it.

use crate::kql_text::{datetime, literal};

use super::issue::{Scope, Wish};

/// Longest line that is kept of an error, in characters.
const LINE_CHARS_MAX: usize = 500;
/// Builds that a preview names.
const SAMPLES: usize = 20;

/// Some builds, by their numbers, and since when their rows were collected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    pub ids: Vec<i64>,
    /// Nanoseconds since 1970.
    pub since: i64,
}

/// The errors an issue explains, one row each: of all builds, or of some.
pub fn matches(what: &Wish, builds: Option<&Builds>) -> String {
    let mut lines = vec![texts(builds)];
    if what.exclude_log {
        lines.push("| where Source != \"log\"".to_owned());
    }
    lines.extend(of_builds(what));
    lines
        .extend(what.contains.iter().map(|text| format!("| where Text contains {}", quoted(text))));
    if what.contains.len() > 1 {
        lines.push(format!("| where Text matches regex {}", quoted(&in_order(&what.contains))));
    }
    lines.extend([
        "| mv-expand with_itemindex=At Line = split(Text, \"\\n\") to typeof(string)".to_owned(),
        format!("| where {}", line(what)),
        "| summarize arg_min(At, Line, LineNumbers, Fingerprint, Fingerprints)".to_owned(),
        "    by Organization, Project, BuildId, RecordId, Source, Number, Run".to_owned(),
        "| project Organization, Project, BuildId, RecordId, Source,".to_owned(),
        "    LineNumber = coalesce(tolong(LineNumbers[At]), tolong(LineNumbers[0])),".to_owned(),
        format!("    Text = substring(trim(@\"\\s+\", Line), 0, {LINE_CHARS_MAX}),"),
        "    Fingerprint = coalesce(Fingerprint, tostring(Fingerprints[At]))".to_owned(),
    ]);
    lines.join("\n")
}

/// How many errors and builds an issue explains of all that is stored, and how many failed builds
/// there are.
pub fn summary(what: &Wish) -> String {
    format!(
        "let Builds = materialize(CompletedBuilds(datetime(1970-01-01))\n    \
         | project Organization, BuildId, FinishTime, IsFail, IsPass, Repository,\n        \
         PullRequestNumber, AttemptCount);\n\
         let Failures = toscalar(Builds | where IsFail | count);\n\
         {}\n\
         | summarize Lines = count() by Organization, BuildId\n\
         | lookup kind=inner Builds on Organization, BuildId\n\
         | summarize Matches = coalesce(sum(Lines), 0), Builds = count(),\n    \
         FailedBuilds = countif(IsFail),\n    \
         PassedBuilds = countif(IsPass and coalesce(AttemptCount, 1) <= 1),\n    \
         PullRequests = count_distinctif(strcat(Repository, \"#\", PullRequestNumber),\n        \
         isnotnull(PullRequestNumber)),\n    \
         First = min(FinishTime), Last = max(FinishTime)\n\
         | extend Failures = Failures,\n    \
         Share = iff(Failures == 0, 0.0, todouble(FailedBuilds) / Failures)",
        matches(what, None)
    )
}

/// The newest builds an issue explains, with a line of each.
pub fn samples(what: &Wish) -> String {
    format!(
        "{}\n\
         | summarize Lines = count(), take_any(Source, Text) by Organization, Project, BuildId\n\
         | lookup kind=inner (CompletedBuilds(datetime(1970-01-01))\n    \
         | project Organization, BuildId, BuildNumber, Definition, Branch, Result,\n    \
         FinishTime) on Organization, BuildId\n\
         | top {SAMPLES} by FinishTime desc",
        matches(what, None)
    )
}

/// Which of these may explain errors of some builds: one row, a number for each of them; 0 says
/// that it does not.
pub fn candidates(all: &[&Wish], builds: &Builds) -> String {
    let counts: Vec<String> = all.iter().enumerate().map(count).collect();
    format!(
        "{}\n| mv-expand Line = split(Text, \"\\n\") to typeof(string)\n| summarize {}",
        texts(Some(builds)),
        counts.join(", ")
    )
}

fn count((number, what): (usize, &&Wish)) -> String {
    format!("I{number} = countif({})", line(what))
}

fn texts(builds: Option<&Builds>) -> String {
    let Some(builds) = builds else { return "ErrorTexts()".to_owned() };
    let ids: Vec<String> = builds.ids.iter().map(i64::to_string).collect();
    format!("ErrorTexts({})\n| where BuildId in ({})", datetime(builds.since), ids.join(", "))
}

/// The builds an issue is about, when not about all.
fn of_builds(what: &Wish) -> Option<String> {
    let Scope { projects, repositories, definitions } = &what.scope;
    let rooted = |name: &String| match name.starts_with('\\') {
        true => name.clone(),
        false => format!("\\{name}"),
    };
    let definitions: Vec<String> = definitions.iter().map(rooted).collect();
    let lists = [("Project", projects), ("Repository", repositories), ("Definition", &definitions)];
    let mut conditions: Vec<String> = Vec::new();
    for (column, names) in lists.into_iter().filter(|(_, names)| !names.is_empty()) {
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        conditions.push(format!("{column} in~ ({})", names.join(", ")));
    }
    conditions.extend(what.expires_ns().map(|end| format!("QueueTime < {}", datetime(end))));
    (!conditions.is_empty()).then(|| {
        format!(
            "| join kind=leftsemi (TimelineBuilds | where {})\n    on Organization, BuildId",
            conditions.join(" and ")
        )
    })
}

/// What is true of the line that shows the error, the first one of several.
fn line(what: &Wish) -> String {
    match what.contains.first() {
        Some(text) => format!("Line contains {}", quoted(text)),
        None => format!("Line matches regex {}", quoted(&format!("(?i){}", what.pattern))),
    }
}

/// A pattern of texts that follow each other, each in a line below the one before.
fn in_order(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
    format!("(?is){}", texts.join(".*\\n.*"))
}

/// A literal that reads as the text does, where that is possible.
fn quoted(text: &str) -> String {
    let is_plain =
        !text.chars().any(|c| c.is_control() || matches!(c, '"' | '\u{2028}' | '\u{2029}'));
    match is_plain && text.contains('\\') {
        true => format!("@\"{text}\""),
        false => literal(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "| summarize arg_min(At, Line, LineNumbers, Fingerprint, Fingerprints)\n    \
        by Organization, Project, BuildId, RecordId, Source, Number, Run\n\
        | project Organization, Project, BuildId, RecordId, Source,\n    \
        LineNumber = coalesce(tolong(LineNumbers[At]), tolong(LineNumbers[0])),\n    \
        Text = substring(trim(@\"\\s+\", Line), 0, 500),\n    \
        Fingerprint = coalesce(Fingerprint, tostring(Fingerprints[At]))";

    fn contains(texts: &[&str]) -> Wish {
        let contains = texts.iter().map(|text| (*text).to_owned()).collect();
        Wish { contains, ..Wish::default() }
    }

    #[test]
    fn a_text_is_looked_for_in_all_that_is_stored() {
        let text = matches(&contains(&["say \"no\""]), None);
        let head = "ErrorTexts()\n| where Text contains \"say \\\"no\\\"\"\n\
            | mv-expand with_itemindex=At Line = split(Text, \"\\n\") to typeof(string)\n\
            | where Line contains \"say \\\"no\\\"\"\n";
        assert_eq!(text, format!("{head}{TAIL}"));
    }

    #[test]
    fn texts_stand_in_lines_that_follow_each_other() {
        let text = matches(&contains(&["a.b", "c"]), None);
        assert!(text.contains(r#"| where Text contains "a.b""#), "{text}");
        assert!(text.contains(r#"| where Text matches regex @"(?is)a\.b.*\n.*c""#), "{text}");
        assert!(text.contains(r#"| where Line contains "a.b""#), "{text}");
    }

    #[test]
    fn scope_end_and_builds_narrow_it() {
        let scope = Scope {
            definitions: vec!["team\\ci".to_owned(), "\\x".to_owned()],
            projects: vec!["p".to_owned()],
            ..Scope::default()
        };
        let what = Wish {
            pattern: r"NU\d+".to_owned(),
            exclude_log: true,
            expires: Some("2026-01-02".to_owned()),
            scope,
            ..Wish::default()
        };
        let builds = Builds { ids: vec![7, 8], since: 0 };
        let text = matches(&what, Some(&builds));
        let head = "ErrorTexts(datetime(1970-01-01T00:00:00Z))\n| where BuildId in (7, 8)\n\
            | where Source != \"log\"\n\
            | join kind=leftsemi (TimelineBuilds | where Project in~ (\"p\") and \
            Definition in~ (@\"\\team\\ci\", @\"\\x\") and \
            QueueTime < datetime(2026-01-02T00:00:00Z))\n    on Organization, BuildId\n\
            | mv-expand with_itemindex=At Line = split(Text, \"\\n\") to typeof(string)\n\
            | where Line matches regex @\"(?i)NU\\d+\"\n";
        assert_eq!(text, format!("{head}{TAIL}"));
        let all = candidates(&[&what, &contains(&["abc"])], &builds);
        assert!(all.ends_with("I1 = countif(Line contains \"abc\")"), "{all}");
    }
}
