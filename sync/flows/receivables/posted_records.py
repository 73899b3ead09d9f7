"""Which record of ours a document is that F&O posted, or which orders its reference names."""

from collections.abc import AsyncIterator, Collection, Iterable

from sync.dynamics.posted_invoices import PostedInvoice
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.plan import Notification
from sync.engine.timing import being_posted
from sync.mapping.references import named_in


async def record_of(posted: PostedInvoice, delivery: Delivery) -> Claim | None:
    """The claim of the order, invoice or credit memo that was posted as this document; the
    reference leads to it.

    Raises `Later` while a try of such a record has not recorded what it posted.
    """
    names = (
        ("orders", "creditmemos") if posted.kind == "sales-invoice" else ("invoices", "creditmemos")
    )
    open_claim: Claim | None = None
    async for claim in claims_named(posted.reference, names, delivery):
        if _became(claim, posted):
            return claim
        if not claim.number and claim.intent is not None:
            open_claim = claim
    if open_claim is not None:
        raise being_posted(open_claim, "this document", delivery)
    return None


async def claims_named(
    reference: str, flows: Collection[str], delivery: Delivery
) -> AsyncIterator[Claim]:
    """The claims of the records that a reference may have been made for: those of all stores where
    it names none."""
    for flow, fields in named_in(reference, delivery.systems.settings, flows):
        prefix = f"{fields['increment_id']}@{fields.get('store_id', '')}"
        async for claim in delivery.ledger.claims(delivery.systems.name, flow, prefix=prefix):
            if "store_id" not in fields or claim.key == prefix:
                yield claim


def _became(claim: Claim, posted: PostedInvoice) -> bool:
    """Whether the record's number names the document; references alone may be those of several
    stores or documents."""
    held = claim.delivered
    kinds = ("free_text_invoice",) if posted.identifier else ("sales_order", "return_order")
    number = posted.identifier or posted.sales_order
    return bool(number) and number in {held[kind].number for kind in kinds if kind in held}


async def orders_of(posted: PostedInvoice, delivery: Delivery) -> list[Claim]:
    """The orders whose reference a document carries."""
    return [claim async for claim in claims_named(posted.reference, ("orders",), delivery)]


def looked_at_again(claims: Iterable[Claim]) -> tuple[Notification, ...]:
    """Orders whose sums differ, or differed and were decided on."""
    wanted = (one for one in claims if one.flow == "orders" and (one.differs or one.resolved))
    return tuple(Notification(one.flow, one.key) for one in wanted)


async def differed_with(
    posted: PostedInvoice, claim: Claim, delivery: Delivery
) -> tuple[Notification, ...]:
    """The other documents of the record whose sums differed when they were told: with this one they
    may agree."""
    trail = await delivery.ledger.trail(claim.connection, claim.flow, claim.key)
    told = {
        f"{entry.details['kind']}|{posted.company}|{entry.number}"
        for entry in trail
        if entry.event == "posted" and entry.number != posted.number
    }
    own = delivery.claim
    claims = [await delivery.ledger.claim(own.connection, own.flow, key) for key in sorted(told)]
    return tuple(Notification(one.flow, one.key) for one in claims if one.differs)
