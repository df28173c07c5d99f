//! The metrics API: every kind of metric, intervals, segments, several at once.

use serde_json::{Value, json};

use crate::server::{KEY, Server, start};
use crate::telemetry::{encode, item, one_of_each, request, track, with};

const METRICS: &str = "/v1/apps/default/metrics";

fn get(server: &Server, metric: &str, parameters: &[(&str, &str)]) -> Value {
    let answer = server.get(&with(&format!("{METRICS}/{metric}"), parameters));
    assert_eq!(answer.status, 200, "{metric}: {}", answer.text());
    answer.json()["value"].clone()
}

fn refused(server: &Server, metric: &str, parameters: &[(&str, &str)]) -> String {
    let answer = server.get(&with(&format!("{METRICS}/{metric}"), parameters));
    assert_eq!(answer.status, 400, "{metric}: {}", answer.text());
    answer.json()["error"]["message"].as_str().unwrap().to_owned()
}

/// Four requests of which one stands for two; two failed.
fn requests() -> Vec<Value> {
    let mut items = vec![
        request("a", 200, "00:00:00.100", 5),
        request("a", 500, "00:00:01.300", 5),
        request("b", 200, "00:00:00.200", 5),
        request("c", 404, "00:00:00.400", 5),
    ];
    items[1]["sampleRate"] = json!(50);
    items[3]["tags"]["ai.user.id"] = json!("u2");
    items[2]["data"]["baseData"]["properties"] = json!({ "plan": "free, \"old\"" });
    items
}

#[test]
fn metrics_count_what_rows_stand_for() {
    let (server, _dir) = start(&[]);
    track(&server, &requests());
    track(&server, &one_of_each());
    for (metric, aggregations, values) in [
        ("requests/count", "", json!({ "sum": 5 })),
        ("requests%2Fcount", "", json!({ "sum": 5 })),
        ("requests/failed", "sum", json!({ "sum": 3 })),
        (
            "requests/duration",
            "avg,min,max,sum,count,unique",
            json!({
                "avg": 660.0, "min": 100.0, "max": 1300.0, "sum": 3300.0, "count": 5, "unique": 4,
            }),
        ),
        ("requests/duration", "", json!({ "avg": 660.0 })),
        ("dependencies/count", "", json!({ "sum": 1 })),
        ("dependencies/failed", "", json!({ "sum": 1 })),
        ("dependencies/duration", "avg", json!({ "avg": 10.0 })),
        ("exceptions/count", "", json!({ "sum": 1 })),
        ("exceptions/server", "", json!({ "sum": 1 })),
        ("exceptions/browser", "", json!({ "sum": 0 })),
        ("pageViews/count", "", json!({ "sum": 1 })),
        ("pageViews/duration", "max", json!({ "max": 500.0 })),
        ("customEvents/count", "", json!({ "sum": 1 })),
        ("customEvents/custom/n", "avg,count", json!({ "avg": 1.5, "count": 1 })),
        ("traces/count", "", json!({ "sum": 1 })),
        ("browserTimings/networkDuration", "", json!({ "avg": 100.0 })),
        ("client/totalDuration", "", json!({ "avg": 1000.0 })),
        ("availabilityResults/count", "", json!({ "sum": 1 })),
        ("availabilityResults/duration", "", json!({ "avg": 200.0 })),
        (
            "availabilityResults/availabilityPercentage",
            "avg,count",
            json!({ "avg": 100.0, "count": 1 }),
        ),
        ("users/count", "", json!({ "unique": 2 })),
        ("users/authenticated", "", json!({ "unique": 0 })),
        ("sessions/count", "", json!({ "unique": 1 })),
        ("performanceCounters/memoryAvailableBytes", "", json!({ "avg": 9.0 })),
        ("performanceCounters/Available Bytes", "count", json!({ "count": 1 })),
        ("performanceCounters/\\Memory(x)\\Available Bytes", "count", json!({ "count": 1 })),
        ("performanceCounters/\\Disk\\Available Bytes", "count", json!({ "count": 0 })),
        ("performanceCounters/processCpuPercentage", "", json!({ "avg": null })),
        (
            "customMetrics/queue/length",
            "avg,min,max,sum,count,unique",
            json!({ "avg": 2.5, "min": 1.0, "max": 5.0, "sum": 10.0, "count": 4, "unique": 1 }),
        ),
        ("customMetrics/none", "avg,count", json!({ "avg": null, "count": 0 })),
    ] {
        let parameters = [("aggregation", aggregations)];
        let parameters = if aggregations.is_empty() { &[][..] } else { &parameters };
        let address = metric.replace(' ', "%20").replace('\\', "%5C");
        let answer = get(&server, &address, parameters);
        let id = metric.replace("%2F", "/");
        assert_eq!(answer[&id], values, "{metric}");
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    }
}

