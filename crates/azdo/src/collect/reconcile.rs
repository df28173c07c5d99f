//! The comparison of a whole window: what changed without being seen, what was deleted.

use std::collections::HashSet;

use super::failure::Failure;
use super::list::Window;
use super::run::{Kind, Run, Tally};
use super::sink::{Documents, Sink};
use super::tried::Tries;
use super::{Collector, Watch, work};
use crate::client::Transport;

/// So many documents are removed by one write.
const PRUNED_MAX: usize = 1000;

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn reconcile(&self, project: &str, watch: &dyn Watch) -> Run {
        let begun = self.begin(Kind::Reconcile);
        let (tally, tries) = (Tally::thorough(), Tries::default());
        let from_ns = begun.started_ns.saturating_sub(self.plan.reconcile_window_ns);
        let done = self
            .compare(project, from_ns, &tries, &tally, watch)
            .and_then(|()| self.prune(project, from_ns));
        let is_good = done.is_ok();
        self.end(&begun, project, &tally, done.err(), |facts| {
            if is_good {
                facts.reconciled_ns = begun.started_ns;
            }
        })
    }

    fn compare(
        &self,
        project: &str,
        from_ns: i64,
        tries: &Tries,
        tally: &Tally,
        watch: &dyn Watch,
    ) -> Result<(), Failure> {
        let state = self.state(project);
        // Collected before the list began: what is not in it is gone, or outside of its window.
        let known = state.all_seen();
        let window = Window { from_ns, with_deleted: true };
        let mut listed: HashSet<i64> = HashSet::new();
        self.list(project, &window, tries, tally, watch, |build| {
            listed.insert(build.id);
        })?;
        let missing = known.into_iter().filter(|(build, seen)| {
            seen.finish_ns > from_ns
                && !seen.deleted
                && !listed.contains(build)
                && !self.is_waiting(project, *build)
        });
        let missing: Vec<i64> = missing.map(|(build, _)| build).collect();
        work::all(&missing, self.client.concurrency(), |build| {
            self.tried(project, *build, tries, tally, || self.one(project, *build, tally))
        })
    }

    /// Forgets builds that neither the next pass nor the next reconciliation can list.
    fn prune(&self, project: &str, from_ns: i64) -> Result<(), Failure> {
        let state = self.state(project);
        let oldest = from_ns.min(state.facts().cursor_ns);
        let oldest = oldest.saturating_sub(self.plan.overlap_ns.saturating_mul(2));
        let old = state.all_seen().into_iter().filter(|(_, seen)| seen.finish_ns < oldest);
        let mut documents = Documents::new();
        for (build, _) in old {
            state.put_seen(&mut documents, build, None);
            if documents.len() >= PRUNED_MAX {
                self.sink.write(Vec::new(), std::mem::take(&mut documents))?;
            }
        }
        match documents.is_empty() {
            true => Ok(()),
            false => Ok(self.sink.write(Vec::new(), documents)?),
        }
    }
}
