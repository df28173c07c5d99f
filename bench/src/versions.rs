//! Tables with a key against a plain table of the same rows: what it costs that only the newest
//! version of each build is seen.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use datafusion::arrow::util::display::array_value_to_string;
use model::tables::pipelines::TIMELINE_RECORDS;
use model::time::{DAY, HOUR};
use model::{AppId, Batch, BatchBuilder, TableDef, Type, ViewDef, own};
use query::{AppInfo, Apps, Engine, EngineOptions};
use serde_json::{Map, Value, json};
use store::{Definition, Options, Store, Write};

use crate::generate::{APP, END};
use crate::queries::request;
use crate::results;

const RECORDS_PER_BUILD: i64 = 2_000;
const DAYS: i64 = 10;
const ROUNDS: usize = 25;
/// One build in so many is collected again.
const AGAIN: i64 = 10;

/// What is asked of the table `T`.
const QUESTIONS: [(&str, &str); 3] = [
    ("groups", "T | summarize count() by Type, Result"),
    ("filter", "T | where Result == 'failed' | summarize count() by Name"),
    ("times", "T | summarize avg(Duration) by bin(StartTime, 1h)"),
];

/// The application with the plain table.
struct OneTable(&'static ViewDef);

impl Apps for OneTable {
    fn by_id(&self, _: AppId) -> Option<AppInfo> {
        self.by_name("default")
    }
    fn by_name(&self, _: &str) -> Option<AppInfo> {
        Some(AppInfo {
            id: APP,
            guid: "00000000-0000-4000-8000-000000000001".into(),
            name: "default".into(),
            instrumentation_key: "11111111-2222-3333-4444-555555555555".into(),
        })
    }
    fn own_tables(&self, _: AppId) -> Vec<&'static ViewDef> {
        vec![self.0]
    }
}

/// Collects so many builds, a tenth of them again, and asks at each step.
pub fn run(builds: u64) -> Result<()> {
    let builds = i64::try_from(builds).context("too many builds")?;
    let folder = std::env::temp_dir().join(format!("telltale-versions-{}", std::process::id()));
    let result = measure(&folder, builds);
    std::fs::remove_dir_all(&folder).context("remove the folder")?;
    results::record("versions", Value::Object(result?))
}

fn measure(folder: &std::path::Path, builds: i64) -> Result<Map<String, Value>> {
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let store = Store::open(folder, Options::default()).context("open the store")?;
    let columns = TIMELINE_RECORDS.columns.iter().map(|column| (column.name, column.ty));
    let plain = own::stored("own-versions", &columns.collect::<Vec<(&str, Type)>>());
    let made = Definition { table: plain, label: "Plain".into(), about: Vec::new() };
    store.append_blocking(Write { rows: Vec::new(), documents: vec![made.put()] })?;
    for build in 0..builds {
        let time = END - DAYS * DAY + build * (DAYS * DAY / builds);
        append(&store, build, time, Some(plain))?;
    }
    settle(&store)?;
    let apps = Arc::new(OneTable(own::view("Plain", plain)));
    let options = EngineOptions { threads: 2, ..EngineOptions::default() };
    let engine = Engine::new(Arc::clone(&store), apps, options).context("start the engine")?;
    let mut figures = Map::new();
    figures.insert("rows".into(), json!(builds * RECORDS_PER_BUILD));
    let mut ask = |step: &str| -> Result<()> {
        let figure = runtime.block_on(compare(&engine, builds * RECORDS_PER_BUILD))?;
        println!("{step:14} {figure}");
        figures.insert(step.into(), figure);
        Ok(())
    };
    ask("all_newest")?;
    for build in (0..builds).step_by(AGAIN as usize) {
        append(&store, build, END + HOUR, None)?;
    }
    ask("newer_in_head")?;
    store.seal(END)?;
    ask("not_merged")?;
    settle(&store)?;
    ask("merged")?;
    store.close().context("close")?;
    Ok(figures)
}

/// Seals and merges until nothing is due.
fn settle(store: &Store) -> Result<()> {
    store.seal(END)?;
    while store.merge(END + DAYS * DAY)?.has_more {}
    Ok(())
}

