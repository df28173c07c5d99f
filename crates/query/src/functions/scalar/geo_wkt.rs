//! `geo_from_wkt`: shapes in well-known text as GeoJSON; null for what cannot be read.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[("geo_from_wkt", |c| c.kernel(from_wkt))];

/// Collections within collections.
const DEPTH_MAX: usize = 32;

fn from_wkt(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| {
        let mut reader = Reader { rest: texts.text(row) };
        let shape = reader.shape(0).filter(|_| reader.rest.trim().is_empty());
        shape.is_some_and(|shape| {
            out.push_str(&shape);
            true
        })
    })
}

struct Reader<'w> {
    rest: &'w str,
}

impl<'w> Reader<'w> {
    fn take(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(c)?;
        Some(())
    }

    fn word(&mut self) -> &'w str {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        self.rest = &rest[end..];
        &rest[..end]
    }

    /// A shape as GeoJSON.
    fn shape(&mut self, depth: usize) -> Option<String> {
        let (name, levels) = match self.word().to_ascii_uppercase().as_str() {
            "POINT" => ("Point", 0),
            "LINESTRING" => ("LineString", 1),
            "MULTIPOINT" => ("MultiPoint", 1),
            "POLYGON" => ("Polygon", 2),
            "MULTILINESTRING" => ("MultiLineString", 2),
            "MULTIPOLYGON" => ("MultiPolygon", 3),
            "GEOMETRYCOLLECTION" if depth < DEPTH_MAX => {
                let shapes = self.list(|reader| reader.shape(depth + 1))?;
                return Some(format!(
                    "{{\"type\":\"GeometryCollection\",\"geometries\":[{}]}}",
                    shapes.join(",")
                ));
            }
            _ => return None,
        };
        let coordinates = match levels {
            0 => {
                self.take('(')?;
                let position = self.position()?;
                self.take(')')?;
                position
            }
            _ => self.nested(levels, name == "MultiPoint")?,
        };
        Some(format!("{{\"type\":\"{name}\",\"coordinates\":{coordinates}}}"))
    }

    /// Items in parentheses with commas between.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.take('(')?;
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if self.take(',').is_none() {
                self.take(')')?;
                return Some(items);
            }
        }
    }

    fn nested(&mut self, levels: usize, points: bool) -> Option<String> {
        let items = self.list(|reader| match levels {
            // `MULTIPOINT ((1 1), (2 2))` is also written.
            1 if points && reader.rest.trim_start().starts_with('(') => {
                reader.take('(')?;
                let position = reader.position()?;
                reader.take(')')?;
                Some(position)
            }
            1 => reader.position(),
            _ => reader.nested(levels - 1, points),
        })?;
        Some(format!("[{}]", items.join(",")))
    }

    /// Longitude and latitude.
    fn position(&mut self) -> Option<String> {
        let mut out = String::from("[");
        for limit in [180.0, 90.0] {
            let rest = self.rest.trim_start();
            let end = rest.find([' ', ',', ')', '\t', '\n', '\r']).unwrap_or(rest.len());
            let number: f64 = rest[..end].parse().ok()?;
            if number.is_nan() || number.abs() > limit {
                return None;
            }
            self.rest = &rest[end..];
            scan::separate(&mut out);
            json::write_real(&mut out, number);
        }
        out.push(']');
        Some(out)
    }
}
