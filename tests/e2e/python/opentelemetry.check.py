"""PyPI azure-monitor-opentelemetry 1.8.11: spans, logs, an event and a metric."""

import logging
import os

from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.trace import SpanKind

configure_azure_monitor(
    connection_string=os.environ["CS"],
    disable_offline_storage=True,
    enable_live_metrics=False,
    enable_performance_counters=False,
    sampling_ratio=1.0,
    logger_name="app",
)
run, log = os.environ["RUN"], logging.getLogger("app")
log.setLevel(logging.INFO)
tracer = trace.get_tracer("app")
server = {"run": run, "http.request.method": "GET", "http.route": "/x", "http.response.status_code": 200}
client = {"run": run, "url.full": "http://dep.example.test/", "http.request.method": "GET"}
with tracer.start_as_current_span("GET /x", kind=SpanKind.SERVER, attributes=server):
    with tracer.start_as_current_span("call", kind=SpanKind.CLIENT, attributes=client):
        pass
    log.warning("hello", extra={"run": run})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("boom", extra={"run": run})
log.info("x", extra={"microsoft.custom_event.name": "Task Execution", "run": run})
metrics.get_meter("app").create_counter("m").add(3, {"run": run})
trace.get_tracer_provider().force_flush()
metrics.get_meter_provider().force_flush()
get_logger_provider().force_flush()
os._exit(0)
