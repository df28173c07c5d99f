//! What a process inside a task knows about where it runs: the variables of Azure Pipelines and
//! GitHub Actions as they stand in its environment, and what telemetry says of them
//! (spec azure-devops.md §7.2).
//!
//! Invariants: the list of properties stands here only; what says whose pipeline it is can be
//! hashed, and a value hashes alike on every machine. The environment comes in as a function.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The value of an environment variable; `None` when it is not set.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// One property of telemetry and the variable it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// As it stands in the environment of a task.
    pub name: &'static str,
    /// The key in `customDimensions`.
    pub property: &'static str,
    /// Whether it says whose pipeline or machine it is.
    pub is_identity: bool,
}

const fn plain(name: &'static str, property: &'static str) -> Variable {
    Variable { name, property, is_identity: false }
}

const fn identity(name: &'static str, property: &'static str) -> Variable {
    Variable { name, property, is_identity: true }
}

/// Every variable that becomes a property. `collection` and `projectId` are the names the task
/// telemetry guidance uses (spec azure-devops.md §7.1).
pub const VARIABLES: [Variable; 45] = [
    identity("SYSTEM_COLLECTIONID", "collection"),
    identity("SYSTEM_COLLECTIONURI", "collectionUri"),
    identity("SYSTEM_TEAMPROJECTID", "projectId"),
    identity("SYSTEM_TEAMPROJECT", "project"),
    plain("SYSTEM_HOSTTYPE", "hostType"),
    plain("BUILD_BUILDID", "buildId"),
    plain("BUILD_BUILDNUMBER", "buildNumber"),
    plain("SYSTEM_DEFINITIONID", "definitionId"),
    identity("BUILD_DEFINITIONNAME", "definition"),
    plain("BUILD_REASON", "reason"),
    identity("BUILD_SOURCEBRANCH", "sourceBranch"),
    identity("BUILD_SOURCEVERSION", "sourceVersion"),
    identity("BUILD_REPOSITORY_NAME", "repository"),
    plain("SYSTEM_STAGENAME", "stage"),
    plain("SYSTEM_STAGEATTEMPT", "stageAttempt"),
    plain("SYSTEM_PHASENAME", "phase"),
    plain("SYSTEM_PHASEATTEMPT", "phaseAttempt"),
    plain("SYSTEM_JOBNAME", "job"),
    plain("SYSTEM_JOBATTEMPT", "jobAttempt"),
    plain("SYSTEM_JOBDISPLAYNAME", "jobDisplayName"),
    plain("SYSTEM_JOBID", "jobId"),
    plain("SYSTEM_TASKINSTANCEID", "taskInstanceId"),
    plain("SYSTEM_PLANID", "planId"),
    plain("SYSTEM_TIMELINEID", "timelineId"),
    plain("RELEASE_RELEASEID", "releaseId"),
    identity("RELEASE_DEFINITIONNAME", "releaseDefinition"),
    plain("RELEASE_ENVIRONMENTNAME", "releaseEnvironment"),
    plain("RELEASE_ENVIRONMENTID", "releaseEnvironmentId"),
    plain("RELEASE_DEPLOYMENTID", "deploymentId"),
    plain("RELEASE_ATTEMPTNUMBER", "releaseAttempt"),
    plain("AGENT_OS", "agentOs"),
    plain("AGENT_OSARCHITECTURE", "agentOsArchitecture"),
    identity("AGENT_NAME", "agentName"),
    identity("AGENT_MACHINENAME", "agentMachineName"),
    plain("AGENT_VERSION", "agentVersion"),
    plain("AGENT_ISSELFHOSTED", "agentIsSelfHosted"),
    // GitHub Actions: what both services have has one name. None of these says who it was.
    // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    identity("GITHUB_REPOSITORY", "repository"),
    identity("GITHUB_REF", "sourceBranch"),
    identity("GITHUB_SHA", "sourceVersion"),
    plain("GITHUB_EVENT_NAME", "reason"),
    plain("GITHUB_WORKFLOW", "workflow"),
    plain("GITHUB_RUN_ID", "runId"),
    plain("GITHUB_RUN_NUMBER", "runNumber"),
    plain("GITHUB_RUN_ATTEMPT", "runAttempt"),
    plain("GITHUB_JOB", "job"),
];

/// Whether identities are sent as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identities {
    #[default]
    Plain,
    /// As [`hashed`].
    Hashed,
}

