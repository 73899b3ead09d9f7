"""What administrators and integrations do with orders and products of the shop."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.commerce import lifecycle
from sandbox.commerce.assortment import Product
from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.conditions import as_text
from sandbox.commerce.invoicing_and_refunds import InvoicingAndRefunds
from sandbox.commerce.maker import OrderMaker
from sandbox.commerce.numbering import numbered
from sandbox.commerce.payloads import raw
from sandbox.commerce.quotes import Quotes
from sandbox.commerce.records import Columns, StoredOrder, stamp
from sandbox.commerce.rmas import Rmas
from sandbox.commerce.shipments import Shipping
from sandbox.commerce.shop_products import ShopProducts
from sandbox.commerce.stock import reserved


class Administration(InvoicingAndRefunds, Shipping, Rmas, Quotes):
    """The part of the shop that its staff works with."""

    catalogue: Catalogue
    maker: OrderMaker
    products: ShopProducts

    def __init__(self) -> None:
        super().__init__()
        self.customer_attributes = {"fno_account"}
        """Beside those that every shop has."""

    @abstractmethod
    def place(self, order: StoredOrder) -> StoredOrder:
        """Take an order up."""

    def sell(self, product: Product) -> None:
        """Take a new product into the catalogue."""
        self.catalogue = replace(self.catalogue, products=(*self.catalogue.products, product))
        self.maker.catalogue = self.catalogue
        self.products.stamps[product.sku] = stamp(self.clock.now())

    def offer(self, sku: str, variants: Sequence[str]) -> None:
        """A buyer of it gets one of these variants, at the price of that one."""
        products = tuple(
            replace(one, parts=tuple((part, 1) for part in variants))
            if as_text(one.sku) == as_text(sku) else one
            for one in self.catalogue.products
        )  # fmt: skip
        self.catalogue = self.maker.catalogue = replace(self.catalogue, products=products)

    def sell_at(self, prices: Mapping[str, Decimal]) -> None:
        """Sell what was made without a price at its first one, in all stores. By SKU as `as_text`
        has it."""
        products = tuple(
            replace(one, price=prices.get(as_text(one.sku), one.price))
            if one.type == "simple" and not one.price else one
            for one in self.catalogue.products
        )  # fmt: skip
        self.catalogue = self.maker.catalogue = replace(self.catalogue, products=products)

    def cancel(self, order: StoredOrder) -> bool:
        """Cancel what is not invoiced; False when there is nothing to cancel."""
        if not lifecycle.can_cancel(order):
            return False
        before = reserved(order)
        lifecycle.cancel(order, self.clock.now())
        self.stock.count(before, reserved(order))
        self._saved(order)
        return True

    def edit(self, order: StoredOrder) -> StoredOrder:
        """Replace an order by an edited one, `…-1` and so on; the old one is cancelled after
        that."""
        if not lifecycle.can_cancel(order):
            raise ValueError(
                f"order {order.row['increment_id']} is {order.row['state']}: it cannot be edited"
            )
        new = self.maker.edited(order)
        original = order.row.get("original_increment_id") or order.row["increment_id"]
        revision = int(order.row.get("edit_increment") or 0) + 1
        numbered(new, self.sequences, self.clock.now(), increment_id=f"{original}-{revision}")
        new.row |= {
            "original_increment_id": original,
            "edit_increment": revision,
            "remote_ip": None,
            "relation_parent_id": str(order.entity_id),
            "relation_parent_real_id": order.row["increment_id"],
            "customer_note_notify": 0,
        }
        self.place(new)
        order.row |= {
            "relation_child_id": str(new.entity_id),
            "relation_child_real_id": new.row["increment_id"],
        }
        self.cancel(order)
        return new

    def change_address(self, order: StoredOrder, *, kind: str = "shipping", **columns: Any) -> None:
        """Correct an address of an order. A child row: neither the order's time of change nor any
        amount moves."""
        address = order.shipping if kind == "shipping" else order.billing
        if address is None:
            raise ValueError(f"order {order.row['increment_id']} has no {kind} address")
        address.update(columns)
        self._report("sales_order_address_save_after", lambda: {"address": raw(address)})

    def ship(
        self, order: StoredOrder, wanted: Mapping[int, Decimal] | None = None, **how: Any
    ) -> Columns:
        """Ship an order, all that is left of it or these pieces, and tell of it; `how` as in
        `make_shipment`."""
        shipment = self.make_shipment(order, wanted, **how)
        self._saved(order)
        return shipment

    def hold(self, order: StoredOrder) -> None:
        """Put an order on hold."""
        lifecycle.hold(order, self.clock.now())
        self._saved(order)

    def unhold(self, order: StoredOrder) -> None:
        """Take an order off hold."""
        lifecycle.unhold(order, self.clock.now())
        self._saved(order)

    def save_order(self, order: StoredOrder, columns: Columns) -> None:
        """Write columns of the order's row. Its time of change moves when one of them really
        changes."""
        if any(order.row.get(name) != value for name, value in columns.items()):
            order.row.update(columns)
            lifecycle.touch(order, self.clock.now())
        self._saved(order)

    def comment(self, order: StoredOrder, comment: Columns, status: str | None) -> None:
        """Add to the history. Only another status changes the order's own row, and only then
        observers hear of it."""
        entry = {
            "created_at": stamp(self.clock.now()),
            "entity_name": "order",
            "parent_id": order.entity_id,
        }
        entry |= {
            "entity_id": self.sequences.next("order_comment"),
            "status": status or order.row["status"],
        }
        order.comments.insert(0, {**comment, **entry})
        if status and status != order.row["status"]:
            self.save_order(order, {"status": status})
