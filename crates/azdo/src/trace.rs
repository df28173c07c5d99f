//! Operation and span ids of builds, derived alike from collected rows and from inside a task
//! (spec azure-devops.md §7.3), so that both stand in one trace without knowing of each other.

use model::text::hex;
use sha2::{Digest, Sha256};

/// What both hashes begin with.
const DOMAIN: &str = "azdo-build";

/// The operation (trace) id of a build: 32 hex digits. `project_id` is the project's GUID in any
/// letter case.
pub fn operation_id(project_id: &str, build_id: i64) -> String {
    hex(&hash(project_id, build_id, None)[..16])
}

/// The span id of a Timeline record, inside the task its `SYSTEM_TASKINSTANCEID`: 16 hex digits.
pub fn span_id(project_id: &str, build_id: i64, record_id: &str) -> String {
    hex(&hash(project_id, build_id, Some(record_id))[..8])
}

/// The span id of a build itself, parent of what is known to come from a build but not from which
/// record: the first half of its operation id.
pub fn build_span_id(operation_id: &str) -> String {
    operation_id.chars().take(16).collect()
}

/// Span ids of the records of one build: what [`span_id`] gives, for many records.
#[derive(Debug, Clone)]
pub struct Spans {
    build: Sha256,
}

impl Spans {
    /// Of the build `build_id` in the project with the GUID `project_id`.
    pub fn of(project_id: &str, build_id: i64) -> Spans {
        let text = format!("{DOMAIN}\0{}\0{build_id}\0", project_id.to_ascii_lowercase());
        Spans { build: Sha256::new_with_prefix(text) }
    }

    /// The span id of a record: 16 hex digits.
    pub fn id(&self, record_id: &str) -> String {
        let hash = self.build.clone().chain_update(record_id.to_ascii_lowercase()).finalize();
        hex(hash.get(..8).unwrap_or(&[]))
    }
}

fn hash(project_id: &str, build_id: i64, record_id: Option<&str>) -> [u8; 32] {
    let mut text = format!("{DOMAIN}\0{}\0{build_id}", project_id.to_ascii_lowercase());
    if let Some(record_id) = record_id {
        text.push('\0');
        text.push_str(&record_id.to_ascii_lowercase());
    }
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "3F0C5A52-6F5D-4E6B-9D0A-1B6F3B1F0A01";

    #[test]
    fn ids_do_not_depend_on_letter_case() {
        assert_eq!(operation_id(PROJECT, 101), operation_id(&PROJECT.to_lowercase(), 101));
        let record = "00000065-0000-4000-8000-00000000000A";
        assert_eq!(
            span_id(PROJECT, 101, record),
            span_id(&PROJECT.to_lowercase(), 101, &record.to_lowercase())
        );
    }

    /// Expected: `printf 'azdo-build\0…' | sha256sum`.
    #[test]
    fn ids_are_the_beginnings_of_the_hashes() {
        assert_eq!(operation_id(PROJECT, 101), "2bb25f4b073b0071311adee8b2f43691");
        assert_eq!(
            span_id(PROJECT, 101, "00000065-0000-4000-8000-00000000000a"),
            "d32cc469f623c59e"
        );
        let spans = Spans::of(PROJECT, 101);
        assert_eq!(spans.id("00000065-0000-4000-8000-00000000000A"), "d32cc469f623c59e");
    }
}
