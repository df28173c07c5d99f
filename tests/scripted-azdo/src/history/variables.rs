//! The variables that a process inside a task of a history is given (spec azure-devops.md §7.2), so
//! that what it sends can be looked for in its build.

use super::list;
use super::plan::Build;
use super::timeline::record_id;
use super::world::{ORGANIZATION, World, guid, guid_text};

/// The variables of the task that does the work of the first job of a build's first attempt.
pub(crate) fn of(world: &World, build: &Build) -> Option<Vec<(&'static str, String)>> {
    let (stage, index, attempt) = (0, 0, 1);
    let definition = world.definition(build).filter(|_| build.has_timeline())?;
    let project = world.projects.get(definition.project)?;
    let job = world.layout.jobs(stage).first()?;
    let pool = world.pool(definition);
    // The second run of a job whose machine was lost; its tasks are still those of attempt 1.
    let job_attempt = if build.is_lost(attempt, stage, index) { 2 } else { attempt };
    let id = |kind, attempt, place| guid_text(record_id(world, build, kind, attempt, stage, place));
    let fixed = |what: &str| guid_text(guid(world.dice.of(what, build.id as u64)));
    let worker = world.worker(pool, build, stage, index);
    let (stage_name, phase) = job.phase_identifier.split_once('.')?;
    Some(vec![
        ("TF_BUILD", "True".to_owned()),
        ("SYSTEM_COLLECTIONID", guid_text(guid(world.dice.of("collection", 0)))),
        ("SYSTEM_COLLECTIONURI", format!("https://dev.azure.com/{ORGANIZATION}/")),
        ("SYSTEM_TEAMPROJECTID", project.id.clone()),
        ("SYSTEM_TEAMPROJECT", project.name.clone()),
        ("SYSTEM_HOSTTYPE", "build".to_owned()),
        ("SYSTEM_DEFINITIONID", definition.id.to_string()),
        ("SYSTEM_STAGENAME", stage_name.to_owned()),
        ("SYSTEM_STAGEATTEMPT", attempt.to_string()),
        ("SYSTEM_PHASENAME", phase.to_owned()),
        ("SYSTEM_PHASEATTEMPT", attempt.to_string()),
        ("SYSTEM_JOBNAME", "__default".to_owned()),
        ("SYSTEM_JOBATTEMPT", job_attempt.to_string()),
        ("SYSTEM_JOBDISPLAYNAME", job.name.clone()),
        ("SYSTEM_JOBID", id("job", job_attempt, index)),
        ("SYSTEM_TASKINSTANCEID", id("task", attempt, index * 100_000 + job.main())),
        ("SYSTEM_PLANID", fixed("plan")),
        ("SYSTEM_TIMELINEID", fixed("timeline")),
        ("BUILD_BUILDID", build.id.to_string()),
        ("BUILD_BUILDNUMBER", list::number(build)),
        ("BUILD_DEFINITIONNAME", definition.name.clone()),
        ("BUILD_REASON", capital(build.reason)),
        ("BUILD_SOURCEBRANCH", list::branch(build)),
        ("BUILD_SOURCEVERSION", list::commit(build)),
        ("BUILD_REPOSITORY_NAME", definition.repository.clone()),
        ("AGENT_OS", "Linux".to_owned()),
        ("AGENT_OSARCHITECTURE", "X64".to_owned()),
        ("AGENT_NAME", worker.clone()),
        ("AGENT_MACHINENAME", worker.replace(' ', "-").to_lowercase()),
        ("AGENT_VERSION", "3.248.0".to_owned()),
        ("AGENT_ISSELFHOSTED", if pool.hosted { "0" } else { "1" }.to_owned()),
    ])
}

/// Reasons as variables spell them: `individualCI` is `IndividualCI`.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
