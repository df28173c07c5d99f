//! HTTP ingestion: full speed, then half of it with answer times and freshness; everything that was
//! answered as accepted must be counted by KQL.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::envelopes::Envelopes;
use crate::server::{Server, read_status, temporary_folder};
use crate::{decode, results};

const CONNECTIONS: usize = 16;
const ITEMS: u64 = 100;
const BODIES: u64 = 256;

struct Stage {
    items: u64,
    seconds: f64,
    refused: u64,
    answer_ms: Vec<f64>,
}

/// Both stages, `seconds` each.
pub fn run(seconds: u64) -> Result<()> {
    let data = temporary_folder("load")?;
    let server = Server::start(&data)?;
    let requests = Arc::new(requests(3, &server.key, BODIES, ITEMS)?);
    let full = stage(&server, &requests, seconds, None)?;
    let full_rate = full.items as f64 / full.seconds;
    let probe = Freshness::start(&server)?;
    let half = stage(&server, &requests, seconds, Some(full_rate / 2.0))?;
    let freshness = probe.finish()?;
    let sent = full.items + half.items;
    let counted = server.cell("requests | count")?.as_u64().context("no count")?;
    ensure!(counted == sent, "answered as accepted: {sent}, counted by KQL: {counted}");
    let half_rate = half.items as f64 / half.seconds;
    results::record(
        "load",
        json!({
            "items_per_second": full_rate.round(),
            "answer_ms_p50": percentile(&full.answer_ms, 0.50),
            "answer_ms_p99": percentile(&full.answer_ms, 0.99),
            "refused_requests": full.refused + half.refused,
            "half_items_per_second": half_rate.round(),
            "half_answer_ms_p50": percentile(&half.answer_ms, 0.50),
            "half_answer_ms_p99": percentile(&half.answer_ms, 0.99),
            "queryable_ms_p50": percentile(&freshness, 0.50),
            "queryable_ms_p99": percentile(&freshness, 0.99),
            "items_counted": counted,
            "connections": CONNECTIONS,
            "items_per_request": ITEMS,
            "memory_peak_bytes": server.memory_peak_bytes(),
        }),
    )?;
    drop(server);
    std::fs::remove_dir_all(&data).context("remove the data folder")
}

/// Ready-made requests of `items` envelopes each: the generator must cost little beside the server.
pub fn requests(seed: u64, key: &str, count: u64, items: u64) -> Result<Vec<Vec<u8>>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as i64;
    let mut envelopes = Envelopes::new(seed, key);
    let mut requests = Vec::new();
    for body in 0..count {
        let mut text = String::new();
        for item in 0..items {
            envelopes.request(&mut text, now - 1_000_000 * item as i64, body * items + item);
        }
        requests.push(request(&decode::gzip(text.as_bytes())?));
    }
    Ok(requests)
}

/// A track request with a body.
pub fn request(gzip: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "POST /v2.1/track HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-json-stream\r\n\
         Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        gzip.len()
    )
    .into_bytes();
    bytes.extend_from_slice(gzip);
    bytes
}

/// Sends from all connections for `seconds`; with a rate in items per second, answer times count
/// from the moment a request was due, so that a slow server cannot hide behind its clients'
/// waiting.
fn stage(
    server: &Server,
    requests: &Arc<Vec<Vec<u8>>>,
    seconds: u64,
    rate: Option<f64>,
) -> Result<Stage> {
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let next = Arc::new(AtomicU64::new(0));
    let mut threads = Vec::new();
    for _ in 0..CONNECTIONS {
        let (address, requests, next) = (server.address.clone(), requests.clone(), next.clone());
        threads.push(std::thread::spawn(move || -> Result<(u64, u64, Vec<f64>)> {
            let mut stream = TcpStream::connect(&address)?;
            stream.set_nodelay(true)?;
            let mut reader = BufReader::new(stream.try_clone()?);
            let (mut accepted, mut refused, mut times) = (0, 0, Vec::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let mut due = Instant::now();
                if let Some(rate) = rate {
                    let after = number as f64 * ITEMS as f64 / rate;
                    due = started + Duration::from_secs_f64(after);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                }
                if due >= until || Instant::now() >= until {
                    return Ok((accepted, refused, times));
                }
                stream.write_all(&requests[(number % BODIES) as usize])?;
                match read_status(&mut reader)? {
                    200 => accepted += ITEMS,
                    _ => refused += 1,
                }
                times.push(due.elapsed().as_secs_f64() * 1000.0);
            }
        }));
    }
    let mut stage = Stage { items: 0, seconds: 0.0, refused: 0, answer_ms: Vec::new() };
    for thread in threads {
        let (items, refused, times) =
            thread.join().map_err(|_| anyhow::anyhow!("a connection's thread panicked"))??;
        stage.items += items;
        stage.refused += refused;
        stage.answer_ms.extend(times);
    }
    stage.seconds = started.elapsed().as_secs_f64();
    stage.answer_ms.sort_by(f64::total_cmp);
    Ok(stage)
}

/// Sends a marked event every 300 ms and asks for it until a query returns it.
struct Freshness {
    stop: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<Result<Vec<f64>>>,
}

impl Freshness {
    fn start(server: &Server) -> Result<Freshness> {
        let stop = Arc::new(AtomicU64::new(0));
        let probe = Server::probe(server);
        let flag = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut times = Vec::new();
            while flag.load(Ordering::Relaxed) == 0 {
                times.push(probe.once(times.len())?);
                std::thread::sleep(Duration::from_millis(300));
            }
            Ok(times)
        });
        Ok(Freshness { stop, thread })
    }

    fn finish(self) -> Result<Vec<f64>> {
        self.stop.store(1, Ordering::Relaxed);
        let mut times =
            self.thread.join().map_err(|_| anyhow::anyhow!("the probe's thread panicked"))??;
        times.sort_by(f64::total_cmp);
        Ok(times)
    }
}

/// Nearest rank of sorted values, rounded to hundredths.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    let value = sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN);
    (value * 100.0).round() / 100.0
}

/// What the freshness thread needs to know of a server.
pub struct Probe {
    address: String,
    app: String,
    key: String,
}

impl Server {
    fn probe(&self) -> Probe {
        Probe { address: self.address.clone(), app: self.app.clone(), key: self.key.clone() }
    }
}

impl Probe {
    /// Milliseconds from the answer "accepted" to the answer of the query that finds the event.
    fn once(&self, number: usize) -> Result<f64> {
        let event = json!({
            "name": "x", "iKey": self.key,
            "data": { "baseType": "EventData", "baseData": { "name": format!("probe-{number}") } },
        });
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(&request(&decode::gzip(event.to_string().as_bytes())?))?;
        let status = read_status(&mut BufReader::new(stream))?;
        ensure!(status == 200, "the probe was answered {status}");
        let accepted = Instant::now();
        let query = format!("customEvents | where name == \"probe-{number}\" | count");
        loop {
            if crate::server::ask(&self.address, &self.app, &query)? == json!(1) {
                return Ok(accepted.elapsed().as_secs_f64() * 1000.0);
            }
            ensure!(accepted.elapsed() < Duration::from_secs(30), "the probe was never found");
        }
    }
}
