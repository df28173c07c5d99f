//! `project-rename`: other names, same places.

use super::super::Binder;
use super::super::expressions::column_ref;
use super::project::bare_name;
use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::NamedExpr;

impl Binder<'_> {
    pub(super) fn project_rename(
        &mut self,
        input: Relation,
        items: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        let mut renamed: Vec<(usize, String)> = Vec::with_capacity(items.len());
        for item in items {
            let (Some(new), Some(old)) = (item.names.first(), bare_name(&item.value)) else {
                let message = "`new = old` is expected, both names of columns";
                return self.error(codes::NOT_ALLOWED, item.value.span, message);
            };
            let Some(at) = input.columns.iter().position(|c| c.name == old.text) else {
                return self.unknown_column(old, &input.columns);
            };
            renamed.push((at, new.text.clone()));
        }
        let mut list: Vec<(String, _)> =
            input.columns.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        for (at, name) in renamed {
            list[at].0 = name;
        }
        for (i, (name, _)) in list.iter().enumerate() {
            if list[..i].iter().any(|(other, _)| other == name) {
                let message = format!("the column `{name}` is named twice");
                return self.error(codes::NAMED_TWICE, span, message);
            }
        }
        self.projection(input, list, span)
    }
}
