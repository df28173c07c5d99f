//! A badge's face and the wishes of an address → the bytes that are sent, packed as well.
//!
//! Invariant: what is drawn depends on face and variant alone, so its tag does, too.

use std::io::Write;
use std::sync::OnceLock;

use axum::http::HeaderValue;
use azdo::badge::{self, Badge, Palette, Rules, Segment, Strip, Style};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::png::png;
use model::text::hex;

/// Fast enough to be done for every variant, and within a few bytes of the best.
const BROTLI_QUALITY: u32 = 5;
/// Covers every badge; a larger window only takes memory.
const BROTLI_WINDOW: u32 = 16;

/// What a badge says and looks like before an address wishes for anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Face {
    pub label: String,
    pub message: String,
    pub color: String,
    /// `''`: none.
    pub link: String,
    /// Text and colour of each part of a strip; empty for a badge.
    pub segments: Vec<(String, String)>,
    pub is_error: bool,
    pub style: Style,
    pub palette: Palette,
    pub label_color: String,
    pub logo: String,
    pub cache_seconds: u32,
}

impl Face {
    /// The badge that stands for one that is not there, or not for who asks.
    pub fn unknown() -> Face {
        Face {
            label: "badge".to_owned(),
            message: "unknown".to_owned(),
            color: "lightgrey".to_owned(),
            is_error: true,
            ..Face::default()
        }
    }
}

/// In what form a badge is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    #[default]
    Svg,
    Png,
    /// For shields' endpoint badge (spec badges.md §3).
    Json,
}

/// What an address wishes to differ from the face.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Variant {
    pub form: Form,
    /// Pixels of a picture for one of the badge; 0 counts as 1.
    pub scale: u32,
    pub style: Option<Style>,
    pub label: Option<String>,
    pub color: Option<String>,
    pub label_color: Option<String>,
    pub logo: Option<String>,
    pub links: Option<[String; 2]>,
    pub is_inline: bool,
}

impl Variant {
    /// Bytes its texts take.
    pub fn size_bytes(&self) -> usize {
        let texts = [&self.label, &self.color, &self.label_color, &self.logo];
        let links = self.links.iter().flatten().map(String::len).sum::<usize>();
        texts.into_iter().flatten().map(String::len).sum::<usize>() + links
    }
}

/// A drawn badge.
#[derive(Debug)]
pub struct Picture {
    pub form: Form,
    pub plain: Sent,
    digest: String,
    gzip: OnceLock<Option<Sent>>,
    brotli: OnceLock<Option<Sent>>,
}

/// How bytes may be packed on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Gzip,
    Brotli,
}

/// Bytes and their strong tag.
#[derive(Debug)]
pub struct Sent {
    pub bytes: Bytes,
    pub tag: HeaderValue,
}

impl Picture {
    fn new(form: Form, plain: Vec<u8>) -> Picture {
        let digest = hex(&Sha256::digest(&plain)[..12]);
        let plain = Sent::new(plain, &digest);
        Picture { form, plain, digest, gzip: OnceLock::new(), brotli: OnceLock::new() }
    }

    /// Nothing drawn.
    pub fn empty() -> Picture {
        Picture::new(Form::Svg, Vec::new())
    }

    /// The bytes packed, when that makes them fewer; the first who asks waits for it.
    pub fn packed(&self, packing: Packing) -> Option<&Sent> {
        // Its bytes are packed already.
        if self.form == Form::Png {
            return None;
        }
        let (place, suffix) = match packing {
            Packing::Gzip => (&self.gzip, "gz"),
            Packing::Brotli => (&self.brotli, "br"),
        };
        let packed = place.get_or_init(|| {
            let plain = &self.plain.bytes;
            let bytes = match packing {
                Packing::Gzip => gzip(plain),
                Packing::Brotli => brotli(plain),
            };
            let bytes = bytes.filter(|bytes| bytes.len() < plain.len())?;
            Some(Sent::new(bytes, &format!("{}-{suffix}", self.digest)))
        });
        packed.as_ref()
    }

