"""Whether F&O says of a record that it is not there, when we read it and when we change it: that is
documented nowhere, and it is told by words."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.entities import COMPANIES, COMPANY_ID
from sync.checks.finding import Finding, Probe, fault, ok, warn
from sync.core.errors import Never, NotProvided
from sync.dynamics.refusals import NotFound
from sync.dynamics.sales_orders import REFERENCE

NOBODY: Final = "~~~~"
"""No legal entity and no sales order is called so."""
ENGLISH: Final = (
    "Set the language of the app's user to English (System administration > Users > Users > User"
    " options > Preferences): what F&O refuses is told apart by its words."
)
LOOK: Final = "Look for that number in F&O, and delete the order where it is nobody's."


async def absence_is_told(probe: Probe) -> AsyncIterator[Finding]:
    """A record that is not there is answered as such, and not as a refusal: that is documented
    nowhere, and each look for one of ours would fail."""
    try:
        await probe.dynamics.get(COMPANIES, {COMPANY_ID: NOBODY}, select=(COMPANY_ID,))
    except Never as refusal:
        what = f"F&O answers a record that is not there with a refusal: {refusal.reason}"
        cure = "Switch no flow on before this product knows that answer: report it with this line."
        yield fault(what, cure)
    else:
        yield ok("a record that is not there is answered as such")
    is_there = probe.settings.legal_entity not in probe.known.absent
    if is_there and "orders" in probe.settings.flows:
        yield await _told_of_a_change(probe)


async def _told_of_a_change(probe: Probe) -> Finding:
    """Nothing can come of it: there is no such sales order. Answers are in the language of the
    app's user, and decisions are made on English ones."""
    headers, company = probe.settings.dynamics.order_headers, probe.settings.legal_entity
    try:
        await probe.dynamics.update(
            headers, {"dataAreaId": company, "SalesOrderNumber": NOBODY}, {REFERENCE: "check"}
        )
    except NotFound:
        return ok("so is a change of one")
    except NotProvided as refusal:
        return warn(f"our user may not change sales orders: {refusal.reason}", refusal.remedy)
    except Never as refusal:
        what = f"a change of a sales order that is not there is answered so: {refusal.reason}"
        return fault(what, ENGLISH)
    return fault(f"F&O took a change of sales order {NOBODY}, which nobody has", LOOK)
