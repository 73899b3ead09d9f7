"""Spans and metrics by OpenTelemetry, to Application Insights where its connection string is given.

The Functions host tells of every invocation as a request. A delivery is a step of one, so its span
belongs to that request and is of the kind that is told as a dependency; as a consumer's it would be
a second request for one message.

Log lines are not sent from here: the Functions host does, and would send them twice. No library is
instrumented, and the packages that could do so are not installed: spans of HTTP clients hold URLs,
and URLs hold keys and search terms.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, Self

from opentelemetry.context import Context
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

NAME: Final = "sync"


class OpenTelemetry:
    """`Telemetry` by a tracer and a meter."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._behind = meter.create_gauge(
            "sync.behind", unit="s", description="how far a flow's poll is behind"
        )
        self._parked = meter.create_gauge(
            "sync.parked", unit="1", description="records that wait for a person"
        )

    @classmethod
    def to_application_insights(cls, connection_string: str, *, role: str = "") -> Self:
        """Set up once per process; what is left when the process ends is sent then. `role`: what
        Application Insights calls the app. The exporter signs in as
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING says.

        Raises `ValueError` for a connection string that cannot be read.
        """
        from azure.monitor.opentelemetry.exporter import (  # noqa: PLC0415 - loads slowly
            AzureMonitorMetricExporter,
            AzureMonitorTraceExporter,
        )

        options = {"connection_string": connection_string, "disable_offline_storage": True}
        resource = Resource.create({"service.name": role or NAME})
        # a span per delivery is what a person looks for; left to itself, most are dropped
        tracers = TracerProvider(sampler=ALWAYS_ON, resource=resource)
        tracers.add_span_processor(BatchSpanProcessor(AzureMonitorTraceExporter(**options)))
        reader = PeriodicExportingMetricReader(AzureMonitorMetricExporter(**options))
        meters = MeterProvider(metric_readers=[reader], resource=resource)
        return cls(tracers.get_tracer(NAME), meters.get_meter(NAME))

    @contextmanager
    def delivery(
        self, flow: str, connection: str, key: str, *, trace_parent: str = ""
    ) -> Generator[None]:
        """A span of the host's request. Of an error only its kind is told: its words may quote a
        document."""
        said = {"sync.engine.flow": flow, "sync.connection": connection, "sync.key": key}
        with self._tracer.start_as_current_span(
            f"deliver {flow}", _within(trace_parent), kind=SpanKind.INTERNAL, attributes=said,
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            try:
                yield
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def behind(self, flow: str, connection: str, seconds: int) -> None:
        """How far a flow's poll is behind."""
        self._behind.set(seconds, {"sync.engine.flow": flow, "sync.connection": connection})

    def parked(self, flow: str, connection: str, count: int) -> None:
        """How many records of a flow wait for a person."""
        self._parked.set(count, {"sync.engine.flow": flow, "sync.connection": connection})


def _within(trace_parent: str) -> Context:
    """The parent's trace, kept whatever the host has decided for its own: host.json keeps every
    request."""
    reported = TraceContextTextMapPropagator().extract({"traceparent": trace_parent}, Context())
    parent = get_current_span(reported).get_span_context()
    if not parent.is_valid:
        return Context()
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return set_span_in_context(
        NonRecordingSpan(
            SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=sampled)
        ),
        Context(),
    )
