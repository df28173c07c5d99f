//! The styles `flat`, `flat-square` and `plastic` (spec badges.md §2.5).

use super::color::{LABEL_DEFAULT, ink};
use super::svg::{Svg, frame};
use super::width::{Font, width};
use super::{Drawing, Prepared, odd};

/// What one of the three styles looks like.
pub(super) struct Look {
    pub(super) height: f64,
    /// Base line of texts in tenths of a pixel.
    text_y: f64,
    /// What the styles with shadows have in addition.
    pub(super) gloss: Option<Gloss>,
}

pub(super) struct Gloss {
    radius: f64,
    shadow_y: f64,
    stops: &'static str,
}

pub(super) const FLAT: Look = Look {
    height: 20.0,
    text_y: 140.0,
    gloss: Some(Gloss {
        radius: 3.0,
        shadow_y: 150.0,
        stops: r##"<stop offset="0" stop-color="#bbb" stop-opacity=".1"/><stop offset="1" stop-opacity=".1"/>"##,
    }),
};
pub(super) const FLAT_SQUARE: Look = Look { height: 20.0, text_y: 140.0, gloss: None };
pub(super) const PLASTIC: Look = Look {
    height: 18.0,
    text_y: 130.0,
    gloss: Some(Gloss {
        radius: 4.0,
        shadow_y: 140.0,
        stops: r##"<stop offset="0" stop-color="#fff" stop-opacity=".7"/><stop offset=".1" stop-color="#aaa" stop-opacity=".1"/><stop offset=".9" stop-color="#000" stop-opacity=".3"/><stop offset="1" stop-color="#000" stop-opacity=".5"/>"##,
    }),
};

pub(super) fn flat(badge: &Prepared<'_>) -> Drawing {
    draw(badge, &FLAT)
}

pub(super) fn flat_square(badge: &Prepared<'_>) -> Drawing {
    draw(badge, &FLAT_SQUARE)
}

pub(super) fn plastic(badge: &Prepared<'_>) -> Drawing {
    draw(badge, &PLASTIC)
}

/// One of the two halves of a badge: its text, and the rectangle that a link makes of it.
pub(super) struct Side<'a> {
    pub(super) text: &'a str,
    pub(super) text_width: f64,
    /// Where the text's margin begins, pixels from the left.
    pub(super) margin: f64,
    pub(super) width: f64,
    pub(super) background: &'a str,
    pub(super) link: &'a str,
}

fn sides<'a>(badge: &'a Prepared<'_>) -> [Side<'a>; 2] {
    let has_label = !badge.label.is_empty() || badge.label_color.is_some();
    let logo = match (badge.logo, badge.label.is_empty()) {
        (None, _) => 0.0,
        (Some(_), true) => 14.0,
        (Some(_), false) => 17.0,
    };
    let label_width = match badge.label.is_empty() {
        true => 0.0,
        false => odd(width(&badge.label, Font::Verdana11)),
    };
    let left = if has_label { label_width + 10.0 + logo } else { 0.0 };
    let message_width = odd(width(&badge.message, Font::Verdana11));
    let has_message = !badge.message.is_empty();
    let mut right = message_width + 10.0;
    let mut margin = left - if has_message { 1.0 } else { 0.0 };
    match (has_label, badge.logo) {
        (true, _) => {}
        (false, None) => margin += 1.0,
        (false, Some(_)) => {
            margin += logo + 5.0;
            right += logo + if has_message { 4.0 } else { 0.0 };
        }
    }
    let label_color = badge.label_color.as_deref().unwrap_or(LABEL_DEFAULT);
    let label = Side {
        text: &badge.label,
        text_width: label_width,
        margin: logo + 1.0,
        width: left,
        background: match has_label || badge.logo.is_some() {
            true => label_color,
            false => &badge.color,
        },
        link: if badge.has_both_links() { badge.links[0] } else { "" },
    };
    let message = Side {
        text: &badge.message,
        text_width: message_width,
        margin,
        width: right,
        background: &badge.color,
        link: badge.links[1],
    };
    [label, message]
}

