"""Sales quotations of F&O, or quotes of Dynamics 365 Sales -> answers to negotiable quotes.

In:      a quotation of ours that people have sent or activated, approved, lost, cancelled or sold.
Out:     prices, quantities, freight, expiry, terms and files, proved to the cent by the shop's own
         totals before the buyer sees them; or a decline with its reason.
Key:     the quote's id.
Waits:   for the seller's turn; and for F&O's people, where the buyer has changed the quote since.
Parks:   what cannot be shown as it was approved.
Lists:   a quote that the buyer may still order though F&O has made an order of it.
Repeats: what the buyer has before them is read first; a lost answer is not sent again.
"""

from dataclasses import dataclass

from sync.commerce.models.quote import BUYERS_TURN, Quote
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.documents.quotation import HeldQuotation
from sync.dynamics.quotations import only
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Notification, OpenPoint, PassedOn, Plan
from sync.engine.systems import Systems
from sync.flows.keys import elsewhere
from sync.flows.quotes.answer_writes import AnswerWrite, DeclineWrite, files_of, is_shown, shown_of
from sync.flows.quotes.quotation_books import book_of
from sync.flows.quotes.quotation_changes import changed, until
from sync.flows.quotes.quotation_writes import REVISION
from sync.flows.quotes.quote_records import (
    ANSWER,
    ANSWERS,
    KIND,
    MOST_SAID,
    QUOTES,
    read_quote,
)
from sync.flows.quotes.quotes import UNSENT
from sync.flows.targets import commerce_of
from sync.mapping.quotation import quotation_reference
from sync.mapping.quote_answer import Answer, answer_from, decline_reason
from sync.mapping.quote_prices import proof
from sync.pacing.priority import Priority


@dataclass(frozen=True)
class QuotedAnswer:
    """A quote with its quotation; None where F&O has none."""

    quote: Quote
    quotation: HeldQuotation | None

    @property
    def fingerprint(self) -> str:
        """What shows that F&O's people have changed something."""
        return self.quotation.fingerprint if self.quotation is not None else ""


async def read(key: str, systems: Systems) -> QuotedAnswer | None:
    """The quote and its quotation as they are now; None for a cart that is gone. Raises `Never`
    where several quotations have its reference."""
    found = await read_quote(key, systems)
    if found is None or not found.quote.is_negotiated:
        return None
    return QuotedAnswer(found.quote, await quotation_of(found.quote, systems))


async def quotation_of(quote: Quote, systems: Systems) -> HeldQuotation | None:
    """What has the quote's reference; None for nothing. Raises `Never` where several have."""
    company = systems.settings.legal_entity_of(quote.store_id)
    reference = quotation_reference(quote.id, quote.store_id, systems.settings)
    return only(await book_of(systems).named(company, reference), reference)


async def plan(found: QuotedAnswer, delivery: Delivery) -> Plan | Skipped:
    """What the buyer must be shown of the quotation."""
    quote, held, systems = found.quote, found.quotation, delivery.systems
    if reason := elsewhere(quote.store_id, systems):
        return Skipped(reason)
    if outcome := _not_now(quote, held, systems):
        return outcome
    if quote.is_sellers_turn and held is not None and not held.is_over:
        required = await delivery.require(QUOTES, quote.key)
        if isinstance(required, Skipped):
            return Waiting(f"its quotation: {required}")
        held = await quotation_of(quote, systems)
    if held is not None and not (held.is_over or held.may_answer):
        return Waiting(f"quotation {held.number} is {held.status} in {held.place}")
    if held is None or held.is_over:
        return _declined(quote, held, delivery)
    return await _answered(quote, held, delivery)


def _not_now(quote: Quote, held: HeldQuotation | None, systems: Systems) -> Skipped | None:
    """Why there is nothing to answer yet, or any more; None where there may be."""
    if held is None:
        return Waiting("it has no quotation yet")
    if not (quote.is_sellers_turn or quote.status in BUYERS_TURN):
        passed = (Notification(QUOTES, quote.key),)
        return PassedOn(f"it is {quote.status} in Commerce", follow_ups=passed)
    if not held.is_over and held.status not in systems.settings.quotes.answering:
        return Waiting(f"quotation {held.number} is {held.status} in {held.place}")
    return None


