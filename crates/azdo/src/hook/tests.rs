//! All recorded and written deliveries: what is read of them, their rows, and what is left out.

use model::time::{Fraction, format_datetime};

use super::*;
use serde_json::json;

const KEY: Identities<'static> = Identities::Hash(b"key");

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo")
}

/// All fixtures by name, those of both folders.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for part in ["synthetic/hooks", "recorded"] {
        for entry in std::fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if part == "synthetic/hooks" || name.starts_with("hook-") {
                all.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

fn delivery(name: &str) -> Delivery {
    let found = fixtures().into_iter().find(|(file, _)| file == name).unwrap();
    read(&found.1, &KEY).unwrap()
}

fn time(nanos: Option<i64>) -> String {
    nanos.map(|nanos| format_datetime(nanos, Fraction::Trimmed)).unwrap_or_default()
}

/// One line per delivery: kind, ids, and the heart of the event.
fn summary(delivery: &Delivery) -> String {
    let Delivery { envelope, kind, event, .. } = delivery;
    let heart = match event {
        Event::BuildCompleted(build) => format!(
            "{} {} {} {}@{:.7} {}",
            build.definition,
            build.build_number,
            build.result,
            build.source_branch,
            build.source_version,
            time(build.finish_time)
        ),
        Event::RunStateChanged(state) => {
            format!(
                "{} {} {} {}",
                state.pipeline, state.run.name, state.run.state, state.run.result
            )
        }
        Event::StageStateChanged(_, stage) => {
            format!("{} #{} {} {}", stage.name, stage.attempt.unwrap(), stage.state, stage.result)
        }
        Event::JobStateChanged(_, stage, job) => {
            format!("{}/{} {} {}", stage.name, job.name, job.state, time(job.start_time))
        }
        Event::CheckApproval(check) => format!(
            "{} {} {} of {}",
            check.status, check.resource_type, check.resource_name, check.stage_name
        ),
        Event::ReleaseChanged(changed) => {
            format!("{} {} {}", changed.definition.name, changed.release.name, changed.status)
        }
        Event::DeploymentStarted(deployed) | Event::DeploymentCompleted(deployed) => {
            let deployment = &deployed.deployment;
            format!(
                "{} {} → {} {} ({}, #{}, {})",
                deployment.release_definition.name,
                deployment.release.name,
                deployment.release_environment.name,
                deployment.release_environment.status,
                deployment.deployment_status,
                deployment.attempt.unwrap(),
                deployment.id
            )
        }
        Event::DeploymentApproval(approval) => format!(
            "{} {} {} {}",
            approval.release.name,
            approval.environment.name,
            approval.approval_type,
            approval.status
        ),
        Event::Undetailed(id) => format!("undetailed {id:?}"),
        Event::Unreadable(why) => why.clone(),
        Event::Unknown => envelope.event_type.clone(),
    };
    let number = |id: Option<i64>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    format!(
        "{kind:?} {} build {} release {}: {heart}",
        envelope.organization,
        number(event.build_id(*kind)),
        number(event.release_id(*kind))
    )
}

#[test]
fn every_delivery_is_read() {
    let mut found = String::new();
    for (name, body) in fixtures() {
        let line = match read(&body, &KEY) {
            Ok(delivery) => summary(&delivery),
            Err(error) => error.to_string(),
        };
        found.push_str(&format!("{name}\n    {line}\n"));
    }
    let path = folder().join("hooks-expected.txt");
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, wanted, "ACCEPT=1 rewrites {}", path.display());
}

#[test]
fn deliveries_without_the_type_of_an_event_are_refused() {
    for (body, reason) in [
        ("[]", "a delivery is a JSON object"),
        ("\"x\"", "a delivery is a JSON object"),
        ("{}", "the delivery has no `eventType`"),
        ("{\"eventType\": 1}", "the delivery has no `eventType`"),
        ("{\"eventType\": \"\"}", "the delivery has no `eventType`"),
    ] {
        assert_eq!(read(body.as_bytes(), &KEY).unwrap_err().to_string(), reason, "{body}");
    }
    let deep = format!("{{\"eventType\":\"x\",\"a\":{}", "[".repeat(100_000));
    let error = read(deep.as_bytes(), &KEY).unwrap_err().to_string();
    assert!(error.starts_with("the body is not a delivery of a service hook: "), "{error}");
}

