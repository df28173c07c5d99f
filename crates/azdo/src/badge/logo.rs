//! Which logos are let into a badge outside of compatible mode (spec badges.md §2.8).
//!
//! Pictures only: what is let in runs nothing, refers to nothing outside of itself and cannot be
//! told to repeat itself, so that a small logo is little work for whoever draws it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Most bytes of a logo, before base64.
pub const LOGO_BYTES_MAX: usize = 16 * 1024;

/// How deep the elements of an SVG logo may be nested.
const DEPTH_MAX: usize = 32;

const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Elements of SVG that draw, or say how. Missing on purpose: what repeats (`use`, `pattern`,
/// `mask`), loads (`image`, `feImage`), runs, moves, or holds another language.
const ELEMENTS: [&str; 20] = [
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "metadata",
    "path",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "text",
    "title",
    "tspan",
];

/// Says what is wrong with a logo, as the rest of a sentence; nothing when there is no logo.
pub(super) fn check(logo: &str) -> Result<(), String> {
    if logo.is_empty() {
        return Ok(());
    }
    let head = logo.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    let Some((head, data)) = head else {
        return Err("must be a data URL such as `data:image/png;base64,…`".to_owned());
    };
    let Some(kind) = head.strip_suffix(";base64") else {
        return Err("must be written in base64".to_owned());
    };
    if data.len() > LOGO_BYTES_MAX.div_ceil(3) * 4 {
        return Err(format!("may have {LOGO_BYTES_MAX} bytes"));
    }
    let bytes = STANDARD.decode(data).map_err(|error| format!("is no base64: {error}"))?;
    if bytes.len() > LOGO_BYTES_MAX {
        return Err(format!("may have {LOGO_BYTES_MAX} bytes, this one has {}", bytes.len()));
    }
    let is_picture = match kind.split(';').next().unwrap_or_default() {
        "image/svg+xml" => return check_svg(&bytes),
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(b"\xff\xd8\xff"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        other => {
            let other: String = other.chars().take(64).collect();
            return Err(format!("must be SVG, PNG, JPEG or WebP, not `{other}`"));
        }
    };
    if is_picture { Ok(()) } else { Err(format!("is not what `{kind}` says")) }
}

fn check_svg(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "is SVG but not UTF-8".to_owned())?;
    check_nesting(text)?;
    let document = roxmltree::Document::parse(text)
        .map_err(|error| format!("is no well-formed XML: {error}"))?;
    if document.root_element().tag_name().name() != "svg" {
        return Err("is XML but not SVG".to_owned());
    }
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    elements.into_iter().try_for_each(check_element)
}

/// Before anything is parsed by code that could call itself too often.
fn check_nesting(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for (at, _) in text.match_indices('<') {
        let tag = text.get(at + 1..).unwrap_or_default();
        let end = tag.find('>').unwrap_or(tag.len());
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['!', '?']) && !tag.get(..end).is_some_and(|t| t.ends_with('/'))
        {
            depth += 1;
        }
        if depth > DEPTH_MAX {
            return Err(format!("nests more than {DEPTH_MAX} elements"));
        }
    }
    Ok(())
}

fn check_element(element: roxmltree::Node<'_, '_>) -> Result<(), String> {
    let name = element.tag_name().name();
    let is_svg = element.tag_name().namespace().is_none_or(|space| space == SVG_NAMESPACE);
    if !is_svg || !ELEMENTS.contains(&name) {
        return Err(format!("has the element `{name}`; logos hold plain shapes only"));
    }
    if name == "style" {
        let style: String = element.descendants().filter_map(|node| node.text()).collect();
        if style.contains(['@', '\\']) || style.to_ascii_lowercase().contains("url") {
            return Err("has a style that refers to something".to_owned());
        }
    }
    let is_clip = element.ancestors().any(|node| node.has_tag_name((SVG_NAMESPACE, "clipPath")));
    for attribute in element.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        let refers = value.to_ascii_lowercase().contains("url") || value.contains('\\');
        let is_bad = match name.to_ascii_lowercase().as_str() {
            "href" | "src" => !value.starts_with('#'),
            "class" | "id" => false,
            lower if lower.starts_with("on") => true,
            _ => refers && (is_clip || !is_local(value)),
        };
        if is_bad {
            return Err(format!("has the attribute `{name}`, which runs or refers to something"));
        }
    }
    Ok(())
}

