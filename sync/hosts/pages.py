"""The functions behind which pages are: the console's, the buyers' portals, and what the shop's own
pages tell. Anonymous by design: people sign in, by a one-time token or by the platform, buyers show
who they are by a token of Commerce or of the shop, and shoppers have no key; a browser has no host
key. What a page needs is loaded with its first request: a hook waits for none."""

from collections.abc import Awaitable, Callable
from functools import partial

import azure.functions as func

from sync.app.services import Services
from sync.hosts.asgi import answered_by
from sync.hosts.runtime import Runtime, WebApp

GET, POST, OPTIONS = func.HttpMethod.GET, func.HttpMethod.POST, func.HttpMethod.OPTIONS
Opened = Callable[[], Awaitable[Runtime | func.HttpResponse]]
"""The runtime, or what to answer while it cannot open."""
Answer = Callable[[Services, func.HttpRequest], Awaitable[func.HttpResponse]]


def add_pages(app: func.FunctionApp, opened: Opened) -> None:
    """Register them."""
    add = partial(_add, app, opened)
    add("console", "console/{*page}", _console, GET, POST)
    add("portal", "portal/{connection}/{*page}", _portal, GET, OPTIONS)
    add("take_interest", "interest/{connection}", _interest, POST, OPTIONS)


def _add(
    app: func.FunctionApp, opened: Opened, name: str, route: str, answer: Answer,
    *methods: func.HttpMethod,
) -> None:  # fmt: skip
    anonymous = func.AuthLevel.ANONYMOUS

    @app.function_name(name)
    @app.route(route, trigger_arg_name="request", methods=[*methods], auth_level=anonymous)
    async def page(request: func.HttpRequest) -> func.HttpResponse:
        ready = await opened()
        if isinstance(ready, func.HttpResponse):
            return ready
        if not isinstance(ready, Services):
            raise TypeError(f"{name} needs the whole engine")
        return await answer(ready, request)


async def _console(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Made once over the open engine."""
    from sync.console.app import console_app  # noqa: PLC0415

    if services.console is None:
        services.console = console_app(services)
    app: WebApp = services.console
    return await answered_by(app, request)


async def _portal(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    from sync.portal.portals import portal_of  # noqa: PLC0415

    found = await portal_of(services, request.route_params["connection"])
    return (
        func.HttpResponse(status_code=404) if found is None else await answered_by(found, request)
    )


async def _interest(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Nobody is believed to be a customer whom the shop has not signed."""
    from sync.portal.portals import interest_of  # noqa: PLC0415

    edge = interest_of(services, request.route_params["connection"])
    if edge is None:
        return func.HttpResponse(status_code=404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = await edge.take(request.method, headers, request.get_body())
    return func.HttpResponse(answer.body, status_code=answer.status, headers=dict(answer.headers))