#[test]
fn odd_resources_are_events_that_say_so() {
    let event = |resource: &str| {
        let kind = "ms.vss-release.deployment-completed-event";
        let body = format!("{{\"eventType\":\"{kind}\",\"resource\":{resource}}}");
        read(body.as_bytes(), &KEY).unwrap()
    };
    for odd in ["{\"environment\": 3}", "{\"environment\": {}, \"deployment\": {\"id\": \"x\"}}"] {
        let delivery = event(odd);
        let Event::Unreadable(why) = &delivery.event else { panic!("{:?}", delivery.event) };
        assert!(why.starts_with("the resource is odd: "), "{why}");
        let batch = delivery.row(RECEIPT).unwrap().unwrap();
        assert_eq!(row(batch)["Error"], *why);
    }
    for missing in ["null", "{}", "3", "[]", "{\"environment\": null}"] {
        assert!(matches!(event(missing).event, Event::Undetailed(None)), "{missing}");
    }
    // Nothing is known of it but that something was deployed.
    assert!(matches!(event("{\"environment\": {}}").event, Event::DeploymentCompleted(_)));
    assert!(event("{\"environment\": {}}").deployment_row(1).unwrap().is_none());
}

#[test]
fn a_check_that_was_changed_is_read_as_the_approval_it_holds() {
    let (_, body) =
        fixtures().into_iter().find(|(n, _)| n == "pipelinecheck-approval-pending.json").unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body["eventType"] = json!("ms.vss-pipelinechecks-events.check-updated");
    let delivery = read(body.to_string().as_bytes(), &KEY).unwrap();
    assert_eq!(delivery.kind, Kind::CheckUpdated);
    let Event::CheckApproval(check) = &delivery.event else { panic!("{:?}", delivery.event) };
    assert_eq!((check.status.as_str(), check.resource_name.as_str()), ("pending", "Production"));
    assert_eq!(delivery.event.build_id(delivery.kind), Some(4711));
    body["resource"]["approval"] = Value::Null;
    let other = read(body.to_string().as_bytes(), &KEY).unwrap();
    assert!(matches!(other.event, Event::Unknown), "{:?}", other.event);
}

#[test]
fn nothing_that_is_stored_says_who_people_are() {
    for (name, body) in fixtures() {
        let Ok(delivery) = read(&body, &KEY) else { continue };
        let stored = delivery.payload.to_string();
        for trace in
            ["user", "@", "avatar", "uniqueName", "descriptor", "0000-4000-8000-00000000000"]
        {
            // Ids of subscriptions and events look alike and are no people.
            let stored = stored.replace("c0ffee00-0000-4000-8000-000000000001", "");
            let stored = stored.replace(&delivery.envelope.event_id, "");
            // Part of the name of a reason for builds.
            let stored = stored.replace("userCreated", "");
            assert!(!stored.contains(trace), "{name} has `{trace}`: {stored}");
        }
        let dropped = read(&body, &Identities::Drop).unwrap().payload.to_string();
        assert!(dropped.len() <= stored.len(), "{name}");
        let kept = read(&body, &Identities::Keep).unwrap().payload;
        assert_eq!(kept, serde_json::from_slice::<Value>(&body).unwrap(), "{name}");
    }
    let stored = delivery("deployment-completed-succeeded.json").payload;
    let person = &stored["resource"]["deployment"]["requestedFor"];
    assert_eq!(person, &json!({"id": KEY.stored("00000000-0000-4000-8000-000000000001")}));
    assert_eq!(stored["resource"]["environment"]["name"], "Production");
    let stage = delivery("stage-state-changed-completed.json").payload;
    assert_eq!(stage["resource"]["stage"]["displayName"], "Test stage");
}

#[test]
fn work_items_and_commits_lose_their_people() {
    let body = json!({
        "eventType": "x",
        "resource": {
            "workItems": [{"fields": {"System.AssignedTo": "A B <a@b>", "System.Title": "t"}}],
            "commits": [{"id": "c", "author": {"displayName": "A B"}, "pusher": "A B"}],
            "reviewers": [{"displayName": "A B", "id": "1"}, {"displayName": "no id"}],
            "triggerInfo": {"pr.sender.name": "A B", "pr.number": "7"},
            "definitionReference": {"requestedFor": {"id": "1", "name": "A B"}},
        },
    });
    let stored = read(body.to_string().as_bytes(), &KEY).unwrap().payload;
    let id = KEY.stored("1");
    assert_eq!(
        stored["resource"],
        json!({
            "workItems": [{"fields": {"System.Title": "t"}}],
            "commits": [{"id": "c"}],
            "reviewers": [{"id": id}],
            "triggerInfo": {"pr.number": "7"},
            "definitionReference": {"requestedFor": {"id": id}},
        })
    );
}

const RECEIPT: Receipt<'static> =
    Receipt { received_at: 5, key_name: "team", is_processed: true, error: "" };

