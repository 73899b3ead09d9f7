"""The lines of a sales order: one per row that bears money, one per charge. Pure.

`ExternalItemNumber` holds our reference of a line: what tells, after a lost answer, which lines are
there already. It is the item's id in Commerce, unique in its order whatever the order holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.errors import Missing, Never
from sync.core.money import CENT, ZERO, rounded
from sync.dynamics.documents.line_amount import LinePrice, priced, sales_units
from sync.dynamics.documents.sales_order import SalesOrderLine
from sync.dynamics.documents.totals import Totals, proof
from sync.mapping import custom_options
from sync.mapping.addresses import without_empty
from sync.mapping.order_parts import Charge, OrderParts, row_tax_codes
from sync.mapping.order_rows import MoneyRow
from sync.mapping.tax_groups import line_tax_group
from sync.mapping_tables.records import ItemMapping, normal_sku

LONGEST_REFERENCE: Final = 20
"""Characters of `ExternalItemNumber` that are surely kept."""


def sales_order_lines(
    order: Order,
    connection: Connection,
    parts: OrderParts,
    items: Mapping[str, ItemMapping],
    *,
    left: OrderParts,
    gross: bool,
) -> list[SalesOrderLine]:
    """All lines but the rounding line. `items` by normalised sku; `left`: `parts` with what is
    still wanted of each.

    Raises `Never` for what has no item or quantity.
    """
    _refuse_unknown_items(order, connection, parts, items)
    names = unique_references(
        [
            *(_row_reference(row) for row in parts.rows),
            *(charge.reference for charge in parts.charges),
        ]
    )
    rows = [
        _row_line(
            order,
            connection,
            row,
            items[normal_sku(row.sku)],
            left=rest,
            reference=next(names),
            gross=gross,
        )
        for row, rest in zip(parts.rows, left.rows, strict=True)
    ]
    charges = [
        _charge_line(order, connection, charge, left=rest, reference=next(names), gross=gross)
        for charge, rest in zip(parts.charges, left.charges, strict=True)
    ]
    return [*rows, *charges]


def rounding_line(
    connection: Connection, amount: Decimal, lines: Sequence[SalesOrderLine]
) -> SalesOrderLine:
    """The line that carries a difference of rounding; `lines` are those it must be told from."""
    *_, reference = unique_references([*(line.reference for line in lines), "rounding"])
    price = priced(Decimal(1), amount)
    left = price if any(line.left is not None for line in lines) else None
    return _line(
        reference, {"ItemNumber": connection.orders.rounding_item}, price, connection, left=left
    )


def totals_left(
    order: Order,
    connection: Connection,
    left: OrderParts,
    lines: Sequence[SalesOrderLine],
    *,
    gross: bool,
) -> Totals:
    """What is left on both sides. What a way to pay covers of it is counted in."""
    unit = connection.dynamics.rounding.get(order.order_currency_code, CENT)
    return proof(
        [line.left for line in lines if line.left is not None],
        tax_on_top=ZERO if gross else left.tax, paid=ZERO,
        grand_total=left.grand_total, currency=order.order_currency_code, unit=unit,
    )  # fmt: skip


def unique_references(references: Sequence[str]) -> Iterator[str]:
    """Each reference, short enough; what was there before gets a number, in the order of the
    lines."""
    taken: set[str] = set()
    for reference in references:
        wanted = reference
        if len(reference) > LONGEST_REFERENCE:
            wanted = f"{reference[:11]}~{digest(reference)[:8]}"
        candidate, count = wanted, 1
        while candidate in taken:
            count += 1
            end = f"-{count}"
            candidate = f"{wanted[: LONGEST_REFERENCE - len(end)]}{end}"
        taken.add(candidate)
        yield candidate


def _row_reference(row: MoneyRow) -> str:
    return str(row.item.item_id) if row.item.item_id is not None else normal_sku(row.sku)


def _refuse_unknown_items(
    order: Order, connection: Connection, parts: OrderParts, items: Mapping[str, ItemMapping]
) -> None:
    unknown = sorted({row.sku for row in parts.rows if normal_sku(row.sku) not in items})
    is_off = connection.items.custom_options == "none"
    longer = custom_options.with_custom_options(order).keys() & set(unknown) if is_off else set()
    if unknown:
        named = ", ".join(sku[:64] or "(empty)" for sku in unknown)
        raise Never(
            f"order {order.increment_id}: items[].sku without an item in D365: {named}",
            remedy=(
                "Map the sku (`map items set SKU ITEM`, or `map items import FILE`), then replay"
                f" the order.{custom_options.remedy(longer)}"
            ),
            missing=[
                Missing("items.custom_options" if sku in longer else "items", sku)
                for sku in unknown
            ],
        )


def _row_line(
    order: Order,
    connection: Connection,
    row: MoneyRow,
    item: ItemMapping,
    *,
    left: MoneyRow,
    reference: str,
    gross: bool,
) -> SalesOrderLine:
    quantity = _quantity(order, row, item)
    body = {
        "ItemNumber": item.item_number,
        **without_empty(
            {
                **item.dimensions(),
                "SalesUnitSymbol": item.unit or connection.items.unit,
                "LineDescription": _options_text(row.item),
            }
        ),
        **_tax_group(order, connection, row_tax_codes(order, row), row.item.tax_amount),
    }
    price = priced(quantity, rounded(row.amount(gross=gross)), rounded(row.discount(gross=gross)))
    rest = sales_units(left.item.qty_ordered, item.factor)
    kept = _price_left(price, rest, left.amount(gross=gross), left.discount(gross=gross))
    return _line(reference, body, price, connection, left=kept)


def _price_left(
    price: LinePrice, quantity: Decimal, amount: Decimal, discount: Decimal
) -> LinePrice | None:
    """The price as it was where that comes to what Commerce still charges, else one that does."""
    if quantity <= ZERO:
        return None
    as_it_was = replace(price, quantity=quantity)
    return (
        as_it_was
        if as_it_was.amount() == rounded(amount)
        else priced(quantity, rounded(amount), rounded(discount))
    )


def _quantity(order: Order, row: MoneyRow, item: ItemMapping) -> Decimal:
    ordered = row.item.qty_ordered
    if ordered <= ZERO:
        raise Never(
            f"order {order.increment_id}: items[].qty_ordered of {row.sku[:64]} is {ordered}",
            remedy="Look at the order in Commerce: a row that bears money needs a quantity.",
        )
    quantity = sales_units(ordered, item.factor)
    if quantity <= ZERO:
        raise Never(
            f"order {order.increment_id}: items[].qty_ordered of {row.sku[:64]} is {ordered}; at"
            f" {item.factor} sales units per piece that is no quantity F&O can hold",
            remedy="Correct the factor of the sku (`map items set`), then replay the order.",
        )
    return quantity


def _charge_line(
    order: Order,
    connection: Connection,
    charge: Charge,
    *,
    left: Charge,
    reference: str,
    gross: bool,
) -> SalesOrderLine:
    price = priced(Decimal(1), rounded(charge.amount(gross=gross)), rounded(charge.discount))
    rest = priced(Decimal(1), rounded(left.amount(gross=gross)), rounded(left.discount))
    kept = price if left == charge else rest if rest.amount() else None
    body = {
        "ItemNumber": charge.item,
        **_tax_group(order, connection, charge.tax_codes, charge.tax),
    }
    return _line(reference, body, price, connection, left=kept)


def _line(
    reference: str,
    body: dict[str, Any],
    price: LinePrice,
    connection: Connection,
    *,
    left: LinePrice | None,
) -> SalesOrderLine:
    locked = {"IsPriceLocked": "Yes"} if connection.orders.lock_prices else {}
    body = {**body, **price.fields(), **locked, "ExternalItemNumber": reference}
    return SalesOrderLine(reference, body, price, left)


def _tax_group(
    order: Order, connection: Connection, codes: Sequence[str], tax: Decimal
) -> dict[str, str]:
    return without_empty(
        {"SalesTaxItemGroupCode": line_tax_group(order, connection.orders.taxes, codes, tax)}
    )


def _options_text(item: Item) -> str:
    """A line's description where the shopper chose or typed something: otherwise F&O's own product
    name stands."""
    texts = ", ".join(f"{option.option_id}={option.option_value}" for option in item.product_option)
    return f"{item.name} [{texts}]" if texts else ""
