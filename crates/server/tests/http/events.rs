//! The events API: shapes of every kind, and OData.

use serde_json::{Value, json};

use crate::server::{Server, start};
use crate::telemetry::{item, one_of_each, request, track, with};

const EVENTS: &str = "/v1/apps/default/events";

fn get(server: &Server, events: &str, parameters: &[(&str, &str)]) -> Value {
    let answer = server.get(&with(&format!("{EVENTS}/{events}"), parameters));
    assert_eq!(answer.status, 200, "{parameters:?}: {}", answer.text());
    answer.json()
}

/// The text of a refusal with status 400.
fn refused(server: &Server, events: &str, parameters: &[(&str, &str)]) -> String {
    let answer = server.get(&with(&format!("{EVENTS}/{events}"), parameters));
    assert_eq!(answer.status, 400, "{parameters:?}: {}", answer.text());
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "BadArgumentError");
    error["message"].as_str().unwrap().to_owned()
}

/// Values of one member over all events.
fn values(answer: &Value, pointer: &str) -> Vec<Value> {
    let events = answer["value"].as_array().unwrap().iter();
    events.map(|event| event.pointer(pointer).cloned().unwrap_or_default()).collect()
}

fn requests() -> Vec<Value> {
    let mut first = request("a", 200, "00:00:00.100", 5);
    first["data"]["baseData"]["properties"] =
        json!({ "quoted": "it's \"x\" \\ [y]\nz", "Page Title": "Start", "size": "12" });
    first["data"]["baseData"]["measurements"] = json!({ "bytes": 2048 });
    first["tags"]["ai.user.authUserId"] = json!("me@example");
    vec![first, request("b", 500, "00:00:01.300", 10), request("Bc", 404, "00:00:20", 15)]
}

#[test]
fn every_kind_has_its_own_member() {
    let (server, _dir) = start(&[]);
    track(&server, &requests()[..1]);
    track(&server, &one_of_each());
    let answer = get(&server, "requests", &[]);
    let id = server.ready["appId"].as_str().unwrap();
    let url = &server.url;
    let context = format!("{url}/v1/apps/{id}/events/$metadata#requests");
    assert_eq!(answer["@odata.context"], context.as_str());
    let event = &answer["value"][0];
    assert!(event["id"].is_string() && event["timestamp"].is_string());
    assert_eq!((&event["type"], &event["count"]), (&json!("request"), &json!(1)));
    assert_eq!(event["customDimensions"]["Page Title"], "Start");
    assert_eq!(event["customMeasurements"]["bytes"], 2048);
    assert_eq!(event["operation"]["name"], "GET /");
    assert_eq!(event["session"], json!({ "id": "s1" }));
    let user = json!({ "id": "u1", "accountId": "", "authenticatedId": "me@example" });
    assert_eq!(event["user"], user);
    assert_eq!(event["cloud"]["roleName"], "web");
    assert_eq!(event["ai"]["appName"], "default");
    assert_eq!(event["client"]["type"], "PC");
    assert_eq!(event["application"], json!({ "version": "" }));
    assert_eq!(
        event["request"],
        json!({
            "id": "a", "source": "", "name": "a", "url": "http://host.example/path/a?q=1",
            "success": "True", "resultCode": "200", "duration": 100.0,
            "performanceBucket": "<250ms",
        })
    );
    for (events, pointer, value) in [
        ("dependencies", "/dependency/target", json!("db")),
        ("exceptions", "/exception/details/0/parsedStack/0/line", json!(3)),
        ("traces", "/trace/severityLevel", json!(2)),
        ("customEvents", "/customEvent/name", json!("clicked")),
        ("pageViews", "/pageView/duration", json!(500.0)),
        ("availabilityResults", "/availabilityResult/location", json!("here")),
        ("browserTimings", "/browserTiming/urlPath", json!("/shop")),
        ("customMetrics", "/customMetric/valueCount", json!(4)),
        ("performanceCounters", "/performanceCounter/instanceName", json!("")),
        ("performanceCounters", "/customMeasurements", json!(null)),
    ] {
        assert_eq!(values(&get(&server, events, &[]), pointer), [value], "{events}");
    }
    let all = get(&server, "$all", &[("$count", "true")]);
    assert_eq!(all["@odata.count"], 10);
    for (own, value) in
        [("request", "a"), ("customEvent", "clicked"), ("customMetric", "queue/length")]
    {
        let names = values(&all, &format!("/{own}/name"));
        assert_eq!(names.iter().filter(|name| **name == json!(value)).count(), 1, "{own}");
    }
}

