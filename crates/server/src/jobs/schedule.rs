//! When jobs run: each at its own pace, all told to end at shutdown.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{audit, history, hooks, keys, known, merge, retain, seal};
use crate::app::App;

/// One job: its name in the log, its pace, and what it does.
struct Job {
    name: &'static str,
    every: Duration,
    run: fn(&App) -> Result<(), store::Error>,
}

static JOBS: [Job; 8] = [
    Job { name: "audit", every: Duration::from_secs(1), run: audit::run },
    Job { name: "history", every: Duration::from_secs(10), run: history::run },
    Job { name: "hooks", every: Duration::from_secs(60), run: hooks::run },
    Job { name: "keys", every: Duration::from_secs(60), run: keys::run },
    Job { name: "known", every: Duration::from_secs(5), run: known::run },
    Job { name: "seal", every: Duration::from_millis(500), run: seal::run },
    Job { name: "merge", every: Duration::from_secs(10), run: merge::run },
    Job { name: "retain", every: Duration::from_secs(60), run: retain::run },
];

/// Every job runs soon after the start: a server that never lives long keeps its limits too.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// Starts the jobs; they end after `stop` changes, the running one finished.
pub fn start(app: &Arc<App>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    for job in &JOBS {
        let (app, mut stop) = (Arc::clone(app), stop.clone());
        jobs.spawn(async move {
            let mut wait = job.every.min(FIRST_WAIT);
            loop {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    _ = stop.changed() => break,
                }
                wait = job.every;
                let app = Arc::clone(&app);
                match tokio::task::spawn_blocking(move || (job.run)(&app)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::error!(job = job.name, %error, "a job failed"),
                    Err(error) => tracing::error!(job = job.name, %error, "a job panicked"),
                }
            }
        });
    }
    jobs
}
