//! The collector of pipelines in this process: sources of the settings → threads, status, triggers.
//!
//! Invariants: each source has threads of its own, so that one that fails or waits never delays
//! another; what is known of a source between passes is in documents of the store, what is kept
//! here may be lost at any time.

pub mod line;
pub mod metrics;
pub mod remembered;
pub mod schedule;
pub mod sink;
pub mod source;
pub mod transport;
pub mod trial;
mod upkeep;
pub mod wire;

use std::sync::Arc;

use line::Line;
use transport::Stop;

use crate::settings::sources::Source;

/// All sources of a server.
#[derive(Default)]
pub struct Lines {
    pub all: Vec<Arc<Line>>,
    /// Ends waits of all sources.
    pub stop: Arc<Stop>,
}

impl Lines {
    pub fn new(sources: &[Source]) -> Lines {
        let all = sources.iter().map(|source| Arc::new(Line::new(source.clone()))).collect();
        Lines { all, stop: Arc::default() }
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<Line>> {
        self.all.iter().find(|line| line.source.name == name)
    }

    /// The source with this base, as hooks name their collection.
    pub fn by_base(&self, base: &str) -> Option<&Arc<Line>> {
        let base = base.trim_end_matches('/');
        self.all.iter().find(|line| line.source.hosts.core.eq_ignore_ascii_case(base))
    }

    /// The source of the collection whose addresses a delivery names. The cloud answers for an
    /// organisation at two names.
    pub fn by_addresses(&self, addresses: &[&str]) -> Option<&Arc<Line>> {
        let cloud = |address: &str| {
            let host = address.split('/').nth(2).unwrap_or_default().to_ascii_lowercase();
            let is_cloud = host.ends_with("dev.azure.com") || host.ends_with(".visualstudio.com");
            is_cloud.then(|| azdo::hook::organization_of(address)).flatten()
        };
        let same = |line: &&Arc<Line>| {
            let core = &line.source.hosts.core;
            let ours = cloud(core);
            addresses.iter().any(|address| {
                core.eq_ignore_ascii_case(address.trim_end_matches('/'))
                    || ours.is_some()
                        && cloud(address).map(|name| name.to_ascii_lowercase())
                            == ours.as_ref().map(|name| name.to_ascii_lowercase())
            })
        };
        self.all.iter().find(same)
    }

    /// Has all threads end soon; those that wait for an answer do not look up.
    pub fn end(&self) {
        self.stop.set();
        self.all.iter().for_each(|line| line.stop());
    }
}
