//! The index of one extent: a split-block bloom filter for each column of identifiers, and the runs
//! of its rows where the table has a key.
//!
//! Invariant: [`Index::may_contain`] never answers `false` for a value the extent holds.
//! Bytes: docs/format.md, "Index file".

use std::io;
use std::ops::Range;

use arrow::array::{Array, StringViewArray};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;

const MAGIC: [u8; 4] = *b"TTIX";
const VERSION: u32 = 1;
/// With runs behind the filters.
const VERSION_WITH_RUNS: u32 = 2;
const HEADER_BYTES: usize = 12;
const CRC_BYTES: usize = 4;
pub const BLOCK_BYTES: usize = 32;
/// Ten bits per value: about 1 % false positives in blocks of 256 bits.
const BITS_PER_VALUE: u64 = 10;
/// Values hashed exactly when counting distinct ones; above, a sample by hash of about this many.
const SAMPLE_MAX: usize = 65_536;
/// The odd factors of Parquet's split-block filter, one per 32-bit word of a block.
const SALT: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

type Block = [u32; 8];

/// Answers whether an extent can hold a value at all, without opening the extent.
///
/// Knows where the filters lie in the index file; a question reads one block of it, so that the
/// memory for an index does not grow with its extent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    filters: Vec<Filter>,
    /// Where the file has the runs (see [`crate::versions`]), if its table had a key.
    runs: Option<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    column: String,
    /// From the start of the file, in bytes.
    offset: usize,
    blocks: usize,
}

impl Index {
    /// Reads the bytes of an index file.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes are not a whole, unchanged index of a known version.
    pub fn parse(bytes: &[u8]) -> Result<Index, Error> {
        let body_bytes = bytes.len().checked_sub(CRC_BYTES).ok_or_else(|| damaged("too short"))?;
        let (body, crc) = bytes.split_at(body_bytes);
        let mut reader = Reader { bytes: body };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(damaged("the magic number is missing"));
        }
        let version = reader.u32()?;
        if ![VERSION, VERSION_WITH_RUNS].contains(&version) {
            return Err(damaged(format!("version {version} is not known")));
        }
        if crc != crc32fast::hash(body).to_le_bytes() {
            return Err(damaged("the checksum differs"));
        }
        let count = reader.u32()?;
        let mut directory = Vec::new();
        for _ in 0..count {
            let name_bytes = usize::from(reader.u16()?);
            let name = std::str::from_utf8(reader.take(name_bytes)?)
                .map_err(|_| damaged("a column name is not text"))?;
            directory.push((name.to_owned(), reader.u32()? as usize));
        }
        let mut filters = Vec::with_capacity(directory.len());
        for (column, blocks) in directory {
            let block_bytes = blocks.checked_mul(BLOCK_BYTES).ok_or_else(|| damaged("too long"))?;
            let offset = body.len() - reader.bytes.len();
            reader.take(block_bytes)?;
            filters.push(Filter { column, offset, blocks });
        }
        let runs =
            (version == VERSION_WITH_RUNS).then_some(body.len() - reader.bytes.len()..body.len());
        if runs.is_none() && !reader.bytes.is_empty() {
            return Err(damaged("bytes follow the last filter"));
        }
        Ok(Index { filters, runs })
    }

    /// Of the bytes of the file those that tell the runs of the extent's rows.
    pub(crate) fn runs<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        bytes.get(self.runs.clone()?)
    }

    /// Whether `column` can hold `value`: `false` is certain, `true` wrong about once in a hundred.
    ///
    /// Columns that are not indexed, and the empty text, always answer `true`. `block_at` reads the
    /// block at an offset of the index file, once at most.
    ///
    /// # Errors
    /// What `block_at` says.
    pub fn may_contain(
        &self,
        column: &str,
        value: &str,
        block_at: impl FnOnce(u64) -> io::Result<[u8; BLOCK_BYTES]>,
    ) -> io::Result<bool> {
        if value.is_empty() {
            return Ok(true);
        }
        let Some(filter) = self.filters.iter().find(|f| f.column == column) else {
            return Ok(true);
        };
        if filter.blocks == 0 {
            return Ok(false);
        }
        let hash = xxh3_64(value.as_bytes());
        let offset = filter.offset + block_of(hash, filter.blocks) * BLOCK_BYTES;
        let block = block_at(offset as u64)?;
        let (words, _) = block.as_chunks::<4>();
        Ok(words.iter().zip(mask(hash)).all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0))
    }
}

