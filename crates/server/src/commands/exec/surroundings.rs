//! What the environment says: which service this runs in, where the repository lies, in whose
//! trace the child stands.

use std::path::{Path, PathBuf};

use azdo::command::Dialect;
use azdo::errors::paths::Folders;
use azdo::origin::{Level, Origin};

use super::telemetry::Sender;
use crate::cli::pipeline::{Annotate, ExecCall};
use crate::commands::telemetry::variable;

#[derive(Debug)]
pub struct Surroundings {
    /// Where issues are reported, if anywhere.
    pub dialect: Option<Dialect>,
    pub folders: Folders,
}

/// The service that `--annotate` means.
pub fn dialect(annotate: Annotate) -> Option<Dialect> {
    match annotate {
        Annotate::Auto => Dialect::detect(variable),
        Annotate::To(dialect) => Some(dialect),
        Annotate::Nowhere => None,
    }
}

/// The working folder and the root of the repository around it.
pub fn folders() -> Folders {
    let working = std::env::current_dir().unwrap_or_default();
    let repository = ["BUILD_SOURCESDIRECTORY", "GITHUB_WORKSPACE"]
        .into_iter()
        .filter_map(variable)
        .map(PathBuf::from)
        .find(|root| !root.as_os_str().is_empty() && working.starts_with(root))
        .or_else(|| repository_above(&working));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Folders {
        working: text(&working),
        repository: repository.as_deref().map(text).unwrap_or_default(),
    }
}

fn repository_above(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_path_buf)
}

impl Surroundings {
    pub fn here(call: &ExecCall) -> Surroundings {
        Surroundings { dialect: dialect(call.annotate), folders: folders() }
    }
}

/// What the child's environment has more than ours: where it stands in the trace of its build, or,
/// when telemetry is sent from outside of one, of this run. `number` is the run's.
pub fn child_variables(
    call: &ExecCall,
    sender: Option<&Sender>,
    number: u32,
) -> Vec<(&'static str, String)> {
    let of_run = || sender.and_then(|sender| sender.place(number));
    let Some(origin) = Origin::find(&variable, Level::Task).or_else(of_run) else {
        return Vec::new();
    };
    let mut variables = vec![("TRACEPARENT", origin.traceparent())];
    if let Some(sender) = sender.filter(|_| call.has_child_telemetry) {
        let text = sender.connection().in_trace(&origin).to_string();
        variables.push(("APPLICATIONINSIGHTS_CONNECTION_STRING", text));
    }
    variables
}
