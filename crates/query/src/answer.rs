//! What a query yields: result tables in KQL types, statistics, and the announcement of a limit.

use datafusion::arrow::array::{
    Array, AsArray, BooleanArray, DurationNanosecondArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringViewArray, TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{
    DurationNanosecondType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use model::Type;

/// The result tables of one query text, one per tabular statement.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub tables: Vec<ResultTable>,
    pub statistics: Statistics,
    /// Set when a result limit cut the rows: the answer says so (spec kql.md §12).
    pub truncated: Option<Truncation>,
}

/// A limit that cut a result: what was allowed and what there was (as far as it was counted).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// `rows` or `bytes`.
    pub limit: &'static str,
    pub allowed: u64,
    /// Text for people, with both numbers and what to do.
    pub message: String,
}

/// One result table.
#[derive(Debug, Clone, Default)]
pub struct ResultTable {
    pub columns: Vec<kql::bound::Column>,
    /// Columns in the same order, Arrow types as `model::Type::arrow` says.
    pub batches: Vec<RecordBatch>,
    pub render: Option<kql::bound::Render>,
}

impl ResultTable {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// What is known of a text without running it.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// What is wrong with it; all of it makes the query fail.
    pub diagnostics: Vec<kql::diagnostic::Diagnostic>,
    /// What it would yield; `None` when it is wrong or its columns depend on rows.
    pub tables: Option<Vec<crate::stream::TableHead>>,
}

/// What answering cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    pub total_ms: f64,
    /// Parse, bind and plan.
    pub plan_ms: f64,
    /// Rows and bytes read from head and extents.
    pub rows_scanned: u64,
    pub bytes_scanned: u64,
    pub extents_total: u64,
    pub extents_scanned: u64,
    pub memory_peak_bytes: u64,
    pub rows_returned: u64,
    /// Where the time of running went, in the order rows go.
    pub stages: Vec<Stage>,
    /// Of the first result table that is empty, when the request wants to know: what each `where`
    /// left, up to the one that left nothing.
    pub filtered: Vec<Filtered>,
}

/// One kind of work of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// `scan` or the operator of KQL that needs such work.
    pub name: &'static str,
    /// Rows it gave.
    pub rows: u64,
    /// Time it worked; what several threads did at once counts for each of them.
    pub ms: f64,
}

/// What a `where` left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filtered {
    /// Where it stands in the text; the name of the table when it is the time range of the request.
    pub span: kql::diagnostic::Span,
    /// Whether it is the time range of the request.
    pub is_range: bool,
    pub rows_before: u64,
    pub rows: u64,
}

/// One cell. Texts borrow from the batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(f64),
    String(&'a str),
    /// Nanoseconds since 1970.
    DateTime(i64),
    /// Nanoseconds.
    TimeSpan(i64),
    Guid(&'a str),
    /// JSON text.
    Dynamic(&'a str),
}

/// The typed columns of one batch, downcast once, for reading cell by cell.
#[derive(Debug)]
pub struct Cells<'a> {
    columns: Vec<Column<'a>>,
    rows: usize,
}

#[derive(Debug)]
enum Column<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Real(&'a Float64Array, bool),
    Text(&'a StringViewArray, Type),
    DateTime(&'a TimestampNanosecondArray),
    TimeSpan(&'a DurationNanosecondArray),
    /// Not the type the column promised: reads as null.
    Other,
}

impl<'a> Cells<'a> {
    pub fn new(columns: &[kql::bound::Column], batch: &'a RecordBatch) -> Cells<'a> {
        let columns =
            columns.iter().zip(batch.columns()).map(|(c, a)| Column::new(c.ty, a.as_ref()));
        Cells { columns: columns.collect(), rows: batch.num_rows() }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The cell in row `row` of column `column`; null when out of range.
    pub fn value(&self, row: usize, column: usize) -> Value<'a> {
        self.columns.get(column).map_or(Value::Null, |c| c.value(row))
    }
}

impl<'a> Column<'a> {
    fn new(ty: Type, array: &'a dyn Array) -> Column<'a> {
        let found = match ty {
            Type::Bool => array.as_boolean_opt().map(Column::Bool),
            Type::Int => array.as_primitive_opt::<Int32Type>().map(Column::Int),
            Type::Long => array.as_primitive_opt::<Int64Type>().map(Column::Long),
            Type::Real | Type::Decimal => array
                .as_primitive_opt::<Float64Type>()
                .map(|a| Column::Real(a, ty == Type::Decimal)),
            Type::String | Type::Guid | Type::Dynamic => {
                array.as_string_view_opt().map(|a| Column::Text(a, ty))
            }
            Type::DateTime => {
                array.as_primitive_opt::<TimestampNanosecondType>().map(Column::DateTime)
            }
            Type::TimeSpan => {
                array.as_primitive_opt::<DurationNanosecondType>().map(Column::TimeSpan)
            }
        };
        found.unwrap_or(Column::Other)
    }

    fn value(&self, row: usize) -> Value<'a> {
        match self {
            Column::Bool(a) if a.is_valid(row) => Value::Bool(a.value(row)),
            Column::Int(a) if a.is_valid(row) => Value::Int(a.value(row)),
            Column::Long(a) if a.is_valid(row) => Value::Long(a.value(row)),
            Column::Real(a, true) if a.is_valid(row) => Value::Decimal(a.value(row)),
            Column::Real(a, false) if a.is_valid(row) => Value::Real(a.value(row)),
            Column::Text(a, ty) if a.is_valid(row) => match ty {
                Type::Guid => Value::Guid(a.value(row)),
                Type::Dynamic => Value::Dynamic(a.value(row)),
                _ => Value::String(a.value(row)),
            },
            Column::Text(_, Type::String) => Value::String(""),
            Column::DateTime(a) if a.is_valid(row) => Value::DateTime(a.value(row)),
            Column::TimeSpan(a) if a.is_valid(row) => Value::TimeSpan(a.value(row)),
            _ => Value::Null,
        }
    }
}