#[test]
fn intervals_start_at_full_units_and_end_with_the_time() {
    let (server, _dir) = start(&["--ingest-time-window", "off"]);
    let mut items = requests();
    for (item, time) in items.iter_mut().zip(["10:59:59", "11:00:00", "11:30:00", "13:10:00"]) {
        item["time"] = json!(format!("2024-03-05T{time}Z"));
    }
    track(&server, &items);
    let timespan = ("timespan", "2024-03-05T10:30:00Z/2024-03-05T13:15:00Z");
    let answer = get(&server, "requests/count", &[timespan, ("interval", "PT1H")]);
    let part = |start: &str, end: &str, sum: u64| {
        json!({
            "start": format!("2024-03-05T{start}:00Z"),
            "end": format!("2024-03-05T{end}:00Z"),
            "requests/count": { "sum": sum },
        })
    };
    assert_eq!(
        answer,
        json!({
            "start": "2024-03-05T10:30:00Z",
            "end": "2024-03-05T13:15:00Z",
            "interval": "PT1H",
            "segments": [
                part("10:30", "11:00", 1),
                part("11:00", "12:00", 3),
                part("12:00", "13:00", 0),
                part("13:00", "13:15", 1),
            ],
        })
    );
    let week = [("timespan", "2024-03-01/2024-03-12"), ("interval", "P7D")];
    let answer = get(&server, "requests/count", &week);
    let starts: Vec<&Value> =
        answer["segments"].as_array().unwrap().iter().map(|s| &s["start"]).collect();
    // Weeks start on Mondays.
    assert_eq!(starts, ["2024-03-01T00:00:00Z", "2024-03-04T00:00:00Z", "2024-03-11T00:00:00Z"]);
    assert_eq!(answer["segments"][1]["requests/count"]["sum"], 5);
    let both = [timespan, ("interval", "PT1H"), ("segment", "request/name")];
    let answer = get(&server, "requests/count", &both);
    assert_eq!(
        answer["segments"][1]["segments"],
        json!([
            { "requests/count": { "sum": 2 }, "request/name": "a" },
            { "requests/count": { "sum": 1 }, "request/name": "b" },
        ])
    );
    assert_eq!(answer["segments"][2]["segments"], json!([]));
}

