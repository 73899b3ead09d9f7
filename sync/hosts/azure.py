"""The functions of the app: what the Functions host, or the local host, finds when it imports
`function_app`.

They are the same whatever flows there are: HTTP functions at the edge, one function per queue and
one for its dead letters, and one timer. Building the app reads nothing and opens nothing: the
runtime is asked for at the first call, so that a missing setting is answered in words instead of
leaving the host without any function.

Parameter names equal binding names and annotations are the binding's own types: the Functions
worker refuses others. To a parameter called `context` it gives the invocation's own; the local host
has none to give.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

import azure.functions as func

from sync.adapters.system_clock import SystemClock
from sync.app.settings import SettingsMissing
from sync.config.file.faults import BadConfiguration
from sync.core.encoding import to_json
from sync.core.errors import Later, Never
from sync.engine.jobs import SCHEDULE
from sync.engine.queues import BUSINESS_EVENTS, DELIVERIES, POLLS
from sync.hosts.gate import add_gate
from sync.hosts.given_up import why
from sync.hosts.holding import while_held
from sync.hosts.pages import add_pages
from sync.hosts.runtime import HostAnswer, Opening, Runtime
from sync.intake_http.answers import RefusalLines

log = logging.getLogger(__name__)

SERVICE_BUS = "SERVICE_BUS"
"""The app setting (or the prefix of the identity-based settings) that names the Service Bus
namespace."""

IN_ALL: Final = timedelta(seconds=1.8)
"""A hook's time from its arrival to its answer: Commerce gives up after two seconds."""

DEAD = "/$deadletterqueue"
"""What Service Bus calls a queue's dead letters, after the queue's name."""

TAKING: Final = {
    **{queue: f"deliver_{queue.replace('-', '_')}" for queue in DELIVERIES},
    POLLS: "run_poll",
    BUSINESS_EVENTS: "take_business_event",
}
"""The function of each queue."""

NO_CONTEXT: Final[Any] = None


