//! `url_encode`, `url_decode`, `parse_url`, `parse_urlquery`: texts of and in URLs.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("url_encode", |c| c.kernel(|a| each(a, |text, out| url_encode(text, out, false)))),
    ("url_encode_component", |c| c.kernel(|a| each(a, |text, out| url_encode(text, out, true)))),
    ("url_decode", |c| c.kernel(|a| each(a, url_decode))),
    ("parse_url", |c| c.kernel(|a| each(a, parse_url))),
    ("parse_urlquery", |c| {
        c.kernel(|a| {
            each(a, |text, out| {
                out.push('{');
                write_parameters(text, out);
                out.push('}');
                true
            })
        })
    }),
];

fn each(args: &Args, change: fn(&str, &mut String) -> bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| change(texts.text(row), out))
}

/// Percent-encoding with lower-case digits as recorded; a space is `+`, in a component `%20`.
fn url_encode(text: &str, out: &mut String, component: bool) -> bool {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in text.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => out.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            b' ' if !component => out.push('+'),
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    true
}

fn url_decode(text: &str, out: &mut String) -> bool {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let hex = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16));
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                decoded.push(b' ');
                at += 1;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    out.push_str(&String::from_utf8_lossy(&decoded));
    true
}

/// A bag with Scheme, Host, Port, Path, Username, Password, `Query Parameters`, Fragment.
fn parse_url(text: &str, out: &mut String) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let (authority, path) = match rest.find('/') {
        Some(at) if !scheme.is_empty() => rest.split_at(at),
        _ if scheme.is_empty() => ("", rest),
        _ => (rest, ""),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    };
    out.push('{');
    let parts = [
        ("Scheme", scheme),
        ("Host", host),
        ("Port", port),
        ("Path", path),
        ("Username", username),
        ("Password", password),
    ];
    for (name, value) in parts {
        json::write_string(out, name);
        out.push(':');
        json::write_string(out, value);
        out.push(',');
    }
    write_parameters(query, out);
    out.push_str(",\"Fragment\":");
    json::write_string(out, fragment);
    out.push('}');
    true
}

/// The parameters of a query, as written.
fn write_parameters(query: &str, out: &mut String) {
    out.push_str("\"Query Parameters\":{");
    for (at, pair) in query.split('&').filter(|p| !p.is_empty()).enumerate() {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if at > 0 {
            out.push(',');
        }
        json::write_string(out, key);
        out.push(':');
        json::write_string(out, value);
    }
    out.push('}');
}
