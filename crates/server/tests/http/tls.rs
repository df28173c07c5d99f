//! HTTPS: certificates generated and given, both versions of HTTP, clients that misbehave.

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use serde_json::json;

use crate::client::{self, exchange, read, request_bytes};
use crate::queries::LONG;
use crate::server::{KEY, Server, event, output, run, start, telltale, wait_until};
use crate::tls_client::{Http2, connect, get, runtime, trusting};

const TLS: [&str; 2] = ["--tls-listen", "127.0.0.1:0"];

fn with(flags: &[&'static str]) -> Vec<&'static str> {
    TLS.iter().chain(flags).copied().collect()
}

/// What clients of a running server are told to trust.
fn trusted_pem(server: &Server) -> String {
    output(&["tls", "show", "--url", server.ready["tlsUrl"].as_str().unwrap()])
}

fn trust(server: &Server) -> Arc<ClientConfig> {
    trusting(&trusted_pem(server), &["http/1.1"])
}

#[test]
fn a_generated_certificate_is_trusted_for_its_hosts_only() {
    let (server, _dir) = start(&with(&["--tls-generate", "CI.example.com,10.1.2.3"]));
    let port = server.tls_port();
    assert_eq!(server.ready["tlsUrl"], format!("https://ci.example.com:{port}"));
    let url = format!("https://localhost:{port}");
    let config = trusting(&output(&["tls", "show", "--url", &url]), &[]);
    for host in ["localhost", "127.0.0.1", "::1", "ci.example.com", "10.1.2.3"] {
        let mut stream = connect(&config, port, host).expect(host);
        stream.write_all(&request_bytes("GET", "/healthz", &[], b"")).unwrap();
        assert_eq!(read(&mut stream).expect("an answer").status, 200, "{host}");
    }
    for host in ["other.example.com", "10.1.2.4"] {
        let error = connect(&config, port, host).expect_err(host).to_string();
        assert!(error.contains("not valid for name"), "{error}");
    }
    // The announced address is where SDKs go by default while plain HTTP is served.
    let plain = server.ready["url"].as_str().unwrap();
    assert!(server.ready["connectionString"].as_str().unwrap().contains(plain));
}

#[test]
fn a_generated_certificate_stays_until_the_hosts_are_others() {
    let dir = tempfile::tempdir().unwrap();
    let show = |server: &Server| {
        let url = format!("https://localhost:{}", server.tls_port());
        output(&["tls", "show", "--url", &url])
    };
    let server = Server::on(dir.path(), &with(&["--tls-generate", "a.example"]));
    let first = show(&server);
    assert!(server.stop().success());
    let server = Server::on(dir.path(), &with(&["--tls-generate", "a.example,localhost"]));
    assert_eq!(show(&server), first);
    assert!(server.stop().success());

    let data = dir.path().to_str().unwrap();
    let out = dir.path().join("trust.pem");
    let shown = run(&["tls", "show", "--data", data, "--out", out.to_str().unwrap()]);
    assert!(shown.stdout.is_empty());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), first);
    let about = String::from_utf8(shown.stderr).unwrap();
    let (fingerprint, hosts) = about.split_once('\n').unwrap();
    assert_eq!(fingerprint.len(), "SHA-256 ".len() + 32 * 3 - 1, "{about}");
    assert_eq!(hosts, "hosts 127.0.0.1, ::1, a.example, localhost\n");

    let server = Server::on(dir.path(), &with(&["--tls-generate", "b.example"]));
    let second = show(&server);
    assert_ne!(second, first);
    let config = trusting(&second, &[]);
    assert!(connect(&config, server.tls_port(), "b.example").is_ok());
    assert!(connect(&config, server.tls_port(), "a.example").is_err());
    assert!(connect(&trusting(&first, &[]), server.tls_port(), "localhost").is_err());
}

/// Whatever lies in the folder and may hold the key is for its owner only.
#[test]
fn the_generated_key_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (server, dir) = start(&with(&["--seal-age", "100ms"]));
    let documents = || std::fs::read_dir(dir.path().join("meta")).unwrap().flatten();
    assert_eq!(server.track(event(KEY, "a").as_bytes()).status, 200);
    wait_until("documents on disk", || documents().count() > 0);
    let log = std::fs::read_dir(dir.path().join("log")).unwrap().flatten();
    for file in documents().chain(log) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.path());
    }
}

