"""Invoices that F&O posted -> the trail of the record they belong to: posted number, voucher, totals compared.

In:      a business event (a hint), or the poll over posted invoices; the record is read back from F&O.
Key:     "sales-invoice|<number>" or "free-text|<number>", in the connection's company.
Parks:   totals that differ from Commerce's (F&O recalculates tax), and revenue that is booked twice.
Skips:   documents that are not ours.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sync.business_events import BusinessEvent
from sync.desk import Desk
from sync.dynamics.posted_invoices import PostedInvoice, PostedInvoices
from sync.encoding import digest
from sync.errors import Never
from sync.flow import Change, Flow, Lane, NoKey, Receipt, Skipped
from sync.flows.creditmemos import read as read_memo
from sync.flows.orders import read as read_order
from sync.ledger import Claim, Entry
from sync.mapping.document_parts import document_parts
from sync.mapping.order_parts import order_parts
from sync.mapping.references import fields_in
from sync.money import ZERO, rounded, total
from sync.work import Work

KINDS = {"SalesInvoicePostedBusinessEvent": "sales-invoice", "CustFreeTextInvoicePostedBusinessEvent": "free-text"}
DAYS_BACK = timedelta(days=2)
"""Invoice dates have a day's grain, and what is posted late bears an earlier date."""


def keys_in_event(event: BusinessEvent) -> Sequence[str]:
    """The posted number in the event's fields."""
    number = event.fields.get("InvoiceId") or event.fields.get("FreeTextInvoiceId") or event.fields.get("InvoiceNumber")
    if not isinstance(number, str) or not number.strip():
        raise NoKey("no InvoiceId in it")
    return [f"{KINDS[event.event]}|{number.strip()}"]


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Posted invoices by invoice date."""
    company = desk.settings.dynamics.company
    async for posted, day in PostedInvoices(desk.dynamics).posted_since(company, (since - DAYS_BACK).date()):
        at = datetime.combine(day, time(23, 59), UTC)
        yield Change(f"{posted.kind}|{posted.number}", min(at, until))


async def read(key: str, desk: Desk) -> PostedInvoice | None:
    """The posted invoice as F&O holds it; None while it does not show."""
    kind, _, number = key.partition("|")
    invoices, company = PostedInvoices(desk.dynamics), desk.settings.dynamics.company
    if kind == "sales-invoice":
        return await invoices.sales_invoice(company, number)
    return await invoices.free_text_invoice(company, number)


async def deliver(posted: PostedInvoice, work: Work) -> Receipt | Skipped:
    """Tell the record's trail, once; compare what can be compared."""
    claim = await _record_of(posted, work)
    if claim is None:
        return Skipped("a document of somebody else: its reference is none of ours")
    fingerprint = digest({"number": posted.number, "voucher": posted.voucher, "amount": str(posted.amount)})
    if work.claim.digest == fingerprint:
        return Receipt("posted_invoice", posted.number, fingerprint, "unchanged")
    details = {"voucher": posted.voucher, "kind": posted.kind, "currency": posted.currency}
    if posted.amount is not None:
        details |= {"amount": f"{posted.amount:.2f}", "tax": f"{posted.tax:.2f}"}
    await work.ledger.write(
        claim, Entry(work.now(), "posted", number=posted.number, origin=work.message.origin, details=details)
    )
    if posted.kind == "sales-invoice":
        await _compare(posted, claim, work)
    return Receipt("posted_invoice", posted.number, fingerprint, "created", {"reference": posted.reference})


async def _record_of(posted: PostedInvoice, work: Work) -> Claim | None:
    """The claim of the order, invoice or credit memo that the document's reference names."""
    settings = work.desk.settings
    templates = {
        "orders": settings.orders.reference_template,
        "invoices": settings.invoices.reference_template,
        "creditmemos": settings.creditmemos.reference_template,
    }
    names = ("orders", "creditmemos") if posted.kind == "sales-invoice" else ("invoices", "creditmemos")
    for flow in names:
        found = fields_in(posted.reference, templates[flow])
        if found is None:
            continue
        async for claim in work.ledger.claims(work.desk.name, flow, prefix=f"{found['increment_id']}@"):
            if claim.number:
                return claim
    return None


async def _compare(posted: PostedInvoice, claim: Claim, work: Work) -> None:
    """F&O's own invoice of an order, or credit note of a credit memo, against what Commerce charged or gave back."""
    settings = work.desk.settings
    if claim.flow == "orders" and "invoices" in settings.flows and settings.invoices.recipe != "payment-journal":
        raise Never(
            f"DOUBLE REVENUE: F&O invoiced sales order {posted.sales_order} as {posted.number}, and the recipe "
            f"{settings.invoices.recipe} books the same order's revenue by free text invoices",
            remedy='Set invoices.recipe = "payment-journal", or stop invoicing web orders in F&O; then credit one of the two.',
        )
    charged = await (_charged if claim.flow == "orders" else _given_back)(claim.key, work)
    if charged is None:
        return
    invoiced = await PostedInvoices(work.desk.dynamics).sales_invoices_of(settings.dynamics.company, posted.reference)
    sign = 1 if claim.flow == "orders" else -1
    amounts = [sign * (each.amount or ZERO) for each in invoiced]
    _require_no_more(claim, posted, rounded(total(amount for amount in amounts if amount > ZERO)), charged, work)


async def _charged(key: str, work: Work) -> Decimal | None:
    """What a sales order comes to: what was paid with gift cards and credit is no part of it."""
    order = await read_order(key, work.desk)
    if order is None:
        return None
    return rounded(
        order.grand_total + total(paid.amount for paid in order_parts(order, work.desk.settings.orders).paid)
    )


async def _given_back(key: str, work: Work) -> Decimal | None:
    """What a return order comes to."""
    booked = await read_memo(key, work.desk)
    if booked is None:
        return None
    parts = document_parts(booked.document, booked.order, work.desk.settings.orders)
    return rounded(parts.grand_total + total(paid.amount for paid in parts.paid))


def _require_no_more(claim: Claim, posted: PostedInvoice, invoiced: Decimal, charged: Decimal, work: Work) -> None:
    """F&O may invoice in parts, but in all no more than Commerce did."""
    difference = invoiced - charged
    if difference <= work.desk.settings.orders.rounding_most:
        return
    increment, is_order = claim.key.rpartition("@")[0], claim.flow == "orders"
    what, done = (f"order {increment}", "charged") if is_order else (f"credit memo {increment}", "gave back")
    raise Never(
        f"{what}: F&O {'invoiced' if is_order else 'credited'} {invoiced:.2f} {posted.currency} (last {posted.number}), Commerce {done} "
        f"{charged:.2f}; difference {difference:.2f}",
        remedy="Compare the tax groups of the lines with Commerce's tax codes (orders.taxes), and correct the document in F&O.",
    )


async def horizon(desk: Desk) -> datetime:
    """Invoice dates are days: our clock will do."""
    return desk.clock.now()


postings: Flow[Any] = Flow[PostedInvoice](
    name="postings",
    title="Invoices that F&O posted, read back",
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    lane=Lane.MASTER,
    schedule="50 * * * * *",
    poll_minutes=lambda connection: connection.invoices.poll_minutes,
    business_events=tuple(KINDS),
    keys_in_event=keys_in_event,
)
