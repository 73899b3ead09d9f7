"""The rights of the integration in Commerce, by the flows that are on: all that are missing, at
once, as the boxes to tick."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.asked_rights import asked_of
from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.commerce import rights
from sync.commerce.errors import NotAccepted, NotAllowed, NotThere
from sync.config.connections import Connection
from sync.core.errors import NotProvided

STORES: Final = "Magento_Backend::store"


async def rights_are_given(probe: Probe) -> AsyncIterator[Finding]:
    """Every right that a flow needs; one finding names all that are missing."""
    count, lacking = 0, dict[str, None]()
    for ask in asked_of(probe.settings):
        count += 1
        try:
            await ask(probe)
        except NotAllowed as refusal:
            lacking |= dict.fromkeys(refusal.resources or ("an unnamed right",))
        except (NotAccepted, NotThere, NotProvided):
            continue  # judged after the right, which is there then
    probe.known.lacking.update(lacking)
    needed = [name for name in lacking if name != STORES or needs_store_views(probe.settings)]
    if needed:
        boxes = ", ".join(rights.BOXES.get(name, name) for name in needed)
        yield fault(f"the integration lacks the right {boxes}", rights.remedy_for(",".join(needed)))
    elif lacking:
        what = "without the right to read store views, they are not compared"
        yield warn(what, rights.remedy_for(STORES))
    else:
        yield ok(f"the integration has every right that its flows need ({count} looked at)")


def needs_store_views(settings: Connection) -> bool:
    """Whether flows read the store views: where neither websites nor all stores are named."""
    return not settings.commerce.websites and "default" not in settings.stores
