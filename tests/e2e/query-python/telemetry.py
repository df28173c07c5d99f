"""A few items of telemetry, sent as a plain HTTP client does."""

import datetime
import json
import os
import urllib.request


def item(kind, data, minutes=5, rate=None):
    time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)
    envelope = {
        "iKey": os.environ["KEY"],
        "time": time.isoformat().replace("+00:00", "Z"),
        "name": f"Microsoft.ApplicationInsights.{kind}",
        "tags": {"ai.operation.id": "op", "ai.user.id": "u", "ai.cloud.role": "web"},
        "data": {"baseType": f"{kind}Data", "baseData": {"ver": 2, **data}},
    }
    if rate:
        envelope["sampleRate"] = rate
    return envelope


def request(name, code, duration, **more):
    return item(
        "Request",
        {"id": name, "name": name, "responseCode": str(code), "success": code < 400,
         "duration": duration, "url": "http://host.example/" + name,
         "properties": {"plan": "it's free"}, "measurements": {"bytes": 2048}},
        **more,
    )


def send(items):
    body = "\n".join(json.dumps(one) for one in items).encode()
    call = urllib.request.Request(
        os.environ["URL"] + "/v2.1/track", body, {"content-type": "application/x-json-stream"}
    )
    with urllib.request.urlopen(call) as answer:
        answer = json.load(answer)
    assert answer["itemsAccepted"] == len(items), answer


def all_kinds():
    return [
        request("a", 200, "00:00:00.100"),
        request("b", 500, "00:00:01.300", rate=50),
        item("RemoteDependency", {"id": "d", "name": "select", "duration": "00:00:00.010",
                                  "success": False, "target": "db", "type": "SQL"}),
        item("Exception", {"severityLevel": 3, "exceptions": [
            {"typeName": "Boom", "message": "it broke", "hasFullStack": True,
             "parsedStack": [{"level": 0, "method": "m", "assembly": "a", "line": 3}]}]}),
        item("Message", {"message": "hello brave world", "severityLevel": "Warning"}),
        item("Event", {"name": "clicked", "measurements": {"n": 1.5}}),
        item("PageView", {"id": "p", "name": "home", "duration": "00:00:00.500"}),
        item("Availability", {"id": "v", "name": "ping", "duration": "00:00:00.200",
                              "success": True, "runLocation": "here"}),
        item("Metric", {"metrics": [
            {"name": "queue/length", "value": 10, "count": 4, "min": 1, "max": 5}]}),
        item("Metric", {"metrics": [{"name": "\\Memory\\Available Bytes", "value": 9}]}),
        item("PageViewPerf", {"name": "home", "url": "http://host.example/shop",
                              "duration": "00:00:01", "perfTotal": "00:00:01"}),
    ]
