//! `telltale track` where it must not send or cannot: opt-out, dead and strange servers, budgets,
//! connection strings.

use std::time::{Duration, Instant};

use crate::server::{KEY, start};
use crate::tracking::{Listener, command, connection, http, row, track, tracked, warned};

const EVENT: [&str; 4] = ["track", "event", "--name", "e"];

fn run(args: &[&str], env: &[(&str, &str)]) -> std::process::Output {
    command(&[&EVENT[..], args].concat(), env).output().unwrap()
}

#[test]
fn who_opted_out_sends_nothing_and_is_told_nothing() {
    let listener = Listener::answering(Some(http("200 OK", "{}")));
    let to = connection(&listener.url);
    let out = |args: &[&str], env: &[(&str, &str)]| {
        let args = [&["--connection", to.as_str(), "--strict"], args].concat();
        let done = run(&args, env);
        assert_eq!(warned(&done, 0), "", "{args:?} {env:?}");
    };
    out(&["--opt-out"], &[]);
    out(&["--opt-out=yes"], &[]);
    out(&["--opt-out"], &[("TELLTALE_OPTOUT", "0")]);
    for value in ["1", "true", "TRUE", " yes ", "please"] {
        out(&[], &[("TELLTALE_OPTOUT", value)]);
        out(&[], &[("DO_NOT_TRACK", value)]);
        out(&["--opt-out=false"], &[("TELLTALE_OPTOUT", value)]);
    }
    out(&[], &[("TELLTALE_OPTOUT", ""), ("DO_NOT_TRACK", "1")]);
    // Without a connection there is nothing to warn of either, nor about odd values.
    assert_eq!(warned(&run(&["--strict", "--property", "x"], &[("TELLTALE_OPTOUT", "1")]), 0), "");
    assert_eq!(listener.connections(), 0);
    let says_no = [
        (&["--opt-out=false"][..], &[][..]),
        (&["--opt-out="], &[]),
        (&["--opt-out=$(optOut)"], &[]),
        (&[], &[("TELLTALE_OPTOUT", "$(Telltale.OptOut)")]),
        (&[], &[("TELLTALE_OPTOUT", "false"), ("DO_NOT_TRACK", "1")]),
        (&[], &[("DO_NOT_TRACK", "0")]),
    ];
    for (i, (args, env)) in says_no.iter().enumerate() {
        run(&[&["--connection", to.as_str()], *args].concat(), env);
        assert_eq!(listener.connections(), i + 1, "{args:?} {env:?}");
    }
}

