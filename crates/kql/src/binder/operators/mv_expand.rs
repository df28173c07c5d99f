//! `mv-expand`: elements of dynamics become rows (spec kql.md §6).
//!
//! An expanded column is replaced in its place, a new one goes to the end, the index behind all.

use model::Type;

use super::super::Binder;
use super::super::names::Names;
use super::super::scope::unwrap;
use super::super::{COLUMNS_MAX, expressions::literal};
use crate::bound::{Column, ColumnId, Expanded, Expansion, Expr, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{ExprKind, MvExpand, Name, NamedExpr, OperatorParameter};

/// The rows the old spelling makes of one row at most, as documented by the vendor.
const OLD_ROWS_MAX: i64 = 128;

/// The parameters before the columns.
#[derive(Default)]
struct Parameters {
    pairs: bool,
    index: Option<String>,
}

/// What an expansion yields besides rows.
pub(super) struct ExpandedRows {
    /// Behind its visible columns stands the number of the input row, when that was asked for.
    pub relation: Relation,
    pub row: Option<Column>,
    /// Columns of the input that are gone.
    pub replaced: Vec<ColumnId>,
}

impl Binder<'_> {
    pub(super) fn mv_expand(
        &mut self,
        input: Relation,
        expand: &MvExpand,
        span: Span,
    ) -> Option<Relation> {
        Some(self.expanded(input, expand, false, span)?.relation)
    }

    pub(super) fn expanded(
        &mut self,
        input: Relation,
        expand: &MvExpand,
        numbered: bool,
        span: Span,
    ) -> Option<ExpandedRows> {
        let parameters = self.expansion_parameters(&expand.parameters)?;
        let mut own = self.names();
        let mut items = Vec::with_capacity(expand.columns.len());
        let mut columns = input.columns.clone();
        let mut replaced = Vec::new();
        let mut complete = true;
        for (item, ty) in &expand.columns {
            let value = self.expanded_value(item, &input.columns);
            let name = self.expanded_name(item, &input.columns, &mut own);
            let (Some(value), Some(name)) = (value, name) else {
                complete = false;
                continue;
            };
            let column = self.column(name, ty.unwrap_or(Type::Dynamic));
            let (id, ty, pairs) = (column.id, column.ty, parameters.pairs);
            items.push(Expanded { id, value, ty, pairs });
            match columns.iter_mut().find(|c| c.name == column.name) {
                Some(old) => replaced.push(std::mem::replace(old, column).id),
                None => columns.push(column),
            }
        }
        let limit = match (&expand.limit, expand.old) {
            (Some(limit), _) => Some(self.constant(limit, Type::Long, "the limit")?),
            (None, true) => Some(literal(Literal::Long(OLD_ROWS_MAX), span)),
            (None, false) => None,
        };
        if !complete {
            return None;
        }
        let index = parameters.index.map(|name| self.free_column(&name, &columns));
        columns.extend(index.clone());
        if columns.len() > COLUMNS_MAX {
            let message = format!("the table has more than {COLUMNS_MAX} columns");
            return self.error(codes::TOO_MANY_COLUMNS, span, message);
        }
        self.spend(columns.len(), span)?;
        let row = numbered.then(|| self.hidden_column(Type::Long));
        columns.extend(row.clone());
        let (index, number) = (index.map(|c| c.id), row.as_ref().map(|c| c.id));
        let expansion = Expansion { items, index, row: number, limit, keep_empty: false };
        let kind = RelationKind::MvExpand { input: Box::new(input), expansion };
        Some(ExpandedRows { relation: Relation { kind, columns, span }, row, replaced })
    }

    fn expanded_value(&mut self, item: &NamedExpr, row: &[Column]) -> Option<Expr> {
        let value = self.scalar(&item.value, row)?;
        if value.ty == Type::Dynamic {
            return Some(value);
        }
        let message = format!("an array or a bag is expanded, not {}", value.ty);
        let mut finding = Diagnostic::new(codes::WRONG_TYPE, item.value.span, message);
        if value.ty == Type::String {
            finding = finding.help("`parse_json(…)` reads JSON text, `split(…)` cuts a text");
        }
        self.report(finding)
    }

    /// The written or derived name; an unnamed expression never replaces a column.
    fn expanded_name(
        &mut self,
        item: &NamedExpr,
        row: &[Column],
        own: &mut Names,
    ) -> Option<String> {
        if item.names.is_empty() && self.default_name(&item.value, row).is_none() {
            return Some(own.numbered(|name| row.iter().any(|c| c.name == name)));
        }
        self.item_name(item, row, own)
    }

    /// A long column of this name, numbered when the name is taken.
    fn free_column(&mut self, name: &str, columns: &[Column]) -> Column {
        let mut names = Names::default();
        for column in columns {
            names.derived(Some(&column.name));
        }
        let name = names.derived(Some(name));
        self.column(name, Type::Long)
    }

    fn expansion_parameters(&mut self, parameters: &[OperatorParameter]) -> Option<Parameters> {
        let mut read = Parameters::default();
        for parameter in parameters {
            let value = unwrap(&parameter.value);
            let word: Option<&Name> = match &value.kind {
                ExprKind::Name(name) => Some(name),
                _ => None,
            };
            let text = word.map(|word| word.text.as_str());
            match (parameter.name.text.as_str(), text) {
                ("kind" | "bagexpansion", Some("array")) => read.pairs = true,
                ("kind" | "bagexpansion", Some("bag")) => read.pairs = false,
                ("with_itemindex", Some(name)) => read.index = Some(name.to_owned()),
                (name, _) if name.starts_with("hint.") => {}
                (name, _) => {
                    let message = format!("`{name}` cannot have this value");
                    let mut finding = Diagnostic::new(codes::NOT_ALLOWED, value.span, message);
                    if name != "with_itemindex" {
                        finding = finding.help("`bag` or `array`");
                    }
                    return self.report(finding);
                }
            }
        }
        Some(read)
    }
}
