//! Bringing up a store from what lies on a disk.
//!
//! Invariants: nothing is changed before the format is known and the whole log was read; reading
//! only changes nothing at all. Extents are not touched: their entries in the manifest suffice.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{AppId, TableDef};
use parking_lot::{Mutex, RwLock};

use crate::disk::{self, Disk, TMP};
use crate::error::Error;
use crate::log::{Log, Replayed};
use crate::manifest::{self, Manifest};
use crate::options::Options;
use crate::snapshot::{Extent, Shelf, data_path, index_path};
use crate::store::{Inner, Mode, State};
use crate::tables::Tables;
use crate::{files, frame, head, log, meta, snapshot, texts};

/// The file that says what a data folder is.
const FORMAT_PATH: &str = "format";
const FORMAT_NAME: &str = "telltale-data";
/// The format this program writes and the newest it reads.
const FORMAT: u32 = 1;

/// Reads everything but the extents.
pub(crate) fn open(disk: Arc<dyn Disk>, options: Options, mode: Mode) -> Result<Inner, Error> {
    let is_new = check_format(&*disk)?;
    let found = match manifest::read(&*disk)? {
        Some(found) if !is_new => found,
        Some(_) => return Err(Error::damaged(FORMAT_PATH, "missing")),
        None if mode == Mode::ReadOnly => {
            return Err(Error::Missing { path: "manifest".to_owned() });
        }
        None => {
            refuse_lost_manifest(&*disk)?;
            create(&*disk)?;
            manifest::read(&*disk)?.ok_or_else(|| Error::damaged(manifest::PATH, "missing"))?
        }
    };
    let shelf = Shelf::new(Arc::clone(&disk));
    let mut state = State::default();
    for entry in found.contents.entries.values() {
        state.add_extent(Extent::new(entry.clone(), &shelf));
    }
    if let Some(number) = found.contents.documents {
        state.documents = Arc::new(meta::read(&*disk, number)?);
        state.tables = Tables::of(state.documents.iter())?;
    }
    let replayed = replay(&*disk, found.contents.log_from, &mut state)?;
    let inner = Inner {
        options,
        shelf,
        queue: Default::default(),
        log: Mutex::new(None),
        manifest: Mutex::new(None),
        state: RwLock::new(state),
        versions: Default::default(),
        sealing: Mutex::default(),
        merging: Mutex::default(),
        counters: Mutex::default(),
    };
    if mode != Mode::ReadOnly {
        remove_orphans(&*disk, &found.contents)?;
        *inner.log.lock() = Some(continue_log(&*disk, &inner.options, replayed)?);
        *inner.manifest.lock() = Some(Manifest::open(&*disk, found)?);
    }
    Ok(inner)
}

/// Whether the folder has no format yet.
fn check_format(disk: &dyn Disk) -> Result<bool, Error> {
    let text = match disk.read(FORMAT_PATH) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        text => text.map_err(|e| Error::io("read the format", e))?,
    };
    let text = String::from_utf8_lossy(&text);
    let number = text.trim().strip_prefix(FORMAT_NAME).and_then(|n| n.trim().parse::<u32>().ok());
    match number {
        Some(number) if (1..=FORMAT).contains(&number) => Ok(false),
        _ => {
            let found = text.trim().chars().take(40).collect();
            Err(Error::Format { found, supported: FORMAT })
        }
    }
}

/// A folder whose making was cut short has one empty segment and no extents; any other without a
/// manifest has lost it, and beginning anew would destroy its log.
fn refuse_lost_manifest(disk: &dyn Disk) -> Result<(), Error> {
    let list = |dir: &str| disk.list(dir).map_err(|e| Error::io("read the data folder", e));
    let has_log = list(log::DIR)?.iter().any(|e| e.name != log::file_name(1));
    match has_log || !list(snapshot::DIR)?.is_empty() {
        true => Err(Error::damaged(manifest::PATH, "missing")),
        false => Ok(()),
    }
}

/// Makes an empty store. The manifest comes last: without it, the next start begins anew.
fn create(disk: &dyn Disk) -> Result<(), Error> {
    let doing = "make the data folder";
    for dir in [log::DIR, meta::DIR, snapshot::DIR, files::DIR] {
        disk.create_dir(dir).map_err(|e| Error::io(doing, e))?;
    }
    let format = format!("{FORMAT_NAME} {FORMAT}\n");
    disk::replace(disk, FORMAT_PATH, format.as_bytes()).map_err(|e| Error::io(doing, e))?;
    log::create_segment(disk, 1, 1, frame::FILE_HEADER_BYTES as u64)
        .map_err(|e| Error::io(doing, e))?;
    Manifest::create(disk, 1)?;
    Ok(())
}

fn replay(disk: &dyn Disk, from: u64, state: &mut State) -> Result<Replayed, Error> {
    let mut replayed_rows = 0;
    let tables = state.tables.clone();
    let replayed = log::replay(disk, from, tables, &mut |decoded| {
        let mut touched: Vec<(AppId, &'static TableDef)> = Vec::new();
        state.edit_documents(decoded.documents)?;
        for (app, batch) in decoded.rows {
            let size_bytes = head::size_bytes(&batch.rows);
            replayed_rows += batch.rows.num_rows();
            state.active.push(app, batch.table, head::adopt(&batch.rows)?, size_bytes);
            touched.push((app, batch.table));
        }
        for (app, table) in touched {
            while let Some(tier) = state.active.due(app, table) {
                state.active.replace(app, table, &tier, tier.concat()?);
            }
        }
        Ok(())
    })?;
    let segments = replayed.segments.len();
    tracing::info!(rows = replayed_rows, segments, "log read");
    Ok(replayed)
}

/// Puts the end of the log in order; the next write begins a new segment. Needs no space.
fn continue_log(disk: &dyn Disk, options: &Options, replayed: Replayed) -> Result<Log, Error> {
    log::cut(disk, &replayed)?;
    for &number in &replayed.obsolete {
        let path = log::path(number);
        disk.remove(&path).map_err(|e| Error::io(format!("remove `{path}`"), e))?;
    }
    Ok(Log::resume(replayed, options.segment_bytes))
}

/// Removes what a crash left between writing a file and naming it in the manifest.
fn remove_orphans(disk: &dyn Disk, contents: &manifest::Contents) -> Result<(), Error> {
    let doing = "remove what a crash left";
    let list = |dir: &str| disk.list(dir).map_err(|e| Error::io(doing, e));
    let mut kept: BTreeSet<String> =
        contents.entries.values().flat_map(|e| [data_path(e), index_path(e)]).collect();
    kept.extend(contents.documents.map(meta::path));
    let mut orphans = Vec::new();
    let mut dirs = vec![meta::DIR.to_owned()];
    for entry in list(snapshot::DIR)?.iter().filter(|e| e.is_dir) {
        dirs.push(format!("{}/{}", snapshot::DIR, entry.name));
    }
    for dir in dirs {
        let paths = list(&dir)?.into_iter().map(|entry| format!("{dir}/{}", entry.name));
        orphans.extend(paths.filter(|path| !kept.contains(path)));
    }
    let half_written = list("")?.into_iter().filter(|e| !e.is_dir && e.name.ends_with(TMP));
    orphans.extend(half_written.map(|e| e.name));
    for path in &orphans {
        tracing::info!(path, "file of an unfinished job is removed");
        disk.remove(path).map_err(|e| Error::io(doing, e))?;
    }
    files::remove_half_written(disk)?;
    texts::remove_half_written(disk)
}
