//! Widths of texts in the fonts badges are measured in, which are not the fonts at hand.
//!
//! Measured widths per code point come from anafanafo 2.0.0 (MIT; spec badges.md §2.2). They lie
//! packed in `widths.bin`, little-endian 16-bit numbers: how many pages, blocks and widths there
//! are; for each page of 128 code points its block; for each code point of a block its widths; the
//! widths, four numbers in hundredths of a pixel, one per font.
//! The test below packs `tests/badges/widths` again and compares; `ACCEPT=1` rewrites the file.

const PAGE: usize = 128;
const FONTS: usize = 4;

/// A font that texts are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Font {
    Verdana11,
    Verdana10,
    Verdana10Bold,
    Helvetica11Bold,
}

static PACKED: &[u8] = include_bytes!("widths.bin");
static TABLE: [u16; PACKED.len() / 2] = numbers();

const fn numbers() -> [u16; PACKED.len() / 2] {
    let mut table = [0; PACKED.len() / 2];
    let mut at = 0;
    while at < table.len() {
        table[at] = u16::from_le_bytes([PACKED[2 * at], PACKED[2 * at + 1]]);
        at += 1;
    }
    table
}

const HEAD: usize = 3;
const PAGES: usize = TABLE_HEAD[0] as usize;
const BLOCKS: usize = TABLE_HEAD[1] as usize;
const TABLE_HEAD: [u16; HEAD] = {
    let table = numbers();
    [table[0], table[1], table[2]]
};

/// The width of `text` in pixels: the widths of its code points, added in order.
///
/// The sum is of binary fractions as the original's is; whole hundredths would round otherwise in
/// one text of 500. Control characters have no width, unknown ones that of `m`.
pub(super) fn width(text: &str, font: Font) -> f64 {
    text.chars().map(|c| f64::from(hundredths(c, font)) / 100.0).sum()
}

fn hundredths(c: char, font: Font) -> u16 {
    let (page, place) = (c as usize / PAGE, c as usize % PAGE);
    let number = |at: usize| TABLE.get(at).copied().map_or(0, usize::from);
    // The first widths are those of unknown code points.
    let widths = match page < PAGES {
        true => number(HEAD + PAGES + number(HEAD + page) * PAGE + place),
        false => 0,
    };
    let at = HEAD + PAGES + BLOCKS * PAGE + widths * FONTS + font as usize;
    TABLE.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FILES: [&str; FONTS] =
        ["verdana-11px-normal", "verdana-10px-normal", "verdana-10px-bold", "helvetica-11px-bold"];

    fn root() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// Widths of the mapped code points in all fonts, from the text files.
    fn measured() -> BTreeMap<usize, [u16; FONTS]> {
        let mut all = BTreeMap::new();
        for (font, file) in FILES.iter().enumerate() {
            let path = root().join(format!("tests/badges/widths/{file}.tsv"));
            for line in std::fs::read_to_string(path).unwrap().lines() {
                let cells: Vec<&str> = line.split('\t').collect();
                let first = usize::from_str_radix(cells[0], 16).unwrap();
                let more = usize::from_str_radix(cells[1], 16).unwrap();
                for c in first..=first + more {
                    all.entry(c).or_insert([0; FONTS])[font] = cells[2].parse().unwrap();
                }
            }
        }
        for control in (0..0x20).chain([0x7f]) {
            all.insert(control, [0; FONTS]);
        }
        all
    }

    fn pack(measured: &BTreeMap<usize, [u16; FONTS]>) -> Vec<u8> {
        let mut widths = vec![measured[&usize::from(b'm')]];
        let mut blocks: Vec<Vec<u16>> = Vec::new();
        let mut pages: Vec<u16> = Vec::new();
        for page in 0..=measured.keys().max().unwrap() / PAGE {
            let block = (page * PAGE..(page + 1) * PAGE).map(|c| {
                let Some(of_c) = measured.get(&c) else { return 0 };
                let known = widths.iter().skip(1).position(|w| w == of_c).map(|at| at + 1);
                known.unwrap_or_else(|| {
                    widths.push(*of_c);
                    widths.len() - 1
                }) as u16
            });
            let block: Vec<u16> = block.collect();
            let known = blocks.iter().position(|b| *b == block);
            pages.push(known.unwrap_or_else(|| {
                blocks.push(block);
                blocks.len() - 1
            }) as u16);
        }
        let head = [pages.len() as u16, blocks.len() as u16, widths.len() as u16];
        let numbers = head.into_iter().chain(pages).chain(blocks.concat()).chain(widths.concat());
        numbers.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn the_packed_widths_are_the_measured_ones() {
        let measured = measured();
        let packed = pack(&measured);
        if std::env::var_os("ACCEPT").is_some() {
            std::fs::write(root().join("crates/azdo/src/badge/widths.bin"), &packed).unwrap();
        }
        assert!(packed == PACKED, "run with ACCEPT=1, then build again");
        assert!(PACKED.len() < 150 * 1024, "{} bytes", PACKED.len());
        let m = measured[&usize::from(b'm')];
        let fonts = [Font::Verdana11, Font::Verdana10, Font::Verdana10Bold, Font::Helvetica11Bold];
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let of_c = measured.get(&(c as usize)).unwrap_or(&m);
            assert_eq!(fonts.map(|font| hundredths(c, font)), *of_c, "{c:?}");
        }
    }
}
