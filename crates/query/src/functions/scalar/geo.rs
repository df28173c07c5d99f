//! Points on the Earth as a sphere: `geo_distance_2points`, `geo_point_in_circle`, `geo_azimuth`,
//! `geo_angle`; degrees, longitude first. Null for coordinates that do not exist.

use std::f64::consts::TAU;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Expr;
use kql::codes;

use super::super::kernel::{Args, Reals};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("geo_distance_2points", distance_of_points),
    ("geo_point_in_circle", |c| c.kernel(in_circle)),
    ("geo_azimuth", |c| {
        c.kernel(|args| {
            let points = points(args, 2)?;
            args.reals(|row| {
                let points = points(row)?;
                azimuth(points[0], points[1])
            })
        })
    }),
    // Clockwise, at the second point from the first to the third.
    ("geo_angle", |c| {
        c.kernel(|args| {
            let points = points(args, 3)?;
            args.reals(|row| {
                let points = points(row)?;
                let (from, to) = (azimuth(points[1], points[0])?, azimuth(points[1], points[2])?);
                Some((to - from).rem_euclid(TAU))
            })
        })
    }),
];

/// The vendor's radius of the Earth, in metres.
const RADIUS_METRES: f64 = 6_371_010.0;

/// Longitude and latitude, in radians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub longitude: f64,
    pub latitude: f64,
}

impl Point {
    /// From degrees; `None` for what is no place.
    pub fn new(longitude: f64, latitude: f64) -> Option<Point> {
        let exists = longitude.abs() <= 180.0 && latitude.abs() <= 90.0;
        exists.then(|| Point { longitude: longitude.to_radians(), latitude: latitude.to_radians() })
    }
}

/// The first `count` pairs of arguments as points.
fn points(args: &Args, count: usize) -> Result<impl Fn(usize) -> Option<Vec<Point>>> {
    let columns: Vec<Reals> = (0..2 * count).map(|k| args.real(k)).collect::<Result<_>>()?;
    Ok(move |row| {
        columns
            .chunks(2)
            .map(|pair| Point::new(pair.first()?.get(row)?, pair.get(1)?.get(row)?))
            .collect()
    })
}

/// By the haversine, in metres.
pub(super) fn distance(a: Point, b: Point) -> f64 {
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(b.latitude - a.latitude)
        + a.latitude.cos() * b.latitude.cos() * half(b.longitude - a.longitude);
    2.0 * RADIUS_METRES * h.sqrt().min(1.0).asin()
}

/// Clockwise from north; `None` where no direction is the shortest: to the point itself and to the
/// one opposite.
fn azimuth(from: Point, to: Point) -> Option<f64> {
    const TINY_METRES: f64 = 1e-6;
    let length = distance(from, to);
    let opposite_metres = RADIUS_METRES * std::f64::consts::PI;
    if !(TINY_METRES..=opposite_metres - TINY_METRES).contains(&length) {
        return None;
    }
    let turn = to.longitude - from.longitude;
    let east = turn.sin() * to.latitude.cos();
    let north = from.latitude.cos() * to.latitude.sin()
        - from.latitude.sin() * to.latitude.cos() * turn.cos();
    Some(east.atan2(north).rem_euclid(TAU))
}

fn distance_of_points(call: Call) -> Result<Expr, Error> {
    if let Some(spheroid) = call.args.get(4)
        && !matches!(spheroid, Expr::Literal(ScalarValue::Boolean(Some(false)), _))
    {
        let message = "distances on a spheroid are not supported".to_owned();
        return Err(Error::Argument { argument: 4, code: codes::NOT_SUPPORTED, message });
    }
    call.kernel(|args| {
        let points = points(args, 2)?;
        args.reals(|row| {
            let points = points(row)?;
            Some(distance(points[0], points[1]))
        })
    })
}

/// `(point, center, radius)`: a radius that is not positive makes null.
fn in_circle(args: &Args) -> Result<ArrayRef> {
    let (points, radii) = (points(args, 2)?, args.real(4)?);
    args.bools(|row| {
        let (points, radius) = (points(row)?, radii.get(row)?);
        (radius > 0.0).then(|| distance(points[0], points[1]) <= radius)
    })
}
