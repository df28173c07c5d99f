//! Round trips, schemas of other versions, and bytes that make no sense.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, DurationNanosecondArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringViewArray, TimestampNanosecondArray,
};
use model::tables::REQUESTS;
use model::{AppId, Batch, ColumnDef, ColumnRole, TableDef, Type};

use super::*;

/// Encoded bytes and what they decode to.
fn round_trip(ty: Type, array: &ArrayRef) -> (usize, ArrayRef) {
    let mut bytes = Vec::new();
    put_column(&mut bytes, ty, array);
    let mut reader = Reader { bytes: &bytes, object: "test" };
    let back = column(&mut reader, ty, array.len()).unwrap();
    assert!(reader.bytes.is_empty());
    (bytes.len(), back)
}

fn columns() -> Vec<(Type, ArrayRef)> {
    let long = "a text that is longer than twelve bytes";
    let texts = [Some(""), None, Some("ä"), Some(long), None];
    vec![
        (Type::Bool, Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        (Type::Int, Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(7)]))),
        (Type::Long, Arc::new(Int64Array::from(vec![i64::MIN, -1, i64::MAX]))),
        (Type::Real, Arc::new(Float64Array::from(vec![Some(-0.0), None, Some(f64::INFINITY)]))),
        (Type::Decimal, Arc::new(Float64Array::from(vec![1.5, 2.5]))),
        (Type::DateTime, Arc::new(TimestampNanosecondArray::from(vec![Some(1), None]))),
        (Type::TimeSpan, Arc::new(DurationNanosecondArray::from(vec![-5, 6]))),
        (Type::String, Arc::new(StringViewArray::from(vec!["", "x", long]))),
        (Type::Guid, Arc::new(StringViewArray::from(texts.to_vec()))),
        (Type::Dynamic, Arc::new(StringViewArray::from(texts.to_vec()))),
    ]
}

#[test]
fn every_type_comes_back_as_it_was() {
    for (ty, array) in columns() {
        assert_eq!(&round_trip(ty, &array).1, &array, "{ty}");
        let nulls = new_null_array(&ty.arrow(), 9);
        assert_eq!(round_trip(ty, &nulls), (1, nulls), "{ty}");
        let slice = array.slice(1, 1);
        assert_eq!(&round_trip(ty, &slice).1, &slice, "{ty}");
        let empty = array.slice(0, 0);
        assert_eq!(&round_trip(ty, &empty).1, &empty, "{ty}");
    }
}

#[test]
fn a_column_of_one_value_takes_the_space_of_one() {
    let longs: ArrayRef = Arc::new(Int64Array::from(vec![5; 1000]));
    assert_eq!(round_trip(Type::Long, &longs), (9, longs));
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a value of 19 bytes"; 1000]));
    assert_eq!(round_trip(Type::String, &texts), (21, texts));
}

const OTHER: [ColumnDef; 4] = [
    ColumnDef::new("removed", Type::Long),
    ColumnDef::new("name", Type::String),
    ColumnDef::with_role("timestamp", Type::DateTime, ColumnRole::Time),
    ColumnDef::new("duration", Type::Real),
];
/// What `requests` might have been in another version.
static OTHER_REQUESTS: TableDef = TableDef { name: "requests", columns: &OTHER, key: &[] };

const CHANGED: [ColumnDef; 1] = [ColumnDef::new("name", Type::Long)];
static CHANGED_REQUESTS: TableDef = TableDef { name: "requests", columns: &CHANGED, key: &[] };
static UNKNOWN: TableDef = TableDef { name: "unheardOf", columns: &OTHER, key: &[] };

fn other_rows(table: &'static TableDef) -> Batch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![1, 2])),
        Arc::new(StringViewArray::from(vec!["GET /a", "GET /b"])),
        Arc::new(TimestampNanosecondArray::from(vec![10, 20])),
        Arc::new(Float64Array::from(vec![Some(0.5), None])),
    ];
    Batch { table, rows: RecordBatch::try_new(model::batch::schema(table), columns).unwrap() }
}

fn schema_of(table: &TableDef) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_schema(&mut bytes, table);
    bytes
}

fn write_of(batch: Batch, documents: &[DocumentEdit]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_write(&mut bytes, &[(AppId(300), batch)], documents);
    bytes
}

#[test]
fn columns_of_another_version_are_matched_by_name() {
    let mut decoder = Decoder::default();
    decoder.decode(&schema_of(&OTHER_REQUESTS)).unwrap();
    let documents = [("k".to_owned(), Some(b"v".to_vec())), ("gone".to_owned(), None)];
    let decoded = decoder.decode(&write_of(other_rows(&OTHER_REQUESTS), &documents)).unwrap();
    assert_eq!(decoded.documents, documents);
    let (app, batch) = &decoded.rows[0];
    assert_eq!((app.0, batch.table.name), (300, "requests"));
    assert!(std::ptr::eq(batch.table, &REQUESTS));
    let column = |name: &str| Arc::clone(batch.rows.column(REQUESTS.index_of(name).unwrap()));
    assert_eq!(column("name").as_string_view().value(1), "GET /b");
    assert_eq!(column("url").as_string_view().value(1), "");
    assert_eq!(column("duration").as_primitive::<Float64Type>().value(0), 0.5);
    assert_eq!(column("itemCount").null_count(), 2);
}

#[test]
fn what_this_program_does_not_know_is_of_a_newer_format() {
    let is_format =
        |bytes: &[u8]| matches!(Decoder::default().decode(bytes), Err(Error::Format { .. }));
    assert!(is_format(&schema_of(&UNKNOWN)));
    assert!(is_format(&schema_of(&CHANGED_REQUESTS)));
    assert!(is_format(&[9]));
}

#[test]
fn a_write_without_its_schema_is_damage() {
    let bytes = write_of(other_rows(&OTHER_REQUESTS), &[]);
    assert!(matches!(Decoder::default().decode(&bytes), Err(Error::Damaged { .. })));
}

#[test]
fn cut_and_changed_bytes_never_panic() {
    let schema = schema_of(&OTHER_REQUESTS);
    let whole = write_of(other_rows(&OTHER_REQUESTS), &[("k".to_owned(), Some(vec![1; 20]))]);
    for end in 0..whole.len() {
        let mut decoder = Decoder::default();
        decoder.decode(&schema).unwrap();
        assert!(decoder.decode(&whole[..end]).is_err(), "cut at {end}");
        for change in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[end] ^= change;
            drop(decoder.decode(&bytes));
        }
    }
    for end in 0..schema.len() {
        assert!(Decoder::default().decode(&schema[..end]).is_err(), "cut at {end}");
    }
}
