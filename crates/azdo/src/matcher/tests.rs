//! The vectors of every matcher, and how matchers live together in one output.

use serde_json::Value;

use super::*;
use crate::errors::Severity;

fn fixture() -> Value {
    let text = include_str!("../../../../tests/azdo/synthetic/error-lines.json");
    serde_json::from_str(text).unwrap()
}

fn findings(selection: &Selection, text: &str) -> Vec<Finding> {
    let mut matchers = Matchers::new(selection).unwrap();
    let mut out = Vec::new();
    let mut lines = Lines::default();
    lines.feed(text.as_bytes(), |line| matchers.line(line, &mut out));
    lines.end(|line| matchers.line(line, &mut out));
    matchers.end(&mut out);
    out
}

/// Every member a vector names; those of one form, `is_whole`, must be all there are.
fn check(finding: &Finding, want: &Value, is_whole: bool, what: &str) {
    let members = want.as_object().unwrap();
    let text = |value: &Option<String>| value.clone().map(Value::from);
    let number = |value: Option<u32>| value.map(Value::from);
    for (name, value) in [
        ("severity", Some(Value::from(finding.severity.word()))),
        ("code", text(&finding.code)),
        ("subcategory", text(&finding.subcategory)),
        ("origin", text(&finding.origin)),
        ("file", text(&finding.file)),
        ("line", number(finding.line)),
        ("col", number(finding.column)),
        ("endLine", number(finding.end_line)),
        ("endCol", number(finding.end_column)),
        ("test", text(&finding.test)),
        ("text", Some(Value::from(finding.text.clone()))),
    ] {
        match members.get(name) {
            Some(wanted) => assert_eq!(value.as_ref(), Some(wanted), "{name} of {what}"),
            None if is_whole => assert_eq!(value, None, "{name} of {what}"),
            None => {}
        }
    }
}

#[test]
fn msbuild_reads_every_vector() {
    let fixture = fixture();
    let cases = fixture["msbuild"].as_array().unwrap();
    assert_eq!(cases.len(), 21);
    for case in cases {
        let line = case["line"].as_str().unwrap();
        match msbuild::parse(line) {
            Some(finding) => check(&finding, &case["msbuild_canonical"], true, line),
            None => assert!(case["msbuild_canonical"].is_null(), "{line}"),
        }
    }
}

#[test]
fn every_matcher_finds_its_vector_among_all_others() {
    let fixture = fixture();
    let cases = fixture["matchers"].as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let name = *NAMES.iter().find(|known| **known == name).expect(name);
        let lines: Vec<&str> =
            case["lines"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
        let alone = Selection { names: vec![name], ..Selection::all() };
        let text = lines.join("\n");
        for (selection, text) in [
            (&alone, text.clone()),
            (&Selection::all(), text.clone()),
            (&Selection::all(), format!("before\n\n{}\nafter\n", lines.join("\r\n"))),
            (&Selection::all(), format!("\u{1b}[1m{}\u{1b}[0m\n", lines.join("\u{1b}[K\n"))),
        ] {
            let found = findings(selection, &text);
            assert_eq!(found.len(), 1, "{name}: {found:?}");
            assert_eq!(found[0].matcher, name);
            check(&found[0], &case["expect"], false, name);
        }
    }
}

#[test]
fn strict_is_about_sentences_with_the_word() {
    let text = "PASS: no error here: really\nerror: linking failed\nmain.c(1): error : x\n";
    let texts = |is_strict| -> Vec<String> {
        let selection = Selection { is_strict, ..Selection::all() };
        findings(&selection, text).into_iter().map(|finding| finding.text).collect()
    };
    assert_eq!(texts(true), ["x"]);
    assert_eq!(texts(false), ["really", "linking failed", "x"]);
}

#[test]
fn marks_of_logs_and_rewritten_lines_are_no_part_of_a_file() {
    let text = "##[error]a.c(1): error X1: y\n 10%\r 90%\rb.c(2): error X2: z\r\n";
    let files: Vec<Option<String>> =
        findings(&Selection::all(), text).into_iter().map(|finding| finding.file).collect();
    assert_eq!(files, [Some("a.c".to_owned()), Some("b.c".to_owned())]);
}

