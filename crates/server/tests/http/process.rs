//! Start, settings, locks: what the process promises to who starts it.

use std::process::Stdio;

use crate::server::{BINARY, KEY, run, start, telltale};

#[test]
fn the_ready_line_says_what_an_sdk_needs() {
    let (server, _dir) = start(&[]);
    let ready = &server.ready;
    assert_eq!(ready["instrumentationKey"], KEY);
    let url = ready["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"));
    let want = format!(
        "InstrumentationKey={KEY};IngestionEndpoint={url}/;LiveEndpoint={url}/;ApplicationId={}",
        ready["appId"].as_str().unwrap()
    );
    assert_eq!(ready["connectionString"], want);
    let members: Vec<&String> = ready.as_object().unwrap().keys().collect();
    assert_eq!(members, ["url", "appId", "instrumentationKey", "connectionString"]);
}

#[test]
fn a_folder_has_one_server() {
    let (server, dir) = start(&[]);
    let data = dir.path().to_str().unwrap();
    let second = run(&["serve", "--listen", "127.0.0.1:0", "--data", data]);
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8_lossy(&second.stderr).into_owned();
    let want = format!("in use by process {}", server.child.id());
    assert!(error.contains(&want), "{error}");
    assert!(second.stdout.is_empty());
}

#[test]
fn every_mistake_in_the_settings_is_reported_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("telltale.toml");
    std::fs::write(&config, "ingest_mode = \"lax\"\nno_such = 1\nquery_time = \"30s\"\n").unwrap();
    let mut command = telltale(&["serve", "--query-rows-max", "0", "--seal-age=soon"]);
    command.args(["--storage-bytes-max", "3MiB"]);
    command.arg("--config").arg(&config);
    command.env("TELLTALE_LISTEN", "0.0.0.0:0").env("TELLTALE_TYPO", "1");
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    for part in [
        "`ingest_mode` is `lax` (file `",
        "there is no setting `no_such` (file `",
        "there is no setting `typo` (variable `TELLTALE_TYPO`)",
        "`query_rows_max` is `0` (flag `--query-rows-max`)",
        "`seal_age` is `soon` (flag `--seal-age`)",
        "`storage_bytes_max` is `3MiB` (flag `--storage-bytes-max`)",
    ] {
        assert!(error.contains(part), "`{part}` is missing in\n{error}");
    }
    assert_eq!(error.lines().count(), 6, "{error}");
}

#[test]
fn variables_of_other_commands_are_no_settings() {
    let mut command = telltale(&["serve", "--query-time", "never"]);
    for name in ["CA", "KEY", "CONNECTION", "HASH_IDS", "OPTOUT", "MARKER"] {
        command.env(format!("TELLTALE_{name}"), "x");
    }
    let done = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("`query_time` is `never`"), "{error}");
}

#[test]
fn flags_win_over_variables_and_those_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("telltale.toml");
    // Each place is wrong in its own way: the one that is reported is the one that counts.
    std::fs::write(&config, "query_time = \"file\"\n").unwrap();
    for (variable, flag, want) in [
        (None, None, "`query_time` is `file` (file"),
        (Some("variable"), None, "`query_time` is `variable` (variable `TELLTALE_QUERY_TIME`)"),
        (Some("variable"), Some("flag"), "`query_time` is `flag` (flag `--query-time`)"),
    ] {
        let mut command = telltale(&["serve", "--config"]);
        command.arg(&config);
        if let Some(value) = variable {
            command.env("TELLTALE_QUERY_TIME", value);
        }
        if let Some(value) = flag {
            command.args(["--query-time", value]);
        }
        let done = command.stdin(Stdio::null()).output().unwrap();
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(error.contains(want), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_listener_others_can_reach_needs_a_key_or_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let refused = telltale(&["serve", "--portal", "off", "--listen", "0.0.0.0:0", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    for part in ["others can reach `0.0.0.0:0`", "`telltale keys create`", "`admin_key`"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(error.contains("`--allow-anonymous-queries`"), "{error}");
    for flags in [&["--allow-anonymous-queries"][..], &["--admin-key", "k"]] {
        let dir = tempfile::tempdir().unwrap();
        let mut all = vec!["--listen", "0.0.0.0:0"];
        all.extend(flags);
        // The later `--listen` is a repeated flag, which the parser refuses; so start by hand.
        let mut command = telltale(&["serve", "--data"]);
        command.arg(dir.path()).args(all).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        assert!(line.starts_with("telltale ready {"), "{flags:?}: {line}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn the_first_start_makes_a_lower_case_key_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let ready: serde_json::Value =
        serde_json::from_str(line.strip_prefix("telltale ready ").unwrap()).unwrap();
    let key = ready["instrumentationKey"].as_str().unwrap();
    assert_eq!(key.len(), 36);
    assert!(key.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)));
}

#[test]
fn the_log_is_json_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let child = telltale(&["serve", "--log", "json:info", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(2));
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    let log = String::from_utf8(done.stderr).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"] == "ready"), "{log}");
    assert!(lines.iter().any(|line| line["message"] == "stopped"), "{log}");
}
