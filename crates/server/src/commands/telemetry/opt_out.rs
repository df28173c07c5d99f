//! Whether the user wants nothing sent.

use super::variable;

/// Says it for this product. Its value decides over [`GENERAL`], so that `0` allows sending.
pub const OWN: &str = "TELLTALE_OPTOUT";
/// Says it for all programs of a machine. It counts because tasks run on machines of people who
/// never heard of this one.
pub const GENERAL: &str = "DO_NOT_TRACK";

/// What says not to send: the flag `--opt-out` with its value, or a variable. `None`: send.
pub fn reason(flag: Option<&str>) -> Option<&'static str> {
    let of_variable = |name: &'static str| Some((name, meaning(&variable(name)?)?));
    let of_flag = flag.and_then(|value| Some(("--opt-out", meaning(value)?)));
    // A task's input adds a wish not to send to that of the machine, and takes none away.
    if let Some((name, true)) = of_flag {
        return Some(name);
    }
    let (name, is_out) = of_variable(OWN).or_else(|| of_variable(GENERAL))?;
    is_out.then_some(name)
}

/// Whether a value opts out. Everything but the known ways to say no does, so that a misspelt wish
/// is honoured; an empty value and a variable that a pipeline left as it stands say nothing.
fn meaning(value: &str) -> Option<bool> {
    let value = value.trim().to_ascii_lowercase();
    if value.is_empty() || (value.starts_with("$(") && value.ends_with(')')) {
        return None;
    }
    Some(!matches!(value.as_str(), "0" | "false" | "no" | "off" | "n" | "f"))
}
