"""A small publication beside the flows that there are: a ledger's price list, shown as the shop's
special prices, while rows change, are notified one by one and all together, and published by
several workers at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from starlette.responses import JSONResponse
from typing_extensions import override

from sandbox.commerce.app import refusal
from sandbox.dials import Dials
from sandbox.gate import Gate
from sync.core.encoding import from_json
from sync.engine.claim import State
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.publication import EVERYTHING, PublicationFlow
from sync.engine.published_rows import Rows
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.flows.targets import commerce_of
from tests.engine.price_list import SpecialPrices
from tests.simulation.environment import PRICES
from tests.simulation.watching import EventLog
from tests.systems import CONNECTION, SystemsUnderTest

SKUS: Final = tuple(f"SKU-{number}" for number in range(8))
UNKNOWN: Final = "SKU-7"
"""What the list has and the shop does not."""

Notify = Callable[[str, str], object]
"""Tells some worker that lives of a key, with an origin; what nobody hears is lost."""


class InTime(SpecialPrices):
    """Special prices whose writes take as long as the connection says."""

    @override
    def timing(self, systems: Systems) -> Target:
        return commerce_of(systems)


@dataclass
class PriceList:
    """`source`: what the ledger's list says. `shown`: what the shop shows."""

    random: Random
    event_log: EventLog
    source: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def flow(self) -> PublicationFlow:
        """The flow of this list."""
        title, rows = "Price list to special prices", Rows(self._every, self._one)
        return PublicationFlow(PRICES, title, rows, InTime(), lambda _: 5)

    async def _every(self, *_: Any) -> AsyncIterator[Shown]:
        for sku in list(self.source):
            await asyncio.sleep(self.random.choice((0.0, 0.0, 3.0)))
            if sku in self.source:
                yield Shown(sku, self.source[sku])

    async def _one(self, key: str, *_: Any) -> Shown:
        await asyncio.sleep(self.random.choice((0.0, 0.0, 3.0)))
        return Shown(key, self.source.get(key))

    async def change(self, times: int, within: float, notify: Notify) -> None:
        """Rows come, change and go, and somebody may tell of it; in the end all are published."""
        for _ in range(times):
            await asyncio.sleep(self.random.uniform(0, 2 * within / times))
            sku = self.random.choice(SKUS)
            self.source[sku] = {"price": Decimal(self.random.randrange(5))}
            if self.random.random() < 0.2:
                del self.source[sku]
            self.event_log.note(f"list: {sku} is {self.source.get(sku)}")
            if self.random.random() < 0.6:
                key = self.random.choice((EVERYTHING, sku, sku))
                notify(key, self.random.choice(("webhook", "replay")))

    def install(self, systems: SystemsUnderTest, dials: Dials) -> None:
        """Put the shop's endpoints in front of the others. Rules, measured on 2.4.7 and 2.4.8: the
        last state wins; rows of which the shop has no product are refused, and all others kept."""
        host = "shop.example.com"
        shop, prices = systems.apps[host], Gate(self._answer, dials=dials, refusal=refusal)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            is_ours = "/products/special-price" in scope["path"]
            await (prices if is_ours else shop)(scope, receive, send)

        systems.apps[host] = app

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        rows = from_json((await receive())["body"])["prices"]
        for row in rows:
            if row["sku"] != UNKNOWN:
                self.shown.pop(row["sku"], None)
                if not scope["path"].endswith("-delete"):
                    self.shown[row["sku"]] = {"price": row["price"]}
            self.event_log.note(f"shop: {row['sku']} shows {self.shown.get(row['sku'])}")
        said = [
            {"message": "Invalid attribute", "parameters": ["SKU", row["sku"]]}
            for row in rows
            if row["sku"] == UNKNOWN
        ]
        await JSONResponse(said)(scope, receive, send)

    async def faults(self, ledger: Ledger) -> list[str]:
        """What is wrong once all is quiet: the shop shows the list, the mirror says so of each row,
        and a row that the shop refuses waits for a person; also one that is gone, where an answer
        was lost: nobody knows what the shop shows of it."""
        wanted = {sku: row for sku, row in self.source.items() if sku != UNKNOWN}
        found = [] if self.shown == wanted else [f"shows {self.shown}, not {wanted}"]
        mirror = ledger.mirror
        rows = await mirror.whole(f"{CONNECTION}|{PRICES}")
        for sku in SKUS:
            was, row = rows.of(sku), Shown(sku, self.shown.get(sku))
            if not was.line or was.refused:
                found += [f"{sku} is shown and nothing knows of it"] * (sku in self.shown)
            elif not mirror.shows(was, row):
                found.append(f"the mirror of {sku} does not say what is shown: {was}")
        claim = await ledger.claim(CONNECTION, PRICES, UNKNOWN)
        may_show = bool(rows.of(UNKNOWN).sent)
        is_parked = claim.state is State.PARKED
        if is_parked != (UNKNOWN in self.source) and not (is_parked and may_show):
            found.append(f"{UNKNOWN} is {claim.state}: {claim.reason}")
        return [f"price list: {fault}" for fault in found]
