//! Functions only the binder calls: what tabular operators compute once per row.

use super::short::*;
use super::{Kind, Overload, Signature, over, scalar};
use model::Type;

/// The text, then a literal that says what to cut out of it.
const CAPTURE: &[Overload] = &[over(&[STRING, WORD], Type::Dynamic)];

pub(super) static SIGNATURES: &[Signature] = &[
    scalar("parse", CAPTURE, "the captures of a pattern").of_kind(Kind::Operator),
    scalar("parse_kv", CAPTURE, "the values of some keys").of_kind(Kind::Operator),
];
