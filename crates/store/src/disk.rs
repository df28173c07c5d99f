//! The only module that touches the file system: a narrow [`Disk`] and its real implementation.
//!
//! Invariants: paths are relative to the data folder, with `/` between parts; nothing here decides
//! what is durable when, it only offers the primitives. [`crate::disk_sim`] is the lying twin.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    pub name: String,
    pub is_dir: bool,
}

/// What the store needs of a file system.
///
/// A new name, a rename or a removal is durable only after [`Disk::sync_dir`] of its folder, bytes
/// only after [`DiskFile::sync`].
pub trait Disk: Send + Sync + fmt::Debug {
    /// The whole file.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// The bytes from `offset` on that fill `bytes`.
    fn read_at(&self, path: &str, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
    /// How long the file is, in bytes.
    fn size(&self, path: &str) -> io::Result<u64>;
    /// The names in `dir`, sorted; none when the folder does not exist.
    fn list(&self, dir: &str) -> io::Result<Vec<DirEntry>>;
    /// Makes `dir` and its parents, durably.
    fn create_dir(&self, dir: &str) -> io::Result<()>;
    /// A new or emptied file with `reserve_bytes` of zeros that later writes need not allocate.
    fn create(&self, path: &str, reserve_bytes: u64) -> io::Result<Box<dyn DiskFile>>;
    /// An existing file, for writing.
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name in the same folder, replacing what has that name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, path: &str) -> io::Result<()>;
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// Space left for this program, in bytes.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// A file open for writing.
pub trait DiskFile: Send + fmt::Debug {
    /// Writes all of `bytes` at `offset`; after an error any part of them may be there.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file off at `len_bytes`, durably.
    fn truncate(&mut self, len_bytes: u64) -> io::Result<()>;
}

/// The folder part of `path`; empty for a file at the top.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Writes a file whose name nobody relies on yet, and syncs its bytes. The caller syncs the folder.
pub fn write_new(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = disk.create(path, 0)?;
    file.write_at(0, bytes)?;
    file.sync()
}

/// Puts `bytes` at `path` so that after a power cut either the old or the new file is there whole.
pub fn replace(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    let tmp = format!("{path}{TMP}");
    write_new(disk, &tmp, bytes)?;
    disk.rename(&tmp, path)?;
    disk.sync_dir(parent(path))
}

/// How the names of half-written files end; such files are removed at start.
pub const TMP: &str = ".tmp";

/// The operating system's file system below one folder.
#[derive(Debug, Clone)]
pub struct FolderDisk {
    root: PathBuf,
}

impl FolderDisk {
    pub fn new(root: &Path) -> FolderDisk {
        FolderDisk { root: root.to_path_buf() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Disk for FolderDisk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(path))
    }

    fn read_at(&self, path: &str, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let mut file = File::open(self.path(path))?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(bytes)
    }

    fn size(&self, path: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path(path))?.len())
    }

    fn list(&self, dir: &str) -> io::Result<Vec<DirEntry>> {
        let entries = match fs::read_dir(self.path(dir)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                names.push(DirEntry { name, is_dir: entry.file_type()?.is_dir() });
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_dir(&self, dir: &str) -> io::Result<()> {
        let mut done = PathBuf::new();
        for part in Path::new(dir) {
            let above = self.root.join(&done);
            done.push(part);
            match fs::create_dir(self.root.join(&done)) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                created => {
                    created?;
                    sync_folder(&above)?;
                }
            }
        }
        Ok(())
    }

    fn create(&self, path: &str, reserve_bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let path = self.path(path);
        // Documents hold private keys, rows whatever was sent: for the owner's eyes only.
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&path)?;
        if reserve_bytes > 0
            && let Err(e) = reserve(&file, reserve_bytes)
        {
            // A file without its space would only fail later, in the middle of a record.
            drop(file);
            let _ = fs::remove_file(&path);
            return Err(e);
        }
        Ok(Box::new(FolderFile { file }))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).open(self.path(path))?;
        Ok(Box::new(FolderFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        sync_folder(&self.path(dir))
    }

    fn free_bytes(&self) -> io::Result<u64> {
        free_bytes(&self.root)
    }
}

