"""Credit notes of return orders in F&O -> refunds in Commerce.

In:      a credit note that F&O posted of a return order of ours, with its RMA and its order.
Out:     one refund of exactly its amount, marked with its number; one per invoice where a gateway
         was paid by several. Goods that are replaced are not refunded.
Key:     "<company>|<number>" of the credit note.
Parks:   what Commerce cannot refund to the cent; goods that a credit memo gave back that may be
         this very refund, or another; ways to pay of which nobody has said who pays them out.
Lists:   a credit note whose refunds come to another sum.
Repeats: a refund is found by its comment. The flow `creditmemos` knows it by that too, so it makes
         no second credit note of it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sync.commerce.models.refund import is_marked
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.core.money import ZERO, rounded, total
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.documents.return_state import CreditNote
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.polls import companies_from, end_of, our_clock
from sync.flows.returns.earlier_refunds import as_made, given_early, left_of, must_be_no_other
from sync.flows.returns.refund_writes import RefundWrite, amount_of
from sync.flows.returns.return_states import NO_RETURN, REFUNDS, STATES
from sync.flows.returns.rma_records import key_in, read_rma, return_order_of
from sync.flows.targets import commerce_of
from sync.mapping.custom_options import with_custom_options
from sync.mapping.refund import refunds_of
from sync.mapping.refund_case import Given, RefundCase, given_by
from sync.mapping.rma_return_order import RmaWithOrder
from sync.pacing.priority import Priority

DAYS_BACK: Final = timedelta(days=2)
"""Invoice dates have a day's grain."""


@dataclass(frozen=True)
class Credited:
    """A credit note with its RMA."""

    note: CreditNote
    found: RmaWithOrder | None


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Credit notes of returns of ours from an invoice date on, company by company, by number."""
    day, states = (since - DAYS_BACK).date(), systems.dynamics.return_states
    for company, rest in companies_from(systems, after):
        async for posted, dated in states.credit_notes_since(company, day, after=rest):
            if key_in(posted.reference, systems.settings) is not None:
                at = end_of(dated, until)
                key = f"{company}|{posted.number}"
                yield Change(key, at, digest([key, str(posted.amount)]), key)


async def read(key: str, systems: Systems) -> Credited | None:
    """The credit note, and the RMA that it is of; None while it does not show."""
    company, _, number = key.partition("|")
    note = await systems.dynamics.return_states.credit_note(company, number)
    if note is None:
        return None
    rma = key_in(note.reference, systems.settings)
    return Credited(note, await read_rma(rma, systems) if rma else None)


async def plan(credited: Credited, delivery: Delivery) -> Plan | Skipped:
    """The refunds that Commerce must hold of the credit note."""
    note, found = credited.note, credited.found
    if found is None:
        return Skipped(NO_RETURN)
    if reason := elsewhere(found.rma.store_id, delivery.systems):
        return Skipped(reason)
    number = await return_order_of(found.rma.key, delivery)
    if number != note.return_order:
        return Skipped(f"of {note.return_order}, which is no return order of ours")
    case = await case_of(note, found, delivery)
    if case is None:
        return Waiting(f"return order {number} does not show")
    given = given_by(case)
    if given.amount <= ZERO:
        return Skipped("nothing of it is given back in money: its goods are replaced")
    return await _planned(case, given, delivery)


async def case_of(note: CreditNote, found: RmaWithOrder, delivery: Delivery) -> RefundCase | None:
    """All that decides over the refund of a credit note; None where its return order does not
    show."""
    systems, order = delivery.systems, found.order
    states = await systems.dynamics.return_states.named(note.company, note.reference)
    state = next((one for one in states if one.number == note.return_order), None)
    if state is None:
        return None
    order_id = order.entity_id or 0
    memos = await systems.commerce.creditmemos.of_order(order_id)
    invoices = await systems.commerce.invoices.of_order(order_id)
    skus = [one.row.sku for one in found.pieces]
    items = await systems.items.of(skus, with_custom_options(order))
    return RefundCase(found, note, state, items, systems.settings, memos, invoices)


async def _planned(case: RefundCase, given: Given, delivery: Delivery) -> Plan:
    writes = [] if delivery.claim.number else await _writes(case, given, delivery)
    follow = (Notification(STATES, case.found.rma.key),)
    is_wanted = STATES in delivery.systems.settings.flows
    return Plan(
        tuple(writes), digest=digest([case.note.key, str(given.amount)]),
        keys={"order": case.order.increment_id, "return": case.found.rma.increment_id},
        amounts={"credit note": f"{case.note.amount:.2f}", "refund": f"{given.amount:.2f}",
                 "currency": case.note.currency},
        follow_ups=follow if is_wanted else (),
        look=partial(_look, case, given, len(writes), delivery),
    )  # fmt: skip


async def _writes(case: RefundCase, given: Given, delivery: Delivery) -> list[RefundWrite]:
    """What is there already, and what is left to be refunded. Raises `Later` while a refund of ours
    does not show, and `Never` where there may be another one."""
    marked = [memo for memo in case.memos if is_marked(memo, [case.marker])]
    if not marked and delivery.all_held:
        raise Later(f"the refund of {case.note.number} does not show in Commerce yet")
    there = marked or await given_early(case, given, delivery)
    if not there:
        must_be_no_other(case, given)
    rest = left_of(given, there)
    is_more = bool(rest.pieces) and rest.amount > ZERO  # an adjustment gives no pieces back
    more = refunds_of(case, rest) if not there or is_more else []
    wanted = [*(as_made(case, memo) for memo in there), *more]
    target = commerce_of(delivery.systems)
    return [RefundWrite(one, case, given, delivery.systems, target) for one in wanted]


async def _look(case: RefundCase, given: Given, made: int, delivery: Delivery) -> OpenPoint | None:
    """Whether the refunds come to what F&O credited."""
    memos = await delivery.systems.commerce.creditmemos.of_order(case.order.entity_id or 0)
    marked = [memo for memo in memos if is_marked(memo, [case.marker])]
    if len(marked) < made:
        raise Later(f"the refund of {case.note.number} does not show in Commerce yet")
    refunded = rounded(total(amount_of(memo) for memo in marked))
    if refunded == given.amount:
        return None
    sums = f"{given.amount:.2f} in D365, {refunded:.2f} {case.note.currency} in Commerce"
    return OpenPoint(
        f"refund of credit note {case.note.number} differs: {sums}",
        f'Refund or charge the difference by hand, with the comment "{case.marker}" on a credit'
        f' memo. Where it is right as it is, run: resolve {REFUNDS} "{case.note.key}"'
        ' --why "..."',
        sums=sums,
    )


refunds: DocumentFlow[Credited] = DocumentFlow(
    name=REFUNDS,
    title="Credit notes of returns to refunds",
    source=Source(read, is_joined=True),
    plan=plan,
    triggers=(
        Poll(
            changed, our_clock, lambda connection: connection.returns.poll_minutes,
            fingerprint=lambda one: digest([one.note.key, str(-one.note.amount)]),
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
