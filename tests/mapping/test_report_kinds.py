"""Each kind of trouble that field reports found, as a property over documents that are drawn.

| field report (`tests/payloads/field_reports`) | what holds of its whole kind |
| --- | --- |
| two_stores_same_numbers | `tests/flows/test_never_one_target.py` |
| closed_unshipped, order-000000106-part-cancelled | `tests/flows/test_order_sums.py`, `test_order_left.py` |
| on_account_terms | `test_a_method_moves_money_one_way_only_and_never_without_a_decision` |
| order_tax_header_only, memo_tax_whole_order | `test_tax_that_no_line_of_a_document_carries_is_parked_with_both_sums` |
| memo_shiptax_no_ship | `test_tax_of_shipping_that_is_not_there_is_parked` |
| tax_without_codes, tax_codes_ok | `test_tax_of_any_line_without_a_code_is_never_that_of_none` |
| avatax39 | `test_sound_documents.py::test_tax_never_meets_a_base_of_zero` |
| memo_negative | `test_an_amount_below_zero_is_parked_with_it` |
| memo_other_currency | `test_a_document_in_another_currency_than_its_order_is_parked_with_both` |
| ny_new_year_invoice | `test_a_day_in_the_ledger_is_the_day_in_its_zone` |
| ship_to_without_city_and_street | `test_goods_need_a_whole_address_and_nothing_else_does` |
| fixed_bundle_249_two, fixed_bundle_249_type009 | `test_a_fixed_bundle_bears_its_money_whatever_its_children_show`, `test_fixed_bundles.py` |
| frac_net_249 | `test_rows_that_rest_rounded_to_cents_come_to_the_header` |
| bundle_disc_on_parent | `test_a_discount_on_a_bundles_parent_is_spread_to_the_cent` |
| customer_second_address_xk | `test_an_account_goes_without_exactly_the_addresses_that_cannot_be_mapped` |
| customer-5-of-website-2 | `test_a_customer_of_another_website_or_store_is_skipped` |
| async_rejected, processing_fraud, state_null | `test_an_order_is_posted_only_in_a_state_and_status_that_do_not_hold_it` |
| order-000000014-custom-option-skus | `test_a_longer_sku_is_its_products_item_where_it_is_longer_by_options` |
| order-000000021-free-no-tax | `tests/checks/test_trial.py` |
"""  # noqa: E501, W505 - a row of a table is one line

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sync.adapters.sqlite.tables import SqliteTables
from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.config.connections import Items
from sync.core.money import rounded
from sync.mapping.posting_target import day_of
from sync.mapping_tables.tables import ItemMapping, ItemMappings, normal_sku
from tests.mapping.connection import MODES, connection, previewed, store
from tests.mapping.fno import assert_exact, lines_of
from tests.mapping.ledger import bodies
from tests.mapping.made import ADDRESS, made, row
from tests.mapping.receiving import RECIPES, booked, books, invoice_of, memo_of
from tests.mapping_tables.clock import StillClock
from tests.preview.test_accounts import CUSTOMER, customer
from tests.properties import examples

CENTS = st.decimals("0.02", "500.00", places=2)
MODE = st.sampled_from(sorted(MODES))
RECIPE = st.sampled_from(sorted(RECIPES))
IS_MEMO = st.booleans()
FEW = settings(max_examples=examples(25))
TAXES: Final = {
    "DE-19": {"group": "DOM", "item_group": "FULL"},
    "none": {"group": "EXEMPT", "item_group": "ZERO"},
}


def rows_of(lines: list[tuple[Decimal, Decimal]]) -> list[dict[str, Any]]:
    """Rows of a price and a tax."""
    return [row(price=str(price), tax=str(tax), tax_percent=19) for price, tax in lines]


async def shown(
    document: Any, order: Any, recipe: str, mode: str, *, is_memo: bool, **sections: Any
) -> Any:
    settings = books(recipe, gross=mode == "gross", **sections)
    return await booked(document, order, settings, is_memo=is_memo)


# Ways to pay


