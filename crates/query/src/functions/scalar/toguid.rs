//! `toguid`: 36 lower-case characters, null when malformed.

use datafusion::logical_expr::Expr;
use model::Type;

use super::super::json::scan;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("toguid", toguid)];

fn toguid(call: Call) -> Result<Expr, Error> {
    if call.ty(0)? == Type::Guid {
        return call.one();
    }
    call.kernel(|args| {
        let (texts, dynamic) = (args.text(0)?, args.types[0] == Type::Dynamic);
        args.texts(|row, out| {
            let text = texts.text(row);
            if dynamic { write_guid(&scan::plain(text), out) } else { write_guid(text, out) }
        })
    })
}

/// The first 32 hex digits, with dashes or none in the usual places, an opening brace allowed.
/// What follows them is not looked at (the function's reference page).
pub(super) fn write_guid(text: &str, out: &mut String) -> bool {
    let text = text.trim();
    let text = text.strip_prefix('{').unwrap_or(text);
    let start = out.len();
    let (mut digits, mut dashed) = (0, false);
    for byte in text.bytes() {
        let place = matches!(digits, 8 | 12 | 16 | 20);
        match byte {
            b'-' if place && !dashed => dashed = true,
            _ if byte.is_ascii_hexdigit() => {
                if place {
                    out.push('-');
                }
                out.push(char::from(byte.to_ascii_lowercase()));
                (digits, dashed) = (digits + 1, false);
                if digits == 32 {
                    return true;
                }
            }
            _ => break,
        }
    }
    out.truncate(start);
    false
}
