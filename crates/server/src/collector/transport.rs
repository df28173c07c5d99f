//! Requests of the collector over real sockets, by the clock of this machine.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azdo::client::{Call, Content, Request, Response, Stopped, Transport, TransportError};
use parking_lot::{Condvar, Mutex};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Longest time a request may take, answer included (spec azure-devops.md §1.5).
const TIME: Duration = Duration::from_secs(100);
const CONNECT_TIME: Duration = Duration::from_secs(20);

/// Waits are told no closer to each other: many requests wait at once when a service is away.
const TOLD_PAUSE: Duration = Duration::from_secs(4);

/// Tells waiting threads to end.
#[derive(Debug, Default)]
pub struct Stop {
    is_set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub fn set(&self) {
        *self.is_set.lock() = true;
        self.changed.notify_all();
    }

    /// Waits so long; whether the end was told.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut is_set = self.is_set.lock();
        while !*is_set && Instant::now() < until {
            self.changed.wait_until(&mut is_set, until);
        }
        *is_set
    }

    pub fn is_set(&self) -> bool {
        *self.is_set.lock()
    }
}

/// Hears lines about waits, for people.
pub type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// HTTP and HTTPS.
pub struct Sockets {
    agent: ureq::Agent,
    stop: Arc<Stop>,
    told: Told,
    last_told: Mutex<Option<Instant>>,
    /// When all is to be over.
    until: Option<Instant>,
}

impl Sockets {
    /// `trusted`: certificates to trust instead of those of public authorities.
    pub fn new(stop: Arc<Stop>, trusted: Option<Vec<Certificate<'static>>>, told: Told) -> Sockets {
        let mut tls = TlsConfig::builder();
        if let Some(trusted) = trusted {
            tls = tls.root_certs(RootCerts::Specific(Arc::new(trusted)));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // A redirect leads to a page to sign in on.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIME))
            .tls_config(tls.build())
            .build();
        let agent = ureq::Agent::new_with_config(config);
        Sockets { agent, stop, told, last_told: Mutex::default(), until: None }
    }

    /// Ends every request and every wait at that time.
    pub fn until(self, until: Instant) -> Sockets {
        Sockets { until: Some(until), ..self }
    }

    /// Longest time the next request may take.
    fn time(&self) -> Duration {
        let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        left.map_or(TIME, |left| left.min(TIME))
    }

    fn call(&self, request: &Request) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let bare = |call: ureq::RequestBuilder<ureq::typestate::WithoutBody>| {
            let with = |call: ureq::RequestBuilder<_>, (name, value): &(&'static str, String)| {
                call.header(*name, value)
            };
            let call = call.config().timeout_global(Some(self.time())).build();
            request.headers.iter().fold(call, with).call()
        };
        match &request.call {
            Call::Get => bare(self.agent.get(&request.url)),
            Call::Delete => bare(self.agent.delete(&request.url)),
            Call::Post(content) => {
                let (kind, text) = match content {
                    Content::Form(form) => ("application/x-www-form-urlencoded", form),
                    Content::Json(json) => ("application/json", json),
                };
                let call = self.agent.post(&request.url);
                let mut call = call.config().timeout_global(Some(self.time())).build();
                for (name, value) in &request.headers {
                    call = call.header(*name, value);
                }
                call.header("content-type", kind).send(text)
            }
        }
    }
}

impl Transport for Sockets {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        if self.stop.is_set() {
            return Err(TransportError::Failed("stopped".to_owned()));
        }
        let failed = |error: ureq::Error| TransportError::Failed(error.to_string());
        let answer = self.call(request).map_err(failed)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let headers = headers.collect();
        // The library's own limit is about packed bytes; ours is about what they become.
        let unlimited = answer.into_body().into_with_config().limit(u64::MAX);
        let mut reader = unlimited.reader().take(request.body_bytes_max.saturating_add(1));
        let mut body = Vec::new();
        let read = reader.read_to_end(&mut body);
        read.map_err(|error| TransportError::Failed(error.to_string()))?;
        if body.len() as u64 > request.body_bytes_max {
            if !request.cuts {
                return Err(TransportError::TooLarge(request.body_bytes_max));
            }
            body.pop();
        }
        Ok(Response { status, headers, body })
    }

    fn now(&self) -> i64 {
        crate::app::now()
    }

    fn sleep(&self, nanos: i64) -> Result<(), Stopped> {
        let time = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        if self.until.is_some_and(|until| Instant::now() + time > until) {
            return Err(Stopped);
        }
        match self.stop.wait(time) {
            true => Err(Stopped),
            false => Ok(()),
        }
    }

    fn waits(&self, url: &str, reason: &str, nanos: i64) {
        let mut last_told = self.last_told.lock();
        if last_told.is_some_and(|at| at.elapsed() < TOLD_PAUSE) {
            return;
        }
        *last_told = Some(Instant::now());
        drop(last_told);
        let seconds = (nanos.max(0) as f64 / 1e9).ceil();
        (self.told)(&format!("no usable answer of {url}, next try in {seconds} s: {reason}"));
    }

    fn fraction(&self) -> f64 {
        // No randomness to be had: no spread, which is no failure.
        getrandom::u32().map_or(0.0, |number| f64::from(number) / f64::from(u32::MAX))
    }
}
