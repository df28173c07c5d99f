//! `telltale exec` as a wrapper nobody notices: bytes, order, exit codes, signals, time.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::server::{BINARY, telltale, wait_until};

/// Variables of the services and of telemetry that the machine of the test may have.
const VARIABLES: [&str; 16] = [
    "TF_BUILD",
    "GITHUB_ACTIONS",
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_WORKSPACE",
    "TRACEPARENT",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "DO_NOT_TRACK",
    "SYSTEM_HOSTTYPE",
    "SYSTEM_TEAMPROJECTID",
    "SYSTEM_TASKINSTANCEID",
    "SYSTEM_JOBID",
    "BUILD_BUILDID",
    "BUILD_SOURCESDIRECTORY",
    "AGENT_OS",
    "AGENT_MACHINENAME",
];

/// A command of this program as if on a machine without any service.
pub fn plain(args: &[&str]) -> Command {
    let mut command = telltale(args);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

/// `exec` of a script of sh with flags.
pub fn script(flags: &[&str], script: &str) -> Command {
    let mut command = plain(&["exec"]);
    command.args(flags).args(["--", "sh", "-c", script]).stdin(Stdio::null());
    command
}

/// Runs it in the dialect of Azure Pipelines.
pub fn azure(flags: &[&str], text: &str) -> Output {
    script(flags, text).env("TF_BUILD", "True").output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes of every value, from a seed, without a line end at their end.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut bytes: Vec<u8> = (0..length)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 40) as u8
        })
        .collect();
    bytes.push(b'x');
    bytes
}

#[test]
fn bytes_pass_unchanged_in_every_dialect() {
    let dir = tempfile::tempdir().unwrap();
    let (out, err) = (noise(1, 3_000_000), noise(2, 1_000_000));
    fs::write(dir.path().join("out"), &out).unwrap();
    fs::write(dir.path().join("err"), &err).unwrap();
    for dialect in ["none", "azure", "github"] {
        let done = script(&["--annotate", dialect], "cat out; cat err >&2")
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(done.status.success());
        assert!(done.stdout == out, "standard output differs ({dialect})");
        let warning: &[u8] = b"telltale exec: warning: of ";
        let said = done.stderr.windows(warning.len()).position(|piece| piece == warning);
        let end = said.unwrap_or(done.stderr.len());
        assert!(done.stderr[..end] == err, "standard error differs ({dialect})");
    }
}

#[test]
fn empty_output_and_missing_line_ends_stay_so() {
    for (command, out) in [("true", ""), ("printf a", "a"), ("printf 'a\\n\\nb'", "a\n\nb")] {
        let done = azure(&[], command);
        assert_eq!((text(&done.stdout).as_str(), text(&done.stderr).as_str()), (out, ""));
    }
}

#[test]
fn standard_input_is_the_commands() {
    let mut command = plain(&["exec", "--", "cat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let input = noise(3, 200_000);
    let mut stdin = child.stdin.take().unwrap();
    let sent = input.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&sent).unwrap());
    let done = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(done.stdout == input);
}

#[test]
fn arguments_reach_the_command_as_they_are() {
    let mut command = plain(&["exec", "--", "printf", "[%s]"]);
    let done = command.args(["a  b", "", "--name", "$HOME", "*", "ä\"'"]).output().unwrap();
    assert_eq!(text(&done.stdout), "[a  b][][--name][$HOME][*][ä\"']");
}

#[test]
fn the_order_of_both_streams_is_kept_where_they_are_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let log = File::create(&path).unwrap();
    let lines = "i=0; while [ $i -lt 2000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let status = script(&["--annotate", "azure"], lines)
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .status()
        .unwrap();
    assert!(status.success());
    let want: String = (0..2000).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert!(fs::read_to_string(&path).unwrap() == want);
}

#[test]
fn what_is_printed_is_there_at_once_also_without_a_line_end() {
    let mut command = script(&["--annotate", "azure"], "printf working; sleep 20");
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    let mut seen = [0; 7];
    child.stdout.take().unwrap().read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"working");
    // Far from the end of the command; how far is a matter of the machine.
    assert!(began.elapsed() < Duration::from_secs(10));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn exit_codes_are_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("not-executable");
    fs::write(&file, "x").unwrap();
    for (command, want) in [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 255", 255),
        ("kill -9 $$", 128 + 9),
        ("kill -15 $$", 128 + 15),
        ("kill -11 $$", 128 + 11),
    ] {
        for flags in [&[][..], &["--annotate", "azure"]] {
            let status = script(flags, command).output().unwrap().status;
            assert_eq!((status.code(), status.signal()), (Some(want), None), "{command}");
        }
    }
    let run = |program: &Path| {
        plain(&["exec", "--annotate", "azure", "--"]).arg(program).output().unwrap()
    };
    let missing = run(&dir.path().join("missing"));
    assert_eq!(missing.status.code(), Some(127));
    assert!(text(&missing.stdout).contains("missing could not be started: "));
    assert_eq!(run(&file).status.code(), Some(126));
}

