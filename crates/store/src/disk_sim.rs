//! A disk in memory that lies the way real ones do, for crash tests.
//!
//! Invariant: what was synced survives a power cut, and nothing else is promised: of unsynced bytes
//! any sectors survive, of unsynced names any first part per folder; the operation the cut falls
//! into happens in part. Everything follows from the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{DirEntry, Disk, DiskFile, parent};

/// What survives or not independently of its neighbours, in bytes.
const SECTOR: usize = 512;

/// A simulated disk; clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

/// How an operation goes wrong without the power going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing happens, an error is answered.
    Refused,
    /// A part of a write happens, then the device is full. Other operations are refused.
    Full,
    /// A sync fails and forgets what it did not write: a later one succeeds without it.
    LostSync,
}

/// What is left when the machine starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// Only the process ended: everything it did is there.
    Killed,
    PowerCut,
}

#[derive(Debug, Default)]
struct World {
    random: u64,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Changes of names since the folder's last sync, by folder.
    pending: BTreeMap<String, Vec<Change>>,
    dirs: BTreeSet<String>,
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    steps: u64,
    cut_at: Option<u64>,
    failure: Option<(u64, Failure)>,
    is_off: bool,
    boots: u64,
    capacity_bytes: Option<u64>,
}

#[derive(Debug, Clone)]
enum Change {
    Put(String, u64),
    Remove(String),
    Rename(String, String),
}

#[derive(Debug, Default, Clone)]
struct Node {
    now: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
}

impl SimDisk {
    pub fn new(seed: u64) -> SimDisk {
        let world =
            World { random: seed, dirs: BTreeSet::from([String::new()]), ..World::default() };
        SimDisk { world: Arc::new(Mutex::new(world)) }
    }

    /// Changing operations so far.
    pub fn steps(&self) -> u64 {
        self.world.lock().steps
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.world.lock().is_off
    }

    /// Cuts the power in the middle of changing operation number `step` (counted from 1).
    pub fn cut_power_at(&self, step: u64) {
        self.world.lock().cut_at = Some(step);
    }

    /// Has changing operation number `step`, or the first after it that can, go wrong.
    pub fn fail_at(&self, step: u64, failure: Failure) {
        self.world.lock().failure = Some((step, failure));
    }

    /// Limits the bytes all files take together.
    pub fn limit(&self, capacity_bytes: Option<u64>) {
        self.world.lock().capacity_bytes = capacity_bytes;
    }

    /// The bytes all files take together.
    pub fn used_bytes(&self) -> u64 {
        self.world.lock().used_bytes()
    }

    /// Starts again: files open until now are dead, what did not survive is gone.
    pub fn restart(&self, restart: Restart) {
        let mut world = self.world.lock();
        world.is_off = false;
        world.cut_at = None;
        world.failure = None;
        world.boots += 1;
        if restart == Restart::PowerCut {
            world.lose_names();
            world.lose_bytes();
        }
    }

    /// Flips one bit of a file: damage no power cut makes.
    pub fn flip_bit(&self, path: &str, byte: usize) {
        let mut world = self.world.lock();
        if let Some(node) = world.names.get(path).copied()
            && let Some(node) = world.nodes.get_mut(&node)
        {
            for bytes in [&mut node.now, &mut node.durable] {
                bytes.get_mut(byte).into_iter().for_each(|b| *b ^= 1);
            }
        }
    }
}

