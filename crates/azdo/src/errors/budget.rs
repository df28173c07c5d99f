//! How many issues a step may report: both services keep ten errors and ten warnings of a step
//! and drop the rest in silence, so the last of them tells what was left out
//! (spec azure-devops.md §6.5.5).
//!
//! Invariant: memory is bounded; what is no longer told apart is counted.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Finding, Severity};

/// Findings told apart; after that each new one counts as distinct.
const DISTINCT_MAX: usize = 100_000;
/// Codes counted by name in a summary.
const CODES_MAX: usize = 1_000;
/// Codes named in a summary, the most frequent ones.
const CODES_NAMED: usize = 10;
/// Texts quoted in a summary.
const TEXTS_QUOTED: usize = 3;
/// Characters of each of them.
const QUOTE_CHARS_MAX: usize = 300;

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is reported by itself.
    Report,
    /// The same was seen before.
    Repeated,
    /// It is part of the summary.
    Beyond,
}

/// The issues of one step.
#[derive(Debug)]
pub struct Budget {
    issues_max: usize,
    seen: HashSet<u64>,
    errors: Tally,
    warnings: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    /// Reported by us or by the step itself.
    used: usize,
    beyond: usize,
    codes: BTreeMap<String, usize>,
    texts: Vec<String>,
}

impl Budget {
    /// `issues_max` errors and as many warnings are reported one by one.
    pub fn new(issues_max: usize) -> Budget {
        let (errors, warnings) = (Tally::default(), Tally::default());
        Budget { issues_max, seen: HashSet::new(), errors, warnings }
    }

    /// Decides about a finding. The same is the same file, line, code, test and text.
    pub fn admit(&mut self, finding: &Finding) -> Verdict {
        let mut hasher = DefaultHasher::new();
        (finding.severity, &finding.file, finding.line).hash(&mut hasher);
        (&finding.code, &finding.test, &finding.text).hash(&mut hasher);
        let hash = hasher.finish();
        if self.seen.contains(&hash) {
            return Verdict::Repeated;
        }
        if self.seen.len() < DISTINCT_MAX {
            self.seen.insert(hash);
        }
        let issues_max = self.issues_max;
        let tally = self.tally(finding.severity);
        if tally.used < issues_max {
            tally.used += 1;
            return Verdict::Report;
        }
        tally.beyond += 1;
        tally.count(finding.code.as_deref().unwrap_or(""), 1);
        if tally.texts.len() < TEXTS_QUOTED {
            tally.texts.push(quote(finding));
        }
        Verdict::Beyond
    }

    /// Takes over what went beyond another budget.
    pub fn absorb(&mut self, other: Budget) {
        for (severity, other) in
            [(Severity::Error, other.errors), (Severity::Warning, other.warnings)]
        {
            let tally = self.tally(severity);
            tally.beyond += other.beyond;
            for (code, count) in other.codes {
                tally.count(&code, count);
            }
            let room = TEXTS_QUOTED.saturating_sub(tally.texts.len());
            tally.texts.extend(other.texts.into_iter().take(room));
        }
    }

    /// Takes account of an issue that the step reported itself.
    pub fn spend(&mut self, severity: Severity) {
        self.tally(severity).used += 1;
    }

    /// Whether any error was found or reported.
    pub fn has_errors(&self) -> bool {
        self.errors.used + self.errors.beyond > 0
    }

    /// What was left out, at most one finding of each severity.
    pub fn summaries(&self) -> Vec<Finding> {
        let all = [(Severity::Error, &self.errors), (Severity::Warning, &self.warnings)];
        let left_out = all.into_iter().filter(|(_, tally)| tally.beyond > 0);
        left_out.map(|(severity, tally)| Finding::new(severity, tally.summary(severity))).collect()
    }

    fn tally(&mut self, severity: Severity) -> &mut Tally {
        match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        }
    }
}

impl Tally {
    fn count(&mut self, code: &str, count: usize) {
        if let Some(known) = self.codes.get_mut(code) {
            *known += count;
        } else if self.codes.len() < CODES_MAX {
            self.codes.insert(code.to_owned(), count);
        }
    }

