"""The lines of an invoice or credit memo as the ledger books them, with the totals proved. Pure.

One list for all recipes: what was sold, shipping, adjustments, fixed product tax, and what was paid by card or credit
as a line of its own, so that the document comes to exactly what was captured or given back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.connections import Connection
from sync.errors import Never
from sync.mapping.document_parts import DocumentParts, document_parts
from sync.mapping.order_parts import fields_holding
from sync.mapping.sales_order import Unproved
from sync.mapping.totals import Totals
from sync.money import ZERO, rounded, total


@dataclass(frozen=True)
class ReceivableLine:
    """`amount` to the cent, positive where the customer owes (or, on a credit memo, gets back). `sku` for goods only."""

    reference: str
    text: str
    quantity: Decimal
    amount: Decimal
    sku: str = ""
    item: str = ""
    tax_codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receivable:
    """An invoice or credit memo to be booked. `tax` is on top of the lines; zero when they include it."""

    lines: tuple[ReceivableLine, ...]
    tax: Decimal
    totals: Totals


def receivable_from(document: Invoice | CreditMemo, order: Order, connection: Connection, *, gross: bool) -> Receivable:
    """Map and prove. Raises `Never` (`Unproved` with both sums) for what does not add up."""
    parts = document_parts(document, order, connection.orders)
    lines = [*_lines(parts, gross=gross)]
    tax = ZERO if gross else rounded(parts.tax)
    totals = _totals(document, lines, tax)
    rest = totals.difference
    if rest and abs(rest) <= connection.orders.rounding_most:
        item = connection.orders.rounding_item
        lines.append(ReceivableLine("rounding", "rounding", Decimal(1), rest, item=item))
        done = _totals(document, lines, tax)
        totals = Totals(done.commerce, done.dynamics, done.currency, rounding=rest)
    if totals.difference:
        raise _unproved(document, totals)
    return Receivable(tuple(lines), tax, totals)


def _lines(parts: DocumentParts, *, gross: bool) -> Iterator[ReceivableLine]:
    for row in parts.rows:
        amount = rounded(row.net + row.tax if gross else row.net)
        yield ReceivableLine(row.reference, row.text, row.quantity, amount, sku=row.sku, tax_codes=row.tax_codes)
    for charge in parts.charges:
        text = charge.reference.replace("-", " ").replace("_", " ")
        amount = rounded(charge.amount(gross=gross))
        yield ReceivableLine(
            charge.reference, text, Decimal(1), amount, item=charge.item, tax_codes=tuple(charge.tax_codes)
        )
    for paid in parts.paid:
        yield ReceivableLine(paid.segment, f"paid by {paid.home}", Decimal(1), -rounded(paid.amount))


def _totals(document: Invoice | CreditMemo, lines: list[ReceivableLine], tax: Decimal) -> Totals:
    dynamics = total(line.amount for line in lines) + tax
    return Totals(rounded(document.grand_total), rounded(dynamics), document.order_currency_code)


def _unproved(document: Invoice | CreditMemo, totals: Totals) -> Never:
    what = "invoice" if isinstance(document, Invoice) else "credit memo"
    where = [path for path in fields_holding(document.raw, totals.difference) if not path.startswith("base_")][:3]
    hint = f" The same amount stands in {', '.join(where)}." if where else ""
    return Unproved(
        f"{what} {document.increment_id}: grand_total is {totals.commerce} {totals.currency}, its parts come to "
        f"{totals.dynamics}, unexplained {totals.difference}.{hint}",
        remedy="Compare the document with its order in Commerce; if an extension adds a total, give it a home under "
        "orders.segments in connections.toml. Then replay it.",
        totals=totals,
    )
