"""What Commerce turned down after its return order was made, an RMA or items of it, while F&O
expects or may credit the goods: F&O is not told, people decide there."""

from typing import Final

from sync.core.errors import Never
from sync.engine.delivery import Delivery
from sync.engine.plan import OpenPoint
from sync.flows.receivables.receivable_writes import ReturnOrderWrite
from sync.mapping.rma_return_order import RmaWithOrder, rma_reference, row_of

NOTHING_TO_DO: Final = "Otherwise nothing is to be done: run:"


async def turned_down(found: RmaWithOrder, delivery: Delivery) -> OpenPoint | None:
    """What a person has to see to, if anything."""
    rma, held = found.rma, delivery.held(ReturnOrderWrite.kind)
    if held is None:
        return None
    if not rma.is_over:
        return await _items(found, held.number, delivery)
    company = delivery.systems.settings.legal_entity_of(found.order.store_id)
    if await delivery.systems.dynamics.return_orders.is_closed(company, held.number):
        return None
    return OpenPoint(
        f"{rma.label} is {rma.status} in Commerce, and D365 still expects its goods",
        f"Cancel return order {{number}} in D365 if they do not come. {NOTHING_TO_DO}"
        f' resolve returns {rma.key} --why "..."',
        sums=f"{rma.status} in Commerce, open in D365",
    )


async def _items(found: RmaWithOrder, number: str, delivery: Delivery) -> OpenPoint | None:
    """Those of which F&O has posted nothing, and sends nothing back."""
    systems, rma = delivery.systems, found.rma
    try:
        down = found.turned_down
    except Never:
        return None  # no return order of ours: a person entered it, and linked it
    if not down:
        return None
    company = systems.settings.legal_entity_of(found.order.store_id)
    states = await systems.dynamics.return_states.named(
        company, rma_reference(rma, found.order, systems.settings)
    )
    lines = [line for one in states if one.number == number for line in one.open_lines]
    rows = sorted({row for row in down for line in lines if row_of(line.reference) == str(row)})
    if not rows:
        return None
    skus = ", ".join(down[row][:64] for row in rows)
    return OpenPoint(
        f"{rma.label}: {skus} was turned down in Commerce, and D365 still expects or credits it",
        "Cancel its lines of return order {number} in D365, or send the goods back by a disposition"
        f' code. {NOTHING_TO_DO} resolve returns {rma.key} --why "..."',
        sums=f"rows {', '.join(map(str, rows))} turned down in Commerce, open in D365",
    )
