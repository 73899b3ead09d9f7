"""The function to which the shop's pages tell what is looked at."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from sync.app.services import Services
from sync.hosts.runtime import Runtime


def add_interest(
    app: func.FunctionApp, opened: Callable[[], Awaitable[Runtime | func.HttpResponse]]
) -> None:
    """Register it. Anonymous by design: shoppers have no key; nobody is believed to be a customer
    whom the shop has not signed. `opened`: the runtime, or what to answer while it cannot open."""

    @app.function_name("take_interest")
    @app.route(
        "interest/{connection}",
        trigger_arg_name="request",
        methods=[func.HttpMethod.POST, func.HttpMethod.OPTIONS],
        auth_level=func.AuthLevel.ANONYMOUS,
    )
    async def take_interest(request: func.HttpRequest) -> func.HttpResponse:
        ready = await opened()
        if isinstance(ready, func.HttpResponse):
            return ready
        from sync.portal.portals import interest_of  # noqa: PLC0415 - a hook waits for no portal

        if not isinstance(ready, Services):
            raise TypeError("what is looked at needs the whole engine")
        edge = interest_of(ready, request.route_params["connection"])
        if edge is None:
            return func.HttpResponse(status_code=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await edge.take(request.method, headers, request.get_body())
        headers = dict(answer.headers)
        return func.HttpResponse(answer.body, status_code=answer.status, headers=headers)
