"""Posting what an invoice or credit memo becomes, one document after the other, each of them
once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.engine.delivery import Delivery
from sync.engine.results import Receipt
from sync.flows.receivables.free_text_invoices import post_free_text_invoice
from sync.flows.receivables.payments import post_payment
from sync.flows.receivables.return_orders import post_return_order
from sync.mapping.receivable_documents import PostingTarget, ReceivableDocuments
from sync.mapping.taken_off import TAKEN_OFF


@dataclass(frozen=True)
class Posted:
    """`number`: what D365 calls the documents, all in one text. `action`: created, or adopted when
    all were there."""

    number: str
    action: str


async def post_receivable_documents(
    receivable_documents: ReceivableDocuments, posting_target: PostingTarget, delivery: Delivery
) -> Posted:
    """Post what is not there. Repeating finds what is there; a crash between two completes the
    rest."""
    numbers, actions = [], []
    if receivable_documents.free_text is not None:
        identifier, action = await post_free_text_invoice(
            receivable_documents.free_text, posting_target.former, delivery
        )
        numbers.append(f"FTI {identifier}")
        actions.append(action)
    if receivable_documents.return_order is not None:
        order, action = await post_return_order(
            receivable_documents.return_order, posting_target.former, delivery
        )
        numbers.append(f"{order.number} (RMA {order.rma})" if order.rma else order.number)
        actions.append(action)
    for line, former in (
        (receivable_documents.payment, posting_target.former),
        (receivable_documents.credit, f"{posting_target.former}/S"),
    ):
        if line is not None:
            payment, action = await post_payment(line, former, delivery)
            numbers.append(str(payment))
            actions.append(action)
    if receivable_documents.taken_off is not None:
        numbers.append(f"{TAKEN_OFF} {posting_target.order_number or 'its order'}")
    revenue = receivable_documents.free_text or receivable_documents.return_order
    if revenue is not None:
        delivery.keep(
            "sent",
            {"header": dict(revenue.header), "lines": [dict(line) for line in revenue.lines]},
        )
    elif receivable_documents.payment is not None:
        delivery.keep("sent", dict(receivable_documents.payment.body))
    return Posted(
        " + ".join(numbers), "created" if "created" in actions or not actions else "adopted"
    )


def receipt_of(
    entity: str,
    posted: Posted,
    fingerprint: str,
    receivable_documents: ReceivableDocuments,
    posting_target: PostingTarget,
    *,
    follow_ups: Sequence[tuple[str, str]],
) -> Receipt:
    """What is recorded of a document that was booked."""
    targets = {"reference": posting_target.reference, "sales_order": posting_target.order_number}
    amounts = (
        receivable_documents.totals.as_json() if receivable_documents.totals is not None else {}
    )
    if receivable_documents.credit is not None:
        amounts = {
            **amounts,
            "refunded to store credit": f"{receivable_documents.credit.amount:.2f}",
        }
    if receivable_documents.taken_off is not None:
        amounts = {
            **amounts,
            "taken off the sales order": f"{receivable_documents.taken_off.commerce:.2f}",
        }
    return Receipt(entity, posted.number, fingerprint, posted.action, targets, amounts, follow_ups)
