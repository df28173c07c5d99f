//! Which deliveries were there within seven days (spec azure-devops.md §8.5 rule 5).
//!
//! A window in memory, made again at the start from the stored rows. Per key: what one team sends
//! never makes another's event vanish.

use std::collections::{HashMap, VecDeque};

use azdo::hook::Envelope;
use model::tables::pipelines::PIPELINE_EVENTS;
use model::time::{DAY, HOUR};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::replay::ask;
use crate::app::{App, now};
use crate::apps::Application;
use crate::kql_text;

/// How long a delivery is remembered, nanoseconds.
const WINDOW_NS: i64 = 7 * DAY;
/// Most deliveries that are remembered: about 100 MB.
const MARKS_MAX: usize = 1_000_000;
/// Rows of so many nanoseconds are asked for at once.
const STEP_NS: i64 = 6 * HOUR;

/// What two deliveries of one event have in common.
pub type Mark = [u8; 16];

/// The deliveries of the last seven days.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    marks: HashMap<Mark, i64>,
    /// In the order they came; one may stand here that is gone.
    order: VecDeque<(i64, Mark)>,
    is_full: bool,
}

/// The mark of a delivery. Without ids of subscription and event the stored payload tells.
pub fn mark(key_name: &str, envelope: &Envelope, payload: &[u8]) -> Mark {
    let identity =
        envelope.duplicate_key().unwrap_or_else(|| model::text::hex(&Sha256::digest(payload)));
    mark_of(key_name, &identity)
}

fn mark_of(key_name: &str, identity: &str) -> Mark {
    let mut hash = Sha256::new();
    hash.update((key_name.len() as u64).to_le_bytes());
    hash.update(key_name);
    hash.update(identity);
    let digest = hash.finalize();
    let mut mark = Mark::default();
    mark.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    mark
}

impl Recent {
    pub fn contains(&self, mark: &Mark) -> bool {
        let oldest = now().saturating_sub(WINDOW_NS);
        self.0.lock().marks.get(mark).is_some_and(|at| *at >= oldest)
    }

    /// Remembers a delivery that came at `at`.
    pub fn add(&self, mark: Mark, at: i64) {
        let mut window = self.0.lock();
        window.marks.insert(mark, at);
        window.order.push_back((at, mark));
        let oldest = at.saturating_sub(WINDOW_NS);
        while let Some((first, mark)) = window.order.front().copied() {
            let is_full = window.order.len() > MARKS_MAX;
            if first >= oldest && !is_full {
                break;
            }
            if is_full && first >= oldest && !window.is_full {
                window.is_full = true;
                tracing::warn!(
                    limit = MARKS_MAX,
                    "more events came in seven days than are remembered: an event that is \
                     delivered again very late may be stored twice"
                );
            }
            window.order.pop_front();
            if window.marks.get(&mark) == Some(&first) {
                window.marks.remove(&mark);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.0.lock().marks.len()
    }
}

/// Remembers what the rows tell. What cannot be read is logged: the server must take events all
/// the same.
pub fn load(app: &App, runtime: &tokio::runtime::Handle) {
    for application in app.apps.all() {
        let has_rows = app.store.snapshot(application.app_id(), &PIPELINE_EVENTS);
        if has_rows.is_ok_and(|snapshot| snapshot.rows() > 0)
            && let Err(reason) = load_application(app, runtime, &application)
        {
            tracing::error!(
                application = application.name,
                reason,
                "the events of the last days cannot be read: one delivered again may be stored \
                 twice"
            );
        }
    }
}

fn load_application(
    app: &App,
    runtime: &tokio::runtime::Handle,
    application: &std::sync::Arc<Application>,
) -> Result<(), String> {
    let end = now();
    let mut from = end.saturating_sub(WINDOW_NS);
    while from <= end {
        let until = from.saturating_add(STEP_NS);
        // As `duplicate_key` and `mark` have it.
        let text = format!(
            "PipelineEvents | where ReceivedAt >= {} and ReceivedAt < {} \
             | project KeyName, Identity = case(\
             isnotempty(SubscriptionId) and isnotnull(NotificationId), \
             strcat(SubscriptionId, '/', NotificationId), \
             isnotempty(EventId), EventId, hash_sha256(tostring(Payload)))",
            kql_text::datetime(from),
            kql_text::datetime(until),
        );
        for [key_name, identity] in ask(app, runtime, application, text)? {
            app.hooks.recent.add(mark_of(&key_name, &identity), until.min(end));
        }
        from = until;
    }
    Ok(())
}