def _declined(quote: Quote, held: HeldQuotation | None, delivery: Delivery) -> Plan | Skipped:
    if held is None:
        return Waiting("its quotation is not there any more")
    systems = delivery.systems
    reason = decline_reason(held, systems.settings.quotes)
    if quote.is_sellers_turn:
        write = DeclineWrite(quote, systems, commerce_of(systems), held.number, reason)
        is_repeated = delivery.is_known(ANSWER, write.digest)
        if is_repeated and not held.is_confirmed and not delivery.message.is_asked:
            return Waiting(f"the buyer asks again, and quotation {held.number} is {held.status}")
        keys = {"quotation": held.number, "version": f"declined: {reason}"}
        return Plan((write,), keys=keys, starts_anew=is_repeated, follow_ups=_seen(quote))
    if held.is_lost or not held.has_order:
        return Waiting(f"quotation {held.number} is {held.status}, and it is the buyer's turn")
    point = OpenPoint(
        f"{quote.label}: {held.place} has sales order {held.order} of quotation {held.number}, and"
        " the buyer may still order it in the shop; such an order is parked",
        "Close the quote in Commerce (Sales > Quotes), or ask the buyer to close it; it is looked"
        " at again when it changes.",
        sums=f"order {held.order} in {held.place}, {quote.status} in Commerce",
    )
    return Plan((), digest=held.fingerprint, open_point=point, keys={"quotation": held.number})


def _seen(quote: Quote) -> tuple[Notification, ...]:
    """`quotes` reads it as answered: then a buyer who sends it back unchanged has changed it."""
    return (Notification(QUOTES, quote.key),)


async def _answered(quote: Quote, held: HeldQuotation, delivery: Delivery) -> Plan | Skipped:
    systems = delivery.systems
    claim = await delivery.ledger.claim(systems.name, QUOTES, quote.key)
    ours = claim.delivered.get(KIND)
    version = ours.keys.get(REVISION, "1") if ours is not None else "1"
    unsent = ours.keys.get(UNSENT, "") if ours is not None else ""
    is_seen = not unsent or not delivery.is_same(unsent, held.fingerprint)
    answer = await _answer(quote, held, version, systems)
    if not quote.is_sellers_turn:
        if not await is_shown(quote, answer, systems):
            return Waiting(f"quotation {held.number} has a newer price, and it is the buyer's turn")
    elif not (is_seen or delivery.message.is_asked):
        return Waiting(
            f"the buyer changed it, and nobody has sent quotation {held.number} again in"
            f" {held.place}"
        )
    before = await shown_of(quote, systems)
    files = await files_of(quote, held, systems)
    write = AnswerWrite(quote, systems, commerce_of(systems), answer, before, version, files)
    is_repeated = quote.is_sellers_turn and delivery.is_known(ANSWER, write.digest)
    if is_repeated and not delivery.message.is_asked:
        return Waiting(f"the buyer sent it back, and quotation {held.number} is as it was")
    is_news = quote.is_sellers_turn or delivery.looks_first(ANSWER)
    return _plan(write, held, is_news=is_news, is_repeated=is_repeated)


def _plan(write: AnswerWrite, held: HeldQuotation, *, is_news: bool, is_repeated: bool) -> Plan:
    answer, before = write.answer, write.before
    sums = proof(answer, before)
    said = [f"{one.item.sku}: {one.pieces:f} for {one.amount:.2f}" for one in answer.lines]
    version = (
        f"{write.version} of quotation {held.number} ({held.status} in {held.place}):"
        f" {answer.total:.2f} {answer.currency}, shown before: {sums.commerce:.2f};"
        f" {'; '.join(said)}"
    )[:MOST_SAID]
    return Plan(
        (write,), notes=(version,), starts_anew=is_repeated,
        follow_ups=_seen(write.quote) if is_news else (),
        amounts={"approved": f"{answer.total:.2f}", "currency": answer.currency},
        keys={"quotation": held.number, "version": version, "owner": held.responsible},
    )  # fmt: skip


async def _answer(quote: Quote, held: HeldQuotation, version: str, systems: Systems) -> Answer:
    items = await systems.items.of([one.sku for one in quote.items], {})
    zone = systems.settings.time_zone(held.company)
    today = systems.clock.now().astimezone(zone).date()
    return answer_from(quote, held, items, systems.settings, today=today, version=version)


quote_answers: DocumentFlow[QuotedAnswer] = DocumentFlow(
    name=ANSWERS,
    title="Quotations to answers of quotes",
    source=Source(read),
    plan=plan,
    triggers=(
        Poll(
            changed, until, lambda connection: connection.quotes.poll_minutes,
            fingerprint=lambda found: found.fingerprint,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
