//! Where in which trace telemetry sent from here belongs (spec azure-devops.md §7.3).
//!
//! Invariant: the ids are those of the collected rows of the same build, or those the caller was
//! given in `TRACEPARENT`; nothing is made up here.

use crate::trace;
use crate::variables::Lookup;

/// A place in a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The operation (trace) id: 32 hex digits.
    pub operation_id: String,
    /// The span everything sent from here is a child of: 16 hex digits.
    pub span_id: String,
}

/// How near to the process the span should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The task that runs now.
    Task,
    /// The job, for what later tasks of it send.
    Job,
}

impl Origin {
    /// The place of this process in the trace of its build, else in the trace `TRACEPARENT`
    /// names; `None` when neither says where.
    pub fn find(lookup: &Lookup<'_>, level: Level) -> Option<Origin> {
        let parent = lookup("TRACEPARENT").and_then(|text| Origin::from_traceparent(&text));
        match (Origin::of_build(lookup, level), parent) {
            // Somebody between the task and this process, such as `telltale exec`, knows better
            // where in the build it is.
            (Some(build), Some(parent))
                if level == Level::Task && parent.operation_id == build.operation_id =>
            {
                Some(parent)
            }
            (Some(build), _) => Some(build),
            (None, parent) => parent,
        }
    }

    /// The task's, else the job's, else the build's own span. Only in builds: in a classic
    /// release `BUILD_BUILDID` is the build of its primary artifact.
    fn of_build(lookup: &Lookup<'_>, level: Level) -> Option<Origin> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        if get("SYSTEM_HOSTTYPE").is_some_and(|host| !host.eq_ignore_ascii_case("build")) {
            return None;
        }
        let project_id = get("SYSTEM_TEAMPROJECTID")?;
        let build_id: i64 = get("BUILD_BUILDID")?.trim().parse().ok()?;
        let task = get("SYSTEM_TASKINSTANCEID").filter(|_| level == Level::Task);
        let operation_id = trace::operation_id(&project_id, build_id);
        let span_id = match task.or_else(|| get("SYSTEM_JOBID")) {
            Some(record_id) => trace::span_id(&project_id, build_id, &record_id),
            None => trace::build_span_id(&operation_id),
        };
        Some(Origin { operation_id, span_id })
    }

    /// Reads `00-{32 hex}-{16 hex}-{2 hex}` as W3C Trace Context has it: later versions may be
    /// longer, ids of zeros mean nothing.
    pub fn from_traceparent(text: &str) -> Option<Origin> {
        let mut parts = text.trim().split('-');
        let (version, operation_id) = (parts.next()?, parts.next()?);
        let (span_id, flags) = (parts.next()?, parts.next()?);
        let is_known = version != "00" || parts.next().is_none();
        let good = is_known
            && is_hex(version, 2)
            && !version.eq_ignore_ascii_case("ff")
            && is_hex(flags, 2);
        good.then(|| Origin::new(operation_id, span_id)).flatten()
    }

    /// Both ids in lower case; `None` when one is not hex digits of its length or only zeros.
    pub fn new(operation_id: &str, span_id: &str) -> Option<Origin> {
        let is_id = |text: &str, length| is_hex(text, length) && text.bytes().any(|b| b != b'0');
        (is_id(operation_id, 32) && is_id(span_id, 16)).then(|| Origin {
            operation_id: operation_id.to_ascii_lowercase(),
            span_id: span_id.to_ascii_lowercase(),
        })
    }

    /// What `TRACEPARENT` says to children of this place.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.operation_id, self.span_id)
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";
    const TASK: &str = "00000065-0000-4000-8000-00000000000a";
    const JOB: &str = "00000065-0000-4000-8000-000000000004";

    fn find(pairs: &[(&str, &str)], level: Level) -> Option<Origin> {
        let lookup = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        Origin::find(&lookup, level)
    }

    #[test]
    fn a_task_a_job_and_a_build_have_the_spans_of_their_rows() {
        let operation_id = trace::operation_id(PROJECT, 101);
        let build = [("SYSTEM_TEAMPROJECTID", PROJECT), ("BUILD_BUILDID", "101")];
        let job = [&build[..], &[("SYSTEM_JOBID", JOB), ("SYSTEM_HOSTTYPE", "build")]].concat();
        let task = [&job[..], &[("SYSTEM_TASKINSTANCEID", TASK)]].concat();
        for (pairs, level, span_id) in [
            (&build[..], Level::Task, operation_id[..16].to_owned()),
            (&job[..], Level::Task, trace::span_id(PROJECT, 101, JOB)),
            (&task[..], Level::Task, trace::span_id(PROJECT, 101, TASK)),
            (&task[..], Level::Job, trace::span_id(PROJECT, 101, JOB)),
        ] {
            let want = Origin { operation_id: operation_id.clone(), span_id };
            assert_eq!(find(pairs, level), Some(want), "{pairs:?} {level:?}");
        }
    }

    #[test]
    fn a_parent_inside_the_same_build_is_nearer_than_the_task_another_one_is_not() {
        let operation_id = trace::operation_id(PROJECT, 101);
        let nearer = format!("00-{operation_id}-00000000000000aa-01");
        let other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let with = |parent: &str, level| {
            find(
                &[
                    ("SYSTEM_TEAMPROJECTID", PROJECT),
                    ("BUILD_BUILDID", "101"),
                    ("SYSTEM_TASKINSTANCEID", TASK),
                    ("SYSTEM_JOBID", JOB),
                    ("TRACEPARENT", parent),
                ],
                level,
            )
            .unwrap()
        };
        assert_eq!(with(&nearer, Level::Task).span_id, "00000000000000aa");
        assert_eq!(with(&nearer, Level::Job).span_id, trace::span_id(PROJECT, 101, JOB));
        assert_eq!(with(other, Level::Task).span_id, trace::span_id(PROJECT, 101, TASK));
    }

    #[test]
    fn a_classic_release_is_not_the_build_of_its_artifact() {
        let release = [
            ("SYSTEM_TEAMPROJECTID", PROJECT),
            ("BUILD_BUILDID", "101"),
            ("SYSTEM_HOSTTYPE", "release"),
        ];
        assert_eq!(find(&release, Level::Task), None);
    }

    #[test]
    fn hostile_variables_say_nothing() {
        for build_id in ["", " ", "x", "99999999999999999999", "1.5"] {
            let pairs = [("SYSTEM_TEAMPROJECTID", PROJECT), ("BUILD_BUILDID", build_id)];
            assert_eq!(find(&pairs, Level::Task), None, "{build_id}");
        }
    }

    #[test]
    fn trace_parents_are_read_as_the_standard_says() {
        let (operation_id, span_id) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        let read = |text: &str| Origin::from_traceparent(text);
        let plain = format!("00-{operation_id}-{span_id}-01");
        let want = Origin::new(operation_id, span_id);
        assert_eq!(read(&plain), want);
        assert_eq!(want.map(|origin| origin.traceparent()), Some(plain.clone()));
        assert!(read(&format!("01-{operation_id}-{span_id}-01-more")).is_some());
        for bad in [
            String::new(),
            "00".to_owned(),
            format!("{plain}-more"),
            format!("ff-{operation_id}-{span_id}-01"),
            format!("00-{}-{span_id}-01", "0".repeat(32)),
            format!("00-{operation_id}-{}-01", "0".repeat(16)),
            format!("00-{}-{span_id}-01", "é".repeat(16)),
            format!("00-{operation_id}0-{span_id}-01"),
        ] {
            assert_eq!(read(&bad), None, "{bad}");
        }
    }
}
