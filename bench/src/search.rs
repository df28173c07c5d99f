//! The questions of the page Search about one day, all at once as a page asks them: each testing
//! the words itself, against conditions that are found once; and the search in bags taken apart,
//! against that in the text of the whole bag.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use model::time::DAY;
use query::{Engine, Request};
use serde_json::{Map, Value, json};
use store::Store;
use tokio::task::JoinSet;

use crate::generate::END;
use crate::{queries, results};

const ROUNDS: usize = 5;

/// What is looked for, by name.
const WORDS: [(&str, &[&str]); 4] = [
    ("word", &["Task07"]),
    ("rare_word", &["item00042"]),
    ("five_words", &["GET", "Linux", "Task07", "pullRequest", "500"]),
    ("phrase", &["step 42 failed"]),
];

/// What stands behind the search: the list, the counts, the histogram, five facets.
const QUESTIONS: [&str; 8] = [
    "order by timestamp desc, itemId desc | take 200 \
     | project timestamp, itemType, itemId, name, duration, success",
    "summarize sum(itemCount), max(itemCount) by itemType",
    "summarize sum(itemCount) by bin(timestamp, 15m), itemType",
    "summarize n = sum(itemCount) by name | top 8 by n",
    "summarize n = sum(itemCount) by cloud_RoleName | top 8 by n",
    "summarize n = sum(itemCount) by client_OS | top 8 by n",
    "summarize n = sum(itemCount) by tostring(customDimensions.taskName) | top 8 by n",
    "summarize n = sum(itemCount) by tostring(customDimensions.branch) | top 8 by n",
];

/// Asks on the folder `data` (filled by `generate`), best of several rounds each.
pub fn run(data: &Path) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let store = Store::open(data, store::Options::default()).context("open the store")?;
    runtime.block_on(async {
        let mut figures = Map::new();
        for (name, words) in WORDS {
            figures.insert(name.to_owned(), search(&store, words).await?);
        }
        figures.insert("bag".to_owned(), bag(&store).await?);
        results::record("search", Value::Object(figures))
    })
}

async fn search(store: &Arc<Store>, words: &[&str]) -> Result<Value> {
    let tests: String = words.iter().map(|word| format!("| where * has \"{word}\" ")).collect();
    let (mut alone, mut shared, mut again) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // A new engine: nothing is found yet.
        let engine = Arc::new(queries::engine_over(Arc::clone(store))?);
        let (ms, rows) = ask(&engine, &tests, false).await?;
        alone = alone.min(ms);
        let (ms, rows_shared) = ask(&engine, &tests, true).await?;
        shared = shared.min(ms);
        let (ms, rows_again) = ask(&engine, &tests, true).await?;
        again = again.min(ms);
        ensure!(rows == rows_shared && rows == rows_again, "{words:?}: answers differ");
    }
    let shown = json!({
        "alone_ms": rounded(alone), "shared_ms": rounded(shared), "again_ms": rounded(again),
        "ratio": rounded(shared / alone),
    });
    println!("{words:?} {shown}");
    Ok(shown)
}

/// Milliseconds until all questions are answered, and the rows of each answer.
async fn ask(
    engine: &Arc<Engine>,
    tests: &str,
    shares_conditions: bool,
) -> Result<(f64, Vec<usize>)> {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (number, question) in QUESTIONS.iter().enumerate() {
        let text = format!("union requests, exceptions {tests}| {question}");
        let engine = Arc::clone(engine);
        tasks.spawn(async move {
            let answer = engine.answer(of_a_day(&text, shares_conditions)).await?;
            let rows = answer.tables.iter().map(query::ResultTable::rows).sum::<usize>();
            Ok::<_, query::Error>((number, rows))
        });
    }
    let mut rows = vec![0; QUESTIONS.len()];
    while let Some(answer) = tasks.join_next().await {
        let (number, count) = answer??;
        rows[number] = count;
    }
    Ok((started.elapsed().as_secs_f64() * 1e3, rows))
}

/// A search in the columns of a bag against one in its text.
async fn bag(store: &Arc<Store>) -> Result<Value> {
    let engine = queries::engine_over(Arc::clone(store))?;
    let mut best = [f64::MAX; 2];
    for _ in 0..ROUNDS {
        for (best, bag) in best.iter_mut().zip(["", "strcat('', "]) {
            let end = if bag.is_empty() { "" } else { ")" };
            let text = format!(
                "requests | where {bag}tostring(customDimensions){end} has 'Task07' | count"
            );
            let started = Instant::now();
            engine.answer(of_a_day(&text, false)).await?;
            *best = best.min(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    let [parts, whole] = best;
    let shown = json!({
        "parts_ms": rounded(parts), "whole_ms": rounded(whole), "ratio": rounded(parts / whole),
    });
    println!("bag {shown}");
    Ok(shown)
}

fn of_a_day(text: &str, shares_conditions: bool) -> Request {
    let time_range = Some((END - DAY, END));
    Request { time_range, shares_conditions, ..queries::request(text) }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
