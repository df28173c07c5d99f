//! One build: what changed is fetched and written, with the note that it was.

use std::collections::HashSet;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, TimestampNanosecondArray};
use model::Batch;
use model::tables::pipelines::TIMELINE_BUILDS;

use super::failure::Failure;
use super::run::Tally;
use super::sink::{Documents, Sink, SinkError};
use super::state::{Open, Seen};
use super::{Collector, Logs};
use crate::client::{TimelineAnswer, Transport};
use crate::rows::{self, CollectedBuild, Kept};
use crate::wire;

/// One tick of KQL's times: versions of a row differ by at least this.
const TICK_NS: i64 = 100;
/// Most earlier timelines of one build, and most bytes of them: they are in memory together.
const TIMELINES_MAX: usize = 5000;
const TIMELINES_BYTES_MAX: u64 = 256 << 20;

/// A build that has no timelines yet.
const NOTHING_KEPT: Kept = Kept { attempt_count: 1, has_timeline: false };

impl<T: Transport, S: Sink> Collector<T, S> {
    /// A time later than any at which rows of this build were collected, whatever became of our
    /// clock.
    fn collected_ns(&self, seen: Option<&Seen>, open: Option<&Open>) -> i64 {
        let now = self.now();
        let earlier = [seen.map(|seen| seen.collected_ns), open.map(|open| open.collected_ns)];
        let least = earlier.into_iter().flatten().map(|at| at.saturating_add(TICK_NS)).max();
        let at = least.map_or(now, |least| now.max(least));
        at - at.rem_euclid(TICK_NS)
    }

    /// Takes a build as it was listed, whatever its status.
    pub(super) fn take(
        &self,
        project: &str,
        build: &wire::Build,
        tally: &Tally,
    ) -> Result<(), Failure> {
        let _claim = self.claims.take(build.id);
        match build.status.as_str() {
            "completed" => self.finished(project, build, tally),
            _ => self.running(project, build, tally),
        }
    }

    fn finished(&self, project: &str, build: &wire::Build, tally: &Tally) -> Result<(), Failure> {
        let state = self.state(project);
        let (seen, open) = (state.seen(build.id), state.open(build.id));
        let pending = state.pending(build.id);
        // A build that began again and was stopped at once may look as before.
        if seen
            .as_ref()
            .is_some_and(|seen| seen.is_same(build, tally.is_thorough) && open.is_none())
            && pending.is_none()
        {
            Tally::add(&tally.unchanged);
            return Ok(());
        }
        let collected_ns = self.collected_ns(seen.as_ref(), open.as_ref());
        let kept = seen.as_ref().map_or(NOTHING_KEPT, Seen::kept);
        let change_id = seen.as_ref().and_then(|seen| seen.change_id);
        // One that was deleted before anybody looked is nothing to tell of.
        if build.deleted && seen.is_none() && open.is_none() {
            Tally::add(&tally.unchanged);
            return Ok(());
        }
        if build.deleted {
            Tally::add(&tally.fetched);
            let seen = Seen::of(build, change_id, kept, collected_ns);
            return self.alone(project, build, kept, &seen);
        }
        let latest = match self.client.timeline(project, build.id, None)? {
            TimelineAnswer::Gone => {
                // The list may be older than the deletion; or the timeline alone is gone.
                let found = self.client.build(project, build.id)?;
                let is_there = found.is_some_and(|found| !found.deleted);
                Tally::add(&tally.fetched);
                let build = wire::Build { deleted: !is_there, ..build.clone() };
                let of = Seen::of(&build, change_id, kept, collected_ns);
                let seen = Seen { has_lost_timeline: is_there, ..of };
                if is_there {
                    tally.note(format!("the timeline of build {} is gone", build.id));
                }
                return self.alone(project, &build, kept, &seen);
            }
            TimelineAnswer::Never => None,
            TimelineAnswer::Found(timeline, _) => Some(timeline),
        };
        Tally::add(&tally.fetched);
        let is_touched_only = seen.as_ref().is_some_and(|seen| {
            let found = latest.as_ref().and_then(|timeline| timeline.change_id);
            seen.is_same_run(build)
                && seen.is_same_name(build)
                && !seen.deleted
                && !seen.has_lost_timeline
                && seen.timeline == Some(latest.is_some())
                && seen.change_id == found
        });
        if is_touched_only && pending.is_none() {
            let seen = Seen::of(build, change_id, kept, collected_ns);
            return self.alone(project, build, kept, &seen);
        }
        let collected = self.fetch(project, build, latest, tally)?;
        let context = self.context(&build.project, collected_ns);
        let rows = rows::of_build(&collected, &context)?;
        let change_id = collected.latest.and_then(|timeline| timeline.change_id);
        let seen = Seen::of(build, change_id, rows.kept, collected_ns);
        Ok(self.sink.write(rows.batches, state.collected(build.id, &seen))?)
    }

    /// Writes the row of a finished build and leaves those of its timelines.
    fn alone(
        &self,
        project: &str,
        build: &wire::Build,
        kept: Kept,
        seen: &Seen,
    ) -> Result<(), Failure> {
        let context = self.context(&build.project, seen.collected_ns);
        let row = rows::of_build_alone(build, kept, &context)?;
        Ok(self.sink.write(vec![row], self.state(project).collected(build.id, seen))?)
    }

