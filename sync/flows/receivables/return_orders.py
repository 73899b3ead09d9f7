"""Posting a return order once: what a credit memo becomes by that recipe."""

from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.return_orders import FoundReturn, ReturnOrders
from sync.engine.delivery import Delivery


async def post_return_order(document: ReturnOrder, delivery: Delivery) -> tuple[FoundReturn, str]:
    """The return order in F&O, made or completed if need be; and what was done. A lost answer is
    looked into first."""
    returns = ReturnOrders(delivery.systems.dynamics)
    delivery.wait_until_settled()
    found = await returns.find(document)
    if (
        found is not None
        and {str(line["ExternalItemNumber"]) for line in document.lines} <= found.lines
    ):
        return found, "adopted"
    intent = await delivery.intend(document.digest)
    if found is None:
        return await returns.create(document, not_after=intent.not_after), "created"
    await returns.complete(document, found, not_after=intent.not_after)
    return found, "adopted"
