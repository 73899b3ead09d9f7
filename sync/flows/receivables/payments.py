"""Money received or paid back -> lines of customer payment journals, one journal per day and
method.

Key:     "<company>|<journal text>": lines of one journal are written one at a time, under its
         claim, which knows the place of the last one.
Repeats: a line is found by its reference, account and side, in whatever journal it stands.
Asks:    whether the line is there, and which journals are open: F&O may take a line into a posted
         one, where nobody would post it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.errors import AlreadyExists, Later, Never
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.payment_journals import HEADERS, LINES, FoundPayment, PaymentJournals
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.plan import Part, Plan
from sync.engine.write import Found, Request, Result, Target, Write
from sync.flows.orders.sales_order_writes import ASSIGNED
from sync.flows.targets import dynamics_of

log = logging.getLogger("sync.flows.receivables.payments")

KIND, STORE_CREDIT = "customer_payment", "store_credit"
AT_ONCE = timedelta(seconds=1)
FIRST_LINE = Decimal(1)
"""The number of a line in a journal that is opened for it."""


def payment_part(payment: CustomerPayment, kind: str, delivery: Delivery) -> Part:
    """The line as a part of the plan of an invoice or a credit memo, as which it is a `kind`."""
    key = f"{payment.company}|{payment.journal_text}"
    write = _line(payment, None, delivery)
    return Part(kind, payments.name, key, payment, payment.digest, write.target, write.requests)


async def plan(payment: CustomerPayment, delivery: Delivery) -> Plan:
    """One line in the open journal, behind the one that was written last."""
    held = delivery.held(KIND) if delivery.inherited is None else None
    write = _line(payment, _place(held) if held is not None else None, delivery)
    keys = {"reference": payment.reference}
    return Plan((write,), digest=payment.digest, keys=keys, starts_anew=True)


def _line(
    payment: CustomerPayment, last: FoundPayment | None, delivery: Delivery
) -> "PaymentLineWrite":
    return PaymentLineWrite(
        payment, last, PaymentJournals(delivery.systems.dynamics), dynamics_of(delivery.systems)
    )


@dataclass(frozen=True)
class PaymentLineWrite(Write):
    """One line. `last`: the place of the line written before it; None where nobody knows."""

    kind: ClassVar[str] = KIND
    payment: CustomerPayment
    last: FoundPayment | None
    journals: PaymentJournals
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.payment.reference

    @property
    @override
    def digest(self) -> str:
        return self.payment.digest

    @property
    @override
    def document(self) -> Any:
        return dict(self.payment.body)

    @override
    def requests(self) -> Sequence[Request]:
        header = Request("POST", f"/data/{HEADERS}", self.payment.journal_body)
        line = self.payment.line_body(ASSIGNED, FIRST_LINE)
        return [header, Request("POST", f"/data/{LINES}", line)]

    @override
    async def find(self) -> Found | None:
        held = await self.journals.find(self.payment)
        return _found(held) if held is not None else None

    async def create(self, not_after: datetime) -> Found:
        """People work in F&O meanwhile: raises `Later` when the journal was posted, or the number
        taken."""
        open_ = await self.journals.open_journals(self.payment)
        journal = (
            self.last.journal
            if self.last is not None and self.last.journal in open_
            else min(open_, default="")
        )
        journal = journal or await self.journals.create_journal(self.payment, not_after=not_after)
        try:
            return _found(await self._written(journal, not_after))
        except AlreadyExists:
            raise Later(
                f"somebody else wrote into journal {journal} at the same time", after=AT_ONCE
            ) from None
        except Never:
            if journal in await self.journals.open_journals(self.payment):
                raise
            raise Later(f"journal {journal} was posted meanwhile", after=AT_ONCE) from None

    async def _written(self, journal: str, not_after: datetime) -> FoundPayment:
        """The line, behind ours that was last; at the journal's end where a person wrote there
        since."""
        if self.last is not None and self.last.journal == journal:
            place = FoundPayment(journal, self.last.line + 1)
            try:
                return await self.journals.put(self.payment, place, not_after=not_after)
            except AlreadyExists:
                log.info("payments.place_taken journal=%s line=%s", journal, place.line)
        end = await self.journals.end(self.payment, journal)
        return await self.journals.put(self.payment, end, not_after=not_after)


def _found(held: FoundPayment) -> Found:
    keys = {"journal": held.journal, "line": str(held.line)}
    return Found(f"{held.journal}/{held.line}", keys, f"journal {held.journal} line {held.line}")


def _place(held: Result) -> FoundPayment:
    return FoundPayment(held.keys["journal"], Decimal(held.keys["line"]))


payments = SubFlow[CustomerPayment](
    "payments", "Payment lines, required by invoices and credit memos", plan
)
