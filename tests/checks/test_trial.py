"""The dry run of recent records: what would be parked, once per cause, with the line that mends
it."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.checks.causes import OF_SKUS, ROWS, SHOWN
from sync.checks.finding import Finding, Level, findings_of
from sync.checks.recent import MOST
from sync.checks.supposing import SUPPOSED
from sync.checks.trial import recent_records_would_be_delivered
from sync.core.encoding import from_json, to_json
from sync.mapping_tables.records import ItemMapping
from tests.checks.conftest import Sandboxes, levels
from tests.commerce.shop import CREDENTIALS, Shop
from tests.contracts.hand_clock import HandClock
from tests.mapping.made import ADDRESS, made, row, with_extension
from tests.mapping.receiving import documents_of, orders_of
from tests.mapping.samples import PAYLOADS, money
from tests.preview.lookups import Items

FREE = PAYLOADS / "field_reports" / "order-000000021-free-no-tax.json"
SOURCES = sorted((PAYLOADS.parents[1] / "sync").rglob("*.py"))
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
TAXES = {"DE-19": {"group": "DOM", "item_group": "FULL"}}


def placed(*orders: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Orders as a shop lists them, each with numbers of its own."""
    numbered = [
        {**order, "entity_id": n, "increment_id": f"{n:09}"} for n, order in enumerate(orders, 1)
    ]
    return rest(numbered)