    /// Takes a build that waits, runs or ends just now.
    fn running(&self, project: &str, build: &wire::Build, tally: &Tally) -> Result<(), Failure> {
        let state = self.state(project);
        let (seen, open) = (state.seen(build.id), state.open(build.id));
        let is_pending = state.pending(build.id).is_some();
        if open.as_ref().is_some_and(|open| open.is_same(build)) && !is_pending {
            Tally::add(&tally.unchanged);
            return Ok(());
        }
        Tally::add(&tally.fetched);
        let collected_ns = self.collected_ns(seen.as_ref(), open.as_ref());
        let kept = seen.as_ref().map_or(NOTHING_KEPT, Seen::kept);
        let row = rows::of_build_alone(build, kept, &self.context(&build.project, collected_ns))?;
        let mut documents = Documents::new();
        if is_pending {
            state.put_pending(&mut documents, build.id, None);
        }
        state.put_open(&mut documents, build.id, Some(&Open::of(build, collected_ns)));
        Ok(self.sink.write(vec![row], documents)?)
    }

    /// Takes note that a build is not there any more: its row says so, its other rows stay.
    pub(super) fn gone(&self, project: &str, build: i64, tally: &Tally) -> Result<(), Failure> {
        let _claim = self.claims.take(build);
        let state = self.state(project);
        let (seen, open) = (state.seen(build), state.open(build));
        let collected_ns = self.collected_ns(seen.as_ref(), open.as_ref());
        let stored = self.sink.stored_build(&self.plan.source, build)?;
        let rows = stored.into_iter().map(|batch| deleted(&batch, collected_ns));
        let rows: Vec<Batch> = rows.collect::<Result<_, _>>()?;
        Tally::add(&tally.fetched);
        let documents = match seen {
            Some(seen) => state.collected(build, &Seen { deleted: true, collected_ns, ..seen }),
            None => {
                let mut documents = Documents::new();
                state.put_open(&mut documents, build, None);
                state.put_pending(&mut documents, build, None);
                documents
            }
        };
        Ok(self.sink.write(rows, documents)?)
    }

    /// Everything of a build beside its entry in the list and its newest timeline.
    fn fetch(
        &self,
        project: &str,
        build: &wire::Build,
        latest: Option<wire::Timeline>,
        tally: &Tally,
    ) -> Result<CollectedBuild, Failure> {
        let previous = match &latest {
            Some(latest) => self.previous(project, build.id, latest, tally)?,
            None => Vec::new(),
        };
        let timelines: Vec<&wire::Timeline> = latest.iter().chain(&previous).collect();
        let mut logs = match self.plan.logs {
            Logs::Off => Vec::new(),
            _ => self.logs(project, build.id, &timelines, tally)?,
        };
        self.image_logs(project, build.id, &timelines, &mut logs, tally)?;
        // Without a timeline nothing ran that could have tested.
        let runs = match self.plan.tests.filter(|_| latest.is_some()) {
            Some(tests) => Some(self.runs(project, build.id, tests, tally)?),
            None => None,
        };
        Ok(CollectedBuild { build: build.clone(), latest, previous, logs, runs })
    }

    /// The timelines of earlier attempts, and of those before them.
    fn previous(
        &self,
        project: &str,
        build: i64,
        latest: &wire::Timeline,
        tally: &Tally,
    ) -> Result<Vec<wire::Timeline>, Failure> {
        let mut known: HashSet<String> = HashSet::from([latest.id.clone()]);
        let mut waiting = rows::previous_timelines(latest);
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(id) = waiting.pop() {
            if !known.insert(id.clone()) {
                continue;
            }
            if known.len() > TIMELINES_MAX || bytes >= TIMELINES_BYTES_MAX {
                let read = found.len();
                tally.note(format!("of build {build} only {read} earlier timelines are read"));
                break;
            }
            // One that is gone leaves the others: its records are in no other place.
            if let TimelineAnswer::Found(timeline, size) =
                self.client.timeline(project, build, Some(&id))?
            {
                bytes += size;
                waiting.extend(rows::previous_timelines(&timeline));
                found.push(timeline);
            }
        }
        Ok(found)
    }
}

/// Stored rows of builds once more, marked as deleted.
fn deleted(batch: &Batch, collected_ns: i64) -> Result<Batch, SinkError> {
    let count = batch.rows.num_rows();
    let columns = TIMELINE_BUILDS.columns.iter().zip(batch.rows.columns());
    let columns: Vec<ArrayRef> = columns
        .map(|(column, values)| -> ArrayRef {
            match column.name {
                "IsDeleted" => std::sync::Arc::new(BooleanArray::from(vec![true; count])),
                "CollectedAt" => std::sync::Arc::new(
                    TimestampNanosecondArray::from(vec![collected_ns; count])
                        .with_data_type(column.ty.arrow()),
                ),
                _ => std::sync::Arc::clone(values),
            }
        })
        .collect();
    let rows = RecordBatch::try_new(model::batch::schema(&TIMELINE_BUILDS), columns);
    let rows = rows.map_err(|error| SinkError::Failed(error.to_string()))?;
    Ok(Batch { table: &TIMELINE_BUILDS, rows })
}
