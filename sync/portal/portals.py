"""The portals of one process: one for each connection that has one, made when first asked for."""

from starlette.types import ASGIApp

from sync.app.services import Services
from sync.core.document_links import link_key
from sync.portal.app import PortalApp
from sync.portal.interest import InterestEdge


async def portal_of(services: Services, connection: str) -> ASGIApp | None:
    """The portal of a connection; None where there is none."""
    known: dict[str, ASGIApp] = services.portals or {}
    services.portals = known
    if connection not in known:
        made = await portal_app(services, connection)
        if made is None:
            return None
        known[connection] = made.application()
    return known[connection]


async def portal_app(services: Services, connection: str) -> PortalApp | None:
    """The same, for who needs more of it than its answers."""
    settings = services.connections.get(connection)
    if settings is None or settings.portal is None:
        return None
    parts = services.edition_parts
    systems = await services.systems_pool.open(connection)
    http = services.systems_pool.kept(parts.commerce_http(settings.commerce))
    return PortalApp(systems, settings.portal, http, parts.secrets, link_key(parts.email_key))


def interest_of(services: Services, connection: str) -> InterestEdge | None:
    """What takes the looks of a connection's pages; None where there is none."""
    settings = services.connections.get(connection)
    if settings is None or settings.tasks.interest is None or "tasks" not in settings.flows:
        return None
    known: dict[str, InterestEdge] = services.interests or {}
    services.interests = known
    if connection not in known:
        parts, tasks = services.edition_parts, settings.tasks
        assert tasks.interest is not None
        known[connection] = InterestEdge(connection, tasks, tasks.interest, parts)
    return known[connection]
