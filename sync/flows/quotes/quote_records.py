"""Where quotes come from: carts that are negotiated, each with what was said of it; and which
quotation is that of a quote."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.commerce.models.quote import Comment, Quote
from sync.core.errors import Later, Never
from sync.dynamics.documents.quotation import HeldQuotation
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.flows.keys import whole_in
from sync.flows.payloads import id_in
from sync.flows.quotes.quotation_books import book_of

QUOTES, ANSWERS = "quotes", "quote_answers"
KIND, ANSWER = "quotation", "answer"
AGE: Final = timedelta(minutes=1)
MOST_SAID: Final = 2000
"""Characters that the trail tells of one version."""


@dataclass(frozen=True)
class QuoteWithComments:
    """A quote, and what buyer and seller said of it."""

    quote: Quote
    comments: tuple[Comment, ...]


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The quote named in the value of an event: which plugins tell of quotes differs by release, so
    the shop names them (`quotes.events`)."""
    ids = ("quote_id", "quoteId", "cart_id", "entity_id", "id")
    return [id_in(payload, "quote", records=("quote", "cart", "data_object"), ids=ids)]


async def read_quote(key: str, systems: Systems) -> QuoteWithComments | None:
    """The quote as it is now; None for a cart that is gone. Raises `Never` for one that cannot be
    read."""
    cart_id = whole_in(key)
    row = await systems.commerce.quotes.by_id(cart_id) if cart_id is not None else None
    if row is None:
        return None
    quote = Quote.read(row)
    if not quote.is_negotiated:
        return QuoteWithComments(quote, ())
    comments = await systems.commerce.quotes.comments(quote.id)
    return QuoteWithComments(quote, tuple(Comment.model_validate(one) for one in comments))


async def changed_quotes(
    systems: Systems, since: datetime, until: datetime, after: str
) -> AsyncIterator[tuple[int, datetime, Quote | None]]:
    """Carts of the connection's stores that changed, oldest first, with the time, and the quote of
    those that are negotiated. A cart of which the list tells nothing is read
    (`quotes.reads_each_cart`)."""
    rows = systems.commerce.quotes.changed(
        since, until, stores=systems.settings.store_ids, after=after
    )
    async for row in rows:
        stamp = utc(str(row.get("updated_at", "")))
        if stamp is None:
            continue
        cart_id, quote = int(row["id"]), None
        if _may_be_one(row, systems):
            quote = _readable(await systems.commerce.quotes.by_id(cart_id))
        yield cart_id, stamp, quote if quote is not None and quote.is_negotiated else None


def _may_be_one(row: Mapping[str, Any], systems: Systems) -> bool:
    told = (row.get("extension_attributes") or {}).get("negotiable_quote")
    if told:
        return bool(told.get("is_regular_quote"))
    return systems.settings.quotes.reads_each_cart


def _readable(cart: Any) -> Quote | None:
    """None for one that cannot be read: other carts go on, and a delivery would tell of it."""
    try:
        return Quote.read(cart) if cart is not None else None
    except Never:
        return None


async def quotation_of(order: Order, delivery: Delivery) -> str:
    """The number of the quotation that an order of a quote comes from; empty for other orders.

    Raises `Later` while one is being made, and `Never` where F&O has made an order of it already:
    there is never a second one.
    """
    systems, quote_id = delivery.systems, order.quote_id
    if QUOTES not in systems.settings.flows or not quote_id:
        return ""
    claim = await delivery.ledger.claim(systems.name, QUOTES, str(quote_id))
    held = claim.delivered.get(KIND)
    if held is None:
        if claim.intent is not None:
            raise Later(f"the quotation of quote {quote_id} is being made", after=AGE)
        return ""
    if delivery.claim.number or delivery.is_asked:
        return held.number
    company = systems.settings.legal_entity_of(order.store_id)
    quotation = await book_of(systems).by_number(company, held.number)
    if quotation is not None and quotation.has_order:
        raise _ordered_twice(order, quotation)
    return held.number


def _ordered_twice(order: Order, quotation: HeldQuotation) -> Never:
    return Never(
        f"order {order.increment_id}: {quotation.place} has sales order"
        f" {quotation.order or '(unknown)'} of quotation {quotation.number} already, and the buyer"
        " has ordered the quote in the shop",
        remedy=(
            f"If {quotation.order or 'that order'} is to stay,"
            f" {quotation.keeping.format(key=order.key, order=quotation.order)}. Otherwise cancel"
            f" it in {quotation.place}, then replay orders {order.key}."
        ),
    )
