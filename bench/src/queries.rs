//! The twelve questions of the engine comparison, as KQL against hand-written plans on the same
//! extents: what the language costs over the engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use model::AppId;
use query::{AppInfo, Apps, Engine, EngineOptions, Limits, Request};
use serde_json::{Map, Value, json};
use store::Store;

use crate::baseline::Baseline;
use crate::envelopes::operation_id;
use crate::generate::{APP, END, SEED};
use crate::results;

const ROUNDS: usize = 5;

/// One question: its KQL, and the plan of the same name in [`Baseline`].
pub struct Question {
    pub name: &'static str,
    pub kql: String,
}

/// The twelve (spec engine.md §4.3).
pub fn questions() -> Vec<Question> {
    let question = |name, kql: &str| Question { name, kql: kql.into() };
    let lookup = format!("requests | where operation_Id == \"{}\"", operation_id(SEED, 123_457));
    vec![
        question("bins_30d", "requests | summarize count() by bin(timestamp, 5m), client_OS"),
        question(
            "bins_24h",
            "requests | where timestamp > ago(24h) \
             | summarize count() by bin(timestamp, 5m), client_OS",
        ),
        question(
            "dcount",
            "requests | summarize dcount(tostring(customDimensions.projectId)) \
             by tostring(customDimensions.taskName)",
        ),
        question("percentiles", "requests | summarize percentiles(duration, 50, 95, 99) by name"),
        question(
            "top_urls",
            "requests | where timestamp > ago(6h) and success == \"False\" \
             | summarize n = count() by url | top 10 by n",
        ),
        question("needle", "requests | where url contains \"RESOURCE117/item00042\" | count"),
        question("lookup", &lookup),
        question(
            "weighted_average",
            "requests | summarize sum(todouble(customMeasurements['Completion Time']) * itemCount) \
             / sum(itemCount) by tostring(customDimensions.taskName)",
        ),
        question(
            "join",
            "requests | where timestamp > ago(7d) | join kind=inner (exceptions \
             | where timestamp > ago(7d)) on operation_Id | summarize count() by name, type",
        ),
        question(
            "latest_failures",
            "requests | where success == \"False\" | top 100 by timestamp desc",
        ),
        question(
            "property",
            "requests | where timestamp > ago(24h) and customDimensions.taskName == \"Task07\" \
             | summarize count() by bin(timestamp, 1h)",
        ),
        question("slow", "requests | where duration > 1000 | count"),
    ]
}

struct OneApp;

impl Apps for OneApp {
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
}

/// The product's engine on the folder `data`, with two threads.
pub fn engine(data: &Path) -> Result<Engine> {
    engine_over(Store::open(data, store::Options::default()).context("open the store")?)
}

/// The product's engine on a store, with two threads.
pub fn engine_over(store: Arc<Store>) -> Result<Engine> {
    let options = EngineOptions { threads: 2, ..EngineOptions::default() };
    Engine::new(store, Arc::new(OneApp), options).context("start the engine")
}

/// Runs every question on the folder `data` (filled by `generate`), best of several rounds each.
pub fn run(data: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    runtime.block_on(async {
        let engine = engine(data)?;
        let baseline = Baseline::open(data).await?;
        let mut figures = Map::new();
        let mut ratios = Vec::new();
        let mut plan_ms_max: f64 = 0.0;
        for question in questions() {
            let (ours, theirs, plan_ms) = measure(&engine, &baseline, &question).await?;
            plan_ms_max = plan_ms_max.max(plan_ms);
            ratios.push(ours / theirs);
            let shown = json!({
                "kql_ms": round(ours), "plan_by_hand_ms": round(theirs),
                "ratio": round(ours / theirs), "plan_ms": round(plan_ms),
            });
            println!("{:18} {shown}", question.name);
            figures.insert(question.name.into(), shown);
        }
        let mean = (ratios.iter().map(|r| r.ln()).sum::<f64>() / ratios.len() as f64).exp();
        figures.insert("ratio_geometric_mean".into(), json!(round(mean)));
        figures.insert("plan_ms_max".into(), json!(round(plan_ms_max)));
        results::record("queries", Value::Object(figures))
    })
}

/// Best wall times in milliseconds: KQL, plan by hand; and the best time to parse, bind and plan.
async fn measure(engine: &Engine, baseline: &Baseline, q: &Question) -> Result<(f64, f64, f64)> {
    let (mut ours, mut theirs, mut plan) = (f64::MAX, f64::MAX, f64::MAX);
    let mut rows = (0, 0);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let answer = engine.answer(request(&q.kql)).await.with_context(|| q.kql.clone())?;
        ours = ours.min(started.elapsed().as_secs_f64() * 1000.0);
        plan = plan.min(answer.statistics.plan_ms);
        rows.0 = answer.tables.iter().map(query::ResultTable::rows).sum();
        let started = Instant::now();
        rows.1 = baseline.rows(q.name).await.with_context(|| q.name)?;
        theirs = theirs.min(started.elapsed().as_secs_f64() * 1000.0);
    }
    ensure!(rows.0 == rows.1, "{}: {} rows, by hand {}", q.name, rows.0, rows.1);
    Ok((ours, theirs, plan))
}

/// `kql` asked at the end of the data set.
pub fn request(kql: &str) -> Request {
    Request {
        text: kql.into(),
        app: APP,
        apps: Vec::new(),
        nameable: None,
        audit: false,
        now: END,
        time_range: None,
        parameters: Vec::new(),
        limits: Limits::default(),
        explains_empty: false,
        shares_conditions: false,
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
