//! Hooks and badges over HTTP: static badges by `wrk` with the server on one core; the time from an
//! accepted event to the file of its badge; and both while somebody floods the server with wrong
//! keys.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::load::percentile;
use crate::results;
use crate::server::{Server, read_status, temporary_folder};

const ADMIN: &str = "the-admin-key-of-this-benchmark";
const EVENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/azdo/synthetic/hooks/deployment-completed-succeeded.json"
);
/// Events and badges asked for in a second while times are taken.
const PROBES: u64 = 50;
/// Events with wrong keys in a second.
const FLOOD: u64 = 10_000;
const FLOODERS: u64 = 4;
/// A file that is not there by then is not coming.
const FILE_TIME: Duration = Duration::from_secs(10);
/// How often the file is looked at.
const LOOK: Duration = Duration::from_micros(200);

/// All three, `seconds` each.
pub fn run(seconds: u64) -> Result<()> {
    let folder = temporary_folder("hooks")?;
    let measured = measure(&folder, seconds);
    std::fs::remove_dir_all(&folder).context("remove the folder")?;
    results::record("hooks", measured?)
}

fn measure(folder: &Path, seconds: u64) -> Result<Value> {
    let config = folder.join("telltale.toml");
    std::fs::write(&config, "[badges]\nvisibility = \"public\"\n")?;
    let config = config.display().to_string();
    let data = folder.join("data");
    let flags = ["--config", &config, "--admin-key", ADMIN];
    let server = Server::start_with(&data, &flags)?;
    let mut sender = Sender::new(&server, &data)?;
    sender.deliver()?;
    let badge = sender.badge_path.clone();
    let quiet = probes(&server, &mut sender, &badge, seconds)?;
    let flood = Flood::start(&server.address);
    // Until the flooders are up to speed.
    std::thread::sleep(Duration::from_secs(1));
    let flooded = probes(&server, &mut sender, &badge, seconds)?;
    let flood = flood.finish()?;
    drop(server);
    // A new one on a core of its own, as the load generator is.
    let server = Server::start_on_core(&data, &flags, 0)?;
    let badges = wrk(&format!("http://{}{badge}", server.address), seconds)?;
    Ok(json!({
        "seconds": seconds,
        "static_badges": badges,
        "quiet": quiet,
        "flood": flood,
        "flooded": flooded,
        "memory_peak_bytes": server.memory_peak_bytes(),
    }))
}

/// Requests per second and the 99th percentile, as `wrk` prints them.
fn wrk(url: &str, seconds: u64) -> Result<Value> {
    let output = Command::new("taskset")
        .args(["--cpu-list", "1", "wrk", "-t1", "-c16", "--latency"])
        .arg(format!("-d{seconds}"))
        .arg(url)
        .output()
        .context("start `wrk` by `taskset`")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success() && !text.contains("Non-2xx"), "wrk: {text}");
    let after = |label: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(label));
        line.map(|rest| rest.trim().to_owned()).with_context(|| format!("no {label} in {text}"))
    };
    let rate: f64 = after("Requests/sec:")?.parse().context("read the rate")?;
    Ok(json!({ "requests_per_second": rate.round(), "latency_p99": after("99%")? }))
}

/// A team that delivers deployments, each of a newer release.
struct Sender {
    address: String,
    path: String,
    event: Value,
    number: i64,
    file: PathBuf,
    badge_path: String,
}

/// Times of one delivery in milliseconds.
struct Delivered {
    answered_ms: f64,
    /// From the answer until the file shows it.
    visible_ms: f64,
}

impl Sender {
    fn new(server: &Server, data: &Path) -> Result<Sender> {
        let address = server.address.clone();
        let wish = json!({ "name": "team", "scopes": ["hook"] });
        let made = call(&address, "POST", "/api/keys", &wish.to_string())?;
        let key = made["key"].as_str().context("no key")?;
        let mut sender = Sender {
            path: format!("/hooks/azdo/{key}"),
            address,
            event: serde_json::from_slice(&std::fs::read(EVENT)?)?,
            number: 0,
            file: PathBuf::new(),
            badge_path: String::new(),
        };
        sender.send()?;
        let until = Instant::now() + FILE_TIME;
        let badge = loop {
            let list = call(&sender.address, "GET", "/api/badges", "")?;
            let all = list["badges"].as_array().cloned().unwrap_or_default();
            match all.into_iter().find(|badge| badge["kind"] == "release") {
                Some(badge) => break badge,
                None => ensure!(Instant::now() < until, "no badge came of the event"),
            }
        };
        let text = |value: &Value| value.as_str().map(str::to_owned).context("no text");
        sender.file = data.join("files/badges").join(format!("{}.svg", text(&badge["id"])?));
        let url = text(&badge["urls"]["readable"])?;
        let (_, path) = url.split_once("/badges/").context("no path")?;
        sender.badge_path = format!("/badges/{path}");
        Ok(sender)
    }

