"""The function behind which the buyers' portals are: one route for all of their answers."""

from collections.abc import Awaitable, Callable

import azure.functions as func

from sync.app.services import Services
from sync.hosts.asgi import answered_by
from sync.hosts.runtime import Runtime


def add_portal(
    app: func.FunctionApp, opened: Callable[[], Awaitable[Runtime | func.HttpResponse]]
) -> None:
    """Register it. Anonymous by design: buyers show who they are by a token of Commerce or of the
    shop. `opened`: the runtime, or what to answer while it cannot open."""

    @app.function_name("portal")
    @app.route(
        "portal/{connection}/{*page}",
        trigger_arg_name="request",
        methods=[func.HttpMethod.GET, func.HttpMethod.OPTIONS],
        auth_level=func.AuthLevel.ANONYMOUS,
    )
    async def portal(request: func.HttpRequest) -> func.HttpResponse:
        ready = await opened()
        if isinstance(ready, func.HttpResponse):
            return ready
        from sync.portal.portals import portal_of  # noqa: PLC0415 - a hook waits for no portal

        if not isinstance(ready, Services):
            raise TypeError("the portal needs the whole engine")
        found = await portal_of(ready, request.route_params["connection"])
        if found is None:
            return func.HttpResponse(status_code=404)
        return await answered_by(found, request)