def build_app(runtime: Opening) -> func.FunctionApp:
    """The app with all its functions. A function that states no auth level needs a key. Of the
    result `get_functions()` may be called once: a second call counts as duplicate names."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
    lines = RefusalLines(SystemClock())
    _webhooks(app, runtime, lines)
    add_gate(app, partial(_answered, runtime, lines), lines)
    _events(app, runtime, lines)
    _business_events(app, runtime, lines)
    _tracking(app, runtime, lines)
    _health(app, runtime, lines)
    add_pages(app, partial(_opened, runtime, lines))
    _timer(app, runtime)
    for queue, name in TAKING.items():
        _messages(app, queue, name, runtime)
        _dead_letters(app, queue, runtime)
    return app


def _webhooks(app: func.FunctionApp, runtime: Opening, lines: RefusalLines) -> None:
    """Anonymous by design: the body is signed by Commerce, and a sender cannot be given a host key
    to keep."""

    @app.function_name("receive_webhook")
    @app.route(
        "webhooks/{connection}/{flow}", trigger_arg_name="request", methods=[func.HttpMethod.POST],
        auth_level=func.AuthLevel.ANONYMOUS,
    )  # fmt: skip
    async def receive_webhook(request: func.HttpRequest) -> func.HttpResponse:
        named, headers = request.route_params, _headers(request)
        given = (named["connection"], named["flow"], headers, request.get_body())
        return await _answered_in_time(runtime, lines, lambda ready: ready.accept_webhook(*given))


def _events(app: func.FunctionApp, runtime: Opening, lines: RefusalLines) -> None:
    """Anonymous by design: events are signed by Adobe; the challenge must be answered before there
    is a key."""

    @app.function_name("receive_events")
    @app.route(
        "events/{connection}", trigger_arg_name="request",
        methods=[func.HttpMethod.GET, func.HttpMethod.POST], auth_level=func.AuthLevel.ANONYMOUS,
    )  # fmt: skip
    async def receive_events(request: func.HttpRequest) -> func.HttpResponse:
        connection, params = request.route_params["connection"], dict(request.params)
        given = (connection, request.method, _headers(request), params, request.get_body())
        return await _answered(runtime, lines, lambda ready: ready.accept_events(*given))


def _business_events(app: func.FunctionApp, runtime: Opening, lines: RefusalLines) -> None:
    """D365 by HTTPS with a function key; beside it F&O can write to a queue itself."""

    @app.function_name("receive_business_event")
    @app.route(
        "business-events/{connection}", trigger_arg_name="request", methods=[func.HttpMethod.POST],
        auth_level=func.AuthLevel.FUNCTION,
    )  # fmt: skip
    async def receive_business_event(request: func.HttpRequest) -> func.HttpResponse:
        given = (request.route_params["connection"], request.get_body())
        return await _answered(runtime, lines, lambda ready: ready.accept_business_event(*given))


def _tracking(app: func.FunctionApp, runtime: Opening, lines: RefusalLines) -> None:
    """Anonymous by design: the carrier signs, and a sender cannot be given a host key to keep."""

    @app.function_name("receive_tracking")
    @app.route(
        "tracking/{connection}", trigger_arg_name="request", methods=[func.HttpMethod.POST],
        auth_level=func.AuthLevel.ANONYMOUS,
    )  # fmt: skip
    async def receive_tracking(request: func.HttpRequest) -> func.HttpResponse:
        given = (request.route_params["connection"], _headers(request), request.get_body())
        return await _answered(runtime, lines, lambda ready: ready.accept_tracking(*given))


def _health(app: func.FunctionApp, runtime: Opening, lines: RefusalLines) -> None:
    """Needs a key: it tells how far behind the business is."""

    @app.function_name("health")
    @app.route(
        "health",
        trigger_arg_name="request",
        methods=[func.HttpMethod.GET],
        auth_level=func.AuthLevel.FUNCTION,
    )
    async def health(
        request: func.HttpRequest,  # noqa: ARG001 - the binding's name
    ) -> func.HttpResponse:
        return await _answered(runtime, lines, lambda ready: ready.health())


def _timer(app: func.FunctionApp, runtime: Opening) -> None:
    """The only timer: it stores what is due and does nothing of it."""

    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule=SCHEDULE, run_on_startup=False)
    async def tick(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
        await (await runtime()).tick()


def _messages(app: func.FunctionApp, queue: str, name: str, runtime: Opening) -> None:
    @app.function_name(name)
    @app.service_bus_queue_trigger(
        arg_name="message", queue_name=queue, connection=SERVICE_BUS, data_type=func.DataType.BINARY
    )
    async def take(message: func.ServiceBusMessage, context: func.Context = NO_CONTEXT) -> None:
        body, deliveries = message.get_body(), message.delivery_count or 1
        parent = _trace_parent(context)

        async def work(ready: Runtime) -> None:
            await ready.take(queue, body, message.message_id, deliveries, trace_parent=parent)

        await while_held(queue, body, runtime, work)


def _dead_letters(app: func.FunctionApp, queue: str, runtime: Opening) -> None:
    @app.function_name(f"park_{queue.replace('-', '_')}")
    @app.service_bus_queue_trigger(
        arg_name="message",
        queue_name=queue + DEAD,
        connection=SERVICE_BUS,
        data_type=func.DataType.BINARY,
    )
    async def park_dead_letter(message: func.ServiceBusMessage) -> None:
        body, reasons = message.get_body(), why(message)

        async def work(ready: Runtime) -> None:
            await ready.park_dead_letter(queue, body, message.message_id, *reasons)

        await while_held(queue, body, runtime, work)


async def _answered_in_time(
    runtime: Opening, lines: RefusalLines, ask: Callable[[Runtime], Awaitable[HostAnswer]]
) -> func.HttpResponse:
    """As `_answered`, while Commerce still listens: also where this process is only just
    opening."""
    try:
        async with asyncio.timeout(IN_ALL.total_seconds()):
            return await _answered(runtime, lines, ask)
    except TimeoutError:
        if lines.may_be_logged("slow"):
            log.error("host.not_open reason=%s", "it takes longer than a shop waits")  # noqa: TRY400 - nothing to trace
        return _unavailable(
            error="the app is starting; nothing was stored, and nothing is lost: the poll finds"
            " the record"
        )


def _trace_parent(context: func.Context | None) -> str:
    """What the host calls this invocation, in its own telemetry."""
    return context.trace_context.trace_parent or "" if context is not None else ""


async def _answered(
    runtime: Opening, lines: RefusalLines, ask: Callable[[Runtime], Awaitable[HostAnswer]]
) -> func.HttpResponse:
    """Ask the runtime and turn its answer into a response."""
    ready = await _opened(runtime, lines)
    if isinstance(ready, func.HttpResponse):
        return ready
    answer = await ask(ready)
    headers = {"Content-Type": answer.content_type}
    return func.HttpResponse(answer.body, status_code=answer.status, headers=headers)


async def _opened(runtime: Opening, lines: RefusalLines) -> Runtime | func.HttpResponse:
    """The runtime; 503 with all missing names, or why, while it cannot open."""
    try:
        return await runtime()
    except SettingsMissing as missing:
        if lines.may_be_logged("unconfigured"):
            log.error("host.unconfigured missing=%s", ",".join(missing.names))  # noqa: TRY400 - names say it all
        return _unavailable(error="settings are missing", missing=list(missing.names))
    except (Later, Never, BadConfiguration) as closed:
        if lines.may_be_logged("closed"):
            log.error("host.not_open reason=%s", closed)  # noqa: TRY400 - the reason says it all
        error = "the app cannot open its configuration, queue, tables or secrets; its log says why"
        return _unavailable(error=error)


def _unavailable(**said: Any) -> func.HttpResponse:
    return func.HttpResponse(to_json(said), status_code=503, mimetype="application/json")


def _headers(request: func.HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}