@FEW
@given(
    methods=st.lists(st.text("abcdef_", min_size=1, max_size=8), min_size=3, max_size=3,
                     unique=True),
    which=st.integers(0, 2), is_memo=IS_MEMO, has_others=st.booleans(),
)  # fmt: skip
async def test_a_method_moves_money_one_way_only_and_never_without_a_decision(
    methods: list[str], which: int, is_memo: bool, has_others: bool
) -> None:
    """A bank's method makes a payment line of the whole total, one on account none, and any other
    is parked with its name, unless a bank is named for all others."""
    by_bank, on_account, _ = methods
    order = made(row(price="20.00"), payment={"method": methods[which]})
    banks = {by_bank: "BANK", **({"*": "OTHERS"} if has_others else {})}
    document = (memo_of if is_memo else invoice_of)(order)
    found = await shown(
        document, order, "payment, return", "net", is_memo=is_memo,
        invoices={"banks": banks, "on_account": (on_account,)},
    )  # fmt: skip
    lines = bodies(found.requests, "CustomerPaymentJournalLines")
    if methods[which] == on_account:
        assert lines == []
        assert found.outcome == ("deliver" if is_memo else "skip")
    elif which == 2 and not has_others:
        assert found.outcome == "park"
        assert methods[which] in found.reason
        assert "invoices.banks" in found.remedy
    else:
        (line,) = lines
        assert line["DebitAmount" if is_memo else "CreditAmount"] == document["grand_total"]


# Tax


@FEW
@given(
    lines=st.lists(st.tuples(CENTS, CENTS), min_size=1, max_size=4), lost=CENTS, recipe=RECIPE,
    mode=MODE, is_memo=IS_MEMO,
)  # fmt: skip
async def test_tax_that_no_line_of_a_document_carries_is_parked_with_both_sums(
    lines: list[tuple[Decimal, Decimal]], lost: Decimal, recipe: str, mode: str, is_memo: bool
) -> None:
    order = made(*rows_of(lines))
    document = (memo_of if is_memo else invoice_of)(order)
    whole = await shown(document, order, recipe, mode, is_memo=is_memo)
    assert whole.outcome == "deliver", whole.reason
    more = lost + Decimal("0.10")
    header = {name: document[name] + more for name in ("tax_amount", "grand_total")}
    found = await shown({**document, **header}, order, recipe, mode, is_memo=is_memo)
    assert found.outcome == "park"
    carried = sum(tax for _, tax in lines)
    assert f"{carried + more:.2f}" in found.reason
    assert f"{carried:.2f}" in found.reason
    assert found.remedy


@FEW
@given(
    goods=st.tuples(CENTS, CENTS), tax=CENTS, recipe=RECIPE, mode=MODE, is_memo=IS_MEMO
)  # fmt: skip
async def test_tax_of_shipping_that_is_not_there_is_parked(
    goods: tuple[Decimal, Decimal], tax: Decimal, recipe: str, mode: str, is_memo: bool
) -> None:
    """The order's shipping was taxed; the document has its tax, but not the shipping."""
    taxed = {"shipping_tax_amount": tax, "shipping_amount": Decimal(10)}
    order = made(*rows_of([goods]), shipping="10", extra=str(tax), **taxed)
    order["tax_amount"] += tax
    document = (memo_of if is_memo else invoice_of)(order)
    without = {
        "shipping_amount": Decimal(0), "shipping_tax_amount": tax,
        "grand_total": document["grand_total"] - 10,
    }  # fmt: skip
    found = await shown({**document, **without}, order, recipe, mode, is_memo=is_memo)
    assert found.outcome == "park", found.totals
    assert f"{tax:.2f}" in found.reason