#[cfg(unix)]
fn free_bytes(root: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(root)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Elsewhere the reserve is not watched: a full device then answers by its own error.
#[cfg(not(unix))]
fn free_bytes(_root: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere folders cannot be opened as files; the system orders their changes itself.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Allocates space up front: a sync then need not grow the file (14 times more commits per second,
/// spec engine.md §5).
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    file.set_len(bytes)
}

#[derive(Debug)]
struct FolderFile {
    file: File,
}

impl DiskFile for FolderFile {
    #[cfg(unix)]
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.write_all_at(bytes, offset)
    }

    #[cfg(not(unix))]
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len_bytes: u64) -> io::Result<()> {
        self.file.set_len(len_bytes)?;
        self.file.sync_all()
    }
}

/// The hold of this process on a data folder; let go when dropped or when the process ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

/// The name of the lock file in a data folder.
const LOCK: &str = "lock";

impl FolderLock {
    /// Takes the folder for writing and leaves this process's number in the lock file.
    ///
    /// # Errors
    /// [`Error::Locked`] when any process holds it.
    pub fn exclusive(root: &Path) -> Result<FolderLock, Error> {
        fs::create_dir_all(root).map_err(|e| Error::io("make the data folder", e))?;
        let doing = "lock the data folder";
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(root.join(LOCK))
            .map_err(|e| Error::io(doing, e))?;
        held(file.try_lock(), &mut file)?;
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            writeln!(file, "{}", std::process::id())
        };
        // On a full disk the number is missing from the file; the lock itself holds.
        let _ = write(&mut file);
        Ok(FolderLock { _file: file })
    }

    /// Keeps servers away from the folder while it is read.
    ///
    /// # Errors
    /// [`Error::Missing`] when this is no data folder, [`Error::Locked`] when a server holds it.
    pub fn shared(root: &Path) -> Result<FolderLock, Error> {
        let mut file = match File::open(root.join(LOCK)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: root.display().to_string() });
            }
            file => file.map_err(|e| Error::io("lock the data folder", e))?,
        };
        held(file.try_lock_shared(), &mut file)?;
        Ok(FolderLock { _file: file })
    }
}

fn held(taken: Result<(), fs::TryLockError>, file: &mut File) -> Result<(), Error> {
    match taken {
        Ok(()) => Ok(()),
        Err(fs::TryLockError::WouldBlock) => {
            let mut text = String::new();
            let _ = file.read_to_string(&mut text);
            Err(Error::Locked { pid: text.trim().parse().unwrap_or(0) })
        }
        Err(fs::TryLockError::Error(e)) => Err(Error::io("lock the data folder", e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_file_holds_the_new_bytes_and_leaves_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(dir.path());
        disk.create_dir("a/b").unwrap();
        replace(&disk, "a/b/f", b"one").unwrap();
        replace(&disk, "a/b/f", b"two").unwrap();
        assert_eq!(disk.read("a/b/f").unwrap(), b"two");
        assert_eq!(disk.list("a/b").unwrap(), [DirEntry { name: "f".into(), is_dir: false }]);
        assert_eq!(disk.list("a").unwrap(), [DirEntry { name: "b".into(), is_dir: true }]);
        assert_eq!(disk.list("none").unwrap(), []);
    }

    #[test]
    fn reserved_space_reads_as_zeros_until_written() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(dir.path());
        let mut file = disk.create("s", 16).unwrap();
        file.write_at(4, b"ab").unwrap();
        file.sync().unwrap();
        assert_eq!(disk.read("s").unwrap(), b"\0\0\0\0ab\0\0\0\0\0\0\0\0\0\0");
        file.truncate(5).unwrap();
        assert_eq!(disk.read("s").unwrap(), b"\0\0\0\0a");
    }

    #[test]
    fn a_held_folder_names_its_holder() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(FolderLock::shared(dir.path()), Err(Error::Missing { .. })));
        let lock = FolderLock::exclusive(dir.path()).unwrap();
        let pid = std::process::id();
        assert!(
            matches!(FolderLock::exclusive(dir.path()), Err(Error::Locked { pid: p }) if p == pid)
        );
        assert!(
            matches!(FolderLock::shared(dir.path()), Err(Error::Locked { pid: p }) if p == pid)
        );
        drop(lock);
        let readers = (FolderLock::shared(dir.path()), FolderLock::shared(dir.path()));
        assert!(readers.0.is_ok() && readers.1.is_ok());
        assert!(matches!(FolderLock::exclusive(dir.path()), Err(Error::Locked { .. })));
    }
}
