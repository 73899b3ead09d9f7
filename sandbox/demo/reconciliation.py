"""What the shop sold against what F&O holds, order by order and per currency. Pure; knows nothing
of our own tables.

An order's money in F&O: its lines, plus the tax that the shop charged where prices exclude tax,
less what was paid by gift card, credit or points (which is no part of a sales order). To the cent
it is the shop's grand total, or something is off.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.money import ZERO, rounded, total

CANCELED: Final = "canceled"


@dataclass(frozen=True)
class Sold:
    """An order in the shop's books, in its own currency."""

    increment_id: str
    currency: str
    is_cancelled: bool
    grand_total: Decimal
    tax: Decimal
    paid: Decimal

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> "Sold":
        """From an entry of the shop's books, less what F&O invoiced less."""
        amounts = {name: Decimal(entry[name]) for name in ("grand_total", "tax", "paid")}
        lower = (one for one in entry["refunds"] if one["of_dynamics"].startswith("F&O total "))
        amounts["grand_total"] -= total(Decimal(one["grand_total"]) for one in lower)
        return cls(
            str(entry["increment_id"]),
            str(entry["currency"]),
            entry["state"] == CANCELED,
            **amounts,
        )


def shop_number(reference: Any) -> str:
    """A reference in F&O without the store view that it begins with: an order's number, or a
    document's."""
    return str(reference).partition("-")[2]


@dataclass(frozen=True)
class Booked:
    """A sales order in F&O. `amount` is the sum of its lines."""

    number: str
    reference: str
    currency: str
    lines: int
    amount: Decimal
    includes_tax: bool

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Booked":
        """From a sales order as F&O has it, header and lines."""
        return cls(
            number=str(row["SalesOrderNumber"]),
            reference=shop_number(row.get("CustomersOrderReference", "")),
            currency=str(row["CurrencyCode"]),
            lines=len(row["lines"]),
            amount=Decimal(row["total"]),
            includes_tax=row.get("ArePricesIncludingSalesTax") == "Yes",
        )

    def worth(self, sold: Sold | None) -> Decimal:
        """What it comes to in the shop's terms."""
        if sold is None:
            return rounded(self.amount)
        return rounded(self.amount + (ZERO if self.includes_tax else sold.tax) - sold.paid)


@dataclass(frozen=True)
class Row:
    """One connection's business in one currency. `commerce` leaves cancelled orders out."""

    connection: str
    currency: str
    orders: int
    cancelled: int
    sales_orders: int
    lines: int
    commerce: Decimal
    dynamics: Decimal

    @property
    def difference(self) -> Decimal:
        """Commerce less Dynamics."""
        return self.commerce - self.dynamics

    def as_json(self) -> dict[str, Any]:
        """Amounts as text with two decimals."""
        money = {
            name: f"{getattr(self, name):.2f}" for name in ("commerce", "dynamics", "difference")
        }
        counts = {
            name: getattr(self, name) for name in ("orders", "cancelled", "sales_orders", "lines")
        }
        return {"connection": self.connection, "currency": self.currency, **counts, **money}


@dataclass(frozen=True)
class Finding:
    """One thing that is off: where, which record, and what."""

    connection: str
    record: str
    what: str

    def as_json(self) -> dict[str, str]:
        """As it is printed."""
        return {"connection": self.connection, "record": self.record, "what": self.what}


@dataclass(frozen=True)
class Comparison:
    """One connection compared. `parked` orders are missing for a reason that is known."""

    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]


def compared(
    connection: str, sold: Sequence[Sold], booked: Sequence[Booked], parked: Iterable[str] = ()
) -> Comparison:
    """Compare the books of both sides. `parked`: increment ids that wait for a person."""
    by_reference: dict[str, list[Booked]] = {}
    for each in booked:
        by_reference.setdefault(each.reference, []).append(each)
    known = {order.increment_id for order in sold}
    waiting = set(parked)
    findings = [
        Finding(connection, order.increment_id, what)
        for order in sold
        for what in _wrong(
            order, by_reference.get(order.increment_id, []), is_parked=order.increment_id in waiting
        )
    ]
    findings += [
        Finding(
            connection,
            each.number,
            f"answers no order of the shop: its reference is {each.reference or 'empty'}",
        )
        for each in booked
        if each.reference not in known
    ]
    return Comparison(tuple(_rows(connection, sold, booked)), tuple(findings))


def _wrong(order: Sold, found: Sequence[Booked], *, is_parked: bool) -> Iterable[str]:
    numbers = ", ".join(sorted(each.number for each in found))
    if len(found) > 1:
        yield f"is in Dynamics {len(found)} times: {numbers}"
    elif order.is_cancelled and found:
        yield f"is cancelled, but sales order {numbers} stands"
    elif not order.is_cancelled and not found and not is_parked:
        yield f"is not in Dynamics: {order.grand_total:.2f} {order.currency}"
    elif not order.is_cancelled and found:
        yield from _amiss(order, found[0])


def _amiss(order: Sold, found: Booked) -> Iterable[str]:
    if not found.lines:
        yield f"is half in Dynamics: sales order {found.number} has no lines"
    elif found.currency != order.currency:
        yield f"is in {order.currency}, sales order {found.number} in {found.currency}"
    elif found.worth(order) != rounded(order.grand_total):
        rest = rounded(order.grand_total) - found.worth(order)
        yield (
            f"comes to {order.grand_total:.2f} {order.currency}, sales order {found.number} to"
            f" {found.worth(order):.2f}: difference {rest:.2f}"
        )


def _rows(connection: str, sold: Sequence[Sold], booked: Sequence[Booked]) -> Iterable[Row]:
    orders = {order.increment_id: order for order in sold}
    currencies = sorted({order.currency for order in sold} | {each.currency for each in booked})
    for currency in currencies:
        ours = [order for order in sold if order.currency == currency]
        theirs = [each for each in booked if each.currency == currency]
        yield Row(
            connection, currency,
            orders=len(ours), cancelled=sum(order.is_cancelled for order in ours),
            sales_orders=len(theirs), lines=sum(each.lines for each in theirs),
            commerce=total(rounded(order.grand_total) for order in ours if not order.is_cancelled),
            dynamics=total(each.worth(orders.get(each.reference)) for each in theirs),
        )  # fmt: skip
