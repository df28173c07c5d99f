"""PyPI applicationinsights 0.11.10: one item of every kind, sent synchronously."""

import os

from applicationinsights import TelemetryClient, channel

sender = channel.SynchronousSender(os.environ["URL"] + "/v2/track")
client = TelemetryClient(
    os.environ["KEY"], channel.TelemetryChannel(None, channel.SynchronousQueue(sender))
)
client.context.properties["run"] = os.environ["RUN"]
client.track_request("GET /x", "http://example.test/x", False, None, 1234, "500", "GET")
client.track_event("Task Execution", {"n": 5}, {"Completion Time": 12.25})
client.track_trace("hello", severity="WARNING")
client.track_metric("m", 3.5)
client.track_dependency("n", "d", type="X", target="t", duration=5, success=True, result_code=0)
client.track_pageview("home", "http://example.test/", 10)
try:
    raise ValueError("boom")
except ValueError:
    client.track_exception()
client.flush()
