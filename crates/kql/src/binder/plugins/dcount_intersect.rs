//! `dcount_intersect(hll, hll, …)`: how many different values the first counts have in common.

use model::Type;

use super::kept;
use crate::binder::Binder;
use crate::binder::expressions::{call, literal};
use crate::bound::{Expr, Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::Evaluate;

/// Counts in one call: the union of every selection of them is counted.
const COUNTS_MAX: usize = 6;

impl Binder<'_> {
    pub(super) fn dcount_intersect(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        if evaluate.arguments.len() > COUNTS_MAX {
            let message = format!("`dcount_intersect` of more than {COUNTS_MAX} counts");
            let finding = Diagnostic::new(codes::NOT_SUPPORTED, evaluate.plugin.span, message);
            return self.report(finding.help("intersect some of them first"));
        }
        self.expect_arguments(evaluate, 2, COUNTS_MAX)?;
        let mut counts = Vec::with_capacity(evaluate.arguments.len());
        for argument in &evaluate.arguments {
            let count = self.scalar(&argument.value, &input.columns)?;
            if count.ty != Type::Dynamic {
                let message = format!("a count of `hll()` is dynamic, not {}", count.ty);
                return self.error(codes::WRONG_TYPE, argument.value.span, message);
            }
            counts.push(count);
        }
        self.spend(1 << (counts.len() + 2), span)?;
        let mut items = kept(&input.columns, span);
        for last in 0..counts.len() {
            let mut name = format!("s{last}");
            while items.iter().any(|(taken, _)| *taken == name) {
                name.push('1');
            }
            items.push((name, common(&counts[..=last], span)));
        }
        self.projection(input, items, span)
    }
}

/// The size of an intersection by inclusion and exclusion: the sizes of the unions of all
/// selections, those of odd selections added, the others taken away. Never less than 0, which
/// estimates could make it.
fn common(counts: &[Expr], span: Span) -> Expr {
    let mut sum: Option<Expr> = None;
    for selection in 1..1usize << counts.len() {
        let chosen = counts.iter().enumerate().filter(|(k, _)| selection & (1 << k) != 0);
        let chosen: Vec<Expr> = chosen.map(|(_, count)| count.clone()).collect();
        let is_odd = chosen.len() % 2 == 1;
        let merged = match <[Expr; 1]>::try_from(chosen) {
            Ok([only]) => only,
            Err(several) => call("hll_merge", several, Type::Dynamic, span),
        };
        let size = call("dcount_hll", vec![merged], Type::Long, span);
        sum = Some(match sum {
            None => size,
            Some(sum) => {
                let sign = if is_odd { "+" } else { "-" };
                call(sign, vec![sum, size], Type::Long, span)
            }
        });
    }
    let zero = literal(Literal::Long(0), span);
    match (sum, counts.len()) {
        (Some(sum), 1) => sum,
        (Some(sum), _) => call("max_of", vec![sum, zero], Type::Long, span),
        (None, _) => zero,
    }
}