#[test]
fn blocks_are_one_finding_each() {
    let text = "\
/w/a.js
  1:2  error    first   rule-a
  3:4  warning  second  rule-b

npm error code E404
npm error 404 Not Found - GET https://registry/x
npm error 404
npm error A complete log of this run can be found in: x
other
npm error code ENOENT
npm error syscall open
npm error enoent Could not read package.json
CMake Error at CMakeLists.txt:5 (find_package):
  By not providing \"FindX.cmake\"
  this project has asked CMake.

  Failed Ns.C.T [3 ms]
  Error Message:
   Assert.Equal() Failure
   Expected: 1
  Stack Trace:
     at Ns.C.T() in /w/T.cs:line 12
     at Other() in /w/O.cs:line 99
error[E0308]: mismatched types
   --> src/lib.rs:3:5
error: aborting due to 1 previous error
";
    let found = findings(&Selection::all(), text);
    let short: Vec<String> = found
        .iter()
        .map(|f| {
            let place = f.file.as_deref().unwrap_or("-");
            let line = f.line.unwrap_or(0);
            format!("{} {} {place}:{line} {}", f.matcher, f.severity.word(), f.text)
        })
        .collect();
    assert_eq!(
        short,
        [
            "eslint-stylish error /w/a.js:1 first",
            "eslint-stylish warning /w/a.js:3 second",
            "npm error -:0 404 Not Found - GET https://registry/x",
            "npm error -:0 Could not read package.json",
            "cmake error CMakeLists.txt:5 By not providing \"FindX.cmake\" this project has \
             asked CMake.",
            "dotnet-test error /w/T.cs:12 Assert.Equal() Failure\nExpected: 1",
            "rustc error src/lib.rs:3 mismatched types",
        ]
    );
}

#[test]
fn a_failure_of_pytest_is_found_once_with_place_and_reason() {
    let text = "\
    def test_a():
>       assert add(1, 1) == 3
E       assert 2 == 3
E        +  where 2 = add(1, 1)

tests/test_a.py:12: AssertionError
=========== short test summary info ===========
FAILED tests/test_a.py::test_a - assert 2 == 3
ERROR tests/test_b.py - ImportError: no x
";
    let found = findings(&Selection::all(), text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].text, "AssertionError: assert 2 == 3");
    assert_eq!(found[0].line, Some(12));
    assert_eq!(found[1].file.as_deref(), Some("tests/test_b.py"));
    assert_eq!(found[1].text, "ImportError: no x");
}

#[test]
fn titles_between_lines_open_nothing_outside_of_pytest() {
    let text = "____ BUILD ____\n    a.c(1): error X1: y\nE   b.c(2): error X2: z\n";
    let files: Vec<_> = findings(&Selection::all(), text).into_iter().map(|f| f.file).collect();
    assert_eq!(files, [Some("a.c".to_owned()), Some("E   b.c".to_owned())]);
}

#[test]
fn a_consequence_is_found_only_where_nothing_else_is() {
    let text = "make[1]: *** [Makefile:3: a] Error 1\nmake: *** [Makefile:9: all] Error 2\n";
    let texts = |text: &str| -> Vec<String> {
        findings(&Selection::all(), text).into_iter().map(|finding| finding.text).collect()
    };
    assert_eq!(texts(text), ["[Makefile:3: a] Error 1"]);
    assert_eq!(texts(&format!("a.c(1): error X1: y\n{text}")), ["y"]);
    assert_eq!(texts(&format!("{text}a.c(1): error X1: y\n")), ["y"]);
    assert_eq!(texts(&format!("a.c(1): warning X1: y\n{text}")), ["y", "[Makefile:3: a] Error 1"]);
}

#[test]
fn a_chain_of_tracebacks_is_one_error() {
    let text = "\
Traceback (most recent call last):
  File \"a.py\", line 1, in f
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"b.py\", line 9, in g
my.pkg.Timeout: too slow

done
  File \"c.py\", line 2
    x =
       ^
SyntaxError: invalid syntax
";
    let found = findings(&Selection::all(), text);
    let short: Vec<(&str, u32, &str)> = found
        .iter()
        .map(|f| (f.code.as_deref().unwrap(), f.line.unwrap(), f.text.as_str()))
        .collect();
    assert_eq!(short, [("my.pkg.Timeout", 9, "too slow"), ("SyntaxError", 2, "invalid syntax")]);
}

#[test]
fn frames_without_a_file_are_passed_over() {
    let text = "\
Traceback (most recent call last):
  File \"a.py\", line 4, in <module>
  File \"<frozen importlib._bootstrap>\", line 1360, in _find_and_load
ModuleNotFoundError: No module named 'x'
Traceback (most recent call last):
  File \"<string>\", line 1, in <module>
ValueError: y
";
    let found = findings(&Selection::all(), text);
    let places: Vec<_> = found.iter().map(|f| (f.file.as_deref(), f.line)).collect();
    assert_eq!(places, [(Some("a.py"), Some(4)), (None, None)]);
}

