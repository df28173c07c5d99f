"""PyPI opencensus-ext-azure 1.1.15: logs, an event and a server span."""

import logging
import os
import time

from opencensus.ext.azure.log_exporter import AzureEventHandler, AzureLogHandler
from opencensus.ext.azure.trace_exporter import AzureExporter
from opencensus.trace.samplers import AlwaysOnSampler
from opencensus.trace.span import SpanKind
from opencensus.trace.tracer import Tracer

options = dict(
    connection_string=os.environ["CS"], export_interval=1.0, enable_local_storage=False
)
run = {"custom_dimensions": {"run": os.environ["RUN"]}}
log, events = logging.getLogger("app"), logging.getLogger("ev")
log_handler, event_handler = AzureLogHandler(**options), AzureEventHandler(**options)
log.addHandler(log_handler)
events.addHandler(event_handler)
events.setLevel(logging.INFO)
log.warning("hello", extra=run)
try:
    1 / 0
except ZeroDivisionError:
    log.exception("boom", extra=run)
events.info("Task Execution", extra=run)
with Tracer(exporter=AzureExporter(**options), sampler=AlwaysOnSampler()).span(name="GET /x") as span:
    span.span_kind = SpanKind.SERVER
    for key, value in {
        "http.method": "GET",
        "http.url": "http://example.test/x",
        "http.status_code": 200,
        "run": os.environ["RUN"],
    }.items():
        span.add_attribute(key, value)
time.sleep(3)
log_handler.flush()
event_handler.flush()
os._exit(0)
