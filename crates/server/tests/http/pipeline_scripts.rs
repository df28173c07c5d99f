//! `telltale issue`, `complete` and the functions of `shell-init`, as scripts call them.

use std::process::{Command, Stdio};

use crate::exec::{plain, text};
use crate::server::output;

fn run(service: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = plain(args);
    if !service.is_empty() {
        command.env(service, "true");
    }
    let done = command.stdin(Stdio::null()).current_dir("/").output().unwrap();
    (done.status.code(), text(&done.stdout), text(&done.stderr))
}

#[test]
fn an_issue_is_escaped_exactly() {
    let args = [
        "issue",
        "--type",
        "warning",
        "--category",
        "Test",
        "--file",
        "/x/a;b].cs",
        "--line",
        "3",
        "--column",
        "9",
        "--code",
        "X1",
        "100%\nnext ; ]",
    ];
    assert_eq!(
        run("TF_BUILD", &args),
        (
            Some(0),
            "##vso[task.logissue type=warning;sourcepath=/x/a%3Bb%5D.cs;linenumber=3;\
             columnnumber=9;code=X1](NETCORE_ENGINEERING_TELEMETRY=Test) 100%AZP25%0Anext %3B %5D\n"
                .to_owned(),
            String::new()
        )
    );
    let (_, out, _) = run("GITHUB_ACTIONS", &args);
    assert_eq!(
        out,
        "::warning title=X1,file=/x/a;b].cs,line=3,col=9::\
         (NETCORE_ENGINEERING_TELEMETRY=Test) 100%25%0Anext ; ]\n"
    );
    let (code, out, err) = run("", &args);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(err, "/x/a;b].cs(3,9): warning X1: 100%\nnext ; ]\n");
    let (_, out, _) = run("TF_BUILD", &["issue", "--marker", "none", "several", "--words", "-x"]);
    assert_eq!(out, "##vso[task.logissue type=error]several --words -x\n");
}

