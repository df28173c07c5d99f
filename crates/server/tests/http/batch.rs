//! Several queries in one call.

use serde_json::{Value, json};

use crate::client::send;
use crate::server::{KEY, Server, events, start};

fn member(id: &str, query: &str) -> Value {
    json!({
        "id": id,
        "workspace": "default",
        "path": "/query",
        "method": "POST",
        "headers": { "Content-Type": "application/json" },
        "body": { "query": query },
    })
}

fn batch(server: &Server, requests: &[Value]) -> Vec<Value> {
    let body = json!({ "requests": requests }).to_string();
    let answer = server.post("/v1/$batch", &[], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["responses"].as_array().unwrap().clone()
}

#[test]
fn each_member_has_its_own_answer() {
    let (server, _dir) = start(&["--query-rows-max", "3"]);
    assert_eq!(server.track(events(KEY, "a", 2).as_bytes()).status, 200);
    let mut statistics = member("4", "print 1");
    statistics["headers"] = json!({ "prefer": "include-statistics=true,include-render=true" });
    let mut elsewhere = member("5", "print 1");
    elsewhere["workspace"] = json!("nobody");
    let mut other_path = member("6", "print 1");
    other_path["path"] = json!("/fakePath");
    let got = json!({ "id": 7, "workspace": "default", "path": "/query?query=print%202" });
    let requests = [
        member("1", "AppEvents | count"),
        member("2", "AppEvents | wher Name == 'x'"),
        member("3", "range x from 1 to 9 step 1"),
        statistics,
        elsewhere,
        other_path,
        got,
    ];
    let answers = batch(&server, &requests);
    let ids: Vec<&str> = answers.iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7"]);
    let statuses: Vec<u64> = answers.iter().map(|a| a["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 400, 200, 200, 404, 404, 200]);
    assert_eq!(answers[0]["headers"]["Content-Type"], "application/json; charset=utf-8");
    assert_eq!(answers[0]["body"]["tables"][0]["rows"], json!([[2]]));
    assert_eq!(answers[1]["body"]["error"]["code"], "BadArgumentError");
    assert_eq!(answers[1]["body"]["error"]["innererror"]["code"], "SyntaxError");
    assert_eq!(answers[2]["body"]["error"]["code"], "PartialError");
    assert_eq!(answers[2]["body"]["tables"][0]["rows"].as_array().unwrap().len(), 3);
    assert!(answers[3]["body"]["statistics"]["query"]["executionTime"].is_number());
    assert!(answers[3]["body"]["render"].is_object());
    assert_eq!(answers[4]["body"]["error"]["message"], "there is no application `nobody`");
    let message = "a batch has no path `/fakePath`: use `/query` or `/metadata`";
    assert_eq!(answers[5]["body"]["error"]["message"], message);
    assert_eq!(answers[6]["body"]["tables"][0]["rows"], json!([[2]]));
}

#[test]
fn both_addresses_serve_and_the_key_is_the_batchs() {
    let (server, _dir) = start(&["--admin-key", "s3cret", "--queries-max", "1"]);
    let requests: Vec<Value> = (0..9).map(|i| member(&i.to_string(), "print 1")).collect();
    let body = json!({ "requests": requests }).to_string();
    for path in ["/v1/$batch", "/$batch"] {
        assert_eq!(server.post(path, &[], body.as_bytes()).status, 401);
        let answer = server.post(path, &[("x-api-key", "s3cret")], body.as_bytes()).json();
        let answers = answer["responses"].as_array().unwrap();
        assert_eq!(answers.len(), 9);
        assert!(answers.iter().all(|a| a["status"] == 200), "{answer}");
    }
}

#[test]
fn a_batch_that_cannot_be_answered_is_told_why() {
    let (server, _dir) = start(&[]);
    let many: Vec<Value> = (0..101).map(|i| member(&i.to_string(), "print 1")).collect();
    let same = [member("a", "print 1"), member("a", "print 2")];
    for (body, message) in [
        (json!({}), "`requests` must be an array, the queries of the batch"),
        (json!({ "requests": [1] }), "`requests[0]` must be a JSON object"),
        (json!({ "requests": [{}] }), "`requests[0]` must have an `id`, a text"),
        (
            json!({ "requests": same }),
            "`requests[1]` has the id `a` of another member: give each its own",
        ),
        (
            json!({ "requests": many }),
            "`requests` has 101 members, but a batch may have 100: send several",
        ),
    ] {
        let answer = server.post("/v1/$batch", &[], body.to_string().as_bytes());
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["message"], message);
    }
    let mut nowhere = member("1", "print 1");
    nowhere["workspace"] = json!("");
    let answers = batch(&server, &[nowhere]);
    let message = "the member has no `workspace`, the application to ask";
    assert_eq!(answers[0]["body"]["error"]["message"], message);
    let answer = send(server.port, "GET", "/v1/$batch", &[], b"");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")));
    assert_eq!(answer.json()["error"]["message"], "only POST is allowed");
}

#[test]
fn the_answers_of_a_batch_are_limited_together() {
    let (server, _dir) = start(&["--query-bytes-max", "4KiB"]);
    let query =
        "range x from 1 to 40 step 1 | project s = strcat('0123456789012345678901234567', x)";
    let requests: Vec<Value> = (0..4).map(|i| member(&i.to_string(), query)).collect();
    let answers = batch(&server, &requests);
    let refused: Vec<&Value> = answers.iter().filter(|a| a["status"] == 413).collect();
    let served = answers.iter().filter(|a| a["status"] == 200).count();
    assert!(served >= 1 && served + refused.len() == 4 && !refused.is_empty(), "{answers:?}");
    let message = "the answers of a batch may have 4096 bytes together, and this one does not \
        fit any more: send it by itself";
    assert_eq!(refused[0]["body"]["error"]["message"], message);
}
