"""Packing slips of F&O against shipments of Commerce, in pieces.

A slip belongs to the day on which it was posted. Its shipment is known by its marker. Slips and
shipments that stand one for one and come to as many pieces agree by their lists; of all others both
sides are read again, and the rules of the flow say what Commerce has to show.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sync.config.connections import Connection
from sync.core.money import total
from sync.engine.watermarks import watermark_of
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.flows.fulfilment.slip_orders import listed_slips
from sync.reconcile.kind import LATER, Connected, Window
from sync.reconcile.shipment_looks import Looks
from sync.reconcile.spool import COMMERCE, DYNAMICS, Entry, Spool
from sync.reconcile.verdict import PIECES, TOGETHER, Verdict, side_by_side


@dataclass(frozen=True)
class Shipped:
    """The comparison."""

    name: str = SHIPMENTS
    flow: str = SHIPMENTS
    is_of_now: bool = False

    def is_wanted(self, settings: Connection) -> bool:
        """Whether slips are shipped."""
        return SHIPMENTS in settings.flows

    is_usual = is_wanted

    async def verdicts(self, connected: Connected, window: Window) -> AsyncIterator[Verdict]:
        """One per slip that was posted in the time, and per shipment without one."""
        mark = await watermark_of(connected.ledger.tables, connected.systems.name, SHIPMENTS)
        looks, waiting = Looks(connected, window, mark.first), list[Entry]()
        with Spool() as spool:
            await _fill(spool, connected, window)
            for entries in spool.records():
                if (agreed := looks.agreed(entries)) is not None:
                    yield agreed
                    continue
                slips = [one for one in entries if one.side == DYNAMICS]
                waiting += slips or entries
                if len(waiting) >= TOGETHER:
                    for one in await side_by_side(looks.look, waiting):
                        yield one
                    waiting = []
            for one in await side_by_side(looks.look, waiting):
                yield one


async def _fill(spool: Spool, connected: Connected, window: Window) -> None:
    """`key`: the slip's, or the shipment's order and number; `day`: the moment."""
    systems, settings = connected.systems, connected.settings
    for company in settings.legal_entities:
        day = (window.since - timedelta(days=1)).date()
        listed = systems.dynamics.packing_slips.since(company, day)
        async for slip, at, _ in listed_slips(company, window.since, listed, systems):
            if window.since <= at < window.until:
                spool.add(_entry(slip.number, DYNAMICS, slip.key, at, slip.quantity))
    until, stores = window.until + LATER, connected.stores(window)
    async for one in systems.commerce.shipments.made(window.since, until, stores):
        if one.made is not None:
            name, key = one.slip or f"#{one.entity_id}", f"{one.order_id}|{one.increment_id}"
            pieces = total(one.items.values())
            entry = _entry(name, COMMERCE, key, one.made, pieces)
            spool.add(entry._replace(store=str(one.store_id)))


def _entry(name: str, side: int, key: str, at: datetime, pieces: Decimal) -> Entry:
    moment = at.isoformat()
    return Entry(name, side, key, "", moment, PIECES, pieces, None, is_gross=True, is_plain=True)


shipments: Final = Shipped()
