"""What F&O invoiced less of an order than Commerce charged, as a credit memo of that amount. Pure.

Commerce computes an invoice from its pieces and takes no amount from anybody, so a price that F&O
lowered is given back by a credit memo of an adjustment alone: no piece, no shipping. It is made
only where nothing else can explain the difference; whatever is unclear is left to a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.invoice import CANCELLED, PAID, Invoice
from sync.commerce.models.order import Order
from sync.commerce.models.refund import WantedRefund, is_of_cancelled_pieces, of_lower_total
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, total
from sync.mapping.order_parts import order_parts
from sync.mapping.order_rows import money_items
from sync.mapping.refund import BARRED, adjustment, shipping_back, tax_left, unforeseen_in
from sync.mapping.refund_sums import memo_of


@dataclass(frozen=True)
class InvoicedTotals:
    """What both systems have invoiced of an order in the end: with tax, and with what was paid by
    card or credit. `fno`: each invoice and credit note of F&O. `credited`: what our own credit
    memos gave back of the difference. In `currency`; `others`: those of F&O that are not it."""

    sales_order: str
    fno: tuple[Decimal, ...]
    commerce: Decimal
    currency: str
    credited: Decimal = ZERO
    others: tuple[str, ...] = ()

    @property
    def ledger(self) -> Decimal:
        """What F&O's come to."""
        return rounded(total(self.fno))

    @property
    def lower(self) -> Decimal:
        """By how much F&O's are lower; negative where they are higher."""
        return rounded(self.commerce - self.credited - self.ledger)

    def told(self) -> str:
        """Both sums, in words."""
        given = f" and gave {self.credited:.2f} back" if self.credited else ""
        ledger = f"F&O invoiced {self.ledger:.2f} {', '.join(self.others) or self.currency}"
        return f"{ledger}, Commerce {self.commerce:.2f}{given}"


Credit = WantedRefund | str
"""A credit memo to be; or why there is none."""
PAID_OTHERWISE: Final = "gift cards or credit have paid a part of it, and get theirs back first"


def lower_credit(
    sums: InvoicedTotals,
    order: Order,
    invoices: Sequence[Invoice],
    memos: Sequence[Mapping[str, Any]],
    connection: Connection,
) -> Credit:
    """The credit memo over what F&O invoiced less, or why a person has to look at it. `invoices`,
    `memos`: those of the order in Commerce."""
    policy = connection.captures.credit_of(order.payment.method)
    if policy == "report":
        return f"captures.credits does not name the payment method {order.payment.method}"
    reason = _unclear(sums, order, memos, connection)
    return reason or _by_policy(policy, sums, order, invoices)


def _by_policy(
    policy: str, sums: InvoicedTotals, order: Order, invoices: Sequence[Invoice]
) -> Credit:
    paid = [one for one in invoices if one.transaction_id and one.state == PAID]
    invoice = next((one for one in reversed(paid) if one.grand_total >= sums.lower), None)
    if (paid or policy == "online") and invoice is None:
        return "no single invoice was paid so much by a gateway"
    return _refund(sums, order, invoice.entity_id if invoice else None, policy)


def _unclear(
    sums: InvoicedTotals, order: Order, memos: Sequence[Mapping[str, Any]], connection: Connection
) -> str:
    """Why nothing is given back by itself; empty where nothing speaks against it."""
    most, left = connection.captures.credit_most, order.total_paid - order.total_refunded
    checks = (
        (bool(sums.others), "F&O invoiced in another currency"),
        (sums.lower < ZERO, "F&O's are higher"),
        (sums.lower > most, f"{sums.lower:.2f} are more than captures.credit_most ({most:.2f})"),
        (any(one < ZERO for one in sums.fno), "F&O has a credit note of the order"),
        (any(_is_unclear(one) for one in memos), "the order has a credit memo"),
        (order.state in BARRED, f"Commerce refunds nothing of an order that is {order.state}"),
        (sums.lower > left + CENT, f"Commerce has {left:.2f} left to refund"),
        (bool(order_parts(order, connection.orders).paid), PAID_OTHERWISE),
    )
    found = next((reason for is_so, reason in checks if is_so), "")
    return found or unforeseen_in(order, memos, connection)


def _is_unclear(memo: Mapping[str, Any]) -> bool:
    """Whether a memo may be of what F&O invoiced: not where it is of pieces that F&O cancelled."""
    return memo.get("state") != CANCELLED and not is_of_cancelled_pieces(memo)


def _refund(sums: InvoicedTotals, order: Order, invoice: int | None, policy: str) -> Credit:
    """Of no pieces; what Commerce would give or take beside the adjustment is foreseen. The shop
    refunds what a gateway was paid for by its invoice alone."""
    asked, beside = shipping_back(order, ZERO)
    memo = memo_of(order, order.increment_id, {}, {}, beside, tax_left=tax_left(order))
    amounts = adjustment(order, sums.lower - rounded(memo.grand_total))
    if amounts is None:
        return f"an adjustment of {sums.lower:.2f} cannot be written in base currency"
    (item, _), *_ = money_items(order)
    return WantedRefund(
        order.entity_id or 0, invoice, policy == "online", {item.item_id or 0: ZERO}, asked,
        *amounts, (), of_lower_total(sums.sales_order), notify=False,
    )  # fmt: skip
