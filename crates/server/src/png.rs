//! SVG badges as PNG pictures, drawn by resvg with fonts of our own: DejaVu Sans, whose letters
//! are as wide as Verdana's.
//!
//! Invariants: nothing but the text given is read, no file and no font of the machine; what the
//! fonts have no glyph for is told to the caller.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::FontFamily;
use resvg::usvg::fontdb::{Database, Family, Query, Source, Stretch, Weight};
use resvg::usvg::{FontResolver, GlyphId, Group, ImageHrefResolver, Node, Options, Tree};

/// Most pixels on a side, at any scale.
pub const SIDE_MAX: u32 = 32_768;

/// Most pixels on a side of a picture inside: decoding takes memory by its size.
const LOGO_SIDE_MAX: usize = 1024;

/// A drawn picture.
#[derive(Debug)]
pub struct Png {
    pub bytes: Vec<u8>,
    /// Texts the fonts have no glyphs for, each once; boxes stand in their places.
    pub missing: BTreeSet<String>,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the badge is no SVG that can be drawn: {0}")]
    Svg(#[from] resvg::usvg::Error),
    #[error("the picture would be {width} × {height} pixels; a side may have {SIDE_MAX}")]
    TooLarge { width: u32, height: u32 },
    #[error("the logo cannot be read, or has more than {LOGO_SIDE_MAX} pixels on a side")]
    Logo,
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

/// Draws an SVG that safe rules let through, each of its pixels as `scale` × `scale`.
///
/// # Errors
/// When it cannot be drawn or would be too large.
pub fn png(svg: &str, scale: u32) -> Result<Png, Error> {
    let is_logo_bad = AtomicBool::new(false);
    let tree = Tree::from_str(svg, &options(&is_logo_bad))?;
    if is_logo_bad.load(Ordering::Relaxed) {
        return Err(Error::Logo);
    }
    let factor = scale as f32;
    let side = |length: f32| (length * factor).ceil() as u32;
    let (width, height) = (side(tree.size().width()), side(tree.size().height()));
    let too_large = Error::TooLarge { width, height };
    if width.max(height) > SIDE_MAX {
        return Err(too_large);
    }
    let mut pixmap = Pixmap::new(width, height).ok_or(too_large)?;
    resvg::render(&tree, Transform::from_scale(factor, factor), &mut pixmap.as_mut());
    let bytes = pixmap.encode_png().map_err(|error| Error::Encode(error.to_string()))?;
    let mut missing = BTreeSet::new();
    note_missing(tree.root(), &mut missing);
    Ok(Png { bytes, missing })
}

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    for font in [dejavu::sans::regular(), dejavu::sans::bold(), dejavu::sans_condensed::bold()] {
        fonts.load_font_source(Source::Binary(Arc::new(font)));
    }
    Arc::new(fonts)
});

fn options(is_logo_bad: &AtomicBool) -> Options<'_> {
    let data = ImageHrefResolver::default_data_resolver();
    Options {
        fontdb: Arc::clone(&FONTS),
        font_resolver: FontResolver {
            select_font: Box::new(|font, fonts| {
                // Helvetica is narrower than Verdana, and so is the condensed font than the normal.
                let is_helvetica = |family: &FontFamily| matches!(family, FontFamily::Named(name) if name.starts_with("Helvetica"));
                let stretch = match font.families().iter().any(is_helvetica) {
                    true => Stretch::Condensed,
                    false => Stretch::Normal,
                };
                fonts.query(&Query {
                    families: &[Family::Name("DejaVu Sans"), Family::Name("DejaVu Sans Condensed")],
                    weight: Weight(font.weight()),
                    stretch,
                    ..Query::default()
                })
            }),
            select_fallback: FontResolver::default_fallback_selector(),
        },
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(move |kind, bytes, options| {
                let is_small = kind == "image/svg+xml"
                    || imagesize::blob_size(&bytes)
                        .is_ok_and(|size| size.width.max(size.height) <= LOGO_SIDE_MAX);
                let image = if is_small { data(kind, bytes, options) } else { None };
                is_logo_bad.fetch_or(image.is_none(), Ordering::Relaxed);
                image
            }),
            // The default reads files.
            resolve_string: Box::new(|_, _| {
                is_logo_bad.store(true, Ordering::Relaxed);
                None
            }),
        },
        ..Options::default()
    }
}

fn note_missing(group: &Group, missing: &mut BTreeSet<String>) {
    for node in group.children() {
        match node {
            Node::Group(group) => note_missing(group, missing),
            Node::Text(text) => {
                let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
                let without = glyphs.filter(|glyph| glyph.id == GlyphId(0));
                missing.extend(without.map(|glyph| glyph.text.clone()));
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}
