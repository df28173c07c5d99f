//! A plain HTTP client for the tests: says exactly what bytes came.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

/// One kept connection to a service.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Bytes announced and not sent.
    pub missing: usize,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }
}

impl Client {
    pub fn new(url: &str) -> Self {
        let address = url.trim_start_matches("http://");
        Self { stream: BufReader::new(TcpStream::connect(address).expect("a connection")) }
    }

    /// Sends a request and reads its answer; nothing when the connection ends without one.
    pub fn get(&mut self, target: &str) -> Option<Reply> {
        self.send(target, "")
    }

    /// The same with more header lines, each ending in CR LF.
    pub fn send(&mut self, target: &str, headers: &str) -> Option<Reply> {
        let text = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        self.stream.get_mut().write_all(text.as_bytes()).ok()?;
        let mut line = String::new();
        if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut reply = Reply { status, headers, body: Vec::new(), missing: 0 };
        let length = reply.header("content-length").map_or(0, |n| n.parse().expect("a length"));
        // A connection that ends early leaves a short body.
        let _ = self.stream.by_ref().take(length as u64).read_to_end(&mut reply.body);
        reply.missing = length - reply.body.len();
        Some(reply)
    }
}

/// The folder of the written scenario.
#[allow(dead_code, reason = "not every test file replays it")]
pub fn scenario() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../azdo/synthetic/collector")
}
