//! Telemetry of every kind, as a client sends it.

use serde_json::{Value, json};

use crate::server::{KEY, Server};

/// An item of `kind` (`Request`, `Event`, …) from `minutes` ago.
pub fn item(kind: &str, minutes: i64, data: Value) -> Value {
    let time = chrono::Utc::now() - chrono::TimeDelta::minutes(minutes);
    let mut data = data;
    data["ver"] = json!(2);
    json!({
        "iKey": KEY,
        "time": time.to_rfc3339_opts(chrono::SecondsFormat::Nanos, true),
        "name": format!("Microsoft.ApplicationInsights.{kind}"),
        "tags": {
            "ai.operation.id": "op1",
            "ai.operation.name": "GET /",
            "ai.user.id": "u1",
            "ai.session.id": "s1",
            "ai.cloud.role": "web",
        },
        "data": { "baseType": format!("{kind}Data"), "baseData": data },
    })
}

/// A request.
pub fn request(name: &str, code: u16, duration: &str, minutes: i64) -> Value {
    let data = json!({
        "id": name,
        "name": name,
        "duration": duration,
        "success": code < 400,
        "responseCode": code.to_string(),
        "url": format!("http://host.example/path/{name}?q=1"),
    });
    item("Request", minutes, data)
}

/// Sends items that must all be stored.
pub fn track(server: &Server, items: &[Value]) {
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    let answer = server.track(lines.join("\n").as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// One item of every kind but requests.
pub fn one_of_each() -> Vec<Value> {
    vec![
        item(
            "RemoteDependency",
            5,
            json!({
                "id": "d", "name": "select", "duration": "00:00:00.010", "success": false,
                "target": "db", "type": "SQL", "data": "select 1", "resultCode": "7",
            }),
        ),
        item(
            "Exception",
            5,
            json!({ "severityLevel": 3, "exceptions": [{
                "typeName": "Boom", "message": "it broke", "hasFullStack": true,
                "parsedStack": [{ "level": 0, "method": "m", "assembly": "a", "line": 3 }],
            }] }),
        ),
        item("Message", 5, json!({ "message": "hello brave world", "severityLevel": "Warning" })),
        item(
            "Event",
            5,
            json!({ "name": "clicked", "properties": { "p": "q" }, "measurements": { "n": 1.5 } }),
        ),
        item("PageView", 5, json!({ "id": "p", "name": "home", "duration": "00:00:00.500" })),
        item(
            "Availability",
            5,
            json!({
                "id": "a", "name": "ping", "duration": "00:00:00.200", "success": true,
                "runLocation": "here",
            }),
        ),
        item(
            "Metric",
            5,
            json!({ "metrics": [
                { "name": "queue/length", "value": 10, "count": 4, "min": 1, "max": 5 },
            ] }),
        ),
        item(
            "Metric",
            5,
            json!({ "metrics": [{ "name": "\\Memory\\Available Bytes", "value": 9 }] }),
        ),
        item(
            "PageViewPerf",
            5,
            json!({
                "name": "home", "url": "http://host.example/shop?q", "duration": "00:00:01",
                "perfTotal": "00:00:01", "networkConnect": "00:00:00.100",
            }),
        ),
    ]
}

/// `text` as part of a URL.
pub fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A path with parameters.
pub fn with(path: &str, parameters: &[(&str, &str)]) -> String {
    let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}