def rest(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows as JSON can hold them."""
    found: list[dict[str, Any]] = json.loads(to_json(list(rows)))
    return found


async def tried(
    lists: Mapping[str, list[dict[str, Any]]],
    *,
    days: int = 90,
    lookups: Any = None,
    page_size: int = 100,
    **sections: Any,
) -> list[Finding]:
    """What the dry run finds in a shop that has these lists, and no others."""
    everything = {
        "orders": [],
        "invoices": [],
        "creditmemos": [],
        "customers/search": [],
        "company/": [],
        **lists,
    }
    shop = Shop(HandClock(NOW).now, lists=everything)
    flows = sections.pop("flows", ("orders",))
    async with AsyncExitStack() as stack:
        sandboxes = Sandboxes(stack, clock=HandClock(NOW), shop=shop, credentials=CREDENTIALS)
        probe = await sandboxes.probe(
            commerce={"page_size": page_size, "websites": [1]}, **sections
        )
        settings = probe.settings.model_copy(update={"flows": flows})
        probe = replace(probe, settings=settings, days=days, lookups=lookups or probe.lookups)
        return await findings_of(recent_records_would_be_delivered, probe)


def mendable(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.level is not Level.OK]


async def test_a_free_order_without_tax_is_found_before_it_is_posted() -> None:
    order = from_json(FREE.read_bytes())
    orders = {"payments": {"checkmo": {"method": "CHECK"}}, "taxes": TAXES}
    found = mendable(await tried({"orders": rest([order])}, orders=orders))
    assert {(one.level, one.count, one.example) for one in found} == {
        (Level.FAULT, 1, "000000021@1")
    }
    payment, tax = (one.cure.removesuffix(' ("*" stands for all others).') for one in found)
    assert (
        payment
        == 'Add to [connections.shop.orders.payments]: free = { method = "<method of payment>" }'
    )
    assert tax.startswith(
        'Add to [connections.shop.orders.taxes]: none = { group = "<sales tax group>", item_group'
    )


def strange() -> list[dict[str, Any]]:
    """Orders that lack something, some of them several things."""
    code = {"code": "US-NY-*-Rate 1"}
    taxed = with_extension(made(row(tax="1.00")), applied_taxes=[code], item_applied_taxes=[])
    taxed["items"][0]["extension_attributes"] = {"itemized_taxes": [{"tax_code": code["code"]}]}
    abroad = {**ADDRESS, "country_id": "XK"}
    wrapped = with_extension(made(extra="4.00"), gw_price="4.00")
    shipped = made(row(sku="NEW-1"), row(sku="NEW-2"))
    return placed(
        {**taxed, "payment": {"method": "free"}}, {**taxed, "payment": {"method": "free"}},
        {**wrapped},
        with_extension(
            {**shipped, "billing_address": abroad},
            shipping_assignments=[{"shipping": {"address": abroad, "method": "flatrate_flatrate"}}],
        ),
        made(row(sku="NEW-3")),
        {**made(), "state": "canceled"},
    )  # fmt: skip


CONFIGURED: Mapping[str, Any] = {
    "payments": {"checkmo": {"method": "CHECK"}},
    "deliveries": {"tablerate_bestway": "10"},
    "taxes": {"none": {}},
}


KNOWN = Items([ItemMapping("BIKE", "B-1")])


async def test_every_cause_is_told_once_with_its_count_an_example_and_the_line_to_add(
    sandboxes: Sandboxes,
) -> None:
    lookups = replace((await sandboxes.probe()).lookups, items=KNOWN)
    found = await tried({"orders": strange()}, lookups=lookups, orders=CONFIGURED)
    reported = {
        one.what.partition(":")[0].partition(" (")[0]: (one.count, one.example, one.cure)
        for one in mendable(found)
    }
    assert {what: reported[what][:2] for what in reported} == {
        "Shipping method flatrate_flatrate is not mapped": (5, "000000005@1"),
        "Tax code US-NY-*-Rate 1 is not mapped": (2, "000000002@1"),
        "Payment method free is not mapped": (2, "000000002@1"),
        "The total gift_wrapping is not mapped": (1, "000000003@1"),
        "Country XK is not mapped": (1, "000000004@1"),
        "3 skus have no item in D365": (2, "000000005@1"),
    }
    assert '"US-NY-*-Rate 1" = { group' in reported["Tax code US-NY-*-Rate 1 is not mapped"][2]
    assert (
        "[connections.shop.orders.segments]: gift_wrapping = { item"
        in reported["The total gift_wrapping is not mapped"][2]
    )
    assert (
        '[connections.shop.customers.countries]: XK = "' in reported["Country XK is not mapped"][2]
    )
    assert "map items match --connection shop" in reported["3 skus have no item in D365"][2]
    (summary,) = [one for one in found if one.level is Level.OK]
    assert (
        summary.what
        == "tried 6 orders of the last 90 days: 0 would be delivered, 1 skipped, 5 parked"
    )


async def test_what_the_cures_add_lets_the_orders_through() -> None:
    """Each cure is followed to the letter, with some code of F&O where it says which."""
    sections: dict[str, Any] = {"orders": {name: dict(table) for name, table in CONFIGURED.items()}}
    rows = [order for order in strange() if all(item["sku"] == "BIKE" for item in order["items"])]
    for one in mendable(await tried({"orders": rows}, orders=CONFIGURED)):
        added = re.fullmatch(
            r"Add to \[connections\.shop\.(\w+)\.(\w+)\]: (.+?)( \(.*\))?\.", one.cure
        )
        assert added, one.cure
        section, table, line, _ = added.groups()
        written = tomllib.loads(re.sub(r"<[^>]*>", "CODE", line))
        sections.setdefault(section, {}).setdefault(table, {}).update(written)
    assert mendable(await tried({"orders": rows}, **sections)) == []


async def test_orders_from_before_the_cutover_are_tried_and_those_of_foreign_stores_are_not() -> (
    None
):
    rows = placed({**made(), "payment": {"method": "free"}}, {**made(), "store_id": 9})
    orders = {
        "payments": {"checkmo": {}},
        "placed_from": datetime(2027, 1, 1, tzinfo=UTC),
        "oldest_days": 1,
    }
    found = await tried({"orders": rows}, orders=orders)
    assert [one.count for one in mendable(found)] == [1]
    assert found[0].what.startswith("tried 1 orders of the last 90 days")


async def test_of_many_different_troubles_the_rest_is_summed_up() -> None:
    rows = [made({**row(sku=f"S{letter}"), "qty_ordered": 0}) for letter in "abcdefghijklm"]
    found = mendable(await tried({"orders": placed(*rows)}))
    assert {one.level for one in found} == {Level.WARN}
    assert len(found) == SHOWN + 1
    assert (found[-1].what, found[-1].count) == (
        "3 more records would be parked for 3 further causes",
        3,
    )


async def test_where_orders_do_not_flow_they_tell_of_prices_and_methods_alone() -> None:
    priced = made({**row(), "price": 10, "price_incl_tax": "11.90", "original_price": 10})
    unpaid = {**made(), "payment": None}
    (found,) = await tried({"orders": placed(priced, unpaid)}, flows=("posted_invoices",))
    assert found.what.startswith("stores.1: prices_include_tax = false agrees")


def test_every_row_that_the_mapping_may_miss_has_its_line_and_its_stand_in() -> None:
    raised = {
        name for path in SOURCES for name in re.findall(r'Missing\("([a-z_.]+)"', path.read_text())
    }
    assert ROWS.keys() == SUPPOSED.keys()
    assert raised - {*OF_SKUS} <= ROWS.keys()


@pytest.mark.parametrize(("days", "read"), [(90, 1), (5, 0)])
async def test_records_older_than_the_days_are_left_out(days: int, read: int) -> None:
    found = await tried({"orders": placed(made())}, days=days)
    assert found[0].what.startswith(f"tried {read} orders")


async def test_no_days_ask_the_shop_for_nothing() -> None:
    assert await tried({"orders": placed(made())}, days=0) == []


async def test_only_the_newest_are_read_where_there_are_many() -> None:
    rows = placed(*[{**made(), "items": []}] * (MOST + 5))
    found = await tried({"orders": rows}, page_size=300)
    assert found[0].what.startswith(f"tried the newest {MOST} of {MOST + 5} orders")


async def test_differing_totals_are_a_fault_and_an_impossible_record_is_worth_a_look() -> None:
    unexplained = [{**made(extra=extra), "coupon_code": extra} for extra in ("3.00", "4.00")]
    empty = {**made(), "items": []}
    found = mendable(await tried({"orders": placed(*unexplained, empty)}))
    assert [(one.level, one.count) for one in found] == [(Level.FAULT, 2), (Level.WARN, 1)]
    assert "unexplained 4.00" in found[0].what
    assert "[connections.shop.orders.segments" in found[0].cure


async def test_invoices_and_credit_memos_are_tried_with_their_orders_where_they_flow() -> None:
    scenario = money("lifecycle-030-refund-shipping-parts-us")
    documents = list(documents_of(scenario))
    lists = {
        "orders": rest(orders_of(scenario).values()),
        "invoices": rest(document for is_memo, document in documents if not is_memo),
        "creditmemos": rest(document for is_memo, document in documents if is_memo),
    }
    found = await tried(
        lists, flows=("orders", "invoices", "creditmemos"), invoices={"banks": {"braintree": "B"}}
    )
    banks = [one for one in mendable(found) if "bank account" in one.what]
    assert [one.count for one in banks] == [len(lists["invoices"])]
    assert "[connections.shop.invoices.banks]" in banks[0].cure


async def test_customers_are_tried_where_they_flow() -> None:
    rows = [
        {
            "id": 7,
            "store_id": 1,
            "website_id": 1,
            "created_at": "2026-11-20 10:00:00",
            "email": "a@example.com",
            "group_id": 4,
            "firstname": "A",
            "lastname": "B",
            "addresses": [],
        }
    ]
    customers = {"group": "", "groups": {"1": "10"}}
    found = mendable(
        await tried({"customers/search": rows}, flows=("customers",), customers=customers)
    )
    assert [one.what.partition(" (")[0] for one in found] == [
        "The currency of accounts is not mapped",
        "Customer group 4 is not mapped",
    ]
    assert found[0].cure == 'Add to [connections.shop.customers]: currency = "<currency>".'


OPTIONS = PAYLOADS / "field_reports" / "order-000000014-custom-option-skus.json"


async def test_skus_with_custom_options_are_told_with_the_setting_that_maps_them(
    sandboxes: Sandboxes,
) -> None:
    order = {**from_json(OPTIONS.read_bytes()), "created_at": "2026-11-20 10:00:00"}
    taxes = {"US-NY-8875": {"group": "NY", "item_group": "ALL"}, "none": {}}
    lists = {"orders": rest([order])}
    lookups = replace((await sandboxes.probe()).lookups, items=KNOWN)
    (told,) = mendable(await tried(lists, lookups=lookups, orders={"taxes": taxes}))
    assert told.what.startswith("2 skus have no item in D365 (ENG-1-GLO, ENG-1-TXT-MAT)")
    assert '[connections.shop.items]: custom_options = "base"' in told.cure


XK = PAYLOADS / "field_reports" / "customer_second_address_xk.json"


async def test_customers_of_our_websites_are_tried_and_an_address_abroad_is_told() -> None:
    ours = {**from_json(XK.read_bytes()), "created_at": "2026-11-10 10:00:00"}
    rows = [ours, {**ours, "id": 8, "website_id": 2}, {**ours, "id": 9, "store_id": 0}]
    customers = {"currency": "USD", "group": "10"}
    summary, told = await tried(
        {"customers/search": rows}, flows=("customers",), customers=customers
    )
    assert summary.what.startswith("tried 2 customers of the last 90 days: 2 would be delivered")
    assert (told.level, told.count) == (Level.WARN, 2)
    assert told.what.startswith("Country XK is not mapped (customers.countries): 2 customers")
    assert "would be delivered without such an address" in told.what
    assert "[connections.shop.customers.countries]: XK =" in told.cure


async def test_companies_are_tried_whatever_their_age_where_they_flow(sandboxes: Sandboxes) -> None:
    probe = await sandboxes.probe(
        customers={"currency": "USD"}, companies={"sales_representatives": {"999": "000001"}}
    )
    probe = replace(probe, settings=probe.settings.model_copy(update={"flows": ("companies",)}))
    (reported, cause) = await findings_of(recent_records_would_be_delivered, probe)
    assert reported.what == "tried 2 companies: 0 would be delivered, 2 parked"
    assert cause.what.startswith(
        "Admin user 1 is not mapped (companies.sales_representatives): 2 companies"
    )


@pytest.mark.parametrize(
    ("invoices", "reported"),
    [
        ({"banks": {"*": "B"}, "on_account": ()}, {"checkmo": 2, "braintree": 1}),
        ({"banks": {"*": "B", "braintree": "B"}, "on_account": ("checkmo",)}, {}),
        ({"banks": {"braintree": "B"}, "on_account": ("checkmo",)}, {}),
        ({"recipe": "free-text-invoice", "revenue_account": "4", "banks": {"*": "B"}}, {}),
    ],
)
async def test_methods_that_only_the_star_covers_are_told_with_how_often_they_occurred(
    invoices: Mapping[str, Any], reported: Mapping[str, int]
) -> None:
    paid = [
        {**made(), "payment": {"method": method}}
        for method in ("checkmo", "free", "braintree", "checkmo")
    ]
    found = await tried({"orders": placed(*paid)}, flows=("orders", "invoices"), invoices=invoices)
    shown = {
        one.what.split()[2]: one.count
        for one in mendable(found)
        if one.what.startswith("payment method")
    }
    assert shown == reported
    assert all("on_account" in one.cure for one in mendable(found))


@pytest.mark.parametrize(
    ("sections", "reported"),
    [
        ({}, []),
        ({"payments": {"checkmo": {}}}, ["orders.payments maps no free"]),
        ({"payments": {"*": {}}, "taxes": {"none": {}}}, []),
        ({"taxes": {"*": {}}}, ['orders.taxes maps no "none"']),
        ({"taxes": TAXES}, ['orders.taxes maps no "none"']),
    ],
)
async def test_rows_that_every_shop_needs_are_missed_before_an_order_needs_them(
    sections: Mapping[str, Any], reported: list[str]
) -> None:
    found = mendable(await tried({}, orders=sections))
    assert [one.what.partition(":")[0] for one in found] == reported
    assert {one.level for one in found} <= {Level.WARN}


async def test_customers_without_a_currency_are_a_fault_although_none_registered_lately() -> None:
    (found,) = mendable(await tried({}, flows=("customers",), days=0))
    assert (found.level, found.cure) == (
        Level.FAULT,
        'Add to [connections.shop.customers]: currency = "<currency>".',
    )


async def test_a_shop_of_the_sandbox_would_be_delivered(sandboxes: Sandboxes) -> None:
    sandboxes.clock.at = sandboxes.shop_clock.at = NOW
    sandboxes.commerce.place_new(20)
    segments = {
        "gift_wrapping": {"item": "FEE"},
        "payment_fee": {"item": "FEE", "field": "extension_attributes.payment_fee"},
    }
    stores = {"default": {"site": "1"}, "2": {"prices_include_tax": True}}
    probe = await sandboxes.probe(
        orders={"segments": segments}, stores=stores, customers={"currency": "USD"}
    )
    found = await findings_of(recent_records_would_be_delivered, probe)
    assert levels(found) == {"ok"}, found
    ordered = {str(one.row["order_currency_code"]) for one in sandboxes.commerce.orders.values()}
    assert probe.known.currencies == ordered
