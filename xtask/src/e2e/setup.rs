//! What the clients need on the machine, installed when it is missing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{capture, check, command, exists, root, target};

/// The folder of a client, its npm packages installed at the versions of its lock file.
pub fn npm(folder: &str) -> Result<PathBuf> {
    let folder = root().join("tests/e2e").join(folder);
    let stamp = folder.join("node_modules/.package-lock.json");
    if !stamp.exists() {
        check(
            command("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&folder),
        )?;
    }
    Ok(folder)
}

/// The python of a virtual environment with the packages that a folder of clients pins; `None` when
/// there is no python3.
pub fn python(folder: &str) -> Result<Option<PathBuf>> {
    if !exists("python3") {
        return Ok(None);
    }
    let environment = target().join(format!("e2e-{folder}"));
    let python = environment.join("bin/python");
    let stamp = environment.join("installed.txt");
    let requirements = root().join("tests/e2e").join(folder).join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).context("read requirements.txt")?;
    if std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(Some(python));
    }
    check(&mut command("python3", &["-m", "venv", "--clear", &environment.to_string_lossy()]))?;
    let file = requirements.to_string_lossy().into_owned();
    check(&mut command(
        &python.to_string_lossy(),
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &file],
    ))?;
    std::fs::write(&stamp, wanted).context("note what is installed")?;
    Ok(Some(python))
}

/// A Chromium: `CHROME`, or one on the path, or the distribution's package where we may install it.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        return Ok(path.into());
    }
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    if exists("apt-get") && is_root() {
        check(&mut command("apt-get", &["update", "-qq"]))?;
        let mut install =
            command("apt-get", &["install", "-y", "-qq", "--no-install-recommends", "chromium"]);
        check(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match find_chromium() {
        Some(found) => Ok(found),
        None => bail!("no Chromium found; install one or name it in `CHROME`"),
    }
}

fn find_chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .map(|name| Path::new("/usr/bin").join(name))
        .find(|path| path.exists())
}

fn is_root() -> bool {
    capture(Command::new("id").arg("-u")).is_ok_and(|o| o.stdout.starts_with(b"0"))
}
