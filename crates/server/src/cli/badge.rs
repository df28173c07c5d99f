//! The command line of `telltale badge`.

use std::path::PathBuf;

use azdo::badge::{Palette, Rules, Style};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::text;

/// The arguments of `telltale badge render`.
#[derive(Debug)]
pub struct BadgeCall {
    pub what: BadgeWhat,
    pub palette: Palette,
    pub rules: Rules,
    pub format: Option<BadgeFormat>,
    /// Pixels of a picture for one of the badge.
    pub scale: u32,
    pub out: Option<PathBuf>,
}

/// Where badges are described.
#[derive(Debug)]
pub enum BadgeWhat {
    /// One badge, by flags.
    One(BadgeTexts),
    /// A file of JSON objects, one a line; `-` is standard input.
    Lines(PathBuf),
}

/// A badge described by flags; what is not given is empty.
#[derive(Debug)]
pub struct BadgeTexts {
    pub label: String,
    pub message: String,
    pub color: String,
    pub label_color: String,
    pub style: Style,
    /// A file, or a data URL.
    pub logo: Option<String>,
    /// Up to two.
    pub links: Vec<String>,
    pub id_suffix: String,
    pub is_inline: bool,
}

/// What a badge is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadgeFormat {
    Svg,
    Png,
}

/// The command with its subcommands.
pub fn command() -> Command {
    let value = |name: &'static str, value_name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value_name).help(help).allow_hyphen_values(true)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let file = |name: &'static str, help: &'static str| {
        value(name, "FILE", help).value_parser(clap::value_parser!(PathBuf))
    };
    let one_of = |name: &'static str, values: &[&'static str], help: &'static str| {
        Arg::new(name).long(name).help(help).value_parser(PossibleValuesParser::new(values))
    };
    let described = ["message", "label", "color", "label-color", "style", "logo", "link"];
    let render = Command::new("render")
        .about("Draw a badge as SVG or PNG")
        .long_about(
            "Draw a badge as SVG or PNG, without a server and without asking anyone. Colours are \
             names such as brightgreen, hexadecimal digits, or CSS.",
        )
        .arg(value("label", "TEXT", "Text on the left"))
        .arg(value("message", "TEXT", "Text on the right").required_unless_present("json"))
        .arg(value("color", "COLOR", "Background of the message [default: brightgreen]"))
        .arg(value("label-color", "COLOR", "Background of the label [default: grey]"))
        .arg(one_of("style", &Style::NAMES, "How it looks [default: flat]"))
        .arg(one_of("palette", &["current", "classic"], "Colours of shields now or before 2025"))
        .arg(value("logo", "FILE", "SVG, PNG, JPEG or WebP of up to 16 KiB, or a data URL"))
        .arg(
            value("link", "URL", "Page the badge leads to; a second one is for the message")
                .action(ArgAction::Append),
        )
        .arg(value("id-suffix", "TEXT", "What ids inside the SVG end with"))
        .arg(flag("inline", "Ids of its own, for an SVG inside a page with others"))
        .arg(flag("compat", "Byte for byte what badge-maker 6 draws, harmful texts included"))
        .arg(one_of("format", &["svg", "png"], "[default: by the name of --out, else svg]"))
        .arg(one_of("scale", &["1", "2"], "Pixels of a PNG for one of the badge [default: 1]"))
        .arg(file("out", "File to write [default: standard output]"))
        .arg(
            file("json", "File of badges, one JSON object a line; `-` reads standard input")
                .long_help(
                    "File of badges, one JSON object a line with the fields of badge-maker \
                     (label, message, color, labelColor, style, logoBase64, links, idSuffix); `-` \
                     reads standard input. Each is answered by a line: svg, width and height, or \
                     error.",
                )
                .conflicts_with_all(described)
                .conflicts_with_all(["id-suffix", "inline", "format", "scale"]),
        );
    super::badges::commands(
        Command::new("badge")
            .about("Draw badges, and look after those of a server")
            .subcommand_required(true)
            .subcommand(render),
    )
}

/// What `telltale badge render` was asked for.
pub fn call(matches: &ArgMatches) -> BadgeCall {
    let m = matches.subcommand_matches("render").unwrap_or(matches);
    let given = |name: &str| text(m, name).unwrap_or_default();
    BadgeCall {
        what: match m.get_one::<PathBuf>("json") {
            Some(file) => BadgeWhat::Lines(file.clone()),
            None => BadgeWhat::One(texts(m)),
        },
        palette: match given("palette").as_str() {
            "classic" => Palette::Classic,
            _ => Palette::Current,
        },
        rules: if m.get_flag("compat") { Rules::Compat } else { Rules::Safe },
        format: match given("format").as_str() {
            "svg" => Some(BadgeFormat::Svg),
            "png" => Some(BadgeFormat::Png),
            _ => None,
        },
        scale: if given("scale") == "2" { 2 } else { 1 },
        out: m.get_one::<PathBuf>("out").cloned(),
    }
}

fn texts(m: &ArgMatches) -> BadgeTexts {
    let given = |name: &str| text(m, name).unwrap_or_default();
    BadgeTexts {
        label: given("label"),
        message: given("message"),
        color: given("color"),
        label_color: given("label-color"),
        style: Style::from_name(&given("style")).unwrap_or_default(),
        logo: text(m, "logo"),
        links: m.get_many::<String>("link").unwrap_or_default().cloned().collect(),
        id_suffix: given("id-suffix"),
        is_inline: m.get_flag("inline"),
    }
}
