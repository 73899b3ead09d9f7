"""Documents after public bug reports: what cannot be is parked with its sums, what only looks odd
is delivered to the cent. Each report stands for a kind of trouble."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.dynamics.documents.totals import Unproved
from sync.mapping.order_parts import order_parts
from sync.mapping.tax_proof import prove_order_tax
from tests.mapping.connection import MODES, NET, connection, previewed, store
from tests.mapping.fno import assert_exact, lines_of
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import booked, books
from tests.mapping.samples import PAYLOADS, read

TAXES = {
    "DE-19": {"group": "DOM", "item_group": "FULL"},
    "none": {"group": "EXEMPT", "item_group": "ZERO"},
}
MODE_NAMES = pytest.mark.parametrize("mode", MODES)
CENTS = st.decimals("0.02", "500.00", places=2)


def report(name: str) -> Any:
    """A field report's document."""
    return read(PAYLOADS / "field_reports" / f"{name}.json")


@MODE_NAMES
@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("order_tax_header_only", ("19.00", "0.00")),
        ("avatax39", ("0.49",)),
        ("state_null", ("state and status", "10.00")),
        ("ship_to_without_city_and_street", ("street, city",)),
    ],
)
async def test_an_order_that_cannot_be_is_parked(
    name: str, sums: tuple[str, ...], mode: str
) -> None:
    found = await previewed(report(name), MODES[mode])
    assert found.outcome == "park"
    assert all(one in found.reason for one in sums), found.reason
    assert found.remedy


@MODE_NAMES
async def test_a_weighed_row_given_away_may_leave_less_than_nothing_by_rounding(mode: str) -> None:
    """0.333 kg at 9.99 are 3.3267, of which a coupon for all of it takes 3.33."""
    order = made(
        row(quantity="0.333", price="9.99", discount="3.33"), discount_amount=Decimal("-3.33")
    )
    assert order["grand_total"] == Decimal("-0.00333")
    found = await previewed(order, MODES[mode])
    assert found.outcome == "deliver", found.reason
    assert found.as_json()["totals"]["dynamics"] == "0.00"


@MODE_NAMES
@pytest.mark.parametrize(
    ("name", "sums"),
    [
        ("memo_tax_whole_order", ("21.00", "11.00", "10.00")),
        ("memo_shiptax_no_ship", ("20.90", "19.00", "1.90")),
        ("memo_negative", ("-6.80",)),
        ("memo_other_currency", ("EUR", "55.00", "USD", "110.00")),
    ],
)
async def test_a_credit_memo_that_cannot_be_is_parked(
    name: str, sums: tuple[str, ...], mode: str
) -> None:
    found = report(name)
    (memo,) = found["creditmemos"]
    shown = await booked(memo, found["order"], books(gross=mode == "gross"), is_memo=True)
    assert shown.outcome == "park"
    assert all(one in shown.reason for one in sums), shown.reason
    assert shown.remedy


async def test_tax_without_codes_is_never_taken_for_none() -> None:
    settings = connection(orders={"taxes": TAXES})
    found = await previewed(report("tax_without_codes"), settings)
    assert found.outcome == "park"
    assert "19.00" in found.reason
    assert_exact(await previewed(report("tax_codes_ok"), settings), report("tax_codes_ok"))


async def test_tax_of_shipping_without_codes_is_parked() -> None:
    order = report("tax_codes_ok")
    order = {
        **order,
        "shipping_amount": 10,
        "shipping_tax_amount": Decimal("1.90"),
        "tax_amount": Decimal(str(order["tax_amount"])) + Decimal("1.90"),
        "grand_total": Decimal(str(order["grand_total"])) + Decimal("11.90"),
    }
    found = await previewed(order, connection(orders={"taxes": TAXES}))
    assert found.outcome == "park"
    assert "1.90" in found.reason


@pytest.mark.parametrize(
    "name",
    [
        "fixed_bundle_249_two",
        "fixed_bundle_249_type009",
        "frac_net_249",
        "bundle_disc_on_parent",
    ],
)
async def test_an_order_of_later_releases_is_delivered(name: str) -> None:
    order = report(name)
    found = await previewed(order, NET)
    assert found.outcome == "deliver", found.reason
    assert_exact(found, order)


@pytest.mark.parametrize("number", [101, 7, 2000000001])
async def test_a_number_that_an_export_wrote_as_an_integer_is_read(number: int) -> None:
    order = {**made(), "increment_id": number}
    assert Order.read(order).increment_id == str(number)
    assert_exact(await previewed(order), order)


@pytest.mark.parametrize("name", ["grand_total", "subtotal", "tax_amount", "shipping_amount"])
async def test_an_amount_below_zero_is_parked_with_it(name: str) -> None:
    found = await previewed({**made(), name: Decimal("-3.21")})
    assert found.outcome == "park"
    assert f"{name} is -3.21" in found.reason


