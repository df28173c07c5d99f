//! The built server as a child process, asked over plain sockets so that the client costs little.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use model::time::{Fraction, format_datetime};
use serde_json::{Value, json};

use crate::{generate, queries, results};

pub struct Server {
    child: Child,
    pub address: String,
    pub app: String,
    pub key: String,
    pub ready: Duration,
}

impl Server {
    /// Starts the executable beside this one on `data` and waits for its ready line.
    pub fn start(data: &Path) -> Result<Server> {
        Server::start_with(data, &[])
    }

    /// [`Server::start`] with further flags.
    pub fn start_with(data: &Path, flags: &[&str]) -> Result<Server> {
        Server::start_by(Command::new(program()?), data, flags)
    }

    /// [`Server::start_with`], kept on one core.
    pub fn start_on_core(data: &Path, flags: &[&str], core: usize) -> Result<Server> {
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &core.to_string()]).arg(program()?);
        Server::start_by(command, data, flags)
    }

    fn start_by(mut command: Command, data: &Path, flags: &[&str]) -> Result<Server> {
        let started = Instant::now();
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start telltale; build it in release mode first")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let ready = started.elapsed();
        let json = line.strip_prefix("telltale ready ").context("no ready line")?;
        let value: Value = serde_json::from_str(json)?;
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let address = text("url").trim_start_matches("http://").trim_end_matches('/').to_owned();
        Ok(Server { child, address, app: text("appId"), key: text("instrumentationKey"), ready })
    }

    /// The most memory it has held, in bytes.
    pub fn memory_peak_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        status
            .unwrap_or_default()
            .lines()
            .find_map(|l| l.strip_prefix("VmHWM:"))
            .and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .map_or(0, |kib| kib * 1024)
    }

    /// Counts the most memory from now on.
    pub fn forget_memory_peak(&self) -> Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")
            .context("forget the peak of memory")
    }

    /// See [`ask`].
    pub fn cell(&self, query: &str) -> Result<Value> {
        ask(&self.address, &self.app, query)
    }
}

fn program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("telltale"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first cell of the first row of a query, over the Application Insights query API.
pub fn ask(address: &str, app: &str, query: &str) -> Result<Value> {
    let (status, answer) = ask_any(address, app, query)?;
    ensure!(status == 200, "{query}: {answer}");
    Ok(answer["tables"][0]["rows"][0][0].clone())
}

/// Status and body of a query, over the Application Insights query API.
pub fn ask_any(address: &str, app: &str, query: &str) -> Result<(u16, Value)> {
    let body = json!({ "query": query }).to_string();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /v1/apps/{app}/query HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let value = serde_json::from_str(body).context("read the answer")?;
    Ok((status.context("no status")?, value))
}

/// Reads one answer from a kept-alive connection: its status.
pub fn read_status(reader: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        bail!("the server closed the connection");
    }
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
    let mut length = 0usize;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    std::io::copy(&mut reader.by_ref().take(length as u64), &mut std::io::sink())?;
    Ok(status)
}

/// Start to ready on a filled folder, five times; then the memory after all twelve questions.
pub fn measure_start(data: &Path) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(Server::start(data)?.ready.as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let server = Server::start(data)?;
    let at_ready = server.memory_peak_bytes();
    let rows = server.cell("requests | count")?;
    for question in queries::questions() {
        // The server's `now` is the real one, the data set has an end of its own.
        let end = format_datetime(generate::END, Fraction::Trimmed);
        server.cell(&question.kql.replace("ago(", &format!("(datetime({end}) - ")))?;
    }
    results::record(
        "start",
        json!({
            "ready_ms_median": times[2],
            "ready_ms_max": times[4],
            "rows": rows,
            "memory_peak_bytes_at_ready": at_ready,
            "memory_peak_bytes_after_queries": server.memory_peak_bytes(),
        }),
    )
}

/// A new empty folder below the system's temporary one.
pub fn temporary_folder(name: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("telltale-bench-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
