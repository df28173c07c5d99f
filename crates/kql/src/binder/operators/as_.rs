//! `as name`: gives what stands before it a name for later use.

use super::super::Binder;
use super::super::scope::Binding;
use crate::bound::Relation;
use crate::syntax::Name;

impl Binder<'_> {
    pub(super) fn as_name(&mut self, input: Relation, name: &Name, materialized: bool) -> Relation {
        let input = if materialized { self.shared(input) } else { input };
        self.declare(&name.text, Binding::Table(input.clone()));
        input
    }
}