    /// `12 more errors (CS0103: 9, CS1002: 2, without code: 1): text; text; text`.
    fn summary(&self, severity: Severity) -> String {
        let mut codes: Vec<(&str, usize)> =
            self.codes.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        codes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        codes.truncate(CODES_NAMED);
        let named: usize = codes.iter().map(|(_, count)| count).sum();
        let mut parts: Vec<String> = codes
            .iter()
            .map(|(code, count)| match code.is_empty() {
                true => format!("without code: {count}"),
                false => format!("{code}: {count}"),
            })
            .collect();
        if named < self.beyond {
            parts.push(format!("others: {}", self.beyond - named));
        }
        let plural = if self.beyond == 1 { "" } else { "s" };
        let (word, codes, texts) = (severity.word(), parts.join(", "), self.texts.join("\n"));
        format!("{} more {word}{plural} ({codes}), the first:\n{texts}", self.beyond)
    }
}

fn quote(finding: &Finding) -> String {
    let mut quote = String::new();
    if let Some(file) = &finding.file {
        quote.push_str(file);
        match finding.line {
            Some(line) => quote.push_str(&format!("({line}): ")),
            None => quote.push_str(": "),
        }
    }
    if let Some(test) = finding.test.as_deref().or(finding.code.as_deref()) {
        quote.push_str(test);
        quote.push_str(": ");
    }
    let text = finding.text.lines().next().unwrap_or_default();
    quote.extend(text.chars().take(QUOTE_CHARS_MAX));
    quote
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, text: &str) -> Finding {
        let code = (!code.is_empty()).then(|| code.to_owned());
        Finding { code, ..Finding::new(Severity::Error, text) }
    }

    #[test]
    fn the_first_are_reported_once_and_the_rest_summed_up() {
        let mut budget = Budget::new(2);
        assert_eq!(budget.admit(&error("A1", "one")), Verdict::Report);
        assert_eq!(budget.admit(&error("A1", "one")), Verdict::Repeated);
        assert_eq!(budget.admit(&error("A1", "two")), Verdict::Report);
        assert!(budget.summaries().is_empty());
        for (code, text) in [("B2", "three"), ("A1", "four"), ("A1", "five"), ("", "six")] {
            assert_eq!(budget.admit(&error(code, text)), Verdict::Beyond);
        }
        assert_eq!(budget.admit(&error("B2", "three")), Verdict::Repeated);
        let summaries = budget.summaries();
        assert_eq!(summaries.len(), 1);
        assert_eq!(
            summaries[0].text,
            "4 more errors (A1: 2, without code: 1, B2: 1), the first:\nB2: three\nA1: four\n\
             A1: five"
        );
    }

    #[test]
    fn what_the_step_reports_itself_uses_the_same_budget() {
        let mut budget = Budget::new(2);
        assert!(!budget.has_errors());
        budget.spend(Severity::Error);
        budget.spend(Severity::Error);
        assert!(budget.has_errors());
        let mut finding = error("", "x");
        finding.file = Some("src/a.c".to_owned());
        finding.line = Some(3);
        assert_eq!(budget.admit(&finding), Verdict::Beyond);
        let warning = Finding { severity: Severity::Warning, ..finding.clone() };
        assert_eq!(budget.admit(&warning), Verdict::Report);
        assert_eq!(
            budget.summaries()[0].text,
            "1 more error (without code: 1), the first:\nsrc/a.c(3): x"
        );
    }

    #[test]
    fn what_went_beyond_another_budget_is_part_of_the_summary() {
        let (mut budget, mut other) = (Budget::new(1), Budget::new(1));
        for (text, code) in [("one", "A1"), ("two", "A1"), ("three", "B2")] {
            budget.admit(&error(code, text));
            other.admit(&error("A1", &format!("other {text}")));
        }
        budget.absorb(other);
        assert_eq!(
            budget.summaries()[0].text,
            "4 more errors (A1: 3, B2: 1), the first:\nA1: two\nB2: three\nA1: other two"
        );
    }

    #[test]
    fn many_codes_are_summed_up() {
        let mut budget = Budget::new(0);
        for code in 0..2_000 {
            budget.admit(&error(&format!("C{code}"), "x"));
        }
        let text = budget.summaries()[0].text.clone();
        assert!(text.starts_with("2000 more errors (C0: 1, C1: 1, "), "{text}");
        assert!(text.contains(", others: 1990), the first:\nC0: x\nC1: x\nC2: x"), "{text}");
    }
}
