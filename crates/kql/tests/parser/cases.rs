//! Case files: a title, an indented text, and after `----` what is expected of it.

/// One case of a file.
pub struct Case {
    pub title: String,
    pub text: String,
    /// Lines below `----`, without indentation.
    pub expected: Vec<String>,
}

/// The cases of a file; lines with `#` and empty lines stand between them.
pub fn cases(file: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut in_expected = false;
    for line in file.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "----" {
            in_expected = true;
        } else if let Some(inner) = line.strip_prefix("  ") {
            let case = cases.last_mut().expect("a title before the text");
            if in_expected {
                case.expected.push(inner.to_owned());
            } else {
                if !case.text.is_empty() {
                    case.text.push('\n');
                }
                case.text.push_str(inner);
            }
        } else {
            in_expected = false;
            let title = line.to_owned();
            cases.push(Case { title, text: String::new(), expected: Vec::new() });
        }
    }
    cases
}

/// The file again, with new expectations; comments at the start are kept.
pub fn rewrite(file: &str, cases: &[Case]) -> String {
    let mut out: String =
        file.lines().take_while(|line| line.starts_with('#')).map(|l| format!("{l}\n")).collect();
    for case in cases {
        let indent = |text: &str| text.lines().map(|l| format!("  {l}\n")).collect::<String>();
        out.push_str(&format!("\n{}\n{}----\n", case.title, indent(&case.text)));
        out.push_str(&indent(&case.expected.join("\n")));
    }
    out
}
