//! Colours as people write them: names of badges, hexadecimal digits, CSS (spec badges.md §2.3).

use std::borrow::Cow;

use super::text::is_space;
use super::{Palette, Rules, css_names};

/// The longest text that is looked at as a colour outside of compatible mode.
const COLOR_CHARS_MAX: usize = 64;

/// Badge colours by name: today's, those of badge-maker 4 and 5.
const NAMED: [(&str, &str, &str); 9] = [
    ("brightgreen", "#4b0", "#4c1"),
    ("green", "#67ac09", "#97ca00"),
    ("yellow", "#d8b800", "#dfb317"),
    ("yellowgreen", "#95991a", "#a4a61d"),
    ("orange", "#ea7233", "#fe7d37"),
    ("red", "#dd4343", "#e05d44"),
    ("blue", "#007ec6", "#007ec6"),
    ("grey", "#555", "#555"),
    ("lightgrey", "#939393", "#9f9f9f"),
];

/// The colour of a message nobody gave a colour.
pub(super) fn message_default(palette: Palette) -> &'static str {
    named("brightgreen", palette).unwrap_or("#4b0")
}

/// The colour of a label nobody gave a colour.
pub(super) const LABEL_DEFAULT: &str = "#555";

/// `text` as SVG takes it; none when it names no colour.
///
/// Compatible mode knows names in lower case only.
pub(super) fn resolve(text: &str, palette: Palette, rules: Rules) -> Option<Cow<'_, str>> {
    let text: Cow<'_, str> = match rules {
        Rules::Safe if text.len() > COLOR_CHARS_MAX => return None,
        Rules::Safe if text.bytes().any(|b| b.is_ascii_uppercase()) => {
            Cow::Owned(text.to_ascii_lowercase())
        }
        _ => Cow::Borrowed(text),
    };
    if let Some(color) = named(&text, palette) {
        return Some(Cow::Borrowed(color));
    }
    let is_hex = |digit: u8| digit.is_ascii_hexdigit();
    if matches!(text.len(), 3 | 6) && text.bytes().all(is_hex) {
        return Some(Cow::Owned(format!("#{}", text.to_ascii_lowercase())));
    }
    rgb(text.trim_matches(is_space))?;
    match text.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Some(Cow::Owned(text.to_ascii_lowercase())),
        false => Some(text),
    }
}

fn named(text: &str, palette: Palette) -> Option<&'static str> {
    let name = match text {
        "gray" => "grey",
        "lightgray" | "inactive" => "lightgrey",
        "critical" => "red",
        "important" => "orange",
        "success" => "brightgreen",
        "informational" => "blue",
        other => other,
    };
    let (_, current, classic) = NAMED.iter().find(|(known, ..)| *known == name)?;
    Some(match palette {
        Palette::Current => current,
        Palette::Classic => classic,
    })
}

/// The colours of a text and its shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) text: &'static str,
    pub(super) shadow: &'static str,
}

/// What can be read on `background`, a colour as SVG takes it.
pub(super) fn ink(background: &str) -> Ink {
    // The weights of brightness. The bound is 0.69 after rounding to two digits.
    let brightness = rgb(background).map_or(0.0, |[r, g, b]| 299.0 * r + 587.0 * g + 114.0 * b);
    match brightness <= 177_225.0 {
        true => Ink { text: "#fff", shadow: "#010101" },
        false => Ink { text: "#333", shadow: "#ccc" },
    }
}

/// Red, green and blue (0 to 255, or no number at all for numbers beyond all bounds) of a CSS
/// colour in the forms css-color-converter 2 knows.
fn rgb(text: &str) -> Option<[f64; 3]> {
    if let Some(digits) = text.strip_prefix('#') {
        return hex(digits);
    }
    if let Some(rgb) = css_names::rgb(text) {
        return Some(rgb.map(f64::from));
    }
    let (name, arguments) = text.strip_suffix(')')?.split_once('(')?;
    match name {
        "rgb" | "rgba" => rgb_function(arguments),
        "hsl" | "hsla" => hsl_function(arguments),
        _ => None,
    }
}

fn hex(digits: &str) -> Option<[f64; 3]> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = |from: usize, to: usize, factor: f64| {
        let digits = digits.get(from..to)?;
        u8::from_str_radix(digits, 16).ok().map(|value| f64::from(value) * factor)
    };
    match digits.len() {
        3 | 4 => Some([value(0, 1, 17.0)?, value(1, 2, 17.0)?, value(2, 3, 17.0)?]),
        6 | 8 => Some([value(0, 2, 1.0)?, value(2, 4, 1.0)?, value(4, 6, 1.0)?]),
        _ => None,
    }
}

