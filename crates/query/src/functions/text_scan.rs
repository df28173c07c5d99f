//! Finding a needle in a whole column of texts at once.
//!
//! Texts of a plain page lie one behind another in one buffer. It is searched as if it were one
//! text, some bytes at a time, and what is found belongs to the row it lies in.
//! Invariant: the flags are those of [`Needle::is_in`] for each text.

use datafusion::arrow::array::{Array, BooleanBufferBuilder, StringViewArray};
use datafusion::arrow::buffer::BooleanBuffer;

use super::text_search::{Needle, Place, Search};

/// Texts of so many bytes and fewer lie in their views.
const INLINE_MAX: usize = 12;
/// Bytes of a dictionary that cost about as much to search as asking one row's text alone.
const ROW_BYTES: usize = 24;
/// Places compared at a time.
const BLOCK: usize = 64;
/// Places looked at to learn which bytes of the needle are rare.
const SAMPLE: usize = 512;
/// Bytes of the needle compared before the whole of it.
const MARKS_MAX: usize = 3;
/// Short texts remembered at a time, by the upper bits of a product with a large odd number.
const KNOWN: usize = 32;
const KNOWN_SHIFT: u32 = u64::BITS - KNOWN.ilog2();
const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// Rows whose texts lie one behind another in one buffer.
struct Run {
    first_row: usize,
    buffer: usize,
    start: usize,
    end: usize,
}

/// Length of a text, its buffer and its start there. The latter two mean nothing when inline.
fn parts(view: u128) -> (usize, usize, usize) {
    (view as u32 as usize, (view >> 64) as u32 as usize, (view >> 96) as u32 as usize)
}

/// The runs of a column; `None` when the texts lie in another order (dictionary pages repeat them)
/// or so far apart that searching what is between them does not pay.
fn runs(views: &[u128]) -> Option<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    let mut bytes = 0;
    for (row, view) in views.iter().enumerate() {
        let (length, buffer, start) = parts(*view);
        if length <= INLINE_MAX {
            continue;
        }
        bytes += length;
        match runs.last_mut() {
            Some(run) if run.buffer == buffer => {
                if start < run.end {
                    return None;
                }
                run.end = start + length;
            }
            _ => runs.push(Run { first_row: row, buffer, start, end: start + length }),
        }
    }
    let spanned: usize = runs.iter().map(|run| run.end - run.start).sum();
    (spanned <= 2 * bytes).then_some(runs)
}

impl Needle<'_> {
    /// Which texts hold the needle; `None` when each has to be asked alone.
    pub fn flags(&self, texts: &StringViewArray) -> Option<BooleanBuffer> {
        if self.text.is_empty() || matches!(self.place, Place::Start | Place::End) {
            return None;
        }
        let views = texts.views();
        let mut scanner = match &self.search {
            Search::Exact(finder) => Scanner::Exact(finder),
            Search::Ascii { lower, .. } => Scanner::Ascii { lower, marks: Vec::new() },
            Search::Folded(_) => return None,
        };
        let mut flags = BooleanBufferBuilder::new(views.len());
        flags.append_n(views.len(), false);
        if texts.null_count() == texts.len() {
            return Some(flags.finish());
        }
        match runs(views) {
            Some(runs) => {
                for run in runs {
                    let buffer = texts.data_buffers().get(run.buffer)?;
                    let region = buffer.as_slice().get(run.start..run.end)?;
                    self.mark(&mut scanner, region, &run, texts, &mut flags);
                }
            }
            None if is_absent(&mut scanner, texts) => {}
            None => return None,
        }
        if self.text.len() <= INLINE_MAX {
            self.mark_inline(texts, &mut flags);
        }
        if let Some(nulls) = texts.nulls().filter(|nulls| nulls.null_count() > 0) {
            // A missing text holds nothing, whatever lies in its place.
            return Some(&flags.finish() & nulls.inner());
        }
        Some(flags.finish())
    }

    /// Sets the flags of the rows with short texts that hold the needle. Most columns of short
    /// texts repeat a few: what was found of them is remembered.
    fn mark_inline(&self, texts: &StringViewArray, flags: &mut BooleanBufferBuilder) {
        let mut known = [(0_u128, false); KNOWN];
        for (row, view) in texts.views().iter().enumerate() {
            let length = parts(*view).0;
            if length > INLINE_MAX || length < self.text.len() {
                continue;
            }
            let mixed = ((*view >> 32) as u64 ^ (*view >> 64) as u64).wrapping_mul(MIX);
            let (text, is_in) = &mut known[(mixed >> KNOWN_SHIFT) as usize];
            if *text != *view {
                (*text, *is_in) = (*view, self.is_in(texts.value(row)));
            }
            if *is_in {
                flags.set_bit(row, true);
            }
        }
    }

    /// Sets the flags of the run's rows that hold the needle.
    fn mark(
        &self,
        scanner: &mut Scanner<'_>,
        region: &[u8],
        run: &Run,
        texts: &StringViewArray,
        flags: &mut BooleanBufferBuilder,
    ) {
        let views = texts.views();
        let mut row = run.first_row;
        let mut from = 0;
        while let Some(at) = scanner.find(region, from) {
            let place = run.start + at;
            // The first text that ends behind the place; places only grow, and so do the rows.
            let (start, end) = loop {
                let Some(view) = views.get(row) else { return };
                let (length, _, start) = parts(*view);
                if length > INLINE_MAX && start + length > place {
                    break (start, start + length);
                }
                row += 1;
            };
            if place < start {
                from = start - run.start;
            } else if place + self.text.len() <= end
                && (self.place == Place::Anywhere || self.bounded(texts.value(row), place - start))
            {
                flags.set_bit(row, true);
                from = end - run.start;
            } else {
                from = at + 1;
            }
        }
    }
}

