//! How often an address may send wrong keys.
//!
//! Invariant: an address is held back only for what it sent itself, and the table does not grow
//! with the number of addresses.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use model::time::MINUTE;
use parking_lot::Mutex;

/// Wrong keys one address may send in a minute.
pub const FAILURES_MAX: u32 = 10;
const ADDRESSES_MAX: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Failures {
    /// When the first of them was, nanoseconds since 1970.
    since: i64,
    count: u32,
}

/// Addresses that sent wrong keys within a minute.
#[derive(Debug, Default)]
pub struct Table(Mutex<HashMap<IpAddr, Failures>>);

impl Table {
    /// Nanoseconds the address has to wait before a key of its is looked at.
    pub fn wait(&self, address: IpAddr, now: i64) -> Option<i64> {
        let table = self.0.lock();
        let failures = table.get(&group(address))?;
        let wait = failures.since.saturating_add(MINUTE).saturating_sub(now);
        (failures.count >= FAILURES_MAX && wait > 0).then_some(wait)
    }

    /// Counts a wrong key.
    pub fn add(&self, address: IpAddr, now: i64) {
        let mut table = self.0.lock();
        let address = group(address);
        let is_over = |failures: &Failures| now.saturating_sub(failures.since) >= MINUTE;
        if table.len() >= ADDRESSES_MAX && !table.contains_key(&address) {
            table.retain(|_, failures| !is_over(failures));
            // Whoever commands so many addresses gains nothing from one that is forgotten.
            if table.len() >= ADDRESSES_MAX
                && let Some(any) = table.keys().next().copied()
            {
                table.remove(&any);
            }
        }
        let failures = table.entry(address).or_insert(Failures { since: now, count: 0 });
        if is_over(failures) {
            *failures = Failures { since: now, count: 0 };
        }
        failures.count += 1;
    }
}

/// The address, or its network: who has one IPv6 address usually has 2⁶⁴ of them.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        address => address,
    }
}
