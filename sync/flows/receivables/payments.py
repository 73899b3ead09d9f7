"""Money received or paid back -> lines of customer payment journals, one journal per day and
method.

Key:     "<journal text>": the journal is the record, so that its lines are written one at a time.
Doubt:   a journal with a line whose answer was lost takes no more until that line can no longer
         commit; lines of other records go into the next journal of that day and method meanwhile.
Repeats: a line is found by its reference, account and side, in whatever journal it stands.
Asks:    whether the line is there, and which journals are open: F&O may take a line into a posted
         one, where nobody would post it. The number of the last line is remembered from the line
         before.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sync.core.errors import Later, Never
from sync.dynamics.documents.customer_payment import CustomerPayment
from sync.dynamics.faults import AlreadyExists
from sync.dynamics.payment_journals import FoundPayment, PaymentJournals
from sync.engine.delivery import Delivery, unsettled_until
from sync.engine.flow import SubFlow
from sync.engine.ledger import Claim
from sync.engine.results import Receipt, Skipped
from sync.flows.left_behind import left_behind
from sync.mapping.sales_order_lines import unique_references

log = logging.getLogger("sync.flows.receivables.payments")

AT_ONCE = timedelta(seconds=1)


MOST_JOURNALS = 9
"""Journals of one day and method that may be in doubt at the same time; with more, something else
is wrong."""


@dataclass(frozen=True)
class Line:
    """A line to be written. Nothing of it is sent after `not_after`, so that the announcement of
    whoever needs it covers it."""

    payment: CustomerPayment
    not_after: datetime


async def post_payment(
    payment: CustomerPayment, former: str, delivery: Delivery
) -> tuple[FoundPayment, str]:
    """The line in F&O, written if it is not there, under a journal's own claim; and what was
    done."""
    delivery.wait_until_settled()
    if delivery.looks_first:
        find, short = (
            PaymentJournals(delivery.systems.dynamics).find,
            next(unique_references([former])),
        )
        found = await left_behind(find, payment, short, delivery, called=str)
        if found is not None:
            return found, "adopted"
    async with delivery.systems.one_at_a_time(f"{payment.company}|{payment.journal_text}"):
        key, line = await _without_doubt(payment, delivery)
        intent = await delivery.intend(payment.digest)
        outcome = await delivery.require("payments", key, Line(line, intent.not_after))
    if isinstance(outcome, Skipped):
        raise TypeError(f"a payment line was skipped: {outcome.reason}")
    return _place(outcome.number), outcome.action


async def _without_doubt(
    payment: CustomerPayment, delivery: Delivery
) -> tuple[str, CustomerPayment]:
    """(key, payment) of the first journal of its day and method into which no lost write may commit
    any more."""
    waits = timedelta()
    for place in range(1, MOST_JOURNALS + 1):
        line = payment.in_journal(place)
        key = f"{line.company}|{line.journal_text}"
        claim = await delivery.ledger.claim(delivery.systems.name, payments.name, key)
        until = unsettled_until(claim)
        if until is None or until <= delivery.now() or _is_at_work(claim, delivery.now()):
            return key, line
        waits = until - delivery.now()
    raise Later(
        f"{MOST_JOURNALS} journals {payment.journal_text} wait for lost answers",
        after=waits,
        counts=False,
    )


def _is_at_work(claim: Claim, now: datetime) -> bool:
    """Whether somebody is writing right now; who has not finished when nothing may be sent any more
    has died."""
    return claim.is_held_at(now) and claim.intent is not None and claim.intent.not_after > now


async def deliver(line: Line, delivery: Delivery) -> Receipt | Skipped:
    """Write one line into the open journal, opening one where there is none. The claim makes this
    the only writer."""
    payment, journals = line.payment, PaymentJournals(delivery.systems.dynamics)
    if delivery.is_unsettled:
        raise Later(
            f"a line of {payment.journal_text} may still commit", after=AT_ONCE, counts=False
        )
    found, open_ = await asyncio.gather(journals.find(payment), journals.open_journals(payment))
    action = "adopted"
    if found is None:
        intent = await delivery.intend(payment.digest)
        not_after = min(intent.not_after, line.not_after)
        found, action = (
            await _written(payment, open_, _last(delivery), journals, not_after=not_after),
            "created",
        )
    number = f"{found.journal}/{found.line}"
    return Receipt(
        "customer_payment", number, payment.digest, action, {"reference": payment.reference}
    )


def _last(delivery: Delivery) -> FoundPayment | None:
    """The line that was written last; None where nobody knows, as a try's outcome is open."""
    return (
        _place(delivery.claim.number)
        if delivery.claim.number and delivery.inherited is None
        else None
    )


async def _written(
    payment: CustomerPayment,
    open_: Sequence[str],
    last: FoundPayment | None,
    journals: PaymentJournals,
    *,
    not_after: datetime,
) -> FoundPayment:
    """The line, written. People work in F&O meanwhile: raises `Later` when the journal was posted,
    or the number taken."""
    journal = last.journal if last is not None and last.journal in open_ else min(open_, default="")
    journal = journal or await journals.create_journal(payment, not_after=not_after)
    try:
        if last is not None and last.journal == journal:
            found = await _behind(payment, last, journals, not_after=not_after)
            if found is not None:
                return found
        return await journals.put(
            payment, await journals.end(payment, journal), not_after=not_after
        )
    except AlreadyExists:
        raise Later(
            f"somebody else wrote into journal {journal} at the same time", after=AT_ONCE
        ) from None
    except Never:
        if journal in await journals.open_journals(payment):
            raise
        raise Later(f"journal {journal} was posted meanwhile", after=AT_ONCE) from None


async def _behind(
    payment: CustomerPayment, last: FoundPayment, journals: PaymentJournals, *, not_after: datetime
) -> FoundPayment | None:
    """The line, written behind ours that was last; None when a person wrote there since."""
    try:
        return await journals.put(
            payment, FoundPayment(last.journal, last.line + 1), not_after=not_after
        )
    except AlreadyExists:
        log.info("payments.place_taken journal=%s line=%s", last.journal, last.line + 1)
        return None


def _place(number: str) -> FoundPayment:
    """From how a receipt names it: `<journal>/<line>`."""
    journal, _, line = number.rpartition("/")
    return FoundPayment(journal, Decimal(line))


payments = SubFlow[Line](
    "payments", "Payment lines, required by invoices and credit memos", deliver
)
