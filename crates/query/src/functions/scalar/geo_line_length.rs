//! `geo_line_length`: the edges of a GeoJSON line along great circles, in metres.
//!
//! Invariant: what is no line gives null; several lines, whose common parts would count once, are
//! refused.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use kql::codes;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::{self, Args};
use super::geo::{Point, distance};

pub(super) const FAMILY: &[(&str, Build)] = &[("geo_line_length", |c| c.kernel(lengths))];

fn lengths(args: &Args) -> Result<ArrayRef> {
    let shapes = args.text(0)?;
    if (0..args.rows).any(|row| shapes.get(row).is_some_and(has_several_lines)) {
        let message = "`geo_line_length()` of several lines is not supported".to_owned();
        return kernel::refused(codes::NOT_SUPPORTED, message);
    }
    args.reals(|row| length(shapes.get(row)?))
}

fn has_several_lines(shape: &str) -> bool {
    let is_multi =
        scan::property(shape, "type").is_some_and(|t| scan::plain(t) == "MultiLineString");
    let lines = scan::property(shape, "coordinates").and_then(scan::each_element);
    is_multi && lines.is_some_and(|lines| lines.count() > 1)
}

fn length(shape: &str) -> Option<f64> {
    let coordinates = scan::property(shape, "coordinates")?;
    let line = match &*scan::plain(scan::property(shape, "type")?) {
        "LineString" => coordinates,
        "MultiLineString" => scan::each_element(coordinates)?.next()?,
        _ => return None,
    };
    let points: Vec<Point> = scan::each_element(line)?.map(point).collect::<Option<_>>()?;
    (points.len() > 1).then(|| points.windows(2).map(|edge| distance(edge[0], edge[1])).sum())
}

fn point(pair: &str) -> Option<Point> {
    let mut numbers = scan::each_element(pair)?;
    Point::new(scan::number(numbers.next()?)?, scan::number(numbers.next()?)?)
}
