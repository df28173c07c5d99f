//! A badge described in JSON with the fields of badge-maker 6, and what is refused
//! (spec badges.md §2.1).

use serde_json::{Map, Value};

use super::{Badge, Palette, Style};

/// The fields there are.
const FIELDS: [&str; 8] =
    ["label", "message", "labelColor", "color", "style", "logoBase64", "links", "idSuffix"];

/// A badge that owns its texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pub label: String,
    pub message: String,
    pub color: String,
    pub label_color: String,
    pub style: Style,
    pub logo: String,
    pub links: [String; 2],
    pub id_suffix: String,
}

/// Why JSON describes no badge. All are the caller's fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    #[error("a badge is described by an object")]
    NotAnObject,
    #[error("`message` is missing; it may be empty")]
    NoMessage,
    #[error("`{0}` must be a text")]
    NotAText(&'static str),
    #[error("`links` must be an array of up to two texts")]
    NotLinks,
    #[error("`links` has {0} links; label and message can have one each")]
    TooManyLinks(usize),
    #[error("`style` must be one of {}", Style::NAMES.join(", "))]
    UnknownStyle,
    #[error("`idSuffix` may hold letters, digits, `-` and `_` only")]
    IdSuffix,
    #[error("`{name}` is no field of a badge; there are {}", FIELDS.join(", "))]
    UnknownField { name: String },
}

impl Options {
    /// Reads a badge.
    ///
    /// # Errors
    /// For everything badge-maker refuses, in the same order.
    pub fn from_json(value: &Value) -> Result<Options, Refusal> {
        let object = value.as_object().ok_or(Refusal::NotAnObject)?;
        if !object.contains_key("message") {
            return Err(Refusal::NoMessage);
        }
        let label_color = text(object, "labelColor")?;
        let color = text(object, "color")?;
        let message = text(object, "message")?;
        let label = text(object, "label")?;
        let logo = text(object, "logoBase64")?;
        let links = links(object.get("links"))?;
        let style = match object.get("style") {
            None => Style::default(),
            Some(style) => {
                style.as_str().and_then(Style::from_name).ok_or(Refusal::UnknownStyle)?
            }
        };
        let id_suffix = text(object, "idSuffix").map_err(|_| Refusal::IdSuffix)?;
        let is_suffix = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !id_suffix.chars().all(is_suffix) {
            return Err(Refusal::IdSuffix);
        }
        if let Some(name) = object.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(Refusal::UnknownField { name: name.clone() });
        }
        Ok(Options { label, message, color, label_color, style, logo, links, id_suffix })
    }

    /// What is to be drawn.
    pub fn badge(&self, palette: Palette) -> Badge<'_> {
        Badge {
            label: &self.label,
            message: &self.message,
            color: &self.color,
            label_color: &self.label_color,
            style: self.style,
            palette,
            logo: &self.logo,
            links: [&self.links[0], &self.links[1]],
            id_suffix: &self.id_suffix,
            is_inline: false,
        }
    }
}

fn text(object: &Map<String, Value>, name: &'static str) -> Result<String, Refusal> {
    match object.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(Refusal::NotAText(name)),
    }
}

fn links(value: Option<&Value>) -> Result<[String; 2], Refusal> {
    let mut links = [String::new(), String::new()];
    let Some(value) = value else { return Ok(links) };
    let given = value.as_array().ok_or(Refusal::NotLinks)?;
    if given.len() > links.len() {
        return Err(Refusal::TooManyLinks(given.len()));
    }
    for (link, given) in links.iter_mut().zip(given) {
        *link = given.as_str().ok_or(Refusal::NotLinks)?.to_owned();
    }
    Ok(links)
}
