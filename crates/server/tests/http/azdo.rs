//! What the stories of the collector share: settings, runs of `telltale collect`, the scenario.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use scripted_azdo::{Scenario, Service};
use serde_json::Value;

use crate::server::{Server, telltale};

/// The token every source of these stories sends.
pub const PAT: &str = "pat-of-the-stories";
/// The header that carries it.
pub const AUTHORIZATION: &str = "Basic OnBhdC1vZi10aGUtc3Rvcmllcw==";

/// The two rules of the scenario, and no others.
pub const RULES: &str = r#"
category_defaults = false

[[category]]
contains = "stopped hearing from agent"
category = "MachineLost"

[[category]]
contains = "operation was canceled"
category = "Canceled"
"#;

pub fn scenario_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo/synthetic/collector")
}

/// A `[[source]]` called `name` of a service, whose history may be of any age.
pub fn source(name: &str, url: &str, more: &str) -> String {
    format!(
        "[[source]]\nname = \"{name}\"\nbase = \"{url}/exorg\"\nprojects = [\"exproj\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\nreleases = false\n{more}\n"
    )
}

/// A folder with a settings file and a data folder.
pub struct Setup {
    pub dir: tempfile::TempDir,
}

impl Setup {
    pub fn new(settings: &str) -> Setup {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("telltale.toml"), settings).unwrap();
        Setup { dir }
    }

    /// The settings of the scenario.
    pub fn of_scenario(url: &str) -> Setup {
        let more = "page_size = 3\noverlap = \"2h\"\nlogs = \"off\"\n";
        Setup::new(&format!("{RULES}\n{}", source("exorg", url, more)))
    }

    pub fn config(&self) -> PathBuf {
        self.dir.path().join("telltale.toml")
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// `telltale collect` with the settings and the token.
    pub fn collect(&self, args: &[&str]) -> Command {
        let mut command = telltale(&["collect"]);
        command.args(args).arg("--config").arg(self.config()).arg("--data").arg(self.data());
        command.env("PAT_OF_STORIES", PAT).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// One pass that must go well; what it printed.
    pub fn once(&self) -> String {
        let done = self.collect(&["--once"]).output().unwrap();
        let error = text(&done.stderr);
        assert!(done.status.success(), "{error}\n{}", text(&done.stdout));
        text(&done.stdout)
    }

    /// One pass that must fail; its output.
    pub fn once_failing(&self) -> Output {
        let done = self.collect(&["--once"]).output().unwrap();
        assert_eq!(done.status.code(), Some(1), "{}", text(&done.stdout));
        done
    }

    /// `telltale collect status` as JSON.
    pub fn status(&self) -> Value {
        let data = self.data();
        let args = ["collect", "status", "--format", "json", "--data", data.to_str().unwrap()];
        serde_json::from_str(&crate::server::output(&args)).unwrap()
    }

    /// A server on the data folder that collects nothing.
    pub fn server(&self) -> Server {
        Server::on(&self.data(), &[])
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A service that plays the first pass of the scenario.
pub fn scenario() -> Service {
    Service::scenario(&scenario_folder(), "poll1").unwrap()
}

/// Has the service play a pass of the scenario from its beginning.
pub fn play(service: &Service, pass: &str) {
    service.play(Scenario::load(&scenario_folder()).unwrap().pass(pass).unwrap());
}

/// The rows of all tables are those the scenario expects after a pass, no more, no fewer.
pub fn assert_expected(server: &Server, pass: &str, about: &str) {
    let path = scenario_folder().join(format!("expected_{pass}.json"));
    let expected: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (table, rows) in expected.as_object().unwrap() {
        let Some(rows) = rows.as_array() else { continue };
        let names: Vec<&String> = match rows.first() {
            Some(row) => row.as_object().unwrap().keys().collect(),
            None => Vec::new(),
        };
        let got = server.rows(&question(table, &names));
        let mut got: Vec<String> = got.as_array().unwrap().iter().map(Value::to_string).collect();
        let cells =
            |row: &Value| names.iter().map(|name| cell(name, &row[name.as_str()])).collect();
        let mut want: Vec<String> =
            rows.iter().map(|row| Value::Array(cells(row)).to_string()).collect();
        got.sort();
        want.sort();
        assert_eq!(got, want, "{about}: {table}");
    }
}

/// All rows with these columns, cells in the form of [`cell`]. Builds that run have rows too,
/// which the expectations leave out.
fn question(table: &str, names: &[&String]) -> String {
    let column = |name: &&String| match name.strip_suffix("Ticks") {
        Some(column) => format!("{name} = tostring(tolong({column} / 1tick))"),
        None => format!("{name} = tostring({name})"),
    };
    let columns: Vec<String> = names.iter().map(column).collect();
    let filter = if table == "TimelineBuilds" { "| where Status == 'completed' " } else { "" };
    match columns.is_empty() {
        true => format!("{table} {filter}"),
        false => format!("{table} {filter}| project {}", columns.join(", ")),
    }
}

/// A value of the expectations as `tostring` writes it.
fn cell(name: &str, value: &Value) -> Value {
    Value::from(match value {
        Value::Number(number) if name == "DurationMs" => format!("{:?}", number.as_f64().unwrap()),
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    })
}
