//! A crowd at the door: slow clients, many queries and one large download at once, while telemetry
//! is sent at a steady rate. What counts is how long the senders of telemetry wait.
//!
//! Every loop is bounded: by the time of the run, by [`WHOLE_TIME`] for what is still open then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::load::{self, percentile};
use crate::results;
use crate::server::{Server, temporary_folder};

/// Slow clients, a third of each kind.
const SLOW: usize = 1000;
const ASKING: usize = 200;
const DOWNLOAD_ROWS: u64 = 5_000_000;
/// Telemetry requests per second, and connections that send them.
const RATE: f64 = 50.0;
const SENDERS: usize = 20;
const ITEMS: u64 = 50;
const BODIES: u64 = 32;
/// Longest run, the download's end included.
const WHOLE_TIME: Duration = Duration::from_secs(900);
/// How long a slow client waits between two bytes.
const DRIBBLE: Duration = Duration::from_millis(500);
const QUERY: &str = "requests | summarize count(), avg(duration) by resultCode";

/// What all clients write down.
#[derive(Default)]
struct Notes {
    is_over: AtomicBool,
    /// Client and status (or why there was none) → answers.
    outcomes: Mutex<BTreeMap<String, u64>>,
    sent_ms: Mutex<Vec<f64>>,
    asked_ms: Mutex<Vec<f64>>,
    items_accepted: AtomicU64,
    downloaded_bytes: AtomicU64,
    downloaded_rows: AtomicU64,
    /// Slow connections opened so far.
    slow_opened: AtomicU64,
}

