//! Stored functions as tools list them.

use serde_json::{Value, json};

use crate::server::{Server, output, start};

fn rows(server: &Server, csl: &str) -> Vec<Vec<Value>> {
    let answer = server.kusto("/v1/rest/mgmt", &json!({ "db": "default", "csl": csl }));
    assert_eq!(answer.status, 200, "{csl}: {}", answer.text());
    let rows = answer.json()["Tables"][0]["Rows"].clone();
    serde_json::from_value(rows).unwrap()
}

#[test]
fn functions_are_shown_with_parameters_and_body() {
    let (server, _dir) = start(&[]);
    let all = rows(&server, ".show functions");
    let failed = all.iter().find(|row| row[0] == "FailedJobs").unwrap();
    assert_eq!(failed[1], "()");
    let body = failed[2].as_str().unwrap();
    assert!(body.starts_with('{') && body.ends_with('}'), "{body}");
    assert!(failed[4].as_str().unwrap().starts_with("Jobs that failed"));
    assert_eq!(rows(&server, ".show function FailedJobs"), std::slice::from_ref(failed));
    assert_eq!(rows(&server, ".show functions | where Name == 'FailedJobs' | count")[0][0], 1);
    let unknown = json!({ "db": "default", "csl": ".show function Nothing" });
    let answer = server.kusto("/v1/rest/mgmt", &unknown);
    assert_eq!(answer.status, 400);
    let told = answer.text();
    assert!(
        told.contains("there is no function `Nothing`; `.show functions` lists them"),
        "{told}"
    );
}

#[test]
fn one_function_is_printed_as_it_is_written() {
    let (server, _dir) = start(&[]);
    let page = output(&["query", ".show function PassRate", "--url", &server.url]);
    assert!(page.starts_with("Name: PassRate\nParameters:\n(\n    from:"), "{page}");
    assert!(page.contains("\nBody:\n{\n") && !page.contains("\\n"), "{page}");
    // Rows of a table stay one line each.
    let page =
        output(&["query", "print a = 'x\\ny' | union (print a = 'z')", "--url", &server.url]);
    assert!(page.contains("x\\ny"), "{page}");
}

#[test]
fn functions_stand_in_schemas() {
    let (server, _dir) = start(&[]);
    let schema = rows(&server, ".show database schema as json");
    let schema: Value = serde_json::from_str(schema[0][0].as_str().unwrap()).unwrap();
    let function = &schema["Databases"]["default"]["Functions"]["PassRate"];
    assert_eq!(function["Name"], "PassRate");
    assert_eq!(
        function["InputParameters"][0],
        json!({
            "Name": "from",
            "Type": "System.DateTime",
            "CslType": "datetime",
            "CslDefaultValue": "datetime(null)",
        })
    );
    let entities = rows(&server, ".show databases entities");
    assert!(entities.iter().any(|row| row[1] == "Function" && row[2] == "PassRate"));
}
