//! What a table is: stored columns, and the views under which queries see them.
//!
//! A [`TableDef`] is what the store keeps. A [`ViewDef`] is a name in the query language over one
//! stored table; the classic and the workspace vocabulary are two views of the same rows.

use crate::types::Type;

/// What the store may do with a column beyond keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnRole {
    Plain,
    /// The time the rows are partitioned by day, sorted and pruned by. Exactly one per table.
    Time,
    /// An identifier looked up by equality: indexed per extent.
    Id,
    /// A `dynamic` bag of text values (`Type::String`) or numbers (`Type::Real`): frequent keys
    /// become
    /// columns of their own inside extents.
    Bag(Type),
}

/// One stored column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnDef {
    pub name: &'static str,
    pub ty: Type,
    pub role: ColumnRole,
}

impl ColumnDef {
    pub const fn new(name: &'static str, ty: Type) -> ColumnDef {
        ColumnDef { name, ty, role: ColumnRole::Plain }
    }
    pub const fn with_role(name: &'static str, ty: Type, role: ColumnRole) -> ColumnDef {
        ColumnDef { name, ty, role }
    }
}

/// One stored table.
#[derive(Debug, PartialEq)]
pub struct TableDef {
    /// The table's stored name: the classic name, or `own-…` of an own table.
    pub name: &'static str,
    /// The columns in batch order.
    pub columns: &'static [ColumnDef],
    /// The columns that name what a row tells about. Of the rows with equal keys only those with
    /// the newest time are seen: a thing told again replaces all that was told of it before. Empty:
    /// every row is seen.
    pub key: &'static [&'static str],
}

impl TableDef {
    /// Position of the stored column `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
    /// The column with [`ColumnRole::Time`].
    pub fn time_column(&self) -> &'static ColumnDef {
        self.columns.iter().find(|c| c.role == ColumnRole::Time).unwrap_or(&self.columns[0])
    }
}

/// Which product's names a view speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// The Application Insights query API's names (`requests`, `timestamp`).
    Classic,
    /// The Log Analytics names (`AppRequests`, `TimeGenerated`).
    Workspace,
    /// The names of the tables of pipelines (`TimelineBuilds`), those of the reference service.
    Pipelines,
    /// The names a user chose for a table of their own.
    Own,
}

/// Where the value of a view's column comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// The stored column of this name, unchanged.
    Column(&'static str),
    /// A stored text column holding `True`/`False`/`1`/`0`, read as bool.
    BoolOf(&'static str),
    /// The same text for every row.
    Text(&'static str),
    /// The same whole number for every row (`int` or `long` by the column's type).
    Number(i64),
    /// Null in every row (`''` for strings).
    Missing,
    /// The application's id (GUID text).
    AppId,
    /// The application's name.
    AppName,
    /// The application's instrumentation key.
    InstrumentationKey,
}

/// One column of a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewColumn {
    pub name: &'static str,
    pub ty: Type,
    pub source: Source,
}

/// A table name as queries use it.
#[derive(Debug, PartialEq)]
pub struct ViewDef {
    pub name: &'static str,
    pub vocabulary: Vocabulary,
    /// The stored table behind it; `None` for views that are always empty (AppSystemEvents).
    pub table: Option<&'static TableDef>,
    pub columns: Vec<ViewColumn>,
    /// The view column the implicit time range of an API request applies to. Empty: the time the
    /// rows came in, and for a table of pipelines none.
    pub time_column: &'static str,
    /// One sentence for the reference page and schema commands.
    pub doc: &'static str,
}

impl ViewDef {
    /// The column `name` that only queries have which name it: clients of the original APIs do not
    /// expect more columns than those have.
    pub fn on_demand(&self, name: &str) -> Option<&'static ViewColumn> {
        let column = &crate::tables::CUT;
        let Source::Column(stored) = column.source else { return None };
        let is_kept = self.table.is_some_and(|table| table.index_of(stored).is_some());
        (name == column.name && is_kept).then_some(column)
    }
}
