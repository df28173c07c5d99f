//! `getschema`: one row per column, known without reading any data.

use model::Type;

use super::super::Binder;
use crate::bound::{Literal, Relation, RelationKind};
use crate::diagnostic::Span;

impl Binder<'_> {
    pub(super) fn getschema(&mut self, input: &Relation, span: Span) -> Relation {
        let columns = vec![
            self.column("ColumnName", Type::String),
            self.column("ColumnOrdinal", Type::Long),
            self.column("DataType", Type::String),
            self.column("ColumnType", Type::String),
        ];
        let text = |value: &str| Literal::String { value: value.to_owned(), hidden: false };
        let rows = input.columns.iter().zip(0..).map(|(column, ordinal)| {
            vec![
                text(&column.name),
                Literal::Long(ordinal),
                text(dotnet_name(column.ty)),
                text(column.ty.name()),
            ]
        });
        let kind = RelationKind::Values { rows: rows.collect() };
        let rows = Relation { kind, columns: columns.clone(), span };
        // Its rows are in the order of the columns, which may be relied on.
        Relation { kind: RelationKind::Serialize { input: Box::new(rows) }, columns, span }
    }
}

/// The .NET type the vendor names for a type (spec query-api.md §2).
fn dotnet_name(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}
