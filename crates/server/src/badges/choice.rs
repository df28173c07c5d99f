//! What the owner of a badge may choose, for one badge or in the settings for all.

use azdo::badge::{self, Badge, Palette, Rules, Style};
use azdo::release_badge::{Policy, Shows, Template};
use serde::{Deserialize, Serialize};

/// Longest alias, in bytes.
const ALIAS_BYTES_MAX: usize = 100;
/// Longest template, in characters.
const TEMPLATE_CHARS_MAX: usize = 256;
/// A year.
pub const CACHE_SECONDS_MAX: u32 = 31_536_000;

/// Who may see a badge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody, by every address.
    Public,
    /// Whoever knows its token, and who is signed in.
    #[default]
    Token,
    /// Who is signed in: has a key that may ask.
    SignedIn,
}

/// Which deployments a badge shows, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShowsWord {
    Succeeded,
    All,
    Running,
}

/// Which colours names of colours stand for, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaletteWord {
    Current,
    Classic,
}

/// What was chosen; what was not is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Choice {
    /// A path below `/badges/` of one or two parts, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shows: Option<ShowsWord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub palette: Option<PaletteWord>,
    /// A template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_color: Option<String>,
    /// A data URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_started: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_status: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed_colors: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u32>,
}

/// Why a choice is refused. The fault is of who chose.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChoiceError {
    #[error(
        "`{0}` is no alias: use one or two parts of lower-case letters, digits, `-`, `_` and \
         inner `.`, {ALIAS_BYTES_MAX} bytes at most, not beginning with `q/` or `t/`"
    )]
    Alias(String),
    #[error("`{name}` is no style: use one of {}", Style::NAMES.join(", "))]
    Style { name: String },
    #[error("the {what} is wrong: {reason}")]
    Template { what: &'static str, reason: String },
    #[error("{0}")]
    Drawing(#[from] badge::Error),
    #[error("`cacheSeconds` is {0}; {CACHE_SECONDS_MAX} (a year) is the most")]
    CacheSeconds(u32),
}

impl ChoiceError {
    /// The field at fault, as the API calls it.
    pub fn field(&self) -> &'static str {
        match self {
            ChoiceError::Alias(_) => "alias",
            ChoiceError::Style { .. } => "style",
            ChoiceError::Template { what, .. } => what,
            ChoiceError::Drawing(_) => "logo",
            ChoiceError::CacheSeconds(_) => "cacheSeconds",
        }
    }
}

/// What holds for a badge once nothing is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    pub visibility: Visibility,
    pub policy: Policy,
    pub style: Style,
    pub palette: Palette,
    pub label_color: String,
    pub logo: String,
    pub cache_seconds: u32,
}

impl Choice {
    /// What a server begins with: what the older generator did, but for its colour of canceled
    /// deployments.
    pub fn initial() -> Choice {
        Choice { cache_seconds: Some(60), ..Choice::default() }
    }

    /// Checks everything that was chosen.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<(), ChoiceError> {
        if let Some(alias) = self.alias.as_ref().filter(|alias| !is_alias(alias)) {
            return Err(ChoiceError::Alias(alias.chars().take(64).collect()));
        }
        if let Some(style) = self.style.as_ref().filter(|style| Style::from_name(style).is_none()) {
            return Err(ChoiceError::Style { name: style.chars().take(64).collect() });
        }
        for (what, text) in [("label", &self.label), ("message", &self.message)] {
            template(text).map_err(|reason| ChoiceError::Template { what, reason })?;
        }
        if let Some(seconds) = self.cache_seconds.filter(|seconds| *seconds > CACHE_SECONDS_MAX) {
            return Err(ChoiceError::CacheSeconds(seconds));
        }
        let logo = self.logo.as_deref().unwrap_or_default();
        badge::render(&Badge { message: "x", logo, ..Badge::default() }, Rules::Safe)?;
        Ok(())
    }

    /// What holds when `self` is chosen over `default`. What [`Choice::check`] refuses counts as
    /// not chosen.
    pub fn over(&self, default: &Choice) -> Look {
        let text = |mine: &Option<String>, other: &Option<String>| mine.clone().or(other.clone());
        let flag = |mine: Option<bool>, other: Option<bool>| mine.or(other).unwrap_or(false);
        let style = text(&self.style, &default.style).and_then(|name| Style::from_name(&name));
        Look {
            visibility: self.visibility.or(default.visibility).unwrap_or_default(),
            policy: Policy {
                shows: match self.shows.or(default.shows) {
                    Some(ShowsWord::All) => Shows::All,
                    Some(ShowsWord::Running) => Shows::Running,
                    Some(ShowsWord::Succeeded) | None => Shows::Succeeded,
                },
                shows_started: flag(self.show_started, default.show_started),
                shows_status: flag(self.show_status, default.show_status),
                has_seed_colors: flag(self.seed_colors, default.seed_colors),
                label: template(&text(&self.label, &default.label)).unwrap_or_default(),
                message: template(&text(&self.message, &default.message)).unwrap_or_default(),
            },
            style: style.unwrap_or_default(),
            palette: match self.palette.or(default.palette) {
                Some(PaletteWord::Classic) => Palette::Classic,
                Some(PaletteWord::Current) | None => Palette::Current,
            },
            label_color: text(&self.label_color, &default.label_color).unwrap_or_default(),
            logo: text(&self.logo, &default.logo).unwrap_or_default(),
            cache_seconds: self.cache_seconds.or(default.cache_seconds).unwrap_or_default(),
        }
    }
}

fn template(text: &Option<String>) -> Result<Option<Template>, String> {
    let Some(text) = text else { return Ok(None) };
    if text.chars().count() > TEMPLATE_CHARS_MAX {
        return Err(format!("it has more than {TEMPLATE_CHARS_MAX} characters"));
    }
    Template::parse(text).map(Some).map_err(|error| error.to_string())
}

fn is_alias(alias: &str) -> bool {
    let parts: Vec<&str> = alias.split('/').collect();
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
    };
    alias.len() <= ALIAS_BYTES_MAX
        && parts.len() <= 2
        && (parts.len() == 1 || !matches!(parts.first(), Some(&"q" | &"t")))
        && parts.iter().all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.ends_with('.')
                && part.bytes().all(is_plain)
        })
}