#[test]
fn segments_are_nested_sorted_and_cut() {
    let (server, _dir) = start(&[]);
    track(&server, &requests());
    let names = |parameters: &[(&str, &str)]| -> Vec<Value> {
        let mut all = vec![("segment", "request/name")];
        all.extend(parameters);
        let answer = get(&server, "requests/duration", &all);
        let segments = answer["segments"].as_array().unwrap().iter();
        segments.map(|segment| segment["request/name"].clone()).collect()
    };
    assert_eq!(names(&[]), ["a", "c", "b"]);
    assert_eq!(names(&[("orderby", "avg asc")]), ["b", "c", "a"]);
    assert_eq!(names(&[("top", "2")]), ["a", "c"]);
    assert_eq!(names(&[("top", "1"), ("orderby", "avg asc")]), ["b"]);
    let order = [("aggregation", "count,max"), ("orderby", "max desc"), ("top", "2")];
    assert_eq!(names(&order), ["a", "c"]);
    let nested = get(&server, "requests/count", &[("segment", "request/success,request/name")]);
    assert_eq!(
        nested["segments"],
        json!([
            { "segments": [
                { "requests/count": { "sum": 2 }, "request/name": "a" },
                { "requests/count": { "sum": 1 }, "request/name": "c" },
            ], "request/success": "False" },
            { "segments": [
                { "requests/count": { "sum": 1 }, "request/name": "a" },
                { "requests/count": { "sum": 1 }, "request/name": "b" },
            ], "request/success": "True" },
        ])
    );
    let plans = get(&server, "requests/count", &[("segment", "customDimensions/plan")]);
    let values: Vec<&Value> = plans["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| &segment["customDimensions/plan"])
        .collect();
    assert_eq!(values, ["", "free, \"old\""]);
    let users = get(&server, "users/count", &[("segment", "type")]);
    assert_eq!(users["segments"], json!([{ "users/count": { "unique": 2 }, "type": "request" }]));
}

#[test]
fn filters_narrow_what_is_counted() {
    let (server, _dir) = start(&[]);
    track(&server, &requests());
    for (filter, sum) in [
        ("request/name eq 'a'", 3),
        ("request/name eq 'a' and request/success eq 'True'", 1),
        ("startswith(request/resultCode, '4')", 1),
        ("customDimensions/plan eq 'free, \"old\"'", 1),
        ("user/id ne 'u1'", 1),
    ] {
        let answer = get(&server, "requests/count", &[("filter", filter)]);
        assert_eq!(answer["requests/count"]["sum"], sum, "{filter}");
    }
    let text = refused(&server, "requests/count", &[("filter", "trace/message eq 'x'")]);
    assert!(text.starts_with("`filter` is wrong at character 1: `requests` has no"), "{text}");
}

#[test]
fn names_of_a_caller_stay_names() {
    let (server, _dir) = start(&[]);
    let names = ["a\"b", "a\\b", "it's", "[x]", "x\" or true or name == \"", "a%2Fb", "über"];
    let items: Vec<Value> = names
        .iter()
        .map(|name| {
            let point = json!({ "name": name, "value": 1 });
            let mut metric = item("Metric", 5, json!({ "metrics": [point] }));
            let mut properties = serde_json::Map::new();
            properties.insert((*name).to_owned(), json!("v"));
            metric["data"]["baseData"]["properties"] = Value::Object(properties);
            metric
        })
        .collect();
    track(&server, &items);
    for name in names {
        let segment = format!("customDimensions/{name}");
        let parameters = [("aggregation", "count"), ("segment", segment.as_str())];
        let answer = get(&server, &format!("customMetrics/{}", encode(name)), &parameters);
        let mut want = json!({ segment.as_str(): "v" });
        want[format!("customMetrics/{name}")] = json!({ "count": 1 });
        assert_eq!(answer["segments"], json!([want]), "{name}");
    }
}

#[test]
fn what_there_is_not_is_refused_with_what_there_is() {
    let (server, _dir) = start(&[]);
    for (metric, parameter, message) in [
        ("nope", ("top", ""), "there is no metric `nope`: use one of `requests/count`, `requests/"),
        ("customMetrics/", ("top", ""), "there is no metric `customMetrics`: use one of"),
        ("traces/custom/", ("top", ""), "there is no metric `traces/custom`: use one of"),
        (
            "requests/count",
            ("aggregation", "avg"),
            "`requests/count` has no aggregation `avg`: use one of `sum`",
        ),
        (
            "requests/count",
            ("segment", "trace/message"),
            "`segment` is wrong: `requests` has no property `trace/message`: use one of `id`",
        ),
        (
            "requests/count",
            ("segment", "client/city,client/city"),
            "`segment` names `client/city` twice",
        ),
        (
            "requests/count",
            ("segment", "a,b,c,d,e,f"),
            "`segment` names 6 dimensions, but a metric may be split by 5",
        ),
        ("requests/count", ("top", "3"), "`top` needs a `segment`"),
        ("requests/count", ("orderby", "sum desc"), "`orderby` needs a `segment`"),
        (
            "requests/count",
            ("interval", "1h"),
            "`interval` is `1h`, but must be an ISO 8601 duration such as `PT1H`",
        ),
        (
            "requests/count",
            ("interval", "PT1S"),
            "`timespan` holds 43201 times the `interval` of `PT1S`, but an answer may have 10000 \
             intervals: choose a longer one",
        ),
        (
            "requests/count",
            ("timespan", "long"),
            "`timespan` is `long`, but must be an ISO 8601 duration or interval",
        ),
    ] {
        let text = refused(&server, metric, &[parameter]);
        assert!(text.starts_with(message), "{text}");
    }
    let segment = ("segment", "request/name");
    for (parameter, message) in [
        (("top", "0"), "`top` is `0`, but must be 1 to 1000"),
        (
            ("orderby", "avg desc"),
            "`orderby` is `avg desc`, but must be one of `sum`, then `asc` or `desc`",
        ),
    ] {
        assert_eq!(refused(&server, "requests/count", &[segment, parameter]), message);
    }
}

#[test]
fn too_many_segments_are_not_cut_in_silence() {
    let (server, _dir) = start(&[]);
    let items: Vec<Value> =
        (0..1001).map(|i| request(&i.to_string(), 200, "00:00:00.001", 5)).collect();
    track(&server, &items);
    let text = refused(&server, "requests/count", &[("segment", "request/name")]);
    let message = "the metric has more values than an answer holds: ask for fewer segments with \
        `top`, at most 1000, or for a longer `interval`";
    assert_eq!(text, message);
    let top = [("segment", "request/name"), ("top", "1000")];
    let answer = get(&server, "requests/count", &top);
    assert_eq!(answer["segments"].as_array().unwrap().len(), 1000);
}

#[test]
fn several_metrics_come_in_one_answer() {
    let (server, _dir) = start(&["--queries-max", "2"]);
    track(&server, &requests());
    let post = |body: &Value| server.post(METRICS, &[], body.to_string().as_bytes());
    let answer = post(&json!([
        { "id": "count", "parameters": { "metricId": "requests/count", "timespan": "P2D" } },
        { "id": "wrong", "parameters": { "metricId": "requests/none" } },
        { "id": "split", "parameters": {
            "metricId": "requests/duration", "aggregation": ["avg", "count"],
            "segment": ["request/name"], "top": 1, "orderby": "count desc", "filter": null,
        } },
        { "id": "text", "parameters": { "metricId": "requests/failed", "aggregation": "sum" } },
        { "id": "type", "parameters": { "metricId": "requests/failed", "top": [1] } },
    ]));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let ids: Vec<&Value> = answer.as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["count", "wrong", "split", "text", "type"]);
    let statuses: Vec<&Value> =
        answer.as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, [200, 400, 200, 200, 400]);
    assert_eq!(answer[0]["body"]["value"]["requests/count"], json!({ "sum": 5 }));
    let message = answer[1]["body"]["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("there is no metric `requests/none`"), "{message}");
    assert_eq!(
        answer[2]["body"]["value"]["segments"],
        json!([{ "requests/duration": { "avg": 900.0, "count": 3 }, "request/name": "a" }])
    );
    assert_eq!(answer[3]["body"]["value"]["requests/failed"]["sum"], 3);
    assert_eq!(
        answer[4]["body"]["error"]["message"],
        "the parameter `top` must be a text or a list of texts"
    );
    let one = json!({ "id": "a", "parameters": { "metricId": "requests/count" } });
    for (body, message) in [
        (json!({}), "the body must be a JSON array of metrics"),
        (json!([{}]), "the metric at index 0 must have an `id`, a text"),
        (json!([{ "id": "x" }]), "the metric at index 0 must have `parameters`, a JSON object"),
        (json!([one, one]), "the metric at index 1 has the `id` of another one: give each its own"),
        (json!(vec![&one; 101]), "the body has 101 metrics, but a call may have 100: send several"),
    ] {
        let answer = post(&body);
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (400, &json!(message)));
    }
    let answer = server.get(METRICS);
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST, OPTIONS")));
}

