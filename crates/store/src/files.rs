//! Small public files (badges): put, get, delete, each as a whole.
//!
//! Invariants: a reader sees the old or the new file, never a part; a name never leads out of the
//! folder; a file carries its own metadata, so both change together (docs/format.md, "Files").

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::codec::{Reader, put_bytes};
use crate::disk::{self, Disk, TMP};
use crate::error::Error;

/// The folder of the public files.
pub const DIR: &str = "files";

/// Longest part of a name as stored, in bytes; with the suffix of a half-written file it still
/// fits every file system.
const PART_BYTES_MAX: usize = 240;
const PARTS_MAX: usize = 16;
/// Largest file with its metadata, in bytes.
pub const FILE_BYTES_MAX: usize = 16 << 20;

const MAGIC: [u8; 8] = *b"TELLTFIL";

/// A public file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub bytes: Vec<u8>,
    /// Whatever the caller keeps with it (content type, cache directive, where it came from).
    pub meta: String,
}

/// The public files of a store.
#[derive(Debug)]
pub struct Files {
    disk: Arc<dyn Disk>,
    is_read_only: bool,
    /// Held while a file is replaced, so that looking and replacing are one step.
    writing: Mutex<()>,
}

impl Files {
    pub(crate) fn new(disk: Arc<dyn Disk>, is_read_only: bool) -> Files {
        Files { disk, is_read_only, writing: Mutex::new(()) }
    }

    /// The file called `name` (parts between `/`), if there is one.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Damaged`], [`Error::Io`].
    pub fn get(&self, name: &str) -> Result<Option<File>, Error> {
        let path = stored_path(name)?;
        match self.disk.read(&path) {
            Ok(bytes) => decode(&path, &bytes).map(Some),
            Err(e) if is_absent(&e) => Ok(None),
            Err(e) => Err(Error::io(format!("read `{path}`"), e)),
        }
    }

    /// Puts a file durably in the place of what has its name.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::TooLarge`], [`Error::DiskFull`], [`Error::Io`].
    pub fn put(&self, name: &str, bytes: &[u8], meta: &str) -> Result<(), Error> {
        self.put_if(name, bytes, meta, |_| true).map(|_| ())
    }

    /// [`Files::put`], if `is_newer` says so of the file that is there (`None`: there is none).
    /// Gives whether it was put. Two callers for one name follow each other.
    pub fn put_if(
        &self,
        name: &str,
        bytes: &[u8],
        meta: &str,
        is_newer: impl FnOnce(Option<&File>) -> bool,
    ) -> Result<bool, Error> {
        self.refuse_read_only()?;
        let path = stored_path(name)?;
        let size = bytes.len() + meta.len();
        if size > FILE_BYTES_MAX {
            return Err(Error::TooLarge {
                size_bytes: size as u64,
                limit_bytes: FILE_BYTES_MAX as u64,
            });
        }
        let _writing = self.writing.lock();
        // A damaged file is no reason to keep a whole one out.
        let there = match self.get(name) {
            Err(Error::Damaged { .. }) => None,
            there => there?,
        };
        if !is_newer(there.as_ref()) {
            return Ok(false);
        }
        let put = || {
            self.disk.create_dir(disk::parent(&path))?;
            disk::replace(&*self.disk, &path, &encode(bytes, meta))
        };
        match put() {
            Ok(()) => Ok(true),
            // A file where a folder must be, or the other way round.
            Err(e) if is_misplaced(&e) => Err(bad_name(name, "a folder or file is in its place")),
            Err(e) => Err(Error::io(format!("write `{path}`"), e)),
        }
    }

    /// Removes a file durably; gives whether there was one.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::Io`].
    pub fn delete(&self, name: &str) -> Result<bool, Error> {
        self.refuse_read_only()?;
        let path = stored_path(name)?;
        let _writing = self.writing.lock();
        let removed =
            self.disk.remove(&path).and_then(|()| self.disk.sync_dir(disk::parent(&path)));
        match removed {
            Ok(()) => Ok(true),
            Err(e) if is_absent(&e) => Ok(false),
            Err(e) => Err(Error::io(format!("remove `{path}`"), e)),
        }
    }

    fn refuse_read_only(&self) -> Result<(), Error> {
        match self.is_read_only {
            true => Err(Error::ReadOnly),
            false => Ok(()),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound) || is_misplaced(error)
}

fn is_misplaced(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory)
}

fn bad_name(name: &str, reason: &'static str) -> Error {
    Error::Name { name: name.chars().take(80).collect(), reason }
}

