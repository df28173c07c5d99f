//! The service: a listener on a free local port that answers by a script, notes what it was asked,
//! and fails as it is told to.

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::{Condvar, Mutex};

use crate::fault::{Fault, Rule, SIGN_IN, error_json, sign_in_page};
use crate::http::{self, Answer, Delivery, Request};
use crate::scenario::Scenario;
use crate::time::{self, SECOND, Ticks};

/// What a service answers. The same requests in the same order give the same answers.
pub trait Script: Send + Sync {
    /// The service's own time, sent as the `Date` of its answers; nothing: no such header.
    fn now(&self) -> Option<Ticks> {
        None
    }

    /// The answer; nothing when the script knows no such request.
    fn answer(&self, request: &Request) -> Option<Answer>;
}

/// What becomes of the request at which a service stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It and all later ones are never answered, until [`Service::resume`].
    Silence,
    /// Its connection ends before the answer; later ones are answered.
    CutUnanswered,
    /// Its connection ends after the answer's headers; later ones are answered.
    CutAfterHeaders,
    /// Its connection ends in the middle of the answer's body; later ones are answered.
    CutInBody,
}

/// A request that came in, and what became of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The request.
    pub request: Request,
    /// Whether the script knew it (a fault may have answered in its place).
    pub known: bool,
    /// The status sent; nothing while it is held, or when the connection ended before.
    pub status: Option<u16>,
}

/// A running service. It ends when it is dropped.
pub struct Service {
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    script: Arc<dyn Script>,
    seen: Vec<Seen>,
    stop: Option<(usize, Stop)>,
    held: usize,
    rules: Vec<Rule>,
    authorization: Option<(String, Fault)>,
    gzip: bool,
    skew: Ticks,
    at_once: usize,
    most_at_once: usize,
    connections: Vec<TcpStream>,
    ended: bool,
}

impl Service {
    /// Starts on a free port of this machine.
    ///
    /// # Errors
    /// No port can be opened.
    pub fn start(script: impl Script + 'static) -> io::Result<Self> {
        Self::start_on(0, script)
    }

    /// Starts on a given port of this machine, 0 for a free one.
    ///
    /// # Errors
    /// The port cannot be opened.
    pub fn start_on(port: u16, script: impl Script + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let state = State {
            script: Arc::new(script),
            seen: Vec::new(),
            stop: None,
            held: 0,
            rules: Vec::new(),
            authorization: None,
            gzip: false,
            skew: 0,
            at_once: 0,
            most_at_once: 0,
            connections: Vec::new(),
            ended: false,
        };
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared { url, state: Mutex::new(state), changed: Condvar::new() });
        let accepting = shared.clone();
        std::thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { shared })
    }

    /// Starts with a pass of the scenario in a folder.
    ///
    /// # Errors
    /// The scenario cannot be read or has no such pass, or no port can be opened.
    pub fn scenario(folder: &Path, pass: &str) -> io::Result<Self> {
        Self::start(Scenario::load(folder)?.pass(pass)?)
    }

    /// Its address, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// Goes on with another script, such as the next pass; what was noted stays.
    pub fn play(&self, script: impl Script + 'static) {
        self.shared.state.lock().script = Arc::new(script);
    }

    /// Every request since the start or the last [`Service::forget`], in the order they came in.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.state.lock().seen.clone()
    }

    /// How many requests came in since the start or the last [`Service::forget`].
    pub fn count(&self) -> usize {
        self.shared.state.lock().seen.len()
    }

    /// The requests that the script did not know and that were answered 404.
    pub fn unknown(&self) -> Vec<Request> {
        let seen = self.requests().into_iter().filter(|seen| !seen.known);
        seen.map(|seen| seen.request).collect()
    }

    /// The most requests that were being answered at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.state.lock().most_at_once
    }

    /// Forgets the requests noted so far; the count of [`Service::stop_at`] begins anew.
    pub fn forget(&self) {
        let mut state = self.shared.state.lock();
        state.seen.clear();
        state.most_at_once = state.at_once;
    }

    /// Stops at the n-th request (1 = the first) since the start or the last [`Service::forget`].
    pub fn stop_at(&self, n: usize, stop: Stop) {
        self.shared.state.lock().stop = Some((n, stop));
    }

    /// Waits until a request is held by [`Stop::Silence`]; false when that takes longer.
    pub fn wait_held(&self, longest: Duration) -> bool {
        let end = Instant::now() + longest;
        let mut state = self.shared.state.lock();
        while state.held == 0 {
            if self.shared.changed.wait_until(&mut state, end).timed_out() {
                return state.held > 0;
            }
        }
        true
    }

    /// Answers again. Requests held until now are never answered: their connections end.
    pub fn resume(&self) {
        self.shared.state.lock().stop = None;
        self.shared.changed.notify_all();
    }

    /// Lays a fault over the script; of several rules that meet a request the first counts.
    pub fn inject(&self, rule: Rule) {
        self.shared.state.lock().rules.push(rule);
    }

    /// Takes all faults away, also a wanted authorization.
    pub fn heal(&self) {
        let mut state = self.shared.state.lock();
        state.rules.clear();
        state.authorization = None;
    }

    /// Answers requests whose `Authorization` is another with a fault.
    pub fn require_authorization(&self, value: &str, otherwise: Fault) {
        self.shared.state.lock().authorization = Some((value.to_owned(), otherwise));
    }

    /// Whether bodies are packed for callers that accept gzip; off at the start.
    pub fn gzip(&self, on: bool) {
        self.shared.state.lock().gzip = on;
    }

    /// Lets the service's clock, as its `Date` headers show it, be so many seconds ahead.
    pub fn skew(&self, seconds: i64) {
        self.shared.state.lock().skew = seconds * SECOND;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.ended = true;
        for connection in state.connections.drain(..) {
            // A connection that has ended already needs nothing more.
            let _ = connection.shutdown(Shutdown::Both);
        }
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.shared.url.trim_start_matches("http://"));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for connection in listener.incoming() {
        let mut state = shared.state.lock();
        if state.ended {
            return;
        }
        let Ok(connection) = connection else { continue };
        state.connections.retain(|c| c.peer_addr().is_ok());
        state.connections.extend(connection.try_clone());
        drop(state);
        let shared = shared.clone();
        // A connection that breaks is the caller's to notice.
        std::thread::spawn(move || serve(connection, &shared));
    }
}