impl World {
    /// The next number of the seeded sequence (splitmix64).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random() % (limit as u64 + 1)) as usize
    }

    /// Counts a changing operation; whether the power goes in the middle of it.
    fn step(&mut self) -> io::Result<bool> {
        if self.is_off {
            return Err(io::Error::other("power is off"));
        }
        self.steps += 1;
        self.is_off = self.cut_at == Some(self.steps);
        Ok(self.is_off)
    }

    /// The failure due now, if it is one of `kinds`.
    fn failure(&mut self, kinds: &[Failure]) -> Option<Failure> {
        let (step, failure) = self.failure?;
        (self.steps >= step && kinds.contains(&failure)).then(|| {
            self.failure = None;
            failure
        })
    }

    fn used_bytes(&self) -> u64 {
        self.nodes.values().map(|node| node.now.len() as u64).sum()
    }

    fn room(&self) -> usize {
        self.capacity_bytes.map_or(usize::MAX, |c| c.saturating_sub(self.used_bytes()) as usize)
    }

    /// A change of names: refused, cut (then half of the time done), or done.
    fn change(&mut self, dir: &str, change: Change) -> io::Result<()> {
        let is_cut = self.step()?;
        if self.failure(&[Failure::Refused]).is_some() {
            return Err(io::Error::other("refused"));
        }
        if !is_cut || self.random().is_multiple_of(2) {
            apply(&mut self.names, &change);
            self.pending.entry(dir.to_owned()).or_default().push(change);
        }
        done_unless(is_cut)
    }

    fn lose_names(&mut self) {
        for (_, changes) in std::mem::take(&mut self.pending) {
            let kept = self.below(changes.len());
            changes[..kept].iter().for_each(|change| apply(&mut self.durable_names, change));
        }
        self.names = self.durable_names.clone();
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.nodes.retain(|id, _| named.contains(id));
    }

    fn lose_bytes(&mut self) {
        let ids: Vec<u64> = self.nodes.keys().copied().collect();
        for id in ids {
            // Everything, nothing, or any sectors.
            let mode = self.random() % 4;
            let Some(mut node) = self.nodes.remove(&id) else { continue };
            self.write_back(&mut node, |world| match mode {
                0 => false,
                1 => true,
                _ => world.random().is_multiple_of(2),
            });
            node.now = node.durable.clone();
            self.nodes.insert(id, node);
        }
    }

    /// Makes the dirty sectors durable that `survives` says, and forgets the others.
    fn write_back(&mut self, node: &mut Node, mut survives: impl FnMut(&mut World) -> bool) {
        if node.durable.len() != node.now.len() && survives(self) {
            node.durable.resize(node.now.len(), 0);
        }
        for sector in std::mem::take(&mut node.dirty) {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(node.now.len()).min(node.durable.len());
            if start < end && survives(self) {
                node.durable[start..end].copy_from_slice(&node.now[start..end]);
            }
        }
    }
}

fn apply(names: &mut BTreeMap<String, u64>, change: &Change) {
    match change {
        Change::Put(path, node) => {
            names.insert(path.clone(), *node);
        }
        Change::Remove(path) => {
            names.remove(path);
        }
        Change::Rename(from, to) => {
            if let Some(node) = names.remove(from) {
                names.insert(to.clone(), node);
            }
        }
    }
}

fn done_unless(is_cut: bool) -> io::Result<()> {
    match is_cut {
        true => Err(io::Error::other("power is off")),
        false => Ok(()),
    }
}

fn absent() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