@FEW
@given(
    where=st.sampled_from(["row", "shipping", "fee"]), tax=CENTS, has_code=st.booleans(), mode=MODE
)  # fmt: skip
async def test_tax_of_any_line_without_a_code_is_never_that_of_none(
    where: str, tax: Decimal, has_code: bool, mode: str
) -> None:
    coded = [{"code": "DE-19", "percent": 19, "amount": tax}] if has_code else []
    order = made(row(price="1000", tax=str(tax) if where == "row" else "0"), shipping="50")
    order["extension_attributes"]["applied_taxes"] = coded
    if where == "row":
        tagged = [{"tax_code": "DE-19"}] if has_code else []
        order["items"][0]["extension_attributes"] = {"itemized_taxes": tagged}
    else:
        order["tax_amount"] += tax
        order["grand_total"] += tax + (Decimal(5) if where == "fee" else 0)
    if where == "shipping":
        order["shipping_tax_amount"] = tax
        entries = [{"type": "shipping", "applied_taxes": coded}] if has_code else []
        order["extension_attributes"]["item_applied_taxes"] = entries
    if where == "fee":
        order["extension_attributes"] |= {"gw_price": Decimal(5), "gw_tax_amount": tax}
    found = await previewed(
        order,
        connection(
            orders={"taxes": TAXES, "segments": {"gift_wrapping": {"item": "WRAP"}}},
            stores=store(prices_include_tax=mode == "gross"),
        ),
    )
    if not has_code:
        assert found.outcome == "park"
        assert f"{tax:.2f}" in found.reason
        return
    assert_exact(found, order)
    taxed = [line for line in lines_of(found.requests) if line["SalesTaxItemGroupCode"] == "FULL"]
    assert len(taxed) == 1


# Documents that cannot be

AMOUNT = st.sampled_from(
    ["grand_total", "subtotal", "tax_amount", "shipping_amount", "shipping_tax_amount"]
)


@FEW
@given(
    name=AMOUNT, amount=st.decimals("-500", "-0.10", places=2), recipe=RECIPE, mode=MODE,
    kind=st.sampled_from(["order", "invoice", "memo"]),
)  # fmt: skip
async def test_an_amount_below_zero_is_parked_with_it(
    name: str, amount: Decimal, recipe: str, mode: str, kind: str
) -> None:
    order = made(row(price="20.00"))
    if kind == "order":
        found = await previewed({**order, name: amount}, MODES[mode])
    else:
        document = {**(memo_of if kind == "memo" else invoice_of)(order), name: amount}
        found = await shown(document, order, recipe, mode, is_memo=kind == "memo")
    assert found.outcome == "park"
    assert f"{name} is {amount:.2f}" in found.reason
    assert found.remedy


@FEW
@given(
    currencies=st.tuples(*[st.sampled_from(["USD", "EUR", "CHF", "JPY"])] * 2), recipe=RECIPE,
    mode=MODE, is_memo=IS_MEMO,
)  # fmt: skip
async def test_a_document_in_another_currency_than_its_order_is_parked_with_both(
    currencies: tuple[str, str], recipe: str, mode: str, is_memo: bool
) -> None:
    ordered, booked_in = currencies
    order = made(row(price="20.00"), order_currency_code=ordered)
    document = (memo_of if is_memo else invoice_of)(order, order_currency_code=booked_in)
    found = await shown(document, order, recipe, mode, is_memo=is_memo)
    assert (found.outcome == "deliver") is (ordered == booked_in)
    assert ordered == booked_in or (ordered in found.reason and booked_in in found.reason)


ZONES = ("America/New_York", "Europe/Berlin", "Pacific/Auckland", "Asia/Kolkata", "UTC")


@FEW
@given(
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31)),  # noqa: DTZ001 - in UTC
    zone=st.sampled_from(ZONES), is_memo=IS_MEMO,
)  # fmt: skip
def test_a_day_in_the_ledger_is_the_day_in_its_zone(
    moment: datetime, zone: str, is_memo: bool
) -> None:
    stamp = {"created_at": f"{moment:%Y-%m-%d %H:%M:%S}"}
    order = made(row())
    document = (
        CreditMemo.read(memo_of(order, **stamp))
        if is_memo
        else Invoice.read(invoice_of(order, **stamp))
    )
    settings = books(dynamics={"time_zone": zone})
    there = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert day_of(document, settings, settings.legal_entity) == there.date()


@FEW
@given(
    left_out=st.sets(st.sampled_from(["street", "city", "country_id", "postcode", "region"])),
    types=st.lists(st.sampled_from(["simple", "virtual", "downloadable"]), min_size=1, max_size=3),
)
async def test_goods_need_a_whole_address_and_nothing_else_does(
    left_out: set[str], types: list[str]
) -> None:
    order = made(*(row(product_type=kind) for kind in types))
    (shipping,) = order["extension_attributes"]["shipping_assignments"]
    address = {name: value for name, value in ADDRESS.items() if name not in left_out}
    shipping["shipping"]["address"] = address
    found = await previewed(order)
    missing = left_out & {"street", "city", "country_id"}
    has_goods = "simple" in types
    if has_goods and missing:
        assert found.outcome == "park"
        assert all(name in found.reason for name in missing)
    elif has_goods or not missing:
        assert found.outcome == "deliver", found.reason


