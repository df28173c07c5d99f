//! What every item says about where it comes from: place in a trace, pipeline, machine.

use azdo::origin::{Level, Origin};
use azdo::variables::{self, Identities};

use super::connection::Connection;
use super::variable;

/// The same for all items of one call.
#[derive(Debug, Clone)]
pub struct Context {
    /// 32 hex digits.
    pub operation_id: String,
    /// The span items are children of; `None` when nothing is known around this process.
    pub origin: Option<Origin>,
    /// Of the pipeline; an item's own property of the same name wins.
    pub properties: Vec<(String, String)>,
    /// `cloud_RoleName`.
    pub role: String,
    /// `cloud_RoleInstance`: the machine.
    pub role_instance: String,
    /// `client_OS`, in the words of pipelines and Node: `Linux`, `Windows_NT`, `Darwin`.
    pub os: String,
}

impl Context {
    /// As the environment says; the operation is random when nothing names one.
    pub fn here(identities: Identities, connection: &Connection) -> Context {
        let origin = Origin::find(&variable, Level::Task).or_else(|| connection.origin());
        let operation_id = match &origin {
            Some(origin) => origin.operation_id.clone(),
            None => random_id(32),
        };
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let machine = ["AGENT_MACHINENAME", "COMPUTERNAME", "HOSTNAME"].into_iter().find_map(get);
        let machine = machine.unwrap_or_default();
        let role_instance = match identities {
            Identities::Hashed if !machine.is_empty() => variables::hashed(&machine),
            _ => machine,
        };
        let properties = variables::properties(&variable, identities);
        Context {
            operation_id,
            origin,
            properties: properties.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
            role: String::new(),
            role_instance,
            os: get("AGENT_OS").unwrap_or_else(|| os().to_owned()),
        }
    }
}

fn os() -> &'static str {
    match std::env::consts::OS {
        "windows" => "Windows_NT",
        "macos" => "Darwin",
        "linux" => "Linux",
        other => other,
    }
}

/// `length` random hex digits, 32 at most.
pub fn random_id(length: usize) -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(length).collect()
}