#[test]
fn filters_mean_what_odata_says() {
    let (server, _dir) = start(&[]);
    track(&server, &requests());
    for (filter, names) in [
        ("request/name eq 'a'", &["a"][..]),
        ("request/name ne 'a'", &["b", "Bc"]),
        ("'a' eq request/name", &["a"]),
        ("request/name gt 'a' and request/name lt 'c'", &["b"]),
        ("request/name in ('a', 'Bc')", &["a", "Bc"]),
        ("request/success eq true", &["a"]),
        ("request/success eq 'False'", &["b", "Bc"]),
        ("not (request/success eq true)", &["b", "Bc"]),
        ("not contains(request/name, 'B') and request/duration gt 200", &["b"]),
        ("request/duration gt 100", &["b", "Bc"]),
        ("request/duration ge 100 and request/duration le 1300.0", &["a", "b"]),
        ("request/duration div 100 eq 13 or request/duration mul 2 eq 200", &["a", "b"]),
        ("request/duration add 1 gt 20000", &["Bc"]),
        ("request/resultCode ge 404 and request/resultCode lt 500", &["Bc"]),
        ("contains(request/name, 'B')", &["Bc"]),
        ("startswith(tolower(request/name), 'b')", &["b", "Bc"]),
        ("endswith(request/name, 'c')", &["Bc"]),
        ("length(request/name) eq 2", &["Bc"]),
        ("substring(request/name, 1) eq 'c'", &["Bc"]),
        ("substring(request/name, 0, 1) eq 'b'", &["b"]),
        ("indexof(request/name, 'c') eq 1", &["Bc"]),
        ("concat(request/name, toupper('x')) eq 'aX'", &["a"]),
        ("trim('  a ') eq request/name", &["a"]),
        ("floor(request/duration div 1000) eq 1", &["b"]),
        ("customDimensions/size gt 11", &["a"]),
        ("customDimensions/size eq '12'", &["a"]),
        ("customDimensions/missing eq null", &["a", "b", "Bc"]),
        ("customDimensions/size ne null", &["a"]),
        ("customDimensions/'Page Title' eq 'Start'", &["a"]),
        ("contains(customDimensions, 'Start')", &["a"]),
        ("customMeasurements/bytes eq 2048", &["a"]),
        ("customMeasurements/bytes ne null", &["a"]),
        ("user/authenticated eq 'True'", &["a"]),
        ("operation/synthetic eq 'False'", &["a", "b", "Bc"]),
        ("request/urlHost eq 'host.example' and request/urlPath eq '/path/b'", &["b"]),
        ("timestamp gt now() sub duration'PT7M'", &["a"]),
        (
            "timestamp lt now() sub duration'PT7M' and timestamp gt now() sub duration'PT12M'",
            &["b"],
        ),
        ("now() sub timestamp gt duration'PT12M'", &["Bc"]),
        ("timestamp ge 2020-01-01T00:00:00Z and timestamp lt 2020-01-02", &[]),
        ("year(timestamp) gt 2020 and type eq 'request' and count eq 1", &["a", "b", "Bc"]),
        ("null eq null or false", &["a", "b", "Bc"]),
    ] {
        let answer = get(&server, "requests", &[("$filter", filter)]);
        assert_eq!(values(&answer, "/request/name"), names, "{filter}");
    }
    let all =
        get(&server, "$all", &[("$filter", "request/duration gt 100 or request/name eq 'a'")]);
    assert_eq!(values(&all, "/request/name"), ["a", "b", "Bc"]);
}

