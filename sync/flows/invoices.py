"""Captured invoices in Commerce -> receivables in D365.

In:      an invoice as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a customer payment journal line, a free text invoice, or both; totals proved before posting.
Key:     "<increment_id>@<store_id>" of the invoice.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   invoices that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and invoice number; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.invoice import Invoice
from sync.desk import Desk
from sync.encoding import digest
from sync.errors import Never
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.free_text import post_free_text_invoice
from sync.flows.payments import post_payment
from sync.flows.receipts import told
from sync.flows.receivables import (
    Booked,
    Ground,
    changed_documents,
    day_of,
    document_keys,
    ground_of,
    order_of,
)
from sync.ledger import State
from sync.mapping.customer_payment import customer_payment_from
from sync.mapping.free_text_invoice import free_text_invoice_from
from sync.mapping.receivable_lines import Receivable, receivable_from
from sync.money import ZERO
from sync.work import Work

PAID, CANCELLED = 2, 3
Told = tuple[tuple[str, str], ...]


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The invoice named in a hook's body or an event's value."""
    return document_keys(payload, "invoice")


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A key without a store: the invoices of that number in the connection's store views."""
    increment, _, store = key.rpartition("@")
    if store != "?":
        return None
    found = [Invoice.read(row) for row in await desk.invoices.get(increment) or []]
    return [invoice.key for invoice in found if desk.settings.store(invoice.store_id or "") is not None]


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Invoices by `updated_at`."""
    async for change in changed_documents(desk, "invoices", since, until):
        yield change


async def read(key: str, desk: Desk) -> Booked[Invoice] | None:
    """The invoice and its order as they are now."""
    increment, _, store = key.rpartition("@")
    for row in await desk.invoices.get(increment) or []:
        if str(row.get("store_id", "")) == store:
            invoice = Invoice.read(row)
            order = await order_of(invoice, desk)
            return Booked(invoice, order) if order is not None else None
    return None


async def deliver(booked: Booked[Invoice], work: Work) -> Receipt | Skipped:
    """Book the invoice once, by the connection's recipe."""
    invoice = booked.document
    if invoice.state == CANCELLED:
        return _cancelled(invoice, work)
    if invoice.state != PAID:
        return Skipped("waiting: the invoice is not captured yet")
    if invoice.grand_total == ZERO:
        return Skipped("an invoice of nothing: there is nothing to receive")
    settings = work.desk.settings.invoices
    ground = await ground_of(booked, work, settings.reference_template)
    receivable = receivable_from(invoice, booked.order, work.desk.settings, gross=ground.is_gross)
    fingerprint = digest({"recipe": settings.recipe, "ground": ground.reference, "totals": receivable.totals.as_json()})
    if work.claim.number and work.claim.digest == fingerprint:
        return _receipt(work.claim.number, fingerprint, "unchanged", (receivable, ground))
    if work.claim.number:
        raise Never(
            f"invoice {invoice.increment_id} changed in Commerce after {work.claim.number} was booked for it",
            remedy=f"Compare {work.claim.number} in D365 with the invoice and correct it there; posted documents are never overwritten.",
        )
    work.keep("read", invoice.raw)
    numbers, actions = await _book(booked, receivable, ground, work)
    action = "created" if "created" in actions else "adopted"
    return _receipt(
        " + ".join(numbers), fingerprint, action, (receivable, ground), told("invoices", work.message.key, action, work)
    )


async def _book(
    booked: Booked[Invoice], receivable: Receivable, ground: Ground, work: Work
) -> tuple[list[str], list[str]]:
    recipe = work.desk.settings.invoices.recipe
    numbers, actions = [], []
    if recipe in ("free-text-invoice", "both"):
        number, action = await _free_text_invoice(booked, receivable, ground, work)
        numbers.append(number)
        actions.append(action)
    if recipe in ("payment-journal", "both"):
        number, action = await _payment(booked, ground, work)
        numbers.append(number)
        actions.append(action)
    return numbers, actions


async def _free_text_invoice(
    booked: Booked[Invoice], receivable: Receivable, ground: Ground, work: Work
) -> tuple[str, str]:
    items = await work.desk.items.many([line.sku for line in receivable.lines if line.sku])
    document = free_text_invoice_from(
        receivable, booked.order, work.desk.settings, company=ground.company, account=ground.account,
        reference=ground.reference, day=day_of(booked.document).date(), items=items, gross=ground.is_gross, is_credit=False,
    )  # fmt: skip
    found, action = await post_free_text_invoice(document, work)
    work.keep("sent", {"header": dict(document.header), "lines": [dict(line) for line in document.lines]})
    return f"FTI {found.identifier}", action


async def _payment(booked: Booked[Invoice], ground: Ground, work: Work) -> tuple[str, str]:
    invoice = booked.document
    payment = customer_payment_from(
        booked.order, work.desk.settings, company=ground.company, account=ground.account, reference=ground.reference,
        amount=invoice.grand_total, currency=invoice.order_currency_code, day=day_of(invoice).date(),
        transaction_id=invoice.transaction_id, is_refund=False,
    )  # fmt: skip
    found, action = await post_payment(payment, work)
    return f"journal {found.journal} line {found.line}", action


def _cancelled(invoice: Invoice, work: Work) -> Receipt | Skipped:
    if not work.claim.number or work.claim.state is State.CANCELLED:
        return Skipped("cancelled in Commerce before it was booked")
    raise Never(
        f"invoice {invoice.increment_id} was cancelled in Commerce after {work.claim.number} was booked for it",
        remedy=f"Credit or delete {work.claim.number} in D365; nothing is changed there by us.",
    )


def _receipt(
    number: str, fingerprint: str, action: str, booking: tuple[Receivable, Ground], tells: Told = ()
) -> Receipt:
    receivable, ground = booking
    targets = {"reference": ground.reference, "sales_order": ground.order_number}
    return Receipt("receivable", number, fingerprint, action, targets, receivable.totals.as_json(), tells)


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled("invoices")


invoices = Flow[Booked[Invoice]](
    name="invoices",
    title="Captured invoices to receivables",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    lane=Lane.DOCUMENTS,
    schedule="15 * * * * *",
    poll_minutes=lambda connection: connection.invoices.poll_minutes,
    events=("observer.sales_order_invoice_save_commit_after", "observer.sales_order_invoice_save_after"),
)
