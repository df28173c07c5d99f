"""PyPI azure-applicationinsights 0.1.1: query, metrics, events, through its own objects."""

import datetime
import os

from azure.applicationinsights import ApplicationInsightsDataClient, models
from msrest.authentication import ApiKeyCredentials

import telemetry

APP, URL = os.environ["APP"], os.environ["URL"]
KEY = os.environ.get("API_KEY", "none")


def check_query(client):
    body = models.QueryBody(query="""print l = 9007199254740993, d = datetime(2024-01-02T03:04:05.1234567Z),
        y = dynamic([1]), z = int(null), s = ''; print 2""", timespan="PT1H")
    answer = client.query.execute(APP, body)
    first, second = answer.tables
    assert (first.name, second.name) == ("PrimaryResult", "Table_1")
    assert [(c.name, c.type) for c in first.columns] == [
        ("l", "long"), ("d", "datetime"), ("y", "dynamic"), ("z", "int"), ("s", "string")
    ]
    assert first.rows == [
        [9007199254740993, "2024-01-02T03:04:05.1234567Z", "[1]", None, ""]
    ], first.rows
    assert second.rows == [[2]]
    body = models.QueryBody(query="requests | count", applications=[APP])
    assert client.query.execute(APP, body).tables[0].rows == [[2]]
    try:
        client.query.execute(APP, models.QueryBody(query="requests | where ("))
    except models.ErrorResponseException as error:
        assert error.response.status_code == 400
        assert error.error.error.code == "BadArgumentError", error.error.error
        assert error.error.error.innererror.code == "SyntaxError", error.error.error.innererror
    else:
        raise AssertionError("a wrong query was answered")


def check_metrics(client):
    answer = client.metrics.get(APP, models.MetricId.requestscount)
    value = answer.value
    assert isinstance(value.start, datetime.datetime) and value.start < value.end
    assert value.additional_properties == {"requests/count": {"sum": 3}}, value
    hour = datetime.timedelta(hours=1)
    answer = client.metrics.get(
        APP, "requests/duration", timespan="PT3H", interval=hour,
        aggregation=["avg", "count"], segment=["request/name"], top=1, orderby="count desc",
        filter="startswith(request/name, 'b') or request/name eq 'a'",
    )
    value = answer.value
    assert value.interval == hour, value.interval
    filled = [segment for segment in value.segments if segment.segments]
    assert len(filled) == 1 and isinstance(filled[0].start, datetime.datetime)
    inner = filled[0].segments[0].additional_properties
    assert inner == {
        "requests/duration": {"avg": 1300.0, "count": 2}, "request/name": "b"
    }, inner
    body = [
        models.MetricsPostBodySchema(
            id="one", parameters=models.MetricsPostBodySchemaParameters(metric_id="requests/failed")
        ),
        models.MetricsPostBodySchema(
            id="two",
            parameters=models.MetricsPostBodySchemaParameters(
                metric_id="dependencies/count", timespan="P1D", segment=["dependency/type"]
            ),
        ),
        models.MetricsPostBodySchema(
            id="three", parameters=models.MetricsPostBodySchemaParameters(metric_id="none/count")
        ),
    ]
    answers = client.metrics.get_multiple(APP, body)
    assert [(a.id, a.status) for a in answers] == [("one", 200), ("two", 200), ("three", 400)]
    assert answers[0].body.value.additional_properties == {"requests/failed": {"sum": 2}}
    segment = answers[1].body.value.segments[0].additional_properties
    assert segment == {"dependencies/count": {"sum": 1}, "dependency/type": "SQL"}, segment
    metadata = client.metrics.get_metadata(APP)
    assert metadata["metrics"]["requests/count"]["defaultAggregation"] == "sum"
    assert "customMetrics/queue/length" in metadata["metrics"]
    try:
        client.metrics.get(APP, "requests/none")
    except models.ErrorResponseException as error:
        assert error.response.status_code == 400
        assert "`requests/none`" in error.error.error.message
    else:
        raise AssertionError("an unknown metric was answered")


def check_events(client):
    by_type = client.events.get_by_type
    answer = by_type(
        APP, models.EventType.requests, timespan="P1D",
        filter="request/duration gt 200 and customDimensions/plan eq 'it''s free'",
        orderby="timestamp desc", top=10, count=True,
    )
    assert answer.odatacontext.endswith("/events/$metadata#requests")
    assert answer.aimessages == [], answer.aimessages
    event = answer.value[0]
    assert len(answer.value) == 1 and isinstance(event, models.EventsRequestResult)
    assert isinstance(event.timestamp, datetime.datetime) and event.count == 2
    assert (event.request.name, event.request.result_code) == ("b", "500"), event.request
    assert event.request.duration == 1300.0 and event.request.success == "False"
    assert event.operation.id == "op" and event.user.id == "u" and event.cloud.role_name == "web"
    assert event.ai.app_name == APP and event.client.ip == "0.0.0.0"
    one = client.events.get(APP, "requests", event.id)
    assert [found.id for found in one.value] == [event.id]
    limited = by_type(APP, "traces")
    assert [message.code for message in limited.aimessages] == ["AddedLimitToQuery"]
    everything = by_type(APP, "$all", timespan="P1D")
    kinds = {type(found).__name__ for found in everything.value}
    assert kinds == {
        "EventsRequestResult", "EventsDependencyResult", "EventsExceptionResult",
        "EventsTraceResult", "EventsCustomEventResult", "EventsPageViewResult",
        "EventsAvailabilityResultResult", "EventsCustomMetricResult",
        "EventsPerformanceCounterResult", "EventsBrowserTimingResult",
    }, kinds
    own = {found.type: found for found in everything.value}
    assert own["exception"].exception.details[0].parsed_stack[0].line == 3
    assert own["exception"].exception.severity_level == 3
    assert own["trace"].trace.message == "hello brave world"
    assert own["customMetric"].custom_metric.value_count == 4
    assert own["performanceCounter"].performance_counter.counter == "Available Bytes"
    assert own["browserTiming"].browser_timing.url_path == "/shop"
    assert own["browserTiming"].browser_timing.total_duration == 1000
    assert own["availabilityResult"].availability_result.location == "here"
    found = by_type(APP, "traces", timespan="P1D", search="brave", select="trace/message,type")
    assert [event.trace.message for event in found.value] == ["hello brave world"]
    try:
        by_type(APP, "requests", filter="request/nothing eq 1")
    except models.ErrorResponseException as error:
        assert error.response.status_code == 400
        assert "request/nothing" in error.error.error.message
    else:
        raise AssertionError("a wrong filter was answered")


telemetry.send(telemetry.all_kinds())
client = ApplicationInsightsDataClient(
    ApiKeyCredentials(in_headers={"x-api-key": KEY}), base_url=URL + "/v1"
)
check_query(client)
check_metrics(client)
check_events(client)
print("ok")
