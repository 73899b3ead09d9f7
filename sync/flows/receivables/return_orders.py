"""Posting a return order once: what a credit memo becomes by that recipe."""

from dataclasses import replace

from sync.dynamics.documents.return_order import ReturnOrder
from sync.dynamics.faults import AlreadyExists
from sync.dynamics.return_orders import FoundReturn, ReturnOrders
from sync.engine.delivery import Delivery
from sync.flows.left_behind import left_behind


async def post_return_order(
    document: ReturnOrder, former: str, delivery: Delivery
) -> tuple[FoundReturn, str]:
    """The return order in F&O, made or completed if need be; and what was done. A lost answer is
    looked into first.

    With a number of ours the primary key refuses a second one, so nothing is waited for.
    """
    returns = ReturnOrders(delivery.systems.dynamics)
    found = None
    if not document.number:
        delivery.wait_until_settled()
    if not document.number or delivery.looks_first:
        found = await _left_behind(document, former, returns, delivery)
    if found is None:
        intent = await delivery.intend(document.digest)
        try:
            return await returns.create(document, not_after=intent.not_after), "created"
        except AlreadyExists:
            found = await returns.find(document)
            if found is None:
                raise
    if not found.has_lines:
        intent = await delivery.intend(document.digest)
        await returns.complete(document, found.number, not_after=intent.not_after)
    return found, "adopted"


async def _left_behind(
    document: ReturnOrder, former: str, returns: ReturnOrders, delivery: Delivery
) -> FoundReturn | None:
    """What an earlier try left; after a lost answer also one that F&O numbered, as earlier releases
    had it."""
    found = await left_behind(returns.find, document, former, delivery, called=_number)
    if found is None and document.number and delivery.inherited is not None:
        unnumbered = replace(document, number="")
        found = await left_behind(returns.find, unnumbered, former, delivery, called=_number)
    return found


def _number(found: FoundReturn) -> str:
    return found.number
