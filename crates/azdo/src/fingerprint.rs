//! Fingerprints of messages: equal for what is the same problem at another time and place
//! (spec azure-devops.md §5.2).
//!
//! What changes from run to run (ids, times, folders, addresses, numbers) is replaced by a name of
//! its kind; exit codes stay. Time linear in the length of the message.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::category::DEFAULT_MARKER;
use crate::pattern::fixed;

/// The longest normalised message, in characters.
const LONGEST: usize = 512;

/// The fingerprint of a message: 16 hex digits.
pub fn of(message: &str) -> String {
    of_normalised(&normalised(message, &DEFAULT_MARKER))
}

/// FNV-1a of 64 bits as 16 hex digits.
pub(crate) fn of_normalised(normalised: &str) -> String {
    let hash = normalised.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The message without what changes from run to run. `marker` matches a category's marker.
pub(crate) fn normalised(message: &str, marker: &Regex) -> String {
    let plain = replace(Cow::Borrowed(message), &ANSI, "");
    let plain = replace(plain, marker, "");
    let line = plain.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    let mut text = Cow::Borrowed(line);
    for (pattern, name) in STEPS.iter() {
        text = replace(text, pattern, name);
    }
    let text = replace_words(text);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if let Some((cut, _)) = out.char_indices().nth(LONGEST) {
        out.truncate(cut);
    }
    out
}

fn replace<'a>(text: Cow<'a, str>, pattern: &Regex, with: &str) -> Cow<'a, str> {
    match pattern.replace_all(&text, with) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    }
}

/// Hexadecimal words and numbers, which no pattern alone can tell apart from other words.
fn replace_words(text: Cow<'_, str>) -> Cow<'_, str> {
    let hex = |found: &Captures| {
        let word = &found[0];
        let digit = word.bytes().any(|b| b.is_ascii_digit());
        let letter = word.bytes().any(|b| b.is_ascii_alphabetic());
        if digit && letter { "<hex>".to_owned() } else { word.to_owned() }
    };
    let text = match HEX_WORD.replace_all(&text, hex) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    };
    let number = |found: &Captures| {
        // After `code` it says which error it was.
        let code = found.name("code").map_or("", |code| code.as_str());
        if code.is_empty() { "<n>".to_owned() } else { found[0].to_owned() }
    };
    match NUMBER.replace_all(&text, number) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    }
}

static ANSI: LazyLock<Regex> = LazyLock::new(|| fixed("\x1b\\[[^A-Za-z]*[A-Za-z]"));

/// What is replaced, in this order.
static STEPS: LazyLock<[(Regex, &'static str); 6]> = LazyLock::new(|| {
    [
        (
            fixed(
                r"(?-u:\b)[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?-u:\b)",
            ),
            "<guid>",
        ),
        (
            fixed(
                r"(?-u:\b)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
            ),
            "<time>",
        ),
        (fixed(r#"(?-u:\b)[A-Za-z]:\\(?:[^\\/:*?"'<>|\s]+\\)*"#), "<dir>/"),
        (fixed(r#"(^|[\s"'`(=\[])/(?:[^/\s"'`()\[\]:]+/)+"#), "${1}<dir>/"),
        (fixed(r"(?-u:\b)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]+)?(?-u:\b)"), "<ip>"),
        (fixed(r"(?-u:\b)0[xX][0-9A-Fa-f]+(?-u:\b)"), "<hex>"),
    ]
});

static HEX_WORD: LazyLock<Regex> = LazyLock::new(|| fixed(r"(?-u:\b)[0-9A-Fa-f]{7,40}(?-u:\b)"));

/// A number, with what makes it a code before it.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    fixed(r#"(?P<code>(?i:code):?\s*['"]?-?)?(?-u:\b)[0-9]+(?:[.,:][0-9]+)*(?-u:\b)"#)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        message: String,
        normalised: String,
        fingerprint: String,
    }

    fn check(vectors: &str) {
        let vectors: Vectors = serde_json::from_str(vectors).unwrap();
        assert!(!vectors.vectors.is_empty());
        for vector in vectors.vectors {
            let text = normalised(&vector.message, &DEFAULT_MARKER);
            assert_eq!(text, vector.normalised, "{}", vector.message);
            assert_eq!(of(&vector.message), vector.fingerprint, "{}", vector.message);
        }
    }

    #[test]
    fn fingerprints_are_those_of_the_vectors() {
        check(include_str!("../../../tests/azdo/synthetic/fingerprints.json"));
    }

    #[test]
    fn odd_messages_keep_what_tells_them_apart() {
        for (message, want) in [
            ("exit code -1073741819 of 7 runs", "exit code -1073741819 of <n> runs"),
            ("Exit Code: 3", "Exit Code: 3"),
            ("decode 12 failed", "decode 12 failed"),
            ("open \"/a/b/c.txt\" and='/x/y'", "open \"<dir>/c.txt\" and='<dir>/y'"),
            ("see https://host/a/b/c for 5", "see https://host/a/b/c for <n>"),
            (
                "/azure-pipelines.yml (Line: 3, Col: 1)",
                "/azure-pipelines.yml (Line: <n>, Col: <n>)",
            ),
            ("C:\\Temp\\x y", "<dir>/x y"),
            ("größe 5 → 1,5", "größe <n> → <n>"),
            ("CS0103 v2 x64", "CS0103 v2 x64"),
            ("\u{0}\u{1b}[", "\u{0}\u{1b}["),
        ] {
            assert_eq!(normalised(message, &DEFAULT_MARKER), want, "{message}");
        }
        let long = "é".repeat(600);
        assert_eq!(normalised(&long, &DEFAULT_MARKER).chars().count(), LONGEST);
    }

    #[test]
    fn a_long_message_takes_linear_time() {
        let begin = std::time::Instant::now();
        for part in ["/a", "1.", "C:\\", "a1b2c3 ", "\u{1b}[", "(NETCORE_ENGINEERING_TELEMETRY="] {
            of(&part.repeat(50_000));
        }
        assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
    }
}
