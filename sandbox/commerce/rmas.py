"""RMAs of the shop (Adobe Commerce; closed source, so the rules are those of Adobe's specification
and documentation).

Whole pieces of shipped goods come back; items go from pending to authorised, received and approved,
rejected or denied, and quantities follow in that order (inferred). Nothing follows of itself: the
header keeps the status that was written, no mail is sent (magento2 issue 33957), no money
moves.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from sandbox.commerce.faults import RestFault, no_such_entity, required
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.order_rows import parent
from sandbox.commerce.payloads import raw
from sandbox.commerce.records import Columns, StoredOrder, amount, stamp
from sync.core.ports import Clock

STATUSES: Final = frozenset({
    "pending", "authorized", "partially_authorized", "received", "received_on_item", "approved",
    "approved_on_item", "rejected", "rejected_on_item", "denied", "closed", "processed_closed",
})  # fmt: skip
ITEM_STATUSES: Final = ("pending", "authorized", "received", "approved", "rejected", "denied")
QUANTITIES: Final = ("qty_requested", "qty_authorized", "qty_returned", "qty_approved")
HEADER: Final = (
    "entity_id", "increment_id", "order_id", "order_increment_id", "store_id", "customer_id",
    "date_requested", "customer_custom_email", "status", "items", "comments", "tracks",
)  # fmt: skip
ITEM: Final = (
    "entity_id", "rma_entity_id", "order_item_id", *QUANTITIES, "reason", "condition", "resolution",
    "status",
)  # fmt: skip
"""All of them are required by the specification, also where they are null."""
NOT_RETURNED: Final = frozenset({"virtual", "downloadable", "giftcard"})


class Rmas:
    """The part of the shop that takes goods back. `lists_load_nothing`: lists answer items,
    comments and tracks as null, as early releases do (magento2 issue 4373). `rma_photos`: files,
    which a module of this shop keeps by RMA."""

    clock: Clock
    sequences: Sequences
    orders: dict[int, StoredOrder]
    _report: Callable[[str, Callable[[], Columns]], None]

    def __init__(self) -> None:
        super().__init__()
        self.rmas: dict[int, Columns] = {}
        self.lists_load_nothing = False
        self.rma_photos: dict[int, list[Columns]] = {}

    def request_return(
        self,
        order: StoredOrder,
        pieces: Mapping[int, int],
        *,
        reason: str = "8",
        resolution: str = "5",
        status: str = "pending",
    ) -> Columns:
        """A customer, a guest or the staff opens an RMA. Raises the shop's refusals."""
        items = [
            {"order_item_id": item, "qty_requested": qty, "qty_authorized": None,
             "qty_returned": None, "qty_approved": None, "reason": reason, "condition": "7",
             "resolution": resolution, "status": status}
            for item, qty in pieces.items()
        ]  # fmt: skip
        row = order.row
        return self.save_rma(None, {
            "order_id": order.entity_id, "order_increment_id": row["increment_id"],
            "store_id": row["store_id"], "customer_id": row.get("customer_id") or 0,
            "date_requested": stamp(self.clock.now()), "customer_custom_email": "",
            "status": status, "items": items, "comments": [], "tracks": [],
        })  # fmt: skip

    def save_rma(self, before: Columns | None, sent: Columns) -> Columns:
        """Store a whole RMA. Raises the shop's refusals; then nothing was changed."""
        order = self.orders.get(int(sent.get("order_id") or 0))
        if order is None:
            raise no_such_entity()
        _check(order, sent, before, self._of_order(order.entity_id))
        rma_id = before["entity_id"] if before else self.sequences.next("rma")
        items = [
            {**item, "entity_id": item.get("entity_id") or self.sequences.next("rma_item"),
             "rma_entity_id": rma_id}
            for item in sent["items"]
        ]  # fmt: skip
        number = self.sequences.increment(int(order.row["store_id"]), "rma") if not before else ""
        kept = before or {"increment_id": number, "comments": [], "tracks": []}
        known = {name: kept[name] for name in ("increment_id", "comments", "tracks")}
        self.rmas[rma_id] = {**sent, **known, "entity_id": rma_id, "items": items}
        return self._told(self.rmas[rma_id])

    def set_rma(self, rma: Columns, status: str) -> Columns:
        """The staff gives an RMA and its items a status."""
        items = [{**item, "status": status} for item in rma["items"] if status in ITEM_STATUSES]
        self.rmas[rma["entity_id"]] = {**rma, "status": status, "items": items or rma["items"]}
        return self._told(self.rmas[rma["entity_id"]])

    def rma(self, entity_id: int) -> Columns:
        """One of them. Raises the 404 of the real one."""
        if entity_id not in self.rmas:
            raise no_such_entity()
        return self.rmas[entity_id]

    def add_to_rma(self, rma: Columns, kind: str, sent: Columns) -> None:
        """A comment or a tracking number; each call adds one."""
        row = {**sent, "entity_id": self.sequences.next(f"rma_{kind}")}
        rma[kind].append({**row, "rma_entity_id": rma["entity_id"]})

    def _told(self, rma: Columns) -> Columns:
        for event in ("rma_save_after", "rma_save_commit_after"):
            self._report(event, lambda: {"data_object": raw(rma)})
        return rma

    def _of_order(self, order_id: int) -> Iterator[Columns]:
        return (one for one in self.rmas.values() if one["order_id"] == order_id)


def _check(
    order: StoredOrder, sent: Columns, before: Columns | None, others: Iterator[Columns]
) -> None:
    _must_name("", sent, HEADER if before else HEADER[2:])
    if sent["status"] not in STATUSES:
        raise RestFault(400, "Invalid RMA status.")
    taken: dict[int, int] = {}
    for other in others:
        if other["entity_id"] != (before or {}).get("entity_id") and other["status"] != "denied":
            for item in other["items"]:
                gone = item["qty_requested"] if item["status"] != "denied" else 0
                taken[item["order_item_id"]] = taken.get(item["order_item_id"], 0) + gone
    for item in sent["items"]:
        _must_name("items ", item, ITEM if before else ITEM[2:])
        _check_item(order, item, taken)


def _must_name(where: str, sent: Mapping[str, Any], names: tuple[str, ...]) -> None:
    missing = next((name for name in names if name not in sent), None)
    if missing is not None:
        raise required(f"{where}{missing}")


def _check_item(order: StoredOrder, item: Columns, taken: Mapping[int, int]) -> None:
    wanted = [item[name] or 0 for name in QUANTITIES]
    if any(Decimal(str(one)) != int(one) or one < 0 for one in wanted):
        raise RestFault(400, "Return quantities are whole numbers.")
    if item["status"] not in ITEM_STATUSES:
        raise RestFault(400, "Invalid RMA item status.")
    row = next((one for one in order.items if one["item_id"] == item["order_item_id"]), None)
    if row is None or row["product_type"] in NOT_RETURNED:
        raise RestFault(400, "You cannot return this product.")
    shipped = max(amount(row, "qty_shipped"), amount(parent(order, row) or {}, "qty_shipped"))
    if wanted[0] + taken.get(item["order_item_id"], 0) > shipped:
        raise RestFault(400, "The quantity to return is more than was shipped.")
    if any(later > earlier for earlier, later in pairwise(wanted)):
        raise RestFault(400, "The quantities of an RMA item do not go together.")