    /// Sends the next deployment; milliseconds until the answer.
    fn send(&mut self) -> Result<f64> {
        self.number += 1;
        let number = self.number;
        let event = &mut self.event;
        event["notificationId"] = number.into();
        event["id"] = format!("20000000-0000-4000-8000-{number:012}").into();
        let resource = &mut event["resource"];
        let name = json!(format!("Release-{number:06}"));
        resource["environment"]["release"]["name"] = name.clone();
        resource["deployment"]["release"]["name"] = name;
        resource["deployment"]["id"] = number.into();
        let request = post(&self.path, &event.to_string());
        let started = Instant::now();
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.write_all(request.as_bytes())?;
        let status = read_status(&mut BufReader::new(stream))?;
        ensure!(status == 200, "a good event was answered {status}");
        Ok(milliseconds(started))
    }

    fn deliver(&mut self) -> Result<Delivered> {
        let answered_ms = self.send()?;
        let (accepted, wanted) = (Instant::now(), format!("Release-{:06}", self.number));
        loop {
            let file = std::fs::read(&self.file).unwrap_or_default();
            if String::from_utf8_lossy(&file).contains(&wanted) {
                return Ok(Delivered { answered_ms, visible_ms: milliseconds(accepted) });
            }
            ensure!(accepted.elapsed() < FILE_TIME, "the file never showed {wanted}");
            std::thread::sleep(LOOK);
        }
    }
}

/// Deliveries and badges at a steady pace, and how long they took.
fn probes(server: &Server, sender: &mut Sender, badge: &str, seconds: u64) -> Result<Value> {
    let (mut answered, mut visible, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    let request = format!("GET {badge} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut reader = BufReader::new(TcpStream::connect(&server.address)?);
    reader.get_ref().set_nodelay(true)?;
    let started = Instant::now();
    for n in 0..seconds * PROBES {
        let due = started + Duration::from_secs_f64(n as f64 / PROBES as f64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        reader.get_mut().write_all(request.as_bytes())?;
        ensure!(read_status(&mut reader)? == 200, "a badge is not served");
        shown.push(milliseconds(asked));
        let delivered = sender.deliver()?;
        answered.push(delivered.answered_ms);
        visible.push(delivered.visible_ms);
    }
    let figures = |name: &str, mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let at = |part: f64| (percentile(&times, part) * 100.0).round() / 100.0;
        (name.to_owned(), json!({ "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0) }))
    };
    let figures = [
        figures("event_answered", answered),
        figures("file_visible_after_answer", visible),
        figures("badge_served", shown),
    ];
    Ok(Value::Object(figures.into_iter().collect()))
}

/// Threads that send events with wrong keys until they are told to end.
struct Flood {
    is_over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    started: Instant,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Flood {
    fn start(address: &str) -> Flood {
        let (is_over, sent) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let threads = (0..FLOODERS).map(|_| {
            let (address, is_over) = (address.to_owned(), Arc::clone(&is_over));
            let sent = Arc::clone(&sent);
            std::thread::spawn(move || flood(&address, &is_over, &sent))
        });
        let threads = threads.collect();
        Flood { is_over, sent, started: Instant::now(), threads }
    }

    /// Events answered in a second.
    fn finish(self) -> Result<Value> {
        let rate = self.sent.load(Ordering::Relaxed) as f64 / self.started.elapsed().as_secs_f64();
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow::anyhow!("a flooder ended early"))??;
        }
        Ok(json!({ "wanted_per_second": FLOOD, "answered_per_second": rate.round() }))
    }
}

/// One flooder: its part of the events, in time, a new connection whenever the old one is closed.
fn flood(address: &str, is_over: &AtomicBool, sent: &AtomicU64) -> Result<()> {
    let event = std::fs::read_to_string(EVENT)?;
    let key = format!("tt_{}_{}", "0".repeat(12), "0".repeat(64));
    let request = post(&format!("/hooks/azdo/{key}"), &event);
    let pause = Duration::from_secs_f64(FLOODERS as f64 / FLOOD as f64);
    let (mut connection, mut due) = (None, Instant::now());
    while !is_over.load(Ordering::Relaxed) {
        due += pause;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let mut reader = match connection.take() {
            Some(reader) => reader,
            None => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                BufReader::new(stream)
            }
        };
        let is_sent = reader.get_mut().write_all(request.as_bytes()).is_ok();
        let status = read_status(&mut reader);
        if let Ok(status) = status {
            ensure!(matches!(status, 404 | 429), "a wrong key was answered {status}");
            sent.fetch_add(1, Ordering::Relaxed);
            connection = is_sent.then_some(reader);
        }
    }
    Ok(())
}

fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A call of the administrator: the JSON of the answer.
fn call(address: &str, method: &str, path: &str, body: &str) -> Result<Value> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nX-Api-Key: {ADMIN}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    serde_json::from_str(body).with_context(|| format!("{path}: {answer}"))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
