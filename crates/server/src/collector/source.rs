//! One source of the settings → its collector.

use std::sync::Arc;

use azdo::client::{Client, Credentials, Entra, Options, RETRIES};
use azdo::collect::{Collector, People, Plan};
use parking_lot::Mutex;
use store::{Store, Write};

use super::sink::{Heard, StoreSink};
use super::transport::{Sockets, Stop, Told};
use crate::apps::Apps;
use crate::badges::Badges;
use crate::commands::Failure;
use crate::commands::client::read_trusted;
use crate::settings::Settings;
use crate::settings::sources::{Identities, SecretPlace, Source, Token};

/// What collectors call themselves.
pub const USER_AGENT: &str = concat!("telltale/", env!("CARGO_PKG_VERSION"));
/// The document that holds the key of this installation: hashes of identities are made with it.
pub const INSTALLATION_KEY: &str = "installation/key";
const KEY_BYTES: usize = 32;
/// Longest file of a secret.
const SECRET_BYTES_MAX: usize = 64 << 10;

/// A collector over real sockets and the store.
pub type SourceCollector = Collector<Sockets, StoreSink>;

/// Hears the name of a source and a line about it, for people.
pub type ToldOf = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// What collectors of all sources share.
#[derive(Clone)]
pub struct Ground {
    pub store: Arc<Store>,
    pub apps: Arc<Apps>,
    pub stop: Arc<Stop>,
    /// Whether the collector seals by itself: there is no server.
    pub seals: bool,
    /// Hears what sources wait for.
    pub told: ToldOf,
    /// Badges that hear of deployments; those of a server.
    pub badges: Option<Badges>,
}

/// The collector of a source.
///
/// # Errors
/// When there is no such application, the file of certificates cannot be used, or the key of the
/// installation cannot be made: a sentence.
pub fn collector(
    source: &Source,
    settings: &Settings,
    ground: &Ground,
) -> Result<SourceCollector, String> {
    let Ground { store, apps, stop, seals, told, badges } = ground.clone();
    let application = apps.by_name_or_id(&source.application);
    let application =
        application.ok_or_else(|| format!("there is no application `{}`", source.application))?;
    let people = match source.identities {
        Identities::Drop => People::Drop,
        Identities::Keep => People::Keep,
        Identities::Hash => People::Hash(installation_key(&store)?),
    };
    let plan = Plan {
        source: source.name.clone(),
        projects: source.projects.clone(),
        definitions: source.definitions.clone(),
        page_size: source.page_size,
        overlap_ns: source.overlap_ns,
        backfill_ns: source.backfill_ns,
        reconcile_every_ns: source.reconcile_every_ns,
        reconcile_window_ns: source.reconcile_window_ns,
        tests: source.tests,
        logs: source.logs,
        images: source.images,
        log_bytes_max: source.log_bytes_max,
        releases: source.releases,
        people,
        categories: Arc::clone(&settings.categories),
    };
    let name = source.name.clone();
    let told: Told = Arc::new(move |line| told(&name, line));
    let client = client(source, Arc::clone(&stop), told)?;
    let limits = settings.query.clone();
    let core = &source.hosts.core;
    let organization = azdo::hook::organization_of(core).unwrap_or_else(|| source.name.clone());
    let sink = StoreSink::new(store, apps, application.app_id(), limits, stop, seals)
        .with_badges(badges.map(|badges| Heard { badges, organization }));
    Ok(Collector::new(client, sink, plan))
}

/// A client of a source; `told` hears what it waits for.
///
/// # Errors
/// When the file of certificates cannot be used: a sentence.
pub fn client(source: &Source, stop: Arc<Stop>, told: Told) -> Result<Client<Sockets>, String> {
    let options = Options {
        hosts: source.hosts.clone(),
        credentials: credentials(&source.token),
        concurrency: source.concurrency,
        api_version: source.api_version.clone(),
        body_bytes_max: source.body_bytes_max,
        user_agent: USER_AGENT.to_owned(),
        retries: RETRIES,
    };
    let trusted = match source.ca_file.as_deref().map(read_trusted) {
        Some(Err(Failure::Because(reasons))) => return Err(reasons.join("; ")),
        Some(Err(_)) | None => None,
        Some(Ok(trusted)) => Some(trusted),
    };
    Ok(Client::new(Sockets::new(stop, trusted, told), options))
}

fn credentials(token: &Token) -> Credentials {
    match token {
        Token::Anonymous => Credentials::Anonymous,
        Token::Pat(place) => Credentials::Pat(secret(place)),
        Token::Bearer(place) => Credentials::Bearer(secret(place)),
        Token::Entra { authority, tenant, client_id, secret: place } => Credentials::Entra(
            Entra::new(authority.clone(), tenant.clone(), client_id.clone(), secret(place)),
        ),
    }
}

/// Reads the secret each time it is needed: files are replaced while the server runs.
fn secret(place: &SecretPlace) -> azdo::client::auth::Secret {
    let place = place.clone();
    Box::new(move || {
        let (text, name) = match &place {
            SecretPlace::Variable(name) => {
                let text = std::env::var(name);
                (text.map_err(|_| format!("the variable `{name}` is not set"))?, name.clone())
            }
            SecretPlace::File(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path);
                (text.map_err(|error| format!("`{name}` cannot be read: {error}"))?, name)
            }
        };
        let text = text.trim();
        match text.is_empty() || text.len() > SECRET_BYTES_MAX || text.contains(['\r', '\n']) {
            true => Err(format!("`{name}` does not hold one line of text")),
            false => Ok(text.to_owned()),
        }
    })
}

/// The key of this installation. Made at the first need, and never another one.
///
/// # Errors
/// When there are no random bytes or the store refuses: a sentence.
pub fn installation_key(store: &Store) -> Result<Vec<u8>, String> {
    // Sources start side by side, and two keys would be two people for each.
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock();
    if let Some(key) = store.document(INSTALLATION_KEY) {
        return Ok(key.to_vec());
    }
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| format!("no key can be made: {error}"))?;
    let documents = vec![(INSTALLATION_KEY.to_owned(), Some(key.clone()))];
    let written = store.append_blocking(Write { rows: Vec::new(), documents });
    written.map(|_| key).map_err(|error| format!("the key cannot be stored: {error}"))
}
