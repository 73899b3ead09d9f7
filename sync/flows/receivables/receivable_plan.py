"""The plan of what an invoice or a credit memo becomes: its documents, one after the other."""

from collections.abc import Iterator, Sequence
from typing import Any

from sync.engine.delivery import Delivery
from sync.engine.plan import Part, Plan
from sync.engine.write import Result, Write
from sync.flows.left_behind import LeftBehind
from sync.flows.orders.write_back import write_back_of
from sync.flows.receivables.payments import KIND, STORE_CREDIT, payment_part
from sync.flows.receivables.receivable_writes import FreeTextInvoiceWrite, ReturnOrderWrite
from sync.flows.targets import dynamics_of
from sync.mapping.posting_target import DocumentWithOrder, PostingTarget
from sync.mapping.receivable_documents import ReceivableDocuments, fingerprint_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.taken_off import TAKEN_OFF


def plan_of(
    with_order: DocumentWithOrder[Any],
    receivable: Receivable,
    receivable_documents: ReceivableDocuments,
    posting_target: PostingTarget,
    delivery: Delivery,
) -> Plan:
    """The documents to post, one after the other. `receivable`: all of what is booked."""
    writes = _writes(receivable_documents, posting_target.former, delivery)
    return Plan(
        writes,
        digest=fingerprint_of(with_order.document),
        shown_by=_shown_by_the_order(receivable_documents, posting_target, writes),
        totals=receivable_documents.totals,
        amounts=_amounts(receivable_documents),
        notes=tuple(_notes(receivable, receivable_documents)),
        keys={"reference": posting_target.reference, "sales_order": posting_target.order_number},
        read=with_order.document.raw,
        when_new=write_back_of(
            delivery.claim.flow, delivery.message.key, delivery.systems.settings
        ),
    )


def _writes(
    documents: ReceivableDocuments, former: str, delivery: Delivery
) -> tuple[Write | Part, ...]:
    dynamics, target = delivery.systems.dynamics, dynamics_of(delivery.systems)
    writes = list[Write | Part]()
    if (invoice := documents.free_text) is not None:
        left = LeftBehind(FreeTextInvoiceWrite.kind, former, delivery)
        writes.append(FreeTextInvoiceWrite(invoice, dynamics.free_text_invoices, target, left))
    if (returned := documents.return_order) is not None:
        left = LeftBehind(ReturnOrderWrite.kind, former, delivery)
        writes.append(ReturnOrderWrite(returned, dynamics.return_orders, target, left))
    if documents.payment is not None:
        writes.append(payment_part(documents.payment, KIND, former, delivery))
    if documents.credit is not None:
        writes.append(payment_part(documents.credit, STORE_CREDIT, f"{former}/S", delivery))
    return tuple(writes)


def _shown_by_the_order(
    documents: ReceivableDocuments, posting_target: PostingTarget, writes: Sequence[Write | Part]
) -> tuple[Result, ...]:
    """What was taken off the sales order is credited there: F&O never invoices it."""
    if documents.taken_off is None:
        return ()
    number, action = posting_target.order_number, "adopted" if writes else "created"
    label = f"taken off {number or 'its order'}"
    return (Result(TAKEN_OFF, number, "", action, label=label),)


def _amounts(documents: ReceivableDocuments) -> dict[str, str]:
    amounts = documents.totals.as_json() if documents.totals is not None else {}
    if documents.credit is not None:
        amounts["refunded to store credit"] = f"{documents.credit.amount:.2f}"
    if documents.taken_off is not None:
        amounts["taken off the sales order"] = f"{documents.taken_off.commerce:.2f}"
    return amounts


def _notes(receivable: Receivable, documents: ReceivableDocuments) -> Iterator[str]:
    """What the totals alone do not tell."""
    currency = receivable.totals.currency
    if receivable.totals.rounding:
        yield f"rounding line of {receivable.totals.rounding} {currency}"
    if documents.taken_off is not None:
        yield (
            f"{documents.taken_off.commerce} {currency} is taken off the sales order,"
            " which F&O has not invoiced"
        )
    if documents.credit is not None:
        yield (
            f"{documents.credit.amount} {currency} was refunded to store credit, so no bank pays it"
        )
    for line in receivable.lines:
        if line.is_payment:
            yield f"{-line.amount} {currency} was {line.text}"
