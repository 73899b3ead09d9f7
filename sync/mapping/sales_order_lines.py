"""The lines of a sales order: one per row that carries an amount, one per charge. Pure.

`ExternalItemNumber` holds our reference of a line: what tells, after a lost answer, which lines are
there already. It is the item's id in Commerce, unique in its order whatever the order holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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

MAP_SKU: Final = (
    "Map the sku (`map items set SKU ITEM`, or `map items import FILE`), then replay the order."
)

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
    references = [_row_reference(row) for row in parts.rows]
    names = unique_references([*references, *(charge.reference for charge in parts.charges)])
    lines = _Lines(order, connection, gross)
    rows = [
        lines.of_row(next(names), row, rest, items[normal_sku(row.sku)])
        for row, rest in zip(parts.rows, left.rows, strict=True)
    ]
    charges = [
        lines.of_charge(next(names), charge, rest)
        for charge, rest in zip(parts.charges, left.charges, strict=True)
    ]
    return [*rows, *charges]


@dataclass(frozen=True)
class _Lines:
    """Makes the lines of one order. `gross`: prices include tax."""

    order: Order
    connection: Connection
    gross: bool

    def of_row(
        self, reference: str, row: MoneyRow, left: MoneyRow, item: ItemMapping
    ) -> SalesOrderLine:
        """The line of a row, and of what is `left` of it."""
        quantity = _quantity(self.order, row, item)
        price = self._price_of(
            quantity, row.amount(gross=self.gross), row.discount(gross=self.gross)
        )
        kept = self._price_left(price, sales_units(left.item.qty_ordered, item.factor), left)
        unit, text = item.unit or self.connection.items.unit, _options_text(row.item)
        said = {**item.dimensions(), "SalesUnitSymbol": unit, "LineDescription": text}
        group = self._tax_group(row_tax_codes(self.order, row), row.item.tax_amount)
        body = {"ItemNumber": item.item_number, **without_empty(said), **group}
        tax = ZERO if self.gross else row.amount(gross=True) - row.amount(gross=False)
        return _line(reference, body, price, self.connection, left=kept, tax=tax)

    def of_charge(self, reference: str, charge: Charge, left: Charge) -> SalesOrderLine:
        """The line of a charge, and of what is `left` of it."""
        price, rest = self._price(charge), self._price(left)
        kept = price if left == charge else rest if rest.amount() else None
        body = {"ItemNumber": charge.item, **self._tax_group(charge.tax_codes, charge.tax)}
        tax = ZERO if self.gross else charge.tax
        return _line(reference, body, price, self.connection, left=kept, tax=tax)

    def _price(self, charge: Charge) -> LinePrice:
        return self._price_of(Decimal(1), charge.amount(gross=self.gross), charge.discount)

    def _price_of(self, quantity: Decimal, amount: Decimal, discount: Decimal) -> LinePrice:
        is_told = self.connection.orders.discounts == "field"
        return priced(quantity, rounded(amount), rounded(discount) if is_told else ZERO)

    def _price_left(self, price: LinePrice, quantity: Decimal, left: MoneyRow) -> LinePrice | None:
        """The price as it was where that comes to what Commerce still charges, else one that
        does."""
        if quantity <= ZERO:
            return None
        as_it_was, amount = replace(price, quantity=quantity), left.amount(gross=self.gross)
        if as_it_was.amount() == rounded(amount):
            return as_it_was
        return self._price_of(quantity, amount, left.discount(gross=self.gross))

    def _tax_group(self, codes: Sequence[str], tax: Decimal) -> dict[str, str]:
        group = line_tax_group(self.order, self.connection.orders.taxes, codes, tax)
        return without_empty({"SalesTaxItemGroupCode": group})


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
        tables = {sku: "items.custom_options" if sku in longer else "items" for sku in unknown}
        raise Never(
            f"order {order.increment_id}: items[].sku without an item in D365: {named}",
            remedy=f"{MAP_SKU}{custom_options.remedy(longer)}",
            missing=[Missing(table, sku) for sku, table in tables.items()],
        )


def _quantity(order: Order, row: MoneyRow, item: ItemMapping) -> Decimal:
    ordered = row.item.qty_ordered
    what = f"order {order.increment_id}: items[].qty_ordered of {row.sku[:64]} is {ordered}"
    if ordered <= ZERO:
        remedy = "Look at the order in Commerce: a row with an amount needs a quantity."
        raise Never(what, remedy=remedy)
    quantity = sales_units(ordered, item.factor)
    if quantity <= ZERO:
        units = f"{item.factor} sales units per piece that is no quantity F&O can hold"
        remedy = "Correct the factor of the sku (`map items set`), then replay the order."
        raise Never(f"{what}; at {units}", remedy=remedy)
    return quantity


def _line(
    reference: str,
    body: Mapping[str, Any],
    price: LinePrice,
    connection: Connection,
    *,
    left: LinePrice | None,
    tax: Decimal = ZERO,
) -> SalesOrderLine:
    locked = {"IsPriceLocked": "Yes"} if connection.orders.lock_prices else {}
    body = {**body, **price.fields(), **locked, "ExternalItemNumber": reference}
    return SalesOrderLine(reference, body, price, left, tax)


def _options_text(item: Item) -> str:
    """A line's description where the shopper chose or typed something: otherwise F&O's own product
    name stands."""
    texts = ", ".join(f"{option.option_id}={option.option_value}" for option in item.product_option)
    return f"{item.name} [{texts}]" if texts else ""
