"""What a preview shows: what would be written, the proof, or the one reason why not; and where
orders lie in a file."""

from decimal import Decimal
from typing import Any

import pytest

from sync.core.encoding import from_json, to_json
from sync.mapping_tables.records import ItemMapping
from sync.preview.example import example_connection
from sync.preview.input_files import orders_in
from sync.preview.previewed import Preview
from tests.mapping.connection import NET, connection, previewed, store
from tests.mapping.ledger import bodies
from tests.mapping.made import made, row
from tests.mapping.samples import PAYLOADS, money, money_names, order, read
from tests.preview.lookups import Items, with_account, with_items


def requests_of(found: Preview) -> list[str]:
    return [f"{request.method} {request.path}" for request in found.requests]


async def test_a_new_shopper_comes_before_the_order_and_its_lines() -> None:
    found = await previewed(made(row(), row(), shipping="1.00"))
    assert (
        requests_of(found)
        == ["POST /data/CustomersV3", "POST /data/SalesOrderHeadersV4"]
        + ["POST /data/SalesOrderLinesV3"] * 3
    )
    customer, header, *lines = [request.body or {} for request in found.requests]
    assert header["OrderingCustomerAccountNumber"] == customer["CustomerAccount"]
    assert {line["SalesOrderNumber"] for line in lines} == {header["SalesOrderNumber"]}
    assert {line["dataAreaId"] for line in lines} == {header["dataAreaId"]}


async def test_a_known_shopper_is_not_made_again() -> None:
    found = await previewed(made(), NET, with_account("C-7"))
    assert "POST /data/CustomersV3" not in requests_of(found)
    assert (found.requests[0].body or {})["InvoiceCustomerAccountNumber"] == "C-7"


async def test_what_f_o_numbers_is_said_to_be_assigned() -> None:
    found = await previewed(
        made(), connection(customers={"numbers": "theirs"}, orders={"numbers": "theirs"})
    )
    assert (found.requests[1].body or {})["OrderingCustomerAccountNumber"] == "(assigned by D365)"


async def test_entity_sets_of_older_environments_are_used_where_they_are_named() -> None:
    settings = connection(
        dynamics={"order_headers": "SalesOrderHeadersV2", "order_lines": "SalesOrderLines"}
    )
    assert requests_of(await previewed(made(), settings))[1:] == [
        "POST /data/SalesOrderHeadersV2",
        "POST /data/SalesOrderLines",
    ]


async def test_a_guest_whom_nothing_identifies_is_parked_as_the_delivery_would() -> None:
    found = await previewed(made(customer_email="", billing_address=None))
    assert found.outcome == "park"
    assert "customer_email" in found.reason


async def test_a_shopper_without_a_name_is_parked_unless_he_has_an_account() -> None:
    nameless = made(customer_firstname="", customer_lastname="", billing_address=None)
    assert (await previewed(nameless)).outcome == "park"
    assert (await previewed(nameless, NET, with_account("C-7"))).outcome == "deliver"


async def test_the_json_form_is_the_same_for_every_outcome() -> None:
    found = [
        await previewed(document)
        for document in (made(), made(state="holded"), made(extra="9.00"), {"increment_id": "1"})
    ]
    assert [preview.outcome for preview in found] == ["deliver", "skip", "park", "park"]
    forms = [from_json(to_json(preview.as_json())) for preview in found]
    assert {tuple(form) for form in forms} == {
        ("key", "outcome", "reason", "remedy", "requests", "totals")
    }
    assert {tuple(form["totals"]) for form in forms} == {
        ("commerce", "dynamics", "difference", "currency")
    }
    assert forms[0]["totals"] == {
        "commerce": "10.00",
        "dynamics": "10.00",
        "difference": "0.00",
        "currency": "USD",
    }
    assert forms[2]["totals"]["difference"] == "9.00"
    assert forms[3]["totals"]["difference"] is None


async def test_notes_tell_what_the_totals_alone_do_not() -> None:
    rounded = await previewed(order("quantity-001-fractional-us"))
    assert any("rounding line of -0.01" in note for note in rounded.notes)
    assert not (await previewed(made())).notes


async def test_nothing_of_the_example_connection_is_real() -> None:
    example = example_connection()
    assert example.commerce.url.endswith("example.com")
    assert "example" in example.dynamics.url


