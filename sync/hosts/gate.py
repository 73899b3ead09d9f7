"""The function that a checkout asks. A shopper waits: what cannot be answered in time, or while the
app is not open, is answered with "go on"."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import azure.functions as func

from sync.hosts.runtime import HostAnswer, Runtime
from sync.intake_http.answers import SUCCESS, RefusalLines

log = logging.getLogger(__name__)

IN_ALL: Final = timedelta(seconds=1.2)
"""A question's time from its arrival to its answer: its hook ends after 1.5 seconds."""

Answered = Callable[[Callable[[Runtime], Awaitable[HostAnswer]]], Awaitable[func.HttpResponse]]
"""Asks the runtime, and makes a response of its answer; 503 while it cannot open."""


def add_gate(app: func.FunctionApp, answered: Answered, lines: RefusalLines) -> None:
    """Register it. Anonymous by design, as webhooks are: bodies are signed."""

    @app.function_name("ask_gate")
    @app.route(
        "gate/{connection}/{question}",
        trigger_arg_name="request",
        methods=[func.HttpMethod.POST],
        auth_level=func.AuthLevel.ANONYMOUS,
    )
    async def ask_gate(request: func.HttpRequest) -> func.HttpResponse:
        named = request.route_params
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = (named["connection"], named["question"], headers, request.get_body())
        try:
            async with asyncio.timeout(IN_ALL.total_seconds()):
                answer = await answered(lambda ready: ready.ask_gate(*given))
        except Exception as error:  # noqa: BLE001 - a gate that fails stops no checkout
            if lines.may_be_logged("gate"):
                log.error("host.gate_open error=%s", type(error).__name__)  # noqa: TRY400
            return _go_on()
        return answer if answer.status_code < 500 else _go_on()


def _go_on() -> func.HttpResponse:
    return func.HttpResponse(SUCCESS.body, status_code=200, mimetype="application/json")