#[test]
fn the_metrics_there_are_are_listed() {
    let (server, _dir) = start(&["--admin-key", "s3cret"]);
    track(&server, &one_of_each());
    let path = format!("{METRICS}/metadata");
    assert_eq!(server.get(&path).status, 401);
    let headers = [("x-api-key", "s3cret")];
    let answer = crate::client::send(server.port, "GET", &path, &headers, b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let count = &answer["metrics"]["requests/count"];
    assert_eq!(count["supportedAggregations"], json!(["sum"]));
    assert_eq!(count["defaultAggregation"], "sum");
    assert_eq!(count["displayName"], "Server requests");
    let by = count["supportedGroupBy"]["all"].as_array().unwrap();
    for path in ["request/name", "request/urlHost", "client/city", "operation/synthetic"] {
        assert!(by.contains(&json!(path)), "{path}");
        assert!(answer["dimensions"][path]["displayName"].is_string(), "{path}");
    }
    assert!(!by.contains(&json!("request/duration")) && !by.contains(&json!("request/id")));
    assert_eq!(answer["metrics"]["requests/duration"]["units"], "ms");
    assert_eq!(answer["metrics"]["customMetrics/queue/length"]["defaultAggregation"], "avg");
    assert!(answer["metrics"].get("performanceCounters/Available Bytes").is_some());
    assert!(!answer.to_string().contains(KEY));
    // Each can be asked for.
    for id in answer["metrics"].as_object().unwrap().keys() {
        let path = format!("{METRICS}/{}", encode(id));
        let answer = crate::client::send(server.port, "GET", &path, &headers, b"");
        assert_eq!(answer.status, 200, "{id}: {}", answer.text());
    }
}
