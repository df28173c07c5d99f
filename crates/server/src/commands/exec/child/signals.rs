//! Waiting for the child while signals are passed on to it and its time runs out.
//!
//! Away from terminals the child leads a process group of its own, and signals go to all of it:
//! who asks a step to stop means the whole of it. At a terminal the child stays in our group,
//! where the terminal's own signals reach it without us.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::super::warn;

/// Between asking the child to end and ending it.
const GRACE: Duration = Duration::from_secs(10);

/// How waiting ended: the child's status, whether somebody asked us to stop, whether the time ran
/// out.
pub type Waited = (io::Result<ExitStatus>, bool, bool);

/// Made before the child is started, so that no signal is missed.
pub struct Watch {
    runtime: Option<Runtime>,
    system: system::System,
}

impl Watch {
    pub fn new(command: &mut Command) -> Watch {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => Some(runtime),
            Err(error) => {
                warn(&format!("signals are not passed on and --timeout does not count: {error}"));
                None
            }
        };
        let guard = runtime.as_ref().map(Runtime::enter);
        let system = system::System::new(command, runtime.is_some());
        drop(guard);
        Watch { runtime, system }
    }

    /// Waits for the child.
    pub fn wait(mut self, child: &mut Child, timeout: Option<Duration>) -> Waited {
        let Some(runtime) = self.runtime.take() else { return (child.wait(), false, false) };
        let (is_cancelled, is_late) = runtime.block_on(supervise(&mut self.system, child, timeout));
        (child.wait(), is_cancelled, is_late)
    }
}

/// Until the child has ended and may be waited for.
async fn supervise(
    system: &mut system::System,
    child: &mut Child,
    timeout: Option<Duration>,
) -> (bool, bool) {
    let mut deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let (mut is_cancelled, mut is_late) = (false, false);
    let mut ended = system::Ended::of(child);
    loop {
        let never = Instant::now() + Duration::from_secs(86_400);
        tokio::select! {
            () = ended.wait(child) => return (is_cancelled, is_late),
            signal = system.signal() => is_cancelled |= system.pass_on(child, signal),
            () = tokio::time::sleep_until(deadline.unwrap_or(never)), if deadline.is_some() => {
                system.end(child, is_late);
                deadline = (!is_late).then(|| Instant::now() + GRACE);
                is_late = true;
            }
        }
    }
}

#[cfg(unix)]
mod system {
    //! Signals and process groups of POSIX.

    use std::fs::File;
    use std::future::poll_fn;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};
    use std::task::Poll;
    use std::thread;

    use rustix::process::{
        Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
    };
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    use tokio::sync::oneshot;

    /// The signals that are passed on; whether they ask to stop, and whether terminals send them
    /// to everybody themselves.
    const SIGNALS: [(Signal, bool, bool); 6] = [
        (Signal::INT, true, true),
        (Signal::TERM, true, false),
        (Signal::HUP, true, true),
        (Signal::QUIT, true, true),
        (Signal::USR1, false, false),
        (Signal::USR2, false, false),
    ];

    pub struct System {
        streams: Vec<(usize, Stream)>,
        leads_group: bool,
    }

    impl System {
        pub fn new(command: &mut Command, has_runtime: bool) -> System {
            let leads_group = File::open("/dev/tty").is_err();
            if leads_group {
                command.process_group(0);
            }
            let mut streams = Vec::new();
            if has_runtime {
                // Where it is ignored the system throws the exit codes of children away. Listening
                // ends that, for the child as well; without it waiting fails and says so.
                let _ = signal(SignalKind::child());
                let ignored = ignored();
                for (at, (number, _, _)) in SIGNALS.iter().enumerate() {
                    let raw = number.as_raw();
                    // `nohup` and the like: what is ignored here is to stay so in the child.
                    if ignored & (1 << (raw - 1)) != 0 {
                        continue;
                    }
                    if let Ok(stream) = signal(SignalKind::from_raw(raw)) {
                        streams.push((at, stream));
                    }
                }
            }
            System { streams, leads_group }
        }

        /// The next signal we get, as its place in the list.
        pub async fn signal(&mut self) -> usize {
            poll_fn(|context| {
                for (at, stream) in &mut self.streams {
                    if stream.poll_recv(context).is_ready() {
                        return Poll::Ready(*at);
                    }
                }
                Poll::Pending
            })
            .await
        }

        /// Passes a signal on; whether it asks to stop.
        pub fn pass_on(&self, child: &Child, at: usize) -> bool {
            let Some((number, is_stop, is_terminals)) = SIGNALS.get(at).copied() else {
                return false;
            };
            if self.leads_group || !is_terminals {
                self.send(child, number);
            }
            is_stop
        }

        /// Asks the child to end, the second time without asking.
        pub fn end(&self, child: &Child, is_second: bool) {
            self.send(child, if is_second { Signal::KILL } else { Signal::TERM });
        }

        fn send(&self, child: &Child, number: Signal) {
            let pid = Pid::from_child(child);
            // It may have ended just now, which is what was wanted.
            let _ = match self.leads_group {
                true => kill_process_group(pid, number),
                false => kill_process(pid, number),
            };
        }
    }

    /// The signals we were started to ignore, a bit each; none where that cannot be read.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }

    /// The end of the child, which stays there to be waited for: its number cannot belong to
    /// another process while signals may still be sent.
    pub struct Ended {
        ended: oneshot::Receiver<()>,
    }

    impl Ended {
        pub fn of(child: &Child) -> Ended {
            let pid = Pid::from_child(child);
            let (tell, ended) = oneshot::channel();
            let work = move || {
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
                // Nobody listens only when waiting was given up.
                let _ = tell.send(());
            };
            // Without the thread the channel closes, and waiting is done without signals.
            let _ = thread::Builder::new().name("wait".into()).spawn(work);
            Ended { ended }
        }

        pub async fn wait(&mut self, _: &mut Child) {
            let _ = (&mut self.ended).await;
        }
    }
}

#[cfg(windows)]
mod system {
    //! Consoles of Windows: their events reach every process of the console by themselves; what
    //! is left for us is to survive them.

    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

    /// How often is looked whether the child has ended.
    const LOOK: Duration = Duration::from_millis(15);

    pub struct System {
        interrupt: Option<CtrlC>,
        stop: Option<CtrlBreak>,
    }

    impl System {
        pub fn new(_: &mut Command, has_runtime: bool) -> System {
            if !has_runtime {
                return System { interrupt: None, stop: None };
            }
            System { interrupt: ctrl_c().ok(), stop: ctrl_break().ok() }
        }

        pub async fn signal(&mut self) -> usize {
            match (&mut self.interrupt, &mut self.stop) {
                (Some(interrupt), Some(stop)) => {
                    tokio::select! {
                        _ = interrupt.recv() => 0,
                        _ = stop.recv() => 1,
                    }
                }
                _ => std::future::pending().await,
            }
        }

        pub fn pass_on(&self, _: &Child, _: usize) -> bool {
            true
        }

        /// Ends the child and what it started; there is no asking.
        pub fn end(&self, child: &mut Child, _: bool) {
            let killed = Command::new("taskkill")
                .args(["/T", "/F", "/PID", &child.id().to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if !killed.is_ok_and(|status| status.success()) {
                // It may have ended just now, which is what was wanted.
                let _ = child.kill();
            }
        }
    }

    pub struct Ended;

    impl Ended {
        pub fn of(_: &Child) -> Ended {
            Ended
        }

        pub async fn wait(&mut self, child: &mut Child) {
            while matches!(child.try_wait(), Ok(None)) {
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}
