//! `telltale badge render`: one badge by flags, many by lines, SVG and PNG.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::server::{output, run, telltale};

fn error(args: &[&str]) -> String {
    let done = run(args);
    assert_eq!(done.status.code(), Some(1), "{args:?}");
    assert!(done.stdout.is_empty());
    String::from_utf8(done.stderr).unwrap()
}

/// What badge-maker drew of a case of `tests/badges/index.json`.
fn original(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/badges/svg");
    std::fs::read_to_string(folder.join(format!("{name}.svg"))).unwrap()
}

#[test]
fn flags_draw_what_the_original_draws() {
    let flags = ["badge", "render", "--label", "Web - Prod", "--message", "Release-42"];
    for (more, case) in [
        (&["--color", "brightgreen"][..], "release-succeeded-flat"),
        (&["--color", "red", "--style", "plastic"], "release-rejected-plastic"),
        (&["--color", "yellow", "--style", "for-the-badge"], "release-partial-for-the-badge"),
    ] {
        assert_eq!(output(&[&flags, more].concat()), original(case), "{case}");
    }
    let links = ["--link", "https://example.invalid/l", "--link", "https://example.invalid/r"];
    let texts = ["badge", "render", "--label", "build", "--message", "passing", "--color", "green"];
    assert_eq!(output(&[&texts[..], &links].concat()), original("link-both-flat"));
}

#[test]
fn hostile_texts_stay_texts() {
    let svg = output(&["badge", "render", "--message", "</svg><script>\u{7}", "--label", "-a"]);
    assert!(svg.contains("&lt;/svg&gt;&lt;script&gt;</text>"), "{svg}");
    assert!(!svg.contains('\u{7}') && !svg.contains("<script"), "{svg}");
    let inline = output(&["badge", "render", "--message", "m", "--inline"]);
    assert!(inline.contains("<filter id=\"blur-"), "{inline}");
}

#[test]
fn mistakes_are_explained() {
    let message = ["badge", "render", "--message", "m"];
    let with = |more: &[&str]| error(&[&message, more].concat());
    assert_eq!(
        with(&["--link", "javascript:x"]),
        "error: a link must begin with `http://`, `https://` or be relative: `javascript:x`\n"
    );
    assert_eq!(
        with(&["--link", "/a", "--link", "/b", "--link", "/c"]),
        "error: a badge has two links at most: give --link once or twice\n"
    );
    assert_eq!(
        with(&["--logo", "data:text/html,x"]),
        "error: the logo must be written in base64\n"
    );
    assert!(with(&["--logo", "no/such.svg"]).starts_with("error: cannot read `no/such.svg`: "));
    assert_eq!(
        with(&["--compat", "--format", "png"]),
        "error: --compat is about the bytes of an SVG; leave it out for a PNG\n"
    );
    assert_eq!(
        with(&["--id-suffix", "a b"]),
        "error: the suffix of ids may hold letters, digits, `-` and `_` only\n"
    );
    assert_eq!(run(&["badge", "render"]).status.code(), Some(2));
    assert_eq!(run(&["badge", "render", "--json", "-", "--label", "a"]).status.code(), Some(2));
}

/// Width and height from the head of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn pictures_have_the_size_of_the_badge_times_the_scale() {
    let dir = tempfile::tempdir().unwrap();
    let logo = dir.path().join("logo.svg");
    let shapes =
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0h9v9z'/></svg>";
    std::fs::write(&logo, shapes).unwrap();
    let draw = |more: &[&str]| {
        let out = dir.path().join("badge.png");
        let flags =
            ["badge", "render", "--label", "Web - Prod", "--message", "Release-42", "--out"];
        let done = run(&[&flags[..], &[out.to_str().unwrap()], more].concat());
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(done.stderr.is_empty());
        size(&std::fs::read(out).unwrap())
    };
    assert_eq!(draw(&[]), (142, 20));
    assert_eq!(draw(&["--scale", "2"]), (284, 40));
    assert_eq!(draw(&["--style", "for-the-badge"]), (204, 28));
    assert_eq!(draw(&["--logo", logo.to_str().unwrap()]), (159, 20));
}

#[test]
fn what_a_picture_cannot_show_is_told() {
    let done = run(&["badge", "render", "--message", "ok 構", "--format", "png"]);
    assert!(done.status.success());
    assert_eq!(size(&done.stdout).1, 20);
    assert_eq!(
        String::from_utf8(done.stderr).unwrap(),
        "note: the font of pictures has nothing for 構; SVG uses the fonts of the reader\n"
    );
    // A picture of 65,535 × 65,535 pixels in a few bytes.
    let mut bomb =
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0".to_vec();
    bomb.extend([0; 64]);
    let dir = tempfile::tempdir().unwrap();
    let logo = dir.path().join("bomb.png");
    std::fs::write(&logo, bomb).unwrap();
    let logo = logo.to_str().unwrap();
    assert_eq!(
        error(&["badge", "render", "--message", "m", "--format", "png", "--logo", logo]),
        "error: the logo cannot be read, or has more than 1024 pixels on a side\n"
    );
}

#[test]
fn every_line_of_json_is_answered() {
    let mut command = telltale(&["badge", "render", "--json", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = [
        r#"{"label":"build","message":"passing","color":"green","idSuffix":"-a1","style":"social"}"#,
        "",
        r#"{"label":"a"}"#,
        "{",
        r#"{"message":"m","links":["javascript:x"]}"#,
    ];
    child.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let answers: Vec<Value> = String::from_utf8(done.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 4);
    let drawn = json!({"svg": original("idsuffix-social"), "width": 93.0, "height": 20.0});
    assert_eq!(answers[0], drawn);
    assert_eq!(answers[1], json!({"error": "`message` is missing; it may be empty"}));
    assert!(answers[2]["error"].as_str().unwrap().starts_with("not JSON: "), "{}", answers[2]);
    assert!(answers[3]["error"].as_str().unwrap().starts_with("a link must begin with"));
}
