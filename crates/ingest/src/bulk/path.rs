//! Paths into a JSON record: the part of JSONPath Kusto's mappings know (`$`, `.name`,
//! `['name']`, `[n]`).

use crate::json::Value;

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Key(String),
    /// From 0.
    Index(usize),
}

/// The steps from the record to a value; none is the record itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The path a text means; `None` when it is none or uses more than the steps above.
    pub fn parse(text: &str) -> Option<Path> {
        let mut rest = text.trim().strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            // `.['name']` is written, too.
            if let Some(bracket) = rest.strip_prefix(".[").or_else(|| rest.strip_prefix('[')) {
                let (step, after) = bracketed(bracket)?;
                steps.push(step);
                rest = after;
                continue;
            }
            let name = rest.strip_prefix('.')?;
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 || name[..end].contains(['*', '?', '@', ']']) {
                return None;
            }
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
        Some(Path(steps))
    }

    /// The key of the first step, when it is one.
    pub fn head(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Key(key)) => Some(key),
            _ => None,
        }
    }
}

/// The step after an opening bracket, and what follows its end.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let (digits, rest) = text.split_once(']')?;
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        return Some((Step::Index(is_number.then(|| digits.parse().ok()).flatten()?), rest));
    };
    let (name, rest) = text[1..].split_once(quote)?;
    Some((Step::Key(name.to_owned()), rest.strip_prefix(']')?))
}

/// Follows `steps` from `value`; a key that occurs twice means its last value.
pub fn follow<'t, 'a>(value: Value<'t, 'a>, steps: &[Step]) -> Option<Value<'t, 'a>> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(name) => {
            let mut found = value.members().filter(|(key, _)| key.as_ref() == name);
            found.next().map(|first| found.last().unwrap_or(first).1)
        }
        Step::Index(at) => value.elements().nth(*at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Reader, Tape};

    #[test]
    fn paths_lead_to_values() {
        let text = r#"{"a":{"b c":[1,{"d":2}],"x.y":3},"e":4,"e":5}"#;
        let mut tape = Tape::default();
        Reader::new(text, 0).read(&mut tape, text.len()).unwrap();
        for (path, want) in [
            ("$", Some(r#"{"a":{"b c":[1,{"d":2}],"x.y":3},"e":4,"e":5}"#)),
            ("$.e", Some("5")),
            ("$.a['b c'][0]", Some("1")),
            ("$.a.[\"b c\"][1].d", Some("2")),
            ("$['a']['x.y']", Some("3")),
            ("$.a.none", None),
            ("$.e.f", None),
            ("$.a['b c'][2]", None),
        ] {
            let steps = Path::parse(path).unwrap().0;
            assert_eq!(follow(tape.root(), &steps).map(Value::compact).as_deref(), want, "{path}");
        }
    }

    #[test]
    fn other_paths_are_none() {
        for path in ["", "a", "$a", "$..a", "$.*", "$[*]", "$[0:2]", "$['a", "$['a'", "$[-1]", "$."]
        {
            assert_eq!(Path::parse(path), None, "{path}");
        }
    }
}
