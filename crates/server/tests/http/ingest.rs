//! Rows of tables: the route of Kusto's streaming ingestion, and `telltale ingest` against a
//! server that only notes what it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::server::{output, run, start, telltale};

fn file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/bulk/files").join(name);
    path.to_str().unwrap().to_owned()
}

fn stdout(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap()
}

fn stderr(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

#[test]
fn the_route_says_why_it_takes_no_rows() {
    let (server, _dir) = start(&[]);
    let post = |path: &str| {
        let answer = server.post(&format!("/v1/rest/ingest/{path}"), &[], b"1,2\n");
        let error = &answer.json()["error"];
        let text = error["@message"].as_str().unwrap().to_owned();
        (answer.status, error["code"].clone(), error["@permanent"].clone(), text)
    };
    for (path, code, text) in [
        ("default/nope?streamFormat=Csv", "BadRequest_EntityNotFound", "there is no table `nope`"),
        (
            "nowhere/nope?streamFormat=Csv",
            "BadRequest_EntityNotFound",
            "there is no application `nowhere`",
        ),
        (
            "default/nope?streamFormat=json&mappingName=m1",
            "BadRequest_EntityNotFound",
            "there is no ingestion mapping `m1`",
        ),
        (
            "default/nope?streamFormat=avro",
            "General_BadRequest",
            "format `avro` is not supported: use one of csv, tsv, psv, scsv, sohsv, json, multijson",
        ),
        (
            "default/nope",
            "General_BadRequest",
            "`streamFormat` must be one of csv, tsv, psv, scsv, sohsv, json, multijson",
        ),
        (
            "default/nope?streamFormat=csv&sourceKind=uri",
            "General_BadRequest",
            "source kind `uri` is not supported: send the rows",
        ),
        (
            "default/traces?streamFormat=Csv",
            "BadRequest_EntityNotFound",
            "`traces` is built in: its rows come from SDKs, or from files of envelopes by \
             `telltale import`",
        ),
        (
            "default/Audit?streamFormat=Csv",
            "BadRequest_EntityNotFound",
            "`Audit` is built in: its rows come from the server alone",
        ),
    ] {
        // One SDK takes 404 for a server without the route.
        assert_eq!(post(path), (400, json!(code), json!(true), text.to_owned()), "{path}");
    }
    let asked = server.get("/v1/rest/ingest/default/nope?streamFormat=Csv");
    assert_eq!(asked.status, 405);
    let keyed = start(&["--admin-key", "secret"]).0;
    assert_eq!(keyed.post("/v1/rest/ingest/default/t", &[], b"1").status, 401);
}

#[test]
fn a_dry_run_shows_the_schema_and_what_would_be_rejected() {
    let want = |name: &str| {
        let name = file(name);
        format!(
            "table     builds\n\
             schema    When:datetime,Ok:bool,Count:long,Name:string\n\
             read      4\n\
             accepted  2 (not stored)\n\
             rejected  2\n  \
             {name}:4: `x` does not fit column `Count` of type long\n  \
             {name}:5: the record has 3 field(s), the first one has 4\n"
        )
    };
    let schema = "When:datetime,Ok:bool,Count:long,Name:string";
    let flags = ["ingest", "--table", "builds", "--dry-run", "--header", "--schema", schema];
    for name in ["builds.csv", "builds.csv.gz", "builds.csv.zst"] {
        let path = file(name);
        let done = run(&[&flags[..], &[path.as_str()]].concat());
        assert_eq!((done.status.code(), stdout(&done)), (Some(1), want(name)));
    }
    let ignored = run(&[&flags[..], &["--ignore-rejected", &file("builds.csv")]].concat());
    assert_eq!(ignored.status.code(), Some(0));
    let nulled = run(&[&flags[..], &["--null-misfits", &file("builds.csv")]].concat());
    assert_eq!(nulled.status.code(), Some(1));
    assert!(stdout(&nulled).contains("accepted  3 (not stored)\nrejected  1\n"));
    assert!(stdout(&nulled).contains("null      1 cell(s) that are not of their column's type\n"));
}

#[test]
fn columns_are_inferred_and_standard_input_is_read() {
    let mut child = telltale(&["ingest", "--table", "t", "--dry-run", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = b"{\"at\":\"2024-01-02T03:04:05Z\",\"n\":1,\"d\":{}}\n{\"n\":2.5,\"ok\":true}\nx\n";
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(
        stdout(&done),
        "table     t\n\
         schema    at:datetime,n:real,d:dynamic,ok:bool\n\
         read      3\n\
         accepted  2 (not stored)\n\
         rejected  1\n  \
         -:3: the record is not JSON\n"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let csv = path("rows.csv", "a,b\n1,2\n");
    let odd = path("rows.odd", "a,b\n1,2\n");
    let fake = path("rows.parquet", "not parquet");
    let mapping = path("mapping.json", "[{\"Column\":\"c\",\"Ordinal\":\"first\"}]");
    for (flags, want) in [
        (&["--dry-run", &odd][..], "the format of `FILE` is not known by its name"),
        (&["--dry-run", &fake], "cannot read `FILE`: "),
        (&["--dry-run", "/no/such.csv"], "cannot read `/no/such.csv`: "),
        (&["--dry-run", "--format", "parquet", "-"], "Parquet cannot come from standard input"),
        (&["--schema", "a:long", &csv], "`--schema` goes with `--create` or `--dry-run`"),
        (&["--dry-run", "--schema", "a:number", &csv], "`number` of column `a` is not a type"),
        (&["--dry-run", "--mapping", &mapping, &csv], "`Ordinal` of column `c` must be a whole"),
        (&["--dry-run", "--header", "--schema", "x:long", &csv], "no name in the header of `FILE`"),
        (&["--data", "/no/such/folder", &csv], "no data folder at `/no/such/folder`"),
        (&["--url", "http://127.0.0.1:1", &csv], "cannot reach `http://127.0.0.1:1`"),
    ] {
        let done = run(&[&["ingest", "--table", "t"], flags].concat());
        let error = stderr(&done);
        let want = want.replace("FILE", flags[flags.len() - 1]);
        assert_eq!(done.status.code(), Some(1), "{flags:?}");
        assert!(error.contains(&want), "{error}");
        assert_eq!(stdout(&done), "", "{flags:?}");
    }
}

#[test]
fn a_header_that_was_read_as_a_row_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    let name = path.to_str().unwrap();
    let told = |text: &str, flags: &[&str]| {
        std::fs::write(&path, text).unwrap();
        let call = ["ingest", "--table", "t", "--dry-run", "--schema", "n:long,s:string", name];
        stdout(&run(&[&call[..], flags].concat()))
    };
    let want = format!(
        "{name}: the first record names the columns: give `--header` to read it as their names\n"
    );
    for flags in [&[][..], &["--null-misfits"]] {
        assert!(told("n,s\n1,a\n", flags).ends_with(&want), "{flags:?}");
        assert!(!told("x,s\n1,a\n", flags).contains("--header"), "{flags:?}");
        assert!(!told("1,a\nn,s\n", flags).contains("--header"), "{flags:?}");
    }
    assert!(!told("n,s\nx,a\n", &["--header"]).contains("--header"));
}

#[test]
fn a_connection_that_ends_in_the_middle_leaves_nobody_guessing() {
    let schema = table(&["TableName", "Schema"], json!(["t", "a:long"]));
    let stub = Stub::new(vec![(200, "", schema), (200, "", stored(20_000))]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    std::fs::write(&path, "1\n".repeat(20_005)).unwrap();
    let done = run(&["ingest", "--table", "t", "--url", &stub.url, path.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(1));
    assert!(stdout(&done).contains("accepted  20000\n"), "{}", stdout(&done));
    let error = stderr(&done);
    let lines: Vec<&str> = error.lines().collect();
    assert!(lines[0].starts_with("error: cannot reach `http://127.0.0.1:"), "{error}");
    assert_eq!(
        lines[1..],
        [
            "error: whether the last 5 rows were stored is not known",
            "error: 20000 rows are stored: sending the same files again would store them twice",
        ]
    );
}

#[test]
fn parquet_is_read_by_the_same_rules() {
    let done = run(&["ingest", "--table", "t", "--dry-run", &file("types.parquet")]);
    let name = file("types.parquet");
    assert_eq!(
        stdout(&done),
        format!(
            "table     t\n\
             schema    at:datetime,n:long,small:int,r:real,ok:bool,s:string,day:datetime,\
             dec:decimal,l:dynamic,st:dynamic,m:dynamic,took:timespan,clock:timespan,dict:string,\
             u:long\n\
             read      3\n\
             accepted  1 (not stored)\n\
             rejected  2\n  \
             {name}:row 2: `18446744073709551615` does not fit column `u` of type long\n  \
             {name}:row 3: `0001-01-01T00:00:00Z` does not fit column `at` of type datetime\n"
        )
    );
}

/// A server that answers what it is told to and notes every request's path and body.
struct Stub {
    url: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Stub {
    /// `answers` are given in turn: status, headers, body.
    fn new(answers: Vec<(u16, &'static str, Value)>) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&seen);
        std::thread::spawn(move || {
            for (status, headers, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let path = line.split(' ').nth(1).unwrap().to_owned();
                let mut length = 0;
                loop {
                    line.clear();
                    reader.read_line(&mut line).unwrap();
                    let text = line.trim().to_ascii_lowercase();
                    if text.is_empty() {
                        break;
                    }
                    if let Some(value) = text.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                }
                let mut sent = vec![0; length];
                reader.read_exact(&mut sent).unwrap();
                notes.lock().unwrap().push((path, String::from_utf8(sent).unwrap()));
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
                    body.len()
                );
                reader.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        });
        Stub { url, seen }
    }

    fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap().clone()
    }
}

fn table(columns: &[&str], row: Value) -> Value {
    let columns: Vec<Value> = columns.iter().map(|name| json!({ "ColumnName": name })).collect();
    json!({ "Tables": [{ "TableName": "Table_0", "Columns": columns, "Rows": [row] }] })
}

fn stored(rows: u64) -> Value {
    table(&["ConsumedRecordsCount", "NullCellsCount"], json!([rows, 0]))
}

#[test]
fn a_table_is_made_and_rows_are_sent_when_the_server_has_room() {
    // The table has a column the files do not have, and another order.
    let schema = "Name:string,Extra:real,Count:long,['When at']:datetime";
    let stub = Stub::new(vec![
        (200, "", table(&["TableName"], json!(["builds"]))),
        (200, "", table(&["TableName", "Schema"], json!(["builds", schema]))),
        (429, "retry-after: 0\r\n", json!({ "error": {} })),
        (200, "", stored(2)),
    ]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.tsv");
    let path = path.to_str().unwrap();
    std::fs::write(
        path,
        "When at\tCount\tName\n2024-01-02\t1\ta, \"b\"\nsoon\t2\tc\n2024-01-03\t\td\n",
    )
    .unwrap();
    let done = run(&[
        "ingest",
        "--table",
        "builds",
        "--create",
        "--header",
        "--url",
        &stub.url,
        "--app",
        "web app",
        "--schema",
        "['When at']:datetime,Count:long,Name:string",
        path,
    ]);
    assert_eq!(
        stdout(&done),
        format!(
            "read      3\naccepted  2\nrejected  1\n  \
             {path}:3: `soon` does not fit column `When at` of type datetime\n"
        )
    );
    assert_eq!(done.status.code(), Some(1), "a record was rejected");
    let seen = stub.seen();
    let command = |at: usize| -> Value { serde_json::from_str(&seen[at].1).unwrap() };
    let create = ".create-merge table builds \
                  (['When at']:datetime, ['Count']:long, ['Name']:string)";
    assert_eq!(command(0), json!({ "db": "web app", "csl": create }));
    assert_eq!(command(1), json!({ "db": "web app", "csl": ".show table builds cslschema" }));
    let rows = "\"a, \"\"b\"\"\",,1,2024-01-02T00:00:00Z\nd,,,2024-01-03T00:00:00Z\n";
    let path = "/v1/rest/ingest/web%20app/builds?streamFormat=csv";
    let sent = (path.to_owned(), rows.to_owned());
    assert_eq!(seen[2..], [sent.clone(), sent]);
}

#[test]
fn a_refusal_of_the_server_ends_the_work_and_what_was_stored_is_said() {
    let schema = table(&["TableName", "Schema"], json!(["t", "a:long"]));
    let refused = json!({ "error": { "@message": "there is no table `t`" } });
    let stub = Stub::new(vec![(400, "", refused.clone())]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rows.csv");
    let path = path.to_str().unwrap();
    std::fs::write(path, "1\n2\n").unwrap();
    let done = run(&["ingest", "--table", "t", "--url", &stub.url, path]);
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(
        stderr(&done),
        "error: there is no table `t` (HTTP 400)\n\
         error: `--create` makes table `t` for the files\n"
    );
    let stub = Stub::new(vec![(200, "", schema.clone()), (400, "", refused)]);
    let done = run(&["ingest", "--table", "t", "--url", &stub.url, path]);
    assert_eq!(stdout(&done), "read      2\naccepted  0\nrejected  0\n");
    assert_eq!(stderr(&done), "error: there is no table `t` (HTTP 400)\n");
    // It would not help to make the table.
    let stub = Stub::new(vec![(
        400,
        "",
        json!({ "error": { "@message": "there is no application `nope`" } }),
    )]);
    let done = run(&["ingest", "--table", "t", "--app", "nope", "--url", &stub.url, path]);
    assert_eq!(stderr(&done), "error: there is no application `nope` (HTTP 400)\n");
    // A server that stores something else than it was sent is not believed.
    let stub = Stub::new(vec![(200, "", schema), (200, "", stored(1))]);
    let done = run(&["ingest", "--table", "t", "--url", &stub.url, path]);
    assert!(stderr(&done).contains("the server stored 1 of 2 rows"), "{}", stderr(&done));
}

#[test]
fn the_scopes_that_files_of_rows_need_are_named() {
    let (server, dir) = start(&["--admin-key", "secret"]);
    let path = dir.path().join("rows.csv");
    std::fs::write(&path, "1,a\n").unwrap();
    let call = |key: &str, flags: &[&str]| {
        let place = ["--table", "T", "--url", &server.url, "--key", key, path.to_str().unwrap()];
        run(&[&["ingest"], flags, &place].concat())
    };
    let key = |name: &str, scope: &str| {
        let url = server.url.as_str();
        let args = ["keys", "create", name, "--scope", scope, "--url", url, "--key", "secret"];
        output(&args).trim_end().to_owned()
    };
    let made = call("secret", &["--create", "--schema", "n:long,s:string"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let (sends, asks) = (key("sends", "ingest"), key("asks", "query"));
    let both = key("both", "ingest,query");
    let want = "error: this key does not allow that (HTTP 403)\n\
                error: `--key` needs the scopes `ingest` and `query`, with `--create` also `admin`\n";
    for (key, flags) in [(&sends, &[][..]), (&asks, &[]), (&both, &["--create"])] {
        let done = call(key, flags);
        assert_eq!((done.status.code(), stderr(&done).as_str()), (Some(1), want), "{flags:?}");
    }
    let done = call(&both, &[]);
    assert!(stdout(&done).contains("accepted  1\n"), "{}", stderr(&done));
    let help = stdout(&run(&["ingest", "--help"]));
    assert!(help.contains("--key needs the scopes ingest and query, with --create also admin"));
}

#[test]
fn a_built_in_table_takes_no_rows_of_files() {
    for flags in [&["--dry-run"][..], &["--url", "http://127.0.0.1:1"], &["--data", "/no/such"]] {
        let call = ["ingest", "--table", "requests", "--format", "csv", "-"];
        let done = run(&[&call[..], flags].concat());
        assert_eq!(done.status.code(), Some(1), "{flags:?}");
        assert_eq!(
            stderr(&done),
            "error: `requests` is built in: its rows come from SDKs, or from files of envelopes \
             by `telltale import`\n"
        );
    }
}

#[test]
fn rows_of_files_go_into_a_folder_without_a_server() {
    let (server, dir) = start(&[]);
    server.kill();
    let data = dir.path().to_str().unwrap();
    let path = dir.path().join("rows.ndjson");
    std::fs::write(&path, "{\"n\":1,\"s\":\"a\"}\n{\"n\":2,\"s\":\"b\"}\n").unwrap();
    let path = path.to_str().unwrap();
    let call = ["ingest", "--table", "T", "--data", data, path];
    let missing = run(&call);
    assert!(stderr(&missing).contains("there is no table `T`"), "{}", stderr(&missing));
    let done = run(&[&call[..], &["--create"]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(stdout(&done).contains("accepted  2\n"), "{}", stdout(&done));
    let server = crate::server::Server::on(dir.path(), &[]);
    assert_eq!(server.rows("T | order by n asc"), json!([[1, "a"], [2, "b"]]));
}

#[test]
fn rows_of_files_and_sdks_are_stored_before_the_answer() {
    let (server, dir) = start(&[]);
    let path = dir.path().join("rows.csv");
    std::fs::write(&path, "at,name,n\n2024-01-02,\"a\nb\",1\n2024-01-03,c,x\n2024-01-04,d,\n")
        .unwrap();
    let path = path.to_str().unwrap();
    let done = run(&[
        "ingest",
        "--table",
        "builds",
        "--create",
        "--header",
        "--schema",
        "at:datetime,name:string,n:long",
        "--url",
        &server.url,
        path,
    ]);
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    assert!(stdout(&done).contains("accepted  2\nrejected  1\n"), "{}", stdout(&done));
    let body = b"2024-01-05,e,5\n2024-01-06,f,six\n";
    let gzip = crate::client::gzip(body);
    let answer = server.post(
        "/v1/rest/ingest/default/builds?streamFormat=Csv",
        &[("content-encoding", "gzip")],
        &gzip,
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let row = &answer.json()["Tables"][0]["Rows"][0];
    let note = "line 2: `six` does not fit column `n` of type long";
    assert_eq!(*row, json!([2, "Inactive", "Unknown", null, 0, 1, note]));
    // One bad record of a delimited body: nothing of it is stored.
    let bad = server.post("/v1/rest/ingest/default/builds?streamFormat=Csv", &[], b"1\n2,3\n");
    assert_eq!(bad.status, 400);
    server.kill();
    let server = crate::server::Server::on(dir.path(), &[]);
    let rows = server.rows("builds | project name, n | order by name asc");
    assert_eq!(rows, json!([["a\nb", 1], ["d", null], ["e", 5], ["f", null]]));
}
