//! Logs of tasks: the last part of each, within limits that are told when they are met.

use super::Logs;
use super::failure::Failure;
use super::run::Tally;
use super::sink::Sink;
use super::{Collector, wire};
use crate::client::Transport;
use crate::rows::CollectedLog;

/// Most bytes of all logs of one build: they are in memory together.
const BUILD_BYTES_MAX: u64 = 16 << 20;
/// Most logs of one build.
const LOGS_MAX: usize = 200;
/// Lines are taken to be so long when a log's beginning is left out.
const LINE_BYTES: u64 = 100;

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
        let lines_max = i64::try_from(self.plan.log_bytes_max / LINE_BYTES).unwrap_or(i64::MAX);
        let (mut logs, mut bytes) = (Vec::new(), 0);
        for (record_id, log_id) in wanted {
            if logs.len() >= LOGS_MAX || bytes >= BUILD_BYTES_MAX {
                tally.note(format!("build {build} has more logs of failed tasks than are read"));
                break;
            }
            // One that is not listed is gone: the service keeps logs for a shorter time.
            let Some(log) = listed.iter().find(|log| log.id == log_id) else { continue };
            let skipped = log.line_count.unwrap_or(0).saturating_sub(lines_max).max(0);
            let first_line = skipped + 1;
            let bytes_max = self.plan.log_bytes_max.min(BUILD_BYTES_MAX - bytes);
            let Some(text) = self.client.log(project, build, log_id, first_line, bytes_max)? else {
                continue;
            };
            bytes += text.len() as u64;
            logs.push(CollectedLog { record_id, log_id, first_line, text });
        }
        Ok(logs)
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
}
