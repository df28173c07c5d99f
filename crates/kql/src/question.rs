//! What the binder must know about the rows before it knows the columns of a plugin.
//!
//! The binder is deterministic and asks one question at a time: whoever binds runs the relation,
//! appends the answer to [`BindOptions::answers`] and binds again. The n-th question asked is
//! answered by the n-th answer.
//!
//! [`BindOptions::answers`]: crate::catalog::BindOptions::answers

use crate::bound::{BoundQuery, Literal, Relation};

/// Something about the rows of a relation.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Gives the answer when it is run over the same snapshot as the query.
    pub relation: Relation,
    pub kind: QuestionKind,
}

/// What the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionKind {
    /// The rows, at most this many: the binder refuses what has more.
    Rows { max: usize },
    /// The properties of the one bag the relation gives: a row of name and type for each, the type
    /// by its KQL name.
    Properties,
}

/// Rows of literals.
pub type Answer = Vec<Vec<Literal>>;

/// What binding came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Bound(BoundQuery),
    Asks(Box<Question>),
}
