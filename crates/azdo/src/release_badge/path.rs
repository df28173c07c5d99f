//! Where badges lie: the older generator's layout, and one that people can read
//! (spec badges.md §4.2). Paths are without the `.svg` or `.png`.
//!
//! A part of a path is percent-encoded, so that no name leads to another folder, and cut with a
//! mark of the whole when a file system could not hold it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{BadgeKey, News};

/// Most bytes of a part: file systems hold 255, and an ending must fit.
const PART_BYTES_MAX: usize = 200;

/// How the older layout names the definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefinitionName<'a> {
    Id,
    Name,
    /// A text the owner gave.
    Friendly(&'a str),
}

/// `{project id}/{definition}-{environment}`.
pub fn seed_path(key: &BadgeKey, news: &News, name: DefinitionName<'_>) -> String {
    let environment = &news.environment;
    let file = match name {
        DefinitionName::Id => format!("{}-{environment}", key.definition_id),
        DefinitionName::Name => format!("{}-{environment}", news.definition),
        DefinitionName::Friendly(name) => format!("{name}-{environment}"),
    };
    format!("{}/{}", part(&key.project_id), part(&file))
}

/// `{source}/{project}/{definition}/{environment}` in lower case; a project whose name is not known
/// by its id.
pub fn readable_path(source: &str, key: &BadgeKey, news: &News) -> String {
    let project = if news.project.is_empty() { &key.project_id } else { &news.project };
    let parts = [source, project, &news.definition, &news.environment];
    parts.map(|text| part(&text.to_lowercase())).join("/")
}

/// A name as one part of a path.
fn part(name: &str) -> String {
    // `.` and `..` are no names, and nothing is none either.
    let is_dots = name.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'~')
            || byte == b'.' && !is_dots;
        match is_plain {
            true => out.push(char::from(byte)),
            // Writing to a text cannot fail.
            false => drop(write!(out, "%{byte:02X}")),
        }
    }
    if out.is_empty() {
        return "%20".to_owned();
    }
    if out.len() <= PART_BYTES_MAX {
        return out;
    }
    let mark =
        Sha256::digest(name.as_bytes()).iter().take(8).fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        });
    // All of it is ASCII; a cut `%XX` would mean something else.
    let kept = PART_BYTES_MAX - mark.len() - 1;
    let cut = out.get(..kept).unwrap_or_default();
    let end = cut.rfind('%').filter(|at| at + 3 > cut.len()).unwrap_or(cut.len());
    format!("{}-{mark}", cut.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_elsewhere() {
        for (name, path) in [
            ("Web - CD", "Web%20-%20CD"),
            ("a/b\\c", "a%2Fb%5Cc"),
            ("..", "%2E%2E"),
            (".", "%2E"),
            ("v1.2", "v1.2"),
            ("", "%20"),
            ("\0\n?#%", "%00%0A%3F%23%25"),
            ("ü", "%C3%BC"),
        ] {
            assert_eq!(part(name), path);
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_different() {
        let one = part(&"ü".repeat(300));
        let other = part(&format!("{}x", "ü".repeat(300)));
        assert!(one.len() <= PART_BYTES_MAX && one != other, "{one}");
        let after_last = &one[one.rfind('%').unwrap()..one.rfind('-').unwrap()];
        assert_eq!(after_last.len(), 3, "{one}");
    }
}
