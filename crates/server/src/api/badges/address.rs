//! The address of a badge: which one, in which form, and what the parameters wish for
//! (spec badges.md §3).

use axum::http::Uri;
use azdo::badge::Style;

use crate::ask::parameters;
use crate::badges::choice::CACHE_SECONDS_MAX;
use crate::badges::draw::{Form, Variant};

/// Longest path and parts of one, far beyond what names of Azure DevOps take.
const PATH_BYTES_MAX: usize = 4096;
const PARTS_MAX: usize = 4;

/// An address below `/badges/`, read.
#[derive(Debug, Default)]
pub struct Address {
    /// Decoded, the last one without its ending; empty when the path names no badge.
    pub parts: Vec<String>,
    pub variant: Variant,
    /// The age wished for, seconds.
    pub cache_seconds: u32,
    pub token: Option<String>,
}

impl Address {
    /// Reads an address; what makes no sense counts as not said, as shields has it.
    pub fn read(uri: &Uri) -> Address {
        let mut address = Address::default();
        let path = uri.path().strip_prefix("/badges/").unwrap_or_default();
        if let Some((parts, form)) = read_path(path) {
            address.parts = parts;
            address.variant.form = form;
        } else if path.to_ascii_lowercase().ends_with(".png") {
            address.variant.form = Form::Png;
        }
        if uri.query().is_some_and(|query| !query.is_empty()) {
            address.read_wishes(parameters(uri));
        }
        address
    }

    fn read_wishes(&mut self, parameters: Vec<(String, String)>) {
        let wishes = &mut self.variant;
        let mut links = Vec::new();
        for (name, value) in parameters {
            match name.as_str() {
                "style" => {
                    wishes.style = Some(Style::from_name(&value).unwrap_or_default());
                }
                "label" => wishes.label = Some(value),
                "color" | "colorB" => wishes.color = Some(value),
                "labelColor" | "colorA" => wishes.label_color = Some(value),
                // Names of logos are pictures of shields.
                "logo" if value.starts_with("data:") => wishes.logo = Some(value),
                "link" if links.len() < 2 => links.push(value),
                "cacheSeconds" | "maxAge" => {
                    let seconds = value.parse::<u32>().unwrap_or_default();
                    self.cache_seconds = seconds.min(CACHE_SECONDS_MAX);
                }
                "scale" if value == "2" && wishes.form == Form::Png => wishes.scale = 2,
                "inline" => wishes.is_inline = value == "1" || value == "true",
                "token" => self.token = Some(value),
                _ => {}
            }
        }
        if !links.is_empty() {
            links.resize(2, String::new());
            wishes.links = <[String; 2]>::try_from(links).ok();
        }
    }
}

/// The parts of a path and the form its ending asks for.
fn read_path(path: &str) -> Option<(Vec<String>, Form)> {
    if path.len() > PATH_BYTES_MAX {
        return None;
    }
    let (stem, ending) = path.rsplit_once('.')?;
    let form = match ending.to_ascii_lowercase().as_str() {
        "svg" => Form::Svg,
        "png" => Form::Png,
        "json" => Form::Json,
        _ => return None,
    };
    let parts: Vec<String> = stem.split('/').map(model::text::percent_decoded).collect();
    (parts.len() <= PARTS_MAX && parts.iter().all(|part| !part.is_empty())).then_some((parts, form))
}
