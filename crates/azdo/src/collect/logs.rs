//! Logs of tasks: of each its last part, within limits that are told when they are met; and the
//! beginning of the logs that tell on which image a job ran.

use std::collections::HashSet;

use super::failure::Failure;
use super::run::Tally;
use super::sink::Sink;
use super::{Collector, Images, Logs, wire};
use crate::client::{LogLines, Transport};
use crate::rows::{CollectedLog, sets_up_job};

/// Most bytes of all logs of one build: they are in memory together.
const BUILD_BYTES_MAX: u64 = 16 << 20;
/// Most logs of one build.
const LOGS_MAX: usize = 200;
/// Lines are taken to be so long until some were read.
const LINE_BYTES: u64 = 100;
/// So often the end of a log is looked for by the length of the lines read so far; after that by
/// ever smaller parts.
const GUESSES: u32 = 2;
/// So often at all: enough for the smallest part, one line.
const TRIES_MAX: u32 = 12;

/// A job names its image within so many lines of the log of its first step, and bytes.
const IMAGE_LINES: i64 = 200;
const IMAGE_BYTES_MAX: u64 = 64 << 10;
/// Most jobs of one build whose images are read when only those of failed jobs are, and at all.
const FAILED_IMAGES_MAX: usize = 10;
const IMAGES_MAX: usize = 1000;
/// Results of jobs whose image is wanted.
const FAILED: [&str; 3] = ["failed", "abandoned", "canceled"];

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn logs(
        &self,
        project: &str,
        build: i64,
        timelines: &[&wire::Timeline],
        tally: &Tally,
    ) -> Result<Vec<CollectedLog>, Failure> {
        let wanted = self.wanted_logs(timelines);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        // Tells how long they are: errors stand at the end.
        let listed = self.client.logs(project, build)?;
        let (mut logs, mut bytes) = (Vec::new(), 0);
        for (record_id, log_id) in wanted {
            if logs.len() >= LOGS_MAX || bytes >= BUILD_BYTES_MAX {
                tally.note(format!("build {build} has more logs of failed tasks than are read"));
                break;
            }
            // One that is not listed is gone: the service keeps logs for a shorter time.
            let Some(log) = listed.iter().find(|log| log.id == log_id) else { continue };
            let bytes_max = self.plan.log_bytes_max.min(BUILD_BYTES_MAX - bytes);
            let end = self.end_of_log(project, build, log, bytes_max, tally)?;
            let Some((first_line, text)) = end else { continue };
            bytes += text.len() as u64;
            logs.push(CollectedLog { record_id, log_id, first_line, text });
        }
        Ok(logs)
    }

    /// The last part of a log and the number of its first line; none when the log is gone.
    fn end_of_log(
        &self,
        project: &str,
        build: i64,
        log: &wire::BuildLog,
        bytes_max: u64,
        tally: &Tally,
    ) -> Result<Option<(i64, String)>, Failure> {
        let count = log.line_count.unwrap_or(0).max(0);
        let guess = i64::try_from(bytes_max / LINE_BYTES).unwrap_or(i64::MAX);
        let mut wanted = guess.max(1);
        let mut tries = 0;
        let (first, found) = loop {
            let first = count.saturating_sub(wanted).max(0) + 1;
            let lines = LogLines { first, last: None };
            let Some(found) = self.client.log(project, build, log.id, lines, bytes_max)? else {
                return Ok(None);
            };
            tries += 1;
            let left = count - first + 1;
            if !found.is_cut || left <= 1 || tries >= TRIES_MAX {
                break (first, found);
            }
            // Its end is missing: errors stand there. The lines were longer than thought.
            let read = found.text.bytes().filter(|byte| *byte == b'\n').count().max(1);
            let fits = i64::try_from(read).unwrap_or(i64::MAX) / 10 * 9;
            wanted = match tries <= GUESSES {
                true => fits.clamp(1, left - 1),
                false => (left / 8).max(1),
            };
        };
        if first > 1 || found.is_cut {
            let part = match (first > 1, found.is_cut) {
                (true, false) => format!("only lines {first} to {count}"),
                // Its length is not known, or its last line alone is too long.
                _ => format!("only {bytes_max} bytes from line {first} on"),
            };
            tally.note(format!("of log {} of build {build} {part} are read", log.id));
        }
        Ok(Some((first, found.text)))
    }

    /// Records and their logs, each log once.
    fn wanted_logs(&self, timelines: &[&wire::Timeline]) -> Vec<(String, i64)> {
        let mut wanted: Vec<(String, i64)> = Vec::new();
        for record in timelines.iter().flat_map(|timeline| &timeline.records) {
            let is_wanted =
                record.kind == "Task" && (self.plan.logs == Logs::All || record.result == "failed");
            let log = record.log.as_ref().and_then(|log| log.id).filter(|_| is_wanted);
            if let Some(log) = log
                && !wanted.iter().any(|(_, known)| *known == log)
            {
                wanted.push((record.id.clone(), log));
            }
        }
        wanted
    }

    /// Adds the beginnings of the logs that name the images of jobs.
    pub(super) fn image_logs(
        &self,
        project: &str,
        build: i64,
        timelines: &[&wire::Timeline],
        logs: &mut Vec<CollectedLog>,
        tally: &Tally,
    ) -> Result<(), Failure> {
        let max = match self.plan.images {
            Images::Off => return Ok(()),
            Images::Failed => FAILED_IMAGES_MAX,
            Images::All => IMAGES_MAX,
        };
        let records = || timelines.iter().flat_map(|timeline| &timeline.records);
        let failed: HashSet<&str> = records()
            .filter(|record| record.kind == "Job" && FAILED.contains(&record.result.as_str()))
            .map(|record| record.id.as_str())
            .collect();
        let is_wanted = |record: &&wire::Record| {
            sets_up_job(record)
                && (self.plan.images == Images::All || failed.contains(record.parent_id.as_str()))
        };
        let mut known: HashSet<i64> = logs.iter().map(|log| log.log_id).collect();
        let mut count = 0;
        for record in records().filter(is_wanted) {
            let Some(log_id) = record.log.as_ref().and_then(|log| log.id) else { continue };
            if !known.insert(log_id) {
                continue;
            }
            if count == max {
                tally.note(format!("build {build} has more jobs than the {max} images read"));
                break;
            }
            count += 1;
            let lines = LogLines { first: 1, last: Some(IMAGE_LINES) };
            let found = self.client.log(project, build, log_id, lines, IMAGE_BYTES_MAX)?;
            let Some(found) = found else { continue };
            let record_id = record.id.clone();
            logs.push(CollectedLog { record_id, log_id, first_line: 1, text: found.text });
        }
        Ok(())
    }
}
