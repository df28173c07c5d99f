//! A transport for tests: answers by a function, a clock that only waits move.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

pub type Answer = Result<Response, TransportError>;
type Answers = Box<dyn Fn(&Request, usize) -> Answer + Send + Sync>;

/// 2026-11-20T12:00:00Z.
pub const START: i64 = 1_795_176_000_000_000_000;

pub struct Fake {
    answers: Answers,
    pub now: AtomicI64,
    pub sent: Mutex<Vec<Request>>,
    pub slept: Mutex<Vec<i64>>,
    /// How often each address was asked.
    counts: Mutex<BTreeMap<String, usize>>,
}

/// The function gets the request and how often its address was asked before.
pub fn fake(answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Arc<Fake> {
    Arc::new(Fake {
        answers: Box::new(answers),
        now: AtomicI64::new(START),
        sent: Mutex::default(),
        slept: Mutex::default(),
        counts: Mutex::default(),
    })
}

impl Fake {
    pub fn urls(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|request| request.url.clone()).collect()
    }

    pub fn slept_seconds(&self) -> Vec<f64> {
        self.slept.lock().unwrap().iter().map(|nanos| *nanos as f64 / 1e9).collect()
    }
}

impl Transport for Arc<Fake> {
    fn send(&self, request: &Request) -> Answer {
        let before = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(request.url.clone()).or_default();
            *count += 1;
            *count - 1
        };
        self.sent.lock().unwrap().push(request.clone());
        (self.answers)(request, before)
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn sleep(&self, nanos: i64) -> Result<(), Stopped> {
        if nanos > 0 {
            self.slept.lock().unwrap().push(nanos);
            self.now.fetch_add(nanos, Ordering::SeqCst);
        }
        Ok(())
    }

    fn fraction(&self) -> f64 {
        0.0
    }
}

pub fn status(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Response { status, headers, body: Vec::new() })
}

pub fn json(body: &str) -> Answer {
    json_with(body, &[])
}

pub fn json_with(body: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("content-type", "application/json; charset=utf-8")];
    all.extend_from_slice(headers);
    let mut answer = status(200, &all)?;
    answer.body = body.as_bytes().to_vec();
    Ok(answer)
}

pub fn options(credentials: Credentials) -> Options {
    Options {
        hosts: Hosts::of("https://dev.azure.com/exorg", None).unwrap(),
        credentials,
        concurrency: 4,
        api_version: "5.0".to_owned(),
        body_bytes_max: 1 << 20,
        user_agent: "telltale/test".to_owned(),
        retries: RETRIES,
    }
}

pub fn client(fake: &Arc<Fake>) -> Client<Arc<Fake>> {
    let pat = Credentials::Pat(Box::new(|| Ok("pat".to_owned())));
    Client::new(Arc::clone(fake), options(pat))
}
