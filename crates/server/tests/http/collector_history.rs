//! A generated organisation, collected while things go on in it, and all at once afterwards.

use scripted_azdo::{History, Service, Shape, time};
use serde_json::Value;

use crate::azdo::Setup;
use crate::server::Server;

/// Tables, what tells their rows apart, and what depends on when they were looked at.
const TABLES: [(&str, &str); 6] = [
    ("TimelineBuilds | where not(IsDeleted) and Status == 'completed'", "BuildId"),
    ("TimelineBuildAttempts", "BuildId, Attempt"),
    ("TimelineRecords", "BuildId, RecordId"),
    ("TimelineIssues", "BuildId, RecordId, Index"),
    ("TestRuns", "BuildId, RunId"),
    ("TestResults", "BuildId, RunId, ResultId"),
];

fn shape() -> Shape {
    Shape {
        builds: 40,
        records_per_build: 24,
        days: 4,
        tests_per_run: 10,
        trouble: 3.0,
        deleted: 0.1,
        ..Shape::default()
    }
}

/// Settings that compare the whole history at every pass: its time is not ours.
fn settings(url: &str) -> String {
    format!(
        "[[source]]\nname = \"exorg\"\nbase = \"{url}/exorg\"\nprojects = [\"*\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\noverlap = \"2h\"\n\
         reconcile = {{ every = \"1s\", window = \"36500d\" }}\npage_size = 7\nidentities = \"keep\"\n"
    )
}

/// All rows of builds that are not deleted; of other builds the second history knows nothing.
fn rows(server: &Server, table: &str, order: &str) -> Value {
    let gone = "BuildId !in ((TimelineBuilds | where IsDeleted | project BuildId))";
    server.rows(&format!("{table} | where {gone} | project-away CollectedAt | order by {order}"))
}

#[test]
fn collected_while_it_happens_or_afterwards_the_rows_are_the_same() {
    let history = History::generate(7, &shape());
    let end = history.now();
    let service = Service::start(history.at(end - 4 * time::DAY)).unwrap();
    let setup = Setup::new(&settings(&service.url()));
    setup.once();
    for hours in [80, 60, 40, 20, 10, 5, 2, 0] {
        service.play(history.at(end - hours * 3600 * time::SECOND));
        std::thread::sleep(std::time::Duration::from_millis(1100));
        setup.once();
    }
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    let afterwards = Setup::new(&settings(&service.url()));
    afterwards.once();
    let (server, other) = (setup.server(), afterwards.server());
    for (table, order) in TABLES {
        let (while_it_happens, at_once) = (rows(&server, table, order), rows(&other, table, order));
        assert!(at_once.as_array().unwrap().len() > 3, "{table}: {at_once}");
        for (row, want) in
            while_it_happens.as_array().unwrap().iter().zip(at_once.as_array().unwrap())
        {
            assert_eq!(row, want, "{table}");
        }
        assert_eq!(while_it_happens.as_array().unwrap().len(), at_once.as_array().unwrap().len());
    }
    let totals = history.truth().totals;
    let completed = "TimelineBuilds | where Status == 'completed' and not(IsDeleted) | count";
    assert_eq!(other.rows(completed)[0][0], totals.completed as u64);
}