fn full() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Disk for SimDisk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let world = self.world.lock();
        done_unless(world.is_off)?;
        let node = world.names.get(path).ok_or_else(absent)?;
        Ok(world.nodes.get(node).ok_or_else(absent)?.now.clone())
    }

    fn read_at(&self, path: &str, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let whole = self.read(path)?;
        let end = offset as usize + bytes.len();
        let part = whole.get(offset as usize..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(part);
        Ok(())
    }

    fn size(&self, path: &str) -> io::Result<u64> {
        Ok(self.read(path)?.len() as u64)
    }

    fn list(&self, dir: &str) -> io::Result<Vec<DirEntry>> {
        let world = self.world.lock();
        done_unless(world.is_off)?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let files = world.names.keys().filter(|path| parent(path) == dir);
        let dirs = world.dirs.iter().filter(|path| !path.is_empty() && parent(path) == dir);
        let mut entries: Vec<DirEntry> = files
            .map(|path| DirEntry { name: name(path), is_dir: false })
            .chain(dirs.map(|path| DirEntry { name: name(path), is_dir: true }))
            .collect();
        entries.sort();
        Ok(entries)
    }

    fn create_dir(&self, dir: &str) -> io::Result<()> {
        let mut world = self.world.lock();
        if world.dirs.contains(dir) {
            return done_unless(world.is_off);
        }
        let is_cut = world.step()?;
        if world.failure(&[Failure::Refused]).is_some() {
            return Err(io::Error::other("refused"));
        }
        let mut path = String::new();
        for part in dir.split('/') {
            path.push_str(part);
            if !is_cut || world.random().is_multiple_of(2) {
                world.dirs.insert(path.clone());
            }
            path.push('/');
        }
        done_unless(is_cut)
    }

    fn create(&self, path: &str, reserve_bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut world = self.world.lock();
        if !world.dirs.contains(parent(path)) {
            return Err(absent());
        }
        if reserve_bytes as usize > world.room() {
            return Err(full());
        }
        let id = match world.names.get(path) {
            Some(&id) => id,
            None => {
                let id = world.next_node;
                world.next_node += 1;
                world.nodes.insert(id, Node::default());
                world.change(parent(path), Change::Put(path.to_owned(), id))?;
                id
            }
        };
        let node = world.nodes.entry(id).or_default();
        node.now = vec![0; reserve_bytes as usize];
        node.dirty = (0..node.now.len().div_ceil(SECTOR)).collect();
        let boot = world.boots;
        drop(world);
        Ok(Box::new(SimFile { world: Arc::clone(&self.world), id, boot }))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let world = self.world.lock();
        done_unless(world.is_off)?;
        let id = *world.names.get(path).ok_or_else(absent)?;
        Ok(Box::new(SimFile { world: Arc::clone(&self.world), id, boot: world.boots }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world.lock();
        if !world.names.contains_key(from) {
            return Err(absent());
        }
        if parent(from) != parent(to) {
            return Err(io::Error::other("rename to another folder"));
        }
        world.change(parent(to), Change::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut world = self.world.lock();
        if !world.names.contains_key(path) {
            return Err(absent());
        }
        world.change(parent(path), Change::Remove(path.to_owned()))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut world = self.world.lock();
        done_unless(world.step()?)?;
        if world.failure(&[Failure::Refused]).is_some() {
            return Err(io::Error::other("refused"));
        }
        for change in world.pending.remove(dir).unwrap_or_default() {
            apply(&mut world.durable_names, &change);
        }
        // What no name leads to any more takes no space any more.
        let named: BTreeSet<u64> =
            world.names.values().chain(world.durable_names.values()).copied().collect();
        let pending: BTreeSet<u64> = world
            .pending
            .values()
            .flatten()
            .filter_map(|change| match change {
                Change::Put(_, id) => Some(*id),
                _ => None,
            })
            .collect();
        world.nodes.retain(|id, _| named.contains(id) || pending.contains(id));
        Ok(())
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let world = self.world.lock();
        done_unless(world.is_off)?;
        Ok(world.room() as u64)
    }
}

#[derive(Debug)]
struct SimFile {
    world: Arc<Mutex<World>>,
    id: u64,
    boot: u64,
}

impl SimFile {
    /// Runs one changing operation on the file's node; `act` is told whether the power goes.
    fn change(
        &self,
        act: impl FnOnce(&mut World, &mut Node, bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut world = self.world.lock();
        if world.boots != self.boot {
            return Err(io::Error::other("file of an earlier run"));
        }
        let is_cut = world.step()?;
        let mut node = world.nodes.remove(&self.id).ok_or_else(absent)?;
        let done = act(&mut world, &mut node, is_cut);
        world.nodes.insert(self.id, node);
        done
    }
}

impl DiskFile for SimFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(|world, node, is_cut| {
            let offset = offset as usize;
            // The node itself is not among those counted.
            let room = world.room().max(node.now.len());
            let fits = bytes.len().min(room.saturating_sub(offset));
            let failure = world.failure(&[Failure::Full, Failure::Refused]);
            let count = match (is_cut, failure) {
                (false, None) => fits,
                (false, Some(Failure::Refused)) => 0,
                _ => world.below(fits),
            };
            let end = offset + count;
            if end > node.now.len() {
                node.now.resize(end, 0);
            }
            node.now[offset..end].copy_from_slice(&bytes[..count]);
            node.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
            done_unless(is_cut)?;
            match failure {
                Some(Failure::Refused) => Err(io::Error::other("refused")),
                _ if count < bytes.len() => Err(full()),
                Some(_) => Err(full()),
                None => Ok(()),
            }
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.change(|world, node, is_cut| {
            if is_cut {
                return Err(io::Error::other("power is off"));
            }
            let failure = world.failure(&[Failure::LostSync]);
            world.write_back(node, |world| failure.is_none() || world.random().is_multiple_of(2));
            match failure {
                None => Ok(()),
                Some(_) => Err(io::Error::other("sync failed")),
            }
        })
    }

    fn truncate(&mut self, len_bytes: u64) -> io::Result<()> {
        self.change(|world, node, is_cut| {
            let len = len_bytes as usize;
            if is_cut && world.random().is_multiple_of(2) {
                return Err(io::Error::other("power is off"));
            }
            if world.failure(&[Failure::Refused]).is_some() {
                return Err(io::Error::other("refused"));
            }
            node.now.truncate(len);
            let survives = |world: &mut World| !is_cut || world.random().is_multiple_of(2);
            world.write_back(node, survives);
            done_unless(is_cut)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{replace, write_new};

    #[test]
    fn synced_files_survive_and_unsynced_ones_may_not() {
        let mut outcomes = BTreeSet::new();
        for seed in 0..200 {
            let disk = SimDisk::new(seed);
            disk.create_dir("d").unwrap();
            write_new(&disk, "d/safe", b"safe").unwrap();
            disk.sync_dir("d").unwrap();
            disk.create("d/lost", 0).unwrap().write_at(0, &[7; 1500]).unwrap();
            disk.restart(Restart::PowerCut);
            assert_eq!(disk.read("d/safe").unwrap(), b"safe");
            let sevens = |bytes: Vec<u8>| bytes.iter().filter(|&&b| b == 7).count();
            outcomes.insert(disk.read("d/lost").ok().map(sevens));
        }
        let some = [None, Some(0), Some(476), Some(512), Some(988), Some(1024), Some(1500)];
        assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), some);
    }

    #[test]
    fn a_cut_replace_leaves_the_old_or_the_new_file() {
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let disk = SimDisk::new(seed);
            replace(&disk, "f", b"old").unwrap();
            disk.cut_power_at(disk.steps() + 1 + seed % 5);
            assert!(replace(&disk, "f", b"newer").is_err());
            assert!(disk.read("f").is_err());
            disk.restart(Restart::PowerCut);
            seen.insert(disk.read("f").unwrap());
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [b"newer".to_vec(), b"old".to_vec()]);
    }

    #[test]
    fn a_full_disk_writes_what_fits() {
        let disk = SimDisk::new(1);
        disk.limit(Some(1000));
        let mut file = disk.create("f", 600).unwrap();
        assert_eq!(disk.free_bytes().unwrap(), 400);
        file.write_at(500, &[1; 100]).unwrap();
        let error = file.write_at(600, &[1; 500]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.used_bytes(), 1000);
        assert_eq!(disk.create("g", 1).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_lost_sync_is_not_made_good_by_the_next() {
        let lost = (0..50).filter(|&seed| {
            let disk = SimDisk::new(seed);
            let mut file = disk.create("f", 2048).unwrap();
            file.sync().unwrap();
            disk.sync_dir("").unwrap();
            file.write_at(0, &[1; 2048]).unwrap();
            disk.fail_at(disk.steps() + 1, Failure::LostSync);
            assert!(file.sync().is_err());
            file.sync().unwrap();
            disk.restart(Restart::PowerCut);
            disk.read("f").unwrap().contains(&0)
        });
        assert!(lost.count() > 30);
    }
}
