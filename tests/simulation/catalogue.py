"""Quantities and prices of products, which change in F&O while they are shown in the shop, and what
the shop must show of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.commerce.conditions import as_text
from sandbox.commerce.records import StoredOrder, amount
from sandbox.commerce.stock import reserved, stocked
from sync.commerce.inventory import FINISHED, OPEN, WITH_STOCK
from sync.engine.publication import EVERYTHING
from tests.simulation.assortment import Assortment
from tests.simulation.environment import NAMED, SAFETY
from tests.simulation.forecasting import DEMAND, Forecasting
from tests.simulation.naming import reference_of
from tests.simulation.sharing import SHARED, Sharing
from tests.simulation.watching import EventLog
from tests.systems import COMPANY, SystemsUnderTest

NOTHING: Final = Decimal(0)
STALE: Final = 900.0
"""Seconds in which a quantity is published that was read before the shop shipped, or F&O counted
less; docs/decisions/count-a-web-order-once.md tells of it."""
BREAK: Final = Decimal(5)
"""From so many pieces on the agreed price counts."""

Notify = Callable[[str, str, str], object]
"""Tells some worker that lives of a flow's key, with an origin; what nobody hears is lost."""


@dataclass
class Catalogue:
    """`flows`: what is shown. `prices`: of each SKU and, where one is agreed, from `BREAK` pieces
    on. `oversold`: what the shop offered that F&O did not have."""

    systems: SystemsUnderTest
    flows: tuple[str, ...]
    random: Random
    event_log: EventLog
    prices: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    oversold: list[str] = field(default_factory=list)
    assortment: Assortment = field(init=False)
    sharing: Sharing = field(init=False)
    forecasting: Forecasting = field(init=False)
    _reserved: dict[str, Mapping[str, Decimal]] = field(default_factory=dict)
    _less: list[tuple[float, str, Decimal]] = field(default_factory=list)

    @property
    def skus(self) -> list[str]:
        """Those that have a quantity of their own."""
        products = self.systems.commerce.catalogue.products
        return [one.sku for one in products if one.type in WITH_STOCK]

    def begin(self) -> None:
        """F&O has goods and prices; of some the shop knows already."""
        self.assortment = Assortment(self.systems, self.skus, self.random, self.event_log)
        if "products" in self.flows:
            self.assortment.begin()
        self.sharing = Sharing(self.systems, self.random, self.event_log)
        if SHARED in self.flows:
            self.sharing.begin()
        self.forecasting = Forecasting(self.systems, self.skus, self.random, self.event_log)
        if "stock" in self.flows:
            self._begin_stock()
        for sku in self.skus if "prices" in self.flows else ():
            self._price(sku, Decimal(self.random.randint(1, 90)))

    def _begin_stock(self) -> None:
        shop, ledger = self.systems.commerce, self.systems.dynamics
        shop.stock.is_managed = True
        shop.stock.is_single = self.systems.connection.stock.inventory == "stock-items"
        ledger.settings.reserves_on_arrival = self.random.random() < 0.5
        for sku in self.skus:
            pieces = self.random.choice((0, 3, 40, 200))
            ledger.receive(sku, pieces)
            if self.random.random() < 0.5:
                shop.stock.put(sku, Decimal(max(pieces - SAFETY, 0)))
        shop.on_change(lambda _: self._note_reserved())
        put = shop.stock.put

        def watched(sku: str, *values: Any, **named: Any) -> None:
            put(sku, *values, **named)
            self._look_at(sku)

        shop.stock.put = watched  # type: ignore[method-assign]

    async def change(self, times: int, within: float, notify: Notify) -> None:
        """Goods come and go, prices change, and somebody may tell of it."""
        if DEMAND in self.flows:
            await self.forecasting.change()
        for _ in range(times if self.flows else 0):
            await asyncio.sleep(self.random.uniform(0, 2 * within / times))
            flow, sku = self.random.choice(self.flows), self.random.choice(self.skus)
            if flow == "stock":
                self._move(sku, self.random.choice((-2, 5, 30)))
            elif flow in NAMED:
                self.assortment.change(sku)
            elif flow == SHARED:
                self.sharing.change(sku)
            elif flow == DEMAND:
                await self.forecasting.change()
            else:
                self._price(sku, Decimal(self.random.choice((0, 7, 8, 9))))
            if self.random.random() < 0.6:
                key = self.random.choice((EVERYTHING, sku, sku)) if flow != DEMAND else EVERYTHING
                notify(flow, key, self.random.choice(("poll", "touch", "replay")))

    def _move(self, sku: str, pieces: int) -> None:
        self.systems.dynamics.receive(sku, pieces)
        self.event_log.note(f"F&O: {pieces} pieces of {sku}")
        if pieces < 0:
            self._less.append((_now(), as_text(sku), Decimal(-pieces)))

    def _price(self, sku: str, price: Decimal) -> None:
        """A price, and for many pieces another one or none; zero is no price."""
        agreed = self.random.choice((NOTHING, price / 2))
        self.prices[sku] = price, agreed
        ledger, number = self.systems.dynamics, self.skus.index(sku) + 1
        own = {"dataAreaId": COMPANY, "ItemNumber": sku, "SalesPriceQuantity": Decimal(1)}
        ledger.put("ReleasedProductsV2", SalesPrice=price, **own)
        ledger.put(
            "SalesPriceAgreements", **own, RecordId=number, Price=agreed or price,
            FromQuantity=BREAK, PriceCurrencyCode="USD",
            QuantityUnitySymbol="ea", WillSearchContinue="Yes",
        )  # fmt: skip
        self.event_log.note(f"F&O: {sku} costs {price}, many of it {agreed or price}")

    # What the shop may offer

    def _note_reserved(self) -> None:
        """What the shop has shipped, or lets go, since it was last looked at; where it reserves
        nothing, also what it has sold."""
        for order in self.systems.commerce.orders.values():
            now, key = reserved(order), reference_of(order)
            if key not in self._reserved and not self.systems.commerce.stock.reserves:
                self._less += [(_now(), sku, pieces) for sku, pieces in now.items()]
            for sku, before in self._reserved.get(key, {}).items():
                if (less := before - now.get(sku, NOTHING)) > 0:
                    self._less.append((_now(), sku, less))
            self._reserved[key] = now

    def _look_at(self, sku: str) -> None:
        """We have just written what the shop has of a SKU."""
        offered, name = self.systems.commerce.salable(sku), as_text(sku)
        self.event_log.note(f"shop: {sku} is offered {offered:f} times")
        lately = [less for at, one, less in self._less if one == name and at >= _now() - STALE]
        may = max(self.free(sku) - self._wanted_elsewhere(name) - SAFETY, NOTHING)
        if offered > may + sum(lately, NOTHING):
            self.oversold.append(f"the shop offers {offered:f} of {sku}, and F&O has {may:f}")

    def free(self, sku: str) -> Decimal:
        """What came in, less what sales orders of F&O take or have taken."""
        ledger = self.systems.dynamics
        came_in = (pieces for (place, _), pieces in ledger.received.items() if place[1] == sku)
        taken = (
            line["OrderedSalesQuantity"]
            for line in ledger.store.table("SalesLine").records.values()
            if line["ItemNumber"] == sku and line.values.get("SalesOrderLineStatus") != "Canceled"
        )
        return sum(came_in, NOTHING) - sum(taken, NOTHING)

    def _wanted_elsewhere(self, sku: str) -> Decimal:
        """By orders that F&O does not have."""
        orders = (one for one in self.systems.commerce.orders.values() if is_counted(one))
        return sum(
            (
                reserved(one).get(sku, NOTHING) + shipped(one).get(sku, NOTHING)
                for one in orders
                if not self._has(one)
            ),
            NOTHING,
        )

    def _has(self, order: StoredOrder) -> bool:
        headers = self.systems.dynamics.orders_for(reference_of(order), COMPANY)
        return any(
            self.systems.dynamics.lines(COMPANY, header["SalesOrderNumber"]) for header in headers
        )

    # What it must show in the end

    def wrong_quantities(self, known: set[str], parked: set[str]) -> Iterator[str]:
        """`known`: references of orders of which F&O has the sales order; `parked`: of those that
        wait for a person. A web order counts once."""
        orders = [
            one
            for one in self.systems.commerce.orders.values()
            if is_counted(one) or reference_of(one) in parked
        ]
        reserves = self.systems.commerce.stock.reserves
        for sku in self.skus:
            name = as_text(sku)
            promised, gone = NOTHING, NOTHING
            for order in orders:
                has, waits = reference_of(order) in known, reserved(order).get(name, NOTHING)
                promised += waits if has and reserves else NOTHING
                gone += NOTHING if has else shipped(order).get(name, NOTHING)
                gone += NOTHING if has or reserves else waits
            wanted = max(self.free(sku) - gone - SAFETY, NOTHING) + promised
            items = self.systems.commerce.stock.of(sku)
            shown = [(max(one.quantity, NOTHING), one.status) for one in items]
            if shown != [(wanted, int(wanted > 0))]:  # below zero nothing is offered either
                yield f"stock of {sku}: the shop shows {shown}, and is to show {wanted:f}"

    def wrong_prices(self) -> Iterator[str]:
        """What has no price in F&O keeps the one it had."""
        shop = self.systems.commerce.prices
        for sku, (price, agreed) in self.prices.items():
            base = shop.base.get(as_text(sku))
            tiers = {
                quantity: row["price"]
                for (name, _, quantity), row in shop.tiers.items()
                if name == as_text(sku)
            }
            if price and (base, tiers) != (price, {BREAK: agreed} if agreed else {}):
                yield f"price of {sku}: the shop shows {base}, {tiers}, F&O {price}, {agreed}"


def is_counted(order: StoredOrder) -> bool:
    """Whether its pieces are still wanted, or may have left the shop by a shipment."""
    return order.row["state"] in {*OPEN, *FINISHED}


def shipped(order: StoredOrder) -> dict[str, Decimal]:
    """Pieces by SKU, without case, that have left the shop's sources."""
    found: dict[str, Decimal] = {}
    for sku, item in stocked(order):
        out = amount(item, "qty_invoiced" if item.get("is_virtual") else "qty_shipped")
        found[as_text(sku)] = found.get(as_text(sku), NOTHING) + out
    return found


def _now() -> float:
    return asyncio.get_running_loop().time()
