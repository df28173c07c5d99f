//! `matches regex`: a match anywhere in the text.

use datafusion::logical_expr::Expr;

use super::super::{Build, Call};
use super::regexes;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("matches regex", matches_regex)];

fn matches_regex(call: Call) -> Result<Expr, Error> {
    regexes::check(&call, 1)?;
    call.kernel(|args| {
        let (texts, patterns) = (args.text(0)?, args.text(1)?);
        let regex = regexes::of_rows(args, 1)?;
        if patterns.scalar {
            let regex = regex(0);
            return args.flags_of(&texts, |text| regex.is_match(text));
        }
        args.flags(|row| regex(row).is_match(texts.text(row)))
    })
}