/// The properties of telemetry sent from here, in the order of [`VARIABLES`]; empty outside of a
/// pipeline. Variables that are missing or empty have none; of two for one property the first that
/// is set counts.
pub fn properties(lookup: &Lookup<'_>, identities: Identities) -> Vec<(&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for variable in &VARIABLES {
        let is_there = found.iter().any(|(property, _)| *property == variable.property);
        let value = lookup(variable.name).filter(|value| !value.is_empty() && !is_there);
        let Some(value) = value else { continue };
        let value = match identities {
            Identities::Hashed if variable.is_identity => hashed(&value),
            _ => value,
        };
        found.push((variable.property, value));
    }
    found
}

/// A value that says whose pipeline it is, so that it can be counted but not read: SHA-256 of its
/// lower-case UTF-8 text in hex, which is `hash_sha256(tolower(value))` in KQL.
///
/// There is no secret key in it, because tasks on machines of strangers must hash alike. Ids are
/// random and cannot be guessed; a short name can be.
pub fn hashed(value: &str) -> String {
    let digest = Sha256::digest(value.to_lowercase().as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "SYSTEM_COLLECTIONID" => "C0FFEE00-0000-4000-8000-000000000001",
            "SYSTEM_TEAMPROJECTID" => "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01",
            "BUILD_BUILDID" => "101",
            "BUILD_SOURCEBRANCH" => "",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn what_is_set_becomes_properties_in_order() {
        assert_eq!(
            properties(&lookup, Identities::Plain),
            [
                ("collection", "C0FFEE00-0000-4000-8000-000000000001".to_owned()),
                ("projectId", "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01".to_owned()),
                ("buildId", "101".to_owned()),
            ]
        );
        assert_eq!(properties(&|_| None, Identities::Plain), []);
    }

    /// Expected: `printf c0ffee00-0000-4000-8000-000000000001 | sha256sum`.
    #[test]
    fn identities_are_hashed_without_regard_to_letter_case_and_nothing_else_is() {
        let hashes = properties(&lookup, Identities::Hashed);
        let want = "db3855a227f2aa115bb78a8818d433bb00815539f05e386e512977355137f6ec";
        assert_eq!(hashes[0], ("collection", want.to_owned()));
        assert_eq!(hashed("c0ffee00-0000-4000-8000-000000000001"), want);
        assert_eq!(hashes[2], ("buildId", "101".to_owned()));
    }

    #[test]
    fn github_actions_has_the_same_names_for_the_same_things() {
        let lookup = |name: &str| {
            let value = match name {
                "GITHUB_REPOSITORY" => "exorg/web",
                "GITHUB_REF" => "refs/heads/main",
                "GITHUB_WORKFLOW" => "ci",
                "GITHUB_RUN_ID" => "1658821493",
                "GITHUB_RUN_ATTEMPT" => "2",
                "GITHUB_JOB" => "build",
                // Who it was is not asked for.
                "GITHUB_ACTOR" | "GITHUB_TRIGGERING_ACTOR" => "somebody",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let found = properties(&lookup, Identities::Plain);
        let want = [
            ("repository", "exorg/web"),
            ("sourceBranch", "refs/heads/main"),
            ("workflow", "ci"),
            ("runId", "1658821493"),
            ("runAttempt", "2"),
            ("job", "build"),
        ];
        assert_eq!(found, want.map(|(name, value)| (name, value.to_owned())));
        let found = properties(&lookup, Identities::Hashed);
        assert_eq!(found[0], ("repository", hashed("exorg/web")));
    }

    /// A step of Azure Pipelines may set variables of GitHub for its tools.
    #[test]
    fn of_two_variables_for_a_property_the_first_that_is_set_counts() {
        let lookup = |name: &str| match name {
            "BUILD_REPOSITORY_NAME" => Some("web".to_owned()),
            "GITHUB_REPOSITORY" => Some("exorg/web".to_owned()),
            _ => None,
        };
        assert_eq!(properties(&lookup, Identities::Plain), [("repository", "web".to_owned())]);
    }

    #[test]
    fn no_variable_stands_twice_and_a_property_only_once_of_each_service() {
        let is_github = |variable: &Variable| variable.name.starts_with("GITHUB_");
        for (i, one) in VARIABLES.iter().enumerate() {
            for other in &VARIABLES[..i] {
                assert_ne!(one.name, other.name);
                let is_same = one.property.eq_ignore_ascii_case(other.property);
                let is_shared = one.property == other.property
                    && one.is_identity == other.is_identity
                    && is_github(one) != is_github(other);
                assert!(!is_same || is_shared, "{}", one.property);
            }
        }
    }
}
