//! `telltale hooks`: keys for senders of events, samples, subscriptions.

mod create;
mod list;
mod status;
mod subscribe;
mod test;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use azdo::client::Client;

use super::Failure;
use crate::cli::HooksCall;
use crate::collector::source;
use crate::collector::transport::Sockets;
use crate::settings::Settings;
use crate::settings::sources::Source;

/// The path that hooks post to.
const PATH: &str = crate::api::keys::wire::HOOK_PATH;

/// Does what was asked for.
///
/// # Errors
/// When it cannot be done: a sentence.
pub fn run(call: &HooksCall) -> Result<(), Failure> {
    match call {
        HooksCall::Create { place, key, wish, public_url, is_json } => {
            create::run(place, key.as_deref(), wish, public_url.as_deref(), *is_json)
        }
        HooksCall::List { place, key, is_json } => list::run(place, key.as_deref(), *is_json),
        HooksCall::Revoke { place, key, name, is_json } => {
            super::keys::revoke(place, key.as_deref(), name, *is_json)
        }
        HooksCall::Test { place, key, target } => test::run(place, key.as_deref(), target),
        HooksCall::Subscribe(call) => subscribe::run(call),
        HooksCall::Status { config, source, is_json } => {
            status::run(config.as_deref(), source, *is_json)
        }
    }
}

/// A source of the settings file and a client of its organisation.
fn client(config: Option<&Path>, name: &str) -> Result<(Source, Client<Sockets>), Failure> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let settings = Settings::read(&BTreeMap::new(), &environment, config);
    let settings = settings.map_err(Failure::Because)?;
    let source = settings.sources.into_iter().find(|source| source.name == name);
    let source = source.ok_or_else(|| {
        Failure::new(format!(
            "there is no source `{name}` in the settings: name their file with `--config`"
        ))
    })?;
    // Nobody is left wondering: the calls are few, and what fails is said.
    let client = source::client(&source, Arc::default(), Arc::new(|_| {}));
    let client = client.map_err(|reason| Failure::new(format!("source `{name}`: {reason}")))?;
    Ok((source, client))
}

fn failed(error: azdo::client::Error) -> Failure {
    Failure::new(error.to_string())
}
