//! What the flags of an item say. Values are read here and not by the command line's parser: a
//! variable with an odd value must not end a build.

use clap::{Arg, ArgMatches};

use crate::commands::Failure;
use crate::commands::telemetry::context::random_id;

/// The names of severities, by their number.
const SEVERITIES: [&str; 5] = ["verbose", "information", "warning", "error", "critical"];

/// The id of the argument without a flag.
const MAIN: &str = "main";

/// Flags with their values.
pub struct Given<'m>(pub &'m ArgMatches);

/// How something that took time ended.
pub struct End {
    pub id: String,
    /// Nanoseconds.
    pub duration: i64,
    pub success: bool,
    pub result_code: String,
}

/// A flag with a value.
pub fn flag(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help).allow_hyphen_values(true)
}

/// What an item is above all, as a flag and as the argument without one.
pub fn main_args(name: &'static str, value_name: &'static str, help: &'static str) -> [Arg; 2] {
    let bare = Arg::new(MAIN).value_name(value_name).help(help);
    let long = flag(name, value_name, "The same, as a flag").conflicts_with(MAIN);
    [bare, long]
}

/// As [`main_args`], one of which must be there.
pub fn needed_main_args(
    name: &'static str,
    value_name: &'static str,
    help: &'static str,
) -> [Arg; 2] {
    let [bare, long] = main_args(name, value_name, help);
    [bare.required_unless_present(name), long]
}

/// The flags of what took time.
pub fn end_flags() -> Vec<Arg> {
    vec![
        flag("duration", "TIME", "`1.5s`, `250ms`, `00:01:30`; a bare number is milliseconds"),
        flag("success", "BOOL", "Whether it succeeded [default: true]"),
        flag("result-code", "TEXT", "Its result"),
        flag("exit-code", "N", "The result as an exit code; success is 0 unless said otherwise"),
        flag("id", "ID", "Its own id [default: 16 random hex digits]"),
    ]
}

pub fn severity_flag() -> Arg {
    flag("severity", "NAME", "verbose, information, warning, error, critical, or 0 to 4")
}

impl Given<'_> {
    /// Flags that are missing and flags that are empty say the same.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = self.0.try_get_one::<String>(name).ok().flatten().cloned();
        text.filter(|text| !text.is_empty())
    }

    pub fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// What [`main_args`] or the flag of that name say.
    pub fn main(&self, name: &str) -> Option<String> {
        self.text(MAIN).or_else(|| self.text(name))
    }

    fn read<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let cannot = || Failure::new(format!("`--{name}` wants {wanted}, not `{text}`"));
        read(text.trim()).map(Some).ok_or_else(cannot)
    }

    /// Nanoseconds since 1970.
    pub fn time(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.read(name, "a time such as `2026-01-31T12:00:00Z`", model::time::parse_datetime)
    }

    pub fn bool(&self, name: &str) -> Result<Option<bool>, Failure> {
        self.read(name, "true or false", |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        })
    }

    pub fn number(&self, name: &str) -> Result<Option<f64>, Failure> {
        self.read(name, "a number", read_number)
    }

    pub fn count(&self, name: &str) -> Result<Option<i64>, Failure> {
        self.read(name, "a whole number", |text| text.parse().ok().filter(|count| *count >= 0))
    }

    pub fn severity(&self) -> Result<Option<u8>, Failure> {
        let wanted = "verbose, information, warning, error, critical or 0 to 4";
        self.read("severity", wanted, |text| {
            let text = text.to_ascii_lowercase();
            let names = SEVERITIES
                .iter()
                .position(|name| *name == text || (text == "info" && *name == "information"));
            let number = names.or_else(|| text.parse().ok())?;
            u8::try_from(number).ok().filter(|number| *number <= 4)
        })
    }

    pub fn end(&self) -> Result<End, Failure> {
        let wanted = "a time such as `1.5s`, `250ms`, `00:01:30` or milliseconds";
        let exit_code: Option<i64> =
            self.read("exit-code", "a whole number", |text| text.parse().ok())?;
        let code = exit_code.map(|code| code.to_string()).unwrap_or_default();
        Ok(End {
            id: self.text("id").unwrap_or_else(|| random_id(16)),
            duration: self.read("duration", wanted, read_duration)?.unwrap_or(0),
            success: self.bool("success")?.unwrap_or(exit_code.is_none_or(|code| code == 0)),
            result_code: self.text("result-code").unwrap_or(code),
        })
    }

    pub fn properties(&self) -> Result<Vec<(String, String)>, Failure> {
        self.pairs("property", "KEY=VALUE", |value| Some(value.to_owned()))
    }

    pub fn measurements(&self) -> Result<Vec<(String, f64)>, Failure> {
        self.pairs("measurement", "KEY=NUMBER", read_number)
    }

    fn pairs<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<(String, T)>, Failure> {
        let pair = |text: &String| {
            let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
            let pair = pair.and_then(|(key, value)| Some((key.to_owned(), read(value)?)));
            pair.ok_or_else(|| Failure::new(format!("`--{name}` wants {wanted}, not `{text}`")))
        };
        self.0.get_many::<String>(name).unwrap_or_default().map(pair).collect()
    }
}

fn read_number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Nanoseconds; a bare number is milliseconds, as in the SDKs.
fn read_duration(text: &str) -> Option<i64> {
    let nanos = match text.parse::<f64>() {
        Ok(ms) if ms.is_finite() => model::time::timespan(ms, "ms")?,
        Ok(_) => return None,
        Err(_) => model::time::parse_timespan(text)?,
    };
    (nanos >= 0).then_some(nanos)
}
