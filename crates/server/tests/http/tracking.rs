//! What the stories of `telltale track` and `telltale trace` share: a pipeline's environment, and
//! listeners that are no servers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::server::{BINARY, KEY, Server};

pub const PROJECT: &str = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";
pub const OPERATION: &str = "2bb25f4b073b0071311adee8b2f43691";
/// Record `…0a` of build 101, a task.
pub const TASK: &str = "00000065-0000-4000-8000-00000000000a";
pub const TASK_SPAN: &str = "d32cc469f623c59e";
/// Record `…04` of build 101, a job.
pub const JOB: &str = "00000065-0000-4000-8000-000000000004";

/// What a task of build 101 has in its environment.
pub const PIPELINE: [(&str, &str); 10] = [
    ("TF_BUILD", "True"),
    ("SYSTEM_COLLECTIONID", "C0FFEE00-0000-4000-8000-000000000001"),
    ("SYSTEM_TEAMPROJECTID", PROJECT),
    ("SYSTEM_TEAMPROJECT", "Demo Ünïcode"),
    ("SYSTEM_HOSTTYPE", "build"),
    ("BUILD_BUILDID", "101"),
    ("SYSTEM_JOBID", JOB),
    ("SYSTEM_TASKINSTANCEID", TASK),
    ("AGENT_OS", "Windows_NT"),
    ("AGENT_MACHINENAME", "agent-7"),
];

/// A command with nothing in its environment but `env`: the tests may run in a pipeline, too.
pub fn command(args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).env_clear();
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command.envs(env.iter().copied());
    command.stdin(Stdio::null());
    command
}

pub fn connection(url: &str) -> String {
    format!("InstrumentationKey={KEY};IngestionEndpoint={url}/")
}

/// Runs `telltale track …` against a server.
pub fn track(server: &Server, env: &[(&str, &str)], args: &[&str]) -> Output {
    let connection = connection(&server.url);
    let args = [&["track"], args, &["--connection", &connection]].concat();
    command(&args, env).output().unwrap()
}

/// Standard output of a `track` that must be accepted.
pub fn tracked(server: &Server, env: &[(&str, &str)], args: &[&str]) -> String {
    let done = track(server, env, &[args, &["--strict"]].concat());
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{args:?}: {error}");
    assert_eq!(error, "", "{args:?}");
    String::from_utf8(done.stdout).unwrap()
}

/// Standard error, after the exit code was looked at.
pub fn warned(done: &Output, code: i32) -> String {
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(code), "{error}");
    assert!(done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stdout));
    error
}

/// The only row of a query, by column names.
pub fn row(server: &Server, text: &str) -> Value {
    let answer = server.query(text);
    assert_eq!(answer.status, 200, "{text}: {}", answer.text());
    let table = &answer.json()["tables"][0];
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{text}: {rows:?}");
    let names = table["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap());
    let cells = rows[0].as_array().unwrap().iter().cloned();
    Value::Object(names.map(str::to_owned).zip(cells).collect())
}

/// Something that listens and answers every connection with the same bytes, or with none.
pub struct Listener {
    pub url: String,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    /// `None` accepts and stays silent.
    pub fn answering(answer: Option<String>) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (count, bytes) = (Arc::clone(&connections), Arc::clone(&received));
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for mut stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(answer) = &answer {
                    let mut buffer = vec![0; 1 << 16];
                    let read = stream.read(&mut buffer).unwrap_or(0);
                    bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
                    let _ = stream.write_all(answer.as_bytes());
                } else {
                    open.push(stream);
                }
            }
        });
        Listener { url, connections, received }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }
}

/// An answer of HTTP that ends its connection.
pub fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
