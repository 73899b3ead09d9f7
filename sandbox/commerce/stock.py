"""Stock as Inventory Management keeps it: quantities by source, reservations of open orders, what a
shipment takes.

Rules as measured on 2.4.7: an order reserves, a shipment takes from the source and releases, a
cancellation and a refund release; refunded pieces are those not shipped, first. A source that holds
less than what is shipped refuses the whole shipment, also with backorders. A source at quantity 0
keeps its status. Where stock is not managed, nothing is reserved or taken.

Without Inventory Management nothing is reserved: an order lowers the stock items as it is placed,
and its cancellation raises them again (`SubtractQuoteInventoryObserver`, `CancelOrderItemObserver`
of `Magento_CatalogInventory`, the first of which `InventorySales/etc/events.xml` switches off). A
shipment takes nothing, and a refund puts back what it lists.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sandbox.commerce.conditions import as_text
from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import parent, per_parent
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO

DEFAULT: Final = "default"
GONE: Final = ("qty_canceled", "qty_refunded")
COMPOSITE: Final = frozenset({"bundle"})


@dataclass
class SourceItem:
    """The quantity of a SKU in a source. `status`: 1 in stock, 0 out of stock."""

    sku: str
    source: str
    quantity: Decimal
    status: int

    def row(self) -> Columns:
        """As it is stored; quantities have four decimals."""
        return {
            "sku": self.sku, "source_code": self.source,
            "quantity": self.quantity.quantize(Decimal("0.0001")), "status": self.status,
        }  # fmt: skip


@dataclass
class Stock:
    """All of it. `is_managed`: the shop's setting *Manage Stock*. `is_single`: without Inventory
    Management: only `stockItems`. `most_at_once`: the most entries of a request, where input limits
    are on. `released`: pieces by SKU that reservations let go beyond what they held."""

    is_managed: bool = False
    is_single: bool = False
    most_at_once: int = 0
    sources: dict[str, bool] = field(default_factory=lambda: {DEFAULT: True})
    items: dict[tuple[str, str], SourceItem] = field(default_factory=dict)
    overlap: timedelta = timedelta()
    released: dict[str, Decimal] = field(default_factory=dict)
    _taken: list[tuple[datetime, dict[tuple[str, str], Decimal]]] = field(default_factory=list)

    def put(self, sku: str, quantity: Decimal, *, source: str = DEFAULT, status: int = 1) -> None:
        """Store an absolute quantity; an unknown SKU is stored too. Its case is that of the first
        time."""
        known = self.items.get((as_text(sku), source))
        name = known.sku if known else sku
        self.items[as_text(sku), source] = SourceItem(name, source, quantity, status)

    def of(self, sku: str) -> list[SourceItem]:
        """The source items of a SKU."""
        return [one for (name, _), one in self.items.items() if name == as_text(sku)]

    @property
    def reserves(self) -> bool:
        """Whether orders reserve, instead of lowering the quantity as they are placed."""
        return self.is_managed and not self.is_single

    def count(self, before: dict[str, Decimal], after: dict[str, Decimal]) -> None:
        """What an order wants of a shop that reserves nothing, before and after it was placed or
        cancelled."""
        for sku in before.keys() | after.keys() if self.is_managed and self.is_single else ():
            if (there := self.items.get((sku, DEFAULT))) is not None:
                there.quantity += before.get(sku, ZERO) - after.get(sku, ZERO)

    def take(self, wanted: dict[str, Decimal], source: str, now: datetime) -> None:
        """What a shipment takes from a source; all of it or nothing. Raises the shop's refusal.

        Nothing protects a source from two shipments at once: what is taken within `overlap` of each
        other is checked as if the other took nothing, and the source may end below zero (measured).
        """
        fault = RestFault(400, "Could not save a shipment, see error log for details")
        if source not in self.sources:
            raise fault
        if not self.reserves:
            return
        self._taken = [one for one in self._taken if now - one[0] < self.overlap]
        unseen = [one for _, one in self._taken]
        for sku, pieces in wanted.items():
            there = self.items.get((as_text(sku), source))
            more = sum((one.get((as_text(sku), source), ZERO) for one in unseen), ZERO)
            if there is None or there.quantity + more < pieces:
                raise fault
        for sku, pieces in wanted.items():
            self.items[as_text(sku), source].quantity -= pieces
        self._taken.append((now, {(as_text(sku), source): qty for sku, qty in wanted.items()}))

    def release(self, goods: dict[str, Decimal], let_go: dict[str, Decimal]) -> None:
        """A shipment releases all that it takes, also pieces that a refund released before: those
        are offered once too often from then on (measured)."""
        for sku, pieces in goods.items() if self.reserves else ():
            more = pieces - let_go.get(as_text(sku), ZERO)
            self.released[as_text(sku)] = self.released.get(as_text(sku), ZERO) + more

    def refund(
        self, let_go: dict[str, Decimal], back: dict[str, Decimal], returns: Collection[str]
    ) -> None:
        """Refunded pieces (`back`), of which `let_go` were never shipped. Those leave the stock
        where their SKU is not among `returns`; of the others, those that are go into it."""
        for sku, pieces in back.items() if self.is_managed else ():
            there, unshipped = self.items.get((sku, DEFAULT)), let_go.get(sku, ZERO)
            if there is not None and self.reserves:
                there.quantity += pieces - unshipped if sku in returns else -unshipped
            elif there is not None and sku in returns:
                there.quantity += pieces


def of_items(order: StoredOrder, wanted: Collection[int]) -> set[str]:
    """The SKUs, without case, that these order items count."""
    return {as_text(sku) for sku, item in stocked(order) if item["item_id"] in wanted}


def stocked(order: StoredOrder) -> list[tuple[str, Columns]]:
    """(sku, the row that counts it) of what an order takes from stock. The row of a configurable
    counts its variant."""
    found = []
    for item in order.items:
        above = parent(order, item)
        if item["product_type"] in COMPOSITE or item["product_type"] == "configurable":
            continue
        counted = above if above is not None and above["product_type"] == "configurable" else item
        found.append((str(item["sku"]), counted))
    return found


def reserved(order: StoredOrder) -> dict[str, Decimal]:
    """Pieces by SKU, without case, that an order still has reserved."""
    found: dict[str, Decimal] = {}
    for sku, item in stocked(order):
        out = "qty_invoiced" if item.get("is_virtual") else "qty_shipped"
        left = amount(item, "qty_ordered") - amount(item, out)
        left -= sum((_with_parent(order, item, name) for name in GONE), ZERO)
        if left > 0:
            found[as_text(sku)] = found.get(as_text(sku), ZERO) + left
    return found


def less(before: dict[str, Decimal], after: dict[str, Decimal]) -> dict[str, Decimal]:
    """What became less, by SKU."""
    found = {sku: pieces - after.get(sku, ZERO) for sku, pieces in before.items()}
    return {sku: pieces for sku, pieces in found.items() if pieces > 0}


def refunded(order: StoredOrder) -> dict[str, Decimal]:
    """Refunded pieces by SKU, without case."""
    found: dict[str, Decimal] = {}
    for sku, item in stocked(order):
        pieces = _with_parent(order, item, "qty_refunded")
        found[as_text(sku)] = found.get(as_text(sku), ZERO) + pieces
    return found


def _with_parent(order: StoredOrder, item: Columns, name: str) -> Decimal:
    """What is cancelled or refunded of a part, also where only its bundle counts that."""
    above = parent(order, item)
    if above is None or above["product_type"] != "bundle":
        return amount(item, name)
    return max(amount(item, name), amount(above, name) * per_parent(item, above))


def source_items_from(stock: Stock, sent: Any) -> list[SourceItem]:
    """Source items of a request's body, all checked before any is stored. Raises the shop's
    refusals."""
    if not isinstance(sent, list) or not sent:
        raise RestFault(400, "Input data is empty")
    if stock.most_at_once and len(sent) > stock.most_at_once:
        kind = "\\Magento\\InventoryApi\\Api\\Data\\SourceItemInterface"
        limit = {"type": kind, "max": stock.most_at_once}
        raise RestFault(400, 'Maximum items of type "%type" is %max', limit)
    return [_source_item(stock, one) for one in sent]


def _source_item(stock: Stock, one: Columns) -> SourceItem:
    numbers = {name: _number(one.get(name), name) for name in ("quantity", "status")}
    if numbers["status"] not in (0, 1):
        raise _invalid("status", "should a known status")
    if one.get("source_code") not in stock.sources:
        raise RestFault(400, "Could not save Source Item")
    status = int(numbers["status"])
    return SourceItem(str(one["sku"]), str(one["source_code"]), numbers["quantity"], status)


def _number(value: Any, name: str) -> Decimal:
    """A number, or the text of one."""
    if isinstance(value, int | Decimal | str) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise _invalid(name, "should be numeric") from None
    raise _invalid(name, "should be numeric")


def _invalid(name: str, what: str) -> RestFault:
    reason = RestFault(400, f'"%field" {what}.', {"field": name})
    return RestFault(400, f'Validation Failed: "{name}" {what}.', errors=[reason])
