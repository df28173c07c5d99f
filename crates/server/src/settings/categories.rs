//! `[[category]]` of the settings file: which messages get which category
//! (spec azure-devops.md §5.1), and whether the shipped rules apply after them.
//!
//! Invariant: every mistake of every rule is reported at once, with the number of the rule.

use std::path::Path;
use std::sync::Arc;

use azdo::category::{Categories, Rule, default_rules};

use super::DEFINITIONS;

/// Keys of the file that are read here.
const KEYS: [&str; 3] = ["category", "category_marker", "category_defaults"];

/// What the file says about categories.
#[derive(Debug)]
pub struct Given {
    rules: Vec<Rule>,
    marker: Option<String>,
    defaults: bool,
}

impl Default for Given {
    fn default() -> Given {
        Given { rules: Vec::new(), marker: None, defaults: true }
    }
}

impl Given {
    /// Whether a key of the file is about categories.
    pub fn is_key(name: &str) -> bool {
        KEYS.contains(&name)
    }

    /// Takes the value of a key.
    pub fn take(
        &mut self,
        name: &str,
        value: toml::Value,
        place: &str,
        problems: &mut Vec<String>,
    ) {
        match (name, value) {
            ("category", toml::Value::Array(items)) => self.take_rules(items, place, problems),
            ("category", _) => {
                problems.push(format!("`category` in {place} must be written as `[[category]]`"));
            }
            ("category_marker", toml::Value::String(text)) => self.marker = Some(text),
            ("category_defaults", toml::Value::Boolean(flag)) => self.defaults = flag,
            ("category_defaults", _) => {
                let problem = format!("`category_defaults` in {place} must be `true` or `false`");
                problems.push(problem);
            }
            (name, _) => problems.push(format!("`{name}` in {place} has the wrong type")),
        }
    }

    fn take_rules(&mut self, items: Vec<toml::Value>, place: &str, problems: &mut Vec<String>) {
        for (number, item) in (1..).zip(items) {
            let rule: Rule = match item.try_into() {
                Ok(rule) => rule,
                Err(error) => {
                    let reason = error.message();
                    problems.push(format!("category rule {number} in {place}: {reason}"));
                    continue;
                }
            };
            match rule.check(number) {
                Ok(()) => self.rules.push(rule),
                Err(error) => problems.push(format!("{error} ({place})")),
            }
        }
    }

    /// The rules of the file, then the shipped ones unless they are not wanted.
    pub fn categories(self, problems: &mut Vec<String>) -> Arc<Categories> {
        let mut rules = self.rules;
        if self.defaults {
            rules.extend(default_rules());
        }
        match Categories::new(rules, self.marker.as_deref()) {
            Ok(categories) => Arc::new(categories),
            Err(error) => {
                problems.push(error.to_string());
                Arc::default()
            }
        }
    }
}

/// The categories of a file alone: a settings file, or one that holds nothing but rules.
/// The second value is how many rules are the file's own.
///
/// # Errors
/// Every mistake found, and keys that no settings file has.
pub fn read_file(path: &Path) -> Result<(Arc<Categories>, usize), Vec<String>> {
    let place = format!("file `{}`", path.display());
    let text = std::fs::read_to_string(path)
        .map_err(|error| vec![format!("{place} cannot be read: {error}")])?;
    let table = text
        .parse::<toml::Table>()
        .map_err(|error| vec![format!("{place} is not TOML: {}", error.message())])?;
    let mut problems = Vec::new();
    let mut given = Given::default();
    for (name, value) in table {
        if Given::is_key(&name) {
            given.take(&name, value, &place, &mut problems);
        } else if name != "source"
            && name != "badges"
            && !DEFINITIONS.iter().any(|known| known.name == name)
        {
            problems.push(format!("there is no setting `{name}` ({place})"));
        }
    }
    let own = given.rules.len();
    let categories = given.categories(&mut problems);
    if problems.is_empty() { Ok((categories, own)) } else { Err(problems) }
}
