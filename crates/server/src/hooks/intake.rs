//! One delivery in: read, without personal data, durable.

use std::sync::Arc;

use azdo::collect::People;
use azdo::hook::{self, HookError};
use azdo::identity::Identities;
use bytes::Bytes;
use store::Write;

use super::counts::Outcome;
use super::inbox::{Sender, Waiting, document_key};
use super::recent;
use crate::app::{App, now};
use crate::keys::Key;

/// Largest body of a delivery, in bytes; senders stop at 2 MB.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// Most bytes of a payload as it is stored: numbers may become longer.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// A delivery that is stored, or was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Waits under this id.
    Waiting(i64),
    /// Was there before; the type of the event.
    Duplicate(String),
}

/// A delivery that was read.
enum Read {
    /// Its document.
    New(Vec<u8>),
    /// The type of an event that is there already.
    Known(String),
}

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Unreadable(#[from] HookError),
    #[error("the delivery is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("no more deliveries can be stored now: come back soon")]
    NoRoom,
}

impl Refused {
    pub fn outcome(&self) -> Outcome {
        match self {
            Refused::Unreadable(_) => Outcome::Unreadable,
            Refused::TooLarge => Outcome::TooLarge,
            Refused::NoRoom => Outcome::Postponed,
        }
    }
}

/// Takes a delivery that came with `key`; on disk when this returns. Goes on when the caller does
/// not wait any more.
///
/// # Errors
/// When it is not taken.
pub async fn take(app: &Arc<App>, key: &Arc<Key>, body: Bytes) -> Result<Taken, Refused> {
    let (app, key) = (Arc::clone(app), Arc::clone(key));
    let taking = tokio::spawn(async move { take_whole(&app, &key, body).await });
    taking.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a delivery was not taken");
        Err(Refused::NoRoom)
    })
}

async fn take_whole(app: &Arc<App>, key: &Key, body: Bytes) -> Result<Taken, Refused> {
    let sender = Sender { key_id: key.document.id.clone(), key_name: key.document.name.clone() };
    let reading = Arc::clone(app);
    let _permit = app.decoding.acquire().await;
    let read = tokio::task::spawn_blocking(move || read(&reading, sender, &body)).await;
    let document = match read.unwrap_or_else(|error| {
        tracing::error!(%error, "reading a delivery panicked");
        Err(Refused::NoRoom)
    })? {
        Read::New(document) => document,
        Read::Known(event_type) => return Ok(Taken::Duplicate(event_type)),
    };
    let inbox = &app.hooks.inbox;
    let place = inbox.reserve(document.len(), now()).ok_or(Refused::NoRoom)?;
    let documents = vec![(document_key(place.id), Some(document))];
    match app.store.append(Write { rows: Vec::new(), documents }).await {
        Ok(_) => {
            inbox.push(place);
            Ok(Taken::Waiting(place.id))
        }
        Err(error) => {
            inbox.release(place);
            tracing::warn!(%error, "a delivery of a hook cannot be stored");
            match error {
                store::Error::TooLarge { .. } => Err(Refused::TooLarge),
                _ => Err(Refused::NoRoom),
            }
        }
    }
}

/// Reads a delivery, and packs it unless the same is there already.
fn read(app: &App, sender: Sender, body: &[u8]) -> Result<Read, Refused> {
    let people = app.hooks.people(&app.settings, &app.store).map_err(|reason| {
        tracing::error!(reason, "a delivery of a hook cannot be cleaned of personal data");
        Refused::NoRoom
    })?;
    let identities = match people {
        People::Drop => Identities::Drop,
        People::Hash(key) => Identities::Hash(key),
        People::Keep => Identities::Keep,
    };
    let delivery = hook::read(body, &identities)?;
    let payload = delivery.payload.to_string().into_bytes();
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(Refused::TooLarge);
    }
    let mark = recent::mark(&sender.key_name, &delivery.envelope, &payload);
    if app.hooks.recent.contains(&mark) {
        return Ok(Read::Known(delivery.envelope.event_type.chars().take(100).collect()));
    }
    let document = Waiting { sender, payload }.encode().map_err(|error| {
        tracing::error!(%error, "a delivery of a hook cannot be packed");
        Refused::NoRoom
    })?;
    Ok(Read::New(document))
}
