//! Names, domains and rules that are there before anybody configures any
//! (spec azure-devops.md §5.1).

use std::collections::BTreeMap;

use super::rule::{Domain, Rule};

/// Categories that messages may name, with whose trouble they are.
const NAMES: [(&str, Domain); 20] = [
    ("Build", Domain::Code),
    ("Restore", Domain::Infrastructure),
    ("InitializeToolset", Domain::Infrastructure),
    ("NativeToolsBootstrap", Domain::Infrastructure),
    ("NativeToolsetBootstrapping", Domain::Infrastructure),
    ("CheckSymbols", Domain::Infrastructure),
    ("Test", Domain::Code),
    ("Sign", Domain::Infrastructure),
    ("Publish", Domain::Infrastructure),
    ("Arcade", Domain::Infrastructure),
    ("Task", Domain::Infrastructure),
    ("Redactor", Domain::Infrastructure),
    ("PromoteBuild", Domain::Infrastructure),
    ("ValidatePromotion", Domain::Infrastructure),
    ("NuGetValidation", Domain::Infrastructure),
    ("Darc", Domain::Infrastructure),
    ("CheckChannelConsistency", Domain::Infrastructure),
    ("OneLocBuild", Domain::Infrastructure),
    ("Code", Domain::Code),
    (super::VALIDATION_RESULT, Domain::Code),
];

/// Categories the service itself gives; messages do not name them.
pub(super) const SERVICE: [&str; 2] = ["Code", super::VALIDATION_RESULT];

/// What a script that only says that it failed is called; beside another error it says nothing.
const SCRIPT_EXIT: &str = "ScriptExit";

/// Texts of messages, what they are called, whose trouble that is. The order counts: what says most
/// stands first, the exit code of a script last.
const RULES: [(&str, &str, Domain); 16] = [
    ("stopped hearing from", "MachineLost", Domain::Infrastructure),
    ("exceeded the maximum execution time", "Timeout", Domain::Unknown),
    ("ran longer than the maximum time", "Timeout", Domain::Unknown),
    ("The operation was canceled", "Canceled", Domain::Unknown),
    ("was cancelled", "Canceled", Domain::Unknown),
    ("No space left on device", "DiskFull", Domain::Infrastructure),
    ("There is not enough space on the disk", "DiskFull", Domain::Infrastructure),
    ("fatal: unable to access", "Checkout", Domain::Infrastructure),
    ("NU1301", "Feed", Domain::Infrastructure),
    ("getaddrinfo", "Network", Domain::Infrastructure),
    ("Could not resolve host", "Network", Domain::Infrastructure),
    ("connection reset", "Network", Domain::Infrastructure),
    ("connection was reset", "Network", Domain::Infrastructure),
    (" 503 ", "Network", Domain::Infrastructure),
    (" 429 ", "Network", Domain::Infrastructure),
    ("exited with code", SCRIPT_EXIT, Domain::Unknown),
];

/// The rules that apply after the configured ones, unless these say otherwise.
pub fn default_rules() -> Vec<Rule> {
    let rule = |(text, category, domain): &(&str, &str, Domain)| Rule {
        alone: *category == SCRIPT_EXIT,
        ..Rule::contains(text, category, *domain)
    };
    RULES.iter().map(rule).collect()
}

/// The names messages may give, without those of rules.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, _)| *name)
}

/// Whose trouble a category is, as long as no rule says otherwise.
pub fn domain_of_defaults(category: &str) -> Domain {
    let rules = RULES.iter().map(|(_, name, domain)| (name, domain));
    let mut all = NAMES.iter().map(|(name, domain)| (name, domain)).chain(rules);
    all.find(|(name, _)| **name == category).map_or(Domain::Unknown, |(_, domain)| *domain)
}

pub(super) fn domains() -> BTreeMap<String, Domain> {
    NAMES.iter().map(|(name, domain)| ((*name).to_owned(), *domain)).collect()
}
