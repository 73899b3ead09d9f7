"""Systems of whom nobody is asked: what documents and mapping tables tell, and nothing else."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sync.commerce.companies import Companies
from sync.config.connections import Connection
from sync.core.ports import Clock
from sync.engine.systems import Systems
from sync.preview.input_files import Inputs, Kind, id_of
from sync.preview.presumed import PresumedAccounts, PresumedDynamics
from sync.preview.unasked import Given, GivenCommerce, Lookups, UnaskedWebsites


def given_systems(
    name: str, settings: Connection, inputs: Inputs, lookups: Lookups, clock: Clock
) -> Systems:
    """A connection as these documents show it. Nothing of it needs to be closed."""
    commerce = GivenCommerce(inputs)
    return Systems(
        name=name,
        settings=settings,
        commerce=commerce,
        dynamics=PresumedDynamics(settings),
        items=lookups.items,
        accounts=PresumedAccounts(lookups.accounts, settings, inputs),
        clock=clock,
        orders=_by_number(inputs, Kind.ORDER),
        orders_by_id=Given(inputs.orders()),
        invoices=_by_number(inputs, Kind.INVOICE),
        creditmemos=_by_number(inputs, Kind.CREDITMEMO),
        customers=_by_id(inputs, Kind.CUSTOMER),
        companies=Companies(commerce, window=timedelta(), most=1),
        websites=lookups.websites or UnaskedWebsites(commerce, settings),
        one_at_a_time=lambda _: asyncio.Lock(),
        digest_of=lookups.digest_of,
        paces=(),
        close=_nothing,
    )


async def _nothing() -> None:
    """Nothing is open."""


def _by_number(inputs: Inputs, kind: Kind) -> Given[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for document in inputs.of(kind):
        if isinstance(document, Mapping):
            found.setdefault(str(document.get("increment_id")), []).append(dict(document))
    return Given(found)


def _by_id(inputs: Inputs, kind: Kind) -> Given[int, dict[str, Any]]:
    ids = ((id_of(document, "id"), document) for document in inputs.of(kind))
    return Given({number: document for number, document in ids if number is not None})
