//! Units of energy, force, length, mass, speed and volume as multiples of the SI unit.
//!
//! Sources: SI brochure, NIST special publication 811, the British Weights and Measures Act 1985.

/// Names and how many base units each is.
pub(super) type Units = &'static [(&'static str, f64)];

const INCH: f64 = 0.0254;
const FOOT: f64 = 0.3048;
const SURVEY_FOOT: f64 = 1200.0 / 3937.0;
const LIGHT_YEAR: f64 = 9_460_730_472_580_800.0;
const PARSEC: f64 = 3.085_677_581_491_367e16;

/// In metres.
pub(super) const LENGTH: Units = &[
    ("Meter", 1.0),
    ("Kilometer", 1e3),
    ("Hectometer", 1e2),
    ("Decameter", 1e1),
    ("Decimeter", 1e-1),
    ("Centimeter", 1e-2),
    ("Millimeter", 1e-3),
    ("Micrometer", 1e-6),
    ("Nanometer", 1e-9),
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", 149_597_870_700.0),
    ("LightYear", LIGHT_YEAR),
    ("KilolightYear", LIGHT_YEAR * 1e3),
    ("MegalightYear", LIGHT_YEAR * 1e6),
    ("Parsec", PARSEC),
    ("Kiloparsec", PARSEC * 1e3),
    ("Megaparsec", PARSEC * 1e6),
    ("SolarRadius", 6.957e8),
    ("Inch", INCH),
    ("Microinch", INCH * 1e-6),
    ("Mil", INCH * 1e-3),
    ("Hand", INCH * 4.0),
    ("Foot", FOOT),
    ("UsSurveyFoot", SURVEY_FOOT),
    ("Yard", FOOT * 3.0),
    ("Fathom", FOOT * 6.0),
    ("Chain", FOOT * 66.0),
    ("Shackle", FOOT * 90.0),
    ("Mile", FOOT * 5280.0),
    ("DataMile", FOOT * 6000.0),
    ("NauticalMile", 1852.0),
    ("Twip", INCH / 1440.0),
    ("DtpPoint", INCH / 72.0),
    ("DtpPica", INCH / 6.0),
    ("PrinterPoint", INCH / 72.27),
    ("PrinterPica", INCH * 12.0 / 72.27),
];

const POUND: f64 = 0.453_592_37;

/// In kilograms.
pub(super) const MASS: Units = &[
    ("Kilogram", 1.0),
    ("Gram", 1e-3),
    ("Hectogram", 1e-1),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("Centigram", 1e-5),
    ("Milligram", 1e-6),
    ("Microgram", 1e-9),
    ("Nanogram", 1e-12),
    ("Tonne", 1e3),
    ("Kilotonne", 1e6),
    ("Megatonne", 1e9),
    ("Grain", POUND / 7000.0),
    ("Ounce", POUND / 16.0),
    ("Pound", POUND),
    ("Kilopound", POUND * 1e3),
    ("Megapound", POUND * 1e6),
    ("Stone", POUND * 14.0),
    ("ShortHundredweight", POUND * 100.0),
    ("LongHundredweight", POUND * 112.0),
    ("ShortTon", POUND * 2000.0),
    ("LongTon", POUND * 2240.0),
    ("Slug", POUND * 9.80665 / FOOT),
    ("EarthMass", 5.9722e24),
    ("SolarMass", 1.988_47e30),
];

const POUND_FORCE: f64 = POUND * 9.80665;

/// In newtons.
pub(super) const FORCE: Units = &[
    ("Newton", 1.0),
    ("Decanewton", 1e1),
    ("Kilonewton", 1e3),
    ("Meganewton", 1e6),
    ("Millinewton", 1e-3),
    ("Micronewton", 1e-6),
    ("Dyn", 1e-5),
    ("KilogramForce", 9.80665),
    ("KiloPond", 9.80665),
    ("TonneForce", 9806.65),
    ("PoundForce", POUND_FORCE),
    ("KilopoundForce", POUND_FORCE * 1e3),
    ("OunceForce", POUND_FORCE / 16.0),
    ("ShortTonForce", POUND_FORCE * 2000.0),
    ("Poundal", POUND * FOOT),
];

const THERMAL_UNIT: f64 = 1_055.055_852_62;
const CALORIE: f64 = 4.184;
const ELECTRON_VOLT: f64 = 1.602_176_634e-19;
const WATT_HOUR: f64 = 3600.0;
const WATT_DAY: f64 = 86_400.0;
const THERM_EC: f64 = THERMAL_UNIT * 1e5;
const THERM_IMPERIAL: f64 = 105_505_585.257_348;
const THERM_US: f64 = 105_480_400.0;

