"""Negotiable quotes of Commerce -> sales quotations in F&O, or quotes of Dynamics 365 Sales.

In:      a cart that is negotiated, as REST answers it, with what was said of it.
Out:     one quotation: header and lines without prices, so that F&O's own search, or a seller,
         proposes them; amended by each later version of the buyer, as long as its people have not
         ended it; and the buyer's files, where `quotes.files` says so.
Key:     the quote's id.
Waits:   for the seller's turn: what the buyer still works at is nobody else's.
Parks:   items that are not mapped, and a buyer who asks again of a quotation that is over.
Lists:   quotes that are ordered, declined or closed while their quotation is still open.
Repeats: found by its number or reference; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sync.commerce.models.quote import CLOSED, DECLINED, EXPIRED, ORDERED, OVER, last_of_buyer
from sync.commerce.polling import SETTLING
from sync.core.encoding import digest
from sync.core.skipped import Skipped, Waiting
from sync.dynamics.documents.quotation import HeldQuotation
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, OpenPoint, PassedOn, Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.engine.write import Result
from sync.flows.keys import elsewhere
from sync.flows.quotes.file_writes import FilesWrite
from sync.flows.quotes.quotation_books import book_of, in_sales
from sync.flows.quotes.quotation_targets import quotation_write
from sync.flows.quotes.quotation_writes import REVISION, QuotationWrite
from sync.flows.quotes.quote_records import (
    ANSWER,
    ANSWERS,
    KIND,
    MOST_SAID,
    QUOTES,
    QuoteWithComments,
    changed_quotes,
    keys_in,
    read_quote,
)
from sync.flows.quotes.sales_quote_writes import SalesQuoteWrite
from sync.flows.targets import dynamics_of
from sync.mapping.quotation import differences
from sync.mapping.quote_files import left_out, new_files
from sync.pacing.priority import Priority

UNSENT: Final = "unsent"
"""How a quotation stood right after we amended it: nobody in F&O has looked at that version yet."""


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Quotes by their carts' time of change; recalculations move that, so they have fingerprints
    too."""
    async for cart_id, at, quote in changed_quotes(systems, since, until, after):
        fingerprint = quote.fingerprint if quote is not None else ""
        place = _position(at, cart_id)
        yield Change(str(cart_id), at, fingerprint, place, is_passed=quote is None)


def _position(at: datetime, quote_id: int) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}|{quote_id}"


async def until(systems: Systems) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await systems.commerce.quotes.settled()


async def plan(found: QuoteWithComments, delivery: Delivery) -> Plan | Skipped:
    """The quotation that F&O must hold of the quote."""
    quote = found.quote
    if reason := elsewhere(quote.store_id, delivery.systems):
        return Skipped(reason)
    if not quote.is_negotiated:
        return Skipped("it is a cart that nobody negotiates")
    if quote.status in OVER:
        return await _ended(found, delivery)
    if not quote.is_sellers_turn:
        held = delivery.held(KIND)
        if held is not None and delivery.claim.intent is None:
            return Plan((), digest=delivery.claim.digest)
        if delivery.claim.intent is None:
            return Waiting(f"it is {quote.status or 'a draft'} in Commerce")
    return await _requested(found, delivery)


async def _to_be_declined(key: str, number: str, store: int | None, delivery: Delivery) -> bool:
    """Whether the quotation is over in F&O and its quote is yet to be declined for that. One that
    F&O has made an order of is declined as often as the buyer asks."""
    settings = delivery.systems.settings
    if ANSWERS not in settings.flows:
        return False
    company = settings.legal_entity_of(store)
    held = await book_of(delivery.systems).by_number(company, number)
    if held is None or not held.is_over:
        return False
    said = await delivery.sent_for(ANSWERS, key, ANSWER) or {}
    return held.is_confirmed or "declined" not in said


async def _requested(found: QuoteWithComments, delivery: Delivery) -> Plan | Skipped:
    quote, systems = found.quote, delivery.systems
    held = delivery.held(KIND)
    if held is not None and await _to_be_declined(quote.key, held.number, quote.store_id, delivery):
        passed = (Notification(ANSWERS, quote.key),)
        return PassedOn(f"quotation {held.number} is over in D365", follow_ups=passed)
    write = await quotation_write(found, delivery)
    is_new = held is None or not delivery.is_same(held.digest, write.digest)
    revision = (int(held.keys.get(REVISION, "1")) if held is not None else 0) + is_new
    write = replace(write, revision=revision)
    before = await delivery.last_sent(KIND) if held is not None and is_new else None
    said = last_of_buyer(found.comments)
    author = f"buyer {said.creator_id}, {said.created_at} UTC" if said else f"{quote.updated_at}"
    files, odd = _files(found, write, systems)
    may_be_answered = held is not None or in_sales(systems)  # polls tell of numbers that are known
    said_of = "; ".join((*differences(before, write.document, *write.names), *odd))
    version = f"{revision} ({author}): {said_of}"[:MOST_SAID]
    return Plan(
        (write, *files), digest=digest([one.digest for one in (write, *files)]) if files else "",
        read={"quote": quote.raw}, notes=(version,) if is_new else (),
        keys={"reference": write.reference, **({"version": version} if is_new else {})},
        follow_ups=_follow_ups(quote.key, delivery) if may_be_answered else (),
        then=_remembering(systems.settings.legal_entity_of(quote.store_id), delivery),
    )  # fmt: skip


