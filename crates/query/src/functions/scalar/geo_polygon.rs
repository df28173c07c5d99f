//! `geo_point_in_polygon`: polygons of GeoJSON with edges along great circles.
//!
//! Invariant: a polygon that breaks the rules (open or short rings, repeated points, edges that
//! cross) gives null, never a guess.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;
use super::geo::Point;

pub(super) const FAMILY: &[(&str, Build)] = &[("geo_point_in_polygon", |c| c.kernel(in_polygon))];

/// A point on the unit sphere.
type Vector = [f64; 3];

/// Points in order, without the repeated last one.
struct Ring(Vec<Vector>);

/// The outer ring, then the holes.
type Polygon = Vec<Ring>;

fn vector(point: Point) -> Vector {
    let (longitude, latitude) = (point.longitude, point.latitude);
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: &Vector, b: &Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// `(longitude, latitude, polygon)`.
fn in_polygon(args: &Args) -> Result<ArrayRef> {
    let (longitudes, latitudes, shapes) = (args.real(0)?, args.real(1)?, args.text(2)?);
    let constant = shapes.constant().map(polygons);
    args.bools(|row| {
        let own;
        let polygons = match &constant {
            Some(polygons) => polygons.as_ref()?,
            None => {
                own = polygons(shapes.get(row)?)?;
                &own
            }
        };
        let point = vector(Point::new(longitudes.get(row)?, latitudes.get(row)?)?);
        Some(polygons.iter().any(|polygon| holds(polygon, &point)))
    })
}

fn holds(polygon: &Polygon, point: &Vector) -> bool {
    let Some((shell, holes)) = polygon.split_first() else { return false };
    shell.holds(point) && !holes.iter().any(|hole| hole.holds(point))
}

/// The polygons of a `Polygon` or `MultiPolygon`.
fn polygons(shape: &str) -> Option<Vec<Polygon>> {
    let coordinates = scan::property(shape, "coordinates")?;
    match &*scan::plain(scan::property(shape, "type")?) {
        "Polygon" => Some(vec![polygon(coordinates)?]),
        "MultiPolygon" => scan::each_element(coordinates)?.map(polygon).collect(),
        _ => None,
    }
}

fn polygon(coordinates: &str) -> Option<Polygon> {
    let rings: Polygon = scan::each_element(coordinates)?.map(Ring::new).collect::<Option<_>>()?;
    (!rings.is_empty()).then_some(rings)
}

impl Ring {
    fn new(positions: &str) -> Option<Ring> {
        let mut points = Vec::new();
        for position in scan::each_element(positions)? {
            let numbers = scan::elements(position)?;
            let [longitude, latitude] = numbers.as_slice() else { return None };
            points.push(vector(Point::new(scan::number(longitude)?, scan::number(latitude)?)?));
        }
        if points.len() < 4 || points.pop() != points.first().copied() {
            return None;
        }
        let ring = Ring(points);
        ring.is_simple().then_some(ring)
    }

    fn edges(&self) -> impl Iterator<Item = (&Vector, &Vector)> {
        let next = self.0.iter().cycle().skip(1);
        self.0.iter().zip(next)
    }

    /// No point twice and no edges that cross.
    fn is_simple(&self) -> bool {
        let edges: Vec<_> = self.edges().collect();
        edges.iter().enumerate().all(|(at, (a, b))| {
            edges[at + 1..].iter().all(|(c, d)| {
                // Neighbours meet in a point of both.
                a != c && (b == c || a == d || !crosses((a, b), (c, d)))
            })
        })
    }

    /// By how often the ring winds around the point. The point opposite sees the same winding, so
    /// the point must also lie on the ring's side of the Earth.
    fn holds(&self, point: &Vector) -> bool {
        let turn = |(a, b): (&Vector, &Vector)| {
            let (to_a, to_b) = (cross(point, a), cross(point, b));
            dot(point, &cross(a, b)).atan2(dot(&to_a, &to_b))
        };
        let winding: f64 = self.edges().map(turn).sum();
        let side: f64 = self.0.iter().map(|vertex| dot(point, vertex)).sum();
        winding.abs() > std::f64::consts::PI && side > 0.0
    }
}

/// Whether two edges cross at a point inside both.
fn crosses((a, b): (&Vector, &Vector), (c, d): (&Vector, &Vector)) -> bool {
    let (ab, cd) = (cross(a, b), cross(c, d));
    let (c_side, d_side) = (dot(&ab, c), dot(&ab, d));
    let (a_side, b_side) = (dot(&cd, a), dot(&cd, b));
    // Opposite sides of both great circles, and the near one of the two places they meet.
    c_side * d_side < 0.0 && a_side * b_side < 0.0 && c_side * b_side > 0.0
}
