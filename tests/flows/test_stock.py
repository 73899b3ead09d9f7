"""On-hand quantities on their way into the shop: absolute, each web order counted once, and nothing
believed that the shop does not show."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.assortment import Product
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.stock import reserved
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from sync.engine.publication import EVERYTHING
from sync.mapping_tables.records import ItemMapping
from tests.harness import Harness, in_harness, key_of
from tests.systems import COMPANY
from tests.virtual_time import START

SKU, OTHER = "SIMPLE-001", "SIMPLE-002"
FLOWS = ("orders", "stock")
STOCK: dict[str, Any] = {"flows": FLOWS, "stock": {"sources": {"13": "default"}}}


def with_stock(**settings: Any) -> dict[str, Any]:
    return {"flows": FLOWS, "stock": {"sources": {"13": "default"}, **settings}}


async def publishes(harness: Harness, key: str = EVERYTHING, origin: str = "poll") -> None:
    await harness.services.intake.accept("stock", "shop", [key], origin)
    await harness.works_until_idle()


async def stocked(harness: Harness, **pieces: int) -> None:
    """F&O has so many pieces, and the shop shows them."""
    harness.commerce.stock.is_managed = True
    for sku, count in pieces.items():
        harness.dynamics.receive(sku.replace("_", "-"), count)
    await publishes(harness)


def shown(harness: Harness, sku: str = SKU, source: str = "default") -> tuple[int, int]:
    (one,) = [one for one in harness.commerce.stock.of(sku) if one.source == source]
    assert one.quantity == int(one.quantity)
    return int(one.quantity), one.status


def writes(harness: Harness) -> int:
    return harness.commerce.requests["POST inventory/source-items"]


@in_harness(**STOCK)
async def test_every_sku_is_shown_and_what_f_and_o_does_not_list_is_zero(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7)
    assert shown(harness) == (7, 1)
    assert shown(harness, OTHER) == (0, 0)
    assert harness.commerce.stock.of("TEE") == []
    before = writes(harness)
    await publishes(harness)
    assert writes(harness) == before
    harness.dynamics.receive(SKU, -7)
    await publishes(harness)
    assert (shown(harness), writes(harness)) == ((0, 0), before + 1)


def sold(harness: Harness) -> StoredOrder:
    """An order of two pieces."""
    order = harness.place(skus=(SKU,))
    (item,) = order.items
    assert item["qty_ordered"] >= 1
    return order


@pytest.mark.parametrize("reserves", [False, True])
@in_harness(**STOCK)
async def test_an_order_counts_once_at_every_step_of_its_life(
    harness: Harness, reserves: bool
) -> None:
    harness.dynamics.settings.reserves_on_arrival = reserves
    await stocked(harness, SIMPLE_001=20)
    order = sold(harness)
    left = 20 - order.items[0]["qty_ordered"]
    assert harness.commerce.salable(SKU) == left
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left  # F&O does not have it yet
    await harness.delivers(order)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left  # and now it has
    (number,) = [row["SalesOrderNumber"] for row in harness.headers(order)]
    harness.dynamics.deliver(number)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left  # it has left F&O's warehouse
    harness.commerce.ship(order)
    assert harness.commerce.salable(SKU) == left
    await publishes(harness)
    assert (harness.commerce.salable(SKU), shown(harness)) == (left, (left, 1))


@in_harness(**with_stock(inventory="stock-items"))
async def test_a_shop_that_lowers_its_stock_items_as_it_sells_counts_an_order_once_too(
    harness: Harness,
) -> None:
    """Nothing is reserved there, and what we write takes the place of what the order has lowered.
    One that comes while rows are written is found right after it."""
    harness.commerce.stock.is_single = True
    await stocked(harness, SIMPLE_001=20)
    order = sold(harness)
    left = 20 - int(order.items[0]["qty_ordered"])
    assert shown(harness) == (left, 1)
    await publishes(harness)
    assert shown(harness) == (left, 1)  # F&O does not have it yet
    await harness.delivers(order)
    await publishes(harness)
    assert shown(harness) == (left, 1)  # and now it has
    (number,) = [row["SalesOrderNumber"] for row in harness.headers(order)]
    harness.dynamics.deliver(number)
    harness.commerce.ship(order)
    await publishes(harness)
    assert shown(harness) == (left, 1)
    more, write = list[StoredOrder](), harness.commerce.stock.put

    def after_a_sale(*values: Any, **named: Any) -> None:
        harness.commerce.stock.put = write  # type: ignore[method-assign]
        more.append(sold(harness))
        write(*values, **named)

    harness.commerce.stock.put = after_a_sale  # type: ignore[method-assign]
    harness.dynamics.receive(SKU, 10)
    await publishes(harness)
    assert shown(harness) == (left + 10 - int(more[0].items[0]["qty_ordered"]), 1)
    harness.commerce.cancel(more[0])
    await publishes(harness)
    assert shown(harness) == (left + 10, 1)


BY_HAND: dict[str, Any] = {"placed_from": START + timedelta(hours=1), "posting": "captured"}


@in_harness(**STOCK, orders=BY_HAND)
async def test_an_order_that_was_entered_by_hand_before_the_cutover_is_one_that_f_and_o_has(
    harness: Harness,
) -> None:
    """Both systems have shipped three of its five pieces; the two left can be shipped. Once a
    person asks for it, it is ours, and not in F&O before it is paid."""
    wants = (Want(harness.commerce.catalogue.product(SKU), Decimal(5)),)
    order = harness.place(wants=wants)
    await asyncio.sleep(7200)
    await stocked(harness, SIMPLE_001=20)
    harness.commerce.ship(order, {order.items[0]["item_id"]: Decimal(3)})
    await publishes(harness)
    assert shown(harness) == (22, 1)
    assert harness.commerce.salable(SKU) == 20
    await harness.replays(key_of(order))
    await publishes(harness)
    assert shown(harness) == (17, 1)


@in_harness(**with_stock(reserved_on_arrival=True))
async def test_reserved_orders_are_taken_off_by_f_and_o_itself(harness: Harness) -> None:
    harness.dynamics.settings.reserves_on_arrival = True
    await stocked(harness, SIMPLE_001=20)
    order = sold(harness)
    await harness.delivers(order)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == 20 - order.items[0]["qty_ordered"]


@in_harness(**with_stock(safety={"*": 2, OTHER: 0}))
async def test_safety_stock_is_never_offered_and_what_is_promised_can_be_shipped(
    harness: Harness,
) -> None:
    await stocked(harness, SIMPLE_001=3, SIMPLE_002=3)
    assert (shown(harness), shown(harness, OTHER)) == ((1, 1), (3, 1))
    order = sold(harness)
    await harness.delivers(order)
    await publishes(harness)
    assert harness.commerce.salable(SKU) <= 0
    harness.dynamics.receive(SKU, 10)
    harness.commerce.ship(order)


@in_harness(**STOCK)
async def test_one_sku_is_published_at_once(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7, SIMPLE_002=7)
    for sku in (SKU, OTHER):
        harness.dynamics.receive(sku, 1)
    await publishes(harness, SKU, "touch")
    assert (shown(harness), shown(harness, OTHER)) == ((8, 1), (7, 1))


@in_harness(**with_stock(sources={"13": "north", "24": "south"}, statuses=("Available",)))
async def test_warehouses_are_sources_and_blocked_goods_are_not_sold(harness: Harness) -> None:
    harness.commerce.stock.sources |= {"north": True, "south": True}
    for warehouse, status, pieces in (("13", "Available", 4), ("13", "Blocked", 9),
                                      ("24", "Available", 2)):  # fmt: skip
        harness.dynamics.receive(SKU, pieces, warehouse=warehouse, status=status)
    await publishes(harness)
    assert [shown(harness, source=one) for one in ("north", "south")] == [(4, 1), (2, 1)]


@in_harness(**with_stock(statuses=("Available",)))
async def test_what_is_on_order_in_another_status_is_not_offered(harness: Harness) -> None:
    harness.dynamics.receive(SKU, 10)
    await publishes(harness)
    (known,) = [
        row
        for row in harness.dynamics.store.table(
            "WarehouseInventoryStatusesOnHandV2"
        ).records.values()
        if row["ItemNumber"] == SKU
    ]
    ordered = {"AvailableOnHandQuantity": Decimal(0), "OnOrderQuantity": Decimal(3)}
    harness.dynamics.put(
        "WarehouseInventoryStatusesOnHandV2",
        **{**known.values, "InventoryStatusId": "", **ordered},
    )
    await publishes(harness)
    assert shown(harness) == (7, 1)


@in_harness(**with_stock(multiples=True))
async def test_only_whole_multiples_are_offered(harness: Harness) -> None:
    for sku, multiple in ((SKU, 6), (OTHER, 0)):
        values = {"ItemNumber": sku, "SalesQuantityMultiples": Decimal(multiple)}
        harness.dynamics.put("ProductDefaultOrderSettings", dataAreaId=COMPANY, **values)
    await stocked(harness, SIMPLE_001=17, SIMPLE_002=17)
    assert (shown(harness), shown(harness, OTHER)) == ((12, 1), (17, 1))


@in_harness(**with_stock(inventory="stock-items", backorders=True))
async def test_a_shop_without_sources_has_its_stock_items_written(harness: Harness) -> None:
    harness.commerce.stock.is_single = True
    await stocked(harness, SIMPLE_001=7)
    assert (shown(harness), shown(harness, OTHER)) == ((7, 1), (0, 1))
    await publishes(harness)
    assert harness.commerce.requests["PUT products/{sku}/stockItems/{id}"] == 22


@in_harness(**STOCK)
async def test_units_are_converted_exactly_and_a_missing_conversion_parks_alone(
    harness: Harness,
) -> None:
    harness.dynamics.put(
        "UnitOfMeasureConversions", FromUnitSymbol="box", ToUnitSymbol="ea", Factor=Decimal(12),
        Numerator=1, Denominator=1,
    )  # fmt: skip
    for sku, unit in ((SKU, "box"), (OTHER, "kg")):
        await mapped(harness, sku, unit)
    await stocked(harness, SIMPLE_001=36, SIMPLE_002=5, SIMPLE_003=1)
    assert (shown(harness), shown(harness, "SIMPLE-003")) == ((3, 1), (1, 1))
    assert await harness.parked("stock") == [OTHER]
    claim = await harness.claim(OTHER, "stock")
    assert "no conversion from ea to kg" in claim.reason
    await publishes(harness)
    assert len(await harness.trail(OTHER, "stock")) == 1
    await mapped(harness, OTHER, "ea")
    await publishes(harness)
    assert (shown(harness, OTHER), await harness.parked("stock")) == ((5, 1), [])


async def mapped(harness: Harness, sku: str, unit: str) -> None:
    systems = await harness.services.systems_pool.open("shop")
    await systems.items.put(ItemMapping(sku, sku, unit=unit))


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@in_harness(**STOCK)
async def test_a_lost_answer_leaves_what_f_and_o_says_last(harness: Harness, kind: Kind) -> None:
    await stocked(harness, SIMPLE_001=7)
    harness.dynamics.receive(SKU, 1)
    harness.shop_dials.next(kind, where=_writes, seconds=40)
    await harness.services.intake.accept("stock", "shop", [EVERYTHING], "poll")
    await harness.works_for(5)
    harness.dynamics.receive(SKU, 2)
    await harness.shop_dials.settle()
    await publishes(harness)
    assert shown(harness) == (10, 1)
    assert (await harness.claim(EVERYTHING, "stock")).state is State.DELIVERED


def _writes(arrival: Arrival) -> bool:
    return arrival.writes and "source-items" in arrival.path


@in_harness(**STOCK)
async def test_a_shop_that_limits_its_input_gets_smaller_calls(harness: Harness) -> None:
    harness.commerce.stock.most_at_once = 3
    await stocked(harness, SIMPLE_001=7)
    assert (shown(harness), shown(harness, OTHER)) == ((7, 1), (0, 0))
    assert await harness.parked("stock") == []


@in_harness(**with_stock(sources={"13": "nowhere"}))
async def test_an_unknown_source_parks_the_run_or_its_rows_and_not_the_flow(
    harness: Harness,
) -> None:
    await stocked(harness, SIMPLE_001=7)
    assert harness.commerce.stock.items == {}
    assert await harness.parked("stock")


@in_harness(**STOCK)
async def test_a_row_that_the_shop_took_and_does_not_show_parks(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7, SIMPLE_002=7)
    put = harness.commerce.stock.put

    def forgetful(sku: str, quantity: Decimal, **more: Any) -> None:
        put(sku, Decimal(99) if sku == SKU else quantity, **more)

    harness.commerce.stock.put = forgetful  # type: ignore[method-assign]
    for sku in (SKU, OTHER):
        harness.dynamics.receive(sku, 1)
    await publishes(harness)
    assert (shown(harness, OTHER), await harness.parked("stock")) == ((8, 1), [SKU])
    claim = await harness.claim(SKU, "stock")
    assert "took default 8 (in stock) and shows default 99" in claim.reason
    harness.commerce.stock.put = put  # type: ignore[method-assign]
    await publishes(harness, SKU, "replay")
    assert (shown(harness), await harness.parked("stock")) == ((8, 1), [])


@in_harness(**STOCK)
async def test_a_crash_in_the_midst_of_a_run_loses_nothing(harness: Harness) -> None:
    await stocked(harness, SIMPLE_001=7)
    harness.dynamics.receive(SKU, 1)
    await harness.services.intake.accept("stock", "shop", [EVERYTHING], "poll")
    await harness.works_until_it_dies(before="trail")
    await harness.works_until_idle()
    assert shown(harness) == (8, 1)


@in_harness(**STOCK)
async def test_a_poll_publishes_and_an_order_of_another_company_is_not_ours(
    harness: Harness,
) -> None:
    harness.dynamics.receive(SKU, 5)
    harness.dynamics.receive(SKU, 50, company="dat")
    assert await harness.polls("stock") == 1
    await harness.works_until_idle()
    assert shown(harness) == (5, 1)


@in_harness(**STOCK)
async def test_a_product_that_is_new_in_the_shop_is_found_by_the_next_run(
    harness: Harness,
) -> None:
    await stocked(harness, SIMPLE_001=7)
    asked = harness.commerce.requests["GET products"]
    harness.commerce.sell(Product("NEW-1", 500, Decimal(1)))
    harness.dynamics.release(COMPANY, "NEW-1")
    harness.dynamics.receive("NEW-1", 3)
    await publishes(harness)
    assert (shown(harness, "NEW-1"), harness.commerce.requests["GET products"] - asked) == (
        (3, 1), 1
    )  # fmt: skip


@in_harness(**STOCK)
async def test_what_the_shop_does_to_its_source_by_itself_is_set_right(harness: Harness) -> None:
    """A refund that does not return goods takes them out, one that does puts them back; what F&O
    says has not changed."""
    await stocked(harness, SIMPLE_001=20)
    for returns in (False, True):
        order = sold(harness)
        harness.commerce.invoice(order)
        await publishes(harness)
        harness.commerce.refund(order, returns_to_stock=returns)
        await publishes(harness)
        assert shown(harness) == (20, 1)
        assert harness.commerce.salable(SKU) == 20


@in_harness(**STOCK)
async def test_an_order_placed_and_shipped_between_two_runs_is_set_right(harness: Harness) -> None:
    """As much has come in, so F&O says what it said before."""
    await stocked(harness, SIMPLE_001=20)
    order = sold(harness)
    harness.commerce.ship(order)
    await harness.delivers(order)
    harness.dynamics.receive(SKU, order.items[0]["qty_ordered"])
    await publishes(harness)
    assert shown(harness) == (20, 1)
    before = writes(harness)
    await publishes(harness)
    assert writes(harness) == before


@in_harness(**STOCK)
async def test_parts_of_a_kit_that_f_and_o_sells_as_one_item_are_set_right(
    harness: Harness,
) -> None:
    """F&O knows nothing of its parts, and the shop takes them out."""
    await stocked(harness, SIMPLE_002=90, SIMPLE_004=90)
    order = harness.place(skus=("KIT-FIX",))
    await harness.delivers(order)
    harness.commerce.ship(order)
    assert shown(harness, OTHER)[0] < 90
    await publishes(harness)
    assert (shown(harness, OTHER), shown(harness, "SIMPLE-004")) == ((90, 1), (90, 1))


def returned(order: StoredOrder) -> dict[int, Decimal]:
    """One piece of its row."""
    return {order.items[0]["item_id"]: Decimal(1)}


def pays_back(harness: Harness, order: StoredOrder) -> None:
    """All the money and no piece."""
    paid = order.amount("base_total_paid")
    nothing = {order.items[0]["item_id"]: Decimal(0)}
    harness.commerce.refund(order, nothing, shipping=Decimal(0), positive=paid)


Act = Callable[[Harness, StoredOrder], Any]
LIVES: dict[str, tuple[Act, ...]] = {
    "shipped in parts": (lambda h, o: h.commerce.ship(o, returned(o)),),
    "the rest is cancelled": (
        lambda h, o: h.commerce.invoice(o, returned(o)),
        lambda h, o: h.commerce.ship(o, returned(o)),
        lambda h, o: h.commerce.cancel(o),
    ),
    "shipped and cancelled without an invoice": (
        lambda h, o: h.commerce.ship(o, returned(o)), lambda h, o: h.commerce.cancel(o),
    ),
    "refunded before it is shipped": (
        lambda h, o: h.commerce.invoice(o),
        lambda h, o: h.commerce.refund(o, returned(o)),
        lambda h, o: h.commerce.ship(o, returned(o)),
    ),
    "refunded after it was shipped in part": (
        lambda h, o: h.commerce.invoice(o),
        lambda h, o: h.commerce.ship(o, returned(o)),
        lambda h, o: h.commerce.refund(o, returned(o), returns_to_stock=True),
    ),
    "closed after it was shipped": (
        lambda h, o: h.commerce.invoice(o), lambda h, o: h.commerce.ship(o),
        lambda h, o: h.commerce.refund(o),
    ),
    "closed after it was shipped in part": (
        lambda h, o: h.commerce.invoice(o),
        lambda h, o: h.commerce.ship(o, returned(o)),
        lambda h, o: h.commerce.refund(o),
    ),
    "closed by money alone": (lambda h, o: h.commerce.invoice(o), pays_back),
    "on hold": (lambda h, o: h.commerce.hold(o),),
    "edited": (lambda h, o: h.commerce.edit(o),),
}  # fmt: skip


@pytest.mark.parametrize("is_known", [False, True])
@in_harness(**STOCK)
async def test_an_order_counts_once_whatever_becomes_of_it(
    harness: Harness, is_known: bool
) -> None:
    """`is_known`: F&O has the sales orders before all that, else it has none yet."""
    skus = dict(zip(LIVES, (f"SIMPLE-{number:03}" for number in range(1, 20)), strict=False))
    for sku in skus.values():
        harness.dynamics.receive(sku, 20)
    await stocked(harness)
    orders = {life: of_two(harness, sku) for life, sku in skus.items()}
    for order in orders.values() if is_known else ():
        await harness.delivers(order)
    await publishes(harness)
    for step in range(4):
        for life, order in orders.items():
            assert harness.commerce.salable(skus[life]) == 20 - wanted(harness, skus[life]), life
            for act in LIVES[life][step : step + 1]:
                act(harness, order)
        await publishes(harness)


def of_two(harness: Harness, sku: str) -> StoredOrder:
    """An order of two pieces."""
    while (order := harness.place(skus=(sku,))).items[0]["qty_ordered"] != 2:
        harness.commerce.cancel(order)
    return order


def wanted(harness: Harness, sku: str) -> Decimal:
    """What sales orders of F&O take of an item, or will take: what the shop reserves or has shipped
    of orders that F&O has not."""
    found = Decimal(0)
    for order in harness.commerce.orders.values():
        lines = [line["OrderedSalesQuantity"] for header in harness.headers(order)
                 for line in harness.dynamics.lines(COMPANY, header["SalesOrderNumber"])
                 if line["ItemNumber"] == sku]  # fmt: skip
        shipped = sum(item["qty_shipped"] for item in order.items if item["sku"] == sku)
        found += sum(lines) if lines else shipped + reserved(order).get(sku.lower(), 0)
    return found


@in_harness(items={"rule": "none"}, **STOCK)
async def test_what_the_shop_ships_before_f_and_o_has_the_order_is_not_offered_again(
    harness: Harness,
) -> None:
    await mapped(harness, SKU, "ea")
    await stocked(harness, SIMPLE_001=20)
    order = harness.place(skus=(SKU, OTHER))
    left = 20 - order.items[0]["qty_ordered"]
    harness.commerce.stock.put(OTHER, Decimal(100))
    harness.commerce.invoice(order)
    harness.commerce.ship(order)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left
    await harness.delivers(order)
    assert await harness.parked()
    await asyncio.sleep(24 * 3600)
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left
    await mapped(harness, OTHER, "ea")
    await harness.replays((await harness.parked())[0])
    await publishes(harness)
    assert harness.commerce.salable(SKU) == left


@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize("key", [EVERYTHING, SKU])
@in_harness(**STOCK)
async def test_what_the_shop_ships_while_it_is_written_is_set_right_at_once(
    harness: Harness, key: str, is_new: bool
) -> None:
    """`is_new`: it is also placed meanwhile."""
    await stocked(harness, SIMPLE_001=20)
    orders = [] if is_new else [sold(harness)]
    for order in orders:
        await harness.delivers(order)
    harness.dynamics.receive(SKU, 1)
    write = harness.commerce.stock.put

    def after_it_was_shipped(*values: Any, **named: Any) -> None:
        harness.commerce.stock.put = write  # type: ignore[method-assign]
        write(*values, **named)
        if is_new:
            orders.append(sold(harness))
        harness.commerce.ship(orders[0])
        write(*values, **named)

    harness.commerce.stock.put = after_it_was_shipped  # type: ignore[method-assign]
    await publishes(harness, key, "touch")
    assert harness.commerce.salable(SKU) == 21 - orders[0].items[0]["qty_ordered"]


@in_harness(items={"custom_options": "base"}, **STOCK)
async def test_an_order_with_custom_options_counts_for_its_product(harness: Harness) -> None:
    product = Product("ENG-1", 600, Decimal(5), options=(("41", Decimal(1)),), option_skus=("TXT",))
    harness.commerce.sell(product)
    harness.dynamics.release(COMPANY, "ENG-1")
    await mapped(harness, "ENG-1", "ea")
    harness.commerce.stock.is_managed = True
    harness.dynamics.receive("ENG-1", 30)
    await publishes(harness)
    order = harness.place(skus=("ENG-1",))
    assert order.items[0]["sku"] == "ENG-1-TXT"
    await harness.delivers(order)
    await publishes(harness)
    assert shown(harness, "ENG-1") == (30, 1)