#[test]
fn signals_reach_the_command_and_its_answer_counts() {
    let dir = tempfile::tempdir().unwrap();
    for (signal, name) in [("-TERM", "TERM"), ("-INT", "INT"), ("-HUP", "HUP")] {
        let ready = dir.path().join(name);
        // In a session without a terminal, as steps of pipelines run.
        let mut command = Command::new("setsid");
        let lines = format!(
            "trap 'echo got it; exit 42' {name}; touch '{}'; while :; do sleep 0.05; done",
            ready.display()
        );
        command.args([BINARY, "exec", "--", "sh", "-c", &lines]);
        let child = command.stdout(Stdio::piped()).spawn().unwrap();
        wait_until("the command runs", || ready.exists());
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(42), "{name}");
        assert_eq!(text(&done.stdout), "got it\n", "{name}");
    }
}

#[test]
fn ignored_signals_stay_ignored() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let lines = format!("touch '{}'; sleep 1; echo survived", ready.display());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", BINARY, "exec", "--", "sh", "-c"]);
    let child = command.arg(lines).stdout(Stdio::piped()).spawn().unwrap();
    wait_until("the command runs", || ready.exists());
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "survived\n");
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_it_started() {
    let began = Instant::now();
    let done = azure(&["--timeout", "300ms", "--name", "slow"], "echo a; sleep 60 & sleep 60");
    assert_eq!(done.status.code(), Some(124));
    assert_eq!(
        text(&done.stdout),
        "a\n##vso[task.logissue type=error](NETCORE_ENGINEERING_TELEMETRY=Timeout) \
         slow timed out after 300ms\n"
    );
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn processes_left_behind_do_not_keep_the_step() {
    let began = Instant::now();
    let done = script(&["--annotate", "azure"], "sleep 60 & printf done").output().unwrap();
    assert!(done.status.success());
    assert_eq!(text(&done.stdout), "done");
    assert!(text(&done.stderr).contains("left behind still hold its output"));
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_reader_that_is_gone_ends_the_command_as_it_would_without_us() {
    let line = format!("{BINARY} exec -- yes | head -n 1");
    let done = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert_eq!(text(&done.stdout), "y\n");
}

#[test]
fn retries_happen_when_they_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    // Fails on its first two runs.
    let lines = "echo x >> runs; [ $(wc -l < runs) -ge 3 ] || { echo 'get: 503' >&2; exit 7; }";
    let run = |flags: &[&str]| {
        let _ = fs::remove_file(dir.path().join("runs"));
        let done =
            script(flags, lines).env("TF_BUILD", "True").current_dir(dir.path()).output().unwrap();
        let runs = fs::read_to_string(dir.path().join("runs")).unwrap().lines().count();
        (done.status.code(), runs, text(&done.stdout))
    };
    let (code, runs, out) = run(&["--retry", "4", "--retry-on", " 503$", "--category", "Restore"]);
    assert_eq!((code, runs), (Some(0), 3));
    assert_eq!(
        out,
        "##vso[task.logissue type=warning](NETCORE_ENGINEERING_TELEMETRY=Restore) \
         sh succeeded on try 3 of 5%3B the first: exited with code 7\n\
         ##vso[task.complete result=SucceededWithIssues]\n"
    );
    let (code, runs, out) = run(&["--retry", "1", "--retry-on", "^7$"]);
    assert_eq!((code, runs), (Some(7), 2));
    assert_eq!(out, "##vso[task.logissue type=error]sh exited with code 7: get: 503\n");
    for flags in [&["--retry", "3", "--retry-on", "429"][..], &[]] {
        let (code, runs, _) = run(flags);
        assert_eq!((code, runs), (Some(7), 1));
    }
    assert_eq!(run(&["--retry", "2"]).1, 3);
}

#[test]
fn mistakes_of_ours_are_warnings() {
    let done = azure(
        &[
            "--matcher",
            "nosuch",
            "--matcher",
            "/nosuch.json",
            "--category",
            "a)b",
            "--marker",
            "a b",
            "--telemetry",
            "InstrumentationKey=x",
        ],
        "echo fine; exit 5",
    );
    assert_eq!(done.status.code(), Some(5));
    assert_eq!(text(&done.stdout), "fine\n##vso[task.logissue type=error]sh exited with code 5\n");
    let said = text(&done.stderr);
    for want in [
        "`nosuch` is no matcher and no .json file; matchers are rustc, rust-panic, tsc,",
        "`/nosuch.json` is left out: No such file",
        "the errors have no category: the category `a)b` must not hold",
        "the marker `a b` is left out",
        "no telemetry is sent: the connection string has no `IngestionEndpoint`",
    ] {
        assert!(said.contains(want), "`{want}` is missing in\n{said}");
    }
    assert!(said.lines().all(|line| line.starts_with("telltale exec: warning: ")), "{said}");
}