async def test_the_store_decides_company_and_language_of_a_new_account() -> None:
    found = await previewed(made(), connection(stores=store(company="demf", language="de")))
    assert {(request.body or {})["dataAreaId"] for request in found.requests} == {"demf"}


# --- orders in files


ONE = {"increment_id": "1"}


@pytest.mark.parametrize(
    ("document", "count"),
    [
        (ONE, 1), ([ONE, ONE], 2), ({"items": [ONE, {"increment_id": "2", "order_id": 1}, 5]}, 1),
        ({"order": ONE}, 1), ({"data": {"order": ONE}}, 1),
        ({"request": {}, "response": {"body": {"items": [ONE]}}}, 1),
        ({"event": {"data": {"value": ONE}}}, 1), ([[ONE], {"order": [ONE]}], 2),
        ({"increment_id": "1", "order_id": 7}, 0), ({"increment_id": "1", "invoice_id": 7}, 0),
        ({}, 0), ([], 0), (None, 0), ("text", 0), ({"items": None}, 0),
        ({"order": {"data": {"value": {"event": {"body": {"response": [ONE]}}}}}}, 1),
        ({"order": "x", "items": [ONE]}, 1), ([[[[[[[[ONE]]]]]]]], 0),
    ],
)  # fmt: skip
def test_orders_are_found_whatever_they_are_wrapped_in(document: Any, count: int) -> None:
    assert len(list(orders_in(document))) == count


@pytest.mark.parametrize("name", money_names())
def test_a_recorded_scenario_holds_its_order_and_not_its_invoices(name: str) -> None:
    assert list(orders_in(money(name))) == [money(name)["order"]]


def test_a_recorded_answer_holds_its_orders() -> None:
    answers = sorted((PAYLOADS / "commerce_live").glob("order_get_*.json"))
    assert answers
    counts = {path.stem: len(list(orders_in(from_json(path.read_bytes())))) for path in answers}
    assert counts["order_get_free"] == 1
    assert set(counts.values()) <= {0, 1}


async def test_skus_of_custom_options_take_the_item_of_their_product_where_configured() -> None:
    document = read(PAYLOADS / "field_reports" / "order-000000014-custom-option-skus.json")
    taxes = {"US-NY-8875": {"group": "NY", "item_group": "ALL"}, "none": {}}
    settings = connection(orders={"taxes": taxes})

    with_options = {"ENG-1-TXT-MAT": 24, "ENG-1-GLO": 24}
    found = await previewed(document, settings, with_items())
    assert found.outcome == "park"
    assert 'items.custom_options = "base"' in found.remedy
    assert "map items import" in found.remedy
    lookups = with_items(bases=[ItemMapping(sku, "ENG") for sku in with_options])
    found = await previewed(document, settings, lookups)
    assert isinstance(lookups.items, Items)
    assert with_options in lookups.items.asked
    assert (found.outcome, found.reason) == ("deliver", "")
    assert [body["ItemNumber"] for body in bodies(found.requests, "SalesOrderLinesV3")][:2] == [
        "ENG", "ENG",
    ]  # fmt: skip


async def test_an_order_that_was_reduced_since_tells_what_d365_holds_in_the_end() -> None:
    part = row(quantity="3", qty_canceled=Decimal(2), qty_invoiced=Decimal(1))
    found = await previewed(made(part, total_canceled=Decimal(20), total_invoiced=Decimal(10)))
    assert (found.outcome, found.differs) == ("deliver", "")
    assert found.as_json()["totals"]["dynamics"] == "30.00"
    assert found.as_json()["reason"] == "then reduced to 10.00 USD; Commerce holds 10.00"


async def test_an_order_whose_sums_will_differ_says_so_with_both_and_what_to_do() -> None:
    sent = row(quantity="3", qty_shipped=Decimal(3), qty_invoiced=Decimal(1))
    order = made(sent, total_canceled=Decimal(20), total_invoiced=Decimal(10), state="complete")
    found = await previewed(order, connection(invoices={"recipe": "payment-journal"}))
    assert (found.outcome, found.differs) == ("deliver", "F&O 30.00, Commerce 10.00 USD")
    assert "20.00 too much" in found.as_json()["reason"]
    assert "resolve orders 000000042@1" in found.as_json()["remedy"]
