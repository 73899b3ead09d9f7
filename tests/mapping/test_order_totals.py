"""Every part of a grand total has one home: a line, a tender, or a parked order that names the
field."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sync.core.encoding import from_json
from sync.mapping_tables.records import ItemMapping
from sync.preview.previewed import Preview
from sync.preview.unasked import Lookups
from tests.mapping.connection import GROSS, MODES, NET, connection, previewed, store
from tests.mapping.fno import assert_exact, header_of, lines_of
from tests.mapping.made import made, row, with_extension
from tests.preview.lookups import with_items

PAYLOADS = Path(__file__).parents[1] / "payloads"
SEGMENTS = {"gift_wrapping": {"item": "GIFTWRAP"}, "custom_fees": {"item": "FEE"}}


def with_segments(**homes: dict[str, Any]) -> Any:
    return connection(orders={"segments": {**SEGMENTS, **homes}})


def lines_by_reference(found: Preview) -> dict[str, Any]:
    return {body["ExternalItemNumber"]: body for body in lines_of(found.requests)}


def with_factor(factor: str, sku: str = "BIKE") -> Lookups:
    return with_items(ItemMapping(sku, "D0042", unit="box", factor=Decimal(factor)))


@pytest.mark.parametrize("mode", MODES)
async def test_gift_cards_store_credit_and_rewards_together_are_tenders(mode: str) -> None:
    order = made(row(price="80.00", tax="6.60"), shipping="5.00", extra="-60.35")
    order = with_extension(
        order,
        gift_cards_amount=Decimal("50.00"),
        customer_balance_amount="10.00",
        reward_currency_amount="0.35",
    )
    found = await previewed(order, MODES[mode])
    assert_exact(found, order)
    assert set(lines_by_reference(found)) == {str(order["items"][0]["item_id"]), "shipping"}
    assert len(found.notes) == 3


async def test_an_order_paid_wholly_by_gift_card_comes_to_nothing() -> None:
    order = with_extension(made(row(price="25.00"), extra="-25.00"), gift_cards_amount="25.0000")
    found = await previewed(order)
    assert_exact(found, order)
    assert order["grand_total"] == 0


@pytest.mark.parametrize("mode", MODES)
async def test_a_fraction_of_a_cent_paid_by_store_credit_is_a_cent(mode: str) -> None:
    order = from_json(
        (PAYLOADS / "orders_made" / "fractional_paid_by_store_credit.json").read_bytes()
    )
    found = await previewed(order, MODES[mode])
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert (found.totals.commerce, found.totals.difference) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize("mode", MODES)
async def test_half_a_cent_of_tax_in_what_store_credit_paid_for_is_no_cent(mode: str) -> None:
    """Unit-based tax of weighed goods has four decimals: half a kilogram with 1.65 a kilogram."""
    order = made(row(quantity="0.5", price="10.00", tax="0.825"), extra="-5.825")
    order = with_extension(order, customer_balance_amount=Decimal("5.825"))
    found = await previewed(order, MODES[mode])
    assert found.outcome == "deliver", found.reason
    assert found.as_json()["totals"]["dynamics"] == "0.00"


async def test_a_tender_may_have_a_line_as_its_home() -> None:
    order = with_extension(made(row(price="25.00"), extra="-10.00"), gift_cards_amount="10.00")
    found = await previewed(order, with_segments(gift_cards={"item": "GIFTCARD"}))
    assert found.outcome == "deliver"
    line = lines_by_reference(found)["gift_cards"]
    assert (line["OrderedSalesQuantity"], line["SalesPrice"]) == (1, Decimal("-10.00"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("price", "tax"), [("4.00", "0.33"), ("4.00", "0"), ("0.01", "0")])
async def test_gift_wrapping_is_a_line_with_its_tax_in_the_orders_tax(
    mode: str, price: str, tax: str
) -> None:
    order = made(row(price="80.00", tax="6.60"), extra=str(Decimal(price) + Decimal(tax)))
    order["tax_amount"] += Decimal(tax)
    order = with_extension(
        order, gw_items_price=price, gw_items_tax_amount=tax, gw_price=None, gw_card_price="0.0000"
    )
    found = await previewed(order, MODES[mode])
    assert_exact(found, order)
    assert lines_by_reference(found)["gift_wrapping"]["ItemNumber"] == "GIFTWRAP"


async def test_wrapping_without_a_home_is_parked_with_its_field_and_cure() -> None:
    order = with_extension(made(extra="4.00"), gw_price="4.00")
    found = await previewed(order, connection(orders={"segments": {}}))
    assert found.outcome == "park"
    assert "extension_attributes.gw_price" in found.reason
    assert "orders.segments.gift_wrapping" in found.remedy


async def test_custom_fees_are_a_line_each_also_when_two_bear_one_code() -> None:
    fees = [
        {"code": "eco", "value": "1.50"},
        {"code": "eco", "value": None, "amount": Decimal("0.25")},
        {"id": 7, "amount": 2},
        {"code": "shipping", "amount": "1"},
        {"code": "a very long code of some extension", "value": "0.25"},
        {},
    ]
    order = with_extension(made(shipping="3.00", extra="5.00"), custom_fees=fees)
    found = await previewed(order)
    assert_exact(found, order)
    references = set(lines_by_reference(found))
    assert {"eco", "eco-2", "7", "shipping", "shipping-2"} <= references
    assert any(name.startswith("a very long") and len(name) == 20 for name in references)


@pytest.mark.parametrize(
    ("fee", "field"),
    [
        ({"code": "eco", "value": "a lot"}, "custom_fees[0].value"),
        ("eco", "custom_fees[0]"),
        ({"amount": True}, "custom_fees[0].amount"),
        ({"amount": "NaN"}, "custom_fees[0].amount"),
    ],
)
async def test_a_fee_that_cannot_be_read_is_parked_with_its_place(fee: Any, field: str) -> None:
    found = await previewed(with_extension(made(), custom_fees=[fee]))
    assert found.outcome == "park"
    assert field in found.reason


@pytest.mark.parametrize("mode", ["net", "gross"])
@pytest.mark.parametrize(
    ("home", "payment", "extra"),
    [
        ({"item": "S", "field": "payment.fee"}, {"fee": "2.00"}, "2.00"),
        (
            {"item": "S", "field": "payment.fee", "tax_field": "payment.fee_tax"},
            {"fee": 2, "fee_tax": "0.38"},
            "2.38",
        ),
        ({"item": "S", "field": "payment.rebate", "negative": True}, {"rebate": "2.00"}, "-2.00"),
        ({"item": "S", "field": "payment.rebate", "negative": True}, {"rebate": "-2.00"}, "-2.00"),
        (
            {"item": "S", "field": "payment.r", "tax_field": "payment.t", "negative": True},
            {"r": "2.00", "t": "0.38"},
            "-2.38",
        ),
        (
            {"item": "S", "field": "payment.fees.amount"},
            {"fees": [{"amount": 1}, {"amount": "2.5"}, {}]},
            "3.50",
        ),
        ({"item": "S", "field": "payment.fees"}, {"fees": [1, "2.5", None]}, "3.50"),
        ({"payment": "P", "field": "payment.points"}, {"points": "3.00"}, "-3.00"),
        (
            {"payment": "P", "field": "payment.points", "negative": True},
            {"points": "-3.00"},
            "-3.00",
        ),
    ],
)
async def test_a_total_of_an_extension_goes_where_the_configuration_says(
    mode: str, home: dict[str, Any], payment: dict[str, Any], extra: str
) -> None:
    order = made(row(price="20.00", tax="1.65"), extra=extra)
    order["payment"] |= payment
    prices = {"prices_include_tax": mode == "gross"}
    settings = connection(
        orders={"segments": {**SEGMENTS, "own_total": home}}, stores=store(**prices)
    )
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert found.totals.difference == 0
    assert ("own_total" in lines_by_reference(found)) == ("item" in home)


@pytest.mark.parametrize("mode", ["net", "gross"])
async def test_the_tax_of_a_fee_that_is_in_the_orders_tax_already_is_counted_once(
    mode: str,
) -> None:
    order = made(row(price="20.00", tax="1.65"), extra="2.38")
    order["payment"] |= {"fee": "2.00", "fee_tax": "0.38"}
    order["tax_amount"] += Decimal("0.38")
    home = {"item": "S", "field": "payment.fee", "tax_field": "payment.fee_tax"}
    settings = connection(
        orders={"segments": {"own_total": home}}, stores=store(prices_include_tax=mode == "gross")
    )
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert found.totals.difference == 0
    assert not found.totals.rounding


async def test_a_known_total_with_a_field_of_its_own_is_counted_once() -> None:
    home = {"payment": "GC", "field": "extension_attributes.gift_cards_amount"}
    order = with_extension(made(row(price="25.00"), extra="-10.00"), gift_cards_amount="10.00")
    assert_exact(await previewed(order, with_segments(gift_cards=home)), order)


@pytest.mark.parametrize("value", ["a lot", True, "NaN", {"a": 1}, [["x"]], "1e99"])
async def test_a_configured_field_that_is_no_amount_is_parked_by_name(value: Any) -> None:
    order = made()
    order["payment"]["fee"] = value
    found = await previewed(order, with_segments(fee={"item": "S", "field": "payment.fee"}))
    assert found.outcome == "park"
    assert "payment.fee" in found.reason


async def test_a_total_nobody_gave_a_home_is_parked_and_found_where_it_stands() -> None:
    order = made(extra="7.77", handling_fee="7.7700", base_handling_fee="7.7700")
    found = await previewed(order)
    assert found.outcome == "park"
    assert "unexplained 7.77" in found.reason
    assert "handling_fee." in found.reason
    assert "base_handling_fee" not in found.reason
    assert found.totals is not None
    assert found.totals.as_json()["difference"] == "7.77"


@pytest.mark.parametrize("mode", MODES)
async def test_a_free_order_and_a_hundred_percent_discount_are_lines_of_nothing(mode: str) -> None:
    for order in (
        made(row(price="0.00")),
        made(row(price="10.00", quantity="3", discount="30.00")),
    ):
        found = await previewed(order, MODES[mode])
        assert_exact(found, order)
        assert order["grand_total"] == 0


@pytest.mark.parametrize("mode", MODES)
async def test_discounted_gross_shipping_with_its_compensation_adds_up(mode: str) -> None:
    """Shipping 5.00 gross at 19 %, half of it discounted: part of the discount is tax that is not
    charged."""
    order = made(
        row(price="10.00"),
        extra="2.50",
        shipping_amount=Decimal("4.20"),
        shipping_tax_amount=Decimal("0.40"),
    )
    order |= {
        "shipping_discount_amount": "2.50",
        "shipping_discount_tax_compensation_amount": "0.40",
        "tax_amount": "0.40",
    }
    assert_exact(await previewed(order, MODES[mode]), order)


@pytest.mark.parametrize("mode", MODES)
async def test_many_fractional_rows_lose_more_cents_than_a_rounding_may_hide_and_are_still_exact(
    mode: str,
) -> None:
    """Each of 60 rows is off by up to half a cent: what that comes to is known, so it is no
    unexplained total."""
    order = made(
        *(row(sku=f"S{n}", quantity="0.3333", price="10.13", tax="0.2703") for n in range(60))
    )
    found = await previewed(order, MODES[mode])
    assert_exact(found, order)
    assert found.totals is not None
    assert abs(found.totals.rounding) > Decimal("0.05")
    assert "rounding" in lines_by_reference(found)


async def test_cents_without_a_reason_are_rounded_up_to_the_limit_and_no_further() -> None:
    assert_exact(await previewed(order := made(extra="0.05")), order)
    assert (await previewed(made(extra="0.06"))).outcome == "park"
    assert (
        await previewed(made(extra="0.01"), connection(orders={"rounding_most": Decimal(0)}))
    ).outcome == "park"


@pytest.mark.parametrize("factor", ["12", "0.5", "0.083333333", "0.333333333"])
@pytest.mark.parametrize("quantity", ["1", "7", "12", "0.3333", "2.5"])
@pytest.mark.parametrize("mode", MODES)
async def test_another_unit_of_measure_changes_no_amount(
    factor: str, quantity: str, mode: str
) -> None:
    order = made(row(quantity=quantity, price="9.99", discount="0.33", tax="0.77"))
    found = await previewed(order, MODES[mode], with_factor(factor))
    assert_exact(found, order)
    assert lines_of(found.requests)[0]["SalesUnitSymbol"] == "box"


async def test_a_quantity_below_the_finest_is_parked_with_the_factor_to_correct() -> None:
    found = await previewed(made(row(quantity="0.0001")), NET, with_factor("0.000000001"))
    assert found.outcome == "park"
    assert "items[].qty_ordered" in found.reason
    assert "factor" in found.remedy


@pytest.mark.parametrize("quantity", ["-1", "0"])
async def test_a_row_of_money_without_quantity_is_parked(quantity: str) -> None:
    found = await previewed(made(row(quantity=quantity, discount="1.00"), row(price="20.00")))
    assert found.outcome == "park"
    assert "items[].qty_ordered of BIKE" in found.reason


@pytest.mark.parametrize("prices", [("17769.64",), ("10.50", "10.50")])
async def test_a_currency_that_is_booked_in_whole_units_is_parked_with_the_cure(
    prices: tuple[str, ...],
) -> None:
    """The second order's total is whole, its lines are not: F&O rounds each of them."""
    order = made(
        *(row(sku=f"S{n}", price=price) for n, price in enumerate(prices)),
        order_currency_code="JPY",
    )
    yen = connection(dynamics={"rounding": {"JPY": 1}})
    found = await previewed(order, yen)
    assert found.outcome == "park"
    assert "rounding unit" in found.reason
    assert "Currencies" in found.remedy
    assert (await previewed(order)).outcome == "deliver"
    assert (
        await previewed(made(row(price="500"), order_currency_code="JPY"), yen)
    ).outcome == "deliver"