#[test]
fn texts_of_a_caller_stay_texts() {
    let (server, _dir) = start(&[]);
    let names = [
        "it's",
        "a\"b",
        "a\\b",
        "a\nb",
        "[x]",
        "') | take 0",
        "\") or true or (\"",
        "\u{2028}",
        "%",
    ];
    let items: Vec<Value> = names
        .iter()
        .map(|name| {
            let mut properties = serde_json::Map::new();
            properties.insert((*name).to_owned(), json!("v"));
            item("Event", 5, json!({ "name": name, "properties": properties }))
        })
        .collect();
    track(&server, &items);
    for name in names {
        let quoted = format!("'{}'", name.replace('\'', "''"));
        for filter in
            [format!("customEvent/name eq {quoted}"), format!("customDimensions/{quoted} eq 'v'")]
        {
            let answer = get(&server, "customEvents", &[("$filter", &filter)]);
            assert_eq!(values(&answer, "/customEvent/name"), [name], "{filter}");
        }
    }
    let answer = get(&server, "customEvents", &[("$search", "\"') | take 0\"")]);
    assert_eq!(values(&answer, "/customEvent/name"), ["') | take 0"]);
}

#[test]
fn a_wrong_filter_is_told_where_it_is_wrong() {
    let (server, _dir) = start(&[]);
    let deep = format!("{}true{}", "(".repeat(40), ")".repeat(40));
    let long = format!("request/name eq '{}'", "x".repeat(20_000));
    for (filter, at, message) in [
        (
            "request/nme eq 'a'",
            1,
            "`requests` has no property `request/nme`: use one of `request/id`",
        ),
        ("nothing eq 1", 1, "`requests` has no property `nothing`: use one of `id`, `type`"),
        ("trace/message eq 'x'", 1, "`requests` has no property `trace/message`"),
        ("geo.distance(a) gt 1", 4, "`.` has no meaning here"),
        (
            "matches(request/name, 'x')",
            1,
            "there is no function `matches` here: use one of `contains`",
        ),
        ("contains(request/name)", 1, "`contains` takes 2 arguments, not 1"),
        ("substring(request/name)", 1, "`substring` takes 2 or 3 arguments, not 1"),
        ("length(timestamp) eq 1", 8, "`length` takes a text here, not a time"),
        ("timestamp gt 5", 11, "a time and a number cannot be compared so"),
        ("request/name gt null", 14, "a text and null cannot be compared so"),
        ("timestamp mul 2 eq 3", 11, "a time and a number cannot be multiplied or divided"),
        ("timestamp add 2 eq 3", 11, "a time and a number cannot be added or subtracted"),
        ("request/name eq 'a", 17, "the text has no closing quote"),
        ("request/name eq", 16, "the end stands where a value is expected"),
        ("(request/name eq 'a'", 21, "the end stands where `)` is expected"),
        ("request/name eq 'a' 5", 21, "a number stands where the end is expected"),
        ("request/duration eq 5x5", 21, "`5x5` is no number and no time"),
        ("timestamp gt duration'x'", 14, "`x` is no duration"),
        ("request/name eq binary'x'", 17, "literals of type `binary` are not supported"),
        ("request/ eq 5", 9, "a property is missing after `/`"),
        ("request/name has 5", 14, "the operator `has` is not supported"),
        ("timestamp", 1, "a time is no condition"),
        (deep.as_str(), 33, "expressions may be nested 32 deep"),
        (long.as_str(), 16_385, "the text is longer than 16384 characters"),
    ] {
        let text = refused(&server, "requests", &[("$filter", filter)]);
        let start = format!("`$filter` is wrong at character {at}: {message}");
        assert!(text.starts_with(&start), "{text}");
    }
}