    /// Bytes it takes in memory at most.
    pub fn size_bytes(&self) -> usize {
        let copies = if self.form == Form::Png { 1 } else { 3 };
        copies * self.plain.bytes.len()
    }
}

impl Sent {
    fn new(bytes: Vec<u8>, tag: &str) -> Sent {
        // Digits, letters and `-` are always a header.
        let tag = HeaderValue::from_str(&format!("\"{tag}\""));
        Sent { bytes: bytes.into(), tag: tag.unwrap_or(HeaderValue::from_static("\"\"")) }
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

fn brotli(plain: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut out, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(plain).ok()?;
    encoder.flush().ok()?;
    drop(encoder);
    Some(out)
}

/// Draws a badge. Wishes that the safe rules refuse count as not made.
///
/// # Errors
/// When a picture would be too large; says so for people.
pub fn draw(face: &Face, variant: &Variant) -> Result<Picture, String> {
    let bytes = match variant.form {
        Form::Svg => svg(face, variant).into_bytes(),
        Form::Json => endpoint(face, variant).to_string().into_bytes(),
        Form::Png => {
            let drawn = png(&svg(face, variant), variant.scale.max(1));
            drawn.map_err(|error| error.to_string())?.bytes
        }
    };
    Ok(Picture::new(variant.form, bytes))
}

/// The badge as SVG.
pub fn svg(face: &Face, variant: &Variant) -> String {
    let wished = |wish: &'_ Option<String>, own: &'_ String| wish.clone().unwrap_or(own.clone());
    let label = wished(&variant.label, &face.label);
    let label_color = wished(&variant.label_color, &face.label_color);
    let style = variant.style.unwrap_or(face.style);
    if !face.segments.is_empty() {
        return strip(face, style, &label, &label_color);
    }
    let color = wished(&variant.color, &face.color);
    let logo = wished(&variant.logo, &face.logo);
    let own = [face.link.clone(), String::new()];
    let [first, second] = variant.links.as_ref().unwrap_or(&own);
    let badge = Badge {
        label: &label,
        message: &face.message,
        color: &color,
        label_color: &label_color,
        style,
        palette: face.palette,
        logo: &logo,
        links: [first, second],
        is_inline: variant.is_inline,
        ..Badge::default()
    };
    let tries = [
        badge,
        Badge { logo: &face.logo, ..badge },
        Badge { links: [&face.link, ""], ..badge },
        Badge { logo: "", links: ["", ""], ..badge },
    ];
    let drawn = tries.iter().find_map(|badge| badge::render(badge, Rules::Safe).ok());
    drawn.map(|drawn| drawn.svg).unwrap_or_default()
}

fn strip(face: &Face, style: Style, label: &str, label_color: &str) -> String {
    let segments: Vec<Segment<'_>> =
        face.segments.iter().map(|(text, color)| Segment { text, color }).collect();
    let strip =
        Strip { label, segments: &segments, label_color, style, palette: face.palette, link: "" };
    badge::render_strip(&strip).map(|drawn| drawn.svg).unwrap_or_default()
}

/// The fields shields admits, and no other: it refuses a badge with more.
fn endpoint(face: &Face, variant: &Variant) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("schemaVersion", json!(1));
    put("label", json!(variant.label.as_ref().unwrap_or(&face.label)));
    // It may not be empty.
    let message = if face.message.is_empty() { " " } else { &face.message };
    put("message", json!(message));
    put("color", json!(variant.color.as_ref().unwrap_or(&face.color)));
    let label_color = variant.label_color.as_ref().unwrap_or(&face.label_color);
    if !label_color.is_empty() {
        put("labelColor", json!(label_color));
    }
    if face.is_error {
        put("isError", json!(true));
    }
    let style = variant.style.unwrap_or(face.style);
    if style != Style::default() {
        let name = Style::NAMES.into_iter().find(|name| Style::from_name(name) == Some(style));
        put("style", json!(name));
    }
    put("cacheSeconds", json!(face.cache_seconds));
    Value::Object(out)
}
