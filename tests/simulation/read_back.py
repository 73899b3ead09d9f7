"""What must hold of the way back: what F&O invoiced stands once in the trail of its order, and
numbers stand once in Commerce."""

from collections.abc import AsyncIterator
from typing import Final

from sandbox.commerce.records import StoredOrder
from sync.engine.claim import Claim, State
from sync.engine.ledger import Ledger
from tests.simulation.naming import document_key, documents_of, key_of
from tests.simulation.world import World
from tests.systems import COMPANY

NOUNS: Final = {
    "orders": "sales order",
    "invoices": "receivable",
    "creditmemos": "credit note",
}
SUMS_DIFFER: Final = ("; difference ", "DOUBLE REVENUE")
"""Why a posted invoice may wait for a person: its order was changed, or is invoiced twice."""


async def of_posted(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """Every sales invoice of F&O is in the trail of its order, once, and was compared with it."""
    for number in world.story.posted:
        async for fault in of_invoice(world, ledger, number):
            yield fault


async def of_invoice(world: World, ledger: Ledger, number: str) -> AsyncIterator[str]:
    """The same of one of them."""
    key = world.story.posted[number]
    connection = world.connection_of(key.rpartition("@")[2])
    trail = await ledger.trail(connection, "orders", key)
    told = [one for one in trail if one.event == "posted" and one.number == number]
    posted = f"sales-invoice|{COMPANY}|{number}"
    claim = await ledger.claim(connection, "posted_invoices", posted)
    of_order = await ledger.claim(connection, "orders", key)
    if of_order.state is State.PARKED and not of_order.number:
        return  # nobody knows that it is ours, before a person lets it be found
    is_compared = claim.state is State.DELIVERED and (
        not claim.differs or any(why in claim.reason for why in SUMS_DIFFER)
    )
    if len(told) != 1:
        yield f"invoice {number} is told {len(told)} times in the trail of order {key}"
    if not is_compared:
        yield f"invoice {number} of order {key}: its claim is {claim.state}: {claim.reason}"


async def of_write_backs(world: World, ledger: Ledger) -> AsyncIterator[str]:
    """The number of every delivered record stands once at its order in Commerce."""
    to = world.plan.environment.write_back
    for order in world.story.orders if to != "none" else ():
        connection = world.connection_of(order.row["store_id"])
        records = [("orders", key_of(order))]
        records += [(flow, document_key(one)) for flow, one in documents_of(order)]
        for flow, key in records:
            claim = await ledger.claim(connection, flow, key)
            if to == "ext_order_id" and flow == "orders":
                found = _external_id(order, claim)
            else:
                found = _comments(order, claim)
            for fault in found:
                yield f"{flow} {key}: {fault}"


def _external_id(order: StoredOrder, claim: Claim) -> list[str]:
    there = order.row.get("ext_order_id")
    if claim.state is not State.DELIVERED or there == claim.number:
        return []
    return [f"is {claim.number} in D365, and {there} in Commerce"]


def _comments(order: StoredOrder, claim: Claim) -> list[str]:
    of_memo = f" of {claim.key.partition('@')[0]}:" if claim.number.startswith("taken off") else ""
    text = f"D365 {NOUNS[claim.flow]}{of_memo} {claim.number}"
    there = [one for one in order.comments if one.get("comment") == text]
    most = 1 if claim.number else 0
    least = most if claim.state is State.DELIVERED else 0
    return [] if least <= len(there) <= most else [f"{text!r} is told {len(there)} times"]
