//! Small documents: applications, keys, cursors. Held in memory whole, made durable by the log.
//!
//! Invariant: the file the manifest names holds all documents as they were when the log segment the
//! manifest names began; the log from there on brings them up to date (docs/format.md,
//! "Documents").

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{DocumentEdit, Reader, put_bytes, put_varint};
use crate::disk::{self, Disk};
use crate::error::Error;

/// The folder of the documents files.
pub const DIR: &str = "meta";

/// Longest key, in bytes.
pub const KEY_BYTES_MAX: usize = 1024;
/// Largest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;

const MAGIC: [u8; 8] = *b"TELLTDOC";

/// All documents by key.
pub type Documents = BTreeMap<String, Arc<[u8]>>;

/// Refuses keys and documents beyond the limits, and definitions of tables nobody could read.
pub fn check(documents: &[DocumentEdit]) -> Result<(), Error> {
    for (key, value) in documents {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            let name = key.chars().take(40).collect();
            return Err(Error::Name { name, reason: "document keys have 1 to 1024 bytes" });
        }
        let size = value.as_ref().map_or(0, Vec::len);
        if size > DOCUMENT_BYTES_MAX {
            return Err(Error::TooLarge {
                size_bytes: size as u64,
                limit_bytes: DOCUMENT_BYTES_MAX as u64,
            });
        }
    }
    crate::tables::changes(documents)?;
    Ok(())
}

/// Applies edits in order.
pub fn apply(documents: &mut Documents, edits: Vec<DocumentEdit>) {
    for (key, value) in edits {
        match value {
            Some(value) => documents.insert(key, value.into()),
            None => documents.remove(&key),
        };
    }
}

/// Where documents file `number` lies.
pub fn path(number: u64) -> String {
    format!("{DIR}/{number:010}.docs")
}

/// Writes documents file `number`, durably.
pub fn write(disk: &dyn Disk, number: u64, documents: &Documents) -> Result<(), Error> {
    let mut bytes = MAGIC.to_vec();
    put_varint(&mut bytes, documents.len() as u64);
    for (key, value) in documents {
        put_bytes(&mut bytes, key.as_bytes());
        put_bytes(&mut bytes, value);
    }
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    disk::write_new(disk, &path(number), &bytes)
        .and_then(|()| disk.sync_dir(DIR))
        .map_err(|e| Error::io("write the documents", e))
}

/// Reads documents file `number`.
///
/// # Errors
/// [`Error::Damaged`].
pub fn read(disk: &dyn Disk, number: u64) -> Result<Documents, Error> {
    let path = path(number);
    let bytes = disk.read(&path).map_err(|e| Error::io(format!("read `{path}`"), e))?;
    let body = bytes.split_last_chunk::<4>().and_then(|(body, crc)| {
        let is_whole = crc32fast::hash(body) == u32::from_le_bytes(*crc);
        body.strip_prefix(&MAGIC).filter(|_| is_whole)
    });
    let body = body.ok_or_else(|| Error::damaged(path, "bad checksum"))?;
    let mut reader = Reader { bytes: body, object: "documents" };
    let mut documents = Documents::new();
    for _ in 0..reader.varint()? {
        let key = reader.text()?.to_owned();
        documents.insert(key, reader.bytes()?.into());
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::FolderDisk;

    #[test]
    fn documents_come_back_and_a_flipped_bit_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let disk = FolderDisk::new(dir.path());
        disk.create_dir(DIR).unwrap();
        let mut documents = Documents::new();
        let put = |key: &str, value: &[u8]| (key.to_owned(), Some(value.to_vec()));
        apply(&mut documents, vec![put("a", b"1"), put("b", b""), put("a", b"2")]);
        apply(&mut documents, vec![put("c", b"3"), ("c".into(), None), ("d".into(), None)]);
        write(&disk, 3, &documents).unwrap();
        assert_eq!(read(&disk, 3).unwrap(), documents);
        assert_eq!(documents.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(&*documents["a"], b"2");
        let mut file = disk.open(&path(3)).unwrap();
        file.write_at(9, b"x").unwrap();
        assert!(matches!(read(&disk, 3), Err(Error::Damaged { .. })));
    }

    #[test]
    fn keys_and_documents_have_limits() {
        assert!(check(&[("k".repeat(1024), Some(vec![0; 4 << 20]))]).is_ok());
        assert!(matches!(check(&[(String::new(), None)]), Err(Error::Name { .. })));
        assert!(matches!(check(&[("k".repeat(1025), None)]), Err(Error::Name { .. })));
        let large = check(&[("k".into(), Some(vec![0; (4 << 20) + 1]))]);
        assert!(matches!(large, Err(Error::TooLarge { .. })));
    }
}
