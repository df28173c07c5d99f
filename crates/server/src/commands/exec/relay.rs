//! The child's output on its way to ours, byte for byte and at once; commands for the service in
//! between, on lines of their own.
//!
//! Invariants: a byte that was read is written before anything is done with it; a command never
//! stands inside a line of the child; the order within a stream is never changed, and where both
//! streams go to the same file they are one stream.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

/// How long to wait for a reader that is not ready, where the file does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(2);

/// Which of our streams a stream of the child goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Out,
    Err,
}

/// Standard output, shared by the child's bytes and our commands.
pub struct Output {
    out: Mutex<Out>,
    /// Whole lines of commands that wait for the child's line to end.
    pending: Mutex<Vec<u8>>,
}

struct Out {
    /// `None` when standard output is closed.
    file: Option<File>,
    is_fresh: bool,
}

impl Output {
    pub fn new() -> Output {
        let out = Out { file: target_file(Target::Out), is_fresh: true };
        Output { out: Mutex::new(out), pending: Mutex::new(Vec::new()) }
    }

    /// Adds a command's line.
    pub fn add_pending(&self, line: &str) {
        let mut pending = self.pending.lock();
        pending.extend_from_slice(line.as_bytes());
        pending.push(b'\n');
    }

    /// Writes the child's bytes, and what waits where a line of the child ends.
    ///
    /// # Errors
    /// As of the file; nobody reads any more.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = self.out.lock();
        let end = memchr::memrchr(b'\n', bytes).map(|at| at + 1);
        let (lines, rest) = match end.filter(|_| !self.pending.lock().is_empty()) {
            Some(end) => bytes.split_at_checked(end).unwrap_or((bytes, &[])),
            None => (bytes, &[][..]),
        };
        out.write(lines)?;
        if !rest.is_empty() {
            out.write_pending(&self.pending);
            out.write(rest)?;
        }
        Ok(())
    }

    /// Writes what waits when no line of the child is begun and nobody else writes.
    pub fn flush_pending(&self) {
        if let Some(mut out) = self.out.try_lock().filter(|out| out.is_fresh) {
            out.write_pending(&self.pending);
        }
    }

    /// Writes what waits, on a fresh line.
    pub fn finish(&self) {
        let mut out = self.out.lock();
        if !self.pending.lock().is_empty() && !out.is_fresh {
            // A reader that is gone misses no line break.
            let _ = out.write(b"\n");
        }
        out.write_pending(&self.pending);
    }
}

impl Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(last) = bytes.last() else { return Ok(()) };
        self.is_fresh = *last == b'\n';
        match &mut self.file {
            Some(file) => write_all(file, bytes),
            None => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn write_pending(&mut self, pending: &Mutex<Vec<u8>>) {
        let lines = std::mem::take(&mut *pending.lock());
        // Commands for a reader that is gone are lost with it.
        let _ = self.write(&lines);
    }
}

/// Our own stream as a file, without the buffer of the standard library.
fn target_file(target: Target) -> Option<File> {
    #[cfg(unix)]
    let owned = {
        use std::os::fd::AsFd;
        match target {
            Target::Out => io::stdout().as_fd().try_clone_to_owned(),
            Target::Err => io::stderr().as_fd().try_clone_to_owned(),
        }
    };
    #[cfg(windows)]
    let owned = {
        use std::os::windows::io::AsHandle;
        match target {
            Target::Out => io::stdout().as_handle().try_clone_to_owned(),
            Target::Err => io::stderr().as_handle().try_clone_to_owned(),
        }
    };
    owned.ok().map(File::from)
}

/// Whether both of our streams go to the same file, so that their order can be kept exactly.
pub fn is_one_file() -> bool {
    #[cfg(unix)]
    {
        let (Ok(out), Ok(err)) = (rustix::fs::fstat(io::stdout()), rustix::fs::fstat(io::stderr()))
        else {
            return false;
        };
        out.st_dev == err.st_dev && out.st_ino == err.st_ino && out.st_rdev == err.st_rdev
    }
    #[cfg(not(unix))]
    false
}

/// Writes everything, also to a pipe that somebody switched to not waiting.
fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(BUSY_PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How far a stream is passed on.
#[derive(Debug, Default)]
pub struct Progress {
    is_busy: AtomicBool,
    passed: AtomicU64,
}

impl Progress {
    /// Whether a piece is being written or looked at; if not, the relay waits for one.
    pub fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::SeqCst)
    }

    /// Bytes that were written and looked at.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }

    fn begin(&self) {
        self.is_busy.store(true, Ordering::SeqCst);
    }

    fn end(&self, bytes: usize) {
        self.passed.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::SeqCst);
        self.is_busy.store(false, Ordering::SeqCst);
    }
}

/// Passes a stream on until it ends or nobody reads it. `each` looks at every piece after it was
/// written; `buffer` is as large as a piece may be.
///
/// Ending closes the child's pipe: a child whose reader is gone learns it as it would without us.
pub fn pass(
    mut from: impl Read,
    target: Target,
    output: &Output,
    buffer: &mut [u8],
    progress: &Progress,
    mut each: impl FnMut(&[u8]),
) {
    let mut err = match target {
        Target::Err => target_file(Target::Err),
        Target::Out => None,
    };
    loop {
        let bytes = match from.read(buffer) {
            Ok(0) => return,
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // How Linux says that the other end of a terminal is closed, among others.
            Err(_) => return,
        };
        progress.begin();
        let written = match (target, &mut err) {
            (Target::Out, _) => output.write(bytes),
            (Target::Err, Some(file)) => write_all(file, bytes),
            (Target::Err, None) => Err(ErrorKind::BrokenPipe.into()),
        };
        each(bytes);
        progress.end(bytes.len());
        if written.is_err() {
            return;
        }
    }
}
