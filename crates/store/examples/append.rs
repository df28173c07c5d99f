//! Measures appends: rows durable per second, bytes of log per row, time to answer.
//!
//! `cargo run --release -p store --example append [folder]`

#![allow(clippy::print_stdout, reason = "a program that prints measurements")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use model::tables::REQUESTS;
use model::{AppId, Batch, BatchBuilder, Type};
use store::{Options, Store, Write};

const TODAY: i64 = 20_778 * 86_400_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).ok_or("name an empty folder")?;
    for (rows, clients, writes) in [(1, 1, 2000), (1, 64, 500), (100, 8, 500), (1000, 4, 100)] {
        measure(Path::new(&dir), rows, clients, writes)?;
    }
    let started = Instant::now();
    let store = Store::open(Path::new(&dir), options())?;
    let stats = store.stats();
    println!("open with {} rows in the log: {:?}", stats.head_rows, started.elapsed());
    let started = Instant::now();
    let sealed = store.seal(TODAY)?;
    println!("seal: {sealed:?} in {:?}", started.elapsed());
    Ok(())
}

fn options() -> Options {
    Options { head_bytes_max: u64::MAX, ..Options::default() }
}

/// `clients` threads append `writes` batches of `rows` rows each.
fn measure(dir: &Path, rows: usize, clients: usize, writes: usize) -> Result<(), Box<dyn Error>> {
    let store = Store::open(dir, options())?;
    let log_bytes = store.stats().log_bytes;
    let started = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                (0..writes).try_for_each(|n| {
                    let batch =
                        requests(rows, (client * writes + n) as u64).map_err(|e| e.to_string())?;
                    let rows = vec![(AppId(1), batch)];
                    let write = Write { rows, documents: Vec::new() };
                    store.append_blocking(write).map(|_| ()).map_err(|e| e.to_string())
                })
            })
        })
        .collect();
    for thread in threads {
        thread.join().map_err(|_| "a client panicked")??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let total = (rows * clients * writes) as f64;
    let stats = store.stats();
    println!(
        "{clients} clients, {rows} rows each: {:.0} rows/s, {:.0} writes/s, {:.1} writes per sync, \
         {:.0} log bytes per row, commit p50 {} µs, p99 {} µs",
        total / seconds,
        total / rows as f64 / seconds,
        stats.commits as f64 / stats.fsyncs as f64,
        (stats.log_bytes - log_bytes) as f64 / total,
        stats.commit_time.quantile_us(0.5),
        stats.commit_time.quantile_us(0.99),
    );
    Ok(())
}

/// Rows like those of a web service: about a kilobyte each as JSON.
fn requests(rows: usize, seed: u64) -> Result<Batch, arrow::error::ArrowError> {
    let mut builder = BatchBuilder::new(&REQUESTS);
    for row in 0..rows as u64 {
        let n = (seed * 1000 + row).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (at, column) in REQUESTS.columns.iter().enumerate() {
            let builder = builder.column(at);
            match (column.name, column.ty) {
                ("timestamp" | "_received", _) => builder.long(TODAY + (n >> 20) as i64),
                ("operation_Id" | "id" | "operation_ParentId" | "itemId", _) => {
                    builder.text(&format!("{n:016x}{:016x}", n.rotate_left(17)));
                }
                ("url", _) => builder.text(&format!("https://example.org/api/items/{}", n % 9999)),
                ("name" | "operation_Name", _) => builder.text("GET /api/items/{id}"),
                ("customDimensions", _) => builder.text(&format!(
                    "{{\"projectId\":\"{:032x}\",\"taskName\":\"task {}\",\"agent\":\"hosted\",\
                     \"attempt\":\"1\",\"stage\":\"build\",\"job\":\"linux-{}\"}}",
                    n % 5000,
                    n % 40,
                    n % 7
                )),
                ("customMeasurements", _) => builder.text(&format!("{{\"size\":{}}}", n % 100_000)),
                (_, Type::Real) => builder.real((n % 10_000) as f64 / 7.0),
                (_, Type::Int) => builder.long(1),
                (_, Type::String) => builder.text("a value"),
                _ => builder.null(),
            }
        }
        builder.end_row();
    }
    builder.finish()
}
