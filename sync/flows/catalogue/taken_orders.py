"""The shop's orders as far as they matter for its stock: what F&O has promised to them, what left
the shop before F&O has the order, and what the shop has done to its sources by itself."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import utc
from sync.core.money import ZERO
from sync.engine.claim import Claim
from sync.engine.claims_in_bulk import claims_of
from sync.engine.ledger import Ledger
from sync.engine.mirror import Shown
from sync.engine.systems import Systems
from sync.flows.orders.in_dynamics import is_posted, was_entered_by_hand
from sync.mapping.stock import open_pieces, shipped_pieces
from sync.mapping_tables.records import normal_sku

REFUNDS_OF: Final = timedelta(days=3)
"""Refunds of so long are looked at: a run may fail for a while."""
FINISHED_WITHIN: Final = timedelta(hours=6)
"""For so long an order that is over may be on its way to F&O; later it is parked. Each run reads
them all."""
Pieces = Mapping[tuple[str, str], Decimal]
"""Pieces by SKU (without case) and source."""


@dataclass(frozen=True)
class WebOrder:
    """Pieces by SKU: `open` are reserved by the shop, of SKUs that wait for nothing none; `shipped`
    have left its sources."""

    store_id: int
    placed_at: datetime | None
    open: Mapping[str, Decimal]
    shipped: Mapping[str, Decimal]

    @property
    def sold(self) -> Mapping[str, Decimal]:
        """Pieces that it has or waits for."""
        skus = self.open.keys() | self.shipped.keys()
        return {sku: self.open.get(sku, ZERO) + self.shipped.get(sku, ZERO) for sku in skus}


Orders = Mapping[str, WebOrder]
"""By key."""


async def read_orders(systems: Systems, ledger: Ledger) -> Orders:
    """The orders of this connection that are open, were finished lately, or are parked."""
    inventory, settings = systems.commerce.inventory, systems.settings
    since = systems.clock.now() - FINISHED_WITHIN
    rows = await inventory.open_orders(settings.store_ids, since)
    orders = _by_key(await _by_product(systems, rows))
    parked = [claim.key async for claim in ledger.parked(systems.name, "orders")]
    numbers = {key.partition("@")[0] for key in parked if key not in orders}
    rows = await inventory.orders_of(sorted(numbers)) if numbers else []
    more = _by_key(await _by_product(systems, rows))
    return {**{key: more[key] for key in parked if key in more}, **orders}


async def _by_product(
    systems: Systems, rows: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The orders with the SKUs of the products themselves: chosen custom options make the SKU of
    an order's row longer, and the shop reserves the product."""
    orders = list(rows)
    ids = {int(item.get("product_id") or 0) for row in orders for item in row.get("items") or []}
    skus = await systems.commerce.products.skus(ids - {0}) if ids else {}
    return [
        {**row, "items": [
            {**item, "sku": skus.get(int(item.get("product_id") or 0), item.get("sku"))}
            for item in row.get("items") or []
        ]}
        for row in orders
    ]  # fmt: skip


def _by_key(rows: Iterable[Mapping[str, Any]]) -> dict[str, WebOrder]:
    return {
        f"{row.get('increment_id')}@{row.get('store_id')}": WebOrder(
            int(row.get("store_id") or 0),
            utc(str(row.get("created_at") or "")),
            open_pieces(row),
            shipped_pieces(row),
        )
        for row in rows
    }


async def posted(systems: Systems, ledger: Ledger, orders: Orders) -> frozenset[str]:
    """Those of which F&O has the sales order, by us or by somebody before the cutover. One whose
    outcome is not known yet is not among them, nor one that was removed, nor one that quantities
    may not tell of yet: then too little is offered, and never too much."""
    claims = await claims_of(ledger.tables, systems.name, "orders", list(orders))
    visibility, start = systems.settings.dynamics.visibility, systems.settings.orders.placed_from
    until = systems.clock.now() - timedelta(seconds=visibility.lag_seconds if visibility else 0)

    def is_there(claim: Claim, order: WebOrder) -> bool:
        if was_entered_by_hand(claim, order.placed_at, start):
            return True
        is_told = visibility is None or (claim.read_at is not None and claim.read_at <= until)
        return is_told and is_posted(claim)

    return frozenset(key for key, order in orders.items() if is_there(claims[key], order))


@dataclass(frozen=True)
class WebStock:
    """`taken`: what F&O has promised to orders that the shop has not shipped but reserves.
    `unposted`: what the shop has shipped of orders that F&O does not have; where it reserves
    nothing, all that it has sold of them. `moved`: by SKU without case, the open pieces of each
    order and the refunds: it differs whenever the shop may have changed a source."""

    taken: Pieces
    unposted: Pieces
    moved: Mapping[str, str]


async def web_stock(
    systems: Systems, before: Orders, after: Orders, known: frozenset[str]
) -> WebStock:
    """What both readings agree on. `known`: orders that F&O had before its quantities were read.
    Who was shipped between the two counts no more."""
    reserves = systems.settings.stock.reserves
    taken: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    unposted: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for key, order in after.items():
        source = source_of(systems, order.store_id)
        if key in known:
            into, pieces = taken, order.open if reserves else {}
        else:
            into, pieces = unposted, order.shipped if reserves else order.sold
        for sku, quantity in pieces.items() if source else ():
            was = before[key].open.get(sku, ZERO) if key in known else quantity
            into[normal_sku(sku), source] += min(was, quantity)
    return WebStock(taken, unposted, await _movements(systems, after))


async def _movements(systems: Systems, orders: Orders) -> Mapping[str, str]:
    """The shop ships orders, and refunds put goods back or take them out."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, order in orders.items():
        for sku, quantity in order.open.items():
            found[normal_sku(sku)].append(f"{key}\t{quantity:f}")
    since = systems.clock.now() - REFUNDS_OF
    async for number, skus in systems.commerce.inventory.refunded_since(since):
        for sku in skus:
            found[normal_sku(sku)].append(f"refund {number}\t0")
    return {sku: "\n".join(sorted(said)) for sku, said in found.items()}


async def overtaken(rows: Sequence[Shown], systems: Systems, ledger: Ledger) -> Collection[str]:
    """The keys of rows of which the shop has shipped or let go pieces since they were read: what
    they promised to those orders would be offered to others. Where it reserves nothing, also what
    was sold since."""
    if not rows:
        return ()
    now = await _movements(systems, await read_orders(systems, ledger))
    has_more = not systems.settings.stock.reserves
    return [
        row.key for row in rows
        if _is_less(row.moved, now.get(normal_sku(row.key), ""), or_more=has_more)
    ]  # fmt: skip


def _is_less(before: str, now: str, *, or_more: bool) -> bool:
    """Whether an order has fewer open pieces, or one has come that waits for none any more, or
    (`or_more`) for some, or goods were refunded since."""
    was, there = (dict(one.split("\t") for one in said.splitlines()) for said in (before, now))
    if any(or_more or not Decimal(there[name]) for name in there.keys() - was.keys()):
        return True
    return any(Decimal(there.get(name, 0)) < Decimal(pieces) for name, pieces in was.items())


def source_of(systems: Systems, store_id: int) -> str:
    """The source that shows the warehouse of a store view's orders; empty where none does: then
    they take nothing off what is shown."""
    store = systems.settings.store(store_id)
    warehouse = (store.warehouse or "" if store else "").casefold()
    sources = systems.settings.stock.sources.items()
    return next((source for name, source in sources if name.casefold() == warehouse), "")
