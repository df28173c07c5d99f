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

/// 32 hex digits, with dashes in the usual places or none, braces allowed.
pub(super) fn write_guid(text: &str, out: &mut String) -> bool {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let dashed = text.len() == 36;
    if !(dashed || text.len() == 32) {
        return false;
    }
    for (at, byte) in text.bytes().enumerate() {
        let dash = matches!(at, 8 | 13 | 18 | 23);
        match byte {
            b'-' if dashed && dash => out.push('-'),
            _ if byte.is_ascii_hexdigit() && !(dashed && dash) => {
                if !dashed && matches!(at, 8 | 12 | 16 | 20) {
                    out.push('-');
                }
                out.push(char::from(byte.to_ascii_lowercase()));
            }
            _ => return false,
        }
    }
    true
}
