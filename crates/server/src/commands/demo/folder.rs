//! The folder of a demonstration: what tells it from one with data of somebody.

use std::path::Path;

use serde::{Deserialize, Serialize};
use store::{Store, Write};

use super::Failure;

/// The document that every folder of a demonstration has.
const DOCUMENT: &str = "demo";

/// What a folder was filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demo {
    pub seed: u64,
    pub days: u32,
    /// The end of what happened, ISO 8601.
    pub until: String,
    /// Whether it was filled to the end.
    pub is_whole: bool,
}

/// Whether there is nothing in a folder, or no folder.
///
/// # Errors
/// When it cannot be read.
pub fn is_empty(data: &Path) -> Result<bool, Failure> {
    match std::fs::read_dir(data) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Failure::new(format!("cannot read `{}`: {error}", data.display()))),
    }
}

/// What a folder that is not empty was filled with.
///
/// # Errors
/// When it is no folder of a demonstration, or not all of one: it stays as it is.
pub fn read(data: &Path) -> Result<Demo, Failure> {
    let shown = data.display();
    // Opening would make a store of any folder.
    if !data.join("manifest").is_file() {
        return Err(Failure::new(format!(
            "`{shown}` holds something that is not Telltale's: name an empty folder with `--data`"
        )));
    }
    let store = Store::open(data, super::options())?;
    let document = store.document(DOCUMENT);
    store.close()?;
    let demo = document.and_then(|bytes| serde_json::from_slice::<Demo>(&bytes).ok());
    match demo {
        Some(demo) if demo.is_whole => Ok(demo),
        Some(_) => Err(Failure::new(format!(
            "filling `{shown}` with a demonstration was broken off: delete it and try again"
        ))),
        None => Err(Failure::new(format!(
            "`{shown}` has data already and is no demonstration: name an empty folder with `--data`"
        ))),
    }
}

/// Notes in a store what it is filled with.
///
/// # Errors
/// When the store refuses.
pub fn write(store: &Store, demo: &Demo) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(demo).map_err(|error| Failure::new(error.to_string()))?;
    let documents = vec![(DOCUMENT.to_owned(), Some(bytes))];
    store.append_blocking(Write { rows: Vec::new(), documents })?;
    Ok(())
}