/// Every `url(` in `value` names an id of the same document.
fn is_local(value: &str) -> bool {
    let local = |rest: &str| rest.trim_start_matches([' ', '\'', '"']).starts_with('#');
    !value.contains('\\')
        && value
            .to_ascii_lowercase()
            .split("url")
            .skip(1)
            .all(|rest| rest.strip_prefix('(').is_some_and(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(body: &str) -> Result<(), String> {
        let text = format!("<svg xmlns='{SVG_NAMESPACE}' viewBox='0 0 14 14'>{body}</svg>");
        check(&format!("data:image/svg+xml;base64,{}", STANDARD.encode(text)))
    }

    #[test]
    fn pictures_are_let_in() {
        for body in [
            "<path d='M0 0h14'/>",
            "<style>.a{fill:#fff}</style><g class='a'><circle r='6'/></g>",
            "<defs><linearGradient id='g'/></defs><rect fill='url(#g)' width='9' height='9'/>",
            "<clipPath id='c'><rect width='9' height='9'/></clipPath><g clip-path=\"url('#c')\"/>",
            "<!-- plain --><title>url</title>",
        ] {
            assert_eq!(svg(body), Ok(()), "{body}");
        }
        for (kind, bytes) in [
            ("png", b"\x89PNG\r\n\x1a\nrest".as_slice()),
            ("jpeg", b"\xff\xd8\xff\xe0"),
            ("webp", b"RIFF\0\0\0\0WEBPVP8 "),
        ] {
            let logo = format!("data:image/{kind};base64,{}", STANDARD.encode(bytes));
            assert_eq!(check(&logo), Ok(()));
        }
        assert_eq!(check(""), Ok(()));
    }

    #[test]
    fn what_runs_or_refers_is_refused() {
        for (body, reason) in [
            ("<script/>", "has the element `script`; logos hold plain shapes only"),
            ("<image href='http://x'/>", "has the element `image`; logos hold plain shapes only"),
            ("<use href='#a'/>", "has the element `use`; logos hold plain shapes only"),
            (
                "<div xmlns='http://www.w3.org/1999/xhtml'/>",
                "has the element `div`; logos hold plain shapes only",
            ),
            ("<g onload='x'/>", "has the attribute `onload`, which runs or refers to something"),
            (
                "<rect fill='url(http://x)'/>",
                "has the attribute `fill`, which runs or refers to something",
            ),
            (
                "<rect style='fill:u\\72l(http://x)'/>",
                "has the attribute `style`, which runs or refers to something",
            ),
            (
                "<clipPath id='c'><g clip-path='url(#c)'/></clipPath>",
                "has the attribute `clip-path`, which runs or refers to something",
            ),
            (
                "<linearGradient href='other.svg#a'/>",
                "has the attribute `href`, which runs or refers to something",
            ),
            ("<style>@import 'x'</style>", "has a style that refers to something"),
            ("<style>a{fill:URL(x)}</style>", "has a style that refers to something"),
        ] {
            assert_eq!(svg(body), Err(reason.to_owned()), "{body}");
        }
        assert_eq!(svg(&"<g>".repeat(5000)), Err("nests more than 32 elements".to_owned()));
        let broken = svg("<g>").unwrap_err();
        assert!(broken.starts_with("is no well-formed XML: "), "{broken}");
        let doctype = STANDARD.encode("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>");
        let error = check(&format!("data:image/svg+xml;base64,{doctype}")).unwrap_err();
        assert!(error.starts_with("is no well-formed XML: "), "{error}");
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let long = STANDARD.encode(vec![0; LOGO_BYTES_MAX + 1]);
        for (logo, reason) in [
            ("http://x/a.png", "must be a data URL such as `data:image/png;base64,…`"),
            ("data:image/png,abc", "must be written in base64"),
            ("data:image/gif;base64,AAAA", "must be SVG, PNG, JPEG or WebP, not `image/gif`"),
            ("data:image/png;base64,AAAA", "is not what `image/png` says"),
            ("data:image/svg+xml;base64,/w==", "is SVG but not UTF-8"),
            ("data:image/svg+xml;base64,PGEvPg==", "is XML but not SVG"),
            (&format!("data:image/png;base64,{long}"), "may have 16384 bytes, this one has 16385"),
            (&format!("data:image/png;base64,{}", "A".repeat(30_000)), "may have 16384 bytes"),
        ] {
            assert_eq!(check(logo), Err(reason.to_owned()));
        }
        let error = check("data:image/png;base64,*").unwrap_err();
        assert!(error.starts_with("is no base64: "), "{error}");
    }
}