#[test]
fn https_alone_is_announced_and_used_by_the_command_line() {
    let (server, dir) = start(&with(&["--listen", "off"]));
    let url = server.ready["url"].as_str().unwrap();
    assert_eq!(url, format!("https://localhost:{}", server.tls_port()));
    assert_eq!(server.ready["tlsUrl"], url);
    let wanted = format!("IngestionEndpoint={url}/;LiveEndpoint={url}/;");
    assert!(server.ready["connectionString"].as_str().unwrap().contains(&wanted));

    let file = dir.path().join("trust.pem");
    std::fs::write(&file, trusted_pem(&server)).unwrap();
    let file = file.to_str().unwrap();
    let ask = ["query", "--url", url, "--format", "csv", "print a = 1"];
    assert_eq!(output(&[&ask[..], &["--ca", file]].concat()), "a\r\n1\r\n");
    let mut by_variable = telltale(&ask);
    assert!(by_variable.env("TELLTALE_CA", file).output().unwrap().status.success());
    let mistrusted = String::from_utf8(run(&ask).stderr).unwrap();
    assert!(mistrusted.contains("is not trusted: name it with `--ca FILE`"), "{mistrusted}");
    let key = dir.path().join("none.pem");
    std::fs::write(&key, "no certificate").unwrap();
    let wrong = run(&[&ask[..], &["--ca", key.to_str().unwrap()]].concat());
    let wrong = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.contains("holds no certificate in PEM form"), "{wrong}");
}

