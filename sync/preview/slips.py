"""What would be shown of what F&O did about an order: the plan of each packing slip, of each
invoice and of its progress, printed. Both systems and the home are read; nothing is written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from sync.engine.claim import Claim
from sync.engine.flow import DocumentFlow
from sync.engine.plan import Plan
from sync.engine.systems import Systems
from sync.flows.fulfilment.cancellations import cancellations
from sync.flows.fulfilment.captures import captures, invoices_of
from sync.flows.fulfilment.invoice_writes import InvoiceWrite
from sync.flows.fulfilment.shipment_writes import ShipmentWrite
from sync.flows.fulfilment.shipments import shipments
from sync.flows.fulfilment.slip_orders import ORDERS, slips_of
from sync.flows.fulfilment.status import status, status_of
from sync.flows.fulfilment.status_writes import Comment
from sync.flows.order_comments import OrderComment
from sync.preview.as_it_stands import AsItStands, shown
from sync.preview.previewed import Preview

KeysOf = Callable[[Claim, Systems], Awaitable[Sequence[str]]]
BACK: Final[Mapping[str, tuple[DocumentFlow[Any], KeysOf]]] = {
    shipments.name: (shipments, slips_of),
    captures.name: (captures, invoices_of),
    cancellations.name: (cancellations, status_of),
    status.name: (status, status_of),
}
"""The flows that show what F&O did about an order, and their keys of one that was posted."""


async def preview_slips(number: str, now: AsItStands, flow: str = shipments.name) -> list[Preview]:
    """Each slip or invoice of the orders of that number, the oldest first, or how far they are;
    empty where no such order was posted.

    Raises what the clients raise where a system does not answer.
    """
    of, keys_of = BACK[flow]
    found: list[Preview] = []
    async for claim in now.ledger.claims(now.systems.name, ORDERS, prefix=f"{number}@"):
        for key in await keys_of(claim, now.systems):
            plan = await now.planned(of, key)
            there = await _there(plan) if isinstance(plan, Plan) else ""
            found.append(shown(key, plan, there=there))
    return found


async def _there(plan: Plan) -> str:
    """What shows it already; empty where nothing does."""
    write = plan.writes[0] if plan.writes else None
    if isinstance(write, OrderComment | Comment) and len(plan.writes) == 1:
        return "a comment of the order shows it" if await write.find() is not None else ""
    if not isinstance(write, ShipmentWrite | InvoiceWrite) or write.there is None:
        return ""
    noun = "shipment" if isinstance(write, ShipmentWrite) else "invoice"
    return f"{noun} {write.there.increment_id} shows it"
