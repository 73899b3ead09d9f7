"""Posting a free text invoice once: the shared part of receivables and credits by that recipe."""

from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.free_text_invoices import FreeTextInvoices
from sync.engine.delivery import Delivery
from sync.flows.left_behind import left_behind


async def post_free_text_invoice(
    invoice: FreeTextInvoice, former: str, delivery: Delivery
) -> tuple[int, str]:
    """The identifier of the draft in F&O, made if it is not there; and what was done. A lost answer
    is looked into first."""
    invoices = FreeTextInvoices(delivery.systems.dynamics)
    delivery.wait_until_settled()
    found = await left_behind(
        invoices.find, invoice, former, delivery, called=lambda one: f"FTI {one.identifier}"
    )
    if found is not None and found.amount is not None:
        return found.identifier, "adopted"
    intent = await delivery.intend(invoice.digest)
    if found is None:
        return await invoices.create(invoice, not_after=intent.not_after), "created"
    await invoices.complete(invoice, found.identifier, not_after=intent.not_after)
    return found.identifier, "adopted"
