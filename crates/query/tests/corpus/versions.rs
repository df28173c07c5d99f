//! Tables with a key under random collections, seals and merges, the same in every run: after each
//! step queries see of each build the rows with the newest time and no others.

use model::AppId;
use model::tables::pipelines::{TIMELINE_BUILDS, TIMELINE_RECORDS};
use model::time::{Fraction, format_datetime};
use query::Engine;
use serde_json::json;
use store::{Options, Store, Write};

use crate::answers::{self, Row};
use crate::properties::Dice;
use crate::{Report, pipelines, world};

const STORIES: u64 = 8;
const STEPS: usize = 24;
const DAY: i64 = 86_400_000_000_000;
const HOUR: i64 = DAY / 24;

/// One record as it was collected.
#[derive(Clone)]
struct Record {
    app: AppId,
    build: usize,
    time: i64,
    name: &'static str,
    order: i64,
}

/// What was written, and who answers over it.
struct Story {
    store: std::sync::Arc<Store>,
    engine: Engine,
    dice: Dice,
    records: Vec<Record>,
    next: i64,
}

pub async fn run(report: &mut Report) {
    for seed in 1..=STORIES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = Options { free_bytes_min: 0, merge_fan_in: 3, ..Options::default() };
        let store = Store::open(folder.path(), options).expect("a store");
        let engine = world::engine(&store, 1 << 30);
        let mut story = Story { store, engine, dice: Dice(seed), records: Vec::new(), next: 0 };
        for step in 0..STEPS {
            story.act().await;
            match story.differs().await {
                None => report.passed += 1,
                Some(why) => {
                    report.failures.push(format!("versions: seed {seed}, step {step}: {why}"));
                    break;
                }
            }
        }
    }
}

impl Story {
    async fn act(&mut self) {
        match self.dice.roll(8) {
            0 | 1 => drop(self.store.seal(world::NOW).expect("sealed")),
            2 => drop(self.store.merge(world::NOW).expect("merged")),
            3 => drop(self.store.merge(world::NOW + 9 * DAY).expect("merged")),
            _ => self.collect().await,
        }
    }

    /// Writes some builds again, each with its own rows, mostly newer than before.
    async fn collect(&mut self) {
        let mut rows = Vec::new();
        for _ in 0..=self.dice.roll(3) {
            let app = if self.dice.roll(6) == 0 { world::OTHER } else { world::APP };
            let build = self.dice.roll(7);
            let late = if self.dice.roll(4) == 0 { self.dice.roll(60) } else { 0 };
            self.next += self.dice.roll(9) as i64 * HOUR;
            let time = world::NOW + self.next - late as i64 * HOUR;
            let mut lines = Vec::new();
            for _ in 0..1 + self.dice.roll(5) {
                let name = self.dice.one(&["Checkout", "Build", "Test"]);
                let order = self.records.len() as i64;
                self.records.push(Record { app, build, time, name, order });
                lines.push(
                    json!({
                        "Organization": "o", "Project": "p", "BuildId": build,
                        "RecordId": format!("record-{order}"), "Name": name, "Order": order,
                        "CollectedAt": format_datetime(time, Fraction::Seven),
                    })
                    .to_string(),
                );
            }
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            rows.push((app, pipelines::batch(&TIMELINE_RECORDS, &lines)));
            let line = json!({
                "Organization": "o", "Project": "p", "BuildId": build,
                "QueueTime": format_datetime(world::NOW + build as i64 * HOUR, Fraction::Seven),
                "CollectedAt": format_datetime(time, Fraction::Seven),
            });
            rows.push((app, pipelines::batch(&TIMELINE_BUILDS, &[line.to_string().as_str()])));
        }
        self.store.append(Write { rows, documents: Vec::new() }).await.expect("appended");
    }

