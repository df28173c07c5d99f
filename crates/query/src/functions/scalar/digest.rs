//! `hash_md5`, `hash_sha1`, `hash_sha256`: of the value's text, as hexadecimal digits; of `''` the
//! empty text (spec kql.md §4).

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::super::Build;
use super::super::kernel::Args;
use super::tostring::texts_of;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("hash_md5", |c| c.kernel(digest::<Md5>)),
    ("hash_sha1", |c| c.kernel(digest::<Sha1>)),
    ("hash_sha256", |c| c.kernel(digest::<Sha256>)),
];

fn digest<D: Digest>(args: &Args) -> Result<ArrayRef> {
    let texts = texts_of(args, 0)?;
    args.texts(|row, out| {
        let text = texts.text(row);
        if !text.is_empty() {
            for byte in D::digest(text.as_bytes()) {
                // Writing to a String cannot fail.
                let _ = write!(out, "{byte:02x}");
            }
        }
        true
    })
}