/// In joules.
pub(super) const ENERGY: Units = &[
    ("Joule", 1.0),
    ("Millijoule", 1e-3),
    ("Kilojoule", 1e3),
    ("Megajoule", 1e6),
    ("Gigajoule", 1e9),
    ("Erg", 1e-7),
    ("Calorie", CALORIE),
    ("Kilocalorie", CALORIE * 1e3),
    ("Megacalorie", CALORIE * 1e6),
    ("BritishThermalUnit", THERMAL_UNIT),
    ("KilobritishThermalUnit", THERMAL_UNIT * 1e3),
    ("MegabritishThermalUnit", THERMAL_UNIT * 1e6),
    ("GigabritishThermalUnit", THERMAL_UNIT * 1e9),
    ("ElectronVolt", ELECTRON_VOLT),
    ("KiloelectronVolt", ELECTRON_VOLT * 1e3),
    ("MegaelectronVolt", ELECTRON_VOLT * 1e6),
    ("GigaelectronVolt", ELECTRON_VOLT * 1e9),
    ("TeraelectronVolt", ELECTRON_VOLT * 1e12),
    ("WattHour", WATT_HOUR),
    ("KilowattHour", WATT_HOUR * 1e3),
    ("MegawattHour", WATT_HOUR * 1e6),
    ("GigawattHour", WATT_HOUR * 1e9),
    ("TerawattHour", WATT_HOUR * 1e12),
    ("WattDay", WATT_DAY),
    ("KilowattDay", WATT_DAY * 1e3),
    ("MegawattDay", WATT_DAY * 1e6),
    ("GigawattDay", WATT_DAY * 1e9),
    ("TerawattDay", WATT_DAY * 1e12),
    ("FootPound", POUND_FORCE * FOOT),
    ("HorsepowerHour", POUND_FORCE * FOOT * 550.0 * 3600.0),
    ("ThermEc", THERM_EC),
    ("ThermImperial", THERM_IMPERIAL),
    ("ThermUs", THERM_US),
    ("DecathermEc", THERM_EC * 10.0),
    ("DecathermImperial", THERM_IMPERIAL * 10.0),
    ("DecathermUs", THERM_US * 10.0),
];

const CUBIC_INCH: f64 = INCH * INCH * INCH;
const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const US_GALLON: f64 = CUBIC_INCH * 231.0;
const IMPERIAL_GALLON: f64 = 0.004_546_09;

/// In cubic metres.
pub(super) const VOLUME: Units = &[
    ("CubicMeter", 1.0),
    ("HectocubicMeter", 1e2),
    ("KilocubicMeter", 1e3),
    ("CubicKilometer", 1e9),
    ("CubicHectometer", 1e6),
    ("CubicDecimeter", 1e-3),
    ("CubicCentimeter", 1e-6),
    ("CubicMillimeter", 1e-9),
    ("CubicMicrometer", 1e-18),
    ("Liter", 1e-3),
    ("Decaliter", 1e-2),
    ("Hectoliter", 1e-1),
    ("Kiloliter", 1.0),
    ("Megaliter", 1e3),
    ("Deciliter", 1e-4),
    ("Centiliter", 1e-5),
    ("Milliliter", 1e-6),
    ("Microliter", 1e-9),
    ("MetricCup", 250e-6),
    ("MetricTeaspoon", 5e-6),
    ("AuTablespoon", 20e-6),
    ("UkTablespoon", 15e-6),
    ("CubicInch", CUBIC_INCH),
    ("CubicFoot", CUBIC_FOOT),
    ("HectocubicFoot", CUBIC_FOOT * 1e2),
    ("KilocubicFoot", CUBIC_FOOT * 1e3),
    ("MegacubicFoot", CUBIC_FOOT * 1e6),
    ("CubicYard", CUBIC_FOOT * 27.0),
    ("CubicMile", CUBIC_FOOT * 5280.0 * 5280.0 * 5280.0),
    ("AcreFoot", CUBIC_FOOT * 43_560.0),
    ("BoardFoot", CUBIC_FOOT / 12.0),
    ("OilBarrel", US_GALLON * 42.0),
    ("UsBeerBarrel", US_GALLON * 31.0),
    ("UsGallon", US_GALLON),
    ("DeciusGallon", US_GALLON * 1e-1),
    ("DecausGallon", US_GALLON * 1e1),
    ("HectousGallon", US_GALLON * 1e2),
    ("KilousGallon", US_GALLON * 1e3),
    ("MegausGallon", US_GALLON * 1e6),
    ("UsQuart", US_GALLON / 4.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsCustomaryCup", US_GALLON / 16.0),
    ("UsLegalCup", 240e-6),
    ("UsOunce", US_GALLON / 128.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("KiloimperialGallon", IMPERIAL_GALLON * 1e3),
    ("MegaimperialGallon", IMPERIAL_GALLON * 1e6),
    ("ImperialBeerBarrel", IMPERIAL_GALLON * 36.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
];

/// Lengths that make a speed with any of the times.
const PER_ANY_TIME: &[&str] =
    &["Centimeter", "Foot", "Inch", "Kilometer", "Meter", "UsSurveyFoot", "Yard"];

/// In metres per second: `Knot`, or a length, `Per` and a time, as the vendor lists them.
pub(super) fn speed(name: &str) -> Option<f64> {
    if name == "Knot" {
        return Some(1852.0 / 3600.0);
    }
    let (length, time) = name.split_once("Per")?;
    let seconds = match time {
        "Second" => 1.0,
        "Minute" => 60.0,
        "Hour" => 3600.0,
        _ => return None,
    };
    let listed = PER_ANY_TIME.contains(&length)
        || match length {
            "Mile" => time == "Hour",
            "Millimeter" => true,
            "Decimeter" | "Micrometer" | "Nanometer" => time != "Hour",
            _ => false,
        };
    let metres = LENGTH.iter().find(|(known, _)| *known == length)?.1;
    listed.then_some(metres / seconds)
}
