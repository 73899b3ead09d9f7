"""Numbers of D365 -> Commerce: the sales order, receivable or credit note of a record, as its
order's comment or key.

Key:     "<flow>|<key>" of the record whose number goes back.
Out:     a hidden comment, or `ext_order_id`; by `write_back.to`. No echo: a comment leaves the
         order's stamp alone, and an order seen again after its key was written is the same
         document, so nothing is posted.
Repeats: a comment is looked for in the order's history before it is written, once no lost write can
land any more.
"""

from datetime import timedelta
from typing import Any

from sync.commerce.address import path_of
from sync.core.encoding import digest
from sync.core.errors import Later
from sync.engine.delivery import Delivery
from sync.engine.flow import Flow
from sync.engine.ledger import Claim
from sync.engine.results import Receipt, Skipped
from sync.engine.systems import Systems
from sync.pacing.priority import Priority

WRITE_BACK = "receipts"
WORDS = {"orders": "sales order", "invoices": "receivable", "creditmemos": "credit note"}


def write_back_of(
    flow: str, key: str, action: str, delivery: Delivery
) -> tuple[tuple[str, str], ...]:
    """The receipt to send for a record just posted, where the connection sends any."""
    settings = delivery.systems.settings
    is_news = (
        action in {"created", "adopted"}
        and settings.receipts.to != "none"
        and "receipts" in settings.flows
    )
    return ((WRITE_BACK, f"{flow}|{key}"),) if is_news else ()


async def read(key: str, systems: Systems) -> tuple[str, str, int] | None:
    """(flow, key, order's entity id) of the record; None while Commerce does not show it."""
    flow, _, record = key.partition("|")
    increment, _, store = record.rpartition("@")
    reads: dict[str, Any] = {
        "orders": systems.orders,
        "invoices": systems.invoices,
        "creditmemos": systems.creditmemos,
    }
    if flow not in reads:
        return None
    for row in await reads[flow].get(increment) or []:
        if str(row.get("store_id", "")) == store:
            return flow, record, int(row["entity_id" if flow == "orders" else "order_id"])
    return None


async def deliver(record: tuple[str, str, int], delivery: Delivery) -> Receipt | Skipped:
    """Write the number back, once."""
    flow, key, order_id = record
    claim = await delivery.ledger.claim(delivery.systems.name, flow, key)
    if not claim.number:
        raise Later(f"{flow} {key} has no number yet", after=timedelta(seconds=30))
    text = f"D365 {WORDS[flow]} {claim.number}"
    fingerprint = digest(text)
    if delivery.claim.digest == fingerprint:
        return Receipt("order_comment", text, fingerprint, "unchanged")
    to = delivery.systems.settings.receipts.to
    if to == "ext_order_id" and flow == "orders":
        return await _external_id(claim, order_id, fingerprint, delivery)
    if to == "none":
        return Skipped("receipts.to is none")
    return await _comment(text, order_id, fingerprint, delivery)


async def _comment(text: str, order_id: int, fingerprint: str, delivery: Delivery) -> Receipt:
    commerce = delivery.systems.commerce
    delivery.wait_until_settled()
    history = await commerce.get(path_of("orders", order_id, "comments"))
    rows = history.get("items") or [] if isinstance(history, dict) else []
    action = "adopted"
    if not any(isinstance(row, dict) and row.get("comment") == text for row in rows):
        await delivery.intend(fingerprint)
        await commerce.add_order_comment(order_id, text)
        action = "created"
    return Receipt("order_comment", text, fingerprint, action)


async def _external_id(
    claim: Claim, order_id: int, fingerprint: str, delivery: Delivery
) -> Receipt:
    """`increment_id` goes along (older releases numbered the order anew without it), items do
    not."""
    increment = claim.key.rpartition("@")[0]
    entity = {"entity_id": order_id, "increment_id": increment, "ext_order_id": claim.number[:32]}
    await delivery.intend(fingerprint)
    await delivery.systems.commerce.post("orders", {"entity": entity})
    return Receipt("order", claim.number, fingerprint, "amended")


write_back: Flow[Any] = Flow[tuple[str, str, int]](
    name=WRITE_BACK,
    title="D365 numbers back to Commerce",
    read=read,
    deliver=deliver,
    priority=Priority.CATALOGUE,
)
