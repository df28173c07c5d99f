//! What each caller ran in the portal, newest last: in memory, and as one document per caller.
//!
//! Invariants: a caller sees its own runs alone; what is kept is bounded, the oldest go first. A
//! power cut may lose the runs of the last seconds, never those before.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use store::{Store, Write};

const PREFIX: &str = "history/";
/// Runs of one caller, and bytes of their texts.
pub const RUNS_MAX: usize = 500;
const BYTES_MAX: usize = 256 << 10;
/// Callers whose runs are kept; those of the caller that ran nothing for longest go first.
const CALLERS_MAX: usize = 100;
/// Longest query, value of a parameter and error that are kept, in bytes.
const KQL_BYTES_MAX: usize = 16 << 10;
const VALUE_BYTES_MAX: usize = 2000;
const ERROR_BYTES_MAX: usize = 500;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// Number among the runs of its caller.
    pub id: u64,
    /// When it began, nanoseconds since 1970.
    pub at: i64,
    /// Name of the application.
    pub app: String,
    pub kql: String,
    /// Values given to its parameters, by name.
    #[serde(default)]
    pub parameters: Vec<(String, String)>,
    pub elapsed_ms: f64,
    pub rows: u64,
    pub error: Option<String>,
}

impl Run {
    fn bytes(&self) -> usize {
        let parameters = self.parameters.iter().map(|(name, value)| name.len() + value.len());
        let texts = self.app.len() + self.kql.len() + self.error.as_ref().map_or(0, String::len);
        100 + texts + parameters.sum::<usize>()
    }
}

/// The runs of one caller, the newest last.
#[derive(Debug, Default)]
struct Kept {
    runs: VecDeque<Run>,
    is_changed: bool,
}

impl Kept {
    fn bound(&mut self) {
        let mut bytes: usize = self.runs.iter().map(Run::bytes).sum();
        while self.runs.len() > RUNS_MAX || bytes > BYTES_MAX {
            bytes -= self.runs.pop_front().map_or(bytes, |run| run.bytes());
        }
    }

    fn newest(&self) -> i64 {
        self.runs.back().map_or(i64::MIN, |run| run.at)
    }
}

/// The runs of all callers, by what [`crate::auth::Caller::owner`] calls them.
#[derive(Debug)]
pub struct History {
    store: Arc<Store>,
    kept: Mutex<HashMap<String, Kept>>,
}

impl History {
    /// Reads what was kept; a document that cannot be read counts as none, which is logged.
    pub fn load(store: Arc<Store>) -> History {
        let mut kept = HashMap::new();
        for (key, bytes) in store.documents(PREFIX) {
            match serde_json::from_slice::<VecDeque<Run>>(&bytes) {
                Ok(runs) => {
                    let owner = key.trim_start_matches(PREFIX).to_owned();
                    kept.insert(owner, Kept { runs, is_changed: false });
                }
                Err(error) => tracing::warn!(key, %error, "a history cannot be read"),
            }
        }
        History { store, kept: Mutex::new(kept) }
    }

    /// Notes a run of `owner`; its `id` is given here. Costs no sync.
    pub fn record(&self, owner: &str, mut run: Run) {
        cut(&mut run.kql, KQL_BYTES_MAX);
        run.parameters.iter_mut().for_each(|(_, value)| cut(value, VALUE_BYTES_MAX));
        if let Some(error) = &mut run.error {
            cut(error, ERROR_BYTES_MAX);
        }
        let mut all = self.kept.lock();
        let kept = all.entry(owner.to_owned()).or_default();
        run.id = kept.runs.back().map_or(1, |last| last.id + 1);
        kept.runs.push_back(run);
        kept.is_changed = true;
        kept.bound();
        while all.len() > CALLERS_MAX {
            let oldest = all.iter().filter(|(name, _)| *name != owner);
            let oldest = oldest.min_by_key(|(_, kept)| kept.newest()).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            all.remove(&oldest);
        }
    }

    /// The newest `limit` runs of `owner` whose text or application has `text` in it, in any letter
    /// case; newest first.
    pub fn list(&self, owner: &str, text: &str, limit: usize) -> Vec<Run> {
        let text = text.to_lowercase();
        let is_meant = |run: &&Run| {
            text.is_empty()
                || run.kql.to_lowercase().contains(&text)
                || run.app.to_lowercase().contains(&text)
        };
        let all = self.kept.lock();
        let runs = all.get(owner).into_iter().flat_map(|kept| kept.runs.iter().rev());
        runs.filter(is_meant).take(limit).cloned().collect()
    }

    /// Forgets the runs of `owner`.
    pub fn clear(&self, owner: &str) {
        if let Some(kept) = self.kept.lock().get_mut(owner) {
            // The document goes with the next save.
            *kept = Kept { runs: VecDeque::new(), is_changed: true };
        }
    }

    /// Writes down what changed since the last time. Blocks on the disk.
    ///
    /// # Errors
    /// When the store refuses: the next call writes it.
    pub fn save(&self) -> Result<(), store::Error> {
        let mut documents = Vec::new();
        let mut written = Vec::new();
        {
            let all = self.kept.lock();
            for (owner, kept) in all.iter().filter(|(_, kept)| kept.is_changed) {
                let bytes = match kept.runs.is_empty() {
                    true => None,
                    false => serde_json::to_vec(&kept.runs).ok(),
                };
                documents.push((format!("{PREFIX}{owner}"), bytes));
                written.push((owner.clone(), kept.runs.back().map(|run| run.id)));
            }
            for (key, _) in self.store.documents(PREFIX) {
                if !all.contains_key(key.trim_start_matches(PREFIX)) {
                    documents.push((key, None));
                }
            }
        }
        if documents.is_empty() {
            return Ok(());
        }
        self.store.append_blocking(Write { rows: Vec::new(), documents })?;
        let mut all = self.kept.lock();
        for (owner, last) in written {
            if let Some(kept) = all.get_mut(&owner)
                && kept.runs.back().map(|run| run.id) == last
            {
                kept.is_changed = false;
                if kept.runs.is_empty() {
                    all.remove(&owner);
                }
            }
        }
        Ok(())
    }
}

/// Shortens a text to so many bytes and says so at its end.
fn cut(text: &mut String, bytes_max: usize) {
    const MARK: &str = " … (cut)";
    if text.len() > bytes_max {
        let mut end = bytes_max - MARK.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(MARK);
    }
}
