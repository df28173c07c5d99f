//! What can be queried, as tools ask for it.

use serde_json::{Value, json};

use crate::server::start;

fn named<'a>(tables: &'a Value, name: &str) -> &'a Value {
    tables.as_array().unwrap().iter().find(|table| table["name"] == name).unwrap()
}

#[test]
fn an_application_lists_its_tables_and_columns() {
    let (server, _dir) = start(&[]);
    let answer = server.get("/v1/apps/default/metadata");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["tables"][0]["name"], "requests");
    let requests = named(&answer["tables"], "requests");
    assert_eq!(requests["id"], "t/requests");
    assert_eq!(requests["timespanColumn"], "timestamp");
    assert!(!requests["description"].as_str().unwrap().is_empty());
    assert_eq!(
        requests["columns"][3],
        json!({ "name": "name", "type": "string", "description": "", "isPreferredFacet": true })
    );
    assert_eq!(requests["columns"][0]["type"], "datetime");
    assert_eq!(requests["columns"][0]["isPreferredFacet"], false);
    let found = &answer["applications"][0];
    assert_eq!((&found["name"], &found["id"]), (&json!("default"), &server.ready["appId"]));
    let group = &answer["tableGroups"][0];
    assert_eq!(found["tableGroups"][0], group["id"]);
    assert!(group["tables"].as_array().unwrap().contains(&json!("t/requests")));
    named(&answer["functions"], "FailedJobs");
}

#[test]
fn a_workspace_lists_its_tables_and_itself() {
    let (server, _dir) = start(&[]);
    let posted = server.post("/v1/workspaces/default/metadata", &[], b"");
    let answer = server.get("/v1/workspaces/default/metadata");
    assert_eq!((posted.status, posted.json()), (200, answer.json()));
    let answer = answer.json();
    assert_eq!(answer["tables"][0]["name"], "AppRequests");
    let requests = named(&answer["tables"], "AppRequests");
    assert_eq!(
        (&requests["id"], &requests["timespanColumn"]),
        (&json!("AppRequests"), &json!("TimeGenerated"))
    );
    named(&answer["tables"], "requests");
    let workspace = &answer["workspaces"][0];
    assert_eq!(workspace["id"], server.ready["appId"]);
    // The resource it says it is can be asked.
    let path = format!("/v1{}/metadata", workspace["resourceId"].as_str().unwrap());
    assert_eq!(server.get(&path).json(), answer);
    let function = named(&answer["functions"], "FailedJobs");
    assert_eq!((&function["id"], &function["parameters"]), (&json!("FailedJobs"), &json!("()")));
    assert!(function["body"].as_str().unwrap().contains("BuildTimeline()"));
    let related = workspace["related"]["functions"].as_array().unwrap();
    assert!(related.contains(&json!("FailedJobs")));
    for member in ["solutions", "categories", "resourceTypes", "applications"] {
        assert_eq!(answer[member], json!([]), "{member}");
    }
    assert_eq!(server.get("/v1/workspaces/nobody/metadata").status, 404);
}
