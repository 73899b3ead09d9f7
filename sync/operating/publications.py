"""The flows that keep many rows equal: where the shop shows something else, and its repair."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sync.app.services import Services
from sync.engine.drift import Drift, drift
from sync.engine.publication import EVERYTHING, PublicationFlow
from sync.engine.systems import Systems
from sync.flows import PUBLICATIONS
from sync.operating.asking import Asking
from sync.operating.problem import Problem

BY_NAME: Final = {flow.name: flow for flow in PUBLICATIONS}


def publication(name: str) -> PublicationFlow:
    """The flow. Raises `Problem`."""
    if name not in BY_NAME:
        raise Problem(f'"{name}" publishes no rows', remedy=f"Name one of: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


async def differences(
    services: Services, systems: Systems, flow: str, skus: Collection[str] = ()
) -> list[Drift]:
    """Where Commerce shows something else than F&O says now; of these SKUs, or of all. Raises
    `Problem`, and as both systems do."""
    found = drift(publication(flow), systems, services.ledger, skus)
    return [one async for one in found]


async def repaired(services: Services, connection: str, flow: str, keys: Iterable[str]) -> Asking:
    """What differs counts as unknown, so that the next run sends it, as it is then."""
    mirror, partition = services.ledger.mirror, f"{connection}|{flow}"
    await mirror.doubt(partition, keys)
    asking = Asking(services, "replay")
    await asking.ask(connection, flow, [EVERYTHING])
    return asking


def drift_rows(found: Iterable[Drift]) -> list[dict[str, Any]]:
    """As `drift --json` prints them."""
    return [
        {
            "sku": one.key, "scope": one.scope, "field": one.field, "commerce": one.shown,
            "dynamics": one.wanted, "mirror": one.mirror, "owner": "dynamics", "since": None,
            "action": "repair" if one.mirror == "confirmed" else "publish",
        }
        for one in found
    ]  # fmt: skip
