//! Embeds what `cargo xtask portal` built: writes the table of its files, or says that there are
//! none. With `PORTAL=required`, files that are missing or stale are an error.

#![allow(clippy::print_stdout, reason = "a build script talks to cargo on standard output")]

#[path = "src/portal/kind.rs"]
mod kind;
#[path = "build/sources.rs"]
mod sources;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

/// Where `cargo xtask portal` leaves the hash of the sources.
const SOURCES: &str = ".sources";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let portal = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../portal");
    let is_required = env::var("PORTAL").is_ok_and(|value| value == "required");
    println!("cargo::rerun-if-env-changed=PORTAL");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    watch(&portal);
    let dist = portal.join("dist");
    let has_built = dist.join("index.html").is_file();
    let trouble = match has_built {
        false => Some("the portal was not built; run `cargo xtask portal`"),
        true if is_stale(&portal) => {
            Some("the portal is older than its sources; run `cargo xtask portal`")
        }
        true => None,
    };
    match trouble {
        Some(trouble) if is_required => println!("cargo::error={trouble}"),
        Some(trouble) => println!("cargo::warning={trouble}"),
        None => {}
    }
    let table = match has_built {
        true => table(&dist)?,
        false => table_of(None, &[]),
    };
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("portal.rs"), table)?;
    Ok(())
}

/// Has cargo run this again when the portal's sources or built files change.
fn watch(portal: &Path) {
    let Ok(files) = sources::files(portal) else {
        println!("cargo::rerun-if-changed={}", portal.display());
        return;
    };
    // Folders too: a new file changes them.
    for folder in ["src", "public"].map(|name| portal.join(name)) {
        if folder.is_dir() {
            println!("cargo::rerun-if-changed={}", folder.display());
        }
    }
    for file in files.iter().filter(|file| file.parent() == Some(portal)) {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    // What does not exist counts as changed each time, its parent only when it appears.
    let dist = portal.join("dist");
    let seen = if dist.is_dir() { dist } else { portal.to_path_buf() };
    println!("cargo::rerun-if-changed={}", seen.display());
}

/// Whether the built files are of other sources than those that are there.
fn is_stale(portal: &Path) -> bool {
    let built = fs::read_to_string(portal.join("dist").join(SOURCES)).unwrap_or_default();
    sources::hash(portal).is_ok_and(|now| now != built.trim())
}

/// One built file: its path below `dist` and where it is.
struct Built {
    path: String,
    file: PathBuf,
}

/// The table of what is in `dist`.
fn table(dist: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    let mut folders = vec![dist.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let file = entry?.path();
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.unwrap_or_default();
            let is_packed = name.ends_with(".br") || name.ends_with(".gz");
            if name.starts_with('.') || is_packed {
                continue;
            }
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let path = file.strip_prefix(dist).unwrap_or(&file).to_string_lossy().into_owned();
            files.push(Built { path: path.replace('\\', "/"), file });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let (index, files): (Vec<Built>, Vec<Built>) =
        files.into_iter().partition(|built| built.path == "index.html");
    Ok(table_of(index.first().map(|built| built.file.as_path()), &files))
}

/// Rust text of the table; what is compressed is embedded in its compressed forms only.
fn table_of(index: Option<&Path>, files: &[Built]) -> String {
    let mut all = Sha256::new();
    let mut rows = String::new();
    let shown = |path: &Path| format!("{:?}", path.display().to_string());
    for Built { path, file } in files {
        let bytes = fs::read(file).unwrap_or_default();
        let digest = Sha256::digest(&bytes);
        all.update(digest);
        let packed = |ending: &str| {
            let packed = PathBuf::from(format!("{}.{ending}", file.display()));
            packed.is_file().then_some(packed)
        };
        let embed = |file: Option<PathBuf>| {
            let embedded = file.map(|file| format!("Some(include_bytes!({}))", shown(&file)));
            embedded.unwrap_or_else(|| "None".to_owned())
        };
        let (br, gz) = (packed("br"), packed("gz"));
        let raw = gz.is_none().then(|| file.clone());
        let _ = writeln!(
            rows,
            "    File {{ path: {path:?}, kind: {:?}, etag: \"{}\", br: {}, gz: {}, raw: {} }},",
            kind::of(path),
            hex(&digest[..12]),
            embed(br),
            embed(gz),
            embed(raw),
        );
    }
    if let Some(index) = index {
        all.update(fs::read(index).unwrap_or_default());
    }
    let index = index
        .map_or_else(|| "None".to_owned(), |index| format!("Some(include_str!({}))", shown(index)));
    format!(
        "pub static BUILD: &str = \"{}\";\n\
         pub static INDEX: Option<&str> = {index};\n\
         pub static FILES: &[File] = &[\n{rows}];\n",
        hex(&all.finalize()[..8])
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
