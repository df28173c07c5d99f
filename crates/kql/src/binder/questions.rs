//! Questions about rows: asked in the order in which binding comes upon them.
//!
//! Invariant: what is bound before a question depends on the answers before it only, so the same
//! question has the same number in every round.

use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::question::{Answer, Question, QuestionKind};

use super::Binder;
use super::threads::has_rows;

/// Questions of one query: each may cost as much as the query.
const QUESTIONS_MAX: usize = 16;

impl Binder<'_> {
    /// The answer, when it is known by now; otherwise the question is asked, unless another one
    /// comes before it, and what depends on it stays unknown.
    pub(super) fn ask(
        &mut self,
        relation: Relation,
        kind: QuestionKind,
        span: Span,
    ) -> Option<Answer> {
        self.check_height(&relation, span)?;
        let number = self.questions;
        self.questions += 1;
        if number >= QUESTIONS_MAX {
            let message =
                format!("more than {QUESTIONS_MAX} plugins have columns that depend on the rows");
            return self.report(Diagnostic::new(codes::TOO_LARGE, span, message).help(SCHEMA_HELP));
        }
        if let Some(answer) = self.options.answers.get(number) {
            return Some(answer.clone());
        }
        // The columns of all groups together are those of each.
        let relation = Relation { span, ..self.over_all_groups(relation) };
        if has_rows(&relation) {
            let message = "this plugin is not supported at this place of a sub-query over groups";
            return self
                .report(Diagnostic::new(codes::NOT_SUPPORTED, span, message).help(SCHEMA_HELP));
        }
        self.asked.get_or_insert_with(|| Box::new(Question { relation, kind }));
        None
    }
}

const SCHEMA_HELP: &str = "say which columns there are: `… : (name: type, …)`";

/// For whoever binds without rows.
pub(super) fn unanswered(span: Span) -> Diagnostic {
    let message = "the columns of the plugin depend on the rows";
    Diagnostic::new(codes::NOT_ALLOWED, span, message).help(SCHEMA_HELP)
}
