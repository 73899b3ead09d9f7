"""Posting what an invoice or credit memo becomes, one document after the other, each of them once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.flow import Receipt
from sync.flows.free_text import post_free_text_invoice
from sync.flows.payments import post_payment
from sync.flows.returns import post_return_order
from sync.mapping.bookings import Bookings, Ground
from sync.mapping.taken_off import TAKEN_OFF
from sync.work import Work


@dataclass(frozen=True)
class Posted:
    """`number`: what D365 calls the documents, all in one text. `action`: created, or adopted when all were there."""

    number: str
    action: str


async def post_bookings(bookings: Bookings, ground: Ground, work: Work) -> Posted:
    """Post what is not there. Repeating finds what is there; a crash between two completes the rest."""
    numbers, actions = [], []
    if bookings.free_text is not None:
        identifier, action = await post_free_text_invoice(bookings.free_text, ground.former, work)
        numbers.append(f"FTI {identifier}")
        actions.append(action)
    if bookings.return_order is not None:
        order, action = await post_return_order(bookings.return_order, ground.former, work)
        numbers.append(f"{order.number} (RMA {order.rma})" if order.rma else order.number)
        actions.append(action)
    for line, former in ((bookings.payment, ground.former), (bookings.credit, f"{ground.former}/S")):
        if line is not None:
            payment, action = await post_payment(line, former, work)
            numbers.append(str(payment))
            actions.append(action)
    if bookings.taken_off is not None:
        numbers.append(f"{TAKEN_OFF} {ground.order_number or 'its order'}")
    revenue = bookings.free_text or bookings.return_order
    if revenue is not None:
        work.keep("sent", {"header": dict(revenue.header), "lines": [dict(line) for line in revenue.lines]})
    elif bookings.payment is not None:
        work.keep("sent", dict(bookings.payment.body))
    return Posted(" + ".join(numbers), "created" if "created" in actions or not actions else "adopted")


def receipt_of(
    entity: str,
    posted: Posted,
    fingerprint: str,
    bookings: Bookings,
    ground: Ground,
    *,
    tells: Sequence[tuple[str, str]],
) -> Receipt:
    """What is recorded of a document that was booked."""
    targets = {"reference": ground.reference, "sales_order": ground.order_number}
    amounts = bookings.totals.as_json() if bookings.totals is not None else {}
    if bookings.credit is not None:
        amounts = {**amounts, "refunded to store credit": f"{bookings.credit.amount:.2f}"}
    if bookings.taken_off is not None:
        amounts = {**amounts, "taken off the sales order": f"{bookings.taken_off.commerce:.2f}"}
    return Receipt(entity, posted.number, fingerprint, posted.action, targets, amounts, tells)
