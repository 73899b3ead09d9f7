"""What the checks of a connection work with."""

from sync.app.services import Services
from sync.checks.finding import Own, Probe
from sync.preview.unasked import Lookups


async def probe_of(services: Services, name: str) -> Probe:
    """The opened connection, as checks see it. Raises `Never` where it does not open."""
    systems = await services.systems_pool.open(name)
    edition_parts = services.edition_parts
    lookups = Lookups(systems.items, systems.accounts, systems.digest_of)
    url, every = systems.settings.commerce.url, services.connections.items()
    neighbours = tuple(one for other, one in every if other != name and one.commerce.url == url)
    return Probe(
        name, systems.settings, systems.commerce, systems.dynamics, edition_parts.secrets,
        edition_parts.clock, lookups, neighbours,
        own=Own(edition_parts.queue, edition_parts.tables),
    )  # fmt: skip