/// Whether the needle is nowhere between the first and the last of the texts that lie in buffers,
/// where learning that costs little: dictionaries are small, and most of them lack a word.
fn is_absent(scanner: &mut Scanner<'_>, texts: &StringViewArray) -> bool {
    let mut spans = vec![(usize::MAX, 0); texts.data_buffers().len()];
    for view in texts.views() {
        let (length, buffer, start) = parts(*view);
        if length > INLINE_MAX
            && let Some(span) = spans.get_mut(buffer)
        {
            *span = (span.0.min(start), span.1.max(start + length));
        }
    }
    let regions = texts.data_buffers().iter().zip(spans);
    let regions: Vec<&[u8]> =
        regions.filter_map(|(buffer, (start, end))| buffer.as_slice().get(start..end)).collect();
    let bytes: usize = regions.iter().map(|region| region.len()).sum();
    bytes <= texts.len() * ROW_BYTES
        && regions.iter().all(|region| scanner.find(region, 0).is_none())
}

/// A byte of the needle compared at every place: its position, the bits that make letters small,
/// and the byte after that.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    fold: u8,
    byte: u8,
}

impl Mark {
    fn new(lower: &[u8], at: usize) -> Mark {
        let byte = lower[at];
        // The bit that makes an ASCII letter small turns no other byte into a letter.
        Mark { at, fold: if byte.is_ascii_alphabetic() { 0x20 } else { 0 }, byte }
    }
    fn is_at(self, byte: u8) -> bool {
        byte | self.fold == self.byte
    }
}

enum Scanner<'n> {
    Exact(&'n memchr::memmem::Finder<'n>),
    /// ASCII ignoring case, with the marks once they are chosen.
    Ascii {
        lower: &'n [u8],
        marks: Vec<Mark>,
    },
}

impl Scanner<'_> {
    /// The next place of the needle's bytes.
    fn find(&mut self, region: &[u8], from: usize) -> Option<usize> {
        match self {
            Scanner::Exact(finder) => Some(from + finder.find(region.get(from..)?)?),
            Scanner::Ascii { lower, marks } => {
                if region.len() < lower.len() {
                    return None;
                }
                if marks.is_empty() {
                    *marks = choose(lower, region);
                }
                find_folded(lower, marks, region, from)
            }
        }
    }
}

/// The needle's bytes that together leave the fewest places of a sample. The region is no shorter
/// than the needle.
fn choose(lower: &[u8], region: &[u8]) -> Vec<Mark> {
    let places = (region.len() + 1).saturating_sub(lower.len()).min(SAMPLE);
    let mut left = [1_u8; SAMPLE];
    let mut marks: Vec<Mark> = Vec::with_capacity(MARKS_MAX);
    while marks.len() < MARKS_MAX.min(lower.len()) {
        let count = |mark: &Mark| -> u32 {
            let bytes = region[mark.at..].iter().zip(&left[..places]);
            bytes.map(|(byte, left)| u32::from(u8::from(mark.is_at(*byte)) & left)).sum()
        };
        let others = (0..lower.len()).map(|at| Mark::new(lower, at));
        let others = others.filter(|mark| marks.iter().all(|known| known.at != mark.at));
        let Some(best) = others.min_by_key(count) else { break };
        for (left, byte) in left[..places].iter_mut().zip(&region[best.at..]) {
            *left &= u8::from(best.is_at(*byte));
        }
        marks.push(best);
        if left[..places].iter().all(|left| *left == 0) {
            break;
        }
    }
    marks
}

/// The first place from `from` on where `region` has the bytes of `lower`, letters of any case.
fn find_folded(lower: &[u8], marks: &[Mark], region: &[u8], from: usize) -> Option<usize> {
    let end = (region.len() + 1).checked_sub(lower.len())?;
    let same = |at: usize| region[at..at + lower.len()].eq_ignore_ascii_case(lower);
    let mut base = from;
    while base + BLOCK <= end {
        let mut hits = [1_u8; BLOCK];
        for mark in marks {
            if let Some(bytes) = region[base + mark.at..].first_chunk::<BLOCK>() {
                for (hit, byte) in hits.iter_mut().zip(bytes) {
                    *hit &= u8::from(mark.is_at(*byte));
                }
            }
        }
        for (word, eight) in hits.as_chunks::<8>().0.iter().enumerate() {
            let mut word_hits = u64::from_le_bytes(*eight);
            while word_hits != 0 {
                let at = base + word * 8 + word_hits.trailing_zeros() as usize / 8;
                if same(at) {
                    return Some(at);
                }
                word_hits &= word_hits - 1;
            }
        }
        base += BLOCK;
    }
    (base..end).find(|at| same(*at))
}
