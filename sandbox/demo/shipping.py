"""Packing slips in the demo: F&O confirms orders, packs them whole and in parts, some are tracked
late, and each shop ends with the same pieces shipped under the same tracking numbers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.environment import (
    CANCELLATIONS,
    SHIPMENTS,
    STATUS,
    Environment,
    Pair,
)
from sandbox.demo.reconciliation import Finding, shop_number
from sync.core.money import ZERO

MOST: Final = 24
"""Orders of each shop that are packed."""
GIVEN_UP: Final = 2
"""Orders of each shop that F&O cancels."""
TOLD: Final = 2
"""Orders of each shop that F&O confirms, before they leave."""
LEFT: Final = 6
"""Orders that nobody has charged, and F&O will invoice."""
LINES: Final = "CustPackingSlipTransBiEntities"
TRACKING: Final = "PackingSlipTrackingInformation"
OPEN: Final = frozenset({"new", "processing"})
Order = Mapping[str, Any]


@dataclass(frozen=True)
class Shipped:
    """What was shipped in the end, in all shops."""

    slips: int
    pieces: Decimal
    tracked: int
    cancelled: int
    confirmed: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "slips": self.slips, "pieces": self.pieces, "tracked": self.tracked,
            "cancelled": self.cancelled, "confirmed": self.confirmed,
            "differences": len(self.findings),
        }  # fmt: skip


async def pack_and_ship(environment: Environment, within: timedelta) -> Shipped:
    """Pack, ship, pack the rest and track, ship again; cancel a few orders; then compare both
    sides. Raises `Stuck`."""
    packed = {name: await packable(pair) for name, pair in environment.pairs.items()}
    given_up = {name: _uncharged(packed[name]) for name in environment.pairs}
    packed = {
        name: [one for one in orders if one not in given_up[name]]
        for name, orders in packed.items()
    }
    untold = await _told(environment, {name: one[:TOLD] for name, one in packed.items()}, within)
    late = {name: await _packed(environment.pairs[name], orders) for name, orders in packed.items()}
    await _shipped(environment, within)
    for name, slips in late.items():
        await _packed_to_the_end(environment.pairs[name], packed[name], slips)
    await _shipped(environment, within)
    ended = await _cancelled(environment, given_up, within)
    each = [await _compared(environment.pairs[name], orders) for name, orders in packed.items()]
    return Shipped(
        sum(one.slips for one in each), sum((one.pieces for one in each), ZERO),
        sum(one.tracked for one in each), sum(map(len, given_up.values())),
        sum(len(one[:TOLD]) for one in packed.values()),
        (*(found for one in each for found in one.findings), *ended, *untold),
    )  # fmt: skip


async def _told(
    environment: Environment, confirmed: Mapping[str, Sequence[Order]], within: timedelta
) -> list[Finding]:
    """F&O confirms these orders; those of which buyers do not read the day, once."""
    for name, orders in confirmed.items():
        for order in orders:
            number = {"number": order["SalesOrderNumber"]}
            await environment.pairs[name].ledger.ask("POST", "/sandbox/confirmations", number)
    await environment.poll(STATUS)
    await environment.until_idle(within=within)
    found = list[Finding]()
    for name, orders in confirmed.items():
        notes = (await environment.engine.systems_pool.open(name)).commerce.order_notes
        for order in orders:
            texts = await notes.comments(order["entity_id"])
            if len([text for text in texts if text.startswith("It ships on ")]) != 1:
                found.append(Finding(name, order["SalesOrderNumber"], "its day is not told once"))
    return found


def _uncharged(orders: Sequence[Order]) -> list[Order]:
    """Orders of which nothing was charged: F&O will cancel them. Most are left to be invoiced."""
    found = [one for one in orders if not one["is_charged"]]
    return found[LEFT:][:GIVEN_UP]


async def _cancelled(
    environment: Environment, given_up: Mapping[str, Sequence[Order]], within: timedelta
) -> list[Finding]:
    """F&O cancels what remains of these orders; those that the shop has not cancelled then."""
    for name, orders in given_up.items():
        for order in orders:
            number = {"number": order["SalesOrderNumber"]}
            await environment.pairs[name].ledger.ask("POST", "/sandbox/remainders", number)
    await environment.poll(CANCELLATIONS)
    await environment.until_idle(within=within)
    found = list[Finding]()
    for name, orders in given_up.items():
        shop = await environment.pairs[name].shop.ask("GET", "/sandbox/orders")
        states = {one["entity_id"]: one["state"] for one in shop}
        found += [
            Finding(name, one["SalesOrderNumber"], f"is {states[one['entity_id']]} in the shop")
            for one in orders if states[one["entity_id"]] != "canceled"
        ]  # fmt: skip
    return found


async def _shipped(environment: Environment, within: timedelta) -> None:
    await environment.poll(SHIPMENTS)
    await environment.until_idle(within=within)


async def packable(pair: Pair) -> list[Order]:
    """Orders that are open on both sides, and of which nothing was sent: each sales order with the
    id, number and store of its order in the shop."""
    shop = {str(one["increment_id"]): one for one in await pair.shop.ask("GET", "/sandbox/orders")}
    found: list[Order] = []
    for row in await pair.ledger.sales_orders():
        order = shop.get(shop_number(row["CustomersOrderReference"]))
        is_open = row["SalesOrderStatus"] == "Backorder" and row["lines"]
        if order is None or not is_open or order["state"] not in OPEN or len(found) == MOST:
            continue
        items = await pair.shop.items(order)
        if not any(Decimal(item["qty_shipped"]) for item in items):
            is_charged = order["state"] != "new"
            shown = {name: order[name] for name in ("entity_id", "increment_id", "store_id")}
            found.append({**row, **shown, "is_charged": is_charged})
    return found


async def _packed(pair: Pair, orders: Sequence[Order]) -> list[str]:
    """The first slips: of whole orders and of parts; those that will be tracked late."""
    late = []
    for place, order in enumerate(orders):
        number, parts = order["SalesOrderNumber"], _half(order) if place % 2 else {}
        tracking = [] if place % 3 == 0 else [f"TRACK-{number}"]
        slips = await pack(pair, number, tracking, parts)
        late += [] if tracking else slips
    return late


async def _packed_to_the_end(pair: Pair, orders: Sequence[Order], late: Sequence[str]) -> None:
    """What was packed in part is packed to the end, and tracking numbers come late."""
    for slip in late:
        await pair.ledger.ask(
            "PUT", "/sandbox/packing_slips", {"slip": slip, "tracking": [f"LATE-{slip}"]}
        )
    for order in orders:
        await pack(pair, order["SalesOrderNumber"], [], {})


async def pack(
    pair: Pair, number: str, tracking: Sequence[str], parts: Mapping[str, str]
) -> list[str]:
    """Post a slip of a sales order, or of parts of it by lot; the slips."""
    wanted = {"number": number, "tracking": tracking, "quantities": parts, "carrier": "DHL"}
    slips: list[str] = (await pair.ledger.ask("POST", "/sandbox/packing_slips", wanted))["slips"]
    return slips


def _half(order: Order) -> dict[str, str]:
    """About half of an order by lot: half the pieces of a line, or every other line."""
    found = {}
    for place, line in enumerate(order["lines"]):
        ordered = Decimal(line["OrderedSalesQuantity"])
        taken = ordered // 2 or (ordered if place % 2 else ZERO)
        if taken:
            found[line["InventoryLotId"]] = f"{taken:f}"
    return found


async def _compared(pair: Pair, orders: Sequence[Order]) -> Shipped:
    """Pieces by row and tracking numbers by slip, on both sides."""
    lines = await pair.ledger.rows_of(
        LINES, pair.token, "PackingSlipId", "SalesId", "ExternalItemId", "Qty"
    )
    fields = ("PackingSlipNumber", "TrackingNumber")
    tracking = await pair.ledger.rows_of(TRACKING, pair.token, *fields)
    sent: dict[str, Decimal] = defaultdict(Decimal)
    for row in lines:
        sent[str(row["ExternalItemId"])] += Decimal(row["Qty"])
    findings, pieces = [], ZERO
    for order in orders:
        for item in await pair.shop.items(order):
            shown = Decimal(item["qty_shipped"])
            wanted = ZERO if item["is_virtual"] else sent[str(item["item_id"])]
            pieces += shown
            if shown != wanted:
                what = f"row {item['item_id']}: F&O sent {wanted}, the shop shows {shown}"
                findings.append(Finding(pair.name, order["SalesOrderNumber"], what))
    findings += await _untracked(pair, tracking)
    slips = {row["PackingSlipId"] for row in lines}
    return Shipped(len(slips), pieces, len(tracking), 0, 0, tuple(findings))


async def _untracked(pair: Pair, tracking: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """A slip that completes no set has no shipment to show its numbers."""
    shown: dict[str, set[str]] = {}
    for one in await pair.shop.ask("GET", "/sandbox/shipments"):
        for comment in one["comments"]:
            numbers = {track["track_number"] for track in one["tracks"]}
            shown[comment["comment"].removeprefix("PS:")] = numbers
    wanted = [(row["PackingSlipNumber"], row["TrackingNumber"]) for row in tracking]
    return [
        Finding(pair.name, slip, f"tracking number {number} is not shown")
        for slip, number in wanted
        if slip in shown and number not in shown[slip]
    ]
