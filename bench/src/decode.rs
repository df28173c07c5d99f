//! gzip'd NDJSON to row batches on one core.

use std::io::Write;
use std::time::Instant;

use anyhow::{Context, Result};
use ingest::body;
use ingest::breeze::{self, App, Context as Request, Mode};
use model::AppId;
use serde_json::json;

use crate::envelopes::Envelopes;
use crate::results;

const BATCHES: u64 = 200;
const ITEMS: u64 = 100;
const KEY: &str = "11111111-2222-3333-4444-555555555555";

/// Decodes 20,000 envelopes in batches of 100, several times; reports the best round.
pub fn run() -> Result<()> {
    let now = 1_795_000_000_000_000_000;
    let mut envelopes = Envelopes::new(7, KEY);
    let mut raw_bytes = 0;
    let mut bodies = Vec::new();
    for batch in 0..BATCHES {
        let mut text = String::new();
        for item in 0..ITEMS {
            envelopes.request(&mut text, now - 1_000_000 * item as i64, batch * ITEMS + item);
        }
        raw_bytes += text.len();
        bodies.push(gzip(text.as_bytes())?);
    }
    let mut best = f64::MAX;
    for _ in 0..10 {
        let started = Instant::now();
        for body in &bodies {
            decode(body, now)?;
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    let items = (BATCHES * ITEMS) as f64;
    let gzip_bytes: usize = bodies.iter().map(Vec::len).sum();
    results::record(
        "decode",
        json!({
            "items_per_second": (items / best).round(),
            "ns_per_item": (best / items * 1e9).round(),
            "bytes_per_item": raw_bytes as f64 / items,
            "gzip_bytes_per_item": gzip_bytes as f64 / items,
        }),
    )
}

fn decode(bytes: &[u8], now: i64) -> Result<()> {
    let text = body::decode(Some("gzip"), bytes, 32 << 20).context("decompress")?;
    let app = |_: &str| Some(App { id: AppId(1), mode: Mode::Default });
    let accepted = breeze::decode(&text, &request(now, &app, 0));
    anyhow::ensure!(
        accepted.accepted == ITEMS as usize,
        "items were refused: {:?}",
        accepted.faults
    );
    Ok(())
}

/// What the server tells the decoder, with the time window off.
pub fn request<'a>(now: i64, app: &'a dyn Fn(&str) -> Option<App>, item_id: u128) -> Request<'a> {
    Request {
        now,
        window: None,
        item_bytes_max: 65_536,
        items_max: 64_000,
        sender_address: None,
        user_agent: None,
        app,
        item_id,
        place: None,
    }
}

/// The bytes as an SDK would send them.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
