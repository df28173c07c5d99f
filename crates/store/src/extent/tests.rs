//! Extents read back what was written, whatever the rows look like.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use bytes::Bytes;
use model::tables::{CUSTOM_METRICS, EXCEPTIONS, REQUESTS, TABLES};
use model::{BatchBuilder, ColumnRole, TableDef, Type};
use serde_json::{Value, json};

use super::*;
use crate::index::Index;

const DAY: i64 = 20_000;
const DAY_NS: i64 = 86_400_000_000_000;

/// Merges parts of which no row is superseded.
fn merge(table: &'static TableDef, parts: &[Bytes]) -> Result<Encoded, Error> {
    let whole = |data: &Bytes| (data.clone(), Superseded::default());
    super::merge(table, &parts.iter().map(whole).collect::<Vec<_>>())
}

/// A small generator of numbers: tests repeat exactly.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        xxhash_rust::xxh3::xxh3_64(&self.0.to_le_bytes())
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// One row as the columns that are not empty; times are nanoseconds since the day began.
type Row = Vec<(&'static str, Value)>;

fn batch(table: &'static TableDef, rows: &[Row]) -> RecordBatch {
    let mut builder = BatchBuilder::new(table);
    for row in rows {
        for (position, column) in table.columns.iter().enumerate() {
            let value = row.iter().find(|(name, _)| *name == column.name).map(|(_, value)| value);
            let builder = builder.column(position);
            match (column.ty, value) {
                (_, None) => builder.null(),
                (Type::DateTime, Some(value)) => {
                    builder.long(DAY * DAY_NS + value.as_i64().unwrap());
                }
                (_, Some(Value::String(text))) => builder.text(text),
                (_, Some(Value::Bool(value))) => builder.bool(*value),
                (Type::Real, Some(value)) => builder.real(value.as_f64().unwrap()),
                (_, Some(value)) => builder.long(value.as_i64().unwrap()),
            }
        }
        builder.end_row();
    }
    builder.finish().unwrap().rows
}

fn one(table: &'static TableDef, batches: &[RecordBatch]) -> RecordBatch {
    concat_batches(&model::batch::schema(table), batches).unwrap()
}

fn round_trip(table: &'static TableDef, rows: &RecordBatch) -> (Encoded, RecordBatch) {
    let encoded = encode(table, std::slice::from_ref(rows)).unwrap();
    let decoded = decode(table, Bytes::from(encoded.data.clone())).unwrap();
    (encoded, one(table, &decoded))
}

/// Requests at rising times, one per bag text.
fn bags_of(column: &'static str, texts: &[Option<String>]) -> RecordBatch {
    let rows = texts.iter().enumerate().map(|(number, text)| {
        let bag = text.iter().map(|text| (column, json!(text)));
        std::iter::once(("timestamp", json!(number))).chain(bag).collect()
    });
    batch(&REQUESTS, &rows.collect::<Vec<Row>>())
}

fn column_texts(rows: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = rows.column_by_name(column).unwrap().as_string_view();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

/// The rows with the bags as sorted JSON values, to compare across different member orders.
fn documents(table: &TableDef, rows: &RecordBatch) -> Vec<Vec<String>> {
    let is_bag = |name: &str| bags(table).any(|(_, bag, _)| bag == name);
    let show = |row: usize| {
        let columns = rows.schema_ref().fields().iter().zip(rows.columns());
        columns.map(move |(field, column)| {
            let text = arrow::util::display::array_value_to_string(column, row).unwrap();
            match serde_json::from_str::<Value>(&text) {
                Ok(Value::Object(members)) if is_bag(field.name()) => {
                    let mut members: Vec<_> = members.into_iter().collect();
                    members.sort_by(|a, b| a.0.cmp(&b.0));
                    format!("{members:?}")
                }
                _ => format!("{}{text}", column.is_null(row)),
            }
        })
    };
    (0..rows.num_rows()).map(|row| show(row).collect()).collect()
}

#[test]
fn every_table_reads_back_its_rows_with_values_and_with_nothing() {
    for table in TABLES {
        let full: Row = table
            .columns
            .iter()
            .map(|column| match (column.role, column.ty) {
                (ColumnRole::Bag(Type::String), _) => (column.name, json!(r#"{"k":"v","n":""}"#)),
                (ColumnRole::Bag(_), _) => (column.name, json!(r#"{"m":1.5,"z":0}"#)),
                (_, Type::Dynamic) => (column.name, json!(r#"[{"a":[1,null]}]"#)),
                (_, Type::Real) => (column.name, json!(-2.25)),
                (_, Type::Bool) => (column.name, json!(true)),
                (_, Type::String | Type::Guid) => (column.name, json!(format!("{}é", column.name))),
                _ => (column.name, json!(i32::MAX)),
            })
            .collect();
        let empty: Row = vec![("timestamp", json!(5))];
        let rows = [empty.clone(), empty, full.clone(), full.clone(), full.clone(), full];
        let rows = batch(table, &rows);
        let (encoded, decoded) = round_trip(table, &rows);
        assert_eq!(decoded, rows, "{}", table.name);
        assert_eq!(encoded.entry.table, table.name);
        assert_eq!(encoded.entry.rows, 6);
    }
}

#[test]
fn rows_come_in_order_of_time_and_equal_times_in_the_order_given() {
    let row = |time: i64, name: &str| vec![("timestamp", json!(time)), ("name", json!(name))];
    let first = batch(&REQUESTS, &[row(30, "a"), row(10, "b"), row(20, "c")]);
    let second = batch(&REQUESTS, &[row(10, "d"), row(5, "e"), row(30, "f")]);
    let encoded = encode(&REQUESTS, &[first.slice(0, 0), first, second]).unwrap();
    let decoded = one(&REQUESTS, &decode(&REQUESTS, encoded.data.into()).unwrap());
    let names: Vec<_> = column_texts(&decoded, "name").into_iter().flatten().collect();
    assert_eq!(names, ["e", "b", "d", "c", "a", "f"]);
    assert_eq!(encoded.entry.time_min, DAY * DAY_NS + 5);
    assert_eq!(encoded.entry.time_max, DAY * DAY_NS + 30);
    assert_eq!(i64::from(encoded.entry.day), DAY);
    assert_eq!(encoded.entry.received_max, encoded.entry.time_max, "nothing was received");
}

#[test]
fn the_entry_holds_ranges_of_plain_columns_without_nan_or_long_texts() {
    let rows: Vec<Row> = (0..4)
        .map(|n| {
            vec![
                ("timestamp", json!(n)),
                ("_received", json!(n + 7)),
                ("name", json!(["b", "a", "c", ""][n as usize])),
                ("url", json!("x".repeat(65 + n as usize))),
                ("duration", json!(n as f64 - 1.5)),
                ("itemCount", json!(n + 1)),
            ]
        })
        .collect();
    let (encoded, _) = round_trip(&REQUESTS, &batch(&REQUESTS, &rows));
    let range = |name: &str| {
        let range = encoded.entry.ranges.iter().find(|range| range.column == name);
        range.map(|range| (range.min.clone(), range.max.clone(), range.nulls))
    };
    let text = |text: &str| Bound::Text(text.to_owned());
    assert_eq!(range("name"), Some((text(""), text("c"), 0)));
    assert_eq!(range("source"), Some((text(""), text(""), 0)));
    assert_eq!(range("url"), None);
    assert_eq!(range("duration"), Some((Bound::Real(-1.5), Bound::Real(1.5), 0)));
    assert_eq!(range("itemCount"), Some((Bound::Long(1), Bound::Long(4), 0)));
    assert_eq!(range("_size"), None, "no value, no range");
    assert_eq!(range("operation_Id"), None, "ids have an index instead");
    assert_eq!(encoded.entry.received_max, DAY * DAY_NS + 10);
    let text = serde_json::to_string(&encoded.entry).unwrap();
    assert_eq!(serde_json::from_str::<ExtentEntry>(&text).unwrap(), encoded.entry);

    let mut builder = BatchBuilder::new(&CUSTOM_METRICS);
    for value in [1.0, f64::NAN] {
        for (position, column) in CUSTOM_METRICS.columns.iter().enumerate() {
            match column.name {
                "timestamp" => builder.column(position).long(DAY * DAY_NS),
                "value" | "valueSum" if value.is_nan() || column.name == "valueSum" => {
                    builder.column(position).real(if column.name == "value" { value } else { 2.0 });
                }
                _ => builder.column(position).null(),
            }
        }
        builder.end_row();
    }
    let encoded = encode(&CUSTOM_METRICS, &[builder.finish().unwrap().rows]).unwrap();
    let has = |name: &str| encoded.entry.ranges.iter().any(|range| range.column == name);
    assert!(!has("value") && has("valueSum"));
}

#[test]
fn frequent_keys_become_columns_of_the_file() {
    let texts: Vec<_> = (0..1000)
        .map(|n| match n {
            0..10 => Some(format!(r#"{{"hot":"{n}","rare":"x","warm":"w"}}"#)),
            10..19 => Some(format!(r#"{{"hot":"","nine":"{n}"}}"#)),
            19 => None,
            20 => Some("{}".to_owned()),
            _ => Some(r#"{"hot":"h"}"#.to_owned()),
        })
        .map(|text| {
            text.map(|text| {
                if text.contains("\"7\"") { text.replace("\"rare\":\"x\",", "") } else { text }
            })
        })
        .collect();
    let rows = bags_of("customDimensions", &texts);
    let (encoded, decoded) = round_trip(&REQUESTS, &rows);
    let expected = BagKeys {
        column: "customDimensions".to_owned(),
        keys: vec!["hot".to_owned(), "warm".to_owned()],
        rest: true,
    };
    assert_eq!(encoded.entry.keys[0], expected, "10 of 1000 rows have warm, 9 have rare and nine");
    assert_eq!(encoded.entry.keys[1].keys, Vec::<String>::new());
    assert!(!encoded.entry.keys[1].rest);
    assert_eq!(documents(&REQUESTS, &decoded), documents(&REQUESTS, &rows));
    assert_eq!(column_texts(&decoded, "customDimensions")[20].as_deref(), Some("{}"));
    assert_eq!(column_texts(&decoded, "customDimensions")[19], None);

    let part = read::Part::open(&REQUESTS, encoded.data.into(), &Superseded::default()).unwrap();
    let file = part.rows(2000).unwrap().next().unwrap().unwrap();
    assert_eq!(file.schema().fields(), file_schema(&REQUESTS, &encoded.entry.keys).fields());
    let hot = column_texts(&file, "customDimensions.hot");
    assert_eq!(hot[..2], [Some("0".to_owned()), Some("1".to_owned())]);
    assert_eq!((&hot[10], &hot[19]), (&Some(String::new()), &None), "'' is not null");
    let rest = column_texts(&file, "customDimensions");
    assert_eq!(rest[0].as_deref(), Some(r#"{"rare":"x"}"#));
    assert_eq!(rest[7], None);
    assert_eq!(rest[11].as_deref(), Some(r#"{"nine":"11"}"#));
}

#[test]
fn keys_may_have_any_name() {
    let names =
        ["", ".", "a.b", "a\"b", "\\", "é😀", "a b", "customDimensions", "\u{1}\n", "A", "a"];
    let bag: serde_json::Map<String, Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| ((*name).to_owned(), json!(n.to_string())))
        .collect();
    let text = Value::Object(bag).to_string();
    let rows = bags_of("customDimensions", &vec![Some(text); 5]);
    let (encoded, decoded) = round_trip(&REQUESTS, &rows);
    assert_eq!(encoded.entry.keys[0].keys, names);
    assert!(!encoded.entry.keys[0].rest);
    assert_eq!(documents(&REQUESTS, &decoded), documents(&REQUESTS, &rows));
    assert_eq!(key_column("customDimensions", "a.b"), "customDimensions.a.b");

    let long = format!(r#"{{"{}":"x"}}"#, "k".repeat(crate::shred::KEY_BYTES_MAX + 1));
    let rows = bags_of("customDimensions", &vec![Some(long); 5]);
    let (encoded, decoded) = round_trip(&REQUESTS, &rows);
    assert_eq!((encoded.entry.keys[0].keys.len(), encoded.entry.keys[0].rest), (0, true));
    assert_eq!(decoded, rows);
}

#[test]
fn only_values_of_the_bags_type_go_into_columns() {
    let cases = [
        ("customDimensions", r#"{"a":"x","b":"y"}"#, r#"{"a":1,"b":"z"}"#),
        ("customDimensions", r#"{"a":"x","b":"y"}"#, r#"{"a":null,"b":"z"}"#),
        ("customDimensions", r#"{"a":"x","b":"y"}"#, r#"{"a":{"c":["d"]},"b":"z"}"#),
        ("customMeasurements", r#"{"a":1,"b":2.5}"#, r#"{"a":"NaN","b":1e300}"#),
        ("customMeasurements", r#"{"a":1,"b":2.5}"#, r#"{"a":1e999,"b":-0.25}"#),
        ("customMeasurements", r#"{"a":1,"b":2.5}"#, r#"{"a":true,"b":3}"#),
    ];
    for (column, good, odd) in cases {
        let mut texts = vec![Some(good.to_owned()); 20];
        texts[13] = Some(odd.to_owned());
        let rows = bags_of(column, &texts);
        let (encoded, decoded) = round_trip(&REQUESTS, &rows);
        let keys = encoded.entry.keys.iter().find(|keys| keys.column == column).unwrap();
        assert_eq!((keys.keys.as_slice(), keys.rest), (&["b".to_owned()][..], true), "{odd}");
        let text = &column_texts(&decoded, column)[13];
        let text = text.as_deref().unwrap().replace("1e999", "\"1e999\"");
        let odd = odd.replace("1e999", "\"1e999\"");
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            serde_json::from_str::<Value>(&odd).unwrap()
        );
    }
}

#[test]
fn what_is_no_object_is_kept_as_written_and_the_last_of_repeated_keys_counts() {
    let mut texts = vec![Some(r#"{"a":"x","b":"y"}"#.to_owned()); 30];
    let odd = ["", "[1]", "null", "{\"a\":\"x\"", "{\"a\":\"\\q\"}", "\"text\""];
    for (row, text) in odd.iter().enumerate() {
        texts[row] = Some((*text).to_owned());
    }
    texts[20] = Some(r#"{"a":"1","b":"2","a":"3"}"#.to_owned());
    let rows = bags_of("customDimensions", &texts);
    let (encoded, decoded) = round_trip(&REQUESTS, &rows);
    assert_eq!(encoded.entry.keys[0].keys, ["a", "b"]);
    assert!(encoded.entry.keys[0].rest);
    let got = column_texts(&decoded, "customDimensions");
    texts[20] = Some(r#"{"a":"3","b":"2"}"#.to_owned());
    assert_eq!(got, texts);
}

#[test]
fn the_two_hundred_most_frequent_keys_get_columns_and_the_others_stay() {
    let texts: Vec<_> = (0..300usize)
        .map(|row| {
            let keys =
                (0..260).filter(|key| row < 260 || *key < 200).filter(|k| (row + k) % 3 != 0);
            let members: Vec<_> = keys.map(|key| format!("\"k{key}\":\"{row}\\n\"")).collect();
            Some(format!("{{{}}}", members.join(",")))
        })
        .collect();
    let rows = bags_of("customDimensions", &texts);
    let (encoded, decoded) = round_trip(&REQUESTS, &rows);
    assert_eq!(encoded.entry.keys[0].keys.len(), crate::shred::KEYS_MAX);
    assert!(encoded.entry.keys[0].keys.iter().all(|k| k[1..].parse::<u32>().unwrap() < 200));
    assert!(encoded.entry.keys[0].rest);
    assert_eq!(documents(&REQUESTS, &decoded), documents(&REQUESTS, &rows));
}

/// Requests with keys that come and go, some of them of an odd type.
fn random_rows(random: &mut Random, count: usize, kind: u64) -> RecordBatch {
    let rows = (0..count).map(|_| {
        let mut dimensions = serde_json::Map::new();
        let mut measurements = serde_json::Map::new();
        for key in 0..12 {
            // Which keys are frequent differs from kind to kind.
            if random.below(12) < (key * (kind + 1)) % 13 {
                let odd = kind == 2 && key == 5 && random.below(50) == 0;
                let value = random.below(40).to_string();
                let value = if odd { json!([1]) } else { json!(value) };
                dimensions.insert(format!("k{key}"), value);
                measurements.insert(format!("m{key}"), json!(random.below(1000) as f64 / 8.0));
            }
        }
        let mut row: Row = vec![
            ("timestamp", json!(random.below(1_000_000))),
            ("id", json!(format!("{:016x}", random.next()))),
            ("itemId", json!(format!("{:032x}", random.next()))),
            ("duration", json!(random.below(1000) as f64)),
        ];
        if random.below(10) > 0 {
            row.push(("customDimensions", json!(Value::Object(dimensions).to_string())));
            row.push(("customMeasurements", json!(Value::Object(measurements).to_string())));
        }
        row
    });
    batch(&REQUESTS, &rows.collect::<Vec<_>>())
}

#[test]
fn merging_parts_gives_what_encoding_all_rows_gives() {
    let mut random = Random(7);
    let kinds = [(0, 300), (1, 40), (2, 900), (3, 2), (4, 17_000), (0, 1)];
    let parts: Vec<_> =
        kinds.iter().map(|(kind, count)| random_rows(&mut random, *count, *kind)).collect();
    let encoded: Vec<_> =
        parts.iter().map(|p| encode(&REQUESTS, std::slice::from_ref(p)).unwrap()).collect();
    let shredded = |encoded: &Encoded| {
        let mut keys: Vec<_> = encoded.entry.keys.clone();
        keys.iter_mut().for_each(|keys| keys.keys.sort());
        keys
    };
    assert_ne!(shredded(&encoded[0]), shredded(&encoded[3]));
    let data: Vec<Bytes> = encoded.iter().map(|e| Bytes::from(e.data.clone())).collect();
    let merged = merge(&REQUESTS, &data).unwrap();
    let whole = encode(&REQUESTS, &parts).unwrap();
    assert_eq!(shredded(&merged), shredded(&whole));
    assert!(!whole.entry.keys[0].keys.contains(&"k5".to_owned()), "k5 is odd in one part");
    let facts = |e: &Encoded| {
        let e = &e.entry;
        (e.rows, e.day, e.time_min, e.time_max, e.received_max, e.ranges.clone(), e.index_bytes)
    };
    assert_eq!(facts(&merged), facts(&whole));
    assert_eq!(merged.index, whole.index);
    let rows = |e: Encoded| {
        documents(&REQUESTS, &one(&REQUESTS, &decode(&REQUESTS, e.data.into()).unwrap()))
    };
    assert!(rows(merged) == rows(whole), "the rows are the same, in the same order");
}

#[test]
fn a_part_from_before_a_column_existed_reads_as_null_or_empty() {
    static OLD: [model::ColumnDef; 3] = [
        model::ColumnDef::with_role("timestamp", Type::DateTime, ColumnRole::Time),
        model::ColumnDef::new("type", Type::String),
        model::ColumnDef::with_role("gone", Type::Dynamic, ColumnRole::Bag(Type::String)),
    ];
    static OLD_TABLE: TableDef = TableDef { name: "exceptions", columns: &OLD, key: &[] };
    let row: Row = vec![("timestamp", json!(1)), ("type", json!("E")), ("gone", json!("{}"))];
    let old = encode(&OLD_TABLE, &[batch(&OLD_TABLE, &[row])]).unwrap().data;
    let expected = batch(&EXCEPTIONS, &[vec![("timestamp", json!(1)), ("type", json!("E"))]]);
    let decoded = decode(&EXCEPTIONS, old.clone().into()).unwrap();
    assert_eq!(one(&EXCEPTIONS, &decoded), expected);
    let merged = merge(&EXCEPTIONS, &[old.clone().into(), old.into()]).unwrap();
    let decoded = decode(&EXCEPTIONS, merged.data.into()).unwrap();
    assert_eq!(one(&EXCEPTIONS, &decoded), one(&EXCEPTIONS, &[expected.clone(), expected]));
}

#[test]
fn the_index_knows_every_id_and_few_others() {
    let mut random = Random(1);
    let rows = random_rows(&mut random, 20_000, 0);
    let encoded = encode(&REQUESTS, std::slice::from_ref(&rows)).unwrap();
    let index = Index::parse(&encoded.index).unwrap();
    let contains = |column: &str, value: &str| {
        let block_at = |offset: u64| Ok(*encoded.index[offset as usize..].first_chunk().unwrap());
        index.may_contain(column, value, block_at).unwrap()
    };
    for column in ["id", "itemId"] {
        let mut texts = column_texts(&rows, column).into_iter().flatten();
        assert!(texts.all(|text| contains(column, &text)));
        let wrong = (0..20_000).filter(|n| contains(column, &format!("x{n}"))).count();
        assert!(wrong < 400, "{wrong} false positives in {column}");
    }
    assert!(!contains("operation_Id", "x"), "the column is empty in every row");
    assert_eq!(encoded.entry.index_bytes, encoded.index.len() as u64);
    assert_eq!(encoded.entry.size_bytes, encoded.data.len() as u64);
}

#[test]
fn rows_that_cannot_be_one_extent_are_refused() {
    assert!(matches!(encode(&REQUESTS, &[]), Err(Error::Batch { .. })));
    assert!(matches!(merge(&REQUESTS, &[]), Err(Error::Batch { .. })));
    let days: Vec<Row> = vec![vec![("timestamp", json!(0))], vec![("timestamp", json!(DAY_NS))]];
    assert!(matches!(encode(&REQUESTS, &[batch(&REQUESTS, &days)]), Err(Error::Batch { .. })));
    let other = batch(&EXCEPTIONS, &[vec![("timestamp", json!(0))]]);
    assert!(matches!(encode(&REQUESTS, &[other]), Err(Error::Batch { .. })));
}

#[test]
fn damaged_bytes_are_an_error() {
    let mut random = Random(3);
    let good = encode(&REQUESTS, &[random_rows(&mut random, 60, 1)]).unwrap().data;
    for end in (0..good.len()).step_by(97) {
        assert!(decode(&REQUESTS, good[..end].to_vec().into()).is_err(), "cut at {end}");
    }
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(decode(&REQUESTS, bytes.clone().into()).is_err(), "byte {at} changed");
        assert!(merge(&REQUESTS, &[bytes.into()]).is_err(), "byte {at} changed");
    }
    let noise: Vec<u8> = (0..5000).map(|_| random.next() as u8).collect();
    assert!(decode(&REQUESTS, noise.into()).is_err());
    assert!(decode(&EXCEPTIONS, Bytes::new()).is_err());
    assert!(decode(&REQUESTS, good.into()).is_ok());
}

#[test]
fn columns_have_the_types_queries_expect() {
    let keys = [BagKeys {
        column: "customMeasurements".to_owned(),
        keys: vec!["m".to_owned()],
        rest: false,
    }];
    let schema = file_schema(&REQUESTS, &keys);
    assert_eq!(schema.fields().len(), REQUESTS.columns.len() + 1);
    let field = schema.field_with_name("customMeasurements.m").unwrap();
    assert_eq!((field.data_type(), field.is_nullable()), (&DataType::Float64, true));
    assert_eq!(Arc::clone(&schema), file_schema(&REQUESTS, &keys));
}
