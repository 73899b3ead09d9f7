"""Money received or paid back -> lines of customer payment journals, one journal per day and method.

Key:     "<journal text>": the journal is the record, so that its lines are written one at a time.
Repeats: a line is found by its reference, account and side, in whatever journal it stands.
Asks:    once whether the line is there; the journal and its last line are remembered from the line before.
"""

import logging
from datetime import datetime, timedelta
from decimal import Decimal

from sync.dynamics.faults import AlreadyExists
from sync.dynamics.payment_journals import FoundPayment, PaymentJournals
from sync.errors import Later, Never
from sync.flow import Inner, Receipt, Skipped
from sync.mapping.customer_payment import CustomerPayment
from sync.work import Work

log = logging.getLogger("sync.flows.payments")

AT_ONCE = timedelta(seconds=1)


async def post_payment(payment: CustomerPayment, work: Work) -> tuple[FoundPayment, str]:
    """The line in F&O, written if it is not there, under the journal's own claim; and what was done."""
    work.wait_until_settled()
    if work.looks_first and (found := await PaymentJournals(work.desk.dynamics).find(payment)) is not None:
        return found, "adopted"
    await work.intend(payment.digest)
    async with work.desk.one_at_a_time(f"{payment.company}|{payment.journal_text}"):
        outcome = await work.require("payments", f"{payment.company}|{payment.journal_text}", payment)
    if isinstance(outcome, Skipped):
        raise TypeError(f"a payment line was skipped: {outcome.reason}")
    return _place(outcome.number), outcome.action


async def deliver(payment: CustomerPayment, work: Work) -> Receipt | Skipped:
    """Write one line into the open journal, opening one where there is none. The claim makes this the only writer."""
    journals = PaymentJournals(work.desk.dynamics)
    work.wait_until_settled()
    found, action = await journals.find(payment), "adopted"
    if found is None:
        intent = await work.intend(payment.digest)
        found = await _behind_the_last(payment, work, journals, not_after=intent.not_after)
        found, action = found or await _looked_up(payment, journals, not_after=intent.not_after), "created"
    number = f"{found.journal}/{found.line}"
    return Receipt("customer_payment", number, payment.digest, action, {"reference": payment.reference})


async def _behind_the_last(
    payment: CustomerPayment, work: Work, journals: PaymentJournals, *, not_after: datetime
) -> FoundPayment | None:
    """The line, written behind the one that was written last; None where F&O did not take it there.

    Nobody knows the last line where a try's outcome is open.
    """
    if not work.claim.number or work.inherited is not None:
        return None
    last = _place(work.claim.number)
    try:
        return await journals.put(payment, FoundPayment(last.journal, last.line + 1), not_after=not_after)
    except Never as refused:  # posted, deleted, written into by hand, or the line is wrong: looking it up tells
        log.info("payments.place_refused journal=%s reason=%s", last.journal, refused.reason)
        return None


async def _looked_up(payment: CustomerPayment, journals: PaymentJournals, *, not_after: datetime) -> FoundPayment:
    """The line, written. People work in F&O meanwhile: raises `Later` when the journal was posted, or the number taken."""
    journal = await journals.open_journal(payment) or await journals.create_journal(payment, not_after=not_after)
    try:
        return await journals.put(payment, await journals.end(payment, journal), not_after=not_after)
    except AlreadyExists:
        raise Later(f"somebody else wrote into journal {journal} at the same time", after=AT_ONCE) from None
    except Never:
        if await journals.is_open(payment, journal):
            raise
        raise Later(f"journal {journal} was posted meanwhile", after=AT_ONCE) from None


def _place(number: str) -> FoundPayment:
    """From how a receipt names it: `<journal>/<line>`."""
    journal, _, line = number.rpartition("/")
    return FoundPayment(journal, Decimal(line))


payments = Inner[CustomerPayment]("payments", "Payment lines, required by invoices and credit memos", deliver)
