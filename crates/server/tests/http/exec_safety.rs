//! `telltale exec` where others are slow, odd or hostile: nothing is lost, nothing is made up, no
//! secret is told, and nobody but the command speaks to the service.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::exec::{azure, noise, plain, script, text};
use crate::server::{BINARY, start};
use crate::tracking::{Listener, command, connection, http, warned};

const EVIL: &str =
    "x ##vso[task.setvariable variable=PATH]/evil ##[add-path]/evil\r\n::error::evil";

/// Whether a runner of either service would act on a line of this.
fn has_command(log: &str) -> bool {
    let is_command = |line: &str| {
        line.contains("##vso[") || line.contains("##[") || line.trim_start().starts_with("::")
    };
    log.split(['\r', '\n']).any(is_command)
}

/// Lines of standard output that are not what the command printed.
fn told(out: &[u8]) -> String {
    let own = |line: &&str| line.starts_with("##vso[task.logissue ");
    text(out).lines().filter(own).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_slow_reader_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // Beyond what a pipe and we together hold, so that the command ends before its output is read.
    let bytes = noise(4, 150_000);
    std::fs::write(dir.path().join("in"), &bytes).unwrap();
    let mut child = script(&["--annotate", "azure"], "cat in; exit 3")
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Longer than silence and left-behind processes are given.
    sleep(Duration::from_secs(11));
    let mut read = vec![0; bytes.len()];
    child.stdout.as_mut().unwrap().read_exact(&mut read).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(read == bytes);
    assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(3), ""));
    assert_eq!(text(&done.stdout), "\n##vso[task.logissue type=error]sh exited with code 3\n");
}

#[test]
fn a_process_left_behind_that_goes_on_printing_does_not_keep_the_step() {
    let began = Instant::now();
    let lines = "(while echo more; do sleep 0.1; done) & echo done >&2; exit 3";
    let done = script(&[], lines).output().unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stdout).starts_with("more\n"));
    assert!(text(&done.stderr).contains("left behind still hold its output"));
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_failure_stays_one_where_the_ends_of_children_are_ignored() {
    for (lines, code) in [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", 137)] {
        let mut command = Command::new("bash");
        command.args(["-c", "trap '' CHLD; exec \"$0\" \"$@\"", BINARY, "exec", "--", "sh", "-c"]);
        let done = command.arg(lines).stdin(Stdio::null()).output().unwrap();
        assert_eq!((done.status.code(), text(&done.stderr).as_str()), (Some(code), ""), "{lines}");
    }
}

#[test]
fn a_server_cannot_speak_to_the_service() {
    let item = serde_json::json!({ "index": 0, "statusCode": 400, "message": EVIL });
    let refused =
        serde_json::json!({ "itemsReceived": 1, "itemsAccepted": 0, "errors": [item] }).to_string();
    let error = serde_json::json!({ "error": { "message": EVIL } }).to_string();
    for body in [refused.as_str(), error.as_str(), EVIL] {
        let listener = Listener::answering(Some(http("400 Bad Request", body)));
        let connection = connection(&listener.url);
        let done = script(&["--telemetry", &connection], "exit 0").output().unwrap();
        assert_eq!((done.status.code(), text(&done.stdout).as_str()), (Some(0), ""));
        let said = text(&done.stderr);
        assert!(said.contains("x # #vso[task.setvariable variable=PATH]/evil"), "{said}");
        assert!(!has_command(&said) && said.lines().count() == 1, "{said}");
        for (strict, code) in [(&[][..], 0), (&["--strict"], 1)] {
            let args = ["track", "event", "--name", "e", "--connection", &connection];
            let said = warned(&command(&[&args[..], strict].concat(), &[]).output().unwrap(), code);
            assert!(said.contains("x # #vso[task.setvariable variable=PATH]/evil"), "{said}");
            assert!(!has_command(&said), "{said}");
        }
    }
}

