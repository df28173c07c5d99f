//! Functions that convert measures, and functions of statistics.

use model::Type;

use super::short::*;
use super::{Overload, Signature, over, scalar};

const CONVERT: &[Overload] = &[over(&[REAL, STRING, STRING], Type::Real)];
const REAL_TO_REAL: &[Overload] = &[over(&[REAL], Type::Real)];
const BETA: &[Overload] = &[over(&[REAL, REAL, REAL], Type::Real)];

const fn converter(name: &'static str, summary: &'static str) -> Signature {
    scalar(name, CONVERT, summary).takes("value, from, to")
}

pub(super) static SIGNATURES: &[Signature] = &[
    converter("convert_angle", "an angle in another unit"),
    converter("convert_energy", "an energy in another unit"),
    converter("convert_force", "a force in another unit"),
    converter("convert_length", "a length in another unit"),
    converter("convert_mass", "a mass in another unit"),
    converter("convert_speed", "a speed in another unit"),
    converter("convert_temperature", "a temperature in another unit"),
    converter("convert_volume", "a volume in another unit"),
    scalar("cot", REAL_TO_REAL, "the cotangent").takes("angle"),
    scalar("gamma", REAL_TO_REAL, "the gamma function").takes("value").keeps_name(),
    scalar("loggamma", REAL_TO_REAL, "the natural logarithm of the gamma function")
        .takes("value")
        .keeps_name(),
    scalar("erf", REAL_TO_REAL, "the error function").takes("value").keeps_name(),
    scalar("erfc", REAL_TO_REAL, "one minus the error function").takes("value").keeps_name(),
    scalar("beta_cdf", BETA, "the cumulative beta distribution").takes("x, alpha, beta"),
    scalar("beta_pdf", BETA, "the density of the beta distribution").takes("x, alpha, beta"),
    scalar("beta_inv", BETA, "the value at which the cumulative beta distribution is reached")
        .takes("probability, alpha, beta"),
    scalar(
        "welch_test",
        &[over(&[REAL, REAL, REAL, REAL, REAL, REAL], Type::Real)],
        "the p-value of Welch's test that two samples have one mean",
    )
    .takes("mean1, variance1, count1, mean2, variance2, count2"),
];
