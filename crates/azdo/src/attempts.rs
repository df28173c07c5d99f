//! One set of records out of all timelines of a build (spec azure-devops.md §3).
//!
//! Work is repeated in two ways: a lost machine gives a job a new record and leaves the old one in
//! a timeline of its own; a retried stage leaves a whole timeline behind and keeps, in both, the
//! records that were not repeated. So a record is one row whatever number of timelines hold it, and
//! its attempt is not the number it reports.
//!
//! Cost: one look-up per record, at most [`MAX_DEPTH`] steps up the tree. Records the service has
//! mixed up (no parent, parents in a circle, ids given twice) give rows like all others.

use std::collections::HashMap;

use crate::wire::{Record, Timeline};

/// How far up the tree of records is looked; real trees have four levels. What stands deeper, or
/// in a circle, is treated as if this ancestor had no known parent.
pub const MAX_DEPTH: usize = 32;

/// What stands in a path for an unknown parent or order.
pub const UNKNOWN_ORDER: i64 = 999;

/// A record of a build, once.
#[derive(Debug)]
pub struct Merged<'a> {
    pub record: &'a Record,
    /// The timeline the record was taken from.
    pub timeline_id: &'a str,
    /// Taken from the latest timeline.
    pub is_latest: bool,
    /// The attempt of the build this record belongs to, from 1.
    pub effective_attempt: i64,
    /// Orders from the root down, three digits each: `001.002.001`.
    pub path: String,
    /// Names people see of the stage, phase and job this is or lies in; `''` when in none.
    pub stage: &'a str,
    pub phase: &'a str,
    pub job: &'a str,
    /// Which of the merged records is the job this is or lies in.
    pub job_at: Option<usize>,
}

/// The records of all timelines: those of the latest in its order, then those only earlier ones
/// hold, newest timeline first. A timeline given twice counts once.
pub fn merge<'a>(latest: Option<&'a Timeline>, previous: &'a [Timeline]) -> Vec<Merged<'a>> {
    let mut earlier: Vec<&Timeline> = previous.iter().collect();
    earlier.sort_by(|a, b| b.last_changed_on.cmp(&a.last_changed_on).then(a.id.cmp(&b.id)));
    let mut timelines: Vec<&Timeline> = Vec::with_capacity(previous.len() + 1);
    for timeline in latest.into_iter().chain(earlier) {
        let known = timelines.iter().any(|t| t.id == timeline.id && !t.id.is_empty());
        if !known {
            timelines.push(timeline);
        }
    }
    let mut set = Set::new(&timelines);
    set.number_attempts();
    (0..set.taken.len()).map(|at| set.row(at, latest)).collect()
}

/// Where a record stands: which timeline, which of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    timeline: usize,
    record: usize,
}

/// Number of a merged record.
type At = usize;

struct Set<'a, 't> {
    timelines: &'t [&'a Timeline],
    /// Where each merged record was taken from.
    taken: Vec<Place>,
    /// For each record of each timeline: its number among the merged ones, and its parent's.
    /// No number: the same id was there before in the same timeline.
    numbers: Vec<Vec<(Option<At>, Option<At>)>>,
    attempts: Vec<i64>,
    /// Which record of the timeline looked at stands for a merged record, by [`Local::mark`].
    local: Vec<Local>,
}

/// Valid while `mark` is the timeline looked at: nothing has to be reset between timelines.
#[derive(Debug, Clone, Copy)]
struct Local {
    mark: usize,
    record: usize,
}