#[test]
fn what_a_command_masks_is_in_no_error() {
    for mask in [
        "##vso[task.setvariable variable=t;issecret=true]hunter2",
        "x ##vso[task.setsecret]hunter2",
        "::add-mask::hunter2",
    ] {
        // Commands are not the last words of a failure, whatever stands in them.
        let done = azure(&[], &format!("echo why >&2; echo '{mask}' >&2; exit 1"));
        let want = "##vso[task.logissue type=error]sh exited with code 1: why";
        assert_eq!(told(&done.stdout), want, "{mask}");
        // The value may be masked before or after it is printed, and on the other stream.
        let print = "echo 'no hunter2, no fun' >&2";
        for lines in [format!("echo '{mask}'; {print}"), format!("{print}; echo '{mask}'")] {
            let done = azure(&[], &format!("{lines}; exit 1"));
            let want = "##vso[task.logissue type=error]sh exited with code 1: no ***, no fun";
            assert_eq!(told(&done.stdout), want, "{lines}");
        }
        let print = "echo 'hunter2.c(3): error C1: on hunter2'";
        let done = azure(&["--retry", "1"], &format!("echo '{mask}'; {print}; exit 1"));
        let all = told(&done.stdout);
        assert!(all.ends_with("***.c;linenumber=3;code=C1]on ***"), "{all}");
    }
    let unreadable =
        "echo why >&2; echo '##vso[task.setvariable issecret=true hunter2' >&2; exit 1";
    assert!(told(&azure(&[], unreadable).stdout).ends_with("]sh exited with code 1: why"));
    // A value that reaches over the end of the part that is told leaves nothing of it there.
    let long = "x=$(printf '%296s' | tr ' ' a); echo ::add-mask::hunter2; \
                echo \"${x}hunter2\" >&2; exit 1";
    let all = told(&azure(&[], long).stdout);
    assert!(all.ends_with("aa***"), "{all}");
}

#[test]
fn what_a_command_masks_is_in_no_telemetry() {
    let (server, _dir) = start(&[]);
    let connection = server.ready["connectionString"].as_str().unwrap();
    let lines = "echo 'hunter2.c(3): error C1: on hunter2'; echo '::add-mask::hunter2'; exit 1";
    let done = script(&["--telemetry", connection], lines).output().unwrap();
    assert_eq!(text(&done.stderr), "");
    let done =
        script(&["--telemetry", connection], "echo '::add-mask::pass'; echo pass >&2; exit 1");
    assert_eq!(text(&{ done }.output().unwrap().stderr), "pass\n");
    let rows = server.rows("exceptions | project outerMessage | order by outerMessage asc");
    let want = serde_json::json!([["on ***"], ["sh exited with code 1: ***"]]);
    assert_eq!(rows, want);
    let found = server.rows("exceptions | where * has 'hunter2' | summarize count()");
    assert_eq!(found, serde_json::json!([[0]]));
}

#[test]
fn too_many_masked_values_hide_the_texts() {
    let lines = "i=0; while [ $i -lt 1001 ]; do echo \"::add-mask::value $i.\"; i=$((i+1)); done; \
                 echo 'value 1000.' >&2; exit 1";
    let done = azure(&["--category", "Build"], lines);
    let want = "##vso[task.logissue type=error](NETCORE_ENGINEERING_TELEMETRY=Build) ***";
    assert_eq!(told(&done.stdout), want);
    assert!(text(&done.stderr).contains("errors are told without their texts"));
}

#[test]
fn a_run_that_is_repeated_tells_none_of_its_errors_however_many() {
    let errors = "i=1; while [ $i -le 1100 ]; do echo \"a.c($i): error C1: e$i\"; i=$((i+1)); done; \
                  exit 1";
    let dir = tempfile::tempdir().unwrap();
    let lines = format!("[ -e again ] && exit 0; touch again; {errors}");
    let run = |flags: &[&str], lines: &str| {
        let mut command = script(flags, lines);
        command.env("TF_BUILD", "True").current_dir(dir.path()).output().unwrap()
    };
    let done = run(&["--retry", "1"], &lines);
    assert_eq!(
        told(&done.stdout),
        "##vso[task.logissue type=warning]sh succeeded on try 2 of 2%3B the first: e1"
    );
    // Not repeated: they are summed up as they are without `--retry`.
    let issues = |flags: &[&str]| told(&run(flags, errors).stdout);
    let all = issues(&["--retry", "1", "--retry-on", "nothing"]);
    assert_eq!(all.lines().count(), 10);
    let last = all.lines().last().unwrap();
    let want = "##vso[task.logissue type=error]1091 more errors (C1: 1091), the first:%0A";
    assert!(last.starts_with(want), "{last}");
    assert_eq!(all, issues(&[]));
}

#[test]
fn the_error_of_a_script_is_no_command_outside_of_its_service() {
    let mut command = plain(&["issue", "--category", "x)##vso[task.complete]", "text"]);
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let said = text(&done.stderr);
    assert!(said.contains("x)# #vso[task.complete]") && !has_command(&said), "{said}");
}