fn draw(badge: &Prepared<'_>, look: &Look) -> Drawing {
    let [label, message] = sides(badge);
    let width = label.width + message.width;
    let svg = frame(badge, width, look.height, |svg| {
        if let Some(gloss) = &look.gloss {
            definitions(svg, badge, gloss, width, look.height);
        }
        background(svg, badge, look, &label, &message);
        svg.raw("<g fill=\"#fff\" text-anchor=\"middle\" ");
        svg.raw("font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" ");
        svg.raw("text-rendering=\"geometricPrecision\" font-size=\"110\">");
        if let Some(logo) = badge.logo {
            svg.logo(logo, 5.0, look.height);
        }
        side(svg, badge, look, &label);
        side(svg, badge, look, &message);
        svg.raw("</g>");
    });
    Drawing { svg, width, height: look.height }
}

pub(super) fn definitions(
    svg: &mut Svg,
    badge: &Prepared<'_>,
    gloss: &Gloss,
    width: f64,
    height: f64,
) {
    svg.raw("<filter id=\"blur").raw(badge.blur_suffix());
    svg.raw("\"><feGaussianBlur stdDeviation=\"16\"/></filter>");
    svg.raw("<linearGradient id=\"s").raw(&badge.suffix).raw("\" x2=\"0\" y2=\"100%\">");
    svg.raw(gloss.stops).raw("</linearGradient>");
    svg.raw("<clipPath id=\"r").raw(&badge.suffix).raw("\"><rect");
    svg.attribute("width", width).attribute("height", height).attribute("rx", gloss.radius);
    svg.raw("/></clipPath>");
}

fn background(
    svg: &mut Svg,
    badge: &Prepared<'_>,
    look: &Look,
    label: &Side<'_>,
    message: &Side<'_>,
) {
    match look.gloss {
        Some(_) => svg.raw("<g clip-path=\"url(#r").raw(&badge.suffix).raw(")\">"),
        None => svg.raw("<g shape-rendering=\"crispEdges\">"),
    };
    svg.raw("<rect").attribute("width", label.width).attribute("height", look.height);
    svg.raw(" fill=\"").text(label.background).raw("\"/>");
    svg.raw("<rect").attribute("x", label.width).attribute("width", message.width);
    svg.attribute("height", look.height).raw(" fill=\"").text(message.background).raw("\"/>");
    if look.gloss.is_some() {
        svg.raw("<rect").attribute("width", label.width + message.width);
        svg.attribute("height", look.height);
        svg.raw(" fill=\"url(#s").raw(&badge.suffix).raw(")\"/>");
    }
    svg.raw("</g>");
}

/// The text of a half, with its link. An empty text is left out, and its link with it.
pub(super) fn side(svg: &mut Svg, badge: &Prepared<'_>, look: &Look, side: &Side<'_>) {
    if side.text.is_empty() {
        return;
    }
    let is_link = svg.open_link(side.link);
    if is_link {
        let x = if side.margin > 1.0 { side.margin + 1.0 } else { 0.0 };
        svg.raw("<rect").attribute("width", side.width).attribute("x", x);
        svg.attribute("height", look.height).raw(" fill=\"rgba(0,0,0,0)\"/>");
    }
    let ink = ink(side.background);
    let x = 10.0 * (side.margin + side.text_width / 2.0 + 5.0);
    let place = |svg: &mut Svg, y: f64| {
        svg.raw("<text").attribute("x", x).attribute("y", y);
    };
    let content = |svg: &mut Svg| {
        svg.raw(">").text(side.text).raw("</text>");
    };
    let length = 10.0 * side.text_width;
    if let Some(gloss) = &look.gloss {
        svg.raw("<g transform=\"scale(.1)\"><g aria-hidden=\"true\" fill=\"");
        svg.raw(ink.shadow).raw("\">");
        place(svg, gloss.shadow_y);
        svg.raw(" fill-opacity=\".8\" filter=\"url(#blur").raw(badge.blur_suffix()).raw(")\"");
        svg.attribute("textLength", length);
        content(svg);
        place(svg, gloss.shadow_y);
        svg.raw(" fill-opacity=\".3\"").attribute("textLength", length);
        content(svg);
        svg.raw("</g>");
    }
    place(svg, look.text_y);
    svg.attribute("textLength", length);
    if look.gloss.is_none() {
        svg.raw(" transform=\"scale(.1)\"");
    }
    if ink.text != "#fff" {
        svg.raw(" fill=\"").raw(ink.text).raw("\"");
    }
    content(svg);
    if look.gloss.is_some() {
        svg.raw("</g>");
    }
    if is_link {
        svg.raw("</a>");
    }
}
