//! `telltale badge render`: badges without a server, one by flags or many by lines of JSON.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;

use azdo::badge::{self, Badge, LOGO_BYTES_MAX, Options, Palette, Rules};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Failure;
use crate::cli::{BadgeCall, BadgeFormat, BadgeTexts, BadgeWhat};
use crate::png::png;

/// The longest line of JSON that is read.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// Draws what the user asked for.
///
/// # Errors
/// When it cannot be drawn, read or written.
pub fn run(call: &BadgeCall) -> Result<(), Failure> {
    match &call.what {
        BadgeWhat::One(texts) => one(call, texts),
        BadgeWhat::Lines(file) => lines(call, file),
    }
}

fn one(call: &BadgeCall, texts: &BadgeTexts) -> Result<(), Failure> {
    let logo = texts.logo.as_deref().map(logo).transpose()?.unwrap_or_default();
    let link = |at: usize| texts.links.get(at).map_or("", String::as_str);
    if texts.links.len() > 2 {
        return Err(Failure::new("a badge has two links at most: give --link once or twice"));
    }
    let badge = Badge {
        label: &texts.label,
        message: &texts.message,
        color: &texts.color,
        label_color: &texts.label_color,
        style: texts.style,
        palette: call.palette,
        logo: &logo,
        links: [link(0), link(1)],
        id_suffix: &texts.id_suffix,
        is_inline: texts.is_inline,
    };
    let format = format(call);
    if format == BadgeFormat::Png && call.rules == Rules::Compat {
        return Err(Failure::new("--compat is about the bytes of an SVG; leave it out for a PNG"));
    }
    let drawn = badge::render(&badge, call.rules).map_err(|e| Failure::new(e.to_string()))?;
    if format == BadgeFormat::Svg {
        return write(call.out.as_deref(), drawn.svg.as_bytes());
    }
    if call.out.is_none() && std::io::stdout().is_terminal() {
        return Err(Failure::new("a PNG is not for a terminal; name a file with --out"));
    }
    let picture = png(&drawn.svg, call.scale).map_err(|error| Failure::new(error.to_string()))?;
    if !picture.missing.is_empty() {
        let missing: Vec<&str> = picture.missing.iter().map(String::as_str).collect();
        writeln!(
            std::io::stderr().lock(),
            "note: the font of pictures has nothing for {}; SVG uses the fonts of the reader",
            missing.join(" ")
        )?;
    }
    write(call.out.as_deref(), &picture.bytes)
}

fn format(call: &BadgeCall) -> BadgeFormat {
    let is_png = |out: &Path| out.extension().is_some_and(|e| e.eq_ignore_ascii_case("png"));
    call.format.unwrap_or(match call.out.as_deref().is_some_and(is_png) {
        true => BadgeFormat::Png,
        false => BadgeFormat::Svg,
    })
}

fn write(out: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = out else {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes)?;
        return Ok(stdout.flush()?);
    };
    std::fs::write(path, bytes)
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))
}

/// A file's picture as a data URL; a data URL as it is.
fn logo(given: &str) -> Result<String, Failure> {
    if given.starts_with("data:") {
        return Ok(given.to_owned());
    }
    let cannot = |error| Failure::new(format!("cannot read `{given}`: {error}"));
    let mut bytes = Vec::new();
    let limit = LOGO_BYTES_MAX as u64 + 1;
    File::open(given).map_err(cannot)?.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > LOGO_BYTES_MAX {
        return Err(Failure::new(format!("`{given}` has more than {LOGO_BYTES_MAX} bytes")));
    }
    let kind = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        _ => "svg+xml",
    };
    Ok(format!("data:image/{kind};base64,{}", STANDARD.encode(&bytes)))
}

/// Answers each line of JSON by one; the command fails when a badge was refused.
fn lines(call: &BadgeCall, file: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::new(format!("cannot read `{}`: {error}", file.display()));
    let mut reader: Box<dyn BufRead> = match file == Path::new("-") {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(BufReader::new(File::open(file).map_err(cannot)?)),
    };
    let mut out: Box<dyn Write> = match &call.out {
        None => Box::new(std::io::BufWriter::new(std::io::stdout().lock())),
        Some(path) => Box::new(std::io::BufWriter::new(File::create(path).map_err(|error| {
            Failure::new(format!("cannot write `{}`: {error}", path.display()))
        })?)),
    };
    let mut refused = false;
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = (&mut reader).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        if read.map_err(cannot)? == 0 {
            break;
        }
        if line.len() as u64 > LINE_BYTES_MAX {
            out.flush()?;
            return Err(Failure::new(format!(
                "line {number} has more than {LINE_BYTES_MAX} bytes; lines before it are answered"
            )));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = answer(&line, call.palette, call.rules);
        refused |= answer.get("error").is_some();
        writeln!(out, "{answer}")?;
    }
    out.flush()?;
    if refused { Err(Failure::Said) } else { Ok(()) }
}

fn answer(line: &[u8], palette: Palette, rules: Rules) -> Value {
    let drawn = serde_json::from_slice::<Value>(line)
        .map_err(|error| format!("not JSON: {error}"))
        .and_then(|value| Options::from_json(&value).map_err(|error| error.to_string()))
        .and_then(|options| {
            badge::render(&options.badge(palette), rules).map_err(|error| error.to_string())
        });
    match drawn {
        Ok(drawn) => json!({"svg": drawn.svg, "width": drawn.width, "height": drawn.height}),
        Err(error) => json!({ "error": error }),
    }
}
