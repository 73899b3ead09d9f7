"""Lines that F&O has put in place of others: they are sent for the row of what was ordered, for
Commerce changes no row of an order.

Either the line is the same and its item is another one, or the line is new and its item is the
alternative item of the one that was ordered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from sync.commerce.models.order import Order
from sync.dynamics.documents.packing_slip import PackingSlip, SlipLine
from sync.engine.systems import Systems
from sync.mapping.order_rows import money_items
from sync.mapping_tables.records import ItemMapping, normal_sku

Posted = TypeVar("Posted", bound=PackingSlip)


@dataclass(frozen=True)
class Substituted(Generic[Posted]):
    """A slip or invoice whose substitutes are lines of the rows that they are sent for. `told`:
    item sent -> SKU ordered, of its own lines."""

    slip: Posted
    told: Mapping[str, str]


async def substituted(
    slip: Posted, order: Order, items: Mapping[str, ItemMapping], systems: Systems
) -> Substituted[Posted]:
    """The slip with its substitutes. Asks F&O for alternative items, but only where a line is of no
    row."""
    if not systems.settings.shipments.substitutes:
        return Substituted(slip, {})
    skus = {str(item.item_id): sku for item, sku in money_items(order)}
    ordered = {
        reference: items[normal_sku(sku)].item_number.casefold()
        for reference, sku in skus.items() if normal_sku(sku) in items
    }  # fmt: skip
    is_needed = any(_is_strange(row, skus) for row in slip.rows)
    for_rows = await _rows_of_alternatives(slip, ordered, systems) if is_needed else {}
    rows = tuple(
        replace(row, reference=for_rows[row.item.casefold()])
        if _is_strange(row, skus) and row.item.casefold() in for_rows else row
        for row in slip.rows
    )  # fmt: skip
    found = replace(slip, rows=rows)
    return Substituted(found, {
        row.item: skus[row.reference] for row in found.lines
        if row.quantity and row.item and _is_another(row, ordered)
    })  # fmt: skip


def _is_strange(row: SlipLine, known: Mapping[str, str]) -> bool:
    """Whether a line is of no row, nor a charge."""
    is_of_rows = not row.reference or row.reference.isdecimal()
    return bool(row.quantity) and is_of_rows and row.reference not in known


def _is_another(row: SlipLine, ordered: Mapping[str, str]) -> bool:
    return row.reference in ordered and row.item.casefold() != ordered[row.reference]


async def _rows_of_alternatives(
    slip: PackingSlip, ordered: Mapping[str, str], systems: Systems
) -> dict[str, str]:
    """Alternative item -> the row that it is sent for; one that stands for several rows is left to
    a person."""
    products = systems.dynamics.released_products
    others = await products.alternatives(slip.company, sorted({*ordered.values()}))
    found: dict[str, list[str]] = {}
    for reference, item in ordered.items():
        if item in others:
            found.setdefault(others[item], []).append(reference)
    return {item: rows[0] for item, rows in found.items() if len(rows) == 1}