#[test]
fn events_are_sorted_paged_counted_and_cut_to_what_is_wanted() {
    let (server, _dir) = start(&[]);
    track(&server, &requests());
    let names = |parameters: &[(&str, &str)]| {
        values(&get(&server, "requests", parameters), "/request/name")
    };
    assert_eq!(names(&[]), ["a", "b", "Bc"]);
    assert_eq!(names(&[("$orderby", "timestamp")]), ["Bc", "b", "a"]);
    assert_eq!(
        names(&[("$orderby", "request/success asc,request/duration desc")]),
        ["Bc", "b", "a"]
    );
    assert_eq!(names(&[("$orderby", "length(request/name) desc,request/name")]), ["Bc", "a", "b"]);
    assert_eq!(names(&[("$top", "2")]), ["a", "b"]);
    assert_eq!(names(&[("$skip", "1"), ("$top", "1")]), ["b"]);
    assert_eq!(names(&[("$skip", "5")]), json!([]).as_array().unwrap().clone());
    let counted = [("$top", "0"), ("$count", "true"), ("$filter", "request/duration gt 200")];
    let answer = get(&server, "requests", &counted);
    assert_eq!((&answer["@odata.count"], &answer["value"]), (&json!(2), &json!([])));
    let select = "timestamp,request/name,client,customDimensions/size,customMeasurements";
    let chosen = get(&server, "requests", &[("$select", select), ("$format", "application/json")]);
    let event = chosen["value"][0].as_object().unwrap();
    let keys: Vec<&String> = event.keys().collect();
    let want = ["timestamp", "request", "client", "customDimensions", "customMeasurements"];
    assert_eq!(keys, want);
    assert_eq!(event["request"], json!({ "name": "a" }));
    assert_eq!(event["customDimensions"], json!({ "size": "12" }));
    assert_eq!(event["client"]["type"], "PC");
    for (name, value, message) in [
        ("$top", "x", "`$top` is `x`, but must be a whole number"),
        ("$skip", "-1", "`$skip` is `-1`, but must be a whole number"),
        ("$count", "maybe", "`$count` is `maybe`, but must be `true` or `false`"),
        ("$format", "atom", "`$format` is `atom`, but only `json` is answered"),
        ("$expand", "x", "the option `$expand` is not supported"),
        ("timespan", "x", "`timespan` is `x`, but must be an ISO 8601 duration or interval"),
        (
            "$top",
            "500001",
            "`$skip` and `$top` reach row 500001, but an answer has 10000 rows: narrow \
             `timespan` or `$filter`",
        ),
        (
            "$orderby",
            "timestamp up",
            "`$orderby` is wrong at character 11: `up` stands where the end is expected",
        ),
    ] {
        assert_eq!(refused(&server, "requests", &[(name, value)]), message);
    }
    let text = refused(&server, "requests", &[("$select", "request/nme")]);
    assert!(text.starts_with("`$select` is wrong at character 1: `requests` has no"), "{text}");
}

