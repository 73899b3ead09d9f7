"""What a credit memo comes to, in the order in which the shop's own collectors work it out.

Replayed against 207 recorded memos: parts of what was invoiced with delta rounding, the last one of
an order takes the tax that the header has left, adjustments carry no tax.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.commerce import extra_charges
from sandbox.commerce.documents import Deltas, Row, added, column, paying
from sandbox.commerce.levies import levy_of
from sandbox.commerce.memo_shipping import ShippingBack
from sandbox.commerce.order_rows import levies_in_subtotal
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO, rounded


@dataclass(frozen=True)
class Adjustment:
    """What is given back beyond goods and shipping, and what is withheld; in base currency, both
    positive."""

    positive: Decimal = ZERO
    negative: Decimal = ZERO


@dataclass
class MemoSums:
    """A credit memo in one currency. `last`: nothing is left to refund after it; `invoice`: the
    only one it is for."""

    order: StoredOrder
    rows: list[Row]
    head: Columns
    side: str
    last: bool
    invoice: Columns | None
    shipping: ShippingBack
    adjustment: Adjustment
    _deltas: Deltas = field(default_factory=Deltas, init=False)

    def collect(self) -> None:
        """Work out the amounts of the rows and of the header."""
        side, head = self.side, self.head
        self._goods()
        self._discounts()
        head[f"{side}shipping_amount"] = self.shipping.net[side]
        head[f"{side}shipping_incl_tax"] = self.shipping.gross[side]
        hidden, levy_tax = self._levies()
        self._taxes(levy_tax)
        names = (
            "subtotal",
            "discount_amount",
            "shipping_amount",
            "tax_amount",
            "discount_tax_compensation_amount",
        )
        head[f"{side}grand_total"] = (
            sum((head[f"{side}{name}"] for name in names), hidden) + self._adjusted()
        )
        extra_charges.memo(self.order, head, side)

    def _part(self, row: Row, name: str, of: str, done: str, *, taken_off: bool = False) -> Decimal:
        """A row's part of what was invoiced of its item and is not yet refunded."""
        left = amount(row.item, f"{self.side}{of}") - amount(row.item, f"{self.side}{done}")
        if not row.last:
            rest = amount(row.item, "qty_invoiced") - amount(row.item, "qty_refunded")
            left = self._deltas.rounded(left / rest * row.qty, taken_off=taken_off)
        row.money[f"{self.side}{name}"] = left
        return left

    def _goods(self) -> None:
        subtotal = gross = ZERO
        for row in paying(self.rows):
            subtotal += self._part(row, "row_total", "row_invoiced", "amount_refunded")
            share = (
                amount(row.item, f"{self.side}row_total_incl_tax")
                / amount(row.item, "qty_ordered")
                * row.qty
            )
            row.money[f"{self.side}row_total_incl_tax"] = self._deltas.rounded(share, "gross")
            gross += row.money[f"{self.side}row_total_incl_tax"]
        self.head |= {f"{self.side}subtotal": subtotal, f"{self.side}subtotal_incl_tax": gross}

    def _discounts(self) -> None:
        off = self.shipping.discount[self.side]
        for row in paying(self.rows):
            off += self._part(
                row, "discount_amount", "discount_invoiced", "discount_refunded", taken_off=True
            )
        self.head[f"{self.side}discount_amount"] = ZERO - off

    def _levies(self) -> tuple[Decimal, Decimal]:
        """Fixed product tax: what the grand total hides of it, and its tax."""
        for row in paying(self.rows):
            row.levies[self.side] = levy_of(row, self.side, self._deltas, "refunded")
        levies = [row.levies[self.side] for row in paying(self.rows)]
        net, tax = (
            sum((levy.net for levy in levies), ZERO),
            sum((levy.tax for levy in levies), ZERO),
        )
        added(
            self.head, f"{self.side}subtotal_incl_tax", sum((levy.shown for levy in levies), ZERO)
        )
        if not levies_in_subtotal(self.order):
            return net, tax
        added(self.head, f"{self.side}subtotal", net)
        return ZERO, tax

    def _taxes(self, levy_tax: Decimal) -> None:
        tax = compensation = ZERO
        for row in paying(self.rows):
            if row.qty > ZERO:
                tax += self._part(row, "tax_amount", "tax_invoiced", "tax_refunded")
                name = "discount_tax_compensation"
                compensation += self._part(
                    row, f"{name}_amount", f"{name}_invoiced", f"{name}_refunded"
                )
        shipping_tax, shipping_compensation, in_part = self._shipping_taxes()
        tax += shipping_tax + levy_tax
        compensation += shipping_compensation
        if self.invoice is not None:
            compensation = self._deltas.rounded(compensation)
        if extra_charges.bears_charges(self.order, self.order.creditmemos):
            tax += extra_charges.tax_of(self.order, self.side)
        left = self._tax_left()
        self.head |= {
            f"{self.side}tax_amount": left if self.last and not in_part else min(left, tax),
            f"{self.side}shipping_tax_amount": shipping_tax,
            f"{self.side}discount_tax_compensation_amount": compensation,
        }

    def _tax_left(self) -> Decimal:
        """The tax that may still go back: of the order, or of the one invoice."""
        if self.invoice is None:
            row = self.order.row
            return amount(row, f"{self.side}tax_invoiced") - amount(row, f"{self.side}tax_refunded")
        memos = [
            memo
            for memo in self.order.creditmemos
            if memo.get("invoice_id") == self.invoice["entity_id"]
        ]
        done = sum((amount(memo, f"{self.side}tax_amount") for memo in memos), ZERO)
        return amount(self.invoice, f"{self.side}tax_amount") - done

    def _shipping_taxes(self) -> tuple[Decimal, Decimal, bool]:
        """Tax and compensation of the shipping that goes back, and whether some of its tax
        stays."""
        row, back = self.order.row, self.shipping.net
        name = column(self.side, "shipping_discount_tax_compensation_amount")
        tax, compensation = amount(row, f"{self.side}shipping_tax_amount"), amount(row, name)
        whole, whole_base = (
            amount(row, f"{self.side}shipping_amount"),
            amount(row, "base_shipping_amount"),
        )
        if not whole_base or not whole:
            return ZERO, ZERO, False
        if self.invoice is not None:
            part = back["base_"] / whole_base
            share = self._deltas.rounded(
                amount(self.invoice, f"{self.side}shipping_tax_amount") * part
            )
            in_part = part < 1 and amount(self.invoice, "shipping_tax_amount") > ZERO
            return share, amount(self.invoice, name) * part, in_part
        if back["base_"] < whole_base - amount(row, "base_shipping_refunded"):
            part = back[self.side] / whole
            shares = (self._deltas.rounded(tax * part), self._deltas.rounded(compensation * part))
            return *shares, amount(row, "shipping_tax_amount") > ZERO
        return (
            tax - amount(row, f"{self.side}shipping_tax_refunded"),
            compensation - self._compensation_refunded(),
            False,
        )

    def _compensation_refunded(self) -> Decimal:
        """That of shipping has no column of its own: it is what the header has beyond the items."""
        name = f"{self.side}discount_tax_compensation_refunded"
        return amount(self.order.row, name) - sum(
            (amount(item, name) for item in self.order.items), ZERO
        )

    def _adjusted(self) -> Decimal:
        """Adjustments in this currency, each converted and rounded on its own; absent when they are
        not used."""
        rate = Decimal(1) if self.side else amount(self.order.row, "base_to_order_rate")
        positive, negative = (
            rounded(rounded(value) * rate)
            for value in (self.adjustment.positive, self.adjustment.negative)
        )
        self.head[f"{self.side}adjustment"] = positive - negative
        for name, value in (("positive", positive), ("negative", negative)):
            if value:
                self.head[f"{self.side}adjustment_{name}"] = value
        return positive - negative
