//! `geo_point_to_geohash`, `geo_geohash_*`: places as texts of 1 to 18 characters.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;
use super::array::write_texts;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("geo_point_to_geohash", |c| c.kernel(of_point)),
    ("geo_geohash_to_central_point", |c| {
        c.kernel(|a| {
            each(a, |cell, out| {
                let (longitude, latitude) = cell.center();
                out.push_str("{\"type\":\"Point\",\"coordinates\":");
                write_position(out, longitude, latitude);
                out.push('}');
            })
        })
    }),
    ("geo_geohash_to_polygon", |c| c.kernel(|a| each(a, write_polygon))),
    ("geo_geohash_neighbors", |c| c.kernel(neighbors)),
];

const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
const LENGTH_MAX: usize = 18;
/// The length when none is asked for.
const LENGTH: i64 = 5;

/// The ends of a rectangle, in degrees.
#[derive(Debug, Clone, Copy)]
struct Cell {
    longitude: (f64, f64),
    latitude: (f64, f64),
}

const WORLD: Cell = Cell { longitude: (-180.0, 180.0), latitude: (-90.0, 90.0) };

fn middle((low, high): (f64, f64)) -> f64 {
    f64::midpoint(low, high)
}

impl Cell {
    fn center(&self) -> (f64, f64) {
        (middle(self.longitude), middle(self.latitude))
    }

    /// Halves the cell by its longitude or latitude.
    fn halve(&mut self, by_longitude: bool, upper: bool) {
        let side = if by_longitude { &mut self.longitude } else { &mut self.latitude };
        let at = middle(*side);
        if upper {
            side.0 = at;
        } else {
            side.1 = at;
        }
    }

    fn of(hash: &str) -> Option<Cell> {
        if hash.is_empty() || hash.len() > LENGTH_MAX {
            return None;
        }
        let mut cell = WORLD;
        let mut by_longitude = true;
        for byte in hash.bytes() {
            let byte = byte.to_ascii_lowercase();
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            for bit in (0..5).rev() {
                cell.halve(by_longitude, digit >> bit & 1 == 1);
                by_longitude = !by_longitude;
            }
        }
        Some(cell)
    }
}

/// The cell of so many characters that holds the point.
fn hash_of(longitude: f64, latitude: f64, length: usize) -> String {
    let mut cell = WORLD;
    let mut by_longitude = true;
    let mut hash = String::with_capacity(length);
    for _ in 0..length {
        let mut digit = 0;
        for _ in 0..5 {
            let (value, side) = match by_longitude {
                true => (longitude, cell.longitude),
                false => (latitude, cell.latitude),
            };
            let upper = value >= middle(side);
            cell.halve(by_longitude, upper);
            digit = digit << 1 | usize::from(upper);
            by_longitude = !by_longitude;
        }
        hash.push(char::from(ALPHABET[digit]));
    }
    hash
}

/// `(longitude, latitude[, length])`: `''` for what is no place or no length.
fn of_point(args: &Args) -> Result<ArrayRef> {
    let (longitudes, latitudes) = (args.real(0)?, args.real(1)?);
    let lengths = if args.has(2) { Some(args.long(2)?) } else { None };
    args.texts(|row, out| {
        let length = lengths.as_ref().map_or(Some(LENGTH), |lengths| lengths.get(row));
        let length = length.and_then(|n| usize::try_from(n).ok());
        let (Some(longitude), Some(latitude), Some(length)) =
            (longitudes.get(row), latitudes.get(row), length)
        else {
            return false;
        };
        let exists = longitude.abs() <= 180.0 && latitude.abs() <= 90.0;
        if !exists || !(1..=LENGTH_MAX).contains(&length) {
            return false;
        }
        out.push_str(&hash_of(longitude, latitude, length));
        true
    })
}

fn each(args: &Args, write: fn(&Cell, &mut String)) -> Result<ArrayRef> {
    let hashes = args.text(0)?;
    args.texts(|row, out| match Cell::of(hashes.text(row)) {
        Some(cell) => {
            write(&cell, out);
            true
        }
        None => false,
    })
}

fn write_position(out: &mut String, longitude: f64, latitude: f64) {
    out.push('[');
    json::write_real(out, longitude);
    out.push(',');
    json::write_real(out, latitude);
    out.push(']');
}

/// Counterclockwise from the south-west.
fn write_polygon(cell: &Cell, out: &mut String) {
    let ((west, east), (south, north)) = (cell.longitude, cell.latitude);
    out.push_str("{\"type\":\"Polygon\",\"coordinates\":[[");
    for (longitude, latitude) in
        [(west, south), (east, south), (east, north), (west, north), (west, south)]
    {
        scan::separate(out);
        write_position(out, longitude, latitude);
    }
    out.push_str("]]}");
}

/// The cells around, in the vendor's order; beyond the poles there is none.
fn neighbors(args: &Args) -> Result<ArrayRef> {
    const STEPS: [(f64, f64); 8] = [
        (-1.0, -1.0),
        (-1.0, 1.0),
        (1.0, -1.0),
        (0.0, 1.0),
        (-1.0, 0.0),
        (1.0, 1.0),
        (1.0, 0.0),
        (0.0, -1.0),
    ];
    let hashes = args.text(0)?;
    args.texts(|row, out| {
        let hash = hashes.text(row);
        let Some(cell) = Cell::of(hash) else { return false };
        let (longitude, latitude) = cell.center();
        let width = cell.longitude.1 - cell.longitude.0;
        let height = cell.latitude.1 - cell.latitude.0;
        let around = STEPS.iter().filter_map(|(east, north)| {
            let latitude = latitude + north * height;
            // Across the date line the count starts over.
            let longitude = (longitude + east * width + 180.0).rem_euclid(360.0) - 180.0;
            (latitude.abs() < 90.0).then(|| hash_of(longitude, latitude, hash.len()))
        });
        let around: Vec<String> = around.collect();
        write_texts(out, around.iter().map(String::as_str));
        true
    })
}
