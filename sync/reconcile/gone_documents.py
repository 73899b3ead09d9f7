"""Documents of invoices and credit memos that F&O holds no more with our reference: they were
deleted, or have another reference or number. Only what was deleted may be made again."""

from collections.abc import Mapping, Sequence
from typing import Final

from sync.engine.claim import Claim
from sync.flows.receivables.by_number import ByNumber
from sync.flows.receivables.payments import KIND, STORE_CREDIT
from sync.flows.receivables.receivable_writes import FreeTextInvoiceWrite, ReturnOrderWrite
from sync.reconcile.commands import Commands
from sync.reconcile.difference import Cause
from sync.reconcile.kind import Connected, Kind, Place

DOCUMENTS: Final[Mapping[str, Sequence[str]]] = {
    "invoices": (FreeTextInvoiceWrite.kind,),
    "payments": (KIND,),
    "creditmemos": (FreeTextInvoiceWrite.kind, ReturnOrderWrite.kind),
    "refunds": (KIND, STORE_CREDIT),
}
"""What a kind of record becomes in F&O, as claims know it."""


async def gone_document(
    connected: Connected, kind: Kind, place: Place, claim: Claim
) -> tuple[Cause, str]:
    """The cause, and what mends it. What was entered again under another number cannot be seen."""
    delivered, reference = claim.delivered, place.references[0]
    held = [delivered[one] for one in DOCUMENTS[kind.name] if one in delivered]
    forget = Commands(claim.connection, claim.flow, claim.key).forget()
    if not held:  # what it has is of another kind
        named = " or ".join(DOCUMENTS[kind.name])
        return Cause.MISSING, (
            f"Look in D365 whether somebody has entered {reference} by hand. If so: adopt"
            f' {claim.flow} {claim.key} NUMBER --document {named} --why "..."; only if nobody has:'
            f" {forget}"
        )
    ours = {one.casefold() for one in place.references}
    by_number = ByNumber(connected.systems, connected.documents, claim, place.company, ours)
    for one in held:
        if await by_number.reference_of(one) is not None:
            name = place.references[-1] if one.kind == STORE_CREDIT else reference
            said = f"Give {one.label or one.number} the reference {name} again in D365."
            return Cause.EDITED, said
    numbers = ", ".join(one.label or one.number for one in held)
    said = (
        f"Look for {numbers} in D365, also under another number. If it is there, give it the"
        f" reference {reference} again; only if it was deleted: {forget}"
    )
    return Cause.MISSING, said