# Shapes of later releases


@FEW
@given(
    bundle=st.tuples(CENTS, st.integers(1, 3), st.integers(0, 90)),
    pieces=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    tax=st.decimals("0", "20.00", places=2), repeats=st.booleans(), mode=MODE,
)  # fmt: skip
async def test_a_fixed_bundle_bears_its_money_whatever_its_children_show(
    bundle: tuple[Decimal, int, int], pieces: list[int], tax: Decimal, repeats: bool, mode: str
) -> None:
    price, bundles, discount = bundle
    off = rounded(price * bundles * discount / 100)
    assume(price * bundles > off or not tax)
    parent = row(
        sku="KIT", quantity=str(bundles), price=str(price), tax=str(tax), discount=str(off),
        tax_percent=19, product_type="bundle", item_id=1,
    )  # fmt: skip
    parts = [
        {
            **row(sku=f"PART-{place}", quantity=str(count * bundles), price="0"),
            "price": price if repeats else Decimal(0), "item_id": place, "parent_item_id": 1,
        }
        for place, count in enumerate(pieces, start=2)
    ]  # fmt: skip
    order = made(parent, *parts, discount_amount=-off)
    found = await previewed(order, MODES[mode])
    assert_exact(found, order)
    assert [line["ItemNumber"] for line in lines_of(found.requests)] == ["KIT"]