@pytest.mark.parametrize("recipe", ["free text, return", "both, free text credit"])
async def test_an_invoice_of_tax_alone_is_parked(recipe: str) -> None:
    """A discount of the whole price, taxed before it."""
    item = row(price="10.00", discount="10.00", tax="1.90", tax_percent=19)
    order = made(item, discount_amount=-10)
    invoice = {
        **{key: order[key] for key in ("subtotal", "discount_amount", "tax_amount", "grand_total")},
        "entity_id": 5, "increment_id": "5", "order_id": order["entity_id"], "store_id": 1,
        "state": 2, "created_at": order["created_at"], "order_currency_code": "USD",
        "items": [
            {"order_item_id": item["item_id"], "sku": "BIKE", "qty": 1, "row_total": 10,
             "discount_amount": 10, "tax_amount": Decimal("1.90")}
        ],
    }  # fmt: skip
    found = await booked(invoice, order, books(recipe))
    assert found.outcome == "park"
    assert "1.90" in found.reason
    assert (await previewed(order)).outcome == "park"


@MODE_NAMES
@pytest.mark.parametrize(
    ("fee", "tax", "carried"),
    [
        ({"cod_fee": "10.00", "cod_fee_tax": "0.80"}, "0.80", True),
        ({"cod_fee": "10.00", "cod_fee_tax_amount": "0.80"}, "0.80", True),
        ({"cod_fee": "10.00", "tax_cod_fee": "0.80"}, "0.80", True),
        ({"cod_fee": "10.00"}, "0.80", False),
        ({"cod_fee": "10.00", "cod_fee_tax": "0.50"}, "0.80", False),
    ],
)
async def test_tax_beside_a_fee_is_the_fees_where_the_header_has_exactly_that(
    mode: str, fee: dict[str, str], tax: str, carried: bool
) -> None:
    order = with_extension(made(row(price="20.00", tax="1.60"), extra="10.80"), **fee)
    order["tax_amount"] += Decimal(tax)
    home = {"item": "FEE", "field": "extension_attributes.cod_fee"}
    settings = connection(
        orders={"segments": {"cod_fee": home}}, stores=store(prices_include_tax=mode == "gross")
    )
    found = await previewed(order, settings)
    assert found.outcome == ("deliver" if carried else "park"), found.reason
    if carried:
        assert_exact(found, order)
    else:
        assert "the other 0.80" in found.reason
        assert "tax_field" in found.remedy


async def test_a_fee_is_charged_by_the_code_that_makes_its_tax() -> None:
    item = row(price="100.00", tax="7.00", tax_percent=7)
    item["extension_attributes"] = {"itemized_taxes": [{"tax_code": "DE-7"}]}
    order = with_extension(
        made(item, extra="5.95"),
        gw_price="5.00",
        gw_tax_amount="0.95",
        applied_taxes=[
            {"code": "DE-7", "percent": 7, "amount": 7},
            {"code": "DE-19", "percent": 19, "amount": "0.95"},
        ],
    )
    order["tax_amount"] += Decimal("0.95")
    taxes = {**TAXES, "DE-7": {"group": "DOM", "item_group": "RED"}}
    segments = {"gift_wrapping": {"item": "WRAP"}}
    found = await previewed(order, connection(orders={"taxes": taxes, "segments": segments}))
    assert found.outcome == "deliver", found.reason
    groups = [line["SalesTaxItemGroupCode"] for line in lines_of(found.requests)]
    assert groups == ["RED", "FULL"]


@given(rows=st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=5), lost=CENTS)
def test_no_tax_reaches_the_ledger_that_no_line_carries(
    rows: list[tuple[Decimal, Decimal]], lost: Decimal
) -> None:
    order = made(*(row(price=str(price), tax=str(tax)) for price, tax in rows))
    prove_order_tax(Order.read(order), order_parts(Order.read(order), NET.orders))
    beyond = lost + Decimal("0.03")
    header = {
        "tax_amount": order["tax_amount"] + beyond,
        "grand_total": order["grand_total"] + beyond,
    }
    read_order = Order.read({**order, **header})
    with pytest.raises(Unproved) as parked:
        prove_order_tax(read_order, order_parts(read_order, NET.orders))
    assert f"{header['tax_amount']:.2f}" in str(parked.value)


@given(tax=CENTS, price=CENTS, other=CENTS)
def test_tax_never_meets_a_base_of_zero(tax: Decimal, price: Decimal, other: Decimal) -> None:
    free = row(price=str(price), discount=str(price), tax=str(tax), tax_percent=19)
    order = Order.read(made(free, row(price=str(other)), discount_amount=-price))
    with pytest.raises(Never):
        prove_order_tax(order, order_parts(order, NET.orders))


@given(codes=st.lists(st.sampled_from(["", "DE-19"]), min_size=1, max_size=4), tax=CENTS)
async def test_tax_never_meets_the_group_of_none(codes: list[str], tax: Decimal) -> None:
    """Whatever rows name a code: a taxed one without it holds the order up."""
    items = [
        row(
            price="1000",
            tax=str(tax),
            extension_attributes={"itemized_taxes": [{"tax_code": code}] if code else []},
        )
        for code in codes
    ]
    found = await previewed(made(*items), connection(orders={"taxes": TAXES}))
    if "" in codes:
        assert found.outcome == "park"
    else:
        groups = {line["SalesTaxItemGroupCode"] for line in lines_of(found.requests)}
        assert groups == {"FULL"}
