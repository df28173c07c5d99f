//! The threads that pass the child's output on, and the end of them.
//!
//! Invariant: what the child itself printed is passed on whole, however slow our reader is; only
//! processes it left behind are not waited for.

use std::io::{self, Read};
use std::process::Child;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::relay::{self, Progress, Target};
use super::super::report::Report;
use super::super::scan::{Scan, Seen};
use super::super::warn;

/// One read, as large as pipes of Linux are.
const PIECE_BYTES: usize = 64 * 1_024;
/// More than the child's own output can still be on its way at its end: the largest pipe an
/// unprivileged process can have, and what a relay holds.
const UNDERWAY_BYTES: u64 = 2 << 20;
/// After the child's end: how long a stream may be silent, and how long all of it may take, while
/// somebody still holds it open. Time in which our own reader keeps us waiting does not count.
const SILENCE: Duration = Duration::from_millis(500);
const DRAIN: Duration = Duration::from_secs(10);

pub struct Streams<'a> {
    report: &'a Arc<Report>,
    streams: Vec<Stream>,
    ended: Receiver<usize>,
}

struct Stream {
    scan: Option<Arc<Mutex<Scan>>>,
    progress: Arc<Progress>,
    is_open: bool,
    /// Bytes passed on at the child's end, and when it was last looked.
    at_end: u64,
    at_look: u64,
    /// How long the relay was found waiting for output since the child's end.
    waited: Duration,
}

impl<'a> Streams<'a> {
    /// `one`: the pipe both streams of the child are, if they are.
    pub fn start(
        report: &'a Arc<Report>,
        child: &mut Child,
        one: Option<io::PipeReader>,
    ) -> Streams<'a> {
        let (done, ended) = channel();
        let mut streams = Streams { report, streams: Vec::new(), ended };
        if let Some(both) = one {
            streams.add(both, Target::Out, true, &done);
        }
        if let Some(out) = child.stdout.take() {
            streams.add(out, Target::Out, false, &done);
        }
        if let Some(err) = child.stderr.take() {
            streams.add(err, Target::Err, true, &done);
        }
        streams
    }

    fn add(
        &mut self,
        from: impl Read + Send + 'static,
        target: Target,
        keeps_last: bool,
        done: &Sender<usize>,
    ) {
        let report = Arc::clone(self.report);
        let scan = self.report.scan(keeps_last).map(|scan| Arc::new(Mutex::new(scan)));
        let progress = Arc::new(Progress::default());
        let mut stream = Stream {
            scan: scan.clone(),
            progress: Arc::clone(&progress),
            is_open: true,
            at_end: 0,
            at_look: 0,
            waited: Duration::ZERO,
        };
        let (done, at) = (done.clone(), self.streams.len());
        let work = move || {
            let mut buffer = vec![0; PIECE_BYTES];
            relay::pass(from, target, &report.output, &mut buffer, &progress, |bytes| {
                if let Some(scan) = &scan {
                    let mut seen = Seen::default();
                    scan.lock().feed(bytes, &mut seen);
                    report.take(seen);
                }
            });
            // Nobody listens any more when the streams were given up.
            let _ = done.send(at);
        };
        if let Err(error) = thread::Builder::new().name("relay".into()).spawn(work) {
            warn(&format!("output of the command is lost: {error}"));
            stream.is_open = false;
        }
        self.streams.push(stream);
    }

    /// Waits for the rest of the output after the child's end, and ends the scanners.
    pub fn drain(mut self) {
        let began = Instant::now();
        for stream in &mut self.streams {
            stream.at_end = stream.progress.passed();
            stream.at_look = stream.at_end;
        }
        while self.streams.iter().any(|stream| stream.is_open) {
            match self.ended.recv_timeout(SILENCE) {
                Ok(at) => {
                    if let Some(stream) = self.streams.get_mut(at) {
                        stream.is_open = false;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let is_late = began.elapsed() > DRAIN;
                    let open = self.streams.iter_mut().filter(|stream| stream.is_open);
                    if open.fold(true, |all, stream| stream.is_left_behind(is_late) && all) {
                        warn(
                            "processes that the command left behind still hold its output; what \
                             they print from now on is lost",
                        );
                        break;
                    }
                }
            }
        }
        for scan in self.streams.iter().filter_map(|stream| stream.scan.as_ref()) {
            self.report.end_of_stream(&mut scan.lock());
        }
    }
}

impl Stream {
    /// Whether what still comes is no longer the child's; asked after each time of silence.
    fn is_left_behind(&mut self, is_late: bool) -> bool {
        // Asked in this order: a piece that is done in between has changed the count.
        let is_busy = self.progress.is_busy();
        let passed = self.progress.passed();
        let is_silent = !is_busy && passed == self.at_look;
        self.at_look = passed;
        if !is_busy {
            self.waited += SILENCE;
        }
        is_silent || self.waited > DRAIN || (is_late && passed - self.at_end > UNDERWAY_BYTES)
    }
}
