//! Files of the portal: all rows, exact values, no formulas, and no end where rows are missing.

use std::io::{Read, Write};
use std::time::Duration;

use arrow::util::display::array_value_to_string;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::client::{self, Response};
use crate::server::{Server, start, wait_until};

const JSON: (&str, &str) = ("content-type", "application/json");

/// One row with a value of every type that is easily spoilt.
const EXACT: &str = "print l = 9007199254740993, m = decimal(1.25), r = real(nan), t = \
    datetime(2026-11-29T16:08:00.1234567Z), s = -1tick, n = int(null), d = dynamic({'a':[1,\"x\"]}), \
    g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), b = true";

fn export(server: &Server, format: &str, kql: &str) -> Response {
    let body = json!({ "app": "default", "kql": kql, "format": format });
    server.post("/api/portal/export", &[JSON], body.to_string().as_bytes())
}

fn text(server: &Server, format: &str, kql: &str) -> String {
    let answer = export(server, format, kql);
    assert_eq!(answer.status, 200, "{kql}: {}", answer.text());
    answer.text()
}

fn parquet(bytes: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_file_keeps_every_digit() {
    let (server, _dir) = start(&[]);
    assert_eq!(
        text(&server, "csv", EXACT),
        "l,m,r,t,s,n,d,g,b\r\n9007199254740993,1.25,NaN,2026-11-29T16:08:00.1234567Z,\
         -00:00:00.0000001,,\"{\"\"a\"\":[1,\"\"x\"\"]}\",74be27de-1e4e-49d9-b579-fe0b331d3642,\
         true\r\n"
    );
    assert_eq!(
        text(&server, "ndjson", EXACT),
        "{\"l\":9007199254740993,\"m\":\"1.25\",\"r\":\"NaN\",\
         \"t\":\"2026-11-29T16:08:00.1234567Z\",\"s\":\"-00:00:00.0000001\",\"n\":null,\
         \"d\":{\"a\":[1,\"x\"]},\"g\":\"74be27de-1e4e-49d9-b579-fe0b331d3642\",\"b\":true}\n"
    );
    let body = json!({ "kql": EXACT, "format": "parquet" }).to_string();
    let headers = [JSON, ("accept-encoding", "gzip")];
    let answer = server.post("/api/portal/export", &headers, body.as_bytes());
    assert_eq!(answer.header("content-encoding"), None, "it is packed already");
    assert_eq!(answer.header("content-type"), Some("application/vnd.apache.parquet"));
    let batch = &parquet(answer.body)[0];
    let schema = batch.schema();
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["l", "m", "r", "t", "s", "n", "d", "g", "b"]);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 9_007_199_254_740_993);
    let time = batch.column(3).as_primitive::<TimestampNanosecondType>();
    assert_eq!(time.value(0), 1_795_968_480_123_456_700);
    assert_eq!(array_value_to_string(batch.column(6), 0).unwrap(), "{\"a\":[1,\"x\"]}");
}

#[test]
fn no_cell_of_a_table_becomes_a_formula() {
    let (server, _dir) = start(&[]);
    let kql = "print a = \"=1+1\", b = '+49 1', c = '-1+1', d = '@SUM(A1)', e = '-5', f = '+1.5e3', \
               g = 'x=1', h = 'a,\"b\"\\r\\n', i = '=\"a\",b', j = '\\tx', k = '', ['=l'] = -5";
    assert_eq!(
        text(&server, "csv", kql),
        "a,b,c,d,e,f,g,h,i,j,k,'=l\r\n'=1+1,'+49 1,'-1+1,'@SUM(A1),-5,+1.5e3,x=1,\
         \"a,\"\"b\"\"\r\n\",\"'=\"\"a\"\",b\",\"'\tx\",,-5\r\n"
    );
}

#[test]
fn an_empty_answer_has_its_columns() {
    let (server, _dir) = start(&[]);
    let kql = "requests | project name, timestamp";
    assert_eq!(text(&server, "csv", kql), "name,timestamp\r\n");
    assert_eq!(text(&server, "ndjson", kql), "");
    let answer = export(&server, "parquet", kql);
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(answer.body)).unwrap();
    assert_eq!(reader.schema().fields().len(), 2);
}

