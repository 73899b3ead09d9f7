"""Differences planted into shipments and the catalogue: what is done, which cause a reconciliation
must name, and what a person does about it where no command mends it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sandbox.commerce.records import Columns, StoredOrder
from sync.commerce.shipments import NO_SLIP, marker_of
from sync.engine.corrections import Corrections
from sync.mapping_tables.records import ItemMapping
from sync.reconcile.difference import Cause
from tests.flows.test_shipments import SKU, key_of, lots, ordered, packed, polls
from tests.harness import Harness
from tests.harness import key_of as order_key
from tests.systems import CONNECTION

Undo = Callable[[], Awaitable[None]]
LONG_AGO: Final = 3 * 3600
"""Seconds after which every poll has looked."""


@dataclass(frozen=True)
class Planted:
    """One difference. `undo`: what a person does; None where the command mends it."""

    key: str
    cause: Cause
    undo: Undo | None = None


async def slip_is_not_heard_of(harness: Harness) -> Planted:
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    await harness.works_for(LONG_AGO)
    return Planted(key_of(harness, order, slip), Cause.MISSING)


async def slip_is_new(harness: Harness) -> Planted:
    order = await ordered(harness, SKU)
    return Planted(key_of(harness, order, packed(harness, order)), Cause.NOT_DUE)


async def slip_is_parked(harness: Harness) -> Planted:
    """It counts in another unit than the mapping, which is corrected then."""
    order = await ordered(harness, SKU)
    systems = await harness.services.systems_pool.open(CONNECTION)
    await systems.items.put(ItemMapping(SKU, SKU, unit="box"))
    slip = packed(harness, order)
    await polls(harness)
    await systems.items.put(ItemMapping(SKU, SKU, unit="ea"))
    return Planted(key_of(harness, order, slip), Cause.PARKED)


async def slip_was_corrected(harness: Harness) -> Planted:
    """After it was shipped: a person accepts it, as a shipment cannot be taken back."""
    order = await ordered(harness, SKU)
    slip = packed(harness, order)
    await polls(harness)
    lot = lots(harness, order)[SKU]
    harness.dynamics.correct_slip(slip, {lot: Decimal(2)})
    await harness.works_for(LONG_AGO)
    key = key_of(harness, order, slip)

    async def undo() -> None:
        await polls(harness)
        ledger, clock = harness.services.ledger, harness.clock
        claim = await ledger.claim(CONNECTION, "shipments", key)
        assert await Corrections(ledger, clock, "ann", "came back").resolve(claim)

    return Planted(key, Cause.EDITED, undo)


async def _shipped(harness: Harness) -> tuple[StoredOrder, str, Columns]:
    order = await ordered(harness, SKU, pieces=2)
    slip = packed(harness, order, SIMPLE_001=1)
    await polls(harness)
    return order, slip, order.shipments[0]


def _says(harness: Harness, shipment: Columns, text: str) -> Undo:
    """Somebody adds a comment in the Admin."""

    async def undo() -> None:
        harness.commerce._comment(shipment, {"comment": text})

    return undo


async def slip_is_shipped_twice(harness: Harness) -> Planted:
    order, slip, _ = await _shipped(harness)
    comment = {"comment": marker_of(slip)}
    again = harness.commerce.make_shipment(order, comment=comment)
    await harness.works_for(LONG_AGO)
    undo = _says(harness, again, marker_of(NO_SLIP))
    return Planted(key_of(harness, order, slip), Cause.DOUBLED, undo)


async def shipment_is_by_hand(harness: Harness) -> Planted:
    order, _, _ = await _shipped(harness)
    by_hand = harness.commerce.make_shipment(order)
    await harness.works_for(LONG_AGO)
    undo = _says(harness, by_hand, marker_of(NO_SLIP))
    return Planted(f"{order_key(order)}|{by_hand['increment_id']}", Cause.UNKNOWN, undo)


async def slip_is_gone(harness: Harness) -> Planted:
    order = await ordered(harness, SKU)
    comment = {"comment": marker_of("NONE-1")}
    shipment = harness.commerce.make_shipment(order, comment=comment)
    await harness.works_for(LONG_AGO)
    undo = _says(harness, shipment, marker_of(NO_SLIP))
    return Planted(f"{order_key(order)}|{shipment['increment_id']}", Cause.UNKNOWN, undo)


OF_SHIPMENTS: Final = (
    slip_is_parked, slip_was_corrected, slip_is_shipped_twice, shipment_is_by_hand, slip_is_gone,
    slip_is_not_heard_of, slip_is_new,
)  # fmt: skip
"""The last ones are not heard of: no poll may come after them."""


async def rows_of_stock(harness: Harness) -> dict[str, Cause]:
    """A quantity that somebody changed in Commerce, and one that F&O has changed since."""
    stock = harness.commerce.stock
    stock.is_managed = True
    for sku in ("SIMPLE-001", "SIMPLE-002"):
        harness.dynamics.receive(sku, 7)
    await harness.services.intake.accept("stock", CONNECTION, ["*"], "poll")
    await harness.works_until_idle()
    (changed,) = stock.of("SIMPLE-001")
    changed.quantity = Decimal(3)
    harness.dynamics.receive("SIMPLE-002", 1)
    return {
        "stock|SIMPLE-001|default|quantity": Cause.EDITED_HERE,
        "stock|SIMPLE-002|default|quantity": Cause.NOT_DUE,
    }
