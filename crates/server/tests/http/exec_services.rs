//! What `telltale exec` tells Azure Pipelines and GitHub Actions, to the byte.

use std::fs;
use std::process::Command;

use crate::exec::{azure, plain, script, text};

const ERROR: &str = "src/a.cs(3,9): error CS1002: ; expected";

/// Lines of standard output that are commands of Azure Pipelines.
fn commands(out: &[u8]) -> Vec<String> {
    text(out).lines().filter(|line| line.starts_with("##vso[")).map(str::to_owned).collect()
}

#[test]
fn an_error_is_reported_once_with_its_place_in_the_repository() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    fs::create_dir_all(root.join("app/.git")).unwrap();
    fs::create_dir_all(root.join("app/sub")).unwrap();
    let lines = format!("echo '{ERROR}'; echo '{ERROR}' >&2; echo end; exit 1");
    let run = |service: &str| {
        let mut command = script(&["--category", "Build"], &lines);
        command.env(service, "true").current_dir(root.join("app/sub"));
        let done = command.output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        let own = |line: &&str| line.starts_with("##vso[") || line.starts_with("::");
        text(&done.stdout).lines().filter(own).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        run("TF_BUILD"),
        ["##vso[task.logissue type=error;sourcepath=sub/src/a.cs;linenumber=3;columnnumber=9;\
          code=CS1002](NETCORE_ENGINEERING_TELEMETRY=Build) %3B expected"]
    );
    assert_eq!(
        run("GITHUB_ACTIONS"),
        ["::error title=CS1002,file=sub/src/a.cs,line=3,col=9::\
          (NETCORE_ENGINEERING_TELEMETRY=Build) ; expected"]
    );
}

#[test]
fn commands_begin_on_lines_of_their_own() {
    // A dot of progress stands on standard output when the error comes on the other stream.
    let lines = format!("printf .; echo '{ERROR}' >&2; sleep 0.3; printf '.\\nmore\\nend'");
    let out = text(&azure(&["--marker", "none"], &lines).stdout);
    let command = out.lines().find(|line| line.contains("CS1002")).unwrap();
    assert!(command.starts_with("##vso[task.logissue type=error;"), "{out}");
    let without: String = out.split_inclusive('\n').filter(|l| !l.contains("##vso[")).collect();
    assert_eq!(without, "..\nmore\nend");
    // Nothing but an unfinished line: the command follows on a new one.
    let out = text(&azure(&[], &format!("printf .; sleep 0.3; echo '{ERROR}' >&2")).stdout);
    assert!(out.starts_with(".\n##vso[task.logissue "), "{out}");
}

#[test]
fn without_a_service_nothing_is_added() {
    let lines = format!("echo '{ERROR}'; echo warn >&2; exit 4");
    let done = script(&["--category", "Build"], &lines).output().unwrap();
    assert_eq!(text(&done.stdout), format!("{ERROR}\n"));
    assert_eq!(text(&done.stderr), "warn\n");
    let done = script(&["--annotate", "none"], &lines).env("TF_BUILD", "True").output().unwrap();
    assert_eq!(text(&done.stdout), format!("{ERROR}\n"));
}

#[test]
fn the_tenth_error_sums_up_the_rest() {
    let lines = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo \"a.c($i): error C$((i % 2)): e$i\"; \
                 echo \"a.c($i): warning W1: w$i\"; done";
    let all = commands(&azure(&[], lines).stdout);
    let of = |kind: &str| -> Vec<&String> {
        all.iter().filter(|line| line.contains(&format!("type={kind}"))).collect()
    };
    assert_eq!((of("error").len(), of("warning").len()), (10, 10));
    assert!(of("error")[8].ends_with("]e9"), "{}", of("error")[8]);
    let dir = std::env::current_dir().unwrap();
    let root = dir.ancestors().find(|above| above.join(".git").exists()).unwrap();
    let place = dir.strip_prefix(root).unwrap().join("a.c");
    let place = place.display();
    assert_eq!(
        *of("error")[9],
        format!(
            "##vso[task.logissue type=error]3 more errors (C0: 2, C1: 1), the first:%0A\
             {place}(10): C0: e10%0A{place}(11): C1: e11%0A{place}(12): C0: e12"
        )
    );
    let few = commands(&azure(&["--max-issues", "2"], lines).stdout);
    assert_eq!(few.len(), 6);
}

