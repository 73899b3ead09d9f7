"""What F&O has promised to orders that the shop has not shipped."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from sync.core.money import ZERO
from sync.engine.claims_in_bulk import claims_of
from sync.engine.ledger import Ledger
from sync.engine.systems import Systems
from sync.flows.orders.sales_order_writes import KIND
from sync.mapping.stock import open_pieces
from sync.mapping_tables.records import normal_sku

Taken = Mapping[tuple[str, str], Decimal]
"""Pieces by SKU (without case) and source."""
OrderPieces = Mapping[str, tuple[int, Mapping[str, Decimal]]]
"""Store view, and open pieces by SKU, of orders by key."""


async def open_orders(systems: Systems) -> OrderPieces:
    """The orders of this connection that may have goods reserved, as they are now."""
    rows = await systems.commerce.inventory.open_orders(systems.settings.store_ids)
    return {
        f"{row.get('increment_id')}@{row.get('store_id')}": (
            int(row.get("store_id") or 0), open_pieces(row),
        )
        for row in rows
    }  # fmt: skip


async def with_sales_order(systems: Systems, ledger: Ledger, orders: OrderPieces) -> OrderPieces:
    """Those of which F&O has the sales order. One whose outcome is not known yet is not among them:
    then too little is offered, and never too much."""
    claims = await claims_of(ledger.tables, systems.name, "orders", list(orders))
    return {key: order for key, order in orders.items() if KIND in claims[key].delivered}


def taken(systems: Systems, before: OrderPieces, after: OrderPieces) -> Taken:
    """What both readings agree on. `before`: orders that F&O had before its quantities were read;
    `after`: open orders as they were then. Who was shipped in between counts no more."""
    found: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for key, (store_id, pieces) in before.items():
        source = source_of(systems, store_id)
        still = after.get(key, (store_id, {}))[1]
        for sku, quantity in pieces.items() if source else ():
            found[normal_sku(sku), source] += min(quantity, still.get(sku, ZERO))
    return found


def source_of(systems: Systems, store_id: int) -> str:
    """The source that shows the warehouse of a store view's orders; empty where none does: then
    they take nothing off what is shown."""
    store = systems.settings.store(store_id)
    warehouse = (store.warehouse or "" if store else "").casefold()
    sources = systems.settings.stock.sources.items()
    return next((source for name, source in sources if name.casefold() == warehouse), "")
