"""What Commerce would be shown of an order's packing slips, and of what F&O cancelled of it: the
plans, printed. Both systems and the home are read, and nothing is written."""

from typing import Any, Final

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.flows.fulfilment.cancellations import cancellations
from sync.flows.fulfilment.shipment_writes import ShipmentWrite
from sync.flows.fulfilment.shipments import shipments
from sync.flows.fulfilment.slip_orders import ORDERS, sales_order_of, slips_of
from sync.preview.previews import Preview

PREVIEW: Final = "preview"


async def preview_slips(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """Each slip of the orders of that number, the oldest first; empty where no such order was
    posted.

    Raises what the clients raise where a system does not answer.
    """
    return [
        await _previewed(shipments, key, systems, ledger, documents)
        async for claim in ledger.claims(systems.name, ORDERS, prefix=f"{number}@")
        for key in await slips_of(claim, systems)
    ]


async def preview_cancellations(
    number: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> list[Preview]:
    """The same of what F&O cancelled of them."""
    return [
        await _previewed(cancellations, key, systems, ledger, documents)
        async for claim in ledger.claims(systems.name, ORDERS, prefix=f"{number}@")
        if (key := sales_order_of(claim, systems.settings))
    ]


async def _previewed(
    flow: DocumentFlow[Any], key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> Preview:
    record = await flow.source.read(key, systems)
    if record is None:
        return Preview(key, "skip", "F&O does not show it (any more)")
    claim = await ledger.claim(systems.name, flow.name, key)
    message = Message(flow.name, systems.name, key, PREVIEW, systems.clock.now())
    delivery = Delivery(systems, ledger, documents, message, claim, _nothing_else)
    try:
        return _shown(key, await flow.plan(record, delivery))
    except Never as error:
        return Preview(key, "park", error.reason, error.remedy, missing=error.missing)
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Preview(key, "skip", f"waiting: {error.reason}")


async def _nothing_else(*_: Any) -> Delivered | Skipped:
    raise TypeError("neither slips nor cancellations require other records")


def _shown(key: str, plan: Plan | Skipped) -> Preview:
    if isinstance(plan, Skipped):
        return Preview(key, "skip", str(plan))
    point, requests = plan.open_point, tuple(plan.requests())
    there = [one.there for one in plan.writes if isinstance(one, ShipmentWrite) and one.there]
    shown = f"shipment {there[0].increment_id} shows it" if there else ""
    notes = "; ".join(plan.notes) or shown
    return Preview(
        key, "deliver" if requests else "skip",
        point.reason if point else notes, point.remedy if point else "",
        requests=requests, differs=point.sums if point else "",
    )  # fmt: skip
