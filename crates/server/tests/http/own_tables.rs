//! Tables that users create: made, filled, altered, dropped, and still there after `kill -9`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Response;
use crate::server::{KEY, Server, event, output, run, start};

impl Server {
    fn command(&self, text: &str) -> Response {
        self.kusto("/v1/rest/mgmt", &json!({ "db": "default", "csl": text }))
    }

    /// The rows of a command that must succeed.
    fn done(&self, text: &str) -> Value {
        let answer = self.command(text);
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        answer.json()["Tables"][0]["Rows"].clone()
    }

    /// What a command that must be refused is told.
    fn refused(&self, text: &str, status: u16) -> String {
        let answer = self.command(text);
        assert_eq!(answer.status, status, "{text}: {}", answer.text());
        answer.json()["error"]["@message"].as_str().unwrap_or_default().to_owned()
    }
}

fn columns(answer: &Response) -> Vec<String> {
    let columns = answer.json()["Tables"][0]["Columns"].clone();
    let names = columns.as_array().unwrap().iter();
    names.map(|c| c["ColumnName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_table_lives_from_create_to_drop() {
    let (server, _dir) = start(&[]);
    let create =
        ".create table Builds (id:long, name:string) with (folder='ci', docstring=\"Our's\")";
    let answer = server.command(create);
    assert_eq!(columns(&answer), ["TableName", "Schema", "DatabaseName", "Folder", "DocString"]);
    let row = answer.json()["Tables"][0]["Rows"][0].clone();
    assert_eq!(
        (&row[0], &row[2], &row[3], &row[4]),
        (&json!("Builds"), &json!("default"), &json!("ci"), &json!("Our's"))
    );
    let schema: Value = serde_json::from_str(row[1].as_str().unwrap()).unwrap();
    assert_eq!(schema["OrderedColumns"][1]["CslType"], "string");
    assert_eq!(server.rows("Builds"), json!([]));
    // Creating it again changes nothing, and rows are no comments.
    server.done(".create table Builds (other:int)");
    let stored = server
        .command(".ingest inline into table Builds <|\n1,// one\n2,\"two, or \"\"2\"\"\"\n3,");
    let names =
        ["ExtentId", "OriginalSize", "ExtentSize", "CompressedSize", "IndexSize", "RowCount"];
    assert_eq!(columns(&stored), names);
    assert_eq!(stored.json()["Tables"][0]["Rows"][0][5], 3);
    assert_eq!(
        server.rows("Builds | order by id asc"),
        json!([[1, "// one"], [2, "two, or \"2\""], [3, ""]])
    );
    server.done(".create-merge table Builds (name:string, ok:bool, [\"exit code\"]:int)");
    server.done(".append Builds <| print id = 4, name = 'four', ok = true, code = int(0)");
    let rows = json!([[1, "// one", null, null], [4, "four", true, 0]]);
    assert_eq!(server.rows("Builds | where id in (1, 4) | order by id asc"), rows);
    assert_eq!(server.rows("Builds | where isnull(['exit code']) | count"), json!([[3]]));
    server.done(".rename table Builds to ['All builds']");
    assert_eq!(server.rows("['All builds'] | count"), json!([[4]]));
    assert_eq!(server.query("Builds").status, 400);
    server.done(".clear table ['All builds'] data");
    assert_eq!(server.rows("table('All builds') | count"), json!([[0]]));
    server.done(".create tables A (x:long), B (y:real, z:dynamic)");
    assert_eq!(server.done(".drop tables (A, B)"), json!([["All builds", "default"]]));
    assert_eq!(server.done(".drop table ['All builds']"), json!([]));
    assert_eq!(server.done(".drop table ['All builds'] ifexists"), json!([]));
}

#[test]
fn commands_and_rows_are_read_in_every_spelling() {
    let (server, _dir) = start(&[]);
    server.done(
        "  .CREATE  TABLE // a comment\n ['my-table'] (a:STRING, [\"b c\"]:int64,\n ['d']:date) \
         with (Folder='x', docstring=@\"it's \"\"it\"\"\") ; ",
    );
    let listed =
        server.done(".show tables | where TableName == 'my-table' | project Folder, DocString");
    assert_eq!(listed, json!([["x", "it's \"it\""]]));
    let types = server.rows("['my-table'] | getschema | project ColumnName, ColumnType");
    assert_eq!(types, json!([["a", "string"], ["b c", "long"], ["d", "datetime"]]));
    server.done(
        ".ingest inline into table ['my-table'] with (format=csv, ignoreFirstRecord=true) <|\r\n\
         a,b,d\r\n\"x,\"\"y\"\"\nz\",1,2024-02-29\r\n\r\n ä ,,\r\n\"\",,\r\n  ",
    );
    let rows = server.rows("['my-table'] | order by a desc");
    let day = "2024-02-29T00:00:00Z";
    assert_eq!(rows, json!([["x,\"y\"\nz", 1, day], [" ä ", null, null], ["", null, null]]));
}

#[test]
fn queries_fill_tables_whole_or_not_at_all() {
    let (server, _dir) = start(&[]);
    server.done(".set T <| range x from 1 to 3 step 1 | extend s = strcat('s', x)");
    assert_eq!(server.rows("T | order by x asc"), json!([[1, "s1"], [2, "s2"], [3, "s3"]]));
    server.done(".set-or-append T <| print 4, 'four'");
    assert_eq!(server.rows("T | count"), json!([[4]]));
    server.done(".set-or-replace T <| print a = 9, b = 'nine' | where a > 0");
    assert_eq!(server.rows("T | project x, s"), json!([[9, "nine"]]));
    server.done(".set-or-append New <| T | summarize n = count() by s");
    assert_eq!(server.rows("New"), json!([["nine", 1]]));
    for (text, wanted) in [
        (".set T <| print 1", "there is a table `T` already"),
        (".append Missing <| print 1", "there is no table `Missing`"),
        (".append T <| print 1", "the rows have 1 columns, the table `T` has 2"),
        (".append T <| print 'a', 'b'", "column 1 of the rows is `string`, `x` of `T` is `long`"),
        (".append T <| .show tables", "the rows of a command cannot be stored"),
        (".append T <| print 1; print 2", "must have one result table"),
        (".append async T <| print 1", "`async` is not supported"),
        (".append T with (extend_schema=true) <| print 1", "the property `extend_schema` is not"),
        (".set requests <| print 1", "`requests` is built in and cannot be changed"),
        (".set T2 <| print ['a/b'] = 1", "`a/b` is not a name for a table or a column"),
        (
            ".ingest inline into table T <| 1,a\nx,b",
            "line 2: `x` does not fit column `x` of type long",
        ),
        (".ingest inline into table T <| 1,a,b", "3 fields, the table has 2 columns"),
        (
            ".ingest inline into table T with (format='avro') <| {}",
            "`format=avro` is not supported",
        ),
    ] {
        let message = server.refused(text, 400);
        assert!(message.contains(wanted), "{text}: {message}");
    }
    // Refused, not cut.
    let large =
        ".set Large <| range x from 1 to 3000000 step 1 | extend s = strcat('a long text ', x)";
    let message = server.refused(large, 413);
    assert!(message.contains("nothing was stored: "), "{message}");
    assert_eq!(server.query("Large").status, 400);
    assert_eq!(server.rows("T | count"), json!([[1]]));
}

#[test]
fn what_cannot_be_a_table_is_refused_by_name() {
    let (server, _dir) = start(&[]);
    server.done(".create table T (a:long)");
    for (text, wanted) in [
        (".create table requests (a:long)", "`requests` is the name of a built-in table"),
        (".create table AppTraces (a:long)", "`AppTraces` is the name of a built-in table"),
        (".create table X (a:long, a:int)", "the table `X` has the column `a` twice"),
        (".create table X (_received:datetime)", "`_received` is not a name"),
        (".create table ['a\\'b'] (a:long)", "`a'b` is not a name"),
        (".create table X (a:text)", "`text` is no type: use one of `bool`"),
        (".create table X", "the command is wrong at its end: expected `(`"),
        (".create table X (a:long) now", "at `now`: expected the end of the command"),
        (".create table X (['a:int)", "at `'a:int)`: expected a text with its closing quote"),
        (".create table X (a:int, ,)", "at `,)`: expected the name of a column"),
        (".create table X ([\"\\x\"]:int)", "expected a text without other escapes"),
        (".create table X (a:int) with (retention='1d')", "`retention` is not a property"),
        (".ingest inline into table T <| 1\n\"2", "line 2: "),
        (".create-merge table T (a:string)", "`a` of `T` is `long` and cannot become `string`"),
        (".alter-merge table X (a:long)", "there is no table `X`"),
        (".drop table X", "there is no table `X`"),
        (".drop tables (T, X)", "there is no table `X`"),
        (".drop table requests ifexists", "`requests` is built in and cannot be changed"),
        (".clear table X data", "there is no table `X`"),
        (".rename table T to traces", "`traces` is the name of a built-in table"),
    ] {
        let message = server.refused(text, 400);
        assert!(message.contains(wanted), "{text}: {message}");
    }
    assert_eq!(server.rows("T | count"), json!([[0]]), "nothing was dropped by half");
    let many: Vec<String> = (0..1001).map(|n| format!("c{n}:int")).collect();
    let message = server.refused(&format!(".create table X ({})", many.join(",")), 400);
    assert!(message.contains("would have 1001 columns, the most is 1000"), "{message}");
    // Not from a page of another origin, which cannot send this type, nor by a link.
    let csl = json!({ "db": "", "csl": ".drop table T" }).to_string();
    let plain = server.post("/v1/rest/mgmt", &[("content-type", "text/plain")], csl.as_bytes());
    assert_eq!(plain.status, 415);
    assert_eq!(server.get("/v1/rest/query?csl=.drop%20table%20T").status, 415);
    assert_eq!(server.rows("T | count"), json!([[0]]));
}

#[test]
fn all_types_and_their_nulls_stay_the_same_through_kill_seal_and_restart() {
    let (server, dir) = start(&[]);
    let row = "b = true, i = int(-1), l = long(5), r = real(0.5), d = decimal(1.25), s = 'ä', \
        t = datetime(2024-02-29T01:02:03.0000004Z), e = 1d, \
        g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), j = dynamic({'a':[1,null]})";
    let nulls = "b = bool(null), i = int(null), l = long(null), r = real(null), \
        d = decimal(null), s = '', t = datetime(null), e = time(null), g = guid(null), \
        j = dynamic(null)";
    server.done(&format!(".set-or-append All <| print {row}"));
    server.done(&format!(".set-or-append All <| print {nulls}"));
    let text = "All | order by s desc";
    let wanted = server.rows(&format!("union (print {row}), (print {nulls}) | order by s desc"));
    assert_eq!(server.rows(text), wanted);
    let types = server.query("All | getschema | project ColumnType").json();
    server.kill();
    let server = Server::on(dir.path(), &["--seal-age", "100ms"]);
    assert_eq!(server.rows(text), wanted);
    sealed(&server);
    assert_eq!(server.rows(text), wanted);
    assert_eq!(server.query("All | getschema | project ColumnType").json(), types);
    // Columns that came later are null in what is sealed, a text is empty.
    server.done(".alter-merge table All (s2:string, l2:long)");
    let later = "All | summarize countif(s2 == ''), countif(isempty(s2)), countif(isnull(l2))";
    assert_eq!(server.rows(later), json!([[2, 2, 2]]));
    assert_eq!(server.rows("All | where s2 == '' | count"), json!([[2]]));
    assert_eq!(server.rows("All | extend x = strcat('<', s2, '>') | distinct x"), json!([["<>"]]));
    server.kill();
    let server = Server::on(dir.path(), &[]);
    assert_eq!(server.rows(later), json!([[2, 2, 2]]));
    assert!(server.stop().success());
    let data = dir.path().to_str().unwrap();
    let told = output(&["query", "All | count", "--data", data, "--format", "csv"]);
    assert_eq!(told, "Count\r\n2\r\n");
}

/// Waits until nothing is in the head.
fn sealed(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !server.get("/metrics").text().contains("\ntelltale_head_rows 0\n") {
        assert!(Instant::now() < deadline, "{}", server.get("/metrics").text());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_dropped_table_leaves_no_file_and_its_rows_do_not_come_back() {
    let (server, dir) = start(&["--seal-age", "100ms"]);
    server.done(".set T <| range x from 1 to 100 step 1");
    sealed(&server);
    let files = || std::fs::read_dir(dir.path().join("extents/own")).unwrap().count();
    assert_eq!(files(), 2);
    server.done(".drop table T");
    assert_eq!(server.query("T").status, 400);
    assert_eq!(files(), 0);
    server.done(".set T <| print x = 1");
    server.kill();
    let server = Server::on(dir.path(), &[]);
    assert_eq!(server.rows("T"), json!([[1]]));
}

#[test]
fn retention_takes_the_names_of_own_tables() {
    let (server, _dir) = start(&["--retention", "90d,Short=7d,traces=30d"]);
    server.done(".set Short <| print 1");
    assert_eq!(server.rows("Short"), json!([[1]]));
    for wrong in ["AppTraces=7d", "TRACES=7d", "=7d", "Short=x"] {
        let done = run(&["serve", "--retention", wrong]);
        assert!(!done.status.success(), "{wrong}");
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(error.contains("of stored or own tables"), "{wrong}: {error}");
    }
}

#[test]
fn tables_belong_to_an_application() {
    let (server, _dir) = start(&[]);
    let json_type = [("content-type", "application/json")];
    let other = server.post("/api/apps", &json_type, br#"{"name":"other"}"#);
    assert_eq!(other.status, 201);
    let other = other.json()["id"].as_str().unwrap().to_owned();
    let at = |db: &str, csl: &str| {
        let answer = server.kusto("/v1/rest/mgmt", &json!({ "db": db, "csl": csl }));
        assert_eq!(answer.status, 200, "{csl}: {}", answer.text());
    };
    at("default", ".set T <| print a = 1, s = 'x'");
    at("other", ".set T <| print s = 'y', more = 2.5, a = 2");
    at("other", ".set Only <| print 1");
    at("other", ".set Bad <| print a = 'text'");
    at("default", ".set Bad <| print a = 1");
    assert_eq!(server.rows("T"), json!([[1, "x"]]));
    assert_eq!(server.rows("app('other').T | project a, s"), json!([[2, "y"]]));
    assert_eq!(server.rows("union T, database('other').T | count"), json!([[2]]));
    assert_eq!(server.rows("union app('other').On* | count"), json!([[1]]));
    assert_eq!(server.query("Only").status, 400);
    let both = |text: &str| {
        let body = json!({ "query": text, "applications": [other] }).to_string();
        server.post("/v1/apps/default/query", &json_type, body.as_bytes())
    };
    let rows = both("T | order by a asc").json()["tables"][0]["rows"].clone();
    assert_eq!(rows, json!([[1, "x"], [2, "y"]]));
    assert_eq!(both("Only | count").json()["tables"][0]["rows"], json!([[1]]));
    let answer = both("Bad");
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("the table `Bad` has `a` with another type"),
        "{}",
        answer.text()
    );
}

#[test]
fn tools_see_own_tables_and_ranges_go_by_their_time() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(event(KEY, "e").as_bytes()).status, 200);
    server.done(".create table Own (a:long) with (folder='f', docstring='d')");
    server.done(".append Own <| print 1");
    server.done(".set Timed <| print timestamp = datetime(2020-01-01), a = 1");
    let listed = server.done(".show tables | where TableName == 'Own'");
    assert_eq!(listed, json!([["Own", "default", "f", "d"]]));
    assert_eq!(server.done(".show table ['Own'] cslschema")[0][1], "a:long");
    let text = server.done(".show database schema as json")[0][0].clone();
    let schema: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let own = &schema["Databases"]["default"]["Tables"]["Own"];
    assert_eq!(
        (&own["Folder"], &own["OrderedColumns"][0]["Type"]),
        (&json!("f"), &json!("System.Int64"))
    );
    let count = |text: &str, timespan: &str| {
        let body = json!({ "query": text, "timespan": timespan }).to_string();
        let json_type = [("content-type", "application/json")];
        let answer = server.post("/v1/apps/default/query", &json_type, body.as_bytes());
        assert_eq!(answer.status, 200, "{text}: {}", answer.text());
        answer.json()["tables"][0]["rows"][0][0].clone()
    };
    assert_eq!(count("Own | count", "PT1H"), 1);
    assert_eq!(count("Own | count", "2020-01-01/2020-01-02"), 0);
    assert_eq!(count("Timed | count", "PT1H"), 0);
    assert_eq!(count("Timed | count", "2020-01-01/2020-01-02"), 1);
    assert_eq!(count("Own | where ingestion_time() > ago(1h) | project-keep a | count", "PT1H"), 1);
    let columns = server.query("Own").json()["tables"][0]["columns"].clone();
    assert_eq!(columns.as_array().unwrap().len(), 1, "{columns}");
    assert_eq!(server.rows("search 'nothing like this' | count"), json!([[0]]));
    let message = server.query("owns | count").text();
    assert!(message.contains("did you mean `Own`?"), "{message}");
}

#[test]
fn schemas_are_those_of_the_databases_named() {
    let (server, _dir) = start(&[]);
    output(&["apps", "create", "other", "--url", &server.url]);
    let ask = |db: &str, csl: &str| {
        let answer = server.kusto("/v1/rest/mgmt", &json!({ "db": db, "csl": csl }));
        (answer.status, answer)
    };
    assert_eq!(ask("other", ".create table Theirs (a:long)").0, 200);
    let piped = "| where TableName == 'Theirs' and ColumnName == 'a' | project DatabaseName";
    for command in [
        ".show database other schema",
        ".show database ['other'] schema",
        ".show databases (other) schema",
        ".show databases schema",
    ] {
        let (status, answer) = ask("default", &format!("{command} {piped}"));
        assert_eq!(status, 200, "{command}: {}", answer.text());
        assert_eq!(answer.json()["Tables"][0]["Rows"], json!([["other"]]), "{command}");
    }
    let (_, answer) = ask("default", &format!(".show database schema {piped}"));
    assert_eq!(answer.json()["Tables"][0]["Rows"], json!([]));
    let (_, answer) = ask("default", ".show databases (['other']) schema as json");
    let text = answer.json()["Tables"][0]["Rows"][0][0].as_str().unwrap().to_owned();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let names: Vec<&String> = schema["Databases"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["other"]);
    let (status, answer) = ask("default", ".show database nosuch schema");
    assert_eq!(status, 400);
    assert!(answer.text().contains("there is no application `nosuch`"), "{}", answer.text());
    let (_, answer) = ask(
        "other",
        ".show tables details | where TableName == 'Theirs' \
        | project TotalExtents, TotalRowCount",
    );
    assert_eq!(answer.json()["Tables"][0]["Rows"], json!([[0, 0]]));
    let (status, answer) = ask("default", ".show tabels");
    assert_eq!(status, 400);
    assert!(answer.text().contains("commands are `.show tables`"), "{}", answer.text());
}

#[test]
fn what_no_column_takes_is_told() {
    let (server, _dir) = start(&[]);
    server.done(".create table T (id:long)");
    let path = "/v1/rest/ingest/default/T?streamFormat=json";
    let body = b"{\"id\":1,\"nmae\":\"x\"}\n{\"Id\":2}\n";
    let answer = server.post(path, &[], body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let notes = answer.json()["Tables"][0]["Rows"][0][6].clone();
    assert_eq!(notes, "no column takes `Id`, `nmae`");
    let text = ".ingest inline into table T with (format='json') <| {\"id\":3,\"b\":1}";
    assert!(server.refused(text, 400).contains("nothing was stored: no column takes `b`"));
    assert_eq!(server.rows("T | count"), json!([[2]]));
    assert!(server.refused(".create table Audit (a:long)", 400).contains("built-in table"));
}
