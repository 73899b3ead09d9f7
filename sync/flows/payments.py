"""Money received or paid back -> lines of customer payment journals, one journal per day and method.

Key:     "<journal text>": the journal is the record, so that its lines are written one at a time.
Repeats: a line is found by its reference, account and side, in whatever journal it stands.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from sync.dynamics.faults import AlreadyExists
from sync.dynamics.payment_journals import FoundPayment, PaymentJournals
from sync.errors import Later, Never
from sync.flow import Inner, Receipt, Skipped
from sync.mapping.customer_payment import CustomerPayment
from sync.work import Work

AT_ONCE = timedelta(seconds=1)


async def post_payment(payment: CustomerPayment, work: Work) -> tuple[FoundPayment, str]:
    """The line in F&O, written if it is not there, under the journal's own claim; and what was done."""
    work.wait_until_settled()
    found = await PaymentJournals(work.desk.dynamics).find(payment)
    if found is not None:
        return found, "adopted"
    await work.intend(payment.digest)
    async with work.desk.one_at_a_time(f"{payment.company}|{payment.journal_text}"):
        outcome = await work.require("payments", f"{payment.company}|{payment.journal_text}", payment)
    if isinstance(outcome, Skipped):
        raise TypeError(f"a payment line was skipped: {outcome.reason}")
    journal, _, line = outcome.number.rpartition("/")
    return FoundPayment(journal, Decimal(line)), "created"


async def deliver(payment: CustomerPayment, work: Work) -> Receipt | Skipped:
    """Write one line into the open journal, opening one where there is none. The claim makes this the only writer."""
    journals = PaymentJournals(work.desk.dynamics)
    work.wait_until_settled()
    found = await journals.find(payment)
    if found is None:
        intent = await work.intend(payment.digest)
        journal = await journals.open_journal(payment)
        if journal is None:
            journal = await journals.create_journal(payment, not_after=intent.not_after)
        found = await _added(payment, journal, journals, not_after=intent.not_after)
    number = f"{found.journal}/{found.line}"
    return Receipt("customer_payment", number, payment.digest, "created", {"reference": payment.reference})


async def _added(
    payment: CustomerPayment, journal: str, journals: PaymentJournals, *, not_after: datetime
) -> FoundPayment:
    """The line, written. People work in F&O meanwhile: raises `Later` when the journal was posted, or the number taken."""
    try:
        return await journals.add(payment, journal, not_after=not_after)
    except AlreadyExists:
        raise Later(f"somebody else wrote into journal {journal} at the same time", after=AT_ONCE) from None
    except Never:
        if await journals.is_open(payment, journal):
            raise
        raise Later(f"journal {journal} was posted meanwhile", after=AT_ONCE) from None


payments = Inner[CustomerPayment]("payments", "Payment lines, required by invoices and credit memos", deliver)
