//! What the portal is built from, as one hash: built files that carry another one are stale.
//!
//! Used by the build script of the server and by `cargo xtask portal`, which must agree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Names in the portal's folder that are no sources of it, beside those that begin with a dot.
const NOT_SOURCES: [&str; 3] = ["dist", "node_modules", "tests"];

/// Every file the portal is built from, in order of their paths.
///
/// # Errors
/// When the folder `portal` or one in it cannot be read.
pub fn files(portal: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![portal.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') || NOT_SOURCES.contains(&name.as_ref()) {
                continue;
            }
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    found.sort();
    Ok(found)
}

/// SHA-256 over paths and contents of [`files`], in hexadecimal digits.
///
/// # Errors
/// When a file cannot be read.
pub fn hash(portal: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    for file in files(portal)? {
        let bytes = fs::read(&file)?;
        let path = file.strip_prefix(portal).unwrap_or(&file).to_string_lossy().into_owned();
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(path.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
