//! A deployment that never was, for trying a hook.

use model::time::{Fraction, format_datetime};
use serde_json::{Value, json};

/// The publisher of samples: their deployments get no row.
pub const PUBLISHER: &str = "telltale-sample";
/// A project no organisation has.
const PROJECT_ID: &str = "00000000-0000-4000-8000-7e117a1e0000";

/// A delivery as Azure DevOps sends it of a deployment that succeeded at `now` (nanoseconds since
/// 1970).
pub fn deployment(now: i64) -> Value {
    let time = format_datetime(now, Fraction::Trimmed);
    let number = now / 1_000_000_000;
    let base = "https://dev.azure.com/telltale-sample/";
    let release = json!({ "id": number, "name": format!("Release-{number}") });
    let definition = json!({ "id": 1, "name": "Sample", "path": "\\" });
    json!({
        "id": uuid::Uuid::new_v4().to_string(),
        "eventType": "ms.vss-release.deployment-completed-event",
        "publisherId": PUBLISHER,
        "resource": {
            "environment": {
                "id": number,
                "releaseId": number,
                "name": "Production",
                "status": "succeeded",
                "definitionEnvironmentId": 1,
                "release": release,
                "releaseDefinition": definition,
            },
            "project": { "id": PROJECT_ID, "name": "telltale-sample" },
            "deployment": {
                "id": number,
                "attempt": 1,
                "deploymentStatus": "succeeded",
                "operationStatus": "Approved",
                "release": release,
                "releaseDefinition": definition,
                "startedOn": time,
                "completedOn": time,
                "lastModifiedOn": time,
            },
        },
        "resourceVersion": "3.0-preview.1",
        "resourceContainers": {
            "collection": { "id": PROJECT_ID, "baseUrl": base },
            "project": { "id": PROJECT_ID, "baseUrl": base },
        },
        "createdDate": time,
    })
}
