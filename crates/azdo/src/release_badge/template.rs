//! Texts of badges with fields: `{release} on {branch}` (spec badges.md §4.1).

use std::fmt::Write;

use super::News;

/// The fields there are; `{commit:7}` cuts a commit.
const FIELDS: [&str; 11] = [
    "release",
    "definition",
    "environment",
    "project",
    "attempt",
    "status",
    "version",
    "branch",
    "commit",
    "date",
    "duration",
];

/// A text with fields; `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A field and how many characters of it.
    Field(&'static str, Option<usize>),
}

/// Why a text is no template. The fault is of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("`{{{field}}}` is no field of badges; there are {}", FIELDS.join(", "))]
    UnknownField { field: String },
    #[error("a brace is not closed; two of them stand for one")]
    Open,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// For unknown fields and braces without a partner.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                plain.push_str(brace.get(..1).unwrap_or_default());
                rest = after;
                continue;
            }
            let inside = brace.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (field, after) = inside.ok_or(TemplateError::Open)?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(field_part(field)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Template(parts))
    }

    pub(super) fn fill(&self, news: &News) -> String {
        self.0.iter().fold(String::new(), |mut out, part| {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(name, None) => out.push_str(&value(name, news)),
                Part::Field(name, Some(length)) => {
                    out.extend(value(name, news).chars().take(*length));
                }
            }
            out
        })
    }
}

/// All fields there are with what they say of a deployment, and a commit once more as it is mostly
/// written.
pub(super) fn values(news: &News) -> Vec<(&'static str, String)> {
    let all = FIELDS.into_iter().flat_map(|name| {
        let whole = value(name, news);
        let short = (name == "commit").then(|| ("commit:7", whole.chars().take(7).collect()));
        [Some((name, whole)), short]
    });
    all.flatten().collect()
}

fn field_part(field: &str) -> Result<Part, TemplateError> {
    let unknown = || TemplateError::UnknownField { field: field.to_owned() };
    let (name, length) = match field.split_once(':') {
        Some((name, length)) => (name, Some(length.parse().map_err(|_| unknown())?)),
        None => (field, None),
    };
    let name = FIELDS.into_iter().find(|known| *known == name).ok_or_else(unknown)?;
    Ok(Part::Field(name, length))
}

fn value(name: &str, news: &News) -> String {
    match name {
        "release" => news.release.clone(),
        "definition" => news.definition.clone(),
        "environment" => news.environment.clone(),
        "project" => news.project.clone(),
        "attempt" => news.attempt.to_string(),
        "status" => news.status.word().to_owned(),
        "version" => news.version.clone(),
        "branch" => news.branch.clone(),
        "commit" => news.commit.clone(),
        "date" => news.completed.or(news.modified).map_or_else(String::new, date),
        "duration" => news
            .completed
            .zip(news.started)
            .and_then(|(completed, started)| completed.checked_sub(started))
            .map_or_else(String::new, duration),
        _ => String::new(),
    }
}

/// `2026-11-20`, in UTC.
fn date(nanos: i64) -> String {
    let text = model::time::format_datetime(nanos, model::time::Fraction::Trimmed);
    text.split('T').next().unwrap_or_default().to_owned()
}

/// `1d 2h`, `5m 25s`, `25s`: the two largest units.
fn duration(nanos: i64) -> String {
    let seconds = nanos.max(0) / 1_000_000_000;
    let units = [("d", seconds / 86_400), ("h", seconds / 3600 % 24), ("m", seconds / 60 % 60)];
    let first = units.iter().position(|(_, count)| *count > 0);
    let last = ("s", seconds % 60);
    let shown = units.iter().chain([&last]).skip(first.unwrap_or(units.len())).take(2);
    shown.fold(String::new(), |mut out, (unit, count)| {
        let gap = if out.is_empty() { "" } else { " " };
        // Writing to a text cannot fail.
        let _ = write!(out, "{gap}{count}{unit}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news() -> News {
        News {
            attempt: 2,
            release: "Release-42".into(),
            environment: "Production".into(),
            commit: "600c52d2d5b655caa111abfd863e5a9bd304bb0e".into(),
            started: Some(0),
            completed: Some(325_400_000_000),
            ..News::default()
        }
    }

    #[test]
    fn fields_are_filled() {
        for (template, text) in [
            ("{release}", "Release-42"),
            ("{environment} #{attempt} {status}", "Production #2 unknown"),
            ("{commit:7}", "600c52d"),
            ("{date} {duration}", "1970-01-01 5m 25s"),
            ("{{{release}}}", "{Release-42}"),
            ("plain", "plain"),
            ("", ""),
            ("{branch}", ""),
        ] {
            assert_eq!(Template::parse(template).unwrap().fill(&news()), text, "{template}");
        }
    }

    #[test]
    fn each_field_that_is_listed_is_one() {
        for (name, text) in values(&news()) {
            let template = Template::parse(&format!("{{{name}}}")).unwrap();
            assert_eq!(template.fill(&news()), text, "{name}");
        }
        assert!(values(&news()).contains(&("commit:7", "600c52d".into())));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let error = |text| Template::parse(text).unwrap_err().to_string();
        let fields = FIELDS.join(", ");
        assert_eq!(
            error("{relaese}"),
            format!("`{{relaese}}` is no field of badges; there are {fields}")
        );
        assert_eq!(
            error("{commit:x}"),
            format!("`{{commit:x}}` is no field of badges; there are {fields}")
        );
        for open in ["{release", "a } b", "{"] {
            assert_eq!(error(open), "a brace is not closed; two of them stand for one", "{open}");
        }
    }

    #[test]
    fn durations_have_two_units() {
        const SECOND: i64 = 1_000_000_000;
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m 0s"), (3725, "1h 2m"), (90_000, "1d 1h"), (-5, "0s")]
        {
            assert_eq!(duration(seconds * SECOND), text);
        }
    }
}
