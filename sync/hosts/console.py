"""The function behind which the console is: one route for all of its pages."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from sync.app.services import Services
from sync.hosts.asgi import answered_by
from sync.hosts.runtime import Runtime, WebApp


def add_console(
    app: func.FunctionApp, opened: Callable[[], Awaitable[Runtime | func.HttpResponse]]
) -> None:
    """Register it. Anonymous by design: people sign in, by a one-time token or by the platform, and
    a browser has no host key. `opened`: the runtime, or what to answer while it cannot open."""

    @app.function_name("console")
    @app.route(
        "console/{*page}",
        trigger_arg_name="request",
        methods=[func.HttpMethod.GET, func.HttpMethod.POST],
        auth_level=func.AuthLevel.ANONYMOUS,
    )
    async def console(request: func.HttpRequest) -> func.HttpResponse:
        ready = await opened()
        if isinstance(ready, func.HttpResponse):
            return ready
        return await answered_by(_console_of(ready), request)


def _console_of(ready: Runtime) -> WebApp:
    """The console over the open engine, made once; what it needs is loaded with its first page."""
    from sync.console.app import console_app  # noqa: PLC0415 - a hook waits for no page

    if not isinstance(ready, Services):
        raise TypeError("the console needs the whole engine")
    if ready.console is None:
        ready.console = console_app(ready)
    app: WebApp = ready.console
    return app
