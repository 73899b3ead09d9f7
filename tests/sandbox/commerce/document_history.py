"""Plays an administrator by chance: invoices an order in parts, takes some back, refunds in parts
with odd amounts."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from sandbox.commerce import lifecycle
from sandbox.commerce.documents import live, rest_document
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays, to_invoice, to_refund
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.state import CommerceState
from sync.core.money import ZERO
from tests.sandbox.commerce.document_identities import differences


@dataclass
class Administrator:
    """Does something with an order until nothing is left to do. `refusals`: what the shop said no
    to."""

    state: CommerceState
    random: Random
    refusals: list[str] = field(default_factory=list)

    def work_on(self, order: StoredOrder, steps: int = 9) -> list[str]:
        """Up to so many steps; the identities that broke, after whichever."""
        found: list[str] = []
        for _ in range(steps):
            actions = [
                self._invoice,
                self._invoice,
                self._refund,
                self._refund,
                self._take_back,
                self._cancel,
            ]
            self.random.choice(actions)(order)
            found += self.broken(order)
        return found

    def finish(self, order: StoredOrder) -> list[str]:
        """Invoice and refund all that is left."""
        if lifecycle.can_cancel(order):
            self.state.invoice(order)
        for invoice in order.invoices:
            if invoice["state"] == 1:
                self.state.capture(invoice)
        if order.row["state"] not in {"closed", "canceled", "holded"}:
            self._try(order)
        return self.broken(order)

    def broken(self, order: StoredOrder) -> list[str]:
        """The identities that do not hold in what REST answers now."""
        invoices, memos = (
            [rest_document(row) for row in rows] for rows in (order.invoices, order.creditmemos)
        )
        return differences(rest_order(order), invoices, memos)

    def _invoice(self, order: StoredOrder) -> None:
        if not lifecycle.can_cancel(order):
            return
        captured = self.random.random() < 0.85
        self.state.invoice(order, self._some(order, to_invoice), captured=captured)

    def _take_back(self, order: StoredOrder) -> None:
        for invoice in live(order):
            if invoice["state"] == 1 and not order.creditmemos:
                action = (
                    self.state.cancel_invoice if self.random.random() < 0.5 else self.state.capture
                )
                action(invoice)
                return

    def _cancel(self, order: StoredOrder) -> None:
        if self.random.random() < 0.1:
            self.state.cancel(order)

    def _refund(self, order: StoredOrder) -> None:
        if order.row["state"] in {"closed", "canceled"} or not any(
            one["state"] == 2 for one in order.invoices
        ):
            return
        if any(invoice["state"] == 1 for invoice in order.invoices):
            return
        self._try(order, self._some(order, to_refund))

    def _try(self, order: StoredOrder, quantities: dict[int, Decimal] | None = None) -> None:
        shipping = self.random.choice((None, None, ZERO, Decimal("0.37"), Decimal("1.11")))
        extra = self.random.choice((ZERO, ZERO, ZERO, Decimal("0.55")))
        fee = self.random.choice((ZERO, ZERO, ZERO, Decimal("0.91")))
        before = rest_order(order)
        try:
            self.state.refund(order, quantities, shipping=shipping, positive=extra, negative=fee)
        except RestFault as fault:
            self.refusals.append(fault.message)
            assert rest_order(order) == before

    def _some(self, order: StoredOrder, left: object) -> dict[int, Decimal]:
        """Quantities of some rows; now and then all that is left, as an empty wish."""
        rest = to_invoice if left is to_invoice else to_refund
        bearing = [item for item in order.items if pays(order, item) and rest(order, item) > ZERO]
        if not bearing or self.random.random() < 0.2:
            return {}
        some = self.random.sample(bearing, self.random.randint(1, len(bearing)))
        return {item["item_id"]: self._part(rest(order, item), item) for item in some}

    def _part(self, rest: Decimal, item: dict[str, object]) -> Decimal:
        if item["is_qty_decimal"] and rest % 1:
            return self.random.choice((rest, Decimal("0.25")))
        return Decimal(self.random.randint(1, int(rest))) if rest >= 1 else rest
