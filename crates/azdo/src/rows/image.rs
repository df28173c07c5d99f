//! Which image a job ran on: the log of the step that sets the job up says it.
//!
//! No API tells; Timelines name the machine alone.

use std::collections::HashMap;

use super::CollectedLog;
use crate::attempts::Merged;
use crate::wire::{LogLine, Record};

/// How many lines of a log may come before the image.
const LINES: usize = 200;

/// What stands before the name of an image: hosted machines before and since 2022, and pools of
/// scale sets.
const LABELS: [&str; 4] = ["Image: ", "Environment: ", "SKU: ", "Image Name: "];

/// Whether the log of `record` says on which image its job ran.
pub fn sets_up_job(record: &Record) -> bool {
    let built_in = record.kind == "Task" && record.task.is_none() && record.log.is_some();
    built_in && record.name.eq_ignore_ascii_case("Initialize job")
}

/// The image of each job whose log was collected, by the job's number among the records.
pub(super) fn of_jobs<'a>(logs: &'a [CollectedLog], records: &[Merged]) -> HashMap<usize, &'a str> {
    if logs.is_empty() {
        return HashMap::new();
    }
    let texts: HashMap<&str, &CollectedLog> =
        logs.iter().map(|log| (log.record_id.as_str(), log)).collect();
    let of_record = |merged: &Merged| {
        let log = texts.get(merged.record.id.as_str()).filter(|_| sets_up_job(merged.record))?;
        Some((merged.job_at?, image(&log.text)?))
    };
    records.iter().filter_map(of_record).collect()
}

fn image(log: &str) -> Option<&str> {
    log.split('\n').take(LINES).find_map(|line| {
        let text = LogLine::read(line).text.trim();
        let name = LABELS.iter().find_map(|label| text.strip_prefix(label))?.trim();
        (!name.is_empty() && !name.contains(char::is_whitespace)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_the_first_step_names_the_image() {
        let now = "2026-11-20T09:59:52.1234567Z ##[section]Starting: Initialize job\r\n\
            2026-11-20T09:59:52.1234567Z ##[group]Runner Image\r\n\
            2026-11-20T09:59:52.1234567Z Image: ubuntu-24.04\r\n\
            2026-11-20T09:59:52.1234567Z Version: 20261101.1.0\r\n";
        assert_eq!(image(now), Some("ubuntu-24.04"));
        assert_eq!(image("Environment: windows-2019\nVersion: 1"), Some("windows-2019"));
        assert_eq!(image("Agent name: 'x'\nImage: \nImage: two words"), None);
        let late = format!("{}Image: x", "line\n".repeat(LINES));
        assert_eq!(image(&late), None);
    }
}