@FEW
@given(
    lines=st.lists(
        st.tuples(
            st.decimals("0.001", "9.999", places=3), st.decimals("0.01", "99.9999", places=4)
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
async def test_rows_that_rest_rounded_to_cents_come_to_the_header(
    lines: list[tuple[Decimal, Decimal]],
) -> None:
    """The header keeps four decimals of fractional quantities."""
    items, exact = [], Decimal(0)
    for quantity, price in lines:
        worth = (quantity * price).quantize(Decimal("0.0001"))
        assume(rounded(worth) > 0)
        shows = rounded(worth)
        items.append(
            {**row(quantity=str(quantity), price=str(price)), "row_total": shows,
             "row_total_incl_tax": shows}
        )  # fmt: skip
        exact += worth if quantity % 1 else shows
    order = {**made(*items), "subtotal": exact, "grand_total": exact}
    found = await previewed(order)
    assert found.outcome == "deliver", found.reason
    assert found.totals is not None
    assert found.totals.difference == 0
    assert found.totals.commerce == rounded(exact)


@FEW
@given(
    parts=st.lists(st.tuples(CENTS, st.integers(1, 4)), min_size=1, max_size=5),
    share=st.integers(1, 100), mode=MODE,
)  # fmt: skip
async def test_a_discount_on_a_bundles_parent_is_spread_to_the_cent(
    parts: list[tuple[Decimal, int]], share: int, mode: str
) -> None:
    children = [
        {
            **row(sku=f"PART-{place}", quantity=str(count), price=str(price)),
            "item_id": place, "parent_item_id": 1,
        }
        for place, (price, count) in enumerate(parts, start=2)
    ]  # fmt: skip
    worth = sum((price * count for price, count in parts), Decimal(0))
    off = rounded(worth * share / 100)
    assume(off)
    parent = {
        **row(sku="KIT", price="0"), "item_id": 1, "product_type": "bundle", "price": worth,
        "row_total_incl_tax": worth - off, "discount_amount": off,
    }  # fmt: skip
    order = made(parent, *children) | {
        "subtotal": worth, "discount_amount": -off, "grand_total": worth - off,
    }  # fmt: skip
    found = await previewed(order, MODES[mode])
    assert_exact(found, order)
    assert {line["ItemNumber"] for line in lines_of(found.requests)} == {
        f"PART-{place}" for place in range(2, 2 + len(parts))
    }


# Whose, and in which state


@FEW
@given(countries=st.lists(st.sampled_from(["US", "FR", "XK", "ZZ", "QQ"]), min_size=1, max_size=5),
       mapped=st.sets(st.sampled_from(["XK", "ZZ"])))  # fmt: skip
async def test_an_account_goes_without_exactly_the_addresses_that_cannot_be_mapped(
    countries: list[str], mapped: set[str]
) -> None:
    saved = [
        {**CUSTOMER["addresses"][0], "id": place, "country_id": country,
         "default_billing": place == 1}
        for place, country in enumerate(countries, start=1)
    ]  # fmt: skip
    settings = connection(customers={"countries": dict.fromkeys(mapped, "SRB")})
    found = await customer({**CUSTOMER, "addresses": saved}, settings)
    assert found.outcome == "deliver"
    strange = [
        place
        for place, country in enumerate(countries, start=1)
        if country in {"XK", "ZZ", "QQ"} - mapped
    ]
    assert all(f"address {place} " in found.reason for place in strange)
    assert found.reason.count("is left out") == len(strange)
    assert bool(found.remedy) is bool(strange)
    account, *further = [request.body or {} for request in found.requests]
    assert ("AddressCountryRegionId" in account) is (1 not in strange)
    assert len(further) == len([place for place in range(2, len(countries) + 1)
                                if place not in strange])  # fmt: skip


@FEW
@given(
    websites=st.sets(st.integers(1, 4), max_size=3), of_website=st.integers(1, 4),
    stores=st.sets(st.sampled_from(["1", "2", "3"]), min_size=1), of_store=st.integers(0, 3),
)  # fmt: skip
async def test_a_customer_of_another_website_or_store_is_skipped(
    websites: set[int], of_website: int, stores: set[str], of_store: int
) -> None:
    only = dict.fromkeys(sorted(stores), store()["default"])
    settings = connection(stores=only, commerce={"websites": sorted(websites)})
    settings = settings.model_copy(
        update={"stores": {name: settings.stores[name] for name in sorted(stores)}}
    )
    found = await customer({**CUSTOMER, "website_id": of_website, "store_id": of_store}, settings)
    is_ours = (not websites or of_website in websites) and (not of_store or str(of_store) in stores)
    assert found.outcome == ("deliver" if is_ours else "skip"), found.reason


STATUSES = ("", "pending", "processing", "fraud", "rejected", "mine", "holded", "payment_review")


@FEW
@given(
    state=st.sampled_from(["", "new", "processing", "holded", "payment_review", "rejected"]),
    status=st.sampled_from(STATUSES), holds=st.sets(st.sampled_from(["fraud", "mine"])),
)  # fmt: skip
async def test_an_order_is_posted_only_in_a_state_and_status_that_do_not_hold_it(
    state: str, status: str, holds: set[str]
) -> None:
    order = {**made(), "state": state or None, "status": status or None}
    found = await previewed(order, connection(orders={"hold_statuses": tuple(sorted(holds))}))
    if not state and not status:
        assert found.outcome == "park"
        assert "state and status" in found.reason
    elif "rejected" in (state, status) or status in holds or state in ("holded", "payment_review"):
        assert found.outcome == "skip"
        assert found.requests == ()
    else:
        assert found.outcome == "deliver", found.reason


# Skus

PART = st.text("ABC12-", min_size=1, max_size=4)


@FEW
@given(
    base=PART, added=st.lists(PART, max_size=3), own=st.booleans(), setting=st.booleans(),
    is_known=st.booleans(),
)  # fmt: skip
async def test_a_longer_sku_is_its_products_item_where_it_is_longer_by_options(
    base: str, added: list[str], own: bool, setting: bool, is_known: bool
) -> None:
    """A row of its own goes first; a product that the shop has no more is none."""
    sku = "-".join([base, *added])
    tables = SqliteTables(":memory:")

    async def base_skus(_: Collection[int]) -> dict[int, str]:
        return {24: base} if is_known else {}

    mode: Any = {"custom_options": "base"} if setting else {}
    items = ItemMappings(tables, "main", Items(**mode), StillClock(), base_skus)
    try:
        await items.put(ItemMapping(base, "BASE"))
        if own and added:
            await items.put(ItemMapping(sku, "OWN"))
        found = (await items.of([sku], {sku: 24})).get(normal_sku(sku))
    finally:
        tables.close()
    if normal_sku(sku) == normal_sku(base):
        expected = "BASE"
    elif own and added:
        expected = "OWN"
    else:
        expected = "BASE" if setting and is_known else ""
    assert (found.item_number if found else "") == expected