#[test]
fn a_file_has_all_rows_whatever_the_limits_of_answers() {
    let (server, _dir) = start(&["--query-rows-max", "100", "--query-bytes-max", "1MiB"]);
    let kql = "range x from 1 to 250000 step 1 | extend s = strcat('some text of row ', x)";
    let csv = text(&server, "csv", kql);
    assert_eq!(csv.lines().count(), 250_001);
    assert!(csv.ends_with("250000,some text of row 250000\r\n"));
    assert_eq!(text(&server, "ndjson", kql).lines().count(), 250_000);
    let batches = parquet(export(&server, "parquet", kql).body);
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 250_000);
    let numbers = batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values());
    assert!(numbers.copied().eq(1..=250_000));
}

#[test]
fn a_page_sends_a_form_and_saves_what_comes() {
    let (server, _dir) = start(&[]);
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = b"app=default&format=csv&kql=print+a%3D%27%C3%A4+%26%27";
    let answer = server.post("/api/portal/export", &[form], body);
    assert_eq!(answer.text(), "a\r\nä &\r\n");
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"default-20"), "{disposition}");
    assert!(disposition.ends_with(".csv\""), "{disposition}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let named = b"kql=print+1&name=..%2FA+b%22%0D%0Ac".to_vec();
    let answer = server.post("/api/portal/export", &[form], &named);
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"A-b-c-20"), "{disposition}");
    for (body, wanted) in [
        (b"kql=%ZZ".to_vec(), 400),
        (b"".to_vec(), 400),
        (b"kql=print+1&format=xlsx".to_vec(), 400),
        (b"kql=print+1%3B+print+2".to_vec(), 400),
        (b"\xff\xfe".to_vec(), 400),
        ([b"kql=print+1//".to_vec(), vec![b'x'; 70_000]].concat(), 413),
    ] {
        let answer = server.post("/api/portal/export", &[form], &body);
        assert_eq!(answer.status, wanted, "{}", answer.text());
    }
}

#[test]
fn a_file_that_is_not_whole_has_no_end() {
    let (server, _dir) = start(&["--query-time", "1s"]);
    let cut = "set truncationmaxrecords = 5; range x from 1 to 10 step 1";
    let broken = |format: &str| {
        let side = |name| format!("range {name} from 1 to 60000 step 1 | extend k = 1");
        let kql = format!("{} | join kind=inner ({}) on k", side("x"), side("y"));
        let body = json!({ "kql": kql, "format": format }).to_string();
        client::request_bytes("POST", "/api/portal/export", &[JSON], body.as_bytes())
    };
    for format in ["csv", "ndjson", "parquet"] {
        // All of it came before anything was sent: there is still a status.
        let answer = export(&server, format, cut);
        assert_eq!(answer.status, 400, "{format}: {}", answer.text());
        assert_eq!(answer.json()["error"]["code"], "limit", "{format}");
        let mut stream = client::connect(server.port);
        stream.write_all(&broken(format)).unwrap();
        // The time of 10/3 of the setting is over while rows are on their way.
        let mut all = Vec::new();
        let mut piece = vec![0; 1 << 20];
        while let Ok(count @ 1..) = stream.read(&mut piece) {
            all.truncate(0);
            all.extend_from_slice(&piece[..count]);
        }
        assert!(!all.ends_with(b"\r\n0\r\n\r\n"), "{format}");
        wait_until("the query is over", || server.queries_running() == 0);
    }
}

#[test]
fn who_stops_reading_stops_the_export() {
    let (server, _dir) = start(&[]);
    let side = |name| format!("range {name} from 1 to 30000 step 1 | extend k = 1");
    let kql = format!("{} | join kind=inner ({}) on k", side("x"), side("y"));
    for format in ["csv", "parquet"] {
        let body = json!({ "kql": kql, "format": format }).to_string();
        let bytes = client::request_bytes("POST", "/api/portal/export", &[JSON], body.as_bytes());
        let mut stream = client::connect(server.port);
        stream.write_all(&bytes).unwrap();
        wait_until("it runs", || server.queries_running() == 1);
        std::thread::sleep(Duration::from_millis(300));
        drop(stream);
        wait_until("it ends", || server.queries_running() == 0);
    }
}

#[test]
fn who_may_not_ask_gets_no_file() {
    let (server, _dir) = start(&["--admin-key", "the-admin-key-of-this-test"]);
    let body: Value = json!({ "app": "default", "kql": "print 1" });
    let ask = |headers: &[(&str, &str)]| {
        let headers = [&[JSON], headers].concat();
        server.post("/api/portal/export", &headers, body.to_string().as_bytes()).status
    };
    assert_eq!(ask(&[]), 401);
    assert_eq!(ask(&[("x-api-key", "the-admin-key-of-this-test")]), 200);
    assert_eq!(ask(&[("origin", "https://example.org")]), 403);
}
