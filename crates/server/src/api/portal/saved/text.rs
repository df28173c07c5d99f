//! A saved query as text: a header of comments, then the query.
//!
//! ```text
//! // name: Executions by task
//! // folder: Tasks
//! // description: How often each task ran.
//! // tags: requests, projects
//!
//! requests | summarize sum(itemCount) by name
//! ```
//!
//! Invariant: [`read`] of what [`write`] wrote gives the same query; a text without a header is a
//! query called like its file.

use serde_json::{Map, Value};

use crate::error::Refusal;

const NAME_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 2000;
const TAGS_MAX: usize = 20;
const TAG_CHARS_MAX: usize = 50;
/// Longest query, in bytes.
pub const KQL_BYTES_MAX: usize = 200_000;

/// A saved query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    pub name: String,
    /// Names between slashes; empty: none.
    pub folder: String,
    /// May have several lines.
    pub description: String,
    pub tags: Vec<String>,
    pub kql: String,
}

/// The query in the file of `id`.
pub fn read(id: &str, text: &str) -> Saved {
    let mut saved = Saved::default();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while let Some((line, after)) = split_line(rest) {
        let Some((key, value)) = header(line) else { break };
        match key {
            "name" => saved.name = value.to_owned(),
            "folder" => saved.folder = value.to_owned(),
            "description" if saved.description.is_empty() => saved.description = value.to_owned(),
            "description" => saved.description = format!("{}\n{value}", saved.description),
            "tags" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                saved.tags = tags.map(str::to_owned).collect();
            }
            _ => break,
        }
        rest = after;
    }
    // The empty line below the header is none of the query's.
    if rest.len() < text.len()
        && let Some((line, after)) = split_line(rest)
        && line.trim().is_empty()
    {
        rest = after;
    }
    saved.kql = rest.trim_end_matches(['\n', '\r']).to_owned();
    if saved.name.is_empty() {
        saved.name = id.to_owned();
    }
    saved
}

/// The text of the file of a query.
pub fn write(saved: &Saved) -> String {
    let mut text = format!("// name: {}\n", saved.name);
    if !saved.folder.is_empty() {
        text.push_str(&format!("// folder: {}\n", saved.folder));
    }
    if !saved.description.is_empty() {
        for line in saved.description.split('\n') {
            text.push_str(format!("// description: {line}").trim_end());
            text.push('\n');
        }
    }
    if !saved.tags.is_empty() {
        text.push_str(&format!("// tags: {}\n", saved.tags.join(", ")));
    }
    format!("{text}\n{}\n", saved.kql)
}

fn split_line(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    Some(text.split_once('\n').unwrap_or((text, "")))
}

/// Key and value of a line of the header.
fn header(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix("//")?.trim_start().split_once(':')?;
    Some((key, value.trim()))
}

/// The query in the body of a call.
///
/// # Errors
/// 400 that names the member that is missing, too long or of another type.
pub fn parse(body: &Map<String, Value>) -> Result<Saved, Refusal> {
    let wrong = |message: String| Err(Refusal::bad_request(message));
    let known = ["name", "folder", "description", "tags", "kql", "id", "origin", "etag"];
    if let Some(other) = body.keys().find(|name| !known.contains(&name.as_str())) {
        let other: String = other.chars().take(50).collect();
        return wrong(format!("there is no `{other}` in a saved query"));
    }
    let name = line(body, "name")?;
    if name.is_empty() {
        return wrong("`name` is empty: say what the query shows".to_owned());
    }
    let description = lines(body, "description")?;
    if description.chars().count() > DESCRIPTION_CHARS_MAX {
        return wrong(format!("`description` has more than {DESCRIPTION_CHARS_MAX} characters"));
    }
    let kql = lines(body, "kql")?.trim_end_matches('\n').to_owned();
    if kql.trim().is_empty() {
        return wrong("`kql` is empty: it is the query".to_owned());
    }
    if kql.len() > KQL_BYTES_MAX {
        return wrong(format!("`kql` has {} bytes of {KQL_BYTES_MAX}", kql.len()));
    }
    let description = description.trim().to_owned();
    Ok(Saved { name, folder: line(body, "folder")?, description, tags: tags(body)?, kql })
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refusal::bad_request(format!("`{name}` must be a text"))),
    }
}

/// A text of one line.
fn line(body: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    let text = text(body, name)?.trim();
    if text.chars().count() > NAME_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Refusal::bad_request(format!(
            "`{name}` must be one line of at most {NAME_CHARS_MAX} characters"
        )));
    }
    Ok(text.to_owned())
}

/// A text of several lines, ended as in files.
fn lines(body: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    let text = text(body, name)?.replace("\r\n", "\n");
    match text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        true => Err(Refusal::bad_request(format!("`{name}` has control characters"))),
        false => Ok(text),
    }
}

fn tags(body: &Map<String, Value>) -> Result<Vec<String>, Refusal> {
    let wrong = || {
        Refusal::bad_request(format!(
            "`tags` must be at most {TAGS_MAX} texts of 1 to {TAG_CHARS_MAX} characters without \
             commas"
        ))
    };
    let list = match body.get("tags") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= TAGS_MAX => list,
        Some(_) => return Err(wrong()),
    };
    let is_tag = |tag: &&str| {
        (1..=TAG_CHARS_MAX).contains(&tag.chars().count())
            && !tag.chars().any(|c| c.is_control() || c == ',')
    };
    let tags = list.iter().map(|tag| tag.as_str().map(str::trim).filter(is_tag));
    tags.map(|tag| tag.map(str::to_owned).ok_or_else(wrong)).collect()
}