#[test]
fn problem_matchers_of_files_come_first() {
    let file = r#"{"problemMatcher": [{
        "owner": "own", "severity": "warning",
        "pattern": [
            {"regexp": "^>> (.+)$", "file": 1},
            {"regexp": "^\\s+(\\d+):(\\d+) (\\w+)\\/(.+)$",
             "line": 1, "column": 2, "code": 3, "message": 4, "loop": true}
        ]}, {"owner": "sev", "pattern": [
            {"regexp": "^(note|error|notice) (.+)$", "severity": 1, "message": 2}]}]}"#;
    let problems = problem::parse(file).unwrap();
    let selection = Selection { problems, ..Selection::all() };
    let found = findings(
        &selection,
        ">> a.x\n  1:2 A/one\n  3:4 B/two\nother\n  5:6 C/not\nnotice n\nerror a(1): error X1: y\n",
    );
    let short: Vec<String> = found
        .iter()
        .map(|f| {
            format!("{} {} {:?} {:?} {}", f.matcher, f.severity.word(), f.file, f.line, f.text)
        })
        .collect();
    assert_eq!(
        short,
        [
            "own warning Some(\"a.x\") Some(1) one",
            "own warning Some(\"a.x\") Some(3) two",
            "sev error None None a(1): error X1: y",
        ]
    );
}

#[test]
fn files_of_problem_matchers_are_refused_with_a_reason() {
    let with = |matcher: &str| {
        problem::parse(&format!("{{\"problemMatcher\": [{matcher}]}}")).unwrap_err().to_string()
    };
    for (matcher, want) in [
        ("{}", "missing field `owner`"),
        (r#"{"owner": "o", "pattern": []}"#, "`o` has 0 patterns, wanted are 1 to 20"),
        (
            r#"{"owner": "o", "severity": "bad", "pattern": []}"#,
            "`o` has 0 patterns, wanted are 1 to 20",
        ),
        (
            r#"{"owner": "o", "severity": "bad", "pattern": [{"regexp": "x"}]}"#,
            "`o` has the severity `bad`, known are error, warning and notice",
        ),
        (
            r#"{"owner": "o", "pattern": [{"regexp": "x"}]}"#,
            "`o`: no pattern says which group is the message",
        ),
        (
            r#"{"owner": "o", "pattern": [{"regexp": "(?=x)(.)", "message": 1}]}"#,
            "look-around and back-references are not known here",
        ),
        (
            r#"{"owner": "o", "pattern": [{"regexp": "x", "loop": true},
                {"regexp": "(x)", "message": 1}]}"#,
            "`o`: only the last pattern may loop",
        ),
    ] {
        let error = with(matcher);
        assert!(error.contains(want), "{error}");
    }
    let many: Vec<ProblemMatcher> = (0..120)
        .flat_map(|_| {
            let file = r#"{"problemMatcher": [{"owner": "o", "pattern": [
                {"regexp": "(x)", "message": 1}]}]}"#;
            problem::parse(file).unwrap()
        })
        .collect();
    let selection = Selection { problems: many, ..Selection::all() };
    let error = Matchers::new(&selection).err().unwrap().to_string();
    assert_eq!(error, "146 matchers are too many: at most 128 can look at one output");
}

#[test]
fn nothing_is_found_in_noise_and_nothing_breaks() {
    let mut state: u64 = 3;
    let mut noise = Vec::new();
    let words: [&[u8]; 30] = [
        b"error",
        b"warning",
        b": ",
        b"\n",
        b"(1,",
        b"File \"",
        b".py:",
        b"At ",
        b" char:",
        b"\xff",
        b"Traceback (most recent call last)",
        b"npm ERR!",
        b"\x1b[",
        b"  ",
        b"/a.js:1\n\n^\n",
        b"    at f (/a.js:1:2) {\n",
        b"not ok 1 - x\n  ---\n",
        b"  error: |-\n",
        "✖ failing tests:\n✖ a (1ms)\n".as_bytes(),
        b" FAIL  a.js\n",
        "  ● a › b\n".as_bytes(),
        b"  1 failing\n",
        b"  1) a:\n",
        b"=== FAILURES ===\n___ a ___\n",
        b"E   x\n",
        b"---- a stdout ----\n",
        b"thread 'a' panicked at a.rs:1:2:\n",
        b"undefined reference to `x'\n",
        "╷\n│ Error: x\n│   on a line 1:\n".as_bytes(),
        b"make: *** [a] Error 1\n",
    ];
    for _ in 0..200_000 {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        noise.extend_from_slice(words[(state >> 33) as usize % words.len()]);
    }
    let mut matchers = Matchers::new(&Selection::all()).unwrap();
    let (mut out, mut lines) = (Vec::new(), Lines::default());
    lines.feed(&noise, |line| matchers.line(line, &mut out));
    lines.end(|line| matchers.line(line, &mut out));
    matchers.end(&mut out);
    assert!(out.iter().all(|f| matches!(f.severity, Severity::Error | Severity::Warning)));
    assert!(out.len() < noise.len());
}