/// Collects the values of an extent's id columns while it is written.
#[derive(Debug)]
pub(crate) struct IndexBuilder {
    columns: Vec<(&'static str, Vec<u64>)>,
}

impl IndexBuilder {
    pub(crate) fn new(columns: impl IntoIterator<Item = &'static str>) -> IndexBuilder {
        IndexBuilder { columns: columns.into_iter().map(|name| (name, Vec::new())).collect() }
    }

    /// Adds the values of the column at `position` of those given to [`IndexBuilder::new`].
    pub(crate) fn add(&mut self, position: usize, values: &StringViewArray) {
        let Some((_, hashes)) = self.columns.get_mut(position) else {
            return;
        };
        hashes.reserve(values.len() - values.null_count());
        for value in values.iter().flatten().filter(|value| !value.is_empty()) {
            let hash = xxh3_64(value.as_bytes());
            // Items of one operation often stand together: cheap to drop the repeats here.
            if hashes.last() != Some(&hash) {
                hashes.push(hash);
            }
        }
    }

    /// The bytes of the index file; `runs` are those of a table with a key.
    pub(crate) fn finish(self, runs: Option<&[u8]>) -> Vec<u8> {
        let filters: Vec<(&str, Vec<Block>)> =
            self.columns.into_iter().map(|(name, hashes)| (name, fill(&hashes))).collect();
        let blocks: usize = filters.iter().map(|(_, blocks)| blocks.len()).sum();
        let names: usize = filters.iter().map(|(name, _)| name.len() + 6).sum();
        let run_bytes = runs.map_or(0, <[u8]>::len);
        let mut out =
            Vec::with_capacity(HEADER_BYTES + names + blocks * BLOCK_BYTES + run_bytes + CRC_BYTES);
        out.extend_from_slice(&MAGIC);
        let version = if runs.is_some() { VERSION_WITH_RUNS } else { VERSION };
        out.extend_from_slice(&version.to_le_bytes());
        out.extend_from_slice(&(filters.len() as u32).to_le_bytes());
        for (name, blocks) in &filters {
            out.extend_from_slice(&(name.len() as u16).to_le_bytes());
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&(blocks.len() as u32).to_le_bytes());
        }
        for word in filters.iter().flat_map(|(_, blocks)| blocks).flatten() {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(runs.unwrap_or_default());
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }
}

/// A filter sized for the distinct values among `hashes`; no blocks when there are none.
fn fill(hashes: &[u64]) -> Vec<Block> {
    let bits = count_distinct(hashes) * BITS_PER_VALUE;
    let mut blocks = vec![[0; 8]; bits.div_ceil(BLOCK_BYTES as u64 * 8) as usize];
    let count = blocks.len();
    for &hash in hashes {
        if let Some(block) = blocks.get_mut(block_of(hash, count)) {
            for (word, bit) in block.iter_mut().zip(mask(hash)) {
                *word |= bit;
            }
        }
    }
    blocks
}

/// Distinct values: exact up to [`SAMPLE_MAX`], then within about 1 %.
///
/// A value is in the sample or out of it by its hash, so repeats do not distort the estimate.
fn count_distinct(hashes: &[u64]) -> u64 {
    let factor = hashes.len().div_ceil(SAMPLE_MAX).next_power_of_two() as u64;
    let mut sample: Vec<u64> =
        hashes.iter().copied().filter(|hash| hash & (factor - 1) == 0).collect();
    sample.sort_unstable();
    sample.dedup();
    (sample.len() as u64 * factor).max(u64::from(!hashes.is_empty()))
}

fn block_of(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

fn mask(hash: u64) -> Block {
    SALT.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

fn damaged(detail: impl ToString) -> Error {
    Error::damaged("index", detail)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, left) =
            self.bytes.split_at_checked(count).ok_or_else(|| damaged("it ends too early"))?;
        self.bytes = left;
        Ok(taken)
    }
    fn u16(&mut self) -> Result<u16, Error> {
        let bytes = self.take(2)?.try_into().map_err(|_| damaged("it ends too early"))?;
        Ok(u16::from_le_bytes(bytes))
    }
    fn u32(&mut self) -> Result<u32, Error> {
        let bytes = self.take(4)?.try_into().map_err(|_| damaged("it ends too early"))?;
        Ok(u32::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(columns: &[(&'static str, Vec<String>)]) -> Vec<u8> {
        let mut builder = IndexBuilder::new(columns.iter().map(|(name, _)| *name));
        for (position, (_, values)) in columns.iter().enumerate() {
            for part in values.chunks(1000) {
                builder.add(position, &StringViewArray::from_iter_values(part));
            }
        }
        builder.finish(None)
    }

    fn contains(bytes: &[u8], index: &Index, column: &str, value: &str) -> bool {
        let block_at = |offset: u64| {
            let block = bytes[offset as usize..].first_chunk().copied();
            block.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
        };
        index.may_contain(column, value, block_at).unwrap()
    }

    fn id(n: u64) -> String {
        format!("{:016x}{:016x}", xxh3_64(&n.to_le_bytes()), n)
    }

    #[test]
    fn every_value_put_in_is_found_again_and_few_others_are() {
        for distinct in [1u64, 7, 100, 5_000, 200_000] {
            // Every value three times, apart from each other, so that repeats must be recognised.
            let values: Vec<String> = (0..distinct * 3).map(|n| id(n % distinct)).collect();
            let bytes = index(&[("operation_Id", values)]);
            let index = Index::parse(&bytes).unwrap();
            assert!((0..distinct).all(|n| contains(&bytes, &index, "operation_Id", &id(n))));
            let probes = 50_000;
            let wrong = (0..probes)
                .filter(|n| contains(&bytes, &index, "operation_Id", &id(n + 1_000_000_000)))
                .count();
            assert!(wrong * 50 < probes as usize, "{distinct}: {wrong} of {probes}");
            let bits = bytes.len() as f64 * 8.0 / distinct as f64;
            assert!(distinct < 5_000 || (9.8..10.3).contains(&bits), "{distinct}: {bits} bits");
        }
    }

    #[test]
    fn what_is_not_indexed_may_be_there() {
        let bytes =
            index(&[("id", vec!["a".into(), String::new()]), ("itemId", vec![String::new()])]);
        let index = Index::parse(&bytes).unwrap();
        assert!(contains(&bytes, &index, "name", "x"));
        assert!(contains(&bytes, &index, "id", ""));
        assert!(contains(&bytes, &index, "id", "a"));
        assert!(!contains(&bytes, &index, "id", "b"));
        assert!(!contains(&bytes, &index, "itemId", "a"), "a column of empty texts holds no other");
    }

    #[test]
    fn the_bytes_are_those_the_manual_describes() {
        let bytes = index(&[("id", vec!["a".into()])]);
        assert_eq!(&bytes[..8], b"TTIX\x01\0\0\0");
        assert_eq!(&bytes[8..12], &1u32.to_le_bytes());
        assert_eq!(&bytes[12..16], b"\x02\0id");
        assert_eq!(&bytes[16..20], &1u32.to_le_bytes());
        assert_eq!(bytes.len(), 20 + 32 + 4);
        let set: u32 = bytes[20..52].iter().map(|byte| byte.count_ones()).sum();
        assert_eq!(set, 8, "one bit in each of the eight words");
    }

    #[test]
    fn runs_stand_behind_the_filters() {
        let mut builder = IndexBuilder::new(["id"]);
        builder.add(0, &StringViewArray::from_iter_values(["a"]));
        let bytes = builder.finish(Some(b"runs"));
        assert_eq!(&bytes[..8], b"TTIX\x02\0\0\0");
        let index = Index::parse(&bytes).unwrap();
        assert_eq!(index.runs(&bytes), Some(&b"runs"[..]));
        assert!(contains(&bytes, &index, "id", "a") && !contains(&bytes, &index, "id", "b"));
        let without = self::index(&[("id", vec!["a".into()])]);
        assert_eq!(Index::parse(&without).unwrap().runs(&without), None);
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let good = index(&[("id", (0..50).map(id).collect()), ("itemId", vec!["x".into()])]);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x40;
            assert!(Index::parse(&bytes).is_err(), "byte {at} changed");
            assert!(Index::parse(&good[..at]).is_err(), "cut at {at}");
        }
        let mut long = good;
        long.push(0);
        assert!(Index::parse(&long).is_err());
    }
}
