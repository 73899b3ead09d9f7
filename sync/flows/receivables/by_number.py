"""What an invoice or a credit memo became in D365, by the number that its claim knows: whatever
reference somebody has given it there, it is not to be made a second time."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sync.engine.claim import Claim
from sync.engine.copies import DocumentCopies
from sync.engine.systems import Systems
from sync.engine.write import Result
from sync.flows.receivables.payments import KIND, STORE_CREDIT
from sync.flows.receivables.receivable_writes import FreeTextInvoiceWrite, ReturnOrderWrite
from sync.mapping.references import fields_in

RECEIVABLES: Final = ("invoices", "creditmemos")
KINDS: Final = frozenset({FreeTextInvoiceWrite.kind, ReturnOrderWrite.kind, KIND, STORE_CREDIT})
"""What they may become, by their recipes."""


@dataclass(frozen=True)
class ByNumber:
    """Looks for what a claim holds. `ours`: the references of its record, in lower case."""

    systems: Systems
    documents: DocumentCopies
    claim: Claim
    company: str
    ours: Collection[str]

    async def reference_of(self, held: Result) -> str | None:
        """The reference of a document in D365; None where it is not there by its number, or is none
        of these kinds. So where the line of a payment is another one: F&O gives the place of a
        deleted line again."""
        dynamics = self.systems.dynamics
        if held.kind == FreeTextInvoiceWrite.kind:
            return await dynamics.free_text_invoices.reference_of(self.company, held.number)
        if held.kind == ReturnOrderWrite.kind:
            return await dynamics.return_orders.reference_of(self.company, held.number)
        if held.kind not in (KIND, STORE_CREDIT):
            return None
        sent = await self._sent(held.kind)
        there = await dynamics.payment_journals.reference_of(self.company, held.number, sent)
        return None if there is None or self._is_of_another(there) else there

    async def _sent(self, kind: str) -> Any | None:
        """The line as it was sent; None where no copy of it is kept any more."""
        record = f"{self.claim.connection}|{self.claim.flow}|{self.claim.key}"
        copy = await self.documents.last(record, "sent")
        return copy.get(kind) if isinstance(copy, dict) else None

    def _is_of_another(self, there: str) -> bool:
        """Whether the reference is that of another record of ours."""
        if there.strip().casefold() in self.ours:
            return False
        settings = self.systems.settings
        templates = [getattr(settings, one).reference_template for one in RECEIVABLES]
        return any(one != "{increment_id}" and fields_in(there, one) for one in templates)