/// Appends a build as collected at `time`, its rows to the plain table as well.
fn append(store: &Store, build: i64, time: i64, plain: Option<&'static TableDef>) -> Result<()> {
    let batch = records(build, time)?;
    let mut rows = vec![];
    if let Some(plain) = plain {
        rows.push((APP, own::batch(plain, &batch.rows, time)?));
    }
    rows.push((APP, batch));
    store.append_blocking(Write { rows, documents: Vec::new() }).context("append")?;
    if store.seal_due(time) {
        store.seal(time)?;
    }
    Ok(())
}

fn records(build: i64, time: i64) -> Result<Batch> {
    let mut builder = BatchBuilder::with_capacity(&TIMELINE_RECORDS, RECORDS_PER_BUILD as usize);
    for record in 0..RECORDS_PER_BUILD {
        // Neither builds nor their records follow each other in a way that packs too well.
        let dice = (build * 7_919 + record).wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed());
        let dice = (dice >> 33).rem_euclid(1 << 20);
        for (at, column) in TIMELINE_RECORDS.columns.iter().enumerate() {
            let builder = builder.column(at);
            match (column.name, column.ty) {
                ("Organization", _) => builder.text("dnceng-public"),
                ("Project", _) => builder.text("public"),
                ("BuildId", _) => builder.long(build),
                ("Type", _) => builder.text(["Task", "Task", "Task", "Job"][(dice % 4) as usize]),
                ("Result", _) if dice % 50 == 0 => builder.text("failed"),
                ("Result", _) => builder.text("succeeded"),
                ("Name", _) => builder.text(&format!("Run step number {}", record % 90)),
                ("CollectedAt", _) => builder.long(time),
                ("StartTime" | "FinishTime" | "LastModified", _) => {
                    builder.long(time - HOUR + dice * 1_000_000);
                }
                ("RecordId" | "TimelineId" | "ParentId" | "OperationId" | "SpanId", _) => {
                    builder.text(&format!("{dice:08x}-{build:04x}-4000-8000-{record:012x}"));
                }
                (_, Type::String) => builder.text("a value like others"),
                _ => builder.long(dice),
            }
        }
        builder.end_row();
    }
    builder.finish().context("rows")
}

/// Processor time this process has used, in milliseconds; 0 where the system does not tell.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name: user and system time, in hundredths of a second.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Best times of both tables per question, mean processor times, and the ratios of each.
async fn compare(engine: &Engine, rows: i64) -> Result<Value> {
    let mut figures = Map::new();
    for table in ["TimelineRecords", "Plain"] {
        // Counted by what is known about the files, and by what is read from them.
        for text in ["count", "summarize n = count() by Type | summarize sum(n)"] {
            let answer = engine.answer(request(&format!("{table} | {text}"))).await?;
            let batch = answer.tables[0].batches.first().context("no count")?;
            let count = array_value_to_string(batch.column(0), 0)?;
            ensure!(count == rows.to_string(), "{count} rows instead of {rows} in {table}");
        }
    }
    for (name, text) in QUESTIONS {
        let (mut keyed, mut plain) = ((f64::MAX, 0.0), (f64::MAX, 0.0));
        for _ in 0..ROUNDS {
            for (best, table) in [(&mut keyed, "TimelineRecords"), (&mut plain, "Plain")] {
                let text = text.replacen('T', table, 1);
                let (started, cpu) = (Instant::now(), cpu_ms());
                engine.answer(request(&text)).await.with_context(|| text.clone())?;
                best.0 = best.0.min(started.elapsed().as_secs_f64() * 1e3);
                best.1 += cpu_ms() - cpu;
            }
        }
        let round = |value: f64| (value * 100.0).round() / 100.0;
        figures.insert(
            name.into(),
            json!({
                "keyed_ms": round(keyed.0), "plain_ms": round(plain.0),
                "ratio": round(keyed.0 / plain.0), "cpu_ratio": round(keyed.1 / plain.1),
            }),
        );
    }
    Ok(Value::Object(figures))
}
