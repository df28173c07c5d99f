//! Badges against what badge-maker 6 drew, and against an XML parser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end at what it does not expect")]

use azdo::badge::{Badge, Options, Palette, Rules, Style, TEXT_CHARS_MAX, render};
use serde_json::Value;

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/badges")
}

fn index() -> Value {
    let text = std::fs::read_to_string(folder().join("index.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn cases() -> Vec<Value> {
    index()["cases"].as_array().unwrap().clone()
}

#[test]
fn compatible_badges_are_those_of_the_original_to_the_byte() {
    let cases = cases();
    assert_eq!(cases.len(), 102);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let path = folder().join(case["file"].as_str().unwrap());
        let wanted = std::fs::read_to_string(path).unwrap();
        let options = Options::from_json(&case["input"]).unwrap();
        let drawn = render(&options.badge(Palette::Current), Rules::Compat).unwrap();
        assert_eq!(drawn.svg, wanted, "{name}");
        assert_eq!(drawn.width, case["width"].as_f64().unwrap(), "{name}");
        assert_eq!(drawn.height, case["height"].as_f64().unwrap(), "{name}");
    }
}

#[test]
fn what_the_original_refuses_is_refused_with_the_reason() {
    let reasons = [
        ("not-object", "a badge is described by an object"),
        ("no-message", "`message` is missing; it may be empty"),
        ("message-number", "`message` must be a text"),
        ("links-not-array", "`links` must be an array of up to two texts"),
        ("links-three", "`links` has 3 links; label and message can have one each"),
        ("links-number", "`links` must be an array of up to two texts"),
        (
            "style-unknown",
            "`style` must be one of plastic, flat, flat-square, for-the-badge, social",
        ),
        ("idsuffix-bad", "`idSuffix` may hold letters, digits, `-` and `_` only"),
        (
            "unknown-field",
            "`logo` is no field of a badge; there are label, message, labelColor, color, style, \
             logoBase64, links, idSuffix",
        ),
        ("color-number", "`color` must be a text"),
        ("label-null", "`label` must be a text"),
    ];
    let index = index();
    let errors = index["errors"].as_array().unwrap();
    assert_eq!(errors.len(), reasons.len());
    for (case, (name, reason)) in errors.iter().zip(reasons) {
        assert_eq!(case["name"], name);
        let refusal = Options::from_json(&case["input"]).unwrap_err();
        assert_eq!(refusal.to_string(), reason, "{name}");
    }
}

/// Parses an SVG and finds its texts where they belong.
fn check_xml(svg: &str, label: &str, message: &str) {
    let document = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{e}: {svg}"));
    assert_eq!(document.root_element().tag_name().name(), "svg");
    // Parsers may make line ends of carriage returns.
    let parsed = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let title = document.descendants().find(|node| node.has_tag_name("title"));
    if let Some(title) = title {
        let wanted = match label.is_empty() {
            true => parsed(message),
            false => parsed(&format!("{label}: {message}")),
        };
        assert_eq!(parsed(title.text().unwrap_or_default()), wanted);
    }
}

#[test]
fn safe_badges_differ_from_compatible_ones_where_they_must_only() {
    for case in cases() {
        let name = case["name"].as_str().unwrap();
        let options = Options::from_json(&case["input"]).unwrap();
        let badge = options.badge(Palette::Current);
        let safe = render(&badge, Rules::Safe).unwrap().svg;
        let compat = render(&badge, Rules::Compat).unwrap().svg;
        roxmltree::Document::parse(&safe).unwrap_or_else(|e| panic!("{name}: {e}"));
        let differs =
            ["color-css-name", "control-char", "idsuffix-flat", "idsuffix-plastic", "long-ftb"];
        assert_eq!(safe != compat, differs.contains(&name), "{name}");
    }
}

/// Small and repeatable; the numbers need no other quality.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn text(&mut self) -> String {
        let length = match self.below(20) {
            0 => 0,
            1 => 300,
            _ => self.below(24),
        };
        (0..length).map(|_| self.character()).collect()
    }

    fn character(&mut self) -> char {
        let code = match self.below(8) {
            0 => self.below(0x20),
            1 => {
                return ['<', '>', '&', '"', '\'', ']', '\u{fffe}', '\u{ffff}']
                    [self.below(8) as usize];
            }
            2 => 0x80 + self.below(0xff80),
            3 => 0x10000 + self.below(0x100000),
            _ => 0x20 + self.below(0x60),
        };
        u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(' ')
    }
}

const STYLES: [Style; 5] =
    [Style::Flat, Style::FlatSquare, Style::Plastic, Style::ForTheBadge, Style::Social];

#[test]
fn safe_badges_are_well_formed_whatever_they_hold() {
    let hostile = [
        "</text><script>alert(1)</script>",
        "]]>",
        "<![CDATA[",
        "&#0;",
        "\0",
        "\u{b}\u{c}",
        "\" onload=\"x",
        "'/><g",
        "&lt;&unknown;",
        "<!--",
        "<?xml?>",
        "\u{202e}",
        "%s%n",
        "\r\n\t",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..4000_usize {
        let pick = |random: &mut Random| match random.below(6) {
            0 => hostile[random.below(hostile.len() as u64) as usize].to_owned(),
            _ => random.text(),
        };
        let (label, message) = (pick(&mut random), pick(&mut random));
        let (color, label_color) = (pick(&mut random), pick(&mut random));
        let link = format!("https://a.invalid/{}", "&\"'<>é".repeat(random.below(3) as usize));
        let links = [["", ""], [&link, ""], ["", &link], [&link, &link]][round % 4];
        let badge = Badge {
            label: &label,
            message: &message,
            color: &color,
            label_color: &label_color,
            style: STYLES[round % 5],
            palette: if round % 2 == 0 { Palette::Current } else { Palette::Classic },
            links,
            is_inline: round % 3 == 0,
            ..Badge::default()
        };
        let drawn = render(&badge, Rules::Safe).unwrap();
        let (label, message) = match badge.style {
            // These change letters; the others show texts as they are.
            Style::ForTheBadge | Style::Social => {
                roxmltree::Document::parse(&drawn.svg).unwrap_or_else(|e| panic!("{e}"));
                continue;
            }
            _ => (shown(&label), shown(&message)),
        };
        check_xml(&drawn.svg, &label, &message);
        let wanted = format!("width=\"{}\" height=\"{}\"", drawn.width, drawn.height);
        assert!(drawn.svg.contains(&wanted), "{}", drawn.svg);
    }
}

/// What a safe badge shows of a text.
fn shown(text: &str) -> String {
    let is_xml =
        |c: &char| *c >= ' ' && !['\u{fffe}', '\u{ffff}'].contains(c) || "\t\n\r".contains(*c);
    let clean: String = text.chars().filter(is_xml).collect();
    let trimmed =
        clean.trim_matches(|c: char| c.is_whitespace() && c != '\u{85}' || c == '\u{feff}');
    match trimmed.chars().count() > TEXT_CHARS_MAX {
        true => trimmed.chars().take(TEXT_CHARS_MAX).chain(['…']).collect(),
        false => trimmed.to_owned(),
    }
}
