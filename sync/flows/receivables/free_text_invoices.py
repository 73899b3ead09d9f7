"""Posting a free text invoice once: the shared part of receivables and credits by that recipe."""

from sync.core.errors import Never
from sync.dynamics.documents.free_text_invoice import FreeTextInvoice
from sync.dynamics.free_text_invoices import FoundInvoice, FreeTextInvoices
from sync.engine.delivery import Delivery


async def post_free_text_invoice(
    invoice: FreeTextInvoice, delivery: Delivery
) -> tuple[FoundInvoice, str]:
    """The draft in F&O, made if it is not there; and what was done. A lost answer is looked into
    first."""
    invoices = FreeTextInvoices(delivery.systems.dynamics)
    delivery.wait_until_settled()
    found = await invoices.find(invoice)
    wanted = frozenset(int(line["LineNumber"]) for line in invoice.lines)
    if found is not None and wanted <= found.lines:
        return found, "adopted"
    if found is not None and found.is_posted:
        raise Never(
            f"{invoice.reference}: free text invoice {found.number} was posted without all of its"
            " lines",
            remedy="Credit it in D365 and replay, or book the missing lines there.",
        )
    intent = await delivery.intend(invoice.digest)
    if found is None:
        identifier = await invoices.create(invoice, not_after=intent.not_after)
        return FoundInvoice(identifier, "", is_posted=False, lines=wanted), "created"
    await invoices.complete(invoice, found.identifier, found.lines, not_after=intent.not_after)
    return FoundInvoice(found.identifier, "", is_posted=False, lines=wanted), "adopted"
