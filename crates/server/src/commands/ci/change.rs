//! What rules change: from which category to which, how often, in how many builds, with a message
//! of each; and which rules do too little or too much.

use std::collections::{BTreeMap, HashMap, HashSet};

use azdo::category::{Categories, Subject};

use super::stored::{Build, Issue};
use crate::triage::{BY_RULES, Entry};

/// A rule that gives more than one in so many issues its category may be too broad.
const BROAD: usize = 20;
/// Of so few issues nothing is said to be broad.
const BROAD_ISSUES_MIN: usize = 40;
/// Longest message shown, in characters.
const SHOWN_CHARS_MAX: usize = 80;

/// Issues that go from one category to another.
#[derive(Debug, Default)]
pub struct Move {
    pub issues: usize,
    pub builds: usize,
    last_build: Option<(String, i64)>,
    pub message: String,
}

/// What was found in all pages.
#[derive(Debug, Default)]
pub struct Summary {
    pub issues: usize,
    pub builds: usize,
    /// By the old and the new category.
    pub moves: BTreeMap<(String, String), Move>,
    /// Issues whose category a person gave and the rules would change.
    pub by_hand: usize,
    /// How many issues each rule gave their category, by its number from 0.
    hits: Vec<usize>,
}

impl Summary {
    pub fn new(categories: &Categories) -> Summary {
        Summary { hits: vec![0; categories.rules().len()], ..Summary::default() }
    }

    /// Looks at the issues of a page; what is to be stored comes back.
    pub fn add(
        &mut self,
        categories: &Categories,
        builds: &[Build],
        issues: &[Issue],
    ) -> Vec<Entry> {
        let mut seen = HashSet::new();
        let mut errors: HashMap<(usize, &str), usize> = HashMap::new();
        for issue in issues.iter().filter(|issue| issue.kind == "error") {
            *errors.entry((issue.build, &issue.record_id)).or_default() += 1;
        }
        let mut entries = Vec::new();
        for issue in issues {
            let Some(build) = builds.get(issue.build) else { continue };
            seen.insert(issue.build);
            self.issues += 1;
            let bucket = categories.bucket(&Subject {
                message: &issue.message,
                service_category: &issue.service_category,
                definition: &build.definition,
                task: &issue.task,
                kind: &issue.kind,
                alone: issue.kind == "error"
                    && errors.get(&(issue.build, issue.record_id.as_str())) == Some(&1),
            });
            if let Some(hits) = bucket.rule.and_then(|rule| self.hits.get_mut(rule)) {
                *hits += 1;
            }
            let now = if issue.updated.is_empty() { &issue.bucket } else { &issue.updated };
            if *now == *bucket.name {
                continue;
            }
            if !issue.updated.is_empty() && issue.by != BY_RULES {
                self.by_hand += 1;
                continue;
            }
            self.note(now, &bucket.name, build, &issue.message);
            entries.push(entry(build, issue, &bucket.name));
        }
        self.builds += seen.len();
        entries
    }

    fn note(&mut self, from: &str, to: &str, build: &Build, message: &str) {
        let found = self.moves.entry((from.to_owned(), to.to_owned())).or_default();
        found.issues += 1;
        // Issues come build by build.
        let this = (format!("{}\0{}", build.organization, build.project), build.id);
        if found.last_build.as_ref() != Some(&this) {
            found.builds += 1;
            found.last_build = Some(this);
        }
        if found.message.is_empty() {
            found.message = short(message);
        }
    }

    /// Sentences about the first `own` rules: those that gave no issue its category, and those
    /// that gave very many.
    pub fn remarks(&self, categories: &Categories, own: usize) -> Vec<String> {
        let mut remarks = Vec::new();
        for (i, (rule, hits)) in categories.rules().zip(&self.hits).take(own).enumerate() {
            let text = short(rule.looks_for());
            let what = format!("rule {} (`{text}` → {})", i + 1, rule.category);
            // A rule without a pattern is there for its name and domain.
            if *hits == 0 && !text.is_empty() {
                remarks.push(format!("{what} gave no issue its category"));
            }
            if hits * BROAD > self.issues && self.issues >= BROAD_ISSUES_MIN {
                let percent = hits * 100 / self.issues;
                remarks.push(format!(
                    "{what} gave {percent} % of all issues their category: it may be too broad"
                ));
            }
        }
        remarks
    }
}

fn entry(build: &Build, issue: &Issue, category: &str) -> Entry {
    Entry {
        organization: build.organization.clone(),
        project: build.project.clone(),
        build_id: build.id,
        record_id: issue.record_id.clone(),
        index: issue.index,
        category: category.to_owned(),
        url: String::new(),
    }
}

/// The first line, cut.
fn short(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}