def _files(
    found: QuoteWithComments, write: QuotationWrite | SalesQuoteWrite, systems: Systems
) -> tuple[tuple[FilesWrite, ...], list[str]]:
    """The buyer's files as a write, and what is said of those that stay in the shop."""
    settings = systems.settings.quotes
    if settings.files == "none" or isinstance(write, SalesQuoteWrite):
        return (), []
    files = new_files(found.quote, found.comments, write.quotation, settings)
    odd = [f"{name} stays in the shop" for name in left_out(found.comments, settings)]
    made = FilesWrite(found.quote.label, files, systems, dynamics_of(systems))
    return ((made,) if files else ()), odd


def _follow_ups(key: str, delivery: Delivery) -> tuple[Notification, ...]:
    """An answer that waits for the seller's turn; not where that answer itself is what asks."""
    is_on = ANSWERS in delivery.systems.settings.flows
    is_asking = delivery.message.origin == "required"
    return (Notification(ANSWERS, key),) if is_on and not is_asking else ()


def _remembering(company: str, delivery: Delivery) -> Callable[[Sequence[Result]], Awaitable[None]]:
    """Remembers how an amended quotation stands: a status that answers it is older than that. In
    Sales only Drafts are amended, so what is Active there was activated since."""

    async def then(results: Sequence[Result]) -> None:
        result = results[0]
        if result.action == "unchanged" and delivery.inherited is None:
            return
        held = await book_of(delivery.systems).by_number(company, result.number)
        is_newer = held is not None and in_sales(delivery.systems) and held.may_answer
        if held is not None and result.action != "created" and not is_newer:
            keys = {**result.keys, UNSENT: held.fingerprint}
            delivery.done(replace(result, keys=keys))

    return then


async def _ended(found: QuoteWithComments, delivery: Delivery) -> Plan | Skipped:
    """A quote that is over: nothing is written, and a quotation that is still open is listed."""
    held, quote = delivery.held(KIND), found.quote
    if held is None and delivery.claim.intent is not None:
        delivery.wait_until_settled()
        return await _requested(found, delivery)
    if held is None:
        return Skipped(f"it is {quote.status} in Commerce")
    if quote.status == EXPIRED:
        return Plan((), digest=delivery.claim.digest)
    company = delivery.systems.settings.legal_entity_of(quote.store_id)

    async def look() -> OpenPoint | None:
        quotation = await book_of(delivery.systems).by_number(company, held.number)
        return _open_point(quote.key, quote.status, quotation)

    return Plan((), digest=delivery.claim.digest, look=look)


REASONS: Final = {
    ORDERED: "ordered on web", DECLINED: "declined in the shop", CLOSED: "closed by the buyer",
}  # fmt: skip


def _open_point(key: str, status: str, quotation: HeldQuotation | None) -> OpenPoint | None:
    """What a person closes in F&O, for no public action does; and two orders of one quote."""
    if quotation is None or (quotation.is_over and status != ORDERED):
        return None
    if quotation.is_over and not quotation.order:
        return None
    if quotation.order:
        return OpenPoint(
            f"quote {key} was ordered in the shop, and {quotation.place} has sales order"
            f" {quotation.order} of quotation {quotation.number} as well",
            f"Cancel sales order {quotation.order} in {quotation.place}, or the web order if that"
            f' one stays; then run: resolve quotes {key} --why "..."',
            sums=f"ordered in Commerce, order {quotation.order} in {quotation.place}",
        )
    said = f'"{REASONS[status]}"'
    return OpenPoint(
        f"quote {key} is {status} in Commerce, and quotation {quotation.number} is still"
        f" {quotation.status} in {quotation.place}",
        f"Close quotation {quotation.number} in {quotation.place}"
        f" {quotation.ending.format(reason=said)}. Then replay, or wait for the next look.",
        sums=f"{status} in Commerce, {quotation.status} in {quotation.place}",
    )


quotes: DocumentFlow[QuoteWithComments] = DocumentFlow(
    name=QUOTES, is_answered=True,
    title="Quotes to quotations",
    source=Source(read_quote),
    plan=plan,
    triggers=(
        AdobeEvents((), keys_in, own=lambda connection: connection.quotes.events),
        Poll(
            changed, until, lambda connection: connection.quotes.poll_minutes,
            fingerprint=lambda found: found.quote.fingerprint, lag=SETTLING,
        ),
    ),
    priority=Priority.DOCUMENTS,
)  # fmt: skip
