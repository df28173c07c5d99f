//! Plain text files in the data folder that people edit as well: one folder of them.
//!
//! Invariants: a reader sees the old or the new file, never a part; a name never leads out of the
//! folder. A file is what stands in it and nothing else: no frame, no checksum.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{self, Disk, TMP};
use crate::error::Error;

/// The folder of the texts.
pub const DIR: &str = "queries";
/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The texts of a store.
#[derive(Debug)]
pub struct Texts {
    disk: Arc<dyn Disk>,
    is_read_only: bool,
    /// Held while a file is replaced, so that looking and replacing are one step.
    changing: Mutex<()>,
}

impl Texts {
    pub(crate) fn new(disk: Arc<dyn Disk>, is_read_only: bool) -> Texts {
        Texts { disk, is_read_only, changing: Mutex::new(()) }
    }

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn list(&self) -> Result<Vec<String>, Error> {
        let entries = self.disk.list(DIR).map_err(|e| Error::io(format!("list `{DIR}`"), e))?;
        let files = entries.into_iter().filter(|e| !e.is_dir && !e.name.ends_with(TMP));
        Ok(files.map(|entry| entry.name).collect())
    }

    /// How many bytes the file called `name` has, if there is one.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Io`].
    pub fn size(&self, name: &str) -> Result<Option<u64>, Error> {
        let path = path(name)?;
        match self.disk.size(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(format!("look at `{path}`"), e)),
        }
    }

    /// The bytes of the file called `name`, if there is one.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Io`].
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = path(name)?;
        match self.disk.read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io(format!("read `{path}`"), e)),
        }
    }

    /// Puts a file durably in the place of what has its name, or with `None` removes it, if
    /// `is_meant` says so of what is there (`None`: nothing). Gives whether it did.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::ReadOnly`], [`Error::Io`].
    pub fn change(
        &self,
        name: &str,
        bytes: Option<&[u8]>,
        is_meant: impl FnOnce(Option<&[u8]>) -> bool,
    ) -> Result<bool, Error> {
        if self.is_read_only {
            return Err(Error::ReadOnly);
        }
        let path = path(name)?;
        let _changing = self.changing.lock();
        let there = self.get(name)?;
        if !is_meant(there.as_deref()) {
            return Ok(false);
        }
        let change = || match bytes {
            Some(bytes) => {
                self.disk.create_dir(DIR)?;
                disk::replace(&*self.disk, &path, bytes)
            }
            None if there.is_none() => Ok(()),
            None => {
                self.disk.remove(&path)?;
                self.disk.sync_dir(DIR)
            }
        };
        change().map(|()| true).map_err(|e| Error::io(format!("change `{path}`"), e))
    }
}

/// Where a file lies. A name is of letters, digits, `-`, `_` and dots that do not begin it.
fn path(name: &str) -> Result<String, Error> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.chars().all(is_plain)
        && !name.starts_with('.')
        && !name.ends_with(TMP);
    match is_name {
        true => Ok(format!("{DIR}/{name}")),
        false => {
            let reason = "use letters, digits, `-`, `_` and inner dots";
            Err(Error::Name { name: name.chars().take(80).collect(), reason })
        }
    }
}

/// Removes what a crash in the middle of a change left.
pub(crate) fn remove_half_written(disk: &dyn Disk) -> Result<(), Error> {
    let doing = "remove what a crash left";
    for entry in disk.list(DIR).map_err(|e| Error::io(doing, e))? {
        if !entry.is_dir && entry.name.ends_with(TMP) {
            disk.remove(&format!("{DIR}/{}", entry.name)).map_err(|e| Error::io(doing, e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FolderDisk;

    #[test]
    fn a_text_is_put_listed_replaced_and_removed_as_it_is_meant() {
        let dir = tempfile::tempdir().unwrap();
        let texts = Texts::new(Arc::new(FolderDisk::new(dir.path())), false);
        assert_eq!(texts.list().unwrap(), Vec::<String>::new());
        assert!(!texts.change("a.kql", Some(b"x"), |there| there.is_some()).unwrap());
        assert!(texts.change("a.kql", Some(b"one"), |there| there.is_none()).unwrap());
        assert_eq!(std::fs::read(dir.path().join("queries/a.kql")).unwrap(), b"one");
        std::fs::write(dir.path().join("queries/b.kql"), "by hand").unwrap();
        std::fs::write(dir.path().join("queries/c.kql.tmp"), "half").unwrap();
        assert_eq!(texts.list().unwrap(), ["a.kql", "b.kql"]);
        assert!(texts.change("a.kql", Some(b"two"), |there| there == Some(b"one")).unwrap());
        assert_eq!(texts.get("a.kql").unwrap().unwrap(), b"two");
        assert_eq!(texts.size("b.kql").unwrap(), Some(7));
        assert_eq!(texts.size("d.kql").unwrap(), None);
        assert!(texts.change("a.kql", None, |_| true).unwrap());
        assert_eq!(texts.get("a.kql").unwrap(), None);
        remove_half_written(&FolderDisk::new(dir.path())).unwrap();
        assert!(!dir.path().join("queries/c.kql.tmp").exists());
    }

    #[test]
    fn names_never_lead_out_of_the_folder() {
        for bad in ["", "../x", "a/b", ".x", "x.tmp", "ä", "a b", &"a".repeat(201)] {
            assert!(matches!(path(bad), Err(Error::Name { .. })), "{bad}");
        }
        assert_eq!(path("my-query_1.kql").unwrap(), "queries/my-query_1.kql");
    }
}
