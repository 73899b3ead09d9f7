"""Money received or paid back -> lines of customer payment journals, one journal per day and
method.

Key:     "<company>|<journal text>": lines of one journal are written one at a time, under its
         claim, which knows the place of the last one.
Doubt:   a journal with a line whose answer was lost takes no more until that line can no longer
         commit; lines of other records go into the next journal of that day and method meanwhile.
Repeats: a line is found by its reference, account and side, in whatever journal it stands.
Asks:    whether the line is there, and which journals are open: F&O may take a line into a posted
         one, where nobody would post it.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.core.errors import AlreadyExists, Later, Never
from sync.core.request import Request
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.documents.requests import payment_requests
from sync.dynamics.payment_journals import FoundPayment, PaymentJournals
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.flow import SubFlow
from sync.engine.plan import Part, Plan
from sync.engine.settling import unsettled_until
from sync.engine.write import Found, Result, Target, Write
from sync.flows.left_behind import LeftBehind
from sync.flows.targets import dynamics_of
from sync.mapping.sales_order_lines import unique_references

log = logging.getLogger("sync.flows.receivables.payments")

FLOW: Final = "payments"
KIND, STORE_CREDIT = "customer_payment", "store_credit"
AT_ONCE = timedelta(seconds=1)
MOST_JOURNALS = 9
"""Journals of one day and method that may be in doubt at the same time; with more, something else
is wrong."""


@dataclass(frozen=True)
class Line:
    """A line to be written. Nothing of it is sent after `not_after`, so that the announcement of
    the flow that needs it covers it."""

    payment: CustomerPayment
    not_after: datetime


def payment_part(
    payment: CustomerPayment, kind: str, former: str, delivery: Delivery
) -> "PaymentPart":
    """The line as a part of the plan of an invoice or a credit memo, as which it is a `kind`.

    `former`: its reference by the template of earlier releases.
    """
    short = next(unique_references([former]))
    left_behind = LeftBehind(kind, short, delivery)
    return PaymentPart(payment, kind, dynamics_of(delivery.systems), left_behind)


@dataclass(frozen=True)
class PaymentPart(Part):
    """A payment of an invoice or a credit memo, which a journal takes."""

    flow: ClassVar[str] = FLOW
    payment: CustomerPayment
    kind: str
    target: Target
    left_behind: LeftBehind

    @property
    @override
    def lock(self) -> str:
        return f"{self.payment.company}|{self.payment.journal_text}"

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
        return payment_requests(self.payment)

    @override
    async def find(self) -> Found | None:
        journals = self.left_behind.delivery.systems.dynamics.payment_journals

        async def find(payment: CustomerPayment) -> Found | None:
            held = await journals.find(payment)
            return _found(held) if held is not None else None

        return await self.left_behind.found(find, self.payment)

    @override
    async def linked(self, number: str) -> Found:
        journals = self.left_behind.delivery.systems.dynamics.payment_journals
        there = await journals.reference_of(self.payment.company, number)
        self.left_behind.require_linkable(self.payment, number, there)
        return _found(await journals.numbered(self.payment, number))

    @override
    async def place(self) -> str:
        """The first journal of its day and method into which no lost write may commit any more."""
        delivery, waits = self.left_behind.delivery, timedelta()
        earliest = delivery.ledger.earliest.now()
        for place in range(1, MOST_JOURNALS + 1):
            line = self.payment.in_journal(place)
            key = f"{line.company}|{line.journal_text}"
            claim = await delivery.ledger.claim(delivery.systems.name, FLOW, key)
            until = unsettled_until(claim)
            if until is None or until <= earliest or _is_at_work(claim, delivery.now()):
                return key
            waits = until - earliest
        reason = f"{MOST_JOURNALS} journals {self.payment.journal_text} wait for lost answers"
        raise Later(reason, after=waits, counts=False)

    @override
    def record(self, key: str, not_after: datetime) -> Line:
        text = key.removeprefix(f"{self.payment.company}|")
        return Line(replace(self.payment, journal_text=text), not_after)


def _is_at_work(claim: Claim, now: datetime) -> bool:
    """Whether somebody is writing right now; who has not finished when nothing may be sent any more
    has died."""
    return claim.is_held_at(now) and claim.intent is not None and claim.intent.not_after > now


async def plan(line: Line, delivery: Delivery) -> Plan:
    """One line in the open journal, behind the one that was written last."""
    if delivery.is_unsettled:
        reason = f"a line of {line.payment.journal_text} may still commit"
        raise Later(reason, after=AT_ONCE, counts=False)
    held = delivery.held(KIND) if delivery.inherited is None else None
    last = _place(held) if held is not None else None
    journals = delivery.systems.dynamics.payment_journals
    write = PaymentLineWrite(line, last, journals, dynamics_of(delivery.systems))
    return Plan((write,), keys={"reference": line.payment.reference}, starts_anew=True)


@dataclass
class PaymentLineWrite(Write):
    """One line. `last`: the place of the line written before it; None where nobody knows. `open_`:
    the journals that take lines, as they were when the line was looked for."""

    kind: ClassVar[str] = KIND
    is_kept: ClassVar[bool] = False  # the flow that requires it keeps it
    line: Line
    last: FoundPayment | None
    journals: PaymentJournals
    target: Target
    open_: Sequence[str] = ()

    @property
    @override
    def reference(self) -> str:
        return self.line.payment.reference

    @property
    @override
    def digest(self) -> str:
        return self.line.payment.digest

    @property
    @override
    def document(self) -> Any:
        return dict(self.line.payment.body)

    @override
    def requests(self) -> Sequence[Request]:
        return payment_requests(self.line.payment)

    @override
    async def find(self) -> Found | None:
        payment = self.line.payment
        held, self.open_ = await asyncio.gather(
            self.journals.find(payment), self.journals.open_journals(payment)
        )
        return _found(held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        """People work in F&O meanwhile: raises `Later` when the journal was posted, or the number
        taken."""
        not_after = min(not_after, self.line.not_after)
        journal = await self._journal(not_after)
        try:
            return _found(await self._written(journal, not_after))
        except AlreadyExists:
            reason = f"somebody else wrote into journal {journal} at the same time"
            raise Later(reason, after=AT_ONCE) from None
        except Never:
            if journal in await self.journals.open_journals(self.line.payment):
                raise
            raise Later(f"journal {journal} was posted meanwhile", after=AT_ONCE) from None

    async def _journal(self, not_after: datetime) -> str:
        """The journal that was written to last, while it is open; else another open one, or a new
        one."""
        last = self.last.journal if self.last is not None else ""
        journal = last if last in self.open_ else min(self.open_, default="")
        new = self.journals.create_journal
        return journal or await new(self.line.payment, not_after=not_after)

    async def _written(self, journal: str, not_after: datetime) -> FoundPayment:
        """The line, behind ours that was last; at the journal's end where a person wrote there
        since."""
        payment = self.line.payment
        if self.last is not None and self.last.journal == journal:
            place = FoundPayment(journal, self.last.line + 1)
            try:
                return await self.journals.put(payment, place, not_after=not_after)
            except AlreadyExists:
                log.info("payments.place_taken journal=%s line=%s", journal, place.line)
        end = await self.journals.end(payment, journal)
        return await self.journals.put(payment, end, not_after=not_after)


def _found(held: FoundPayment) -> Found:
    keys = {"journal": held.journal, "line": str(held.line)}
    return Found(f"{held.journal}/{held.line}", keys, str(held))


def _place(held: Result) -> FoundPayment:
    return FoundPayment(held.keys["journal"], Decimal(held.keys["line"]))


payments = SubFlow[Line](FLOW, "Payment lines, required by invoices and credit memos", plan)
