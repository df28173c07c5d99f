//! `convert_angle`, `convert_length`, … : measures in other units, by the units' definitions.

use std::f64::consts::PI;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Expr;
use kql::codes;

use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use super::units::{ENERGY, FORCE, LENGTH, MASS, Units, VOLUME, speed};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("convert_angle", |c| converter(c, angle, |a| rows(a, angle))),
    ("convert_energy", |c| converter(c, energy, |a| rows(a, energy))),
    ("convert_force", |c| converter(c, force, |a| rows(a, force))),
    ("convert_length", |c| converter(c, length, |a| rows(a, length))),
    ("convert_mass", |c| converter(c, mass, |a| rows(a, mass))),
    ("convert_speed", |c| converter(c, by_speed, |a| rows(a, by_speed))),
    ("convert_temperature", |c| converter(c, temperature, |a| rows(a, temperature))),
    ("convert_volume", |c| converter(c, volume, |a| rows(a, volume))),
];

/// How a unit relates to the base unit of its kind.
pub(super) enum Unit {
    /// So many base units.
    Factor(f64),
    /// So many units make a base unit.
    Per(f64),
    /// `base = (value + before) * factor + after`.
    Linear { before: f64, factor: f64, after: f64 },
    /// The sine of the angle.
    Sine,
}

impl Unit {
    /// A unit that goes into the base unit a whole number of times is counted by that number,
    /// which a double holds exactly where it cannot hold the part (0.01 / 3600).
    fn of(factor: f64) -> Unit {
        let exact = 1.0 / factor;
        let count = exact.round();
        let whole = count > 1.0 && (exact - count).abs() <= count * f64::EPSILON * 4.0;
        if whole { Unit::Per(count) } else { Unit::Factor(factor) }
    }
    fn to_base(&self, value: f64) -> f64 {
        match self {
            Unit::Factor(factor) => value * factor,
            Unit::Per(count) => value / count,
            Unit::Linear { before, factor, after } => (value + before) * factor + after,
            Unit::Sine => value.asin().to_degrees(),
        }
    }
    fn of_base(&self, base: f64) -> f64 {
        match self {
            Unit::Factor(factor) => base / factor,
            Unit::Per(count) => base * count,
            // Adding zero keeps a zero from being negative.
            Unit::Linear { before, factor, after } => (base - after) / factor - before + 0.0,
            Unit::Sine => base.to_radians().sin(),
        }
    }
}

type Find = fn(&str) -> Option<Unit>;

/// Refuses a constant that names no unit of the kind.
fn converter(call: Call, find: Find, kernel: Kernel) -> Result<Expr, Error> {
    for argument in [1, 2] {
        if let Some(Expr::Literal(ScalarValue::Utf8View(Some(name)), _)) = call.args.get(argument)
            && find(name).is_none()
        {
            let message = format!("`{}()` knows no unit `{name}`", call.name);
            return Err(Error::Argument { argument, code: codes::UNKNOWN_NAME, message });
        }
    }
    call.kernel(kernel)
}

/// `(value, from, to)`: null for a unit of a row that does not exist.
fn rows(args: &Args, find: Find) -> Result<ArrayRef> {
    let (values, from, to) = (args.real(0)?, args.text(1)?, args.text(2)?);
    args.reals(|row| {
        let (value, from, to) = (values.get(row)?, from.text(row), to.text(row));
        let (source, target) = (find(from)?, find(to)?);
        // Not through the base unit: nothing is lost.
        Some(if from == to { value } else { target.of_base(source.to_base(value)) })
    })
}

fn within(units: Units, name: &str) -> Option<Unit> {
    units.iter().find(|(known, _)| *known == name).map(|(_, factor)| Unit::of(*factor))
}

fn energy(name: &str) -> Option<Unit> {
    within(ENERGY, name)
}
fn force(name: &str) -> Option<Unit> {
    within(FORCE, name)
}
fn length(name: &str) -> Option<Unit> {
    within(LENGTH, name)
}
fn mass(name: &str) -> Option<Unit> {
    within(MASS, name)
}
fn volume(name: &str) -> Option<Unit> {
    within(VOLUME, name)
}
fn by_speed(name: &str) -> Option<Unit> {
    speed(name).map(Unit::of)
}

/// In degrees.
fn angle(name: &str) -> Option<Unit> {
    const RADIAN: f64 = 180.0 / PI;
    Some(match name {
        "Degree" => Unit::Factor(1.0),
        "Millidegree" => Unit::Per(1e3),
        "Microdegree" => Unit::Per(1e6),
        "Nanodegree" => Unit::Per(1e9),
        "Arcminute" => Unit::Per(60.0),
        "Arcsecond" => Unit::Per(3600.0),
        "Radian" => Unit::Factor(RADIAN),
        "Deciradian" => Unit::Factor(RADIAN / 1e1),
        "Centiradian" => Unit::Factor(RADIAN / 1e2),
        "Milliradian" => Unit::Factor(RADIAN / 1e3),
        "Microradian" => Unit::Factor(RADIAN / 1e6),
        "Nanoradian" => Unit::Factor(RADIAN / 1e9),
        "Gradian" => Unit::Factor(0.9),
        "NatoMil" => Unit::Factor(360.0 / 6400.0),
        "Revolution" => Unit::Factor(360.0),
        "Tilt" => Unit::Sine,
        _ => return None,
    })
}

/// In kelvins.
fn temperature(name: &str) -> Option<Unit> {
    const ICE: f64 = 273.15;
    let linear = |before, factor, after| Unit::Linear { before, factor, after };
    Some(match name {
        "Kelvin" => Unit::Factor(1.0),
        "DegreeCelsius" => linear(0.0, 1.0, ICE),
        "MillidegreeCelsius" => linear(0.0, 1e-3, ICE),
        "DegreeDelisle" => linear(0.0, -2.0 / 3.0, ICE + 100.0),
        "DegreeFahrenheit" => linear(459.67, 5.0 / 9.0, 0.0),
        "DegreeNewton" => linear(0.0, 100.0 / 33.0, ICE),
        "DegreeRankine" => Unit::Factor(5.0 / 9.0),
        "DegreeReaumur" => linear(0.0, 1.25, ICE),
        "DegreeRoemer" => linear(-7.5, 40.0 / 21.0, ICE),
        "SolarTemperature" => Unit::Factor(5778.0),
        _ => return None,
    })
}