fn rgb_function(arguments: &str) -> Option<[f64; 3]> {
    let mut rest = Rest(arguments);
    rest.spaces();
    let first = rest.digits()?;
    let is_percent = rest.takes('%');
    let comma = rest.separator()?;
    let mut values = [first, 0.0, 0.0];
    for (place, value) in values.iter_mut().enumerate().skip(1) {
        if place == 2 && rest.separator()? != comma {
            return None;
        }
        *value = rest.digits()?;
        if rest.takes('%') != is_percent {
            return None;
        }
    }
    rest.alpha(if comma { ',' } else { '/' })?;
    let factor = if is_percent { 255.0 } else { 100.0 };
    Some(values.map(|value| channel(value * factor / 100.0)))
}

fn hsl_function(arguments: &str) -> Option<[f64; 3]> {
    let mut rest = Rest(arguments);
    rest.spaces();
    let hue = rest.digits()?;
    let units =
        [("deg", 1.0), ("grad", 0.9), ("rad", 180.0 / std::f64::consts::PI), ("turn", 360.0)];
    let degrees = units.iter().find(|(unit, _)| rest.takes_word(unit)).map_or(1.0, |(_, d)| *d);
    let mut shares = [0.0; 2];
    for share in &mut shares {
        if !rest.separator()? {
            return None;
        }
        *share = rest.digits()?;
        if !rest.takes('%') {
            return None;
        }
    }
    rest.alpha(',')?;
    let hue = (degrees * hue * 1e5 + 0.5).floor() / 1e5;
    let [saturation, lightness] = shares.map(|share| share / 100.0);
    Some(hsl_to_rgb(hue / 60.0, saturation, lightness).map(channel))
}

/// CSS Color Module Level 4 §7.1; `hue` in sixths of a turn, not taken modulo a turn, as the
/// original does not.
fn hsl_to_rgb(hue: f64, saturation: f64, lightness: f64) -> [f64; 3] {
    let chroma = (1.0 - (2.0 * lightness - 1.0).abs()) * saturation;
    let other = chroma * (1.0 - (hue % 2.0 - 1.0).abs());
    let base = lightness - chroma / 2.0;
    let parts = match hue {
        h if h < 1.0 => [chroma, other, 0.0],
        h if h < 2.0 => [other, chroma, 0.0],
        h if h < 3.0 => [0.0, chroma, other],
        h if h < 4.0 => [0.0, other, chroma],
        h if h < 5.0 => [other, 0.0, chroma],
        _ => [chroma, 0.0, other],
    };
    parts.map(|part| (part + base) * 255.0)
}

/// A whole number from 0 to 255. The original cuts fractions off the number's text: of one so
/// small or large that its text has an exponent, the first digit remains.
fn channel(value: f64) -> f64 {
    let has_exponent = value != 0.0 && (value.abs() < 1e-6 || value.abs() >= 1e21);
    let whole = match has_exponent && value.is_finite() {
        true => format!("{value:e}").split(['.', 'e']).next().and_then(|d| d.parse().ok()),
        false => Some(value.trunc()),
    };
    match whole {
        Some(whole) if value.is_finite() => whole.clamp(0.0, 255.0),
        _ => f64::NAN,
    }
}

