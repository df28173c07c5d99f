//! Badges as SVG, in the five styles of shields (spec badges.md §2).
//!
//! A badge is a function of its texts: nothing is read, asked or remembered. `Rules::Compat` yields
//! what badge-maker 6 yields, to the byte; `Rules::Safe` differs from it in this alone: the XML is
//! well-formed whatever the texts hold, texts, links, colours and logos have limits, links lead to
//! web pages only, logos hold pictures only, every id has the suffix, and names of colours may be
//! written in any letter case.

mod color;
mod css_names;
mod flat;
mod for_the_badge;
mod logo;
mod options;
mod social;
mod strip;
mod svg;
mod text;
mod width;

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

pub use logo::LOGO_BYTES_MAX;
pub use options::{Options, Refusal};
pub use strip::{SEGMENTS_MAX, Segment, Strip, render_strip};
pub use text::TEXT_CHARS_MAX;

/// Most bytes of a link.
pub const LINK_BYTES_MAX: usize = 2048;

/// What a badge looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Style {
    #[default]
    Flat,
    FlatSquare,
    Plastic,
    ForTheBadge,
    Social,
}

impl Style {
    /// All styles by their names in shields' addresses.
    pub const NAMES: [&str; 5] = ["plastic", "flat", "flat-square", "for-the-badge", "social"];

    /// The style of that name.
    pub fn from_name(name: &str) -> Option<Style> {
        Some(match name {
            "flat" => Style::Flat,
            "flat-square" => Style::FlatSquare,
            "plastic" => Style::Plastic,
            "for-the-badge" => Style::ForTheBadge,
            "social" => Style::Social,
            _ => return None,
        })
    }
}

/// Which colours the names of badge colours stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Palette {
    /// Those of badge-maker 6.
    #[default]
    Current,
    /// Those of badge-maker 4 and 5, for badges that stand beside older ones.
    Classic,
}

/// What a badge may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rules {
    #[default]
    Safe,
    /// Byte for byte what badge-maker 6 draws; may be no well-formed XML.
    Compat,
}

/// What a badge says. Empty texts stand for what is not given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Badge<'a> {
    pub label: &'a str,
    pub message: &'a str,
    /// Background of the message; a text that is no colour counts as not given.
    pub color: &'a str,
    /// Background of the label.
    pub label_color: &'a str,
    pub style: Style,
    pub palette: Palette,
    /// A picture as a data URL.
    pub logo: &'a str,
    /// Addresses for label and message; the first alone is for the whole badge.
    pub links: [&'a str; 2],
    /// Letters, digits, `-` and `_` that make ids differ between the badges of one page.
    pub id_suffix: &'a str,
    /// Derive the suffix from the content when none is given.
    pub is_inline: bool,
}

/// Why a badge is not drawn. All are the caller's fault.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    #[error("the suffix of ids may hold letters, digits, `-` and `_` only")]
    IdSuffix,
    #[error("a link must begin with `http://`, `https://` or be relative: `{0}`")]
    Link(String),
    #[error("a link may have {LINK_BYTES_MAX} bytes, this one has {0}")]
    LinkTooLong(usize),
    #[error("the logo {0}")]
    Logo(String),
}

/// A badge as SVG.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    pub svg: String,
    /// Pixels; whole but in the style `for-the-badge`.
    pub width: f64,
    /// Pixels.
    pub height: f64,
}

/// Draws a badge.
///
/// # Errors
/// When the suffix of ids has other characters than it may; with safe rules also for links and
/// logos that could do harm.
pub fn render(badge: &Badge<'_>, rules: Rules) -> Result<Drawing, Error> {
    let prepared = Prepared::new(badge, rules)?;
    Ok(match badge.style {
        Style::Flat => flat::flat(&prepared),
        Style::FlatSquare => flat::flat_square(&prepared),
        Style::Plastic => flat::plastic(&prepared),
        Style::ForTheBadge => for_the_badge::for_the_badge(&prepared),
        Style::Social => social::social(&prepared),
    })
}

/// What the styles draw: checked texts in the style's letter case, colours as SVG takes them.
struct Prepared<'a> {
    label: Cow<'a, str>,
    message: Cow<'a, str>,
    color: Cow<'a, str>,
    label_color: Option<Cow<'a, str>>,
    logo: Option<&'a str>,
    links: [&'a str; 2],
    suffix: Cow<'a, str>,
    rules: Rules,
}

