"""Ids and times that an order and its rows get when it is placed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sandbox.commerce.catalogue import STORES
from sandbox.commerce.records import Columns, StoredOrder, stamp


@dataclass
class Sequences:
    """Auto-increment columns, and order numbers per store: its prefix and nine digits."""

    last: Counter[str] = field(default_factory=Counter)
    prefixes: dict[int, str] = field(
        default_factory=lambda: {store.id: store.prefix for store in STORES}
    )

    def next(self, name: str) -> int:
        """The next id of a table."""
        self.last[name] += 1
        return self.last[name]

    def seen(self, name: str, value: int) -> None:
        """An id that came from elsewhere; later ones are greater."""
        self.last[name] = max(self.last[name], value)

    def increment(self, store_id: int, kind: str = "order") -> str:
        """The next number that people see: `000000042`, or `2000000042` in the second store."""
        return f"{self.prefixes.get(store_id, str(store_id))}{self.next(f'{kind}_{store_id}'):09}"


def numbered(
    order: StoredOrder, sequences: Sequences, moment: datetime, *, increment_id: str = ""
) -> StoredOrder:
    """Give an order its ids, its number (`increment_id`, or the store's next) and its times.
    Changes it in place."""
    now, store_id = stamp(moment), int(order.row["store_id"])
    entity_id = sequences.next("order")
    number = increment_id or sequences.increment(store_id)
    order.row |= {
        "entity_id": entity_id,
        "increment_id": number,
        "quote_id": sequences.next("quote"),
        "protect_code": sha256(f"{store_id} {number}".encode()).hexdigest()[:32],
        "created_at": now,
        "updated_at": now,
    }
    order.payment |= {"entity_id": entity_id, "parent_id": entity_id}
    for address in (order.shipping, order.billing):
        if address is not None:
            address |= {"entity_id": sequences.next("order_address"), "parent_id": entity_id}
    order.row["billing_address_id"] = order.billing["entity_id"]
    ids = {item["item_id"]: sequences.next("order_item") for item in order.items}
    for item in order.items:
        item |= {"order_id": entity_id, "created_at": now, "updated_at": now}
        item["item_id"] = item["quote_item_id"] = ids[item["item_id"]]
        if item.get("parent_item_id") is not None:
            item["parent_item_id"] = ids[item["parent_item_id"]]
    _number_taxes(order, ids, sequences)
    if "company_order_attributes" in order.extension:
        order.extension["company_order_attributes"]["order_id"] = entity_id
    return order


def _number_taxes(order: StoredOrder, ids: dict[int, int], sequences: Sequences) -> None:
    taxes: dict[str, int] = {}
    for tax in order.extension.get("taxes", ()):
        tax["tax_id"] = taxes[tax["code"]] = sequences.next("order_tax")
        tax["order_id"] = order.entity_id
    entries: list[Columns] = list(order.extension.get("additional_itemized_taxes", ()))
    for item in order.items:
        entries += item["extension_attributes"]["itemized_taxes"]
    for entry in entries:
        entry["tax_id"] = taxes.get(entry["tax_code"], 0)
        entry["tax_item_id"] = sequences.next("order_tax_item")
    for entry in [*entries, *order.extension.get("item_applied_taxes", ())]:
        for reference in ("item_id", "associated_item_id"):
            if reference in entry:
                entry[reference] = ids[entry[reference]]
