"""Posting a free text invoice once: the shared part of receivables and credits by that recipe."""

from decimal import Decimal

from sync.dynamics.free_text_invoices import AMOUNT, FoundInvoice, FreeTextInvoices
from sync.errors import Never
from sync.flows.left_behind import left_behind
from sync.mapping.free_text_invoice import FreeTextInvoice
from sync.work import Work


async def post_free_text_invoice(invoice: FreeTextInvoice, former: str, work: Work) -> tuple[FoundInvoice, str]:
    """The draft in F&O, made if it is not there; and what was done. A lost answer is looked into first."""
    invoices = FreeTextInvoices(work.desk.dynamics)
    work.wait_until_settled()
    found = await left_behind(invoices.find, invoice, former, work, called=lambda one: f"FTI {one.identifier}")
    wanted = {int(line["LineNumber"]): Decimal(line[AMOUNT]) for line in invoice.lines}
    if found is not None and wanted.keys() <= found.lines.keys():
        return found, "adopted"
    if found is not None and found.is_posted:
        raise Never(
            f"{invoice.reference}: free text invoice {found.number} was posted without all of its lines",
            remedy="Credit it in D365 and replay, or book the missing lines there.",
        )
    intent = await work.intend(invoice.digest)
    if found is None:
        identifier = await invoices.create(invoice, not_after=intent.not_after)
        return FoundInvoice(identifier, "", is_posted=False, lines=wanted), "created"
    await invoices.complete(invoice, found.identifier, found.lines, not_after=intent.not_after)
    return FoundInvoice(found.identifier, "", is_posted=False, lines=wanted), "adopted"