impl<'a> Prepared<'a> {
    fn new(badge: &Badge<'a>, rules: Rules) -> Result<Prepared<'a>, Error> {
        let is_suffix = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if !badge.id_suffix.bytes().all(is_suffix) {
            return Err(Error::IdSuffix);
        }
        if rules == Rules::Safe {
            badge.links.iter().try_for_each(|link| check_link(link))?;
            logo::check(badge.logo).map_err(Error::Logo)?;
        }
        let cleaned = |text: &'a str| match rules {
            Rules::Safe => text::safe(text),
            Rules::Compat => Cow::Borrowed(text.trim_matches(text::is_space)),
        };
        let upper = |text: Cow<'a, str>| Cow::Owned(text.to_uppercase());
        let (label, message) = (cleaned(badge.label), cleaned(badge.message));
        let (label, message) = match badge.style {
            Style::ForTheBadge => (upper(label), upper(message)),
            Style::Social => (capitalised(label), message),
            Style::Flat | Style::FlatSquare | Style::Plastic => (label, message),
        };
        let color = color::resolve(badge.color, badge.palette, rules);
        Ok(Prepared {
            label,
            message,
            color: color.unwrap_or(Cow::Borrowed(color::message_default(badge.palette))),
            label_color: color::resolve(badge.label_color, badge.palette, rules),
            logo: Some(badge.logo).filter(|logo| !logo.is_empty()),
            links: badge.links,
            suffix: match badge.is_inline && badge.id_suffix.is_empty() {
                true => Cow::Owned(content_suffix(badge)),
                false => Cow::Borrowed(badge.id_suffix),
            },
            rules,
        })
    }

    fn has_both_links(&self) -> bool {
        self.links.iter().all(|link| !link.is_empty())
    }

    /// The suffix of the filter's id, which the original forgets.
    fn blur_suffix(&self) -> &str {
        match self.rules {
            Rules::Safe => &self.suffix,
            Rules::Compat => "",
        }
    }
}

fn capitalised(label: Cow<'_, str>) -> Cow<'_, str> {
    match label {
        Cow::Borrowed(label) => text::capitalised(label),
        Cow::Owned(label) => Cow::Owned(text::capitalised(&label).into_owned()),
    }
}

/// The whole part of a width, and one more when it is even, so that texts centre on a pixel.
fn odd(width: f64) -> f64 {
    let whole = width.trunc();
    if whole % 2.0 == 0.0 { whole + 1.0 } else { whole }
}

/// Browsers drop tabs and line ends inside of schemes, so none may be there.
fn check_link(link: &str) -> Result<(), Error> {
    if link.len() > LINK_BYTES_MAX {
        return Err(Error::LinkTooLong(link.len()));
    }
    let scheme = link.split(['/', '?', '#']).next().unwrap_or_default().split_once(':');
    let is_web = scheme.is_none_or(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    let is_plain = !link.chars().any(|c| c.is_control() || text::is_space(c) || !text::is_xml(c));
    match is_web && is_plain {
        true => Ok(()),
        false => Err(Error::Link(link.chars().take(64).collect())),
    }
}

/// A suffix that differs between badges of different content.
fn content_suffix(badge: &Badge<'_>) -> String {
    let mut hash = Sha256::new();
    for text in [badge.label, badge.message, badge.color, badge.label_color, badge.logo]
        .into_iter()
        .chain(badge.links)
    {
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.update([badge.style as u8, badge.palette as u8]);
    hash.finalize().iter().take(4).fold("-".to_owned(), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_web_pages() {
        for good in ["", "https://a.b/c?d=e:f", "HTTP://a", "/a:b", "a/b", "?x=a:b", "//host/"] {
            assert_eq!(check_link(good), Ok(()), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            " javascript:x",
            "data:text/html,x",
            "\u{1}javascript:x",
            "vbscript:x",
            "mailto:a@b",
            "/a\u{ffff}",
            "/a b",
        ] {
            assert_eq!(check_link(bad), Err(Error::Link(bad.to_owned())), "{bad}");
        }
        let long = "/".repeat(LINK_BYTES_MAX + 1);
        assert_eq!(check_link(&long), Err(Error::LinkTooLong(LINK_BYTES_MAX + 1)));
        let badge = Badge { links: ["javascript:x", ""], ..Badge::default() };
        let error = render(&badge, Rules::Safe).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a link must begin with `http://`, `https://` or be relative: `javascript:x`"
        );
        assert!(render(&badge, Rules::Compat).is_ok());
    }

    #[test]
    fn inline_badges_have_ids_of_their_own() {
        let badge = Badge { label: "a", message: "b", is_inline: true, ..Badge::default() };
        let one = render(&badge, Rules::Safe).unwrap().svg;
        let other = render(&Badge { label: "ab", message: "", ..badge }, Rules::Safe).unwrap().svg;
        let id = |svg: &str| svg.split("id=\"blur").nth(1).unwrap()[..9].to_owned();
        assert_ne!(id(&one), id(&other));
        assert!(one.contains(&format!("url(#blur{})", id(&one))), "{one}");
        let given = Badge { id_suffix: "-x", ..badge };
        assert!(render(&given, Rules::Safe).unwrap().svg.contains("url(#blur-x)"));
    }
}