async def test_a_currency_of_three_decimals_is_proved_to_the_cent_that_commerce_keeps() -> None:
    order = made(row(quantity="3", price="3.33"), order_currency_code="KWD")
    assert_exact(await previewed(order, connection(dynamics={"rounding": {"KWD": "0.001"}})), order)


async def test_prices_including_tax_are_said_so_per_store() -> None:
    order = made(row(price="10.00", tax="1.90"))
    for settings, prices, amount in ((NET, "No", "10.00"), (GROSS, "Yes", "11.90")):
        found = await previewed(order, settings)
        assert header_of(found.requests)["ArePricesIncludingSalesTax"] == prices
        assert lines_of(found.requests)[0]["SalesPrice"] == Decimal(amount)


async def test_locked_prices_are_asked_for_on_every_line() -> None:
    found = await previewed(made(shipping="1.00"), connection(orders={"lock_prices": True}))
    assert all(body["IsPriceLocked"] == "Yes" for body in lines_of(found.requests))


async def test_discounts_may_be_part_of_prices() -> None:
    order = made(row(quantity="3", price="10.00", discount="1.00"), shipping="4.00")
    found = await previewed(order, connection(orders={"discounts": "price"}))
    assert_exact(found, order)
    line = lines_by_reference(found)[str(order["items"][0]["item_id"])]
    prices = [line[name] for name in ("SalesPrice", "SalesPriceQuantity", "LineDiscountAmount")]
    assert prices == [29, 3, 0]
