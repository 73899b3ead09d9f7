"""What a credit note of F&O gives back in money: rows, pieces, shipping, and what is beside them.
Pure.

Goods that are replaced are not refunded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.item import Item
from sync.commerce.models.order import Order
from sync.commerce.models.refund import marker_of
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.money import ZERO, rounded, total
from sync.dynamics.documents.line_amount import sales_units
from sync.dynamics.documents.return_state import CreditLine, CreditNote, ReturnState
from sync.mapping.order_rows import money_items
from sync.mapping.returned_pieces import Returned
from sync.mapping.rma_return_order import RmaWithOrder, row_of
from sync.mapping_tables.records import ItemMapping, normal_sku

ONE: Final = Decimal(1)
BY_HAND: Final = (
    "Refund it in Commerce by hand with the comment {marker} on the credit memo, then replay."
)

OF_SEVERAL: Final = (
    "Refund in Commerce by hand what it has of each return order, with the comment {marker} on the"
    ' credit memo (and the number of its own RMA). Then run: skip refunds "{note}" --why "..."'
)


@dataclass(frozen=True)
class Given:
    """What is to be given back. `pieces` by order row, `amount` with tax and with what is beside
    goods; `shipping`, `beside`: of that, what is credited for shipping, and by lines and charges of
    their own. `back_in_stock`: rows whose goods were put back."""

    pieces: Mapping[int, Decimal]
    amount: Decimal
    shipping: Decimal = ZERO
    beside: Decimal = ZERO
    back_in_stock: frozenset[int] = frozenset()


@dataclass(frozen=True)
class RefundCase:
    """All that decides over the refund of a credit note. `memos`: the order's, as REST answers
    them; `invoices` as well."""

    found: RmaWithOrder
    note: CreditNote
    state: ReturnState
    items: Mapping[str, ItemMapping]
    connection: Connection
    memos: Sequence[Mapping[str, Any]] = ()
    invoices: Sequence[Mapping[str, Any]] = ()

    @property
    def order(self) -> Order:
        """The order that the goods were sold by."""
        return self.found.order

    @property
    def marker(self) -> str:
        """The comment by which its refunds are known."""
        return marker_of(self.found.rma.increment_id, self.note.number)

    @property
    def rows(self) -> dict[str, tuple[Item, str]]:
        """The rows of the order that carry money, with the sku that was sold; by id."""
        return {str(item.item_id): (item, sku) for item, sku in money_items(self.order)}

    def never(self, what: str, remedy: str = BY_HAND) -> Never:
        """What parks it."""
        sums = f"{self.note.amount:.2f} {self.note.currency}"
        reason = f"credit note {self.note.number} of {self.found.rma.label} ({sums}): {what}"
        named = remedy.replace("{note}", self.note.key)
        return Never(reason, remedy=named.replace("{marker}", f'"{self.marker}"'))


@dataclass
class _Sorted:
    """The lines of a credit note by what they give back; what is replaced is `kept`."""

    goods: list[tuple[int, Decimal, Decimal]] = field(default_factory=list)
    kept: Decimal = ZERO
    shipping: Decimal = ZERO
    others: Decimal = ZERO
    stock: set[int] = field(default_factory=set)


def given_by(case: RefundCase) -> Given:
    """What the credit note gives back in money. Raises `Never` where its lines do not tell it."""
    found, exchanges = _Sorted(), exchanged_rows(case.found, case.connection)
    _must_be_of_one_return(case)
    for one in _credited(case):
        _sort(case, one, exchanges, found)
    beside = case.note.beside if case.note.lines is not None else ZERO
    if found.kept and beside:
        raise case.never(f"{beside:.2f} of it is in no line, and some of its goods are replaced")
    if case.state.replacement and not found.kept and not exchanges:
        order = case.state.replacement
        raise case.never(f"F&O has replacement order {order}, and no line says of which goods")
    pieces = dict[int, Decimal]()
    for row, units, _ in found.goods:
        pieces[row] = pieces.get(row, ZERO) + _pieces(case, row, units)
    amount = total(worth for *_, worth in found.goods) + found.shipping + found.others + beside
    more = rounded(found.others + beside)
    shipping = rounded(found.shipping)
    return Given(pieces, rounded(amount), shipping, more, frozenset(found.stock))


def _must_be_of_one_return(case: RefundCase) -> None:
    """People may post one credit note of several return orders (summary update): its header has the
    number and the reference of one of them."""
    own, lots = case.note.return_order, {line.lot for line in case.state.lines}
    others = dict.fromkeys(
        one.order or f"that of lot {one.lot}"
        for one in case.note.lines or ()
        if one.lot not in lots and one.order != own
        if one.order or row_of(one.reference) not in case.rows
    )
    if others:
        named = ", ".join((own, *others))
        raise case.never(f"it is of several return orders ({named})", OF_SEVERAL)


def _sort(case: RefundCase, one: CreditLine, exchanges: frozenset[str], found: _Sorted) -> None:
    held = next((line for line in case.state.lines if line.lot == one.lot), None)
    row = row_of(held.reference if held is not None else one.reference)
    freight = case.connection.orders.freight_item.casefold()
    if row in case.rows and (row in exchanges or (held is not None and held.is_exchange)):
        found.kept += one.amount
    elif row in case.rows:
        found.goods.append((int(row), one.quantity, one.amount))
        if held is not None and held.action == "Credit":
            found.stock.add(int(row))
    elif one.item and one.item.casefold() == freight:
        found.shipping += one.amount
    else:
        found.others += one.amount


def _credited(case: RefundCase) -> Iterable[CreditLine]:
    """The lines of the note; where our user may not see them, those of the return order, if the
    note is of all of them."""
    if case.note.lines is not None:
        return case.note.lines
    invoiced = [one for one in case.state.lines if one.status == "Invoiced"]
    if len(invoiced) != len(case.state.lines) or any(one.is_exchange for one in invoiced):
        raise case.never(
            "its lines may not be read, and it may be of a part",
            "Give the app's user the right to view CustInvoiceTransBiEntities, then replay.",
        )
    worth = case.note.amount
    return [
        CreditLine(one.lot, one.reference, one.item, one.expected, worth if place == 0 else ZERO)
        for place, one in enumerate(invoiced)
    ]


def exchanged_rows(found: RmaWithOrder, connection: Connection) -> frozenset[str]:
    """Rows of which all that comes back was asked to be replaced."""
    by_row: dict[int, list[Returned]] = {}
    for one in found.pieces:
        by_row.setdefault(one.row_id, []).append(one)
    wanted = connection.returns.exchanges
    return frozenset(
        str(row)
        for row, asked in by_row.items()
        if all(one.item.resolution in wanted for one in asked)
    )


def _pieces(case: RefundCase, row_id: int, units: Decimal) -> Decimal:
    """Sales units of F&O as pieces of Commerce."""
    item, sku = case.rows[str(row_id)]
    mapping = case.items.get(normal_sku(sku))
    factor = mapping.factor if mapping else ONE
    pieces = rounded(units / factor, ONE)
    if pieces <= ZERO or sales_units(pieces, factor) != units:
        raise case.never(f"{units:f} sales units of {item.sku[:64]} are no whole pieces")
    return pieces