/// Writes a self-signed certificate and its key; gives the certificate.
fn write_own(dir: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(dir.join("own.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.join("own.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

#[test]
fn own_files_are_used_and_read_again_when_they_change() {
    let own = tempfile::tempdir().unwrap();
    let first = write_own(own.path());
    let paths = ["own.pem", "own.key"].map(|name| own.path().join(name).display().to_string());
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--tls-certificate", &paths[0], "--tls-key", &paths[1]];
    let server = Server::on(dir.path(), &[&TLS[..], &flags].concat());
    let shows = |pem: &str| connect(&trusting(pem, &[]), server.tls_port(), "localhost").is_ok();
    assert!(shows(&first));

    let second = write_own(own.path());
    wait_until("the second certificate", || shows(&second));
    // A file that cannot be used leaves the old certificate in place.
    std::fs::write(&paths[0], "broken").unwrap();
    server.signal("-HUP");
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert!(shows(&second));
    let third = write_own(own.path());
    server.signal("-HUP");
    wait_until("the third certificate", || shows(&third));
    assert!(!shows(&second));
}

/// What the portal is told of the address.
fn told_address(server: &Server) -> serde_json::Value {
    server.get("/api/portal/session").json()["address"].clone()
}

#[test]
fn the_portal_is_told_what_clients_will_say_of_the_certificate() {
    let (server, _dir) = start(&with(&["--tls-generate", "ci.example.com"]));
    let told = &told_address(&server)["certificate"];
    assert_eq!(told["url"], format!("https://ci.example.com:{}", server.tls_port()));
    assert_eq!(
        [&told["host"], &told["coversHost"], &told["origin"], &told["namesLeft"]],
        [&json!("ci.example.com"), &json!(true), &json!("generated"), &json!(0)]
    );
    assert_eq!(told["names"], json!(["127.0.0.1", "::1", "ci.example.com", "localhost"]));
    // A day is given to clocks that are behind.
    let days = told["daysLeft"].as_i64().unwrap();
    assert!((394..=396).contains(&days), "{told}");
    assert!(told["issuer"].as_str().unwrap().starts_with("Telltale "), "{told}");

    // Own files, at an address that they are not for; read again when they are replaced.
    let own = tempfile::tempdir().unwrap();
    write_own(own.path());
    let paths = ["own.pem", "own.key"].map(|name| own.path().join(name).display().to_string());
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--tls-certificate", &paths[0], "--tls-key", &paths[1]];
    let address = ["--public-url", "https://ci.example.com/telltale"];
    let server = Server::on(dir.path(), &[&TLS[..], &flags, &address].concat());
    let told = &told_address(&server)["certificate"];
    assert_eq!(
        [&told["url"], &told["host"], &told["coversHost"], &told["origin"], &told["names"]],
        [
            &json!(address[1]),
            &json!("ci.example.com"),
            &json!(false),
            &json!("selfSigned"),
            &json!(["localhost"]),
        ]
    );
    let made = rcgen::generate_simple_self_signed(["*.example.com".to_owned()]).unwrap();
    std::fs::write(&paths[0], made.cert.pem()).unwrap();
    std::fs::write(&paths[1], made.signing_key.serialize_pem()).unwrap();
    wait_until("the second certificate", || {
        told_address(&server)["certificate"]["coversHost"] == true
    });
}

#[test]
fn what_a_proxy_shows_and_what_is_nobodys_business_is_not_told() {
    let (server, _dir) = start(&["--public-url", "https://ci.example.com"]);
    let told = told_address(&server);
    assert_eq!(
        [&told["isPlainHttp"], &told["url"]],
        [&json!(false), &json!("https://ci.example.com")]
    );
    assert!(told.get("certificate").is_none() && told.get("tlsUrl").is_none(), "{told}");

    let (server, _dir) = start(&with(&["--admin-key", "the-admin-key-of-this-story"]));
    assert_eq!(told_address(&server)["certificate"], serde_json::Value::Null);
    let key = [("x-api-key", "the-admin-key-of-this-story")];
    let told = client::send(server.port, "GET", "/api/portal/session", &key, b"").json();
    assert_eq!(told["address"]["certificate"]["origin"], "generated");
}

#[test]
fn mistakes_about_certificates_are_named() {
    let own = tempfile::tempdir().unwrap();
    let path = |name: &str| own.path().join(name).display().to_string();
    write_own(own.path());
    let other = tempfile::tempdir().unwrap();
    write_own(other.path());
    let other_key = other.path().join("own.key").display().to_string();
    let empty = path("empty");
    std::fs::write(&empty, "").unwrap();
    let (certificate, key, none) = (path("own.pem"), path("own.key"), path("none"));
    let https = ["--tls-listen", "127.0.0.1:0"];
    for (flags, want) in [
        (vec!["--tls-certificate", &certificate, "--tls-key", &other_key], "cannot be used with"),
        (vec!["--tls-certificate", &none, "--tls-key", &key], "cannot be read: "),
        (vec!["--tls-certificate", &empty, "--tls-key", &key], "holds no certificate"),
        (vec!["--tls-certificate", &certificate, "--tls-key", &empty], "holds no private key"),
        (vec!["--tls-certificate", &certificate], "are needed together"),
        (vec!["--tls-generate", "a b"], "without ports or `*`"),
        (vec!["--tls-generate", "*.example.com"], "without ports or `*`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_str().unwrap();
        let done =
            run(&[&["serve", "--data", data, "--listen", "off"], &https[..], &flags].concat());
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && error.contains(want), "{flags:?}: {error}");
    }
    for (flags, want) in [
        (vec!["--listen", "off"], "`listen` is `off`"),
        (vec!["--tls-generate", "a"], "set `tls_listen`"),
        (vec!["--portal", "off", "--tls-listen", "0.0.0.0:0"], "others can reach `0.0.0.0:0`"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().to_str().unwrap();
        let done = run(&[&["serve", "--data", data], &flags[..]].concat());
        let error = String::from_utf8(done.stderr).unwrap();
        assert!(error.contains(want), "{flags:?}: {error}");
    }
}

#[test]
fn both_versions_of_http_answer_on_both_listeners() {
    let (server, _dir) = start(&TLS);
    let pem = trusted_pem(&server);
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(get(&trust(&server), server.tls_port(), "/healthz").status, 200);
    runtime().block_on(async {
        let query = json!({ "query": "customEvents | count" }).to_string();
        let places =
            [(server.port, None), (server.tls_port(), Some(trusting(&pem, &["h2", "http/1.1"])))];
        for (at, (port, config)) in places.into_iter().enumerate() {
            let client = Http2::connect(port, config).await;
            let tracked = client.ask("POST", "/a/v2.1/track", &event(KEY, "two")).await;
            assert_eq!(tracked.0, 200, "{}", tracked.1);
            // Many at once on one connection.
            let asks = (0..20).map(|_| client.ask("POST", "/v1/apps/default/query", &query));
            for (status, text) in futures::future::join_all(asks).await {
                let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(status, 200, "{answer}");
                assert_eq!(answer["tables"][0]["rows"], json!([[at + 1]]));
            }
            assert_eq!(client.ask("GET", "/nothing", "").await.0, 404);
        }
    });
    assert!(server.stop().success());
}

#[test]
fn a_reset_stream_stops_its_query_and_no_other() {
    let (server, _dir) = start(&TLS);
    let pem = trusted_pem(&server);
    runtime().block_on(async {
        let client = Http2::connect(server.tls_port(), Some(trusting(&pem, &["h2"]))).await;
        let body = json!({ "query": LONG }).to_string();
        let (answer, mut stream) = client.send("POST", "/v1/apps/default/query", &body).await;
        let other = client.send("POST", "/v1/apps/default/query", &body).await;
        wait_until("both queries run", || server.queries_running() == 2);
        stream.send_reset(h2::Reason::CANCEL);
        drop(answer);
        wait_until("one query stops", || server.queries_running() == 1);
        assert_eq!(client.ask("GET", "/healthz", "").await.0, 200);
        // The whole connection closed: the other one stops, too.
        drop((other, client));
        wait_until("the other query stops", || server.queries_running() == 0);
    });
}

#[test]
fn a_flood_of_resets_ends_its_connection_or_costs_nothing() {
    let (server, _dir) = start(&[]);
    runtime().block_on(async {
        let client = Http2::connect(server.port, None).await;
        let body = json!({ "query": LONG }).to_string();
        for _ in 0..2000 {
            let Ok(mut ready) = client.requests.clone().ready().await else { break };
            let request = hyper::http::Request::post("http://localhost/v1/apps/default/query");
            let Ok((_, mut stream)) = ready.send_request(request.body(()).unwrap(), false) else {
                break;
            };
            let _ = stream.send_data(bytes::Bytes::from(body.clone()), true);
            stream.send_reset(h2::Reason::CANCEL);
        }
        wait_until("all queries stop", || server.queries_running() == 0);
    });
    assert_eq!(server.rows("print 1"), json!([[1]]));
}

#[test]
fn a_query_stops_when_its_client_leaves_tls() {
    let (server, _dir) = start(&TLS);
    let mut stream = connect(&trust(&server), server.tls_port(), "localhost").unwrap();
    let body = json!({ "query": LONG }).to_string();
    let bytes = request_bytes("POST", "/v1/apps/default/query", &[], body.as_bytes());
    stream.write_all(&bytes).unwrap();
    wait_until("the query runs", || server.queries_running() == 1);
    drop(stream);
    wait_until("the query stops", || server.queries_running() == 0);
}

#[test]
fn a_telemetry_client_that_closes_its_half_of_tls_gets_its_answer() {
    let (server, _dir) = start(&TLS);
    let config = trust(&server);
    for says_so in [true, false] {
        let mut stream = connect(&config, server.tls_port(), "localhost").unwrap();
        let body = event(KEY, "half");
        stream.write_all(&request_bytes("POST", "/v2/track", &[], body.as_bytes())).unwrap();
        if says_so {
            stream.conn.send_close_notify();
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        // Whoever is told of the end may have answered and hung up before this.
        let _ = stream.sock.shutdown(Shutdown::Write);
        let answer = read(&mut stream).expect("an answer");
        assert_eq!(answer.status, 200, "{says_so}");
    }
    assert_eq!(server.rows("customEvents | count"), json!([[2]]));
}

#[test]
fn what_is_not_tls_is_told_so_or_closed() {
    let (server, _dir) = start(&TLS);
    let port = server.tls_port();
    let answer = exchange(port, &request_bytes("GET", "/healthz", &[], b"")).expect("an answer");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.text(), "this port speaks HTTPS: use an `https://` URL");
    let length = answer.header("content-length").unwrap().parse::<usize>().unwrap();
    assert_eq!(length, answer.body.len());
    for garbage in [&b"\0\0\0\0\0\0\0\0\0\0\0"[..], &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10]] {
        let mut stream = client::connect(port);
        stream.write_all(garbage).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(read(&mut stream).is_none());
    }
    assert_eq!(get(&trust(&server), port, "/healthz").status, 200);
}

#[test]
fn handshakes_that_never_come_hold_no_connection_for_long() {
    let (server, _dir) = start(&with(&["--connections-max", "4"]));
    let config = trust(&server);
    let silent: Vec<_> = (0..4).map(|_| client::connect(server.tls_port())).collect();
    // Waits in the kernel's queue until the four are given up.
    assert_eq!(get(&config, server.tls_port(), "/healthz").status, 200);
    assert_eq!(server.get("/healthz").status, 200);
    drop(silent);
}