impl<'a, 't> Set<'a, 't> {
    fn new(timelines: &'t [&'a Timeline]) -> Set<'a, 't> {
        let rows = timelines.first().map_or(0, |timeline| timeline.records.len());
        let mut index: HashMap<&str, At> = HashMap::with_capacity(rows + rows / 8);
        let mut last_seen = Vec::with_capacity(rows);
        let mut taken = Vec::with_capacity(rows);
        let mut numbers = Vec::with_capacity(timelines.len());
        for (timeline, source) in timelines.iter().enumerate() {
            let mut of_timeline = Vec::with_capacity(source.records.len());
            for (record, source) in source.records.iter().enumerate() {
                let next = taken.len();
                // A record without id cannot be told from another: each is a row.
                let at = if source.id.is_empty() {
                    next
                } else {
                    *index.entry(source.id.as_str()).or_insert(next)
                };
                if at == next {
                    taken.push(Place { timeline, record });
                    last_seen.push(timeline);
                } else if last_seen.get(at) == Some(&timeline) {
                    of_timeline.push((None, None));
                    continue;
                } else if let Some(seen) = last_seen.get_mut(at) {
                    *seen = timeline;
                }
                of_timeline.push((Some(at), None));
            }
            numbers.push(of_timeline);
        }
        for (source, of_timeline) in timelines.iter().zip(&mut numbers) {
            for (record, number) in source.records.iter().zip(of_timeline) {
                number.1 = index.get(record.parent_id.as_str()).copied();
            }
        }
        let rows = taken.len();
        let local = vec![Local { mark: usize::MAX, record: 0 }; rows];
        Set { timelines, taken, numbers, attempts: vec![i64::MAX; rows], local }
    }

    /// Makes `timeline` the one in which ancestors are looked up first.
    fn look_at(&mut self, timeline: usize) {
        let numbers = self.numbers.get(timeline).map_or(&[][..], Vec::as_slice);
        for (record, (at, _)) in numbers.iter().enumerate() {
            if let Some(local) = at.and_then(|at| self.local.get_mut(at)) {
                *local = Local { mark: timeline, record };
            }
        }
    }

    /// Where the merged record `at` stands for `timeline`: in it, else where it was taken from.
    fn place(&self, at: At, timeline: usize) -> Option<Place> {
        match self.local.get(at) {
            Some(local) if local.mark == timeline => Some(Place { timeline, record: local.record }),
            _ => self.taken.get(at).copied(),
        }
    }

    fn record(&self, place: Place) -> Option<&'a Record> {
        self.timelines.get(place.timeline)?.records.get(place.record)
    }

    fn parent(&self, place: Place) -> Option<At> {
        self.numbers.get(place.timeline)?.get(place.record)?.1
    }

    /// The effective attempt: the lowest, over the timelines that hold a record, of the highest
    /// attempt among it and its ancestors there (§3 rule 3).
    fn number_attempts(&mut self) {
        for timeline in 0..self.timelines.len() {
            self.look_at(timeline);
            let count = self.numbers.get(timeline).map_or(0, Vec::len);
            for record in 0..count {
                let number = self.numbers.get(timeline).and_then(|n| n.get(record));
                let Some(at) = number.and_then(|(at, _)| *at) else { continue };
                let highest = self
                    .upwards(Place { timeline, record }, timeline)
                    .map(|(_, record)| record.attempt.unwrap_or(1))
                    .max();
                if let Some(attempt) = self.attempts.get_mut(at) {
                    *attempt = (*attempt).min(highest.unwrap_or(1).max(1));
                }
            }
        }
    }

    /// The record at `place` and its ancestors as `timeline` sees them.
    fn upwards(
        &self,
        place: Place,
        timeline: usize,
    ) -> impl Iterator<Item = (Place, &'a Record)> + '_ {
        let next = move |place: &Place| self.place(self.parent(*place)?, timeline);
        std::iter::successors(Some(place), next)
            .take(MAX_DEPTH)
            .filter_map(|place| Some((place, self.record(place)?)))
    }

    fn row(&mut self, at: At, latest: Option<&'a Timeline>) -> Merged<'a> {
        let place = self.taken.get(at).copied().unwrap_or(Place { timeline: 0, record: 0 });
        // Merged records are numbered timeline after timeline, so this happens once for each.
        let first = at == 0 || self.taken.get(at - 1).map(|p| p.timeline) != Some(place.timeline);
        if first {
            self.look_at(place.timeline);
        }
        let timeline = self.timelines.get(place.timeline).copied();
        let mut row = Merged {
            record: self.record(place).unwrap_or(&NO_RECORD),
            timeline_id: timeline.map_or("", |timeline| &timeline.id),
            is_latest: latest.is_some() && place.timeline == 0,
            effective_attempt: self.attempts.get(at).copied().unwrap_or(1),
            path: String::new(),
            stage: "",
            phase: "",
            job: "",
            job_at: None,
        };
        let mut orders = [UNKNOWN_ORDER; MAX_DEPTH + 1];
        let mut depth = 0;
        let mut orphan = false;
        for (place, record) in self.upwards(place, place.timeline) {
            row.set_names(record);
            if row.job_at.is_none() && record.kind == "Job" {
                row.job_at = self.number(place);
            }
            if let Some(order) = orders.get_mut(depth) {
                *order = record.order.unwrap_or(UNKNOWN_ORDER);
            }
            depth += 1;
            orphan = !record.parent_id.is_empty()
                && (self.parent(place).is_none() || depth == MAX_DEPTH);
        }
        // The place of the parent nobody knows is already filled.
        depth += usize::from(orphan);
        row.path = path(orders.get(..depth).unwrap_or(&[]));
        row
    }

    fn number(&self, place: Place) -> Option<At> {
        self.numbers.get(place.timeline)?.get(place.record)?.0
    }
}

impl<'a> Merged<'a> {
    /// Takes the name of the nearest stage, phase and job on the way up.
    fn set_names(&mut self, record: &'a Record) {
        let name = match record.kind.as_str() {
            "Stage" => &mut self.stage,
            "Phase" => &mut self.phase,
            "Job" => &mut self.job,
            _ => return,
        };
        if name.is_empty() {
            *name = &record.name;
        }
    }
}

/// Orders from the record upwards as the path from the root down.
fn path(orders: &[i64]) -> String {
    use std::fmt::Write;
    let mut path = String::with_capacity(orders.len() * 4);
    for order in orders.iter().rev() {
        if !path.is_empty() {
            path.push('.');
        }
        // Writing to a text cannot fail.
        let _ = write!(path, "{order:03}");
    }
    path
}

/// Stands where a number points nowhere, which no number does.
static NO_RECORD: std::sync::LazyLock<Record> = std::sync::LazyLock::new(Record::default);

#[cfg(test)]
mod tests;
