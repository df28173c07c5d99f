//! The style `social`: a button and a speech bubble (spec badges.md §2.7). Colours are its own.

use super::svg::{Svg, frame};
use super::width::{Font, width};
use super::{Drawing, Prepared, odd};

const HEIGHT: f64 = 20.0;

/// Sizes in pixels.
struct Plan {
    logo: f64,
    label_width: f64,
    label_rect: f64,
    message_width: f64,
    message_rect: f64,
}

/// `badge` has its label capitalised.
pub(super) fn social(badge: &Prepared<'_>) -> Drawing {
    let logo = match (badge.logo, badge.label.is_empty()) {
        (None, _) => 0.0,
        (Some(_), true) => 14.0,
        (Some(_), false) => 17.0,
    };
    let label_width = odd(width(&badge.label, Font::Helvetica11Bold));
    let message_width = odd(width(&badge.message, Font::Helvetica11Bold));
    let plan = Plan {
        logo,
        label_width,
        label_rect: label_width + logo + 10.0,
        message_width,
        message_rect: message_width + 8.0,
    };
    let bubble = if badge.message.is_empty() { 0.0 } else { 6.0 + plan.message_rect };
    let width = plan.label_rect + 1.0 + bubble;
    let svg = frame(badge, width, HEIGHT, |svg| {
        definitions(svg, &badge.suffix);
        background(svg, badge, &plan);
        if let Some(logo) = badge.logo {
            svg.logo(logo, 5.0, HEIGHT);
        }
        svg.raw("<g aria-hidden=\"");
        svg.raw(if badge.has_both_links() { "false" } else { "true" });
        svg.raw("\" fill=\"#333\" text-anchor=\"middle\" ");
        svg.raw("font-family=\"Helvetica Neue,Helvetica,Arial,sans-serif\" ");
        svg.raw("text-rendering=\"geometricPrecision\" font-weight=\"700\" ");
        svg.raw("font-size=\"110px\" line-height=\"14px\">");
        label(svg, badge, &plan);
        if !badge.message.is_empty() {
            message(svg, badge, &plan);
        }
        svg.raw("</g>");
    });
    Drawing { svg, width, height: HEIGHT }
}

fn definitions(svg: &mut Svg, suffix: &str) {
    svg.raw("<style>a:hover #llink").raw(suffix).raw("{fill:url(#b").raw(suffix);
    svg.raw(");stroke:#ccc}a:hover #rlink").raw(suffix).raw("{fill:#4183c4}</style>");
    for (id, stop) in [
        ("a", r##"<stop offset="0" stop-color="#fcfcfc" stop-opacity="0"/>"##),
        ("b", r##"<stop offset="0" stop-color="#ccc" stop-opacity=".1"/>"##),
    ] {
        svg.raw("<linearGradient id=\"").raw(id).raw(suffix).raw("\" x2=\"0\" y2=\"100%\">");
        svg.raw(stop).raw("<stop offset=\"1\" stop-opacity=\".1\"/></linearGradient>");
    }
}

fn background(svg: &mut Svg, badge: &Prepared<'_>, plan: &Plan) {
    svg.raw("<g stroke=\"#d5d5d5\"><rect stroke=\"none\" fill=\"#fcfcfc\" x=\".5\" y=\".5\"");
    svg.attribute("width", plan.label_rect).raw(" height=\"19\" rx=\"2\"/>");
    if !badge.message.is_empty() {
        let notch = plan.label_rect + 6.0;
        svg.raw("<rect").attribute("x", notch + 0.5).raw(" y=\".5\"");
        svg.attribute("width", plan.message_rect);
        svg.raw(" height=\"19\" rx=\"2\" fill=\"#fafafa\"/><rect").attribute("x", notch);
        svg.raw(" y=\"7.5\" width=\".5\" height=\"5\" stroke=\"#fafafa\"/>");
        svg.raw("<path d=\"M").number(notch + 0.5);
        svg.raw(" 6.5 l-3 3v1 l3 3\" fill=\"#fafafa\"/>");
    }
    svg.raw("</g>");
}

fn label(svg: &mut Svg, badge: &Prepared<'_>, plan: &Plan) {
    let x = 10.0 * (plan.logo + plan.label_width / 2.0 + 5.0);
    let texts = |svg: &mut Svg| text(svg, &badge.label, x, plan.label_width, None);
    let button = |svg: &mut Svg| {
        svg.raw("<rect id=\"llink").raw(&badge.suffix);
        svg.raw("\" stroke=\"#d5d5d5\" fill=\"url(#a").raw(&badge.suffix);
        svg.raw(")\" x=\".5\" y=\".5\"").attribute("width", plan.label_rect);
        svg.raw(" height=\"19\" rx=\"2\"/>");
    };
    // Inside a link the button lies on its text, to be what the pointer meets.
    if badge.has_both_links() && svg.open_link(badge.links[0]) {
        texts(svg);
        button(svg);
        svg.raw("</a>");
    } else {
        button(svg);
        texts(svg);
    }
}

fn message(svg: &mut Svg, badge: &Prepared<'_>, plan: &Plan) {
    let is_link = svg.open_link(badge.links[1]);
    if is_link {
        svg.raw("<rect").attribute("width", plan.message_rect + 1.0);
        svg.attribute("x", plan.label_rect + 6.0);
        svg.raw(" height=\"20\" fill=\"rgba(0,0,0,0)\"/>");
    }
    let x = 10.0 * (plan.label_rect + 6.0 + plan.message_rect / 2.0);
    text(svg, &badge.message, x, plan.message_width, Some(&badge.suffix));
    if is_link {
        svg.raw("</a>");
    }
}

/// A text on its white shadow; the message's has an id, with a suffix.
fn text(svg: &mut Svg, text: &str, x: f64, width: f64, message_suffix: Option<&str>) {
    svg.raw("<text aria-hidden=\"true\"").attribute("x", x);
    svg.raw(" y=\"150\" fill=\"#fff\" transform=\"scale(.1)\"");
    svg.attribute("textLength", 10.0 * width).raw(">").text(text).raw("</text><text");
    if let Some(suffix) = message_suffix {
        svg.raw(" id=\"rlink").raw(suffix).raw("\"");
    }
    svg.attribute("x", x).raw(" y=\"140\" transform=\"scale(.1)\"");
    svg.attribute("textLength", 10.0 * width).raw(">").text(text).raw("</text>");
}