#[test]
fn limits_that_were_not_asked_for_are_told() {
    let (server, _dir) = start(&[]);
    let mut items: Vec<Value> = (0..501).map(|_| request("new", 200, "00:00:00.001", 5)).collect();
    items.push(request("old", 200, "00:00:00.001", 13 * 60));
    track(&server, &items);
    let messages = |answer: &Value| -> Vec<String> {
        let messages = answer["@ai.messages"].as_array().unwrap().iter();
        messages
            .map(|message| {
                assert_eq!(message["code"], "AddedLimitToQuery");
                message["message"].as_str().unwrap().to_owned()
            })
            .collect()
    };
    let time = "only the last 12 hours were looked at, since neither `timespan` nor a condition \
        on `timestamp` says otherwise";
    let top = "only 500 events are answered, since `$top` does not say otherwise";
    let answer = get(&server, "requests", &[]);
    assert_eq!(messages(&answer), [time, top]);
    assert_eq!(answer["value"].as_array().unwrap().len(), 500);
    let old = [("$filter", "request/name eq 'old'")];
    let answer = get(&server, "requests", &old);
    assert_eq!((messages(&answer), &answer["value"]), (vec![time.to_owned()], &json!([])));
    let answer = get(&server, "requests", &[old[0], ("timespan", "P1D")]);
    assert_eq!(
        (messages(&answer).len(), values(&answer, "/request/name")),
        (0, vec![json!("old")])
    );
    let filter = "request/name eq 'old' and timestamp gt now() sub duration'P1D'";
    let answer = get(&server, "requests", &[("$filter", filter)]);
    assert_eq!(
        (messages(&answer).len(), values(&answer, "/request/name")),
        (0, vec![json!("old")])
    );
    let answer = get(&server, "requests", &[("$top", "501"), ("timespan", "P1D")]);
    assert_eq!(messages(&answer), Vec::<String>::new());
    assert_eq!(answer["value"].as_array().unwrap().len(), 501);
}

#[test]
fn words_are_looked_for_in_every_column() {
    let (server, _dir) = start(&[]);
    track(&server, &one_of_each());
    for (search, types) in [
        ("hello", &["trace"][..]),
        ("HELLO AND world", &["trace"]),
        ("hello world", &["trace"]),
        ("\"brave world\"", &["trace"]),
        ("\"world brave\"", &[]),
        ("hello OR (clicked AND q)", &["customEvent", "trace"]),
        ("home NOT example", &["pageView"]),
        ("Boom", &["exception"]),
    ] {
        let answer = get(&server, "$all", &[("$search", search), ("$select", "type")]);
        let mut found = values(&answer, "/type");
        found.sort_by_key(ToString::to_string);
        assert_eq!(found, types, "{search}");
    }
    let many = "a ".repeat(33);
    for (search, message) in [
        (many.as_str(), "character 1: 33 words are looked for, but 32 may be"),
        ("(a", "character 1: `(` is not closed"),
        ("a)", "character 2: `)` closes nothing"),
        ("a AND", "character 4: a word to look for is missing"),
        ("\"a", "character 1: the phrase has no closing quote"),
    ] {
        let text = refused(&server, "traces", &[("$search", search)]);
        assert_eq!(text, format!("`$search` is wrong at {message}"));
    }
}

#[test]
fn events_are_grouped_and_aggregated() {
    let (server, _dir) = start(&[]);
    let mut items = requests();
    // Stands for two.
    items[1]["sampleRate"] = json!(50);
    track(&server, &items);
    let value = |apply: &str, order: &str| {
        let options = [("$apply", apply), ("$orderby", order)];
        let options = if order.is_empty() { &options[..1] } else { &options[..] };
        get(&server, "requests", options)["value"].clone()
    };
    let all = "aggregate($count as n, count with sum as total, request/duration with average as \
        mean, request/duration with max as most, request/name with countdistinct as names)";
    assert_eq!(
        value(all, ""),
        json!([{ "n": 3, "total": 4, "mean": 21400.0 / 3.0, "most": 20000.0, "names": 3 }])
    );
    let grouped = "filter(request/duration gt 0)/groupby((request/success, user/id), \
        aggregate($count as n))";
    assert_eq!(
        value(grouped, "n desc"),
        json!([
            { "request": { "success": "False" }, "user": { "id": "u1" }, "n": 2 },
            { "request": { "success": "True" }, "user": { "id": "u1" }, "n": 1 },
        ])
    );
    let keys = value("groupby((request/resultCode))", "request/resultCode");
    assert_eq!(keys[0], json!({ "request": { "resultCode": "200" } }));
    for (apply, message) in [
        (
            "topcount(2, count)",
            "character 1: the transformation `topcount` is not supported: use `filter`, \
             `groupby` or `aggregate`",
        ),
        ("filter(true)", "character 1: a `groupby` or `aggregate` is missing"),
        ("aggregate(request/name with sum as x)", "character 29: `request/name` is no number"),
        (
            "aggregate(count with median as x)",
            "character 22: there is no `median`: use one of `sum`, `average`, `min`, `max`, \
             `countdistinct`",
        ),
        ("aggregate($count as a, $count as a)", "character 34: `a` is no name of its own"),
        ("aggregate($count)", "character 17: `)` stands where `as` and a name is expected"),
        (
            "aggregate($count as n)/filter(n gt 1)",
            "character 24: nothing may follow `groupby` and `aggregate`",
        ),
    ] {
        let text = refused(&server, "requests", &[("$apply", apply)]);
        assert_eq!(text, format!("`$apply` is wrong at {message}"));
    }
    let both = [("$apply", "groupby((type))"), ("$filter", "true")];
    let message = "`$filter` cannot be used together with `$apply`: write `filter(…)` inside of it";
    assert_eq!(refused(&server, "requests", &both), message);
    let order = [("$apply", "groupby((type))"), ("$orderby", "timestamp")];
    let message = "`$orderby` is wrong at character 1: the result has no `timestamp`: use one of \
        `type`";
    assert_eq!(refused(&server, "requests", &order), message);
}

