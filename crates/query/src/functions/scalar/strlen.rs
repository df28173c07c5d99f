//! `strlen` counts code points, `string_size` bytes.

use super::super::Build;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("strlen", |c| {
        c.kernel(|args| {
            let texts = super::tostring::texts_of(args, 0)?;
            args.whole(|row| Some(texts.text(row).chars().count() as i64))
        })
    }),
    ("string_size", |c| {
        c.kernel(|args| {
            let texts = super::tostring::texts_of(args, 0)?;
            args.whole(|row| Some(texts.text(row).len() as i64))
        })
    }),
];
