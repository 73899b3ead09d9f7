"""What would be shown of what F&O did about an order: the plan of each packing slip, of each
invoice and of its progress, printed. Both systems and the home are read; nothing is written."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped
from sync.engine.claim import Claim
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
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
from sync.preview.previews import Preview

PREVIEW: Final = "preview"
KeysOf = Callable[[Claim, Systems], Awaitable[Sequence[str]]]
BACK: Final[Mapping[str, tuple[DocumentFlow[Any], KeysOf]]] = {
    shipments.name: (shipments, slips_of),
    captures.name: (captures, invoices_of),
    cancellations.name: (cancellations, status_of),
    status.name: (status, status_of),
}
"""The flows that show what F&O did about an order, and their keys of one that was posted."""


async def preview_slips(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies,
    flow: str = shipments.name,
) -> list[Preview]:  # fmt: skip
    """Each slip or invoice of the orders of that number, the oldest first, or how far they are;
    empty where no such order was posted.

    Raises what the clients raise where a system does not answer.
    """
    shown, keys_of = BACK[flow]
    found: list[Preview] = []
    async for claim in ledger.claims(systems.name, ORDERS, prefix=f"{number}@"):
        for key in await keys_of(claim, systems):
            own = await ledger.claim(systems.name, flow, key)
            message = Message(flow, systems.name, key, PREVIEW, systems.clock.now())
            delivery = Delivery(systems, ledger, documents, message, own, _nothing_else)
            found.append(await _previewed(shown, delivery))
    return found


async def _previewed(flow: DocumentFlow[Any], delivery: Delivery) -> Preview:
    key = delivery.message.key
    record = await flow.source.read(key, delivery.systems)
    if record is None:
        return Preview(key, "skip", "F&O does not show it (any more)")
    try:
        return await _shown(key, await flow.plan(record, delivery))
    except Never as error:
        return Preview(key, "park", error.reason, error.remedy, missing=error.missing)
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Preview(key, "skip", f"waiting: {error.reason}")


async def _nothing_else(_: Delivery, flow: str, key: str, __: Any) -> Delivered | Skipped:
    raise Later(f"{flow} {key} is delivered first")


async def _shown(key: str, plan: Plan | Skipped) -> Preview:
    if isinstance(plan, Skipped):
        return Preview(key, "skip", str(plan))
    point, shown = plan.open_point, await _there(plan)
    requests = () if shown else tuple(plan.requests())
    return Preview(
        key, "deliver" if requests else "skip",
        point.reason if point else shown or "; ".join(plan.notes), point.remedy if point else "",
        requests=requests, differs=point.sums if point else "",
    )  # fmt: skip


async def _there(plan: Plan) -> str:
    """What shows it already; empty where nothing does."""
    write = plan.writes[0] if plan.writes else None
    if isinstance(write, OrderComment | Comment) and len(plan.writes) == 1:
        return "a comment of the order shows it" if await write.find() is not None else ""
    if not isinstance(write, ShipmentWrite | InvoiceWrite) or write.there is None:
        return ""
    noun = "shipment" if isinstance(write, ShipmentWrite) else "invoice"
    return f"{noun} {write.there.increment_id} shows it"
