//! The values a step has told the service to mask, replaced in texts made of its output.
//!
//! Invariants: bounded memory; when there are more values than are kept no text is shown at all.

use std::borrow::Cow;

use crate::errors::Finding;

/// What both services write instead.
const MASK: &str = "***";
/// Values kept, and their bytes in all.
const VALUES_MAX: usize = 1_000;
const BYTES_MAX: usize = 1 << 20;

/// The values masked so far.
#[derive(Debug, Default)]
pub struct Masks {
    values: Vec<String>,
    bytes: usize,
    is_full: bool,
}

impl Masks {
    /// Takes a value. Each line of it is one, as for the services: tools print lines.
    pub fn add(&mut self, value: &str) {
        for line in value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
            if self.values.iter().any(|known| known == line) {
                continue;
            }
            if self.values.len() >= VALUES_MAX || self.bytes + line.len() > BYTES_MAX {
                self.is_full = true;
                return;
            }
            self.bytes += line.len();
            self.values.push(line.to_owned());
        }
    }

    /// Whether there were more values than are kept, so that texts are masked as a whole.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// The text without the values; what overlaps is masked together.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.is_full && !text.is_empty() {
            return Cow::Owned(MASK.to_owned());
        }
        let mut found: Vec<(usize, usize)> = Vec::new();
        for value in &self.values {
            let step = value.chars().next().map_or(1, char::len_utf8);
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(value)) {
                found.push((from + at, from + at + value.len()));
                from += at + step;
            }
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable();
        let mut out = String::with_capacity(text.len());
        let mut shown = 0;
        for (start, end) in found {
            if start > shown || out.is_empty() {
                out.push_str(text.get(shown..start).unwrap_or_default());
                out.push_str(MASK);
            }
            shown = shown.max(end);
        }
        out.push_str(text.get(shown..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// Masks the values in all texts of a finding.
    pub fn apply(&self, finding: &mut Finding) {
        let texts = [
            &mut finding.code,
            &mut finding.subcategory,
            &mut finding.origin,
            &mut finding.file,
            &mut finding.from_path,
            &mut finding.test,
        ];
        for text in texts.into_iter().flatten().chain([&mut finding.text]) {
            if let Cow::Owned(masked) = self.text(text) {
                *text = masked;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::Severity;

    fn masks(values: &[&str]) -> Masks {
        let mut masks = Masks::default();
        values.iter().for_each(|value| masks.add(value));
        masks
    }

    #[test]
    fn values_are_masked_wherever_they_stand() {
        for (values, text, want) in [
            (&["hunter2"][..], "hunter2", "***"),
            (&["hunter2"], "a hunter2, hunter2!", "a ***, ***!"),
            (&["abc", "bcd"], "xabcdx", "x***x"),
            (&["aa"], "aaax", "***x"),
            (&["ab", "cd"], "abcd", "***"),
            (&["pass", "password"], "password1", "***1"),
            (&[" one\r\n\ntwo "], "one two", "*** ***"),
            (&["ü"], "für", "f***r"),
            (&["", " \n"], "a b", "a b"),
            (&["*"], "a*b", "a***b"),
        ] {
            assert_eq!(masks(values).text(text), want, "{values:?}");
        }
    }

    #[test]
    fn every_text_of_a_finding_is_masked() {
        let some = || Some("a secret".to_owned());
        let finding = Finding {
            code: some(),
            subcategory: some(),
            origin: some(),
            file: some(),
            from_path: some(),
            test: some(),
            ..Finding::new(Severity::Error, "a secret")
        };
        let mut masked = finding.clone();
        masks(&[]).apply(&mut masked);
        assert_eq!(masked, finding);
        masks(&["secret"]).apply(&mut masked);
        assert!(!format!("{masked:?}").contains("secret"), "{masked:?}");
        assert_eq!((masked.text.as_str(), masked.test.as_deref()), ("a ***", Some("a ***")));
    }

    #[test]
    fn too_many_values_hide_everything() {
        let mut masks = Masks::default();
        (0..VALUES_MAX).for_each(|number| masks.add(&format!("value {number}")));
        assert!(!masks.is_full());
        assert_eq!(masks.text("value 7"), "***");
        assert_eq!(masks.text("else"), "else");
        masks.add("value 7");
        assert!(!masks.is_full());
        masks.add("one more");
        assert!(masks.is_full());
        assert_eq!(masks.text("one more"), "***");
        let mut hidden = Finding::new(Severity::Error, "else");
        masks.apply(&mut hidden);
        assert_eq!(hidden, Finding::new(Severity::Error, "***"));
        let mut long = Masks::default();
        long.add(&"x".repeat(BYTES_MAX + 1));
        assert!(long.is_full());
    }
}
