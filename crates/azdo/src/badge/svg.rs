//! Writing SVG: numbers, escaped texts, the frame and the links all styles share
//! (spec badges.md §2.4).

use std::fmt::Write;

use super::{Prepared, text};

/// An SVG on its way.
#[derive(Debug, Default)]
pub(super) struct Svg {
    out: String,
}

impl Svg {
    /// Markup as it is.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text of a user.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        text::escape(&mut self.out, text);
        self
    }

    /// The shortest decimal form.
    pub(super) fn number(&mut self, number: f64) -> &mut Self {
        match number.fract() == 0.0 && (0.0..1e15).contains(&number) {
            true => self.whole(number as u64),
            // Writing to a text cannot fail.
            false => drop(write!(self.out, "{number}")),
        }
        self
    }

    /// Half of the time of a badge went into whole numbers written by the standard library.
    fn whole(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            count += 1;
            if number == 0 {
                break;
            }
        }
        let digits = digits.get(digits.len() - count..).unwrap_or_default();
        self.out.extend(digits.iter().map(|digit| char::from(*digit)));
    }

    /// ` name="number"`.
    pub(super) fn attribute(&mut self, name: &str, number: f64) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").number(number).raw("\"")
    }

    /// Opens a link, if there is an address; says whether.
    pub(super) fn open_link(&mut self, address: &str) -> bool {
        if !address.is_empty() {
            self.raw("<a target=\"_blank\" href=\"").text(address).raw("\">");
        }
        !address.is_empty()
    }

    /// The logo, its middle at the middle of a badge of `height`.
    pub(super) fn logo(&mut self, logo: &str, x: f64, height: f64) {
        self.raw("<image").attribute("x", x).attribute("y", (height - 14.0) / 2.0);
        self.raw(" width=\"14\" height=\"14\" href=\"").text(logo).raw("\"/>");
    }
}

/// Draws `body` inside the frame of a badge. Two links stand in the body, and what the badge says
/// is read there; one link wraps it.
pub(super) fn frame(
    badge: &Prepared<'_>,
    width: f64,
    height: f64,
    body: impl FnOnce(&mut Svg),
) -> String {
    let mut svg = Svg { out: String::with_capacity(1536) };
    svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\"");
    svg.attribute("width", width).attribute("height", height);
    if badge.has_both_links() {
        svg.raw(">");
    } else {
        svg.raw(" role=\"img\" aria-label=\"");
        spoken(&mut svg, badge);
        svg.raw("\"><title>");
        spoken(&mut svg, badge);
        svg.raw("</title>");
    }
    let is_wrapped = badge.links[1].is_empty() && svg.open_link(badge.links[0]);
    body(&mut svg);
    svg.raw(if is_wrapped { "</a></svg>" } else { "</svg>" });
    svg.out
}

fn spoken(svg: &mut Svg, badge: &Prepared<'_>) {
    if !badge.label.is_empty() {
        svg.text(&badge.label).raw(": ");
    }
    svg.text(&badge.message);
}
