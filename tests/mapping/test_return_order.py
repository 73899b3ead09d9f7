"""Return orders: amounts that no price expresses are split to the cent, and charges are told from
goods."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.mapping.return_prices import split_by_price
from sync.mapping_tables.records import ItemMapping
from tests.mapping.fno import half_up, has_cents_at_most
from tests.mapping.ledger import assert_booked, bodies
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import booked, books, memo_of
from tests.preview.lookups import with_items

cents = st.integers(-(10**9), 10**9).map(lambda amount: Decimal(amount) / 100)
whole = st.integers(1, 10**6).map(Decimal)
fractional = st.integers(1, 10**12).map(lambda quantity: Decimal(quantity) / 10**6)


@given(quantity=whole | fractional, amount=cents)
@example(quantity=Decimal(3), amount=Decimal("0.01"))
@example(quantity=Decimal("0.000001"), amount=Decimal("9999999.99"))
@example(quantity=Decimal("999999.5"), amount=Decimal("0.01"))
@example(quantity=Decimal("10000.5"), amount=Decimal("-12345.67"))
def test_parts_sum_to_quantity_and_amount_whatever_these_are(
    quantity: Decimal, amount: Decimal
) -> None:
    parts = split_by_price(quantity, amount)
    assert sum(pieces for pieces, _ in parts) == quantity
    assert sum(half_up(Fraction(pieces) * Fraction(price)) for pieces, price in parts) == Fraction(
        amount
    )
    assert all(pieces > 0 for pieces, _ in parts)
    assert amount < 0 or all(price >= 0 for _, price in parts)
    assert len(parts) <= 2


@given(quantity=whole, amount=cents)
def test_whole_pieces_have_prices_of_two_decimals(quantity: Decimal, amount: Decimal) -> None:
    assert all(has_cents_at_most(price) for _, price in split_by_price(quantity, amount))


@given(pieces=st.integers(1, 10**5).map(Decimal), price=cents)
def test_an_amount_that_a_price_expresses_is_one_line(pieces: Decimal, price: Decimal) -> None:
    assert split_by_price(pieces, pieces * price) == [(pieces, price)]


async def lines_of(
    order: dict[str, Any], memo: dict[str, Any], **options: Any
) -> list[Mapping[str, Any]]:
    found = await booked(memo, order, options.pop("settings", books()), is_memo=True, **options)
    assert found.outcome == "deliver", found.reason
    return bodies(found.requests, "ReturnOrderLinesV2")


async def test_a_third_of_ten_is_two_lines_of_one_lot() -> None:
    order = made(row(quantity="3", price="3.3333", qty_shipped=3))
    order = {**order, "grand_total": Decimal("10.00"), "subtotal": Decimal("10.00")}
    order["items"][0]["row_total_incl_tax"] = Decimal("10.00")
    first, second = await lines_of(order, memo_of(order), settings=books("payment, return"))
    assert (first["ReturnSalesQuantity"], first["SalesPrice"]) == (-2, Decimal("3.33"))
    assert (second["ReturnSalesQuantity"], second["SalesPrice"]) == (-1, Decimal("3.34"))
    assert second["ExternalItemNumber"] == f"{first['ExternalItemNumber']}/2"
    assert first["ReturningInventoryLotId"] == second["ReturningInventoryLotId"]


async def test_the_header_names_account_reference_and_order() -> None:
    order = made(row())
    memo = memo_of(order)
    settings = books(creditmemos={"reason": "WEB"})
    (header,) = bodies(
        (await booked(memo, order, settings, is_memo=True)).requests, "ReturnOrderHeadersV2"
    )
    assert header["CustomerAccountNumber"] == header["InvoiceCustomerAccountNumber"]
    assert header["CustomersOrderReference"] == f"1-C{memo['increment_id']}"
    assert header["CustomerRequisitionNumber"] == order["increment_id"]
    assert header["CustomerReturnReasonCode"] == "WEB"
    assert (header["DefaultReturnSiteId"], header["DefaultReturnWarehouseId"]) == ("1", "11")


async def test_pieces_come_back_in_the_sales_unit_with_their_dimensions() -> None:
    order = made(row("TIN", quantity="12", price="1.00"))
    dozen = ItemMapping("TIN", "A-1000", color="Red", unit="dz", factor=Decimal("0.083333333"))
    (line,) = await lines_of(order, memo_of(order), lookups=with_items(dozen))
    assert (line["ItemNumber"], line["ProductColorId"], line["SalesUnitSymbol"]) == (
        "A-1000",
        "Red",
        "dz",
    )
    assert (line["ReturnSalesQuantity"], line["SalesPrice"]) == (-1, 12)


async def test_seven_of_a_dozen_keep_their_amount_at_a_price_of_six_decimals() -> None:
    order = made(row("TIN", quantity="7", price="1.00"))
    memo = memo_of(order)
    lookups = with_items(ItemMapping("TIN", "A-1000", factor=Decimal("0.083333333")))
    found = await booked(memo, order, books(), is_memo=True, lookups=lookups)
    assert_booked(found, memo, gross=False, is_memo=True)


async def test_a_sku_without_an_item_parks_with_its_name() -> None:
    order = made(row("LOST"))
    found = await booked(
        memo_of(order), order, books(has_orders=False), is_memo=True, lookups=with_items()
    )
    assert found.outcome == "park"
    assert "items[].sku without an item in D365: LOST" in found.reason
    assert "map items" in found.remedy


async def test_a_quantity_that_is_nothing_in_sales_units_parks() -> None:
    order = made(row("DUST", quantity="0.0001", price="100000"))
    lookups = with_items(ItemMapping("DUST", "D", factor=Decimal("0.000000001")))
    found = await booked(
        memo_of(order), order, books(has_orders=False), is_memo=True, lookups=lookups
    )
    assert found.outcome == "park"
    assert "items[].qty" in found.reason


async def test_what_went_back_to_a_gift_card_is_no_line_but_counts() -> None:
    order = with_extension(made(row(price="30.00"), extra="-12.00"), gift_cards_amount=Decimal(12))
    memo = with_extension(
        {**memo_of(order), "extension_attributes": {}}, gift_cards_amount=Decimal(12)
    )
    found = await booked(memo, order, books(), is_memo=True)
    assert_booked(found, memo, gross=False, is_memo=True)
    (line,) = bodies(found.requests, "ReturnOrderLinesV2")
    assert line["SalesPrice"] == 30
    assert any("12.00 USD was paid by gift_cards" in note for note in found.notes)


async def test_a_memo_that_went_back_to_a_gift_card_whole_is_returned_all_the_same() -> None:
    order = with_extension(made(row(price="30.00"), extra="-30.00"), gift_cards_amount=Decimal(30))
    memo = with_extension(
        {**memo_of(order), "extension_attributes": {}}, gift_cards_amount=Decimal(30)
    )
    found = await booked(memo, order, books(creditmemos={"refund_payment": True}), is_memo=True)
    assert_booked(found, memo, gross=False, is_memo=True)
    assert not bodies(found.requests, "CustomerPaymentJournalLines")


async def test_a_currency_that_f_o_rounds_to_larger_units_parks_what_is_no_multiple() -> None:
    order = made(row(price="9.98"), order_currency_code="CHF")
    memo = memo_of(order)
    settings = books(dynamics={"rounding": {"CHF": Decimal("0.05")}}, has_orders=False)
    found = await booked(memo, order, settings, is_memo=True)
    assert found.outcome == "park"
    assert "grand_total" in found.reason
    assert found.totals is not None
    assert str(found.totals.difference) == "-0.02"


@pytest.mark.parametrize("taxes", [{}, {"*": {"group": "G", "item_group": "I"}}])
@pytest.mark.parametrize("number", [999_999, None])
async def test_an_item_that_is_not_in_the_order_parks(taxes: Any, number: int | None) -> None:
    order = made(row())
    memo = memo_of(order)
    memo["items"][0]["order_item_id"] = number
    found = await booked(memo, order, books(orders={"taxes": taxes}), is_memo=True)
    assert found.outcome == "park"
    assert "items[0].order_item_id" in found.reason


async def test_more_pieces_than_were_ordered_park() -> None:
    order = made(row(quantity="2"))
    memo = memo_of(order)
    memo["items"][0]["qty"] = Decimal(3)
    found = await booked(memo, order, books(), is_memo=True)
    assert found.outcome == "park"
    assert "items[0].qty of BIKE is 3" in found.reason
    assert "its order has 2" in found.reason


async def test_the_same_row_twice_is_two_references() -> None:
    order = made(row(price="5.00"))
    memo = memo_of(order, grand_total=Decimal(10), subtotal=Decimal(10))
    memo["items"] *= 2
    lines = await lines_of(order, memo)
    assert len({line["ExternalItemNumber"] for line in lines}) == 2


@pytest.mark.parametrize("disposition", ["", "Credit"])
async def test_the_disposition_is_the_configured_one(disposition: str) -> None:
    order = made(row())
    (line,) = await lines_of(
        order, memo_of(order), settings=books(creditmemos={"disposition": disposition})
    )
    assert line.get("ReturnDispositionCode", "") == disposition


async def test_nothing_is_returned_for_a_memo_of_nothing() -> None:
    order = made(row(price="0"))
    found = await booked(memo_of(order), order, books(), is_memo=True)
    assert (found.outcome, found.requests) == ("skip", ())
    assert "nothing to give back" in found.reason


async def test_an_adjustment_without_a_service_item_parks_with_its_name() -> None:
    order = made(row())
    memo = memo_of(order, adjustment_positive=Decimal(1), grand_total=Decimal(11))
    found = await booked(memo, order, books(orders={"adjustment_refund_item": ""}), is_memo=True)
    assert found.outcome == "park"
    assert "adjustment-refund has no item" in found.reason
