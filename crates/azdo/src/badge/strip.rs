//! A strip: one label and any number of coloured segments, in the looks of flat badges
//! (spec badges.md §4.2). No original draws this; of one segment it is the badge itself.

use std::borrow::Cow;

use super::color::{self, LABEL_DEFAULT};
use super::flat::{self, FLAT, FLAT_SQUARE, PLASTIC, Side};
use super::svg::frame;
use super::width::{Font, width};
use super::{Badge, Drawing, Error, Palette, Prepared, Rules, Style, odd, text};

/// Most segments that are drawn; one more says how many are left out.
pub const SEGMENTS_MAX: usize = 20;

/// One part of a strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    pub text: &'a str,
    /// A text that is no colour counts as not given.
    pub color: &'a str,
}

/// What a strip says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strip<'a> {
    pub label: &'a str,
    pub segments: &'a [Segment<'a>],
    pub label_color: &'a str,
    /// `for-the-badge` is drawn as `flat-square`, `social` as `flat`.
    pub style: Style,
    pub palette: Palette,
    /// The page the whole strip leads to.
    pub link: &'a str,
}

/// Draws a strip by the safe rules.
///
/// # Errors
/// When the link could do harm.
pub fn render_strip(strip: &Strip<'_>) -> Result<Drawing, Error> {
    let look = match strip.style {
        Style::Flat | Style::Social => &FLAT,
        Style::FlatSquare | Style::ForTheBadge => &FLAT_SQUARE,
        Style::Plastic => &PLASTIC,
    };
    let hidden = strip.segments.len().saturating_sub(SEGMENTS_MAX);
    let more = format!("+{hidden} more");
    let shown = strip.segments.iter().take(SEGMENTS_MAX).copied();
    let last = Segment { text: &more, color: "lightgrey" };
    let segments: Vec<(Cow<'_, str>, Cow<'_, str>)> = shown
        .chain((hidden > 0).then_some(last))
        .map(|segment| (text::safe(segment.text), background(segment.color, strip.palette)))
        .collect();
    let spoken = segments.iter().map(|(text, _)| text.as_ref()).collect::<Vec<_>>().join(", ");
    let badge = Badge {
        label: strip.label,
        message: &spoken,
        label_color: strip.label_color,
        palette: strip.palette,
        links: [strip.link, ""],
        ..Badge::default()
    };
    let prepared = Prepared::new(&badge, Rules::Safe)?;
    let sides = sides(&prepared, &segments);
    let total = sides.iter().map(|side| side.width).sum();
    let svg = frame(&prepared, total, look.height, |svg| {
        if let Some(gloss) = &look.gloss {
            flat::definitions(svg, &prepared, gloss, total, look.height);
        }
        svg.raw(match look.gloss {
            Some(_) => "<g clip-path=\"url(#r)\">",
            None => "<g shape-rendering=\"crispEdges\">",
        });
        let mut left = 0.0;
        for side in &sides {
            svg.raw("<rect").attribute("x", left).attribute("width", side.width);
            svg.attribute("height", look.height).raw(" fill=\"").text(side.background).raw("\"/>");
            left += side.width;
        }
        if look.gloss.is_some() {
            svg.raw("<rect").attribute("width", total).attribute("height", look.height);
            svg.raw(" fill=\"url(#s)\"/>");
        }
        svg.raw("</g><g fill=\"#fff\" text-anchor=\"middle\" ");
        svg.raw("font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" ");
        svg.raw("text-rendering=\"geometricPrecision\" font-size=\"110\">");
        for side in &sides {
            flat::side(svg, &prepared, look, side);
        }
        svg.raw("</g>");
    });
    Ok(Drawing { svg, width: total, height: look.height })
}

fn background(color: &str, palette: Palette) -> Cow<'_, str> {
    let default = Cow::Borrowed(color::message_default(palette));
    color::resolve(color, palette, Rules::Safe).unwrap_or(default)
}

/// The label, if there is one, and the segments from left to right.
fn sides<'a>(
    prepared: &'a Prepared<'_>,
    segments: &'a [(Cow<'_, str>, Cow<'_, str>)],
) -> Vec<Side<'a>> {
    let label_color = prepared.label_color.as_deref().unwrap_or(LABEL_DEFAULT);
    let label = Some((prepared.label.as_ref(), label_color)).filter(|(text, _)| !text.is_empty());
    let rest = segments.iter().map(|(text, color)| (text.as_ref(), color.as_ref()));
    let mut left = 0.0;
    label
        .into_iter()
        .chain(rest)
        .map(|(text, background)| {
            let text_width = odd(width(text, Font::Verdana11));
            // A pixel towards the outer edge, as badges have it.
            let margin = if left == 0.0 { 1.0 } else { left - 1.0 };
            let side =
                Side { text, text_width, margin, width: text_width + 10.0, background, link: "" };
            left += side.width;
            side
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::badge::render;

    fn of(texts: &[&str], style: Style) -> Drawing {
        let segments: Vec<Segment<'_>> =
            texts.iter().map(|text| Segment { text, color: "red" }).collect();
        let strip = Strip { label: "Web", segments: &segments, style, ..Strip::default() };
        render_strip(&strip).unwrap()
    }

    #[test]
    fn a_strip_of_one_segment_is_as_wide_as_the_badge_and_says_the_same() {
        for style in [Style::Flat, Style::FlatSquare, Style::Plastic] {
            let badge =
                Badge { label: "Web", message: "R-1", color: "red", style, ..Badge::default() };
            let badge = render(&badge, Rules::Safe).unwrap();
            let strip = of(&["R-1"], style);
            assert_eq!((strip.width, strip.height), (badge.width, badge.height));
            // The first rectangle of a badge leaves its place out.
            assert_eq!(strip.svg.replacen("<rect x=\"0\" ", "<rect ", 1), badge.svg);
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_is_harmful_is_escaped() {
        let many = vec!["<R>"; SEGMENTS_MAX + 3];
        let strip = of(&many, Style::Flat);
        assert!(strip.svg.contains("+3 more"), "{}", strip.svg);
        assert!(!strip.svg.contains("<R>"));
        assert!(roxmltree::Document::parse(&strip.svg).is_ok());
        let bad = Strip { link: "javascript:x", ..Strip::default() };
        assert_eq!(render_strip(&bad).unwrap_err(), Error::Link("javascript:x".into()));
    }

    #[test]
    fn other_styles_are_drawn_as_the_nearest_one() {
        let svg = |style| of(&["R"], style).svg;
        assert_eq!(svg(Style::ForTheBadge), svg(Style::FlatSquare));
        assert_eq!(svg(Style::Social), svg(Style::Flat));
    }
}
