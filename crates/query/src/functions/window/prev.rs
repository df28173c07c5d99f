//! `prev`, `next`: the value of a column some rows before or behind, a default where there is no
//! such row.

use std::collections::VecDeque;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::interleave;
use datafusion::common::{Result, ScalarValue};

use crate::serial::value_bytes;

/// Rows that came in one batch, kept while other rows may ask for their values.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The number of the first row.
    start: u64,
    rows: usize,
    /// One column per `prev` and `next`.
    values: Vec<ArrayRef>,
    /// The number of each row's group; none when all rows are one group.
    groups: Option<Vec<u64>>,
    bytes: usize,
}

impl Chunk {
    fn group(&self, row: usize) -> Option<u64> {
        self.groups.as_ref().and_then(|groups| groups.get(row).copied())
    }
}

/// The rows around those that come out next.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    chunks: VecDeque<Chunk>,
    /// How many rows came in.
    rows: u64,
    bytes: usize,
}

impl Neighbours {
    pub fn push(&mut self, rows: usize, values: Vec<ArrayRef>, groups: Option<Vec<u64>>) {
        let group_bytes = groups.as_ref().map_or(0, |groups| groups.len() * 8);
        let bytes = values.iter().map(|v| value_bytes(v)).sum::<usize>() + group_bytes;
        self.bytes += bytes;
        self.chunks.push_back(Chunk { start: self.rows, rows, values, groups, bytes });
        self.rows += rows as u64;
    }

    /// How many rows came in so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets go of the rows before row number `first`.
    pub fn forget_before(&mut self, first: u64) {
        while let Some(chunk) = self.chunks.front()
            && chunk.start + chunk.rows as u64 <= first
        {
            self.bytes -= chunk.bytes;
            self.chunks.pop_front();
        }
    }

    /// Of each row of the chunk that begins with row number `start`, the value of column `column`
    /// `distance` rows further on; `default` where that row is not there or in another group.
    pub fn fetch(
        &self,
        start: u64,
        column: usize,
        distance: i64,
        default: &ScalarValue,
    ) -> Result<ArrayRef> {
        let default = default.to_array()?;
        let mut arrays: Vec<&dyn Array> = vec![default.as_ref()];
        arrays.extend(self.chunks.iter().filter_map(|c| Some(c.values.get(column)?.as_ref())));
        let own = self.chunks.partition_point(|c| c.start < start);
        let Some(chunk) = self.chunks.get(own) else { return Ok(default.slice(0, 0)) };
        let mut indices = Vec::with_capacity(chunk.rows);
        // The rows asked for follow one another, so the search only goes on.
        let mut at = 0;
        for row in 0..chunk.rows {
            let number = start.saturating_add(row as u64).checked_add_signed(distance);
            while let (Some(number), Some(next)) = (number, self.chunks.get(at + 1))
                && next.start <= number
            {
                at += 1;
            }
            let found = number.and_then(|number| {
                let there = self.chunks.get(at)?;
                let place = usize::try_from(number.checked_sub(there.start)?).ok()?;
                let is_same = place < there.rows && there.group(place) == chunk.group(row);
                is_same.then_some((at + 1, place))
            });
            indices.push(found.unwrap_or((0, 0)));
        }
        Ok(interleave(&arrays, &indices)?)
    }
}
