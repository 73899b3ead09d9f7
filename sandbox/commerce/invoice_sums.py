"""What an invoice comes to, in the order in which the shop's own collectors work it out.

Replayed against 273 recorded invoices: parts are rest / rest quantity × quantity with delta
rounding and the last one takes what is left; shipping is wholly on the first.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.commerce import extra_charges
from sandbox.commerce.documents import Deltas, Row, added, column, live, paying
from sandbox.commerce.levies import levy_of
from sandbox.commerce.order_rows import levies_in_subtotal
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO


@dataclass
class InvoiceSums:
    """An invoice in one currency. `last`: nothing is left to invoice after it; `first`: no other
    carries shipping."""

    order: StoredOrder
    rows: list[Row]
    head: Columns
    side: str
    last: bool
    first: bool
    _deltas: Deltas = field(default_factory=Deltas, init=False)

    def collect(self) -> None:
        """Work out the amounts of the rows and of the header."""
        side, row = self.side, self.order.row
        self._goods()
        self._discounts()
        if self.first and row.get("shipping_amount") is not None:
            for name in ("shipping_amount", "shipping_incl_tax"):
                self.head[f"{side}{name}"] = amount(row, f"{side}{name}")
        compensation, hidden = self._taxes(), self._levies()
        names = ("subtotal", "discount_amount", "shipping_amount", "tax_amount")
        total = sum((amount(self.head, f"{side}{name}") for name in names), compensation + hidden)
        self.head[f"{side}grand_total"] = total
        extra_charges.invoice(self.order, self.head, side)

    def _left(self, name: str, done: str) -> Decimal:
        return amount(self.order.row, f"{self.side}{name}") - amount(
            self.order.row, f"{self.side}{done}"
        )

    def _part(self, row: Row, name: str, done: str, *, taken_off: bool = False) -> Decimal:
        """A row's part of what is left of a column of its item."""
        left = amount(row.item, f"{self.side}{name}") - amount(row.item, f"{self.side}{done}")
        if not row.last:
            rest = amount(row.item, "qty_ordered") - amount(row.item, "qty_invoiced")
            left = self._deltas.rounded(left / rest * row.qty, taken_off=taken_off)
        row.money[f"{self.side}{name}"] = left
        return left

    def _goods(self) -> None:
        subtotal = gross = ZERO
        for row in paying(self.rows):
            subtotal += self._part(row, "row_total", "row_invoiced")
            share = (
                amount(row.item, f"{self.side}row_total_incl_tax")
                / amount(row.item, "qty_ordered")
                * row.qty
            )
            row.money[f"{self.side}row_total_incl_tax"] = self._deltas.rounded(share, "gross")
            gross += row.money[f"{self.side}row_total_incl_tax"]
        left = self._left("subtotal", "subtotal_invoiced")
        self.head[f"{self.side}subtotal"] = left if self.last else min(left, subtotal)
        self.head[f"{self.side}subtotal_incl_tax"] = gross

    def _discounts(self) -> None:
        off = amount(self.order.row, f"{self.side}shipping_discount_amount") if self.first else ZERO
        for row in paying(self.rows):
            off += self._part(row, "discount_amount", "discount_invoiced", taken_off=True)
        self.head[f"{self.side}discount_amount"] = ZERO - off

    def _taxes(self) -> Decimal:
        """Sets the tax; the compensation, that of shipping included, of which the header's column
        knows nothing."""
        tax = compensation = ZERO
        for row in paying(self.rows):
            tax += self._part(row, "tax_amount", "tax_invoiced")
            compensation += self._part(
                row, "discount_tax_compensation_amount", "discount_tax_compensation_invoiced"
            )
        self.head[f"{self.side}discount_tax_compensation_amount"] = compensation
        allowed = self._left(
            "discount_tax_compensation_amount", "discount_tax_compensation_invoiced"
        )
        if self.first:
            shipping, tax_name = (
                column(self.side, "shipping_discount_tax_compensation_amount"),
                "shipping_tax_amount",
            )
            self.head[shipping] = amount(self.order.row, shipping)
            self.head[f"{self.side}{tax_name}"] = amount(self.order.row, f"{self.side}{tax_name}")
            tax += self.head[f"{self.side}{tax_name}"]
            compensation, allowed = (
                compensation + self.head[shipping],
                allowed + self.head[shipping],
            )
        if extra_charges.bears_charges(self.order, live(self.order)):
            tax += extra_charges.tax_of(self.order, self.side)
        left = self._left("tax_amount", "tax_invoiced")
        self.head[f"{self.side}tax_amount"] = left if self.last else min(left, tax)
        return allowed if self.last else min(allowed, compensation)

    def _levies(self) -> Decimal:
        """Fixed product tax: in the subtotal, or hidden in the grand total (returned); the last
        one's tax has its own."""
        for row in paying(self.rows):
            row.levies[self.side] = levy_of(row, self.side, self._deltas, "invoiced")
        levies = [row.levies[self.side] for row in paying(self.rows)]
        net = sum((levy.net for levy in levies), ZERO)
        added(
            self.head, f"{self.side}subtotal_incl_tax", sum((levy.shown for levy in levies), ZERO)
        )
        if not self.last:
            added(self.head, f"{self.side}tax_amount", sum((levy.tax for levy in levies), ZERO))
        if not levies_in_subtotal(self.order):
            return net
        left = self._left("subtotal", "subtotal_invoiced") - self.head[f"{self.side}subtotal"]
        added(self.head, f"{self.side}subtotal", min(left, net))
        return ZERO
