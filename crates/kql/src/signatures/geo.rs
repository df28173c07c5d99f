//! Functions over places on the Earth; degrees, longitude first.

use model::Type;

use super::short::*;
use super::{Overload, Signature, over, scalar};

const HASH: &[Overload] = &[over(&[STRING], Type::Dynamic)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar(
        "geo_distance_2points",
        &[over(&[REAL, REAL, REAL, REAL, BOOL], Type::Real).optional(1)],
        "the distance of two points on a sphere, in metres",
    )
    .takes("longitude1, latitude1, longitude2, latitude2, use_spheroid"),
    scalar(
        "geo_point_in_circle",
        &[over(&[REAL, REAL, REAL, REAL, REAL], Type::Bool)],
        "whether a point lies in a circle of a radius in metres",
    )
    .takes("longitude, latitude, center_longitude, center_latitude, radius"),
    scalar(
        "geo_point_in_polygon",
        &[over(&[REAL, REAL, DYNAMIC], Type::Bool)],
        "whether a point lies in a polygon or one of several, as GeoJSON",
    )
    .takes("longitude, latitude, polygon"),
    scalar(
        "geo_azimuth",
        &[over(&[REAL, REAL, REAL, REAL], Type::Real)],
        "the direction from a point to another, clockwise from north, in radians",
    )
    .takes("longitude1, latitude1, longitude2, latitude2"),
    scalar(
        "geo_angle",
        &[over(&[REAL, REAL, REAL, REAL, REAL, REAL], Type::Real)],
        "the angle at the second of three points, clockwise, in radians",
    )
    .takes("longitude1, latitude1, longitude2, latitude2, longitude3, latitude3"),
    scalar(
        "geo_point_to_geohash",
        &[over(&[REAL, REAL, LONG], Type::String).optional(1)],
        "the geohash of a point, with so many characters (5)",
    )
    .takes("longitude, latitude, length"),
    scalar("geo_geohash_to_central_point", HASH, "the center of a geohash, as GeoJSON")
        .takes("geohash"),
    scalar("geo_geohash_to_polygon", HASH, "the rectangle of a geohash, as GeoJSON")
        .takes("geohash"),
    scalar("geo_geohash_neighbors", HASH, "the array of the geohashes around one").takes("geohash"),
    scalar(
        "geo_line_length",
        &[over(&[DYNAMIC], Type::Real)],
        "the length of a line on a sphere, in metres; the line as GeoJSON",
    )
    .takes("line"),
    scalar("geo_from_wkt", HASH, "a shape in well-known text as GeoJSON").takes("wkt"),
];
