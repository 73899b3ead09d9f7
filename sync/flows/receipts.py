"""Numbers of D365 -> Commerce: the sales order, receivable or credit note of a record, as its order's comment or key.

Key:     "<flow>|<key>" of the record whose number goes back.
Out:     a hidden comment, or `ext_order_id`; by `receipts.to`. No echo: a comment leaves the order's stamp alone, and an
         order seen again after its key was written is the same document, so nothing is posted.
Repeats: a comment is looked for in the order's history before it is written, once no lost write can land any more.
"""

from datetime import timedelta
from typing import Any

from sync.commerce.address import path_of
from sync.desk import Desk
from sync.encoding import digest
from sync.errors import Later
from sync.flow import Flow, Lane, Receipt, Skipped
from sync.road.ledger import Claim
from sync.work import Work

RECEIPTS = "receipts"
WORDS = {"orders": "sales order", "invoices": "receivable", "creditmemos": "credit note"}


def told(flow: str, key: str, action: str, work: Work) -> tuple[tuple[str, str], ...]:
    """The receipt to send for a record just posted, where the connection sends any."""
    settings = work.desk.settings
    is_news = action in {"created", "adopted"} and settings.receipts.to != "none" and "receipts" in settings.flows
    return ((RECEIPTS, f"{flow}|{key}"),) if is_news else ()


async def read(key: str, desk: Desk) -> tuple[str, str, int] | None:
    """(flow, key, order's entity id) of the record; None while Commerce does not show it."""
    flow, _, record = key.partition("|")
    increment, _, store = record.rpartition("@")
    reads: dict[str, Any] = {"orders": desk.orders, "invoices": desk.invoices, "creditmemos": desk.creditmemos}
    if flow not in reads:
        return None
    for row in await reads[flow].get(increment) or []:
        if str(row.get("store_id", "")) == store:
            return flow, record, int(row["entity_id" if flow == "orders" else "order_id"])
    return None


async def deliver(record: tuple[str, str, int], work: Work) -> Receipt | Skipped:
    """Write the number back, once."""
    flow, key, order_id = record
    claim = await work.ledger.claim(work.desk.name, flow, key)
    if not claim.number:
        raise Later(f"{flow} {key} has no number yet", after=timedelta(seconds=30))
    text = f"D365 {WORDS[flow]} {claim.number}"
    fingerprint = digest(text)
    if work.claim.digest == fingerprint:
        return Receipt("order_comment", text, fingerprint, "unchanged")
    to = work.desk.settings.receipts.to
    if to == "ext_order_id" and flow == "orders":
        return await _external_id(claim, order_id, fingerprint, work)
    if to == "none":
        return Skipped("receipts.to is none")
    return await _comment(text, order_id, fingerprint, work)


async def _comment(text: str, order_id: int, fingerprint: str, work: Work) -> Receipt:
    commerce = work.desk.commerce
    work.wait_until_settled()
    history = await commerce.get(path_of("orders", order_id, "comments"))
    rows = history.get("items") or [] if isinstance(history, dict) else []
    action = "adopted"
    if not any(isinstance(row, dict) and row.get("comment") == text for row in rows):
        await work.intend(fingerprint)
        await commerce.add_order_comment(order_id, text)
        action = "created"
    return Receipt("order_comment", text, fingerprint, action)


async def _external_id(claim: Claim, order_id: int, fingerprint: str, work: Work) -> Receipt:
    """`increment_id` goes along (older releases numbered the order anew without it), items do not."""
    increment = claim.key.rpartition("@")[0]
    entity = {"entity_id": order_id, "increment_id": increment, "ext_order_id": claim.number[:32]}
    await work.intend(fingerprint)
    await work.desk.commerce.post("orders", {"entity": entity})
    return Receipt("order", claim.number, fingerprint, "amended")


receipts: Flow[Any] = Flow[tuple[str, str, int]](
    name=RECEIPTS,
    title="D365 numbers back to Commerce",
    read=read,
    deliver=deliver,
    lane=Lane.CATALOGUE,
)
