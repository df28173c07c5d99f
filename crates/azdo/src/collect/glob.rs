//! Patterns of names: `*` stands for any text, `!` before a pattern excludes.

/// Patterns; an exclusion wins over any inclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Globs {
    include: Vec<String>,
    exclude: Vec<String>,
}

impl Globs {
    /// Patterns as they are written in the settings.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence's end.
    pub fn new(patterns: &[String]) -> Result<Globs, String> {
        let mut globs = Globs::default();
        for pattern in patterns.iter().map(|pattern| pattern.trim()) {
            match pattern.strip_prefix('!') {
                Some("") => return Err("holds `!` without a name".to_owned()),
                Some(rest) => globs.exclude.push(rest.to_owned()),
                None if pattern.is_empty() => return Err("holds an empty name".to_owned()),
                None => globs.include.push(pattern.to_owned()),
            }
        }
        match globs.include.is_empty() {
            true => Err("names nothing: `*` is all".to_owned()),
            false => Ok(globs),
        }
    }

    /// The patterns as they are written, those that exclude last.
    pub fn patterns(&self) -> Vec<String> {
        let excluded = self.exclude.iter().map(|name| format!("!{name}"));
        self.include.iter().cloned().chain(excluded).collect()
    }

    /// The names, when none of them is a pattern.
    pub fn literal(&self) -> Option<Vec<String>> {
        let is_literal = self.include.iter().all(|pattern| !pattern.contains('*'));
        let allowed = self.include.iter().filter(|name| self.allows(name));
        is_literal.then(|| allowed.cloned().collect())
    }

    /// The same as regular expressions of `\\folder\\name`, for KQL: what is included, what is
    /// excluded (empty: nothing is). A pattern without `\\` is one of names in any folder.
    pub fn regexes(&self) -> (String, String) {
        (regex_of(&self.include), regex_of(&self.exclude))
    }

    /// Whether a name is included and not excluded.
    pub fn takes(&self, name: &str) -> bool {
        self.include.iter().any(|pattern| fits(pattern, name)) && self.allows(name)
    }

    /// Whether a name is not excluded.
    pub fn allows(&self, name: &str) -> bool {
        !self.exclude.iter().any(|pattern| fits(pattern, name))
    }
}

/// Whether a name fits a pattern, in any letter case.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn regex_of(patterns: &[String]) -> String {
    if patterns.is_empty() {
        return String::new();
    }
    let parts = patterns.iter().map(|pattern| {
        // A pattern of names stays within a name, unless it begins with anything.
        let (folder, any) = match pattern.chars().next() {
            Some('\\' | '*') => ("", ".*"),
            _ => (r"(?:.*\\)?", r"[^\\]*"),
        };
        let texts: Vec<String> = pattern.split('*').map(regex::escape).collect();
        format!("{folder}{}", texts.join(any))
    });
    format!("(?is)^(?:{})$", parts.collect::<Vec<_>>().join("|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Globs {
        Globs::new(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, want) in [
            ("*", "", true),
            ("*", "any", true),
            ("web", "WEB", true),
            ("web", "web-ci", false),
            ("web*", "web-ci", true),
            ("*ci", "web-ci", true),
            (r"\team\*\*-ci", r"\team\web\web-ci", true),
            (r"\team\*\*-ci", r"\team\web-ci", false),
            ("a*a", "a", false),
            ("a*b*c", "abbc", true),
            ("ü*", "Übung", true),
        ] {
            assert_eq!(fits(pattern, name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn regular_expressions_take_what_patterns_take() {
        let (official, except) = globs(&[r"\release\*", "ship*", "!ship.test"]).regexes();
        let (official, except) =
            (regex::Regex::new(&official).unwrap(), regex::Regex::new(&except).unwrap());
        for (name, want) in [
            (r"\release\lantern", true),
            (r"\release\a\b", true),
            (r"\releases", false),
            (r"\ship-it", true),
            (r"\web\Ship.2", true),
            (r"\web\my-ship", false),
            (r"\ship.test", false),
            (r"\shipxtest", true),
            (r"\ship-it\web", false),
        ] {
            assert_eq!(official.is_match(name) && !except.is_match(name), want, "{name}");
        }
        assert_eq!(globs(&["a"]).regexes().1, "");
    }

    #[test]
    fn exclusions_win_and_plain_names_need_no_list() {
        let all = globs(&["*", "!sandbox*"]);
        assert!(all.takes("web") && !all.takes("Sandbox 2"));
        assert_eq!(all.literal(), None);
        let names = globs(&["web", "app", "!app"]);
        assert_eq!(names.literal(), Some(vec!["web".to_owned()]));
        for (patterns, want) in [(&["!x"][..], "names nothing"), (&[" "], "empty name")] {
            let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
            assert!(Globs::new(&patterns).unwrap_err().contains(want));
        }
    }
}
