//! Measures extents: bytes per row by column, rows written, read and merged per second of one core.
//!
//! Linux only, for it reads the thread's CPU time. `cargo run --release -p store --example extent
//! [rows]`

#![allow(clippy::print_stdout, reason = "a program that prints measurements")]

use std::collections::BTreeMap;
use std::error::Error;

use arrow::array::RecordBatch;
use bytes::Bytes;
use model::BatchBuilder;
use model::tables::REQUESTS;
use parquet::file::reader::{FileReader, SerializedFileReader};
use store::extent;
use xxhash_rust::xxh3::xxh3_64;

const DAY_NS: u64 = 86_400_000_000_000;
const BATCH_ROWS: u64 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let batches: Vec<RecordBatch> = (0..rows.div_ceil(BATCH_ROWS))
        .map(|number| requests(number * BATCH_ROWS, rows))
        .collect::<Result<_, _>>()?;
    let start = cpu_ns()?;
    let encoded = extent::encode(&REQUESTS, &batches)?;
    report("encode", rows, start)?;
    let size_bytes = encoded.data.len() + encoded.index.len();
    println!(
        "{:.2} bytes/row: file {:.2}, index {:.2}",
        size_bytes as f64 / rows as f64,
        encoded.data.len() as f64 / rows as f64,
        encoded.index.len() as f64 / rows as f64,
    );
    sizes(Bytes::from(encoded.data.clone()), rows)?;
    let start = cpu_ns()?;
    let decoded = extent::decode(&REQUESTS, Bytes::from(encoded.data))?;
    report("decode", decoded.iter().map(|batch| batch.num_rows() as u64).sum(), start)?;
    let parts: Vec<Bytes> = batches
        .chunks(batches.len().div_ceil(8))
        .map(|part| Ok(Bytes::from(extent::encode(&REQUESTS, part)?.data)))
        .collect::<Result<_, store::Error>>()?;
    let start = cpu_ns()?;
    let merged = extent::merge(&REQUESTS, &parts)?;
    report("merge of 8", merged.entry.rows, start)?;
    Ok(())
}

/// Time this thread has been running on a core; other work on the machine does not count.
fn cpu_ns() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or("").parse()?)
}

fn report(what: &str, rows: u64, start_ns: u64) -> Result<(), Box<dyn Error>> {
    let seconds = (cpu_ns()? - start_ns) as f64 / 1e9;
    println!("{what}: {rows} rows in {seconds:.2} CPU s, {:.0} rows/s", rows as f64 / seconds);
    Ok(())
}

/// Bytes per row of every column that takes more than a trace.
fn sizes(data: Bytes, rows: u64) -> Result<(), Box<dyn Error>> {
    let reader = SerializedFileReader::new(data)?;
    let mut sizes: BTreeMap<String, (i64, i64, String)> = BTreeMap::new();
    for group in reader.metadata().row_groups() {
        for column in group.columns() {
            let size = sizes.entry(column.column_path().string()).or_default();
            size.0 += column.compressed_size();
            size.1 += i64::from(column.bloom_filter_length().unwrap_or(0));
            size.2 = format!("{:?}", column.encodings().collect::<Vec<_>>());
        }
    }
    for (name, (bytes, bloom, encodings)) in sizes {
        let (bytes, bloom) = (bytes as f64 / rows as f64, bloom as f64 / rows as f64);
        if bytes + bloom > 0.05 {
            println!("  {name}: {bytes:.2}, bloom filter {bloom:.2} {encodings}");
        }
    }
    Ok(())
}

/// Requests of one kilobyte each as a pipeline sends them: rows `first` and on of `rows`.
fn requests(first: u64, rows: u64) -> Result<RecordBatch, Box<dyn Error>> {
    let mut builder = BatchBuilder::new(&REQUESTS);
    for row in first..rows.min(first + BATCH_ROWS) {
        let random = |salt: u64| xxh3_64(&[row.to_le_bytes(), salt.to_le_bytes()].concat());
        let time =
            20_000 * DAY_NS + row * (DAY_NS / (rows + rows / 1000)) + random(1) % 50_000_000 * 100;
        for (position, column) in REQUESTS.columns.iter().enumerate() {
            let builder = builder.column(position);
            match column.name {
                "timestamp" => builder.long(time.cast_signed()),
                "_received" => builder.long((time + random(2) % 30_000_000_000).cast_signed()),
                "_size" => builder.long((1000 + random(3) % 120).cast_signed()),
                "itemCount" => builder.long(1),
                "duration" => builder.real((random(4) % 60_000_000) as f64 / 10_000.0),
                name => match text(name, row, random) {
                    Some(text) => builder.text(&text),
                    None => builder.null(),
                },
            }
        }
        builder.end_row();
    }
    Ok(builder.finish()?.rows)
}

fn text(column: &str, row: u64, random: impl Fn(u64) -> u64) -> Option<String> {
    let name = random(10) % 200;
    let guid = |number: u64| {
        let hash = xxh3_64(&number.to_le_bytes());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{number:012x}",
            hash >> 32,
            hash >> 48 & 0xffff,
            hash & 0xfff,
            7
        )
    };
    Some(match column {
        "id" => format!("{:016x}", random(11)),
        "operation_Id" => format!("{:016x}{:016x}", random(12), random(13)),
        "operation_ParentId" => format!("{:016x}", random(14)),
        "itemId" => format!("01a2b3c4-d5e6-7f00-8{:03x}-{:012x}", row >> 48, row),
        "name" | "operation_Name" => format!("GET /api/projects/{name}/builds"),
        "url" => {
            format!("https://ci.example.com/api/projects/{name}/builds/{}", random(15) % 20_000)
        }
        "success" => if random(16) % 50 == 0 { "False" } else { "True" }.to_owned(),
        "resultCode" => if random(16) % 50 == 0 { "500" } else { "200" }.to_owned(),
        "performanceBucket" => {
            ["<250ms", "250ms-500ms", "1sec-3sec"][random(4) as usize % 3].into()
        }
        "client_Type" => "PC".to_owned(),
        "client_OS" => ["Linux", "Windows 10", "macOS"][random(17) as usize % 3].to_owned(),
        "client_IP" => "0.0.0.0".to_owned(),
        "cloud_RoleName" => format!("agent-pool-{}", random(18) % 12),
        "cloud_RoleInstance" => format!("agent-{}", random(19) % 300),
        "application_Version" => format!("2026.{}", random(20) % 20),
        "sdkVersion" => "dotnetc:2.22.0-997".to_owned(),
        "customDimensions" => format!(
            "{{\"projectId\":\"{}\",\"definitionId\":\"{}\",\"taskName\":\"Task{}\",\
             \"agentOS\":\"{}\",\"branch\":\"refs/heads/feature/{}\",\"attempt\":\"{}\",\
             \"reason\":\"individualCI\",\"stage\":\"stage-{}\"}}",
            guid(random(21) % 300),
            guid(random(22) % 5000),
            random(23) % 60,
            ["Linux", "Windows_NT", "Darwin"][random(17) as usize % 3],
            random(24) % 400,
            random(25) % 3,
            random(26) % 9,
        ),
        "customMeasurements" => format!(
            "{{\"queueMs\":{}.0,\"cpuSeconds\":{}.{}}}",
            random(27) % 10_000,
            random(28) % 100,
            random(29) % 100,
        ),
        _ => return None,
    })
}
