//! The reports against a generated history whose true values are known: planned by the scripted
//! service, collected by the real executable, asked over HTTP.
//!
//! Counts, shares' parts and lengths must be equal, shares within 1e-9. One test, because the
//! history is collected once; it tells all differences, not the first.

mod check;
mod cost;
mod durations;
mod errors;
mod rates;
mod red;
mod releases;
mod tested;

use std::collections::BTreeSet;

use check::Check;
use scripted_azdo::{History, Service, Shape, time};

use crate::azdo::Setup;
use crate::client;

const DAYS: u32 = 75;

fn shape() -> Shape {
    Shape {
        builds: 330,
        records_per_build: 22,
        definitions: 4,
        projects: 2,
        days: DAYS,
        tests_per_run: 10,
        trouble: 2.0,
        deleted: 0.15,
        ..Shape::default()
    }
}

fn settings(url: &str) -> String {
    format!(
        "[[source]]\nname = \"exorg\"\nbase = \"{url}/exorg\"\nprojects = [\"*\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\ntests = \"all\"\n\
         reconcile = {{ every = \"1s\", window = \"36500d\" }}\n"
    )
}

/// The ids of deleted builds.
fn deleted(service: &Service, history: &History) -> BTreeSet<i64> {
    let port = service.url().rsplit(':').next().unwrap().parse().unwrap();
    let of = |project: &str| {
        let path = format!("/exorg/{project}/_apis/build/builds?deletedFilter=onlyDeleted");
        let found = client::send(port, "GET", &path, &[], b"").json()["value"].clone();
        found.as_array().unwrap().iter().map(|build| build["id"].as_i64().unwrap()).collect()
    };
    history.projects().into_iter().flat_map(|project| -> Vec<i64> { of(project) }).collect()
}

/// Stores what service hooks would have sent of builds that are not deleted: nothing receives
/// them yet but this.
fn deliver(setup: &Setup, history: &History, deleted: &BTreeSet<i64>) {
    let identities = azdo::identity::Identities::Drop;
    let mut rows = Vec::new();
    for event in history.events(0, history.now()) {
        let delivery = azdo::hook::read(event.body.as_bytes(), &identities).unwrap();
        let build = delivery.event.build_id(delivery.kind);
        if build.is_some_and(|build| deleted.contains(&build)) {
            continue;
        }
        let received_at = event.created * 100;
        let receipt =
            azdo::hook::Receipt { received_at, key_name: "hooks", is_processed: true, error: "" };
        rows.extend(delivery.row(receipt).unwrap().map(|batch| (model::AppId(1), batch)));
    }
    assert!(rows.len() > 1_000, "{} events", rows.len());
    let store = store::Store::open(&setup.data(), store::Options::default()).unwrap();
    store.append_blocking(store::Write { rows, documents: Vec::new() }).unwrap();
    store.close().unwrap();
}

#[test]
fn reports_find_what_is_true_of_a_history() {
    let history = History::generate(23, &shape());
    let truth = history.truth();
    // First as it was weeks ago: what runs, is tried again, or deleted since is collected
    // differently the second time.
    let service = Service::start(history.at(history.now() - 20 * time::DAY)).unwrap();
    let setup = Setup::new(&settings(&service.url()));
    setup.once();
    service.play(history.clone());
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    setup.once();
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    let deleted = deleted(&service, &history);
    deliver(&setup, &history, &deleted);
    let begin = history.now() - i64::from(DAYS) * time::DAY;
    let mut check = Check::new(setup.server(), begin, history.now());
    let gone = check.server.rows("TimelineBuilds | where IsDeleted | count");
    check.has(gone[0][0] != 0, "builds deleted after they were collected");
    rates::check(&mut check, &truth);
    red::check(&mut check, &truth);
    durations::check(&mut check, &truth);
    errors::check(&mut check, &truth);
    cost::check(&mut check, &truth);
    releases::check(&mut check, &truth);
    tested::check(&mut check, &truth);
    check.end();
}
