//! The pass over the list of finished builds, what runs beside it, and single builds.

use super::failure::Failure;
use super::run::{Begun, Kind, Run, Tally};
use super::sink::{Documents, Sink};
use super::state::{Facts, State, learn, text_of};
use super::tried::Tries;
use super::{Collector, Watch, work};
use crate::client::{BuildFilter, Transport};
use crate::wire;

/// So many documents are written at once.
const DOCUMENTS_MAX: usize = 1000;

/// Which builds one list is about.
pub(super) struct Window {
    pub from_ns: i64,
    pub with_deleted: bool,
}

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn begin(&self, kind: Kind) -> Begun {
        Begun { kind, started_ns: self.now(), usage: self.client.usage() }
    }

    /// Writes down a run: its row, and `edit` of the project's facts with it.
    pub(super) fn end(
        &self,
        begun: &Begun,
        project: &str,
        tally: &Tally,
        failure: Option<Failure>,
        edit: impl FnOnce(&mut Facts),
    ) -> Run {
        let ended = (self.now(), self.client.usage(), failure);
        let mut run = Run::new(begun, &self.plan.source, project, tally, ended);
        let state = self.state(project);
        run.pending = state.all_pending().len() as u64;
        let written = self.edit_facts(&state, |facts| {
            edit(facts);
            facts.name = project.to_owned();
            if run.fetched > 0 {
                facts.active_ns = run.finished_ns;
            }
            run.cursor_ns = Some(facts.cursor_ns).filter(|cursor| *cursor > 0);
            facts.remember(run.summary());
            vec![run.batch()]
        });
        if let Err(failure) = written {
            run.error = failure.to_string();
            run.failure.get_or_insert(failure);
        }
        run
    }

    /// Changes the facts of a project, with rows that belong to the change.
    pub(super) fn edit_facts(
        &self,
        state: &State<'_, S>,
        edit: impl FnOnce(&mut Facts) -> Vec<model::Batch>,
    ) -> Result<(), Failure> {
        // Passes and triggers change them from threads of their own.
        let _alone = self.editing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut facts = state.facts();
        let rows = edit(&mut facts);
        let mut documents = Documents::new();
        state.put_facts(&mut documents, &facts);
        Ok(self.sink.write(rows, documents)?)
    }

    /// Whether a list from this time leaves no gap behind what is collected already: the cursor may
    /// move over it.
    fn follows_on(&self, facts: &Facts, from_ns: i64) -> bool {
        match facts.cursor_ns {
            0 => from_ns <= self.now().saturating_sub(self.plan.backfill_ns),
            cursor => from_ns <= cursor.saturating_sub(self.plan.overlap_ns),
        }
    }

    /// Takes note of the id of a project, which builds tell: what is known of it is kept by that.
    pub(super) fn learn(&self, project: &str, builds: &[wire::Build]) -> Result<(), Failure> {
        match builds.iter().map(|build| build.project.id.as_str()).find(|id| !id.is_empty()) {
            Some(id) => self.learn_id(project, id),
            None => Ok(()),
        }
    }

    pub(super) fn learn_id(&self, project: &str, id: &str) -> Result<(), Failure> {
        let _alone = self.editing.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let documents = learn(&self.sink, &self.plan.source, project, id);
        for documents in documents.chunks(DOCUMENTS_MAX) {
            self.sink.write(Vec::new(), documents.to_vec())?;
        }
        Ok(())
    }

    /// What has finished since the cursor, what runs, what is due again.
    pub(super) fn poll(&self, project: &str, since_ns: Option<i64>, watch: &dyn Watch) -> Run {
        let facts = self.state(project).facts();
        let is_first = facts.cursor_ns == 0;
        let begun = self.begin(if is_first { Kind::Backfill } else { Kind::Poll });
        let (tally, tries) = (Tally::default(), Tries::default());
        let from_ns = since_ns.unwrap_or(match is_first {
            true => begun.started_ns.saturating_sub(self.plan.backfill_ns),
            false => facts.cursor_ns.saturating_sub(self.plan.overlap_ns),
        });
        let window = Window { from_ns, with_deleted: false };
        let is_whole = self.follows_on(&facts, from_ns);
        let done = self
            .list(project, &window, &tries, &tally, watch, |_| ())
            .and_then(|()| self.sweep(project, &tries, &tally))
            .and_then(|()| self.again(project, &tally));
        // One that began later than needed has not looked at everything.
        let is_good = done.is_ok() && is_whole;
        self.end(&begun, project, &tally, done.err(), |facts| {
            if is_good {
                facts.succeeded_ns = begun.started_ns;
                // The list was empty up to its end.
                facts.cursor_ns = facts.cursor_ns.max(from_ns.min(begun.started_ns));
            }
            if is_good && facts.reconciled_ns == 0 {
                // The first whole pass has just looked at everything.
                facts.reconciled_ns = begun.started_ns;
            }
        })
    }

    /// Takes finished builds page by page and moves the cursor after each, unless builds before the
    /// window are not collected yet. `seen` hears every listed build.
    pub(super) fn list(
        &self,
        project: &str,
        window: &Window,
        tries: &Tries,
        tally: &Tally,
        watch: &dyn Watch,
        mut seen: impl FnMut(&wire::Build),
    ) -> Result<(), Failure> {
        let filter = BuildFilter {
            status: "completed",
            min_time: text_of(window.from_ns),
            with_deleted: window.with_deleted,
            page_size: self.plan.page_size,
        };
        let is_whole = self.follows_on(&self.state(project).facts(), window.from_ns);
        self.client.builds(project, &filter, |builds: Vec<wire::Build>| {
            self.learn(project, &builds)?;
            builds.iter().for_each(&mut seen);
            let newest = builds.iter().filter_map(|build| build.finish_time).max();
            self.take_all(project, builds, tries, tally, watch)?;
            match newest.filter(|_| is_whole) {
                Some(newest) => self.edit_facts(&self.state(project), |facts| {
                    // A finish time ahead of our clock must not hide the builds before it.
                    facts.cursor_ns = facts.cursor_ns.max(newest.min(self.now()));
                    Vec::new()
                }),
                None => Ok(()),
            }
        })
    }

    /// Takes listed builds of definitions that are collected, several at once.
    pub(super) fn take_all(
        &self,
        project: &str,
        mut builds: Vec<wire::Build>,
        tries: &Tries,
        tally: &Tally,
        watch: &dyn Watch,
    ) -> Result<(), Failure> {
        builds.retain(|build| self.is_wanted(build) && !self.is_waiting(project, build.id));
        tally.listed.fetch_add(builds.len() as u64, std::sync::atomic::Ordering::Relaxed);
        watch.listed(builds.len() as u64);
        work::all(&builds, self.client.concurrency(), |build| {
            let done =
                self.tried(project, build.id, tries, tally, || self.take(project, build, tally));
            watch.done();
            done
        })
    }

    /// Whether a build failed and its next try is not due: lists would have it tried every time.
    pub(super) fn is_waiting(&self, project: &str, build: i64) -> bool {
        let pending = self.state(project).pending(build);
        pending.is_some_and(|pending| pending.is_dead || pending.next_ns > self.now())
    }

    fn is_wanted(&self, build: &wire::Build) -> bool {
        let definition = &build.definition;
        let folder = definition.path.trim_end_matches('\\');
        self.plan.definitions.takes(&format!("{folder}\\{}", definition.name))
            || self.plan.definitions.takes(&definition.name)
                && self.plan.definitions.allows(&format!("{folder}\\{}", definition.name))
    }

    /// Collects one build now. `project` is a name or an id.
    pub fn trigger(&self, project: &str, build: i64) -> Run {
        let begun = self.begin(Kind::Trigger);
        let (tally, tries) = (Tally::default(), Tries::default());
        let found = self.client.build(project, build).map_err(Failure::from);
        let taken = found.and_then(|found| {
            let found = found.ok_or(Failure::NoBuild(build))?;
            let ours = self.collected_as(&found.project);
            let name = ours.ok_or_else(|| Failure::NotOurs(found.project.name.clone()))?;
            if !self.is_wanted(&found) {
                return Ok(name);
            }
            self.learn_id(&name, &found.project.id)?;
            tally.listed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.tried(&name, build, &tries, &tally, || self.take(&name, &found, &tally))?;
            Ok(name)
        });
        match taken {
            Ok(name) => self.end(&begun, &name, &tally, None, |_| ()),
            Err(failure) => {
                let ended = (self.now(), self.client.usage(), Some(failure));
                self.alone_in_rows(Run::new(&begun, &self.plan.source, project, &tally, ended))
            }
        }
    }

    /// A run that failed before it was about a project that is collected: its row only.
    fn alone_in_rows(&self, mut run: Run) -> Run {
        if let Err(error) = self.sink.write(vec![run.batch()], Documents::new()) {
            run.failure.get_or_insert(error.into());
        }
        run
    }

    /// A run of the source as a whole that failed before any project.
    pub fn failed(&self, failure: Failure) -> Run {
        let begun = self.begin(Kind::Poll);
        let ended = (begun.started_ns, begun.usage, Some(failure));
        self.alone_in_rows(Run::new(&begun, &self.plan.source, "", &Tally::default(), ended))
    }
}