impl Notes {
    fn count(&self, client: &str, outcome: impl std::fmt::Display) {
        *self.outcomes.lock().entry(format!("{client} {outcome}")).or_default() += 1;
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Runs the crowd for `seconds`, and on until the download has ended.
pub fn run(seconds: u64) -> Result<()> {
    let data = temporary_folder("crowd")?;
    let server = Server::start_with(&data, &["--connections-max", "4096"])?;
    let bodies = Arc::new(load::requests(5, &server.key, BODIES, ITEMS)?);
    let runtime = tokio::runtime::Runtime::new().context("start the runtime")?;
    let notes = Arc::new(Notes::default());
    let started = Instant::now();
    let seconds =
        runtime.block_on(crowd(&server, &bodies, &notes, Duration::from_secs(seconds)))?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    let counted = server.cell("requests | count")?.as_u64().context("no count")?;
    let accepted = notes.items_accepted.load(Ordering::Relaxed);
    ensure!(counted >= accepted, "answered as accepted: {accepted}, counted by KQL: {counted}");
    let (sent, asked) = (sorted(&notes.sent_ms), sorted(&notes.asked_ms));
    results::record(
        "crowd",
        json!({
            "seconds": (started.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            "slow_connections": notes.slow_opened.load(Ordering::Relaxed),
            "queries_at_once": ASKING,
            "track_requests_per_second": RATE,
            "track_ms_p50": percentile(&sent, 0.50),
            "track_ms_p99": percentile(&sent, 0.99),
            "track_ms_max": percentile(&sent, 1.0),
            "query_ms_p50": percentile(&asked, 0.50),
            "query_ms_p99": percentile(&asked, 0.99),
            "outcomes": &*notes.outcomes.lock(),
            "items_counted": counted,
            "download_seconds": seconds,
            "download_rows": notes.downloaded_rows.load(Ordering::Relaxed),
            "download_bytes": notes.downloaded_bytes.load(Ordering::Relaxed),
            "memory_peak_bytes": server.memory_peak_bytes(),
        }),
    )?;
    drop(server);
    std::fs::remove_dir_all(&data).context("remove the data folder")
}

fn sorted(times: &Mutex<Vec<f64>>) -> Vec<f64> {
    let mut times = times.lock().clone();
    times.sort_by(f64::total_cmp);
    times
}

/// Everybody at once; gives how long the download took, in seconds.
async fn crowd(
    server: &Server,
    bodies: &Arc<Vec<Vec<u8>>>,
    notes: &Arc<Notes>,
    time: Duration,
) -> Result<f64> {
    let address: Arc<str> = server.address.as_str().into();
    let mut crowd = JoinSet::new();
    for number in 0..SLOW {
        crowd.spawn(slow(Arc::clone(&address), Arc::clone(notes), number));
    }
    // Everybody is there before anything is measured.
    let deadline = Instant::now() + Duration::from_secs(30);
    while (notes.slow_opened.load(Ordering::Relaxed) as usize) < SLOW {
        ensure!(Instant::now() < deadline, "the slow clients could not all connect");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let start = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    for _ in 0..SENDERS {
        let (bodies, next) = (Arc::clone(bodies), Arc::clone(&next));
        crowd.spawn(sending(Arc::clone(&address), Arc::clone(notes), bodies, next, start));
    }
    let download = tokio::spawn(download(Arc::clone(&address), Arc::clone(notes)));
    let app: Arc<str> = server.app.as_str().into();
    for _ in 0..ASKING {
        crowd.spawn(asking(Arc::clone(&address), Arc::clone(&app), Arc::clone(notes)));
    }
    tokio::time::sleep(time).await;
    let downloaded = tokio::time::timeout(WHOLE_TIME.saturating_sub(start.elapsed()), download);
    let seconds = match downloaded.await {
        Ok(done) => done?.inspect_err(|error| notes.count("download", error)).unwrap_or_default(),
        Err(_) => bail!("the download did not end within {} s", WHOLE_TIME.as_secs()),
    };
    notes.is_over.store(true, Ordering::Relaxed);
    let ending = async { while crowd.join_next().await.is_some() {} };
    // Slow clients and refused ones are closed by dropping them.
    let _ = tokio::time::timeout(Duration::from_secs(10), ending).await;
    crowd.abort_all();
    Ok(seconds)
}

/// A third dribbles heads, a third bodies, a third does not take its answer; each comes again when
/// it is cut off.
async fn slow(address: Arc<str>, notes: Arc<Notes>, number: usize) {
    let mut is_first = true;
    while !notes.is_over() {
        let Ok(mut stream) = TcpStream::connect(&*address).await else {
            notes.count("slow", "refused");
            tokio::time::sleep(DRIBBLE).await;
            continue;
        };
        if std::mem::take(&mut is_first) {
            notes.slow_opened.fetch_add(1, Ordering::Relaxed);
        }
        let kind = ["slow head", "slow body", "slow reader"][number % 3];
        let start = match number % 3 {
            0 => "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_owned(),
            1 => "POST /v2/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
                .to_owned(),
            _ => {
                let query = "range x from 1 to 20000 step 1 | extend t = strcat(x, 'abcdefghijkl')";
                let body = json!({ "csl": query }).to_string();
                let length = body.len();
                format!(
                    "POST /v1/rest/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\
                     \r\n{body}"
                )
            }
        };
        let sent = stream.write_all(start.as_bytes()).await;
        let ended = match (sent, number % 3) {
            (Err(error), _) => error.kind().to_string(),
            (Ok(()), 2) => read_slowly(&mut stream, &notes).await,
            (Ok(()), _) => write_slowly(&mut stream, &notes).await,
        };
        notes.count(kind, ended);
    }
}

async fn write_slowly(stream: &mut TcpStream, notes: &Notes) -> String {
    let mut answer = [0; 64];
    while !notes.is_over() {
        let read = tokio::time::timeout(DRIBBLE, stream.read(&mut answer)).await;
        match read {
            Ok(Ok(0)) => return "closed".to_owned(),
            Ok(Ok(count)) => return status_of(&answer[..count]),
            Ok(Err(error)) => return error.kind().to_string(),
            Err(_) => {}
        }
        if let Err(error) = stream.write_all(b"a").await {
            return error.kind().to_string();
        }
    }
    "left".to_owned()
}

async fn read_slowly(stream: &mut TcpStream, notes: &Notes) -> String {
    let mut byte = [0; 1];
    while !notes.is_over() {
        tokio::time::sleep(DRIBBLE).await;
        // The answer may be long in coming; that is no reason to overstay the end.
        match tokio::time::timeout(DRIBBLE, stream.read(&mut byte)).await {
            Ok(Ok(0)) => return "closed".to_owned(),
            Ok(Err(error)) => return error.kind().to_string(),
            Ok(Ok(_)) | Err(_) => {}
        }
    }
    "left".to_owned()
}

fn status_of(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.split(' ').nth(1).unwrap_or("no status").to_owned()
}

/// Asks again and again, a connection per query.
async fn asking(address: Arc<str>, app: Arc<str>, notes: Arc<Notes>) {
    let body = json!({ "query": QUERY }).to_string();
    let request = format!(
        "POST /v1/apps/{app}/query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    while !notes.is_over() {
        let start = Instant::now();
        let answered = async {
            let mut stream = TcpStream::connect(&*address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            std::io::Result::Ok(status_of(&answer[..answer.len().min(64)]))
        };
        match answered.await {
            Ok(status) => notes.count("query", status),
            Err(error) => notes.count("query", error.kind()),
        }
        notes.asked_ms.lock().push(start.elapsed().as_secs_f64() * 1000.0);
    }
}

/// Sends telemetry at the rate; times count from when a request was due.
async fn sending(
    address: Arc<str>,
    notes: Arc<Notes>,
    bodies: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicU64>,
    start: Instant,
) {
    let mut connection = None;
    while !notes.is_over() {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = start + Duration::from_secs_f64(number as f64 / RATE);
        tokio::time::sleep_until(due.into()).await;
        let body = &bodies[number as usize % bodies.len()];
        match send(&mut connection, &address, body).await {
            Ok(status) => {
                if status == 200 {
                    notes.items_accepted.fetch_add(ITEMS, Ordering::Relaxed);
                }
                notes.count("track", status);
            }
            Err(error) => {
                connection = None;
                notes.count("track", error);
            }
        }
        notes.sent_ms.lock().push(due.elapsed().as_secs_f64() * 1000.0);
    }
}

async fn send(
    connection: &mut Option<BufReader<TcpStream>>,
    address: &str,
    body: &[u8],
) -> Result<u16> {
    if connection.is_none() {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        *connection = Some(BufReader::new(stream));
    }
    let stream = connection.as_mut().context("no connection")?;
    stream.get_mut().write_all(body).await?;
    let (status, length) = read_head(stream).await?;
    let mut answer = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut answer).await?;
    Ok(status)
}

/// Status and stated length of an answer.
async fn read_head(stream: &mut BufReader<TcpStream>) -> Result<(u16, Option<usize>)> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status")?;
    let mut length = None;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let header = line.trim_end();
        if header.is_empty() {
            return Ok((status, length));
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
}

/// One large answer, asked for until there is a place; gives the seconds it took.
async fn download(address: Arc<str>, notes: Arc<Notes>) -> Result<f64> {
    loop {
        let start = Instant::now();
        let status = download_once(&address, &notes).await?;
        notes.count("download", status);
        if status != 429 || notes.is_over() {
            return Ok((start.elapsed().as_secs_f64() * 10.0).round() / 10.0);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Reads the answer at full speed and throws it away; gives its status.
async fn download_once(address: &str, notes: &Notes) -> Result<u16> {
    let query = format!(
        "set notruncation; range x from 1 to {DOWNLOAD_ROWS} step 1 | extend y = x * 2, z = 'row'"
    );
    let body = json!({ "csl": query, "properties": { "Options": { "notruncation": true } } });
    let body = body.to_string();
    let stream = TcpStream::connect(address).await?;
    let mut stream = BufReader::with_capacity(1 << 20, stream);
    let head = format!(
        "POST /v1/rest/query HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(head.as_bytes()).await?;
    let (status, _) = read_head(&mut stream).await?;
    let mut chunk = vec![0; 1 << 20];
    let mut before = 0;
    let mut brackets = 0u64;
    loop {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            break;
        }
        // A row begins where a list follows a list or a list's begin.
        for byte in &chunk[..count] {
            brackets += u64::from(*byte == b'[' && matches!(before, b'[' | b','));
            before = *byte;
        }
        notes.downloaded_bytes.fetch_add(count as u64, Ordering::Relaxed);
    }
    notes.downloaded_rows.fetch_add(brackets, Ordering::Relaxed);
    Ok(status)
}
