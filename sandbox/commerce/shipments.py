"""Shipments as documents: made from a source, commented on, tracked."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.faults import RestFault, no_such_entity
from sandbox.commerce.numbering import Sequences
from sandbox.commerce.records import Columns, StoredOrder, stamp
from sandbox.commerce.shipping import count, goods_of, wanted_rows
from sandbox.commerce.stock import DEFAULT, Stock, less, reserved
from sync.core.money import ZERO
from sync.core.ports import Clock

REQUIRED: Final = ("track_number", "title", "carrier_code")
NOT_TRACKED: Final = "Could not save the shipment tracking."


class Shipping:
    """The part of the shop that ships."""

    clock: Clock
    sequences: Sequences
    orders: dict[int, StoredOrder]
    stock: Stock

    def make_shipment(
        self,
        order: StoredOrder,
        wanted: Mapping[int, Decimal] | None = None,
        *,
        source: str = "",
        comment: Columns | None = None,
        tracks: list[Columns] | None = None,
    ) -> Columns:
        """Ship pieces by order item, or all that is left. Without `source`, it is taken from the
        only one, else from `default`. Raises the shop's refusals; then nothing was changed."""
        rows = wanted_rows(order, wanted or {}, tracks or [])
        if any(not one.get(name) for one in tracks or () for name in REQUIRED):
            raise RestFault(400, "Could not save a shipment, see error log for details")
        only = next(iter(self.stock.sources)) if len(self.stock.sources) == 1 else DEFAULT
        source = source or only
        goods, before = goods_of(order, rows), reserved(order)
        self.stock.take(goods, source, self.clock.now())
        count(order, rows, self.clock.now())
        self.stock.release(goods, less(before, reserved(order)))
        shipment = self._shipment(order, rows, source)
        if comment and comment.get("comment"):
            self._comment(shipment, comment)
        for one in tracks or ():
            self._track(shipment, one)
        order.shipments.append(shipment)
        return shipment

    def shipments(self) -> Iterator[Columns]:
        """All shipments by primary key."""
        found = [row for order in self.orders.values() for row in order.shipments]
        yield from sorted(found, key=lambda row: int(row["entity_id"]))

    def shipment(self, entity_id: int) -> Columns:
        """One of them. Raises the 404 of the real one."""
        for row in self.shipments():
            if row["entity_id"] == entity_id:
                return row
        raise no_such_entity()

    def add_track(self, sent: Columns) -> Columns:
        """A tracking number that comes late; the same one twice is stored twice."""
        found = [row for row in self.shipments() if row["entity_id"] == sent.get("parent_id")]
        is_of_order = found and found[0]["order_id"] == sent.get("order_id")
        if not is_of_order or any(not sent.get(name) for name in REQUIRED):
            raise RestFault(400, NOT_TRACKED)
        return self._track(found[0], sent)

    def remove_track(self, entity_id: int) -> None:
        """Remove a tracking number, if it is there."""
        for row in self.shipments():
            row["tracks"] = [one for one in row["tracks"] if one["entity_id"] != entity_id]

    def _shipment(self, order: StoredOrder, rows: Mapping[int, Decimal], source: str) -> Columns:
        entity_id, now = self.sequences.next("shipment"), stamp(self.clock.now())
        items = [
            {"entity_id": self.sequences.next("shipment_item"), "parent_id": entity_id,
             "order_item_id": item["item_id"], "sku": item["sku"], "name": item["name"],
             "product_id": item["product_id"], "price": item["price"],
             "qty": rows.get(item["item_id"], Decimal(1))}
            for item in order.items
            if item["item_id"] in rows or _counts_shipments(order, item, rows)
        ]  # fmt: skip
        address = order.shipping or {}
        return {
            "entity_id": entity_id, "increment_id": f"{entity_id:09}",
            "order_id": order.entity_id, "store_id": order.row["store_id"],
            "billing_address_id": order.billing.get("entity_id"),
            "shipping_address_id": address.get("entity_id"),
            "created_at": now, "updated_at": now, "packages": [],
            "total_qty": sum(rows.values(), ZERO), "items": items, "tracks": [], "comments": [],
            "extension_attributes": {"source_code": source},
        }  # fmt: skip

    def _comment(self, shipment: Columns, sent: Columns) -> None:
        shipment["comments"].append({
            "entity_id": self.sequences.next("shipment_comment"),
            "parent_id": shipment["entity_id"], "comment": str(sent["comment"]),
            "is_customer_notified": 0, "is_visible_on_front": sent.get("is_visible_on_front", 0),
            "created_at": stamp(self.clock.now()),
        })  # fmt: skip

    def _track(self, shipment: Columns, sent: Columns) -> Columns:
        now = stamp(self.clock.now())
        track: dict[str, Any] = {
            "entity_id": self.sequences.next("shipment_track"),
            "parent_id": shipment["entity_id"],
            "order_id": shipment["order_id"],
            "created_at": now,
            "updated_at": now,
            **{name: str(sent[name]) for name in REQUIRED},
        }
        shipment["tracks"].append(track)
        return track


def _counts_shipments(order: StoredOrder, item: Columns, rows: Mapping[int, Decimal]) -> bool:
    """A bundle whose parts are sent separately stands in each shipment of one of them."""
    parts = (one for one in order.items if one.get("parent_item_id") == item["item_id"])
    return item["product_id"] in order.in_parts and any(one["item_id"] in rows for one in parts)
