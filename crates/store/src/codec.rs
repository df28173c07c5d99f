//! Rows and documents of one write as the payload of one log record (docs/format.md, "Log").
//!
//! Invariant: a write decodes to the same rows under the table definitions of a later program:
//! columns are matched by name, so added ones read as empty and removed ones are dropped. Column
//! names are not repeated per record, a one-row write costs little more than its texts.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DurationNanosecondArray, Float64Array, Int32Array,
    Int64Array, RecordBatch, StringViewArray, StringViewBuilder, TimestampNanosecondArray,
    new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::{
    DurationNanosecondType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use model::{AppId, Batch, ColumnRole, TableDef, Type, own};
use xxhash_rust::xxh64::xxh64;

use crate::error::Error;
use crate::tables::{self, Tables};

/// A document to put (`Some`) or to remove (`None`), by key.
pub type DocumentEdit = (String, Option<Vec<u8>>);

/// More rows than this in one batch are refused; it bounds what a damaged count can allocate.
pub const BATCH_ROWS_MAX: usize = 1 << 22;

const KIND_WRITE: u8 = 1;
const KIND_SCHEMA: u8 = 2;

const NULLS: u8 = 0;
const SAME: u8 = 1;
const PLAIN: u8 = 2;
const NULLABLE: u8 = 3;

/// Identifies the names and types of a table's columns, as its schema record spells them.
pub fn fingerprint(table: &TableDef) -> u64 {
    let mut out = Vec::with_capacity(1024);
    put_columns(&mut out, table);
    xxh64(&out, 0)
}

fn put_columns(out: &mut Vec<u8>, table: &TableDef) {
    put_bytes(out, table.name.as_bytes());
    put_varint(out, table.columns.len() as u64);
    for column in table.columns {
        put_bytes(out, column.name.as_bytes());
        put_bytes(out, column.ty.name().as_bytes());
    }
}

/// The schema record that must stand before the first write with `table`'s fingerprint in a file.
pub fn put_schema(out: &mut Vec<u8>, table: &TableDef) {
    out.push(KIND_SCHEMA);
    put_columns(out, table);
}

/// One write. Batches must have passed [`check`].
pub fn put_write(out: &mut Vec<u8>, rows: &[(AppId, Batch)], documents: &[DocumentEdit]) {
    out.push(KIND_WRITE);
    put_varint(out, documents.len() as u64);
    for (key, value) in documents {
        put_bytes(out, key.as_bytes());
        out.push(u8::from(value.is_some()));
        if let Some(value) = value {
            put_bytes(out, value);
        }
    }
    put_varint(out, rows.len() as u64);
    for (app, batch) in rows {
        put_varint(out, u64::from(app.0));
        out.extend_from_slice(&fingerprint(batch.table).to_le_bytes());
        put_varint(out, batch.rows.num_rows() as u64);
        for (column, array) in batch.table.columns.iter().zip(batch.rows.columns()) {
            put_column(out, column.ty, array);
        }
    }
}

/// Makes sure that a batch has the columns its table says.
///
/// # Errors
/// [`Error::Batch`], [`Error::TooLarge`].
pub fn check(batch: &Batch) -> Result<(), Error> {
    let table = batch.table;
    let columns = batch.rows.columns();
    let fail = |reason: String| Error::Batch { table: table.name.to_owned(), reason };
    if columns.len() != table.columns.len() {
        return Err(fail(format!("{} columns", columns.len())));
    }
    for (column, array) in table.columns.iter().zip(columns) {
        if *array.data_type() != column.ty.arrow() {
            return Err(fail(format!("column `{}` is {}", column.name, array.data_type())));
        }
        // Such rows belong to no day and would stop every later seal.
        if column.role == ColumnRole::Time && array.null_count() > 0 {
            return Err(fail(format!("{} rows without a time", array.null_count())));
        }
    }
    match batch.rows.num_rows() <= BATCH_ROWS_MAX {
        true => Ok(()),
        false => Err(Error::TooLarge {
            size_bytes: batch.rows.get_array_memory_size() as u64,
            limit_bytes: BATCH_ROWS_MAX as u64,
        }),
    }
}

fn put_column(out: &mut Vec<u8>, ty: Type, array: &ArrayRef) {
    let nulls = array.nulls();
    match ty {
        Type::Bool => {
            let array = array.as_boolean();
            put_fixed(out, array.len(), nulls, |i| [u8::from(array.value(i))]);
        }
        Type::Int => {
            let values = array.as_primitive::<Int32Type>().values();
            put_fixed(out, array.len(), nulls, |i| values[i].to_le_bytes());
        }
        Type::Long => {
            let values = array.as_primitive::<Int64Type>().values();
            put_fixed(out, array.len(), nulls, |i| values[i].to_le_bytes());
        }
        Type::Real | Type::Decimal => {
            let values = array.as_primitive::<Float64Type>().values();
            put_fixed(out, array.len(), nulls, |i| values[i].to_le_bytes());
        }
        Type::DateTime => {
            let values = array.as_primitive::<TimestampNanosecondType>().values();
            put_fixed(out, array.len(), nulls, |i| values[i].to_le_bytes());
        }
        Type::TimeSpan => {
            let values = array.as_primitive::<DurationNanosecondType>().values();
            put_fixed(out, array.len(), nulls, |i| values[i].to_le_bytes());
        }
        Type::String | Type::Guid | Type::Dynamic => put_texts(out, array.as_string_view()),
    }
}

fn put_fixed<const W: usize>(
    out: &mut Vec<u8>,
    rows: usize,
    nulls: Option<&NullBuffer>,
    value: impl Fn(usize) -> [u8; W],
) {
    match nulls.filter(|n| n.null_count() > 0) {
        Some(nulls) if nulls.null_count() == rows => return out.push(NULLS),
        Some(nulls) => {
            out.push(NULLABLE);
            put_bitmap(out, nulls);
        }
        None if rows > 0 && (1..rows).all(|i| value(i) == value(0)) => {
            out.push(SAME);
            return out.extend_from_slice(&value(0));
        }
        None => out.push(PLAIN),
    }
    out.reserve(rows * W);
    for i in 0..rows {
        out.extend_from_slice(&value(i));
    }
}

fn put_texts(out: &mut Vec<u8>, array: &StringViewArray) {
    let rows = array.len();
    // The value of a null row is whatever lies there: empty keeps it out of the log.
    let value = |i| if array.is_null(i) { "" } else { array.value(i) };
    match array.nulls().filter(|n| n.null_count() > 0) {
        Some(nulls) if nulls.null_count() == rows => return out.push(NULLS),
        Some(nulls) => {
            out.push(NULLABLE);
            put_bitmap(out, nulls);
        }
        None if rows > 0 && (1..rows).all(|i| array.value(i) == array.value(0)) => {
            out.push(SAME);
            return put_bytes(out, array.value(0).as_bytes());
        }
        None => out.push(PLAIN),
    }
    for i in 0..rows {
        put_varint(out, value(i).len() as u64);
    }
    for i in 0..rows {
        out.extend_from_slice(value(i).as_bytes());
    }
}

fn put_bitmap(out: &mut Vec<u8>, nulls: &NullBuffer) {
    let start = out.len();
    out.resize(start + nulls.len().div_ceil(8), 0);
    for row in nulls.inner().set_indices() {
        out[start + row / 8] |= 1 << (row % 8);
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// What one record holds.
#[derive(Debug, Default)]
pub struct Decoded {
    pub rows: Vec<(AppId, Batch)>,
    pub documents: Vec<DocumentEdit>,
}

/// Decodes the records of log files in order, remembering the schemas it has met in a file and
/// the own tables there are.
#[derive(Debug, Default)]
pub struct Decoder {
    schemas: HashMap<u64, StoredSchema>,
    tables: Tables,
}

#[derive(Debug)]
struct StoredSchema {
    table: String,
    names: Vec<String>,
    types: Vec<Type>,
    /// The definition rows were last read in: a table may be altered in between.
    read_as: Option<ReadAs>,
}

#[derive(Debug)]
struct ReadAs {
    table: &'static TableDef,
    /// For each column of `table`, its position among the stored ones.
    places: Vec<Option<usize>>,
}

impl Decoder {
    /// `tables` are the own tables at the first record.
    pub(crate) fn new(tables: Tables) -> Decoder {
        Decoder { schemas: HashMap::new(), tables }
    }

    /// Each file has its own schema records.
    pub fn next_file(&mut self) {
        self.schemas.clear();
    }

    /// The rows and documents of one record; empty for a schema record.
    ///
    /// # Errors
    /// [`Error::Damaged`] for bytes that make no sense, [`Error::Format`] for tables or types this
    /// program does not know.
    pub fn decode(&mut self, payload: &[u8]) -> Result<Decoded, Error> {
        let mut reader = Reader { bytes: payload, object: "log record" };
        match reader.u8()? {
            KIND_WRITE => self.write(&mut reader),
            KIND_SCHEMA => {
                let key = xxh64(reader.bytes, 0);
                let schema = StoredSchema::read(&mut reader)?;
                // An own table may be created by the next record.
                if !own::is_own(&schema.table) && self.tables.find(&schema.table).is_none() {
                    return Err(unknown(format!("table `{}`", schema.table)));
                }
                self.schemas.insert(key, schema);
                Ok(Decoded::default())
            }
            kind => Err(unknown(format!("record kind {kind}"))),
        }
    }

    fn write(&mut self, reader: &mut Reader) -> Result<Decoded, Error> {
        let mut decoded = Decoded::default();
        for _ in 0..reader.varint()? {
            let key = reader.text()?.to_owned();
            let value = match reader.u8()? {
                0 => None,
                _ => Some(reader.bytes()?.to_vec()),
            };
            decoded.documents.push((key, value));
        }
        self.tables.apply(tables::changes(&decoded.documents)?);
        for _ in 0..reader.varint()? {
            let app = u32::try_from(reader.varint()?).map_err(|_| reader.bad("app number"))?;
            let key = u64::from_le_bytes(reader.array()?);
            let schema = self.schemas.get_mut(&key).ok_or_else(|| reader.bad("schema"))?;
            let table = self.tables.find(&schema.table);
            let table = table.ok_or_else(|| reader.bad("table: not defined"))?;
            decoded.rows.push((AppId(app), schema.batch(table, reader)?));
        }
        Ok(decoded)
    }
}

fn unknown(what: String) -> Error {
    Error::Format { found: format!("log with {what}"), supported: 1 }
}

impl StoredSchema {
    fn read(reader: &mut Reader) -> Result<StoredSchema, Error> {
        let table = reader.text()?.to_owned();
        let mut names = Vec::new();
        let mut types = Vec::new();
        for _ in 0..reader.varint()? {
            names.push(reader.text()?.to_owned());
            let ty = reader.text()?;
            types.push(Type::from_name(ty).ok_or_else(|| unknown(format!("type `{ty}`")))?);
        }
        let schema = StoredSchema { table, names, types, read_as: None };
        match model::tables::table(&schema.table) {
            Some(table) => Ok(StoredSchema { read_as: Some(schema.read_as(table)?), ..schema }),
            None => Ok(schema),
        }
    }

    fn read_as(&self, table: &'static TableDef) -> Result<ReadAs, Error> {
        let mut places = Vec::new();
        for column in table.columns {
            let place = self.names.iter().position(|n| *n == column.name);
            if let Some(at) = place.filter(|&at| self.types[at].arrow() != column.ty.arrow()) {
                let ty = self.types[at];
                return Err(unknown(format!("`{}.{}` as `{ty}`", self.table, column.name)));
            }
            places.push(place);
        }
        Ok(ReadAs { table, places })
    }

    fn batch(&mut self, table: &'static TableDef, reader: &mut Reader) -> Result<Batch, Error> {
        let read_as = match self.read_as.take() {
            Some(known) if std::ptr::eq(known.table, table) => known,
            _ => self.read_as(table)?,
        };
        let rows = reader.varint()? as usize;
        if rows > BATCH_ROWS_MAX {
            return Err(reader.bad("row count"));
        }
        let stored: Vec<ArrayRef> =
            self.types.iter().map(|&ty| column(reader, ty, rows)).collect::<Result<_, _>>()?;
        let columns =
            table.columns.iter().zip(&read_as.places).map(|(column, place)| match place {
                Some(at) => Arc::clone(&stored[*at]),
                None => empty_column(column.ty, rows),
            });
        let columns = columns.collect();
        let rows = RecordBatch::try_new(model::batch::schema(table), columns)?;
        self.read_as = Some(read_as);
        Ok(Batch { table, rows })
    }
}

/// What a column that was not there yet reads as: `''` for strings, else null.
pub fn empty_column(ty: Type, rows: usize) -> ArrayRef {
    match ty {
        Type::String => Arc::new(StringViewArray::from_iter_values((0..rows).map(|_| ""))),
        _ => new_null_array(&ty.arrow(), rows),
    }
}

fn column(reader: &mut Reader, ty: Type, rows: usize) -> Result<ArrayRef, Error> {
    if matches!(ty, Type::String | Type::Guid | Type::Dynamic) {
        return texts(reader, ty, rows);
    }
    Ok(match ty {
        Type::Bool => match fixed(reader, rows, |[b]: [u8; 1]| b != 0)? {
            None => new_null_array(&ty.arrow(), rows),
            Some((values, nulls)) => {
                Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
            }
        },
        Type::Int => match fixed(reader, rows, i32::from_le_bytes)? {
            None => new_null_array(&ty.arrow(), rows),
            Some((values, nulls)) => Arc::new(Int32Array::new(values.into(), nulls)),
        },
        Type::Real | Type::Decimal => match fixed(reader, rows, f64::from_le_bytes)? {
            None => new_null_array(&ty.arrow(), rows),
            Some((values, nulls)) => Arc::new(Float64Array::new(values.into(), nulls)),
        },
        _ => match (fixed(reader, rows, i64::from_le_bytes)?, ty) {
            (None, _) => new_null_array(&ty.arrow(), rows),
            (Some((values, nulls)), Type::DateTime) => {
                Arc::new(TimestampNanosecondArray::new(values.into(), nulls))
            }
            (Some((values, nulls)), Type::TimeSpan) => {
                Arc::new(DurationNanosecondArray::new(values.into(), nulls))
            }
            (Some((values, nulls)), _) => Arc::new(Int64Array::new(values.into(), nulls)),
        },
    })
}

/// Values and validity; `None` when all rows are null.
type Fixed<T> = Option<(Vec<T>, Option<NullBuffer>)>;

fn fixed<const W: usize, T: Copy>(
    reader: &mut Reader,
    rows: usize,
    value: impl Fn([u8; W]) -> T,
) -> Result<Fixed<T>, Error> {
    let nulls = match reader.u8()? {
        NULLS => return Ok(None),
        SAME => return Ok(Some((vec![value(reader.array()?); rows], None))),
        PLAIN => None,
        NULLABLE => Some(reader.bitmap(rows)?),
        _ => return Err(reader.bad("column encoding")),
    };
    let bytes = reader.take(rows * W)?;
    let values = bytes.chunks_exact(W).map(|chunk| {
        let mut one = [0; W];
        one.copy_from_slice(chunk);
        value(one)
    });
    Ok(Some((values.collect(), nulls)))
}

fn texts(reader: &mut Reader, ty: Type, rows: usize) -> Result<ArrayRef, Error> {
    let nulls = match reader.u8()? {
        NULLS => return Ok(new_null_array(&ty.arrow(), rows)),
        SAME => {
            let text = reader.text()?;
            let mut builder = StringViewBuilder::with_capacity(rows);
            let block = builder.append_block(Buffer::from(text.as_bytes()));
            for _ in 0..rows {
                builder.try_append_view(block, 0, text.len() as u32)?;
            }
            return Ok(Arc::new(builder.finish()));
        }
        PLAIN => None,
        NULLABLE => Some(reader.bitmap(rows)?),
        _ => return Err(reader.bad("column encoding")),
    };
    let lengths = (0..rows).map(|_| reader.varint()).collect::<Result<Vec<u64>, _>>()?;
    let total = lengths.iter().try_fold(0u64, |sum, &n| sum.checked_add(n));
    let total = total.ok_or_else(|| reader.bad("text lengths"))?;
    let bytes = reader.take(usize::try_from(total).map_err(|_| reader.bad("text lengths"))?)?;
    let mut builder = StringViewBuilder::with_capacity(rows);
    let block = builder.append_block(Buffer::from(bytes));
    let mut at = 0u32;
    for (row, &len) in lengths.iter().enumerate() {
        match nulls.as_ref().is_some_and(|n| n.is_null(row)) {
            true => builder.append_null(),
            false => builder.try_append_view(block, at, len as u32)?,
        }
        at += len as u32;
    }
    Ok(Arc::new(builder.finish()))
}

/// Takes apart bytes that may be anything.
pub(crate) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub object: &'static str,
}

impl<'a> Reader<'a> {
    pub fn bad(&self, what: &str) -> Error {
        Error::damaged(self.object, format!("bad {what}"))
    }

    pub fn take(&mut self, n: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.bytes.split_at_checked(n).ok_or_else(|| self.bad("length"))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    pub fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.bad("number"))
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let len = usize::try_from(self.varint()?).map_err(|_| self.bad("length"))?;
        self.take(len)
    }

    pub fn text(&mut self) -> Result<&'a str, Error> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.bad("text"))
    }

    fn bitmap(&mut self, rows: usize) -> Result<NullBuffer, Error> {
        let bytes = self.take(rows.div_ceil(8))?;
        Ok(NullBuffer::new(BooleanBuffer::new(Buffer::from(bytes), 0, rows)))
    }
}

#[cfg(test)]
mod tests;
