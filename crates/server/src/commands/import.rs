//! `telltale import`: files of envelopes through the same validation as a request.
//!
//! Invariants: batches of at most [`BATCH_ITEMS_MAX`] items, so that memory does not grow with the
//! files; what is counted as accepted is durable.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use ingest::breeze::{self, Context, Mode};
use store::Store;

use super::Failure;
use super::client::Client;
use super::split::Items;
use crate::api::track::decode::item_id;
use crate::app::{now, open_folder};
use crate::apps::Apps;
use crate::cli::Place;

const BATCH_ITEMS_MAX: usize = 1000;
const BATCH_BYTES_MAX: usize = 8 << 20;
/// A busy server is asked so often.
const TRIES: u32 = 20;
const TRY_PAUSE: Duration = Duration::from_millis(500);

/// What became of the items so far.
#[derive(Debug, Default)]
struct Tally {
    received: usize,
    accepted: usize,
    /// Reason → items and one message.
    rejected: BTreeMap<String, (usize, String)>,
}

impl Tally {
    fn reject(&mut self, message: &str) {
        // What differs between items follows the expectation.
        let reason = message.split(" Expected: ").next().unwrap_or(message).trim_end_matches('.');
        let entry = self.rejected.entry(reason.to_owned());
        entry.or_insert_with(|| (0, message.to_owned())).0 += 1;
    }
}

/// Where the items go.
enum Target {
    Server(Client),
    Folder(Arc<Store>, Arc<Apps>),
}

/// Imports the files and prints what became of their items.
///
/// # Errors
/// When a file cannot be read, or server or folder cannot take items. Rejected items are no error.
pub fn run(place: &Place, key: Option<&str>, files: &[PathBuf]) -> Result<(), Failure> {
    let target = match place {
        Place::Url { url, trust } => Target::Server(Client::new(url, trust, key)?),
        // A new folder's key is random: it could take no item of any file.
        Place::Data(data) if !data.is_dir() => {
            return Err(Failure::new(format!("no data folder at `{}`", data.display())));
        }
        Place::Data(data) => {
            let (store, apps) = open_folder(data)?;
            Target::Folder(store, apps)
        }
    };
    let mut tally = Tally::default();
    let imported = files.iter().try_for_each(|file| import_file(&target, file, &mut tally));
    // What was stored is said even when a later file failed.
    write_tally(&tally, &target)?;
    imported?;
    if let Target::Folder(store, _) = &target {
        store.seal(now())?;
        store.close()?;
    }
    Ok(())
}

fn import_file(target: &Target, path: &Path, tally: &mut Tally) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
    let file = File::open(path).map_err(cannot)?;
    let bar = progress_bar(path, file.metadata().map_err(cannot)?.len());
    let mut file = bar.wrap_read(file);
    let mut magic = Vec::new();
    (&mut file).take(2).read_to_end(&mut magic).map_err(cannot)?;
    let is_gzip = magic == [0x1f, 0x8b];
    let whole = Cursor::new(magic).chain(file);
    let reader: Box<dyn Read> =
        if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
    let mut items = Items::new(BufReader::with_capacity(1 << 20, reader));
    let mut batch = Vec::new();
    let mut count = 0;
    while let Some(item) = items.next_item().map_err(cannot)? {
        batch.extend_from_slice(&item);
        batch.push(b'\n');
        count += 1;
        if count >= BATCH_ITEMS_MAX || batch.len() >= BATCH_BYTES_MAX {
            send(target, &batch, tally)?;
            batch.clear();
            count = 0;
        }
    }
    if count > 0 {
        send(target, &batch, tally)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Hidden by itself when standard error is not a terminal.
fn progress_bar(path: &Path, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let form = "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}";
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bar.with_message(name.into_owned())
}

fn send(target: &Target, batch: &[u8], tally: &mut Tally) -> Result<(), Failure> {
    match target {
        Target::Server(client) => send_to_server(client, batch, tally),
        Target::Folder(store, apps) => store_in_folder(store, apps, batch, tally),
    }
}

fn send_to_server(client: &Client, batch: &[u8], tally: &mut Tally) -> Result<(), Failure> {
    let mut tries = 1;
    let reply = loop {
        let reply = client.post("/v2.1/track", "application/x-json-stream", batch)?;
        // Nothing of such a batch was stored, so it is sent again whole.
        if !matches!(reply.status, 429 | 503) || tries == TRIES {
            break reply;
        }
        tries += 1;
        sleep(TRY_PAUSE);
    };
    let answer = reply.json();
    let whole = |name: &str| answer[name].as_u64().and_then(|count| usize::try_from(count).ok());
    let received = whole("itemsReceived").filter(|_| matches!(reply.status, 200 | 206 | 400));
    let Some(received) = received else { return Err(reply.refusal()) };
    tally.received += received;
    tally.accepted += whole("itemsAccepted").unwrap_or(0);
    for error in answer["errors"].as_array().into_iter().flatten() {
        tally.reject(error["message"].as_str().unwrap_or_default());
    }
    Ok(())
}

fn store_in_folder(
    store: &Store,
    apps: &Apps,
    batch: &[u8],
    tally: &mut Tally,
) -> Result<(), Failure> {
    let find = |key: &str| {
        let id = apps.by_key(key)?.app_id();
        Some(breeze::App { id, mode: Mode::Default })
    };
    let at = now();
    let context = Context {
        now: at,
        window: None,
        item_bytes_max: breeze::ITEM_BYTES_MAX,
        items_max: breeze::ITEMS_MAX,
        sender_address: None,
        user_agent: None,
        app: &find,
        item_id: item_id(at),
        place: None,
    };
    let accepted = breeze::decode(batch, &context);
    if store.seal_due(now()) {
        store.seal(now())?;
    }
    store.append_blocking(store::Write { rows: accepted.batches, documents: Vec::new() })?;
    tally.received += accepted.received;
    tally.accepted += accepted.accepted;
    accepted.faults.iter().for_each(|fault| tally.reject(&fault.message));
    Ok(())
}

fn write_tally(tally: &Tally, target: &Target) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let rejected: usize = tally.rejected.values().map(|(count, _)| count).sum();
    writeln!(out, "read      {}", tally.received)?;
    writeln!(out, "accepted  {}", tally.accepted)?;
    writeln!(out, "rejected  {rejected}")?;
    for (reason, (count, example)) in &tally.rejected {
        writeln!(out, "  {count}  {reason}")?;
        if example != reason {
            writeln!(out, "     for example: {example}")?;
        }
    }
    if rejected > 0 && matches!(target, Target::Server(_)) {
        writeln!(
            out,
            "the server's own rules apply, its time window among them; `--data` takes items of \
             any time"
        )?;
    }
    Ok(out.flush()?)
}