fn serve(connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut out = connection.try_clone()?;
    let mut from = BufReader::new(connection);
    while let Some(request) = http::read(&mut from)? {
        let closes = request.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        let sent = shared.turn(request, &mut out);
        if closes || !matches!(sent, Ok(Delivery::Whole)) {
            // The other side learns it even though the service keeps a handle of the connection.
            return out.shutdown(Shutdown::Both);
        }
    }
    out.shutdown(Shutdown::Both)
}

/// What is decided about a request under one lock, before anything is sent.
struct Plan {
    index: usize,
    script: Arc<dyn Script>,
    fault: Option<(Fault, usize)>,
    cut: Delivery,
    gzip: bool,
    skew: Ticks,
}

impl Shared {
    /// Notes one request, answers it, and says how much of the answer was sent.
    fn turn(&self, request: Request, out: &mut TcpStream) -> io::Result<Delivery> {
        let Some(plan) = self.plan(&request) else { return Ok(Delivery::Nothing) };
        let (answer, delivery) = self.answer(&plan, &request);
        let result = http::write(out, &answer, delivery);
        let mut state = self.state.lock();
        state.at_once -= 1;
        if let Some(seen) = state.seen.get_mut(plan.index) {
            seen.status = (delivery != Delivery::Nothing).then_some(answer.status);
        }
        result.map(|()| delivery)
    }

    /// Notes the request; nothing when it is held until the service goes on or ends.
    fn plan(&self, request: &Request) -> Option<Plan> {
        let mut state = self.state.lock();
        let index = state.seen.len();
        state.seen.push(Seen { request: request.clone(), known: true, status: None });
        let mut cut = Delivery::Whole;
        match state.stop {
            Some((n, Stop::Silence)) if index + 1 >= n => {
                self.hold(&mut state);
                return None;
            }
            Some((n, Stop::CutUnanswered)) if index + 1 == n => cut = Delivery::Nothing,
            Some((n, Stop::CutAfterHeaders)) if index + 1 == n => cut = Delivery::Head,
            Some((n, Stop::CutInBody)) if index + 1 == n => cut = Delivery::Half,
            _ => {}
        }
        let refused = state.authorization.as_ref().and_then(|(wanted, fault)| {
            let given = request.header("authorization").unwrap_or_default();
            (given != wanted && request.path != SIGN_IN).then(|| (fault.clone(), index))
        });
        let met = if request.path == SIGN_IN {
            None
        } else {
            state.rules.iter_mut().find_map(|rule| rule.meets(&request.path))
        };
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        let (script, gzip, skew) = (state.script.clone(), state.gzip, state.skew);
        Some(Plan { index, script, fault: refused.or(met), cut, gzip, skew })
    }

    fn hold(&self, state: &mut parking_lot::MutexGuard<'_, State>) {
        state.held += 1;
        self.changed.notify_all();
        while state.stop.is_some() && !state.ended {
            self.changed.wait(state);
        }
        state.held -= 1;
    }

    fn answer(&self, plan: &Plan, request: &Request) -> (Answer, Delivery) {
        let fault = plan.fault.as_ref();
        let mut answer = Answer::empty(500);
        if plan.cut != Delivery::Nothing && fault.is_none_or(|(f, _)| f.asks_the_script()) {
            answer = self.scripted(plan, request);
        }
        let mut delivery = plan.cut;
        if let Some((fault, number)) = fault {
            let (changed, faulty) = fault.apply(answer, &self.url, *number);
            answer = changed;
            if delivery == Delivery::Whole {
                delivery = faulty;
            }
            std::thread::sleep(fault.wait());
        }
        if let Some(now) = plan.script.now() {
            answer = answer.with("Date", time::http_date(now + plan.skew));
        }
        let accepts = request.header("accept-encoding").is_some_and(|v| v.contains("gzip"));
        if plan.gzip && accepts && !answer.body.is_empty() {
            answer = packed(answer);
        }
        (answer, delivery)
    }

    /// The script's answer, or the service's 404, which is noted.
    fn scripted(&self, plan: &Plan, request: &Request) -> Answer {
        if request.path == SIGN_IN {
            return sign_in_page(200);
        }
        plan.script.answer(request).unwrap_or_else(|| {
            if let Some(seen) = self.state.lock().seen.get_mut(plan.index) {
                seen.known = false;
            }
            let message = format!("The controller for path '{}' was not found.", request.path);
            Answer::json(404, error_json(&message, "ResourceNotFoundException"))
        })
    }
}

fn packed(answer: Answer) -> Answer {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail; if it did, the body would go out as it is.
    match encoder.write_all(&answer.body).and_then(|()| encoder.finish()) {
        Ok(body) => Answer { body, ..answer }.with("Content-Encoding", "gzip"),
        Err(_) => answer,
    }
}
