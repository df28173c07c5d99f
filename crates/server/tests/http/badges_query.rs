//! Badges of queries, and the command line of badges.

use serde_json::json;

use crate::badges_serving::{badge, put, server};
use crate::client::send;
use crate::hooks::{ADMIN, JSON, admin_get, deployment, drained, taken};
use crate::server::{output, run, wait_until};

#[test]
fn a_saved_query_is_shown_refreshed_and_greyed_when_it_fails() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = server(dir.path(), "visibility = \"public\"");
    let api = "/api/badges/q/pass-rate";
    let wish = |kql: &str| {
        json!({ "kql": kql, "every": "10s", "label": "pass rate", "color": "red",
            "thresholds": [{ "from": 90, "color": "green" }, { "from": 50, "color": "yellow" }] })
    };
    let made = put(&server, api, &wish("print message = '91.5 %'"));
    assert_eq!(made.status, 200, "{}", made.text());
    let text = || server.get("/badges/q/pass-rate.svg").text();
    wait_until("the value is there", || text().contains("pass rate: 91.5 %"));
    assert_eq!(server.get("/badges/q/pass-rate.json").json()["color"], "green");

    // Replaced: asked again at once; columns decide over thresholds.
    for (kql, message, color) in [
        ("print value = 60.0", "60.0", "yellow"),
        ("print message = 'bad', value = 12", "bad", "red"),
        ("print message = 'own', color = 'blueviolet', label = 'pass rate'", "own", "blueviolet"),
    ] {
        assert_eq!(put(&server, api, &wish(kql)).status, 200);
        let json = || server.get("/badges/q/pass-rate.json").json();
        wait_until(message, || json()["message"] == message);
        assert_eq!(json()["color"], color, "{kql}");
    }
    // A failure keeps the value and stands in the list.
    assert_eq!(put(&server, api, &wish("nonsense | take 1")).status, 200);
    let error = || admin_get(&server, api).json()["error"].as_str().unwrap().to_owned();
    wait_until("the failure is told", || error().contains("nonsense"));
    assert!(text().contains("pass rate: own"), "{}", text());
    assert_eq!(badge(&server, "query")["failures"], 1);

    for (body, message) in [
        (json!({}), "`kql` is needed"),
        (json!({ "kql": "print 1", "every": "1s" }), "`every` must be a time from `10s` to `24h`"),
        (json!({ "kql": "print 1", "shows": "all" }), "`shows` is no field of a query badge"),
        (json!({ "kql": "print 1", "application": "no" }), "there is no application `no`"),
    ] {
        let refused = put(&server, api, &body);
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["error"]["message"], message);
    }
    assert_eq!(put(&server, "/api/badges/q/No%20name", &wish("print 1")).status, 400);
    let gone = send(server.port, "DELETE", api, &[("x-api-key", ADMIN)], b"");
    assert_eq!(gone.status, 200);
    assert_eq!(server.get("/badges/q/pass-rate.svg").status, 404);
    assert_eq!(admin_get(&server, api).status, 404);
}

#[test]
fn a_query_of_a_badge_sees_its_application_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (server, _) = server(dir.path(), "visibility = \"public\"");
    let headers = [JSON, ("x-api-key", ADMIN)];
    assert_eq!(server.post("/api/apps", &headers, br#"{"name":"other"}"#).status, 201);
    for (name, kql) in [("app", "app('other').requests | count"), ("audit", "Audit | count")] {
        let body = json!({ "kql": kql });
        assert_eq!(put(&server, &format!("/api/badges/q/{name}"), &body).status, 200);
        let error = || admin_get(&server, &format!("/api/badges/q/{name}")).json()["error"].clone();
        wait_until("it is refused", || error() != "");
        let shown = server.get(&format!("/badges/q/{name}.svg")).text();
        assert!(shown.contains("no data"), "{name}: {shown}");
    }
}

#[test]
fn the_command_line_lists_and_changes_badges() {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "");
    taken(&server, &key, &deployment(1, 42, 10, "succeeded"));
    drained(&server);
    let place = ["--url", &server.url, "--key", ADMIN];
    let call = |args: &[&str]| output(&[&["badge"], args, &place].concat());
    let list = call(&["list"]);
    assert!(list.contains("Release-42") && list.contains("/badges/t/"), "{list}");
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let set = call(&["set", &id, "--alias", "web", "--visibility", "public", "--style", "plastic"]);
    assert!(set.contains("/badges/web.svg"), "{set}");
    assert_eq!(server.get("/badges/web.svg").status, 200);
    // What is not named stays as it is.
    call(&["set", &id, "--cache-seconds", "5", "--unset", "style"]);
    let choice = badge(&server, "release")["choice"].clone();
    assert_eq!(choice, json!({ "alias": "web", "visibility": "public", "cacheSeconds": 5 }));
    call(&["token", &id]);
    let made = call(&[
        "query",
        "set",
        "up",
        "--kql",
        "print value = 3",
        "--threshold",
        "1=green",
        "--threshold",
        "-5=red",
        "--visibility",
        "public",
        "--label",
        "up",
    ]);
    assert!(made.contains("/badges/q/up.svg"), "{made}");
    wait_until("it is answered", || server.get("/badges/q/up.json").json()["color"] == "green");
    call(&["query", "delete", "up"]);
    call(&["delete", &id]);
    assert_eq!(server.get("/badges/web.svg").status, 404);
    let refused = run(&[&["badge", "delete", &id][..], &place].concat());
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(error, format!("error: there is no badge `{id}` (HTTP 404)\n"));
    let actions = crate::hooks::rows(
        &server,
        "Audit | where action startswith 'badges.' \
        | distinct action | order by action asc",
    );
    let actions: Vec<&str> = actions.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["badges.delete", "badges.query.delete", "badges.query.set", "badges.set", "badges.token"]
    );
}
