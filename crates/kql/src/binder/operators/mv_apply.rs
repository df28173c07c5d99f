//! `mv-apply`: a sub-query over the elements of each row (spec kql.md §6).
//!
//! Each row's elements are a group; the sub-query runs over all groups at once, its operators
//! keeping them apart ([`threads`](super::super::threads)). Columns of the input that the sub-query
//! does not yield travel with the group.

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::threads::Groups;
use super::mv_expand::ExpandedRows;
use super::sort::sorted;
use crate::bound::{Column, Relation, SortKey};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, MvExpand};

impl Binder<'_> {
    pub(super) fn mv_apply(
        &mut self,
        input: Relation,
        expand: &MvExpand,
        subquery: &Expr,
        span: Span,
    ) -> Option<Relation> {
        let is_kind = |name: &str| matches!(name, "kind" | "bagexpansion");
        if let Some(kind) = expand.parameters.iter().find(|p| is_kind(&p.name.text)) {
            let message = format!("`mv-apply` has no parameter `{}`", kind.name.text);
            return self.report(
                Diagnostic::new(codes::NOT_SUPPORTED, kind.name.span, message)
                    .help("`mv-expand` the bag inside the sub-query"),
            );
        }
        let outer = input.columns.clone();
        let ExpandedRows { relation, row, replaced } = self.expanded(input, expand, true, span)?;
        let row = row?;
        let visible: Vec<Column> =
            relation.columns.iter().filter(|c| c.id != row.id).cloned().collect();
        let group = self.group(&relation);
        let result = self.over_rows(subquery, (group, true), &visible, span)?;
        let columns = result.columns.clone();
        let yields = |name: &str| columns.iter().any(|c| c.name == name);
        let passed = outer.iter().filter(|c| !replaced.contains(&c.id) && !yields(&c.name));
        // Copies under other numbers: the sub-query may drop the columns themselves.
        let mut list: Vec<_> =
            visible.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        list.push((row.name.clone(), column_ref(&row, span)));
        for column in passed.clone() {
            list.push((self.hidden_column(column.ty).name, column_ref(column, span)));
        }
        let source = self.projection(relation, list, span)?;
        let groups = Groups { operator: "mv-apply", number: group, source, keys: 1 };
        let (threaded, hidden) = self.threaded(result, groups, span)?;
        let carried = |name: &str| {
            let (_, value) = passed.clone().zip(&hidden.carried).find(|(c, _)| c.name == name)?;
            Some(value)
        };
        let mut list = Vec::new();
        for column in &outer {
            let own = columns.iter().find(|c| c.name == column.name);
            if let Some(value) = own.or_else(|| carried(&column.name)) {
                list.push((column.name.clone(), column_ref(value, span)));
            }
        }
        for column in &columns {
            if !outer.iter().any(|c| c.name == column.name) {
                list.push((column.name.clone(), column_ref(column, span)));
            }
        }
        // The results of the sub-query in the order of the rows they were made of.
        let keys = hidden.keys.iter().map(|key| SortKey {
            value: column_ref(key, span),
            descending: false,
            nulls_first: true,
        });
        let keys = keys.collect();
        self.projection(sorted(threaded, keys, span), list, span)
    }
}
