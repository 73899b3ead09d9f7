"""What an invoice or a credit memo became in D365, by the number that its claim knows: whatever
reference somebody has given it there, it is not to be made a second time."""

from sync.engine.systems import Systems
from sync.engine.write import Result
from sync.flows.receivables.payments import KIND, STORE_CREDIT
from sync.flows.receivables.receivable_writes import FreeTextInvoiceWrite, ReturnOrderWrite


async def reference_of(held: Result, company: str, systems: Systems) -> str | None:
    """The reference of a document in D365; None where it is not there by its number, or is none of
    these kinds."""
    dynamics = systems.dynamics
    if held.kind == FreeTextInvoiceWrite.kind:
        return await dynamics.free_text_invoices.reference_of(company, held.number)
    if held.kind == ReturnOrderWrite.kind:
        return await dynamics.return_orders.reference_of(company, held.number)
    if held.kind in (KIND, STORE_CREDIT):
        return await dynamics.payment_journals.reference_of(company, held.number)
    return None
