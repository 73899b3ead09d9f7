"""Spans and metrics as they are recorded, and as Application Insights gets them."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from sync.adapters.opentelemetry import OpenTelemetry

ROOT = Path(__file__).parents[2]
HOSTS_TRACE, HOSTS_REQUEST = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
NAMED = {"sync.engine.flow": "orders", "sync.connection": "shop"}
SPOKEN = """
import logging
from sync.adapters.opentelemetry import OpenTelemetry
told = OpenTelemetry.to_application_insights({connection!r}, role="func-orders")
with told.delivery("orders", "shop", "000000042@1", trace_parent={parent!r}):
    logging.getLogger("sync.engine.runner").warning("orders.parked key=000000042@1")
told.behind("orders", "shop", 90)
told.parked("orders", "shop", 2)
"""


class Recorded:
    """Telemetry that stays in memory."""

    def __init__(self) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider(shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = OpenTelemetry(tracers.get_tracer("test"), meters.get_meter("test"))

    def measured(self) -> dict[str, Any]:
        """The last value of each metric, with its attributes."""
        found = self.reader.get_metrics_data()
        assert found is not None
        metrics = [
            metric
            for one in found.resource_metrics
            for scope in one.scope_metrics
            for metric in scope.metrics
        ]
        points: list[tuple[str, Any]] = [
            (metric.name, point) for metric in metrics for point in metric.data.data_points
        ]
        return {name: (point.value, dict(point.attributes)) for name, point in points}


def test_a_delivery_is_a_span_with_flow_connection_and_key() -> None:
    recorded = Recorded()
    with recorded.telemetry.delivery("orders", "shop", "000000042@1"):
        assert not recorded.spans.get_finished_spans()
    (span,) = recorded.spans.get_finished_spans()
    assert (span.name, dict(span.attributes or {})) == (
        "deliver orders",
        {**NAMED, "sync.key": "000000042@1"},
    )
    assert span.status.status_code is StatusCode.UNSET


def test_an_error_marks_the_span_and_leaves_none_of_its_words() -> None:
    recorded = Recorded()
    with pytest.raises(LookupError), recorded.telemetry.delivery("orders", "shop", "42"):
        raise LookupError("Unter den Linden 1")
    (span,) = recorded.spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "LookupError")
    assert "Linden" not in span.to_json()


@pytest.mark.parametrize("flags", ["01", "00"])
def test_a_delivery_is_a_step_of_the_hosts_request(flags: str) -> None:
    recorded = Recorded()
    with recorded.telemetry.delivery(
        "orders", "shop", "42", trace_parent=f"00-{HOSTS_TRACE}-{HOSTS_REQUEST}-{flags}"
    ):
        assert get_current_span().get_span_context().trace_id == int(HOSTS_TRACE, 16)
    (span,) = recorded.spans.get_finished_spans()
    assert span.kind is SpanKind.INTERNAL
    assert span.context is not None
    assert span.parent is not None
    assert (span.context.trace_id, span.parent.span_id) == (
        int(HOSTS_TRACE, 16),
        int(HOSTS_REQUEST, 16),
    )


@pytest.mark.parametrize("reported", ["", "00-0-0-01", "junk", f"00-{'0' * 32}-{HOSTS_REQUEST}-01"])
def test_a_delivery_of_nothing_that_is_known_stands_for_itself(reported: str) -> None:
    recorded = Recorded()
    with recorded.telemetry.delivery("orders", "shop", "42", trace_parent=reported):
        pass
    (span,) = recorded.spans.get_finished_spans()
    assert span.parent is None


def test_what_was_measured_last_counts() -> None:
    recorded = Recorded()
    for seconds in (300, 60):
        recorded.telemetry.behind("orders", "shop", seconds)
    recorded.telemetry.parked("orders", "shop", 2)
    assert recorded.measured() == {"sync.behind": (60, NAMED), "sync.parked": (2, NAMED)}


@dataclass
class Ingestion:
    """Application Insights' endpoint: takes all that it is sent."""

    port: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)

    @property
    def connection(self) -> str:
        key = "00000000-0000-0000-0000-000000000001"
        return f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:{self.port}/"


@contextmanager
def ingestion() -> Iterator[Ingestion]:
    """An endpoint on a port of its own, inside the block."""
    taken = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            plain = (
                gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            )
            items = json.loads(plain)
            taken.items += items
            self.send_response(200)
            self.end_headers()
            answer = {"itemsReceived": len(items), "itemsAccepted": len(items), "errors": []}
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing: the test's output is not the place."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield taken
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.parametrize("kept_by_the_host", ["01", "00"])
def test_application_insights_gets_spans_and_metrics_and_no_log_line(kept_by_the_host: str) -> None:
    """The host tells of the request itself: a delivery is a part of it, and no request of its
    own."""
    parent = f"00-{HOSTS_TRACE}-{HOSTS_REQUEST}-{kept_by_the_host}"
    quiet = (
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
    )
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("APPLICATIONINSIGHTS", "OTEL_"))
    }
    with ingestion() as taken:
        done = subprocess.run(  # noqa: S603 - our own interpreter on our own program
            [sys.executable, "-c", SPOKEN.format(connection=taken.connection, parent=parent)],
            cwd=ROOT, env={**kept, **dict.fromkeys(quiet, "true")}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kinds = {item["data"]["baseType"] for item in taken.items}
    assert kinds == {"RemoteDependencyData", "MetricData"}
    (item,) = [item for item in taken.items if item["data"]["baseType"] == "RemoteDependencyData"]
    span, tags = item["data"]["baseData"], item["tags"]
    assert (span["name"], span["properties"]["sync.key"]) == ("deliver orders", "000000042@1")
    assert tags["ai.cloud.role"] == "func-orders"
    assert (tags["ai.operation.id"], tags["ai.operation.parentId"]) == (HOSTS_TRACE, HOSTS_REQUEST)
    reported = [
        metric for item in taken.items for metric in item["data"]["baseData"].get("metrics", ())
    ]
    assert {("sync.behind", 90), ("sync.parked", 2)} <= {
        (metric["name"], metric["value"]) for metric in reported
    }
