"""What happens to the money of a world's orders: invoices in parts, captured later or taken back,
refunds of all kinds, documents that cannot be, and companies that are blocked and let in again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final

from sandbox.commerce import lifecycle
from sandbox.commerce.documents import OPEN
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays, to_invoice, to_refund
from sandbox.commerce.records import Columns, StoredOrder
from sync.commerce.models.company import CompanyStatus
from sync.core.money import rounded
from tests.simulation.naming import document_key, documents_of, key_of
from tests.simulation.plan import Plan
from tests.simulation.watching import EventLog
from tests.systems import SystemsUnderTest

NOTHING: Final = Decimal(0)
ADJUSTMENTS: Final = (
    (NOTHING, NOTHING),
    (NOTHING, NOTHING),
    (Decimal("0.37"), NOTHING),
    (NOTHING, Decimal("0.11")),
)
BARRED: Final = ("holded", "canceled", "closed", "payment_review")


@dataclass
class DocumentHistory:
    """The bookkeepers. `odd`: keys of documents that cannot be, by flow; `blocked`: companies that
    ever were."""

    systems: SystemsUnderTest
    plan: Plan
    random: Random
    event_log: EventLog
    odd: dict[str, str] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)

    def may_invoice(self, order: StoredOrder) -> bool:
        """Whether something is left to be invoiced; a payment that was pending comes in then,
        too."""
        return lifecycle.can_invoice(order) or bool(order.row["state"] == "pending_payment")

    def invoice(self, order: StoredOrder) -> None:
        """All that is left or a part of it, captured at once or later."""
        captured = self.random.random() < 0.75
        part = self._part(
            {i["item_id"]: to_invoice(order, i) for i in order.items if pays(order, i)}
        )
        self._try(
            order, "invoices", lambda: self.systems.commerce.invoice(order, part, captured=captured)
        )

    def may_settle(self, order: StoredOrder) -> bool:
        """Whether an invoice is open."""
        return any(one["state"] == OPEN for one in order.invoices)

    def settle(self, order: StoredOrder, *, all_of_them: bool = False) -> None:
        """Open invoices are captured, or taken back."""
        for invoice in [one for one in order.invoices if one["state"] == OPEN]:
            (
                self.systems.commerce.capture
                if self.random.random() < 0.8
                else self.systems.commerce.cancel_invoice
            )(invoice)
            if not all_of_them:
                return

    def may_refund(self, order: StoredOrder) -> bool:
        """Whether the shop would refund anything: shipped or not does not matter."""
        return bool(order.amount("total_paid")) and order.row["state"] not in BARRED

    def refund(self, order: StoredOrder) -> None:
        """All or some pieces, with or without shipping and adjustments, paid out or kept as store
        credit."""
        more, less = self.random.choice(ADJUSTMENTS)
        part = self._part(
            {i["item_id"]: to_refund(order, i) for i in order.items if pays(order, i)}
        )
        shipping, refund = self.random.choice((None, NOTHING)), self.systems.commerce.refund
        self._try(
            order,
            "creditmemos",
            lambda: refund(order, part, shipping=shipping, positive=more, negative=less),
        )

    def _part(self, left: Mapping[int, Decimal]) -> dict[int, Decimal] | None:
        """Some pieces of some rows, or None for all that is left."""
        whole = {number: int(rest) for number, rest in left.items() if rest >= 1}
        if not whole or self.random.random() < 0.5:
            return None
        chosen = self.random.sample(sorted(whole), k=self.random.randint(1, len(whole)))
        return {number: Decimal(self.random.randint(1, whole[number])) for number in chosen}

    def _try(self, order: StoredOrder, flow: str, act: Any) -> None:
        """What the shop refuses does not happen."""
        known = len(documents_of(order))
        try:
            document: Columns = act()
        except RestFault as refused:
            self.event_log.note(f"shop: refuses that for {key_of(order)}: {refused.message[:80]}")
            return
        assert len(documents_of(order)) == known + 1
        self.event_log.note(
            f"shop: {flow} {document_key(document)} of order {key_of(order)},"
            f" {document['grand_total']}"
        )
        if rounded(document["grand_total"]) < 0:  # a fee above what is given back
            self.odd[document_key(document)] = "negative"
        elif self.plan.oddities and flow == "creditmemos" and self.random.random() < 0.5:
            self._spoil(document, self.random.choice(self.plan.oddities))

    def _spoil(self, memo: Columns, oddity: str) -> None:
        """An extension, or an import, has written what cannot be."""
        self.odd[document_key(memo)] = oddity
        if oddity == "currency":
            memo["order_currency_code"] = "EUR" if memo["order_currency_code"] == "USD" else "USD"
        else:
            memo["grand_total"] = -memo["grand_total"] - 1
        self.event_log.note(f"shop: credit memo {document_key(memo)} is odd: {oddity}")

    def company(self) -> None:
        """A company is blocked, or let in again."""
        if not self.systems.commerce.companies:
            return
        number = self.random.choice(sorted(self.systems.commerce.companies))
        status = self.random.choice((CompanyStatus.BLOCKED, CompanyStatus.APPROVED))
        if status is CompanyStatus.BLOCKED:
            self.blocked.add(number)
        self.systems.commerce.save_company(number, status=int(status))
        self.event_log.note(f"shop: company {number} is {status.name.lower()}")