#[test]
fn a_server_that_is_away_or_silent_costs_no_more_than_the_budget() {
    let silent = Listener::answering(None);
    let endless =
        Listener::answering(Some("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{".to_owned()));
    for (url, args, least_ms, most_ms, text) in [
        ("http://127.0.0.1:1", &[][..], 0, 1_500, "cannot reach `http://127.0.0.1:1`"),
        (&silent.url, &["--timeout", "300ms"], 300, 1_500, "within 300 ms (`--timeout`)"),
        (&silent.url, &[], 2_000, 3_500, "within 2000 ms (`--timeout`)"),
        (&endless.url, &["--timeout", "300ms"], 0, 1_500, "telemetry not sent: "),
        // Documentation addresses: nobody answers.
        ("http://192.0.2.1:9", &["--timeout", "500ms"], 0, 1_500, "telemetry not sent: "),
        ("http://name.invalid", &["--timeout", "1s"], 0, 2_000, "telemetry not sent: "),
    ] {
        let connection = connection(url);
        let args = [&["--connection", connection.as_str()], args].concat();
        let start = Instant::now();
        let told = warned(&run(&args, &[]), 0);
        let took = start.elapsed();
        assert!(told.starts_with("warning: ") && told.contains(text), "{url}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        let range = Duration::from_millis(least_ms)..Duration::from_millis(most_ms);
        assert!(range.contains(&took), "{url} {args:?}: {took:?}");
        let strict = run(&[&args[..], &["--strict"]].concat(), &[]);
        assert!(warned(&strict, 1).starts_with("error: "));
    }
    for timeout in ["0", "0s", "-1s", "soon", "11m"] {
        let done = run(&["--timeout", timeout], &[]);
        assert_eq!(done.status.code(), Some(2), "{timeout}");
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(told.contains("a time such as `2s` or `500ms`, 600 s at most"), "{told}");
    }
}

#[test]
fn strange_answers_are_said_and_busy_servers_asked_again() {
    let busy = r#"{"itemsReceived":1,"itemsAccepted":0,"appId":null,
        "errors":[{"index":0,"statusCode":429,"message":"Too many requests"}]}"#;
    for (answer, text, asks_again) in [
        (http("200 OK", "<html>sign in</html>"), "sign in", false),
        (http("404 Not Found", ""), "(HTTP 404)", false),
        (http("204 No Content", ""), "(HTTP 204)", false),
        (http("200 OK", r#"{"itemsAccepted":0}"#), "HTTP 200", false),
        (
            http("400 Bad Request", r#"{"itemsAccepted":0,"errors":[{"message":"no"}]}"#),
            "no",
            false,
        ),
        (http("429 Too Many Requests", busy), "Too many requests", true),
        ("nonsense".to_owned(), "telemetry not sent: ", false),
    ] {
        let listener = Listener::answering(Some(answer.clone()));
        let connection = connection(&listener.url);
        let told = warned(&run(&["--connection", &connection, "--timeout", "1s"], &[]), 0);
        assert!(told.starts_with("warning: ") && told.contains(text), "{answer}: {told}");
        assert_eq!(listener.connections() > 1, asks_again, "{answer}");
        assert!(listener.received().contains("POST /v2.1/track"));
    }
}

#[test]
fn a_connection_string_says_what_is_missing_in_it() {
    let (server, _dir) = start(&[]);
    let (key, url) = (KEY, server.url.as_str());
    for (text, want) in [
        (String::new(), "no connection string: give `--connection` or set `TELLTALE_CONNECTION`"),
        ("nonsense".into(), "a part without `=`"),
        (format!("IngestionEndpoint={url}"), "no `InstrumentationKey`"),
        (format!("InstrumentationKey=;IngestionEndpoint={url}"), "no `InstrumentationKey`"),
        (format!("InstrumentationKey={key}"), "no `IngestionEndpoint`"),
        (format!("InstrumentationKey={key};IngestionEndpoint=localhost:1"), "is no address"),
        (format!("InstrumentationKey={key};x={}", "y".repeat(5000)), "more than 4096 characters"),
        (
            format!("InstrumentationKey=nobody;IngestionEndpoint={url}"),
            "the server refused it: Invalid instrumentation key",
        ),
    ] {
        let told = warned(&run(&["--connection", &text], &[]), 0);
        assert!(told.contains(want) && told.lines().count() == 1, "{text}: {told}");
        assert!(!told.contains(key), "{told}");
    }
    let told = warned(&run(&[], &[("TELLTALE_CONNECTION", "x")]), 0);
    assert!(told.contains("`TELLTALE_CONNECTION`: the connection string has a part"), "{told}");
    let good = [
        format!("instrumentationkey={key};INGESTIONENDPOINT={url}"),
        format!(" InstrumentationKey = {key} ; IngestionEndpoint = {url}/// ;; "),
        format!(
            "InstrumentationKey=x;InstrumentationKey={key};IngestionEndpoint={url}/some/prefix/"
        ),
    ];
    for text in &good {
        let done = run(&["--connection", text, "--strict"], &[]);
        assert!(done.status.success(), "{text}: {}", String::from_utf8_lossy(&done.stderr));
    }
    // The own variable goes before the SDKs', a flag before both.
    let bad = "InstrumentationKey=nobody;IngestionEndpoint=http://127.0.0.1:1";
    let own = [("TELLTALE_CONNECTION", good[0].as_str())];
    let both = [own[0], ("APPLICATIONINSIGHTS_CONNECTION_STRING", bad)];
    assert!(run(&["--strict"], &both).status.success());
    let sdk = [("APPLICATIONINSIGHTS_CONNECTION_STRING", good[0].as_str())];
    assert!(run(&["--strict"], &sdk).status.success());
    assert!(run(&["--strict", "--connection", &good[0]], &[(own[0].0, bad)]).status.success());
    assert_eq!(row(&server, "customEvents | count")["Count"], 6);
}

#[test]
fn a_server_with_keys_and_a_certificate_of_its_own_is_reached() {
    let flags = ["--ingest-needs-key", "--admin-key", "secret", "--tls-listen", "127.0.0.1:0"];
    let (server, dir) = start(&[&flags[..], &["--tls-generate", "localhost"]].concat());
    let told = warned(&track(&server, &[], &["event", "--name", "e"]), 0);
    assert!(told.contains("the server refused it: A valid key is needed"), "{told}");
    let told = tracked(&server, &[("TELLTALE_KEY", "secret")], &["event", "--name", "e"]);
    assert!(told.starts_with("operation_id="));
    let url = format!("https://localhost:{}", server.tls_port());
    let pem = dir.path().join("ca.pem");
    let pem = pem.to_str().unwrap();
    crate::server::output(&["tls", "show", "--url", &url, "--out", pem]);
    let args = ["--connection", &connection(&url), "--key", "secret"];
    let told = warned(&run(&args, &[]), 0);
    assert!(told.contains("is not trusted: name it with `--ca FILE`"), "{told}");
    let done = run(&[&args[..], &["--ca", pem, "--strict"]].concat(), &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