#[test]
fn an_issue_that_could_not_be_read_back_is_refused() {
    let (code, out, err) = run("TF_BUILD", &["issue", "--category", "a)b", "x"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("the category `a)b` must not hold"), "{err}");
    let (code, _, err) = run("TF_BUILD", &["issue", "--marker", "a=b", "x"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("the marker `a=b` is of no use"), "{err}");
    assert_eq!(run("TF_BUILD", &["issue", "--type", "fatal", "x"]).0, Some(2));
}

#[test]
fn a_task_is_given_its_result() {
    let (_, out, _) = run("TF_BUILD", &["complete", "--result", "failed", "no;luck"]);
    assert_eq!(out, "##vso[task.complete result=Failed]no%3Bluck\n");
    let (_, out, _) = run("TF_BUILD", &["complete", "--result", "SucceededWithIssues", "--done"]);
    assert_eq!(out, "##vso[task.complete result=SucceededWithIssues;done=true]\n");
    let (_, out, _) = run("GITHUB_ACTIONS", &["complete", "--result", "Failed", "no luck"]);
    assert_eq!(out, "::error::no luck\n");
    let (_, out, _) = run("GITHUB_ACTIONS", &["complete", "--result", "Succeeded"]);
    assert_eq!(out, "");
    assert_eq!(run("", &["complete", "--result", "Nice"]).0, Some(2));
}

/// Standard output of a script of bash that has the functions.
fn bash(service: &str, lines: &str) -> (Option<i32>, String) {
    let functions = output(&["shell-init", "bash"]);
    let mut command = Command::new("bash");
    for (name, _) in plain(&[]).get_envs() {
        command.env_remove(name);
    }
    command.args(["-euc", &format!("{functions}\n{lines}")]).env(service, "True");
    let done = command.current_dir("/").output().unwrap();
    assert_eq!(text(&done.stderr), "", "{lines}");
    (done.status.code(), text(&done.stdout))
}

#[test]
fn functions_of_bash_print_what_scripts_meant() {
    for (lines, want) in [
        (
            "Write-PipelineTelemetryError -category 'Build' \"two  blanks; 50%\"",
            "##vso[task.logissue type=error](NETCORE_ENGINEERING_TELEMETRY=Build) \
             two  blanks%3B 50%AZP25\n",
        ),
        (
            "Write-PipelineTelemetryError -Category Test -type warning -sourcepath /a.cs \
             -linenumber 3 -columnnumber 4 -errcode X1 --force -- 'a dash'",
            "##vso[task.logissue type=warning;sourcepath=/a.cs;linenumber=3;columnnumber=4;\
             code=X1](NETCORE_ENGINEERING_TELEMETRY=Test) a dash\n",
        ),
        (
            "Write-PipelineTaskError --type warning several words",
            "##vso[task.logissue type=warning]several words\n",
        ),
        (
            "Write-PipelineTelemetryCategory -Category Darc -Message gone",
            "##vso[task.logissue type=error](NETCORE_ENGINEERING_TELEMETRY=Darc) gone\n",
        ),
        (
            "Write-PipelineSetResult -Result Failed -Message 'a]b'",
            "##vso[task.complete result=Failed]a%5Db\n",
        ),
        (
            "Write-PipelineSetVariable -name v -value $'1;2\\n%3B' -secret",
            "##vso[task.setvariable variable=v;isSecret=true;isOutput=true]1%3B2%0A%AZP253B\n",
        ),
        (
            "Write-PipelineSetVariable -name $'a]b;c=\n%' -value v -is_multi_job_variable 'x;y'",
            "##vso[task.setvariable variable=a%5Db%3Bc=%0A%AZP25;isSecret=false;isOutput=x%3By]v\n",
        ),
        ("Write-PipelinePrependPath -path '/a;b'", "##vso[task.prependpath]/a%3Bb\n"),
        (
            "Write-PipelinePrependPath $'/a\r\n##vso[task.complete]'",
            "##vso[task.prependpath]/a%0D%0A##vso[task.complete%5D\n",
        ),
    ] {
        assert_eq!(bash("TF_BUILD", lines), (Some(0), want.to_owned()), "{lines}");
    }
    assert_eq!(bash("TF_BUILD", "ExitWithExitCode 7").0, Some(7));
}

#[test]
fn functions_of_bash_write_files_of_github() {
    let dir = tempfile::tempdir().unwrap();
    let (env, path) = (dir.path().join("env"), dir.path().join("path"));
    let lines = format!(
        "export GITHUB_ENV='{}' GITHUB_PATH='{}'\nWrite-PipelineSetVariable -name v -value $'1\\n2'\n\
         Write-PipelinePrependPath /a",
        env.display(),
        path.display()
    );
    let (_, out) = bash("GITHUB_ACTIONS", &lines);
    assert_eq!(out, "");
    let written = std::fs::read_to_string(env).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    let delimiter = lines[0].strip_prefix("v<<").unwrap();
    assert_eq!(lines[1..], ["1", "2", delimiter]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "/a\n");
}

#[test]
fn files_of_github_get_no_second_line() {
    let dir = tempfile::tempdir().unwrap();
    let (env, path) = (dir.path().join("env"), dir.path().join("path"));
    let functions = output(&["shell-init", "bash"]);
    for (call, said) in [
        ("Write-PipelineSetVariable -name $'a=b\nPATH' -value x", "the name holds a line break"),
        ("Write-PipelinePrependPath $'/a\n/evil'", "the path holds a line break"),
    ] {
        let mut command = Command::new("bash");
        command.args(["-euc", &format!("{functions}\n{call}\necho not reached")]);
        command.env_remove("TF_BUILD").env("GITHUB_ENV", &env).env("GITHUB_PATH", &path);
        let done = command.output().unwrap();
        assert_eq!((done.status.code(), text(&done.stdout).as_str()), (Some(1), ""));
        assert!(text(&done.stderr).contains(said), "{}", text(&done.stderr));
    }
    assert!(!env.exists() && !path.exists());
}

#[test]
fn functions_of_powershell_escape_what_they_are_given() {
    let text = output(&["shell-init", "pwsh"]);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("##vso[")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("variable=$(Format-TelltaleData $Name);"), "{}", lines[0]);
    assert!(lines[1].contains("$(Format-TelltaleData $Path)"), "{}", lines[1]);
}

#[test]
fn functions_of_powershell_have_the_same_names() {
    let text = output(&["shell-init", "pwsh"]);
    for name in [
        "Write-PipelineTelemetryError",
        "Write-PipelineTelemetryCategory",
        "Write-PipelineTaskError",
        "Write-PipelineSetResult",
        "Write-PipelineSetVariable",
        "Write-PipelinePrependPath",
        "ExitWithExitCode",
    ] {
        assert!(text.contains(&format!("function global:{name}")), "{name}");
    }
    assert_eq!(text.matches('{').count(), text.matches('}').count());
}