/// The unread end of the arguments of a colour function.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Steps over white space; says whether there was any.
    fn spaces(&mut self) -> bool {
        let rest = self.0.trim_start_matches(is_space);
        let found = rest.len() < self.0.len();
        self.0 = rest;
        found
    }

    fn takes(&mut self, wanted: char) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let rest = self.0.strip_prefix(wanted);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn digit_text(&mut self) -> &str {
        let end = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    fn digits(&mut self) -> Option<f64> {
        self.digit_text().parse().ok()
    }

    /// Steps over what stands between two arguments; whether it was a comma.
    fn separator(&mut self) -> Option<bool> {
        let spaced = self.spaces();
        let comma = self.takes(',');
        if comma {
            self.spaces();
        }
        (spaced || comma).then_some(comma)
    }

    /// The rest must be an opacity after `mark`, or nothing.
    fn alpha(&mut self, mark: char) -> Option<()> {
        self.spaces();
        if self.takes(mark) {
            self.spaces();
            let whole = self.digit_text().to_owned();
            let good = if self.takes('.') {
                matches!(whole.as_str(), "" | "0") && !self.digit_text().is_empty()
            } else if self.takes('%') {
                !whole.is_empty()
            } else {
                matches!(whole.as_str(), "0" | "1")
            };
            self.spaces();
            if !good {
                return None;
            }
        }
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compat(text: &str) -> Option<String> {
        resolve(text, Palette::Current, Rules::Compat).map(Cow::into_owned)
    }

    /// Expectations: what badge-maker 6.0.0 draws.
    #[test]
    fn colours_are_read_as_the_original_reads_them() {
        for same in [
            "#ffff",
            "#ffffff80",
            "rgb(1,2,3)",
            "rgb(1 2 3)",
            "rgb(1%,2%,3%)",
            "rgb(300,2,3)",
            "rgb(1,2,3,.5)",
            "rgba(1,2,3)",
            "rgb(1 2 3 / 50%)",
            "rgb( 1 , 2 , 3 )",
            "hsl(120,50%,50%)",
            "hsl(1turn,50%,50%)",
            "hsl(720,50%,50%)",
            "papayawhip",
            "rgb(1,2,3,50%)",
            "hsl(120,150%,50%)",
            "rgb(1\n,2,3)",
            " aqua ",
        ] {
            assert_eq!(compat(same).as_deref(), Some(same));
        }
        for (text, color) in [("red", "#dd4343"), ("FFF", "#fff"), ("#FFF", "#fff")] {
            assert_eq!(compat(text).as_deref(), Some(color));
        }
        for none in [
            "RED",
            "#red",
            "ffff",
            "ffffff80",
            "rgb(1.5,2,3)",
            "RGB(1,2,3)",
            "rgb(-1,2,3)",
            "rgb(1, 2 3)",
            "rgb(1,2,3",
            "hsl(120 50% 50%)",
            "hsl(120,50,50)",
            "transparent",
            "currentcolor",
            "PapayaWhip",
            "",
            "#",
            "#12",
            "#12345",
            "rgb(1,2,3)x",
            "constructor",
            "rgb(1,2,3,5)",
            "rgb(1%,2,3)",
            "rgb(.5,2,3)",
            "hsl(120.5,50%,50%)",
            "#ffé",
            "é)(",
            "rgb(1,2,3 / .5)",
            "rgb(1 2 3 , .5)",
            "rgb()",
            "rgb(1,2)",
        ] {
            assert_eq!(compat(none), None, "{none}");
        }
    }

    #[test]
    fn outside_of_compatible_mode_letter_case_does_not_matter() {
        let safe = |text| resolve(text, Palette::Current, Rules::Safe).map(Cow::into_owned);
        assert_eq!(safe("Red").as_deref(), Some("#dd4343"));
        assert_eq!(safe("PapayaWhip").as_deref(), Some("papayawhip"));
        assert_eq!(safe(&format!("rgb({}1,2,3)", "0".repeat(60))), None);
    }

    #[test]
    fn the_classic_palette_has_the_older_colours() {
        let classic = |text| resolve(text, Palette::Classic, Rules::Safe).map(Cow::into_owned);
        assert_eq!(classic("success").as_deref(), Some("#4c1"));
        assert_eq!(classic("lightgray").as_deref(), Some("#9f9f9f"));
        assert_eq!(message_default(Palette::Classic), "#4c1");
    }

    #[test]
    fn ink_is_dark_on_bright_colours() {
        for dark in ["#fff", "#b3b3b3", "papayawhip", "rgb(200 200 200)", "hsl(60,100%,50%)"] {
            assert_eq!(ink(dark).text, "#333", "{dark}");
        }
        for bright in ["#000", "#b0b0b0", "nonsense", " white", "hsl(0,100%,50%)", "rgb(0%,0%,0%)"]
        {
            assert_eq!(ink(bright).text, "#fff", "{bright}");
        }
        // Its text is `1e+22`, of which the original keeps the 1.
        let huge = format!("rgb(255,1{},255)", "0".repeat(22));
        assert_eq!(ink(&huge).text, "#fff");
        let beyond = format!("rgb(0,{},0)", "9".repeat(400));
        assert_eq!(ink(&beyond).text, "#333");
    }
}