#[test]
fn issues_the_command_reports_itself_use_the_same_budget() {
    let lines = "echo '##vso[task.logissue type=error]own 1'; echo 'x ##vso[task.logissue \
                 type=error]own 2'; echo '::error::own 3'; for i in 1 2 3; do \
                 echo \"a.c($i): error C1: e$i\"; done; exit 1";
    let done = azure(&["--max-issues", "4"], lines);
    let out = text(&done.stdout);
    assert!(out.starts_with(
        "##vso[task.logissue type=error]own 1\nx ##vso[task.logissue type=error]own 2\n\
         ::error::own 3\n"
    ));
    let own: Vec<String> =
        commands(&done.stdout).into_iter().filter(|line| !line.contains("]own")).collect();
    assert_eq!(own.len(), 2, "{own:?}");
    assert!(own[0].ends_with("]e1"));
    assert!(own[1].contains("]2 more errors (C1: 2), the first:%0A"));
    // An error of its own is reason enough for the failure.
    let done = azure(&[], "echo '##vso[task.logissue type=error]own'; exit 1");
    assert_eq!(text(&done.stdout), "##vso[task.logissue type=error]own\n");
}

#[test]
fn a_failure_without_a_reason_says_what_is_known() {
    for (lines, want) in [
        ("echo 'last words ' >&2; echo >&2; exit 9", "step exited with code 9: last words"),
        ("exit 9", "step exited with code 9"),
        ("kill -9 $$", "step killed by signal 9 (out of memory?)"),
        ("exit 137", "step exited with code 137 (signal 9: out of memory?)"),
        ("kill -11 $$", "step killed by signal 11"),
    ] {
        let all = commands(&azure(&["--name", "step", "--category", "C"], lines).stdout);
        let marker = "(NETCORE_ENGINEERING_TELEMETRY=C) ";
        assert_eq!(all, [format!("##vso[task.logissue type=error]{marker}{want}")]);
    }
}

#[test]
fn matchers_can_be_chosen_and_brought() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("own.json");
    let own = r#"{"problemMatcher": [{"owner": "own", "severity": "warning", "pattern": [
        {"regexp": "^OWN (\\S+) (\\d+) (.+)$", "file": 1, "line": 2, "message": 3}]}]}"#;
    fs::write(&file, own).unwrap();
    let file = file.to_str().unwrap();
    let lines = format!("echo 'OWN x.q 7 said'; echo '{ERROR}'; echo 'b.java:2: error: j'");
    let count = |flags: &[&str]| commands(&azure(flags, &lines).stdout).len();
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--matcher", "gradle-javac"]), 1);
    assert_eq!(count(&["--matcher", file]), 3);
    assert_eq!(count(&["--matcher", file, "--matcher", "msbuild"]), 2);
    assert_eq!(count(&["--no-matchers", "--matcher", file]), 1);
    assert_eq!(count(&["--no-matchers"]), 0);
    let only = commands(&azure(&["--no-matchers", "--matcher", file], &lines).stdout);
    assert!(only[0].starts_with("##vso[task.logissue type=warning;sourcepath="), "{only:?}");
    assert!(only[0].ends_with("x.q;linenumber=7]said"), "{only:?}");
    let loose = "echo 'Error: some words'";
    assert!(commands(&azure(&[], loose).stdout).is_empty());
    assert_eq!(commands(&azure(&["--strict", "off"], loose).stdout).len(), 1);
}

#[test]
fn a_found_error_can_fail_the_step() {
    let lines = format!("echo '{ERROR}'");
    for (flags, want) in [(&["--fail-on-match"][..], 1), (&[], 0)] {
        for annotate in ["azure", "none"] {
            let flags = [&["--annotate", annotate], flags].concat();
            assert_eq!(script(&flags, &lines).output().unwrap().status.code(), Some(want));
        }
    }
    let warning = "echo 'a.c(1): warning W1: x'";
    assert_eq!(azure(&["--fail-on-match"], warning).status.code(), Some(0));
}

#[test]
fn category_is_short_for_exec() {
    let mut command = plain(&["category", "Test", "--marker", "M", "--", "sh", "-c", "exit 2"]);
    let done = command.env("TF_BUILD", "True").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(
        text(&done.stdout),
        "##vso[task.logissue type=error](M=Test) sh exited with code 2\n"
    );
}

#[test]
fn children_know_their_place_in_the_trace_of_the_build() {
    let project = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";
    let mut command = script(&[], "echo \"$TRACEPARENT\"");
    let traced = |command: &mut Command| text(&command.output().unwrap().stdout);
    assert_eq!(traced(&mut command), "\n");
    command
        .env("SYSTEM_TEAMPROJECTID", project)
        .env("BUILD_BUILDID", "101")
        .env("SYSTEM_TASKINSTANCEID", "00000065-0000-4000-8000-00000000000a");
    // The ids of `crates/azdo/src/trace.rs`, from `sha256sum`.
    assert_eq!(traced(&mut command), "00-2bb25f4b073b0071311adee8b2f43691-d32cc469f623c59e-01\n");
}
