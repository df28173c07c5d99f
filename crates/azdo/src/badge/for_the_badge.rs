//! The style `for-the-badge` (spec badges.md §2.6).

use super::color::{LABEL_DEFAULT, ink};
use super::svg::{Svg, frame};
use super::width::{Font, width};
use super::{Drawing, Prepared};

const HEIGHT: f64 = 28.0;
const MARGIN: f64 = 12.0;
const LOGO_MARGIN: f64 = 9.0;
const LOGO: f64 = 14.0;
const GUTTER: f64 = 6.0;
/// Between two UTF-16 units, pixels.
const LETTER_SPACING: f64 = 1.25;

/// A text and where it begins.
struct Part<'a> {
    text: &'a str,
    text_width: f64,
    start: f64,
    /// Of its rectangle.
    x: f64,
    width: f64,
    background: &'a str,
    link: &'a str,
}

/// `badge` has texts in upper case.
pub(super) fn for_the_badge(badge: &Prepared<'_>) -> Drawing {
    let (label, message) = parts(badge);
    let width = message.x + message.width;
    let svg = frame(badge, width, HEIGHT, |svg| {
        svg.raw("<g shape-rendering=\"crispEdges\">");
        for part in label.iter().chain([&message]) {
            svg.raw("<rect");
            // Without a label the one rectangle begins at the edge without saying so.
            if part.x > 0.0 {
                svg.attribute("x", part.x);
            }
            svg.attribute("width", part.width).attribute("height", HEIGHT);
            svg.raw(" fill=\"").text(part.background).raw("\"/>");
        }
        svg.raw("</g><g fill=\"#fff\" text-anchor=\"middle\" ");
        svg.raw("font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" ");
        svg.raw("text-rendering=\"geometricPrecision\" font-size=\"100\">");
        if let Some(logo) = badge.logo {
            svg.logo(logo, LOGO_MARGIN, HEIGHT);
        }
        if let Some(label) = label.as_ref().filter(|label| !label.text.is_empty()) {
            linked(svg, label, None);
        }
        linked(svg, &message, Some(message.x));
        svg.raw("</g>");
    });
    Drawing { svg, width, height: HEIGHT }
}

fn text_width(text: &str, font: Font) -> f64 {
    let units = text.encode_utf16().count() as f64;
    width(text, font).trunc() + LETTER_SPACING * units
}

/// The part of the label, if it has a rectangle, and that of the message.
fn parts<'a>(badge: &'a Prepared<'_>) -> (Option<Part<'a>>, Part<'a>) {
    let (label, message): (&str, &str) = (&badge.label, &badge.message);
    let label_width = text_width(label, Font::Verdana10);
    let message_width = text_width(message, Font::Verdana10Bold);
    let gutter = if label.is_empty() && message.is_empty() { -3.0 } else { GUTTER };
    let has_logo = badge.logo.is_some();
    let start = if has_logo { LOGO_MARGIN + LOGO + gutter } else { MARGIN };
    let has_label = !label.is_empty() || (has_logo && badge.label_color.is_some());
    let left = match (has_label, label.is_empty()) {
        (false, _) => 0.0,
        (true, true) => 2.0 * LOGO_MARGIN + LOGO,
        (true, false) => start + label_width + MARGIN,
    };
    let label = has_label.then(|| Part {
        text: label,
        text_width: label_width,
        start,
        x: 0.0,
        width: left,
        background: badge.label_color.as_deref().unwrap_or(LABEL_DEFAULT),
        link: if badge.has_both_links() { badge.links[0] } else { "" },
    });
    let before = match (has_label, has_logo) {
        (false, true) => LOGO + gutter,
        _ => 0.0,
    };
    let message = Part {
        text: message,
        text_width: message_width,
        start: left + MARGIN + before,
        x: left,
        width: 2.0 * MARGIN + before + message_width,
        background: &badge.color,
        link: badge.links[1],
    };
    (label, message)
}

/// A text with its link; the message's is bold and names the `x` of its rectangle.
fn linked(svg: &mut Svg, part: &Part<'_>, message_x: Option<f64>) {
    let is_link = svg.open_link(part.link);
    if is_link {
        svg.raw("<rect").attribute("width", part.width).attribute("height", HEIGHT);
        if let Some(x) = message_x {
            svg.attribute("x", x);
        }
        svg.raw(" fill=\"rgba(0,0,0,0)\"/>");
    }
    svg.raw("<text transform=\"scale(.1)\"");
    svg.attribute("x", 10.0 * (part.start + part.text_width / 2.0)).attribute("y", 175.0);
    svg.attribute("textLength", 10.0 * part.text_width);
    if message_x.is_some() {
        svg.raw(" font-weight=\"bold\"");
    }
    let ink = ink(part.background).text;
    if ink != "#fff" {
        svg.raw(" fill=\"").raw(ink).raw("\"");
    }
    svg.raw(">").text(part.text).raw("</text>");
    if is_link {
        svg.raw("</a>");
    }
}
