//! Killed at every request, cut off at every request: the same rows, none twice, none missing.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use scripted_azdo::{Service, Stop};

use crate::azdo::{Setup, assert_expected, play, scenario};

/// Stories that run side by side, of all tests here together: each is a process of its own.
const AT_ONCE: usize = 4;
/// Held by the test whose stories run.
static RUNNING: Mutex<()> = Mutex::new(());

/// The ways in which an answer can break off.
const CUTS: [Stop; 3] = [Stop::CutUnanswered, Stop::CutAfterHeaders, Stop::CutInBody];

/// Runs the story for each number, several at once; every failure is told.
fn each(count: usize, story: impl Fn(usize) + Sync) {
    assert!(count > 2, "{count} requests are no scenario");
    let _alone = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (next, failed) = (AtomicUsize::new(1), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n > count {
                        return;
                    }
                    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(n)));
                    if told.is_err() {
                        failed.lock().unwrap().push(n);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "at requests {failed:?}");
}

/// Starts a pass, kills it at its n-th request, and lets another one do the work.
fn killed_at(setup: &Setup, service: &Service, n: usize) {
    service.forget();
    service.stop_at(n, Stop::Silence);
    let mut child = setup.collect(&["--once"]).spawn().unwrap();
    assert!(service.wait_held(Duration::from_secs(60)), "request {n} never came");
    child.kill().unwrap();
    child.wait().unwrap();
    service.resume();
    setup.once();
}

/// How many requests a pass sends.
fn count(setup: &Setup, service: &Service) -> usize {
    service.forget();
    setup.once();
    service.count()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn a_first_pass_killed_at_any_request_goes_on() {
    let service = scenario();
    let requests = count(&Setup::of_scenario(&service.url()), &service);
    each(requests, |n| {
        let service = scenario();
        let setup = Setup::of_scenario(&service.url());
        killed_at(&setup, &service, n);
        assert_expected(&setup.server(), "poll1", &format!("killed at request {n}"));
        assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    });
}

#[test]
fn a_second_pass_killed_at_any_request_goes_on() {
    let service = scenario();
    let first = Setup::of_scenario(&service.url());
    first.once();
    let folder = tempfile::tempdir().unwrap();
    copy(&first.data(), folder.path());
    play(&service, "poll2");
    let requests = count(&first, &service);
    each(requests, |n| {
        let service = scenario();
        play(&service, "poll2");
        let setup = Setup::of_scenario(&service.url());
        copy(folder.path(), &setup.data());
        killed_at(&setup, &service, n);
        assert_expected(&setup.server(), "poll2", &format!("killed at request {n}"));
        assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    });
}

#[test]
fn an_answer_that_is_cut_off_is_asked_for_again() {
    let service = scenario();
    let requests = count(&Setup::of_scenario(&service.url()), &service);
    // Every third request, each with the next kind of cut.
    each(requests / CUTS.len(), |n| {
        let service = scenario();
        let setup = Setup::of_scenario(&service.url());
        service.stop_at(n * CUTS.len(), CUTS[n % CUTS.len()]);
        setup.once();
        assert_expected(&setup.server(), "poll1", &format!("cut at request {n}"));
    });
}
