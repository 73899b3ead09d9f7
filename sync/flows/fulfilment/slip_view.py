"""A packing slip beside the order it was packed for: what it sends, and what Commerce shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sync.commerce.models.order import Order
from sync.commerce.shipments import Shipment, marker_of
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import PackingSlip
from sync.engine.plan import OpenPoint
from sync.engine.systems import Systems
from sync.flows.fulfilment.shipment_writes import marked
from sync.flows.fulfilment.slip_orders import PackedOrder
from sync.flows.fulfilment.substitutes import substituted
from sync.flows.returns.memos_of_returns import without_returned
from sync.mapping.custom_options import with_custom_options
from sync.mapping.order_rows import money_items
from sync.mapping.shipments import (
    Sent,
    ShippedRow,
    factors_of,
    left_of,
    sent_by,
    shipped_rows,
    strange_lines,
)


@dataclass(frozen=True)
class SlipView:
    """`sent`: what the slip sends, by order row. `there`: its shipment in Commerce, if it has
    one. `substitutes`: item that is sent -> SKU that was ordered. `shows_earlier`: Commerce has
    shipped as much as the slips before it send, and no more."""

    slip: PackingSlip
    order: Order
    rows: tuple[ShippedRow, ...]
    sent: tuple[Sent, ...]
    there: Shipment | None
    substitutes: Mapping[str, str]
    shows_earlier: bool

    @property
    def items(self) -> dict[int, Decimal]:
        """Pieces by order item that its shipment shows, or is to show where there is none."""
        if self.there is None:
            return {_id(one.row): one.shown for one in self.sent if one.shown > ZERO}
        known = {_id(row) for row in self.rows}
        return {number: qty for number, qty in self.there.items.items() if number in known}

    def goods(self) -> dict[int, Decimal]:
        """Pieces by product that the shipment takes from stock."""
        found: dict[int, Decimal] = {}
        for row in self.rows:
            pieces = self.items.get(_id(row), ZERO)
            for product, per in row.goods.items() if pieces else ():
                found[product] = found.get(product, ZERO) + pieces * per
        return found

    def open_point(self) -> OpenPoint | None:
        """What a person has to look at: pieces of which Commerce shows more or less than F&O has
        sent, or lines that the order does not have."""
        items = self.items
        wanted = {_id(one.row): one.wanted for one in self.sent}
        sums = ", ".join(
            f"{row.item.sku} ({_id(row)}): F&O {_plain(wanted.get(_id(row), ZERO))},"
            f" Commerce {_plain(items.get(_id(row), ZERO))}"
            for row in self.rows
            if wanted.get(_id(row), ZERO) != items.get(_id(row), ZERO)
        )
        if sums:
            return OpenPoint(self._reason(sums), _remedy(self.slip), sums)
        return self._of_strange_lines()

    def _reason(self, sums: str) -> str:
        return f"slip {self.slip.number} of order {self.order.increment_id} differs: {sums}"

    def _of_strange_lines(self) -> OpenPoint | None:
        named = strange_lines(self.slip, self.order)
        if not named:
            return None
        return OpenPoint(
            f"slip {self.slip.number} also holds {named}, which order"
            f" {self.order.increment_id} does not have",
            remedy="Tell the buyer where it matters: Commerce shows only what was ordered.",
        )


async def view_of(slip: PackingSlip, packed: PackedOrder, systems: Systems) -> SlipView:
    """Read what else it takes: item mappings and kinds of bundles. Raises `Never` where a line
    cannot be counted in pieces."""
    order, shipments = packed.order, packed.shipments
    skus = [sku for _, sku in money_items(order)]
    items = await systems.items.of(skus, with_custom_options(order))
    found = await substituted(slip, order, items, systems)
    slip = found.slip
    factors = factors_of(slip, order, items, systems.settings.items.unit)
    bundles = {item.product_id for item in order.items if item.product_type == "bundle"}
    in_parts = await systems.commerce.products.sent_in_parts([one for one in bundles if one])
    rows = shipped_rows(await without_returned(order, systems), in_parts)
    left = left_of(rows, _beyond(slip, shipments, rows, factors))
    there = marked(shipments, slip.number)
    sent = tuple(sent_by(slip, left, factors))
    earlier = (row.pieces(slip.earlier, factors) == row.item.qty_shipped for row in rows)
    return SlipView(slip, order, tuple(left), sent, there, found.told, all(earlier))


def _beyond(
    slip: PackingSlip,
    shipments: Sequence[Shipment],
    rows: Sequence[ShippedRow],
    factors: Mapping[int, Decimal],
) -> dict[int, Decimal]:
    """Pieces by order item that Commerce has shipped beyond what other slips of the order send: by
    hand, or of a slip that was corrected later."""
    found: dict[int, Decimal] = {}
    for one in shipments:
        number = one.slip
        if number == slip.number:
            continue
        sent = sent_by(replace(slip, number=number), rows, factors) if number else []
        wanted = {_id(each.row): each.wanted for each in sent}
        for item, qty in one.items.items():
            more = max(qty - wanted.get(item, ZERO), ZERO)
            found[item] = found.get(item, ZERO) + more
    return found


def _remedy(slip: PackingSlip) -> str:
    return (
        "Compare the slip in F&O with the order's shipments in Commerce, which cannot be taken back"
        " and show no more than was ordered. Where somebody shipped it by hand, add the comment"
        f" {marker_of(slip.number)} to that shipment in the Admin, then replay. Where it is right"
        " as it is, or once goods that came back are refunded, run: resolve shipments"
        f' "{slip.key}" --why "..."'
    )


def _id(row: ShippedRow) -> int:
    return row.item.item_id or 0


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
