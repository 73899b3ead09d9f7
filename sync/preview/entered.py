"""Sales orders that people entered in F&O by hand for web orders, and how each differs from the one
that would be posted. Reads only.

A person types the web order's number somewhere into the reference or the requisition. An order is
recognised by that number as a whole word, or as all there is without its leading zeros.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sync.config.connections import Connection
from sync.core.money import ZERO, total
from sync.dynamics.client import DynamicsClient
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.odata import Filter

TYPED_INTO: Final = ("CustomersOrderReference", "CustomerRequisitionNumber")
"""Where people note a web order's number."""
NUMBER: Final = "SalesOrderNumber"
GROSS: Final = "ArePricesIncludingSalesTax"
WORD: Final = re.compile(r"[0-9a-z]+(?:[-_/][0-9a-z]+)*")
PART: Final = re.compile(r"[0-9a-z]+")
OURS: Final = frozenset({
    "dataAreaId", NUMBER, *TYPED_INTO, "SalesOrderOriginCode", "SkipCreateAutoCharges",
    "IsDeliveryAddressOrderSpecific", "DeliveryAddressDescription",
})  # fmt: skip
"""Header fields that nobody enters as we do: names, and how F&O is to treat the order."""
DIMENSIONS: Final = (
    "ProductConfigurationId", "ProductColorId", "ProductSizeId", "ProductStyleId",
)  # fmt: skip
LINE_FIELDS: Final = (
    "InventoryLotId", NUMBER, "ItemNumber", "OrderedSalesQuantity", "LineAmount", *DIMENSIONS,
)  # fmt: skip
HEADER_FIELDS: Final = (
    "dataAreaId", NUMBER, *TYPED_INTO, "CurrencyCode", "OrderingCustomerAccountNumber",
    "InvoiceCustomerAccountNumber", GROSS, "SalesOrderStatus",
)  # fmt: skip

Row = Mapping[str, Any]
Goods = Mapping[str, tuple[Decimal, Decimal]]
"""Item with its dimensions -> quantity and amount over all lines."""


@dataclass(frozen=True)
class FieldDifference:
    """One value that differs. `where`: `order`, or the item of a line."""

    where: str
    field: str
    ours: str
    entered: str

    def as_json(self) -> dict[str, str]:
        """As it is printed."""
        return {
            "where": self.where, "field": self.field, "ours": self.ours, "entered": self.entered,
        }  # fmt: skip


@dataclass
class EnteredOrders:
    """The sales orders of one legal entity that may have been entered for the web orders of a
    time, by the words that they were given."""

    by_word: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """One of F&O's headers."""
        for word in {word for name in TYPED_INTO for word in words_of(row.get(name))}:
            self.by_word.setdefault(word, []).append(row)

    def of(self, increment_id: str) -> list[Row]:
        """Those that were entered for this web order; several where it was divided."""
        number = increment_id.casefold()
        return self.by_word.get(number) or self.by_word.get(f"={number.lstrip('0')}", [])


def words_of(typed: Any) -> Iterable[str]:
    """What a web order's number is compared with: each word of a text and each part of it; and the
    whole of it without leading zeros, marked by `=`."""
    text = " ".join(str(typed or "").casefold().split())
    yield from WORD.findall(text)
    yield from PART.findall(text)
    if text:
        yield f"={text.lstrip('0#')}"


async def entered_orders(
    dynamics: DynamicsClient, settings: Connection, company: str, since: datetime, until: datetime
) -> EnteredOrders:
    """All sales orders of a legal entity that were created in this time and not cancelled: one
    request per page of F&O."""
    found, created = EnteredOrders(), "OrderCreationDateTime"
    where = Filter.eq("dataAreaId", company) & Filter.ge(created, since)
    async for row in dynamics.query(
        settings.dynamics.order_headers,
        where=where & Filter.lt(created, until),
        select=HEADER_FIELDS,
        order_by=("dataAreaId", NUMBER),
    ):
        if row.get("SalesOrderStatus") != "Canceled":
            found.add(row)
    return found


async def goods_of(
    dynamics: DynamicsClient, settings: Connection, company: str, headers: Sequence[Row]
) -> Goods:
    """What the lines of these orders come to. Many orders asked for at once share a request."""
    rows = await dynamics.find_by(
        settings.dynamics.order_lines,
        NUMBER,
        *(str(row[NUMBER]) for row in headers),
        company=company,
        select=LINE_FIELDS,
    )
    return _added_up(
        (_item(row), _decimal(row.get("OrderedSalesQuantity")), _decimal(row.get("LineAmount")))
        for row in rows
    )


def goods_wanted(order: SalesOrder, unit: Decimal) -> Goods:
    """What the lines come to that would be posted, as the order stands now."""
    return _added_up(
        (_item(line.body), line.left.quantity, line.left.amount(unit))
        for line in order.lines
        if line.left is not None
    )


def differences(
    order: SalesOrder, headers: Sequence[Row], wanted: Goods, there: Goods
) -> list[FieldDifference]:
    """Between an order as it would be posted and as it was entered. Amounts are compared only
    where both include tax, or neither does."""
    head = headers[0]
    fields = [name for name in HEADER_FIELDS if name in order.header and name not in OURS]
    found = [
        FieldDifference("order", name, _text(order.header[name]), _text(head.get(name)))
        for name in fields
        if _text(order.header[name]).casefold() != _text(head.get(name)).casefold()
    ]
    is_comparable = all(one.field != GROSS for one in found)
    for item in sorted({*wanted, *there}):
        ours, theirs = wanted.get(item), there.get(item)
        found += _of_line(item, ours, theirs, is_comparable=is_comparable)
    return found


def _of_line(
    item: str,
    ours: tuple[Decimal, Decimal] | None,
    theirs: tuple[Decimal, Decimal] | None,
    *,
    is_comparable: bool,
) -> Iterable[FieldDifference]:
    if ours is None or theirs is None:
        yield FieldDifference(item, "line", _line(ours), _line(theirs))
        return
    if ours[0] != theirs[0]:
        yield FieldDifference(item, "OrderedSalesQuantity", f"{ours[0]:f}", f"{theirs[0]:f}")
    if is_comparable and ours[1] != theirs[1]:
        yield FieldDifference(item, "LineAmount", f"{ours[1]:f}", f"{theirs[1]:f}")


def amount_of(goods: Goods) -> Decimal:
    """What all lines come to."""
    return total(amount for _, amount in goods.values())


def _line(goods: tuple[Decimal, Decimal] | None) -> str:
    return "none" if goods is None else f"{goods[0]:f} for {goods[1]:f}"


def _added_up(lines: Iterable[tuple[str, Decimal, Decimal]]) -> Goods:
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for item, quantity, amount in lines:
        before = found.get(item, (ZERO, ZERO))
        found[item] = (before[0] + quantity, before[1] + amount)
    return found


def _item(row: Row) -> str:
    parts = (str(row.get(name) or "") for name in ("ItemNumber", *DIMENSIONS))
    return " ".join(part for part in parts if part)


def _decimal(value: Any) -> Decimal:
    return Decimal(value or 0).normalize() + ZERO


def _text(value: Any) -> str:
    return " ".join(str(value if value is not None else "").split())