/// Where a file lies: every byte but letters, digits, `-`, `_` and inner dots is percent-encoded.
fn stored_path(name: &str) -> Result<String, Error> {
    let mut path = DIR.to_owned();
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() > PARTS_MAX {
        return Err(bad_name(name, "too many parts"));
    }
    for part in parts {
        if part.is_empty() {
            return Err(bad_name(name, "a part is empty"));
        }
        let start = path.len() + 1;
        path.push('/');
        for (at, byte) in part.bytes().enumerate() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => path.push(byte as char),
                b'.' if at > 0 => path.push('.'),
                _ => path.push_str(&format!("%{byte:02X}")),
            }
        }
        if path.len() - start > PART_BYTES_MAX {
            return Err(bad_name(name, "a part is too long"));
        }
        if path.ends_with(TMP) {
            return Err(bad_name(name, "the ending is reserved"));
        }
    }
    Ok(path)
}

fn encode(bytes: &[u8], meta: &str) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    put_bytes(&mut file, meta.as_bytes());
    put_bytes(&mut file, bytes);
    let crc = crc32fast::hash(&file);
    file.extend_from_slice(&crc.to_le_bytes());
    file
}

fn decode(path: &str, file: &[u8]) -> Result<File, Error> {
    let body = file.split_last_chunk::<4>().and_then(|(body, crc)| {
        let is_whole = crc32fast::hash(body) == u32::from_le_bytes(*crc);
        body.strip_prefix(&MAGIC).filter(|_| is_whole)
    });
    let body = body.ok_or_else(|| Error::damaged(path, "bad checksum"))?;
    let mut reader = Reader { bytes: body, object: "public file" };
    let meta = reader.text()?.to_owned();
    Ok(File { bytes: reader.bytes()?.to_vec(), meta })
}

/// Removes what a crash in the middle of a put left.
pub(crate) fn remove_half_written(disk: &dyn Disk) -> Result<(), Error> {
    let doing = "remove what a crash left";
    let mut dirs = vec![DIR.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in disk.list(&dir).map_err(|e| Error::io(doing, e))? {
            let path = format!("{dir}/{}", entry.name);
            if entry.is_dir {
                dirs.push(path);
            } else if entry.name.ends_with(TMP) {
                disk.remove(&path).map_err(|e| Error::io(doing, e))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FolderDisk;

    fn files(dir: &std::path::Path) -> Files {
        let disk = Arc::new(FolderDisk::new(dir));
        disk.create_dir(DIR).unwrap();
        Files::new(disk, false)
    }

    #[test]
    fn a_file_is_put_read_replaced_and_deleted_with_its_metadata() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        assert_eq!(files.get("badges/a/b.svg").unwrap(), None);
        files.put("badges/a/b.svg", b"one", "image/svg+xml").unwrap();
        files.put("badges/a/b.svg", b"two", "m").unwrap();
        let file = files.get("badges/a/b.svg").unwrap().unwrap();
        assert_eq!((file.bytes.as_slice(), file.meta.as_str()), (&b"two"[..], "m"));
        assert!(files.delete("badges/a/b.svg").unwrap());
        assert!(!files.delete("badges/a/b.svg").unwrap());
        assert_eq!(files.get("badges/a/b.svg").unwrap(), None);
    }

    #[test]
    fn an_older_file_does_not_replace_a_later_one() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        let put = |meta: &str| {
            files.put_if("b", meta.as_bytes(), meta, |there| {
                there.is_none_or(|there| there.meta.as_str() < meta)
            })
        };
        assert!(put("5").unwrap());
        assert!(!put("4").unwrap());
        assert!(put("6").unwrap());
        assert_eq!(files.get("b").unwrap().unwrap().bytes, b"6");
    }

    #[test]
    fn names_never_lead_out_of_the_folder() {
        assert_eq!(stored_path("a/../../x y").unwrap(), "files/a/%2E./%2E./x%20y");
        assert_eq!(stored_path("ä\\b").unwrap(), "files/%C3%A4%5Cb");
        assert_eq!(stored_path("a/.b.svg").unwrap(), "files/a/%2Eb.svg");
        for bad in ["", "/a", "a//b", "a/", "x.tmp", &"a/".repeat(20), &"ä".repeat(50)] {
            assert!(matches!(stored_path(bad), Err(Error::Name { .. })), "{bad}");
        }
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_a_bad_name() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path());
        files.put("a", b"1", "").unwrap();
        assert!(matches!(files.put("a/b", b"2", ""), Err(Error::Name { .. })));
        assert_eq!(files.get("a/b").unwrap(), None);
        assert_eq!(files.get("a").unwrap().unwrap().bytes, b"1");
    }
}