/// The only row of a batch, by the names of its columns.
fn row(batch: model::Batch) -> serde_json::Map<String, Value> {
    let name = batch.table.name;
    let mut rows = crate::rows::tests::table(&[batch], name);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn a_delivery_is_a_row_of_events() {
    let event = row(delivery("deployment-completed-succeeded.json").row(RECEIPT).unwrap().unwrap());
    for (column, want) in [
        ("ReceivedAt", json!("1970-01-01T00:00:00.0000000Z")),
        ("CreatedDate", json!("2026-11-20T10:15:31.0761219Z")),
        ("KeyName", json!("team")),
        ("SubscriptionId", json!("c0ffee00-0000-4000-8000-000000000001")),
        ("NotificationId", json!(1)),
        ("EventId", json!("10000000-0000-4000-8000-000000000001")),
        ("EventType", json!("ms.vss-release.deployment-completed-event")),
        ("PublisherId", json!("rm")),
        ("ResourceVersion", json!("3.0-preview.1")),
        ("ProjectId", json!("3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01")),
        ("BuildId", Value::Null),
        ("ReleaseId", json!(42)),
        ("Processed", json!(true)),
        ("Error", json!("")),
    ] {
        assert_eq!(event[column], want, "{column}");
    }
    let payload: Value = serde_json::from_str(event["Payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["resource"]["environment"]["status"], "succeeded");

    let old = row(delivery("hook-build.complete-1.0.json").row(RECEIPT).unwrap().unwrap());
    assert_eq!(old["BuildId"], 70609);
    assert_eq!(old["NotificationId"], Value::Null);
    let failed = Receipt { error: "disk", is_processed: false, ..RECEIPT };
    let failed = row(delivery("unknown-event.json").row(failed).unwrap().unwrap());
    assert_eq!((&failed["Error"], &failed["Processed"]), (&json!("disk"), &json!(false)));
}

#[test]
fn a_completed_deployment_is_a_row_of_deployments() {
    let of = |name: &str| delivery(name).deployment_row(7).unwrap().map(row);
    let deployment = of("deployment-completed-redeploy-attempt-2.json").unwrap();
    for (column, want) in [
        ("Organization", json!("exorg")),
        ("Project", json!("exproj")),
        ("DeploymentId", json!(77)),
        ("ReleaseId", json!(42)),
        ("ReleaseName", json!("Release-42")),
        ("DefinitionId", json!("2")),
        ("DefinitionName", json!("Web - CD")),
        ("EnvironmentId", json!(84)),
        ("DefinitionEnvironmentId", json!(5)),
        ("EnvironmentName", json!("Production")),
        ("Attempt", json!(2)),
        ("Reason", json!("automated")),
        ("EnvironmentStatus", json!("succeeded")),
        ("DeploymentStatus", json!("succeeded")),
        ("OperationStatus", json!("Approved")),
        ("QueuedOn", json!("2026-11-20T10:10:00.1200000Z")),
        ("CompletedOn", json!("2026-11-20T10:15:27.8700000Z")),
        ("TimeToDeployTicks", json!(3_276_000_000_i64)),
        ("SourceBranch", json!("main")),
        ("SourceVersion", json!("600c52d2d5b655caa111abfd863e5a9bd304bb0e")),
    ] {
        assert_eq!(deployment[column], want, "{column}");
    }
    let old = of("deployment-completed-documented-old-shape.json").unwrap();
    assert_eq!((&old["DeploymentId"], &old["ReleaseName"]), (&json!(77), &json!("Release-42")));
    assert_eq!(old["StartedOn"], Value::Null);
    for none in [
        "deployment-completed-minimal.json",
        "deployment-completed-none.json",
        "deployment-started.json",
        "release-created.json",
        "build.complete-2.0.json",
    ] {
        assert!(of(none).is_none(), "{none}");
    }
    let refused = of("hook-deployment-completed-rejected.json").unwrap();
    assert_eq!(refused["DeploymentStatus"], "notDeployed");
    assert_eq!(refused["StartedOn"], Value::Null);
}

#[test]
fn organisations_are_found_in_addresses() {
    for (address, name) in [
        ("https://dev.azure.com/exorg/", Some("exorg")),
        ("https://vsrm.dev.azure.com/exorg", Some("exorg")),
        ("https://somecompany.visualstudio.com/", Some("somecompany")),
        ("https://Some-Company.vsrm.visualstudio.com/", Some("some-company")),
        ("https://tfs.example.invalid/tfs/DefaultCollection/", Some("DefaultCollection")),
        ("http://server:8080/tfs/Main%20One", Some("Main One")),
        ("http://server:8080/100%25%", Some("100%%")),
        ("https://dev.azure.com/", None),
        ("exorg", None),
        ("", None),
    ] {
        assert_eq!(organization_of(address).as_deref(), name, "{address}");
    }
}

#[test]
fn deliveries_are_told_apart_by_subscription_and_number_or_by_event() {
    let key = |name: &str| delivery(name).envelope.duplicate_key();
    let want = Some("c0ffee00-0000-4000-8000-000000000001/1".to_owned());
    assert_eq!(key("deployment-completed-succeeded.json"), want);
    let want = Some("10000000-0000-4000-8000-000000000009".to_owned());
    assert_eq!(key("deployment-completed-documented-old-shape.json"), want);
    assert_eq!(read(b"{\"eventType\":\"x\"}", &KEY).unwrap().envelope.duplicate_key(), None);
}
