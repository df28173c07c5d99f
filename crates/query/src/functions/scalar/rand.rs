//! `rand`, `new_guid`: another value in every row.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::logical_expr::Expr;
use model::Type;

use super::super::kernel::call_volatile;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("rand", rand), ("new_guid", new_guid)];

/// SplitMix64 from a seed the operating system gave this process's hash tables.
struct Random(u64);

impl Random {
    fn new() -> Random {
        static BATCH: AtomicU64 = AtomicU64::new(0);
        Random(RandomState::new().hash_one(BATCH.fetch_add(1, Ordering::Relaxed)))
    }
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// In `[0, 1)`.
    fn real(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn rand(call: Call) -> Result<Expr, Error> {
    Ok(call_volatile(call.name, call.args, &call.types, call.result, |args| {
        let mut random = Random::new();
        if !args.has(0) {
            return args.reals(|_| Some(random.real()));
        }
        let limit = args.long(0)?;
        let whole = args.result.arrow() != Type::Real.arrow();
        let mut draw = |row: usize| -> Option<f64> {
            let limit = limit.get(row)?;
            let value = random.real();
            Some(if limit > 1 { (value * limit as f64).floor() } else { value })
        };
        if whole { args.whole(|row| Some(draw(row)? as i64)) } else { args.reals(draw) }
    }))
}

fn new_guid(call: Call) -> Result<Expr, Error> {
    Ok(call_volatile(call.name, call.args, &call.types, call.result, |args| {
        let mut random = Random::new();
        args.texts(|_, out| {
            let (a, b) = (random.bits(), random.bits());
            // Version 4, variant 1. Writing to a String cannot fail.
            let _ = write!(
                out,
                "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
                a >> 32,
                (a >> 16) & 0xffff,
                a & 0xfff,
                (b >> 48) & 0x3fff | 0x8000,
                b & 0xffff_ffff_ffff
            );
            true
        })
    }))
}
