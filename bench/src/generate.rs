//! The data set of the queries: requests and exceptions over 30 days, through decoder and store.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ingest::breeze::{self, App, Mode};
use model::time::DAY;
use model::{AppId, Batch};
use serde_json::json;
use store::{Options, Store, Write};

use crate::envelopes::Envelopes;
use crate::{decode, results};

/// The end of the data set; what `now()` means in the queries. 2026-11-01T00:00:00Z.
pub const END: i64 = 1_793_491_200_000_000_000;
pub const DAYS: i64 = 30;
pub const SEED: u64 = 42;
pub const APP: AppId = AppId(1);
/// One exception per this many requests.
const REQUESTS_PER_EXCEPTION: u64 = 20;
const REQUESTS_PER_WRITE: u64 = 5_000;

/// Bytes of extents beyond which a folder was filled before.
const FILLED_BYTES: u64 = 256 << 20;

/// Fills `data`, a new folder or one made by `telltale demo`, and reports the stored bytes per
/// envelope.
pub fn run(data: &Path, rows: u64) -> Result<()> {
    let extents = data.join("extents");
    let before = if extents.exists() { folder_bytes(&extents)? } else { 0 };
    ensure!(before < FILLED_BYTES, "the folder was filled before");
    fs::create_dir_all(data).context("create the data folder")?;
    let started = Instant::now();
    let store = Store::open(data, Options::default()).context("open the store")?;
    let mut envelopes = Envelopes::new(SEED, "11111111-2222-3333-4444-555555555555");
    let step = DAYS * DAY / rows as i64;
    let mut envelope_bytes = 0;
    let mut written = 0;
    while written < rows {
        let until = (written + REQUESTS_PER_WRITE).min(rows);
        let mut text = String::new();
        for number in written..until {
            let time = END - DAYS * DAY + number as i64 * step;
            envelopes.request(&mut text, time, number);
            if number % REQUESTS_PER_EXCEPTION == 0 {
                envelopes.exception(&mut text, time, number);
            }
        }
        envelope_bytes += text.len() as u64;
        let now = END - DAYS * DAY + until as i64 * step;
        store.append_blocking(decoded(&text, now, written)?).context("append")?;
        written = until;
        if store.seal_due(now) {
            store.seal(now).context("seal")?;
            store.merge(now).context("merge")?;
        }
        if written % 1_000_000 < REQUESTS_PER_WRITE {
            println!("{written} requests, {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    store.seal(END).context("seal")?;
    store.merge(END).context("merge")?;
    store.close().context("close")?;
    let stored = folder_bytes(&extents)?.saturating_sub(before);
    report(rows, envelope_bytes, stored, started)
}

fn report(rows: u64, envelope_bytes: u64, stored: u64, started: Instant) -> Result<()> {
    let items = rows + rows.div_ceil(REQUESTS_PER_EXCEPTION);
    results::record(
        "generate",
        json!({
            "requests": rows,
            "items": items,
            "seconds": started.elapsed().as_secs(),
            "envelope_bytes_per_item": envelope_bytes as f64 / items as f64,
            "stored_bytes_per_item": stored as f64 / items as f64,
            "stored_bytes_per_envelope_kib":
                stored as f64 / items as f64 / (envelope_bytes as f64 / items as f64) * 1024.0,
        }),
    )
}

fn decoded(text: &str, now: i64, number: u64) -> Result<Write> {
    let app = |_: &str| Some(App { id: APP, mode: Mode::Default });
    let item_id = 0x0192_0000_0000_8000_8000_0000_0000_0000 + u128::from(number) * 2;
    let accepted = breeze::decode(text.as_bytes(), &decode::request(now, &app, item_id));
    ensure!(accepted.faults.is_empty(), "envelopes were refused: {:?}", accepted.faults.first());
    let rows: Vec<(AppId, Batch)> = accepted.batches;
    Ok(Write { rows, documents: Vec::new() })
}

fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).context("list the extents")? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
