//! A server under test: the built executable on a folder of its own and a free port.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{self, Response};

pub const BINARY: &str = env!("CARGO_BIN_EXE_telltale");
pub const KEY: &str = "11111111-2222-3333-4444-555555555555";
pub const OTHER_KEY: &str = "11111111-2222-3333-4444-000000000000";

/// A running server; killed when dropped.
pub struct Server {
    pub child: Child,
    pub port: u16,
    pub url: String,
    pub ready: Value,
}

/// A new folder and a server on it, with the key [`KEY`].
pub fn start(flags: &[&str]) -> (Server, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path(), flags);
    (server, dir)
}

/// A command that cannot see settings of the machine it runs on.
pub fn telltale(args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args);
    for (key, _) in std::env::vars() {
        if key.starts_with("TELLTALE_") {
            command.env_remove(key);
        }
    }
    command
}

/// Runs a command to its end.
pub fn run(args: &[&str]) -> Output {
    telltale(args).stdin(Stdio::null()).output().unwrap()
}

/// Standard output of a command that must succeed.
pub fn output(args: &[&str]) -> String {
    let done = run(args);
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{args:?} failed: {error}");
    String::from_utf8(done.stdout).unwrap()
}

impl Server {
    /// Starts on a folder and waits for the ready line.
    pub fn on(dir: &Path, flags: &[&str]) -> Server {
        let mut command = telltale(&["serve", "--data"]);
        command.arg(dir).args(["--instrumentation-key", KEY]).args(flags);
        if !flags.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = line.strip_prefix("telltale ready ").expect("the ready line comes first");
        let ready: Value = serde_json::from_str(ready).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        let port = url.rsplit(':').next().unwrap().parse().unwrap();
        Server { child, port, url, ready }
    }

    pub fn get(&self, path: &str) -> Response {
        client::send(self.port, "GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        client::send(self.port, "POST", path, headers, body)
    }

    pub fn track(&self, body: &[u8]) -> Response {
        self.post("/v2.1/track", &[("content-type", "application/x-json-stream")], body)
    }

    /// The port of HTTPS.
    pub fn tls_port(&self) -> u16 {
        let url = self.ready["tlsUrl"].as_str().expect("it listens for HTTPS");
        url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// How many queries run.
    pub fn queries_running(&self) -> u64 {
        let text = self.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix("telltale_queries_running "));
        line.unwrap().parse().unwrap()
    }

    /// The answer of the Application Insights query API.
    pub fn query(&self, text: &str) -> Response {
        let body = json!({ "query": text }).to_string();
        self.post(
            "/v1/apps/default/query",
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    }

    /// The rows of a query that must succeed.
    pub fn rows(&self, text: &str) -> Value {
        let answer = self.query(text);
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        answer.json()["tables"][0]["rows"].clone()
    }

    /// The answer of the Kusto API.
    pub fn kusto(&self, path: &str, body: &Value) -> Response {
        self.post(path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let done = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(done.success());
    }

    /// SIGTERM and wait.
    pub fn stop(mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().unwrap()
    }

    /// `kill -9` and wait.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until something is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The fixtures all parts of the project share.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/ingest")
}

/// An event named `name`, now.
pub fn event(key: &str, name: &str) -> String {
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    json!({
        "iKey": key,
        "time": now,
        "name": "Microsoft.ApplicationInsights.Event",
        "data": { "baseType": "EventData", "baseData": {
            "ver": 2, "name": name, "properties": { "kind": "test" }, "measurements": { "n": 1.5 },
        } },
    })
    .to_string()
}

/// Events `prefix-0`, `prefix-1`, …, one per line.
pub fn events(key: &str, prefix: &str, count: usize) -> String {
    (0..count).map(|i| event(key, &format!("{prefix}-{i}")) + "\n").collect()
}