#[test]
fn one_event_is_found_by_its_id() {
    let (server, _dir) = start(&[]);
    track(&server, &[request("old", 200, "00:00:00.001", 20 * 60)]);
    track(&server, &one_of_each());
    let id = server.rows("requests | project itemId")[0][0].as_str().unwrap().to_owned();
    for events in ["requests", "$all", "%24all"] {
        let answer = server.get(&format!("{EVENTS}/{events}/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(values(&answer, "/request/name"), ["old"]);
        assert_eq!(answer["value"][0]["id"], id.as_str());
    }
    let missing = server.get(&format!("{EVENTS}/traces/{id}"));
    assert_eq!(missing.status, 404);
    let message = format!("there is no event `{id}` among `traces`");
    assert_eq!(missing.json()["error"]["message"], message.as_str());
    let text = server.get(&format!("{EVENTS}/things")).json()["error"]["message"].clone();
    let start = "there are no events `things`: use `$all` or one of `requests`, `dependencies`";
    assert!(text.as_str().unwrap().starts_with(start), "{text}");
}

#[test]
fn the_types_are_described_in_xml() {
    let (server, _dir) = start(&[]);
    let answer = server.get(&format!("{EVENTS}/$metadata"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    let text = answer.text();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), "{text}");
    for part in [
        "<ComplexType Name=\"RequestType\"><Property Name=\"id\" Type=\"Edm.String\"/>",
        "<Property Name=\"duration\" Type=\"Edm.Double\"/>",
        "<Property Name=\"request\" Type=\"ApplicationInsights.RequestType\"/>",
        "<EntitySet Name=\"requests\" EntityType=\"ApplicationInsights.Request\"/>",
    ] {
        assert!(text.contains(part), "`{part}` is missing");
    }
    for tag in ["ComplexType", "EntityType", "Schema", "EntityContainer"] {
        let open = text.matches(&format!("<{tag} ")).count();
        let closed = text.matches(&format!("</{tag}>")).count()
            + text.matches("OpenType=\"true\"/>").count() * usize::from(tag == "ComplexType");
        assert_eq!(open, closed, "{tag}");
    }
}

#[test]
fn events_are_behind_the_key_and_have_one_method() {
    let (server, _dir) = start(&["--admin-key", "s3cret"]);
    assert_eq!(server.get(&format!("{EVENTS}/requests")).status, 401);
    assert_eq!(server.get(&format!("{EVENTS}/$metadata")).status, 401);
    let answer = server.post(&format!("{EVENTS}/requests"), &[("x-api-key", "s3cret")], b"{}");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, OPTIONS")));
    assert_eq!(answer.json()["error"]["message"], "only GET is allowed");
}
