"""The lines of an invoice or credit memo as the ledger books them, with the totals proved. Pure.

One list for all recipes: what was sold, shipping, adjustments, fixed product tax, and what was paid
by card or credit as a line of its own, so that the document comes to exactly what was captured or
given back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import ZERO, rounded, total
from sync.dynamics.documents.totals import Totals, Unproved
from sync.mapping.document_parts import DocumentParts, document_parts
from sync.mapping.order_parts import Charge
from sync.mapping.order_share import prove_share
from sync.mapping.sales_order_lines import unique_references
from sync.mapping.soundness import document_must_be_sound
from sync.mapping.tax_proof import prove_document_tax
from sync.mapping.unexplained import unexplained

ONE = Decimal(1)


@dataclass(frozen=True)
class ReceivableLine:
    """`amount` to the cent, positive where the customer owes (or, on a credit memo, gets back).
    `sku` for goods only.

    `reference` tells it from the other lines; `segment` says what kind of charge it is, and is
    empty for goods. `tax`: what Commerce charged on it, whether `amount` includes it or not.
    `is_payment`: it was a way to pay and lowers what is owed; a document of goods and charges does
    not list it.
    """

    reference: str
    text: str
    quantity: Decimal
    amount: Decimal
    sku: str = ""
    item: str = ""
    segment: str = ""
    tax_codes: tuple[str, ...] = ()
    tax: Decimal = ZERO
    is_payment: bool = False

    @property
    def is_goods(self) -> bool:
        """Whether it was sold by its sku."""
        return not self.segment


@dataclass(frozen=True)
class Receivable:
    """An invoice or credit memo to be booked. `tax` is on top of the lines; zero when they include
    it (`is_gross`). `off`: the part of each line that was taken off the sales order, by reference,
    where these lines are what is left."""

    label: str
    lines: tuple[ReceivableLine, ...]
    tax: Decimal
    totals: Totals
    is_gross: bool
    off: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def skus(self) -> list[str]:
        """What needs an item number where goods are named by one."""
        return list(dict.fromkeys(line.sku for line in self.lines if line.sku))

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to book: every line and the total are zero."""
        return not self.totals.commerce and not any(line.amount for line in self.lines)


def receivable_from(
    document: Invoice | CreditMemo, order: Order, connection: Connection, *, gross: bool
) -> Receivable:
    """Map and prove. Raises `Never` (`Unproved` with both sums) for what cannot be or does not add
    up."""
    document_must_be_sound(document, order)
    parts = document_parts(document, order, connection.orders)
    prove_document_tax(document, order, parts)
    prove_share(document, order, parts)
    lines = [*_lines(parts, gross=gross)]
    tax = ZERO if gross else rounded(parts.tax)
    totals = _totals(document, lines, tax)
    rest, most = totals.difference, connection.orders.rounding_most
    if rest and min(abs(rest), abs(rest - parts.dust(gross=gross))) <= most:
        lines.append(_rounding_line(rest, connection.orders.rounding_item))
        totals = replace(_totals(document, lines, tax), rounding=rest)
    if totals.difference:
        raise unexplained(document, totals, len(lines))
    return Receivable(document.label, tuple(lines), tax, totals, gross)


def _rounding_line(rest: Decimal, item: str) -> ReceivableLine:
    return ReceivableLine("rounding", "rounding", ONE, rest, item=item, segment="rounding")


def proved(receivable: Receivable, amounts: Iterator[Decimal], *, tax: bool = True) -> Totals:
    """The totals with what F&O makes of the lines that are really sent. Raises `Unproved` when they
    come to another sum.

    `tax`: whether what Commerce charged comes on top, which it does unless the amounts are paid
    ones.
    """
    sent = rounded(total(amounts) + (receivable.tax if tax else ZERO))
    totals = replace(receivable.totals, dynamics=sent)
    if totals.difference:
        raise Unproved(
            f"{receivable.label}: grand_total is {totals.commerce} {totals.currency}, but F&O would"
            f" make {totals.dynamics} of the lines",
            remedy=(
                f"Compare the rounding of {totals.currency} in F&O's Currencies with"
                " dynamics.rounding in connections.toml."
            ),
            totals=totals,
        )
    return totals


def must_have_lines(receivable: Receivable, lines: Sequence[Any]) -> None:
    """Raise `Unproved` where a document would have a total and no lines: F&O posts nothing of
    it."""
    if not lines:
        nothing = Totals(receivable.totals.commerce, ZERO, receivable.totals.currency)
        raise Unproved(
            f"{receivable.label}: grand_total is {nothing.commerce} {nothing.currency}, but no item"
            " and no charge has an amount",
            remedy=(
                "Compare the items of the document with its total in Commerce; enter in D365 by"
                " hand what was really paid."
            ),
            totals=nothing,
        )


def _lines(parts: DocumentParts, *, gross: bool) -> Iterator[ReceivableLine]:
    references = unique_references(
        [*(r.reference for r in parts.rows), *(c.reference for c in parts.charges)]
    )
    for row in parts.rows:
        yield ReceivableLine(
            next(references), row.text, row.quantity, rounded(row.amount(gross=gross)),
            sku=row.sku, tax_codes=row.tax_codes, tax=row.tax
        )  # fmt: skip
    for charge in parts.charges:
        yield _of_charge(charge, next(references), gross=gross)
    for paid in parts.paid:
        text, amount = f"paid by {paid.home}", -rounded(paid.amount)
        yield ReceivableLine(paid.segment, text, ONE, amount, segment=paid.segment, is_payment=True)


def _of_charge(charge: Charge, reference: str, *, gross: bool) -> ReceivableLine:
    text = charge.reference.replace("-", " ").replace("_", " ")
    return ReceivableLine(
        reference, text, ONE, rounded(charge.amount(gross=gross)), item=charge.item,
        segment=charge.reference, tax_codes=charge.tax_codes, tax=charge.tax,
    )  # fmt: skip


def _totals(document: Invoice | CreditMemo, lines: list[ReceivableLine], tax: Decimal) -> Totals:
    dynamics = total(line.amount for line in lines) + tax
    return Totals(rounded(document.grand_total), rounded(dynamics), document.order_currency_code)
