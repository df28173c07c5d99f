//! Where the paths of rustc begin: at the root of the workspace, which cargo does not print. It
//! prints the folder of each package it compiles, `Compiling name v0.1.0 (/w/crates/name)`.

use super::pattern::{Pattern, text};

static PACKAGE: Pattern = Pattern::new(r"^\s+(?:Compiling|Checking) \S+ v\S+ \((.+)\)$");

/// Words of the lines that name a folder.
pub const TRIGGERS: [&str; 2] = ["Compiling ", "Checking "];

/// Packages whose folder is remembered, the last ones.
const FOLDERS_MAX: usize = 500;

/// Folders and files of a package that sources lie in.
const SOURCES: [&str; 5] = ["src", "tests", "benches", "examples", "build.rs"];

#[derive(Default)]
pub struct Packages {
    folders: Vec<String>,
}

impl Packages {
    /// Whether the line names a package's folder; it is remembered.
    pub fn note(&mut self, line: &str) -> bool {
        let Some(found) = PACKAGE.captures(line) else { return false };
        let folder = text(&found, 1).filter(|folder| is_absolute(folder));
        if let Some(folder) = folder {
            self.folders.retain(|known| *known != folder);
            if self.folders.len() >= FOLDERS_MAX {
                self.folders.remove(0);
            }
            self.folders.push(folder);
        }
        true
    }

    /// The manifest in the folder that the path begins at, for `Finding::from_path`; none when no
    /// package is known or the path needs none.
    pub fn manifest(&self, path: &str) -> Option<String> {
        if is_absolute(path) || path.starts_with(['.', '<']) {
            return None;
        }
        let parts: Vec<&str> = parts(path);
        let within = self.folders.iter().rev().find_map(|folder| root(folder, &parts));
        let root = within.or_else(|| self.outermost())?;
        Some(format!("{root}/Cargo.toml"))
    }

    /// The package that all others lie in, else the last one: what others need is compiled first.
    fn outermost(&self) -> Option<&str> {
        let shortest = self.folders.iter().min_by_key(|folder| folder.len())?;
        let is_outer = self.folders.iter().all(|folder| {
            let rest = folder.strip_prefix(shortest.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
        });
        if is_outer { Some(shortest) } else { self.folders.last().map(String::as_str) }
    }
}

/// The workspace that holds the package when the path leads into the package's folder.
fn root<'f>(folder: &'f str, path: &[&str]) -> Option<&'f str> {
    for (at, source) in path.iter().enumerate().rev().filter(|(at, _)| *at > 0) {
        if !SOURCES.contains(source) {
            continue;
        }
        let mut root = folder;
        let is_inside = path.iter().take(at).rev().all(|part| {
            let rest = root.strip_suffix(part).and_then(|rest| rest.strip_suffix(['/', '\\']));
            rest.is_some_and(|rest| {
                root = rest;
                true
            })
        });
        if is_inside {
            return Some(root);
        }
    }
    None
}

fn parts(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).collect()
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..3).is_some_and(|s| s == ":\\" || s == ":/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(folders: &[&str], path: &str) -> Option<String> {
        let mut packages = Packages::default();
        for folder in folders {
            assert!(packages.note(&format!("   Compiling p v0.1.0 ({folder})")));
        }
        packages.manifest(path)
    }

    #[test]
    fn paths_begin_at_the_workspace_that_holds_the_package() {
        for (folders, path, want) in [
            (&["/w/rs"][..], "src/main.rs", Some("/w/rs/Cargo.toml")),
            (&["/w/src"], "src/main.rs", Some("/w/src/Cargo.toml")),
            (&["/w/k/crates/aa", "/w/k/crates/bb"], "crates/aa/src/l.rs", Some("/w/k/Cargo.toml")),
            (&["/w/k/aa", "/w/k"], "src/lib.rs", Some("/w/k/Cargo.toml")),
            (&["/w/common", "/w/app"], "src/main.rs", Some("/w/app/Cargo.toml")),
            (&["C:\\w\\k\\aa"], "aa\\build.rs", Some("C:\\w\\k/Cargo.toml")),
            (&["/w/rs"], "/abs/src/lib.rs", None),
            (&["/w/rs"], "<anon>", None),
            (&[], "src/main.rs", None),
            (&["registry+https://x"], "src/main.rs", None),
        ] {
            assert_eq!(base(folders, path).as_deref(), want, "{folders:?} {path}");
        }
    }

    #[test]
    fn packages_of_registries_have_no_folder() {
        let mut packages = Packages::default();
        assert!(!packages.note("   Compiling serde v1.0.0"));
        assert!(!packages.note("Compiling something (/w)"));
        for n in 0..2 * FOLDERS_MAX {
            packages.note(&format!("    Checking p v1.0.0 (/w/{n})"));
        }
        assert_eq!(packages.folders.len(), FOLDERS_MAX);
    }
}