    /// The records of an application that should be seen, in the order of `Order`.
    fn seen(&self, app: AppId) -> Vec<Record> {
        let of_app = || self.records.iter().filter(|record| record.app == app);
        let newest = |build| of_app().filter(|r| r.build == build).map(|r| r.time).max();
        of_app().filter(|record| newest(record.build) == Some(record.time)).cloned().collect()
    }

    /// What is answered to one text, without the line of the columns.
    async fn ask(&self, text: &str, time_range: Option<(i64, i64)>) -> Vec<Row> {
        let request = query::Request { time_range, ..world::request(text) };
        let answer = self.engine.answer(request).await;
        let answer = answer.unwrap_or_else(|error| panic!("{text}: {error}"));
        answers::answer(&answer).into_iter().skip(1).collect()
    }

    /// The first query that is not answered as it should be.
    async fn differs(&mut self) -> Option<String> {
        let seen = self.seen(world::APP);
        let tests: Vec<&Record> = seen.iter().filter(|r| r.name == "Test").collect();
        let (some, id) = (self.dice.roll(12), self.dice.roll(self.records.len().max(1)));
        let hour = world::NOW + self.next / 2;
        let since = format_datetime(hour, Fraction::Seven);
        let count = |n: usize| vec![vec![n.to_string()]];
        let orders = |records: &[&Record]| -> Vec<Row> {
            records.iter().map(|record| vec![record.order.to_string()]).collect()
        };
        let all: Vec<&Record> = seen.iter().collect();
        let last: Vec<&Record> = seen.iter().rev().take(some).collect();
        let with_id: Vec<&Record> = seen.iter().filter(|r| r.order == id as i64).collect();
        let later: Vec<&Record> = seen.iter().filter(|r| r.time > hour).collect();
        let joined = seen.len() + self.seen(world::OTHER).len();
        let texts = [
            ("TimelineRecords | count".to_owned(), count(seen.len())),
            ("TimelineRecords | order by Order asc | project Order".to_owned(), orders(&all)),
            (format!("TimelineRecords | top {some} by Order desc | project Order"), orders(&last)),
            (format!("TimelineRecords | take {some} | count"), count(some.min(seen.len()))),
            (
                format!("TimelineRecords | where Name == 'Test' | take {some} | count"),
                count(some.min(tests.len())),
            ),
            (
                format!("TimelineRecords | where RecordId == 'record-{id}' | project Order"),
                orders(&with_id),
            ),
            (
                format!(
                    "TimelineRecords | where CollectedAt > datetime({since}) \
                     | order by Order asc | project Order"
                ),
                orders(&later),
            ),
            (
                // A build collected twice at one time has two rows.
                "TimelineBuilds | distinct BuildId | join kind=inner TimelineRecords on BuildId \
                 | count"
                    .to_owned(),
                count(seen.len()),
            ),
            (
                "union TimelineRecords, app('nightly').TimelineRecords | count".to_owned(),
                count(joined),
            ),
            ("TimelineRecords | summarize min(CollectedAt), max(CollectedAt)".to_owned(), {
                let time = |time: Option<i64>| {
                    let text = time.map(|time| format_datetime(time, Fraction::Trimmed));
                    text.unwrap_or_else(|| "null".to_owned())
                };
                let times = || seen.iter().map(|record| record.time);
                vec![vec![time(times().min()), time(times().max())]]
            }),
        ];
        for (text, expected) in texts {
            let actual = self.ask(&text, None).await;
            if actual != expected {
                return Some(format!("{text}\n  expected {expected:?}\n  got {actual:?}"));
            }
        }
        let range = (world::NOW + 2 * HOUR, world::NOW + 5 * HOUR);
        let text =
            "TimelineBuilds | summarize make_set(BuildId) | project array_length(set_BuildId)";
        let in_range: std::collections::BTreeSet<usize> =
            seen.iter().map(|r| r.build).filter(|build| (2..5).contains(build)).collect();
        let actual = self.ask(text, Some(range)).await;
        (actual != count(in_range.len())).then(|| format!("{text} in {range:?}: {actual:?}"))
    }
}
