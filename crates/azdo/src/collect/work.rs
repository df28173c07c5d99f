//! Several builds at once, and never the same one twice at once.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use super::failure::Failure;

/// Builds that some thread is at.
#[derive(Debug, Default)]
pub struct Claims {
    builds: Mutex<HashSet<i64>>,
    freed: Condvar,
}

/// The right to work on one build, given back when dropped.
#[derive(Debug)]
pub struct Claim<'a> {
    claims: &'a Claims,
    build: i64,
}

impl Claims {
    /// Waits until nobody else is at the build.
    pub fn take(&self, build: i64) -> Claim<'_> {
        let mut builds = self.builds.lock().unwrap_or_else(PoisonError::into_inner);
        while !builds.insert(build) {
            builds = self.freed.wait(builds).unwrap_or_else(PoisonError::into_inner);
        }
        Claim { claims: self, build }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claims.builds.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.build);
        self.claims.freed.notify_all();
    }
}

/// Works on all items, a few at once; the first failure has the others begin nothing new.
pub fn all<I: Sync>(
    items: &[I],
    workers: usize,
    work: impl Fn(&I) -> Result<(), Failure> + Sync,
) -> Result<(), Failure> {
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let failure = Mutex::new(None);
    let run = || {
        while !is_over.load(Ordering::Relaxed) {
            let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            if let Err(error) = work(item) {
                is_over.store(true, Ordering::Relaxed);
                let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error);
                return;
            }
        }
    };
    match workers.min(items.len()) {
        0 | 1 => run(),
        workers => std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(run);
            }
        }),
    }
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}
