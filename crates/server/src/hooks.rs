//! Deliveries of service hooks: durable inbox → worker → rows, badges, collector
//! (spec azure-devops.md §8.5).
//!
//! Invariants: a delivery is answered with success only when its document is on disk; the rows of
//! an event, its tally and the end of its document are one write, so each event has its rows once
//! whenever the process ends; one worker changes what is kept here.

pub mod counts;
pub mod deliveries;
pub mod effects;
pub mod inbox;
pub mod intake;
pub mod metrics;
pub mod quota;
pub mod recent;
pub mod replay;
pub mod sample;
pub mod scope;
pub mod subscriptions;
pub mod tally;
pub mod waits;
pub mod wire;
pub mod work;

use std::sync::OnceLock;

use azdo::collect::People;
use store::Store;

use self::counts::Counts;
use self::deliveries::Deliveries;
use self::inbox::Inbox;
use self::quota::Quotas;
use self::recent::Recent;
use self::subscriptions::Subscriptions;
use self::tally::Tallies;
use self::waits::Waits;
use crate::auth::failures;
use crate::settings::Settings;
use crate::settings::sources::Identities;

/// All that is known of deliveries.
#[derive(Default)]
pub struct Hooks {
    pub inbox: Inbox,
    pub recent: Recent,
    pub counts: Counts,
    pub tallies: Tallies,
    pub quotas: Quotas,
    /// The last ones.
    pub deliveries: Deliveries,
    /// How long jobs and approvals waited.
    pub waits: Waits,
    /// How the subscriptions fare that post here.
    pub subscriptions: Subscriptions,
    /// Addresses that sent wrong keys. Not those of other calls: whoever floods this receiver must
    /// not keep an administrator out.
    pub failures: failures::Table,
    people: OnceLock<People>,
}

impl Hooks {
    /// What a store holds: deliveries that wait, tallies.
    pub fn load(store: &Store) -> Hooks {
        Hooks {
            inbox: Inbox::load(store),
            tallies: Tallies::load(store),
            subscriptions: Subscriptions::load(store),
            ..Hooks::default()
        }
    }

    /// What is stored of people: the strictest that any source wants, since a delivery has to be
    /// cleaned before it is known whose it is; hashes when there is no source. Blocks on the disk
    /// at the first call.
    ///
    /// # Errors
    /// When the key of the installation cannot be made: a sentence.
    pub fn people(&self, settings: &Settings, store: &Store) -> Result<&People, String> {
        if let Some(people) = self.people.get() {
            return Ok(people);
        }
        let wanted: Vec<Identities> = settings.sources.iter().map(|s| s.identities).collect();
        let people = if wanted.contains(&Identities::Drop) {
            People::Drop
        } else if wanted.is_empty() || wanted.contains(&Identities::Hash) {
            People::Hash(crate::collector::source::installation_key(store)?)
        } else {
            People::Keep
        };
        Ok(self.people.get_or_init(|| people))
    }
}

/// The document that counts the rows of deployments hooks have made.
const DEPLOYMENTS: &str = "hook/deployments";

impl Hooks {
    /// How many rows of deployments there were. Changed only under a plan of badges.
    pub fn deployments(&self, store: &Store) -> u64 {
        let text = store.document(DEPLOYMENTS);
        let number = text.and_then(|text| std::str::from_utf8(&text).ok()?.parse().ok());
        number.unwrap_or(0)
    }
}

/// The edit that stores how many rows of deployments there are.
fn deployments_edit(number: u64) -> (String, Option<Vec<u8>>) {
    (DEPLOYMENTS.to_owned(), Some(number.to_string().into_bytes()))
}
