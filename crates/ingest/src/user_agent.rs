//! Browser, operating system and device of a user agent text (spec ingestion.md §8).
//!
//! Knows the browsers people use; what it does not know stays empty rather than guessed.

/// What a user agent says about its sender; unknown parts are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// Like `Chrome 156.0`.
    pub browser: String,
    /// Like `Windows 10`.
    pub os: String,
    /// Like `Pixel 7` or `iPhone`.
    pub model: String,
}

/// The browser's token and the name shown; the first that occurs decides, so the browsers that
/// also claim to be others come first.
const BROWSERS: [(&str, &str); 12] = [
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("Opera/", "Opera"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// Reads a user agent.
pub fn parse(text: &str) -> UserAgent {
    let (os, model) = platform(text);
    UserAgent { browser: browser(text), os, model }
}

fn browser(text: &str) -> String {
    for (token, name) in BROWSERS {
        if name == "Safari" && !text.contains("Safari/") {
            continue;
        }
        if let Some(at) = text.find(token) {
            return named(name, &version(&text[at + token.len()..], 2));
        }
    }
    String::new()
}

fn named(name: &str, version: &str) -> String {
    if version.is_empty() { name.to_owned() } else { format!("{name} {version}") }
}

/// The first `parts_max` numbers of a version written with `.` or `_`.
fn version(text: &str, parts_max: usize) -> String {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(text.len())
        .min(32);
    let parts: Vec<&str> =
        text[..end].split(['.', '_']).filter(|p| !p.is_empty()).take(parts_max).collect();
    parts.join(".")
}

fn platform(text: &str) -> (String, String) {
    let after = |token: &str| text.find(token).map(|at| &text[at + token.len()..]);
    if let Some(rest) = after("Windows NT ") {
        let name = match version(rest, 2).as_str() {
            "10.0" => "10".to_owned(),
            "6.3" => "8.1".to_owned(),
            "6.2" => "8".to_owned(),
            "6.1" => "7".to_owned(),
            other => other.to_owned(),
        };
        return (named("Windows", &name), String::new());
    }
    for device in ["iPhone", "iPad", "iPod"] {
        if text.contains(device) {
            let os = after(" OS ").map_or(String::new(), |rest| version(rest, 2));
            return (named("iOS", &os), device.to_owned());
        }
    }
    if let Some(rest) = after("Android") {
        return (named("Android", &version(rest.trim_start(), 2)), android_model(rest));
    }
    if let Some(rest) = after("Mac OS X") {
        return (named("Mac OS X", &version(rest.trim_start(), 2)), String::new());
    }
    let linux = text.contains("Linux") || text.contains("X11");
    (if linux { "Linux".to_owned() } else { String::new() }, String::new())
}

/// `Android 14; Pixel 7 Build/…)`: what stands between the version and the build.
fn android_model(rest: &str) -> String {
    let inside = rest.split(')').next().unwrap_or("");
    let model = inside.split(';').nth(1).unwrap_or("").trim();
    let model = model.split(" Build/").next().unwrap_or("");
    // `K` and `Mobile` are what browsers write instead of a model.
    if matches!(model, "K" | "Mobile" | "Tablet") { String::new() } else { model.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_recognised() {
        for (text, browser, os, model) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
                 Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome 156.0",
                "Linux",
                "",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, \
                 like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91",
                "Edge 120.0",
                "Windows 10",
                "",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/17.1 Safari/605.1.15",
                "Safari 17.1",
                "Mac OS X 10.15",
                "",
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; rv:109.0) Gecko/20100101 Firefox/115.0",
                "Firefox 115.0",
                "Windows 7",
                "",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 7 Build/X) AppleWebKit/537.36 \
                 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
                "Chrome 120.0",
                "Android 14",
                "Pixel 7",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) \
                 AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/119.0.6045.109 \
                 Mobile/15E148 Safari/604.1",
                "Chrome 119.0",
                "iOS 17.1",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
                 Gecko) Chrome/119.0.0.0 Safari/537.36 OPR/105.0.0.0",
                "Opera 105.0",
                "Linux",
                "",
            ),
            ("curl/8.0", "", "", ""),
            ("", "", "", ""),
            ("Chrome/", "Chrome", "", ""),
            ("Android", "", "Android", ""),
        ] {
            let want = UserAgent {
                browser: browser.to_owned(),
                os: os.to_owned(),
                model: model.to_owned(),
            };
            assert_eq!(parse(text), want, "{text}");
        }
    }
}
