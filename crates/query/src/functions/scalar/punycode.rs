//! `punycode_*`: texts and names of domains in ASCII (RFC 3492), without any mapping of letters.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use idna::punycode;

use super::super::Build;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("punycode_from_string", |c| c.kernel(|a| each(a, punycode::encode_str))),
    ("punycode_to_string", |c| c.kernel(|a| each(a, punycode::decode_to_string))),
    ("punycode_domain_to_string", |c| c.kernel(|a| each(a, |text| labels(text, encoded)))),
    ("punycode_domain_from_string", |c| c.kernel(|a| each(a, |text| labels(text, decoded)))),
];

const PREFIX: &str = "xn--";

/// What cannot be changed is `''`.
fn each(args: &Args, change: fn(&str) -> Option<String>) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| {
        change(texts.text(row)).is_some_and(|changed| {
            out.push_str(&changed);
            true
        })
    })
}

/// The labels of a domain between any of the points that separate them, joined by plain points.
fn labels(domain: &str, change: fn(&str) -> Option<String>) -> Option<String> {
    let labels = domain.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).map(change);
    Some(labels.collect::<Option<Vec<String>>>()?.join("."))
}

fn encoded(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    punycode::encode_str(label).map(|text| format!("{PREFIX}{text}"))
}

fn decoded(label: &str) -> Option<String> {
    match label.strip_prefix(PREFIX) {
        Some(text) => punycode::decode_to_string(text),
        None => Some(label.to_owned()),
    }
}
