"""What a sales order is called, and how its lines are told apart after a lost answer."""

from copy import deepcopy
from typing import Any

import pytest

from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.mapping.order_settings import order_store
from tests.mapping.connection import NET, connection, header, parked, previewed, store
from tests.mapping.fno import assert_exact, header_of, lines_of
from tests.mapping.made import made, row


async def test_our_number_is_made_of_store_and_increment_id() -> None:
    assert (await header(made()))["SalesOrderNumber"] == "1-000000042"


async def test_a_number_of_theirs_is_left_out() -> None:
    settings = connection(orders={"numbers": "theirs"})
    found = await previewed(made(), settings)
    assert "SalesOrderNumber" not in header_of(found.requests)
    assert {body["SalesOrderNumber"] for body in lines_of(found.requests)} == {"(assigned by D365)"}


@pytest.mark.parametrize(
    ("template", "number"),
    [
        ("W{increment_id}", "W000000042"),
        ("{store_id}/{entity_id}/{increment_id}", "1/42/000000042"),
    ],
)
async def test_templates_say_how_numbers_and_references_look(template: str, number: str) -> None:
    settings = connection(orders={"number_template": template, "reference_template": template})
    found = await header(made(), settings)
    assert (found["SalesOrderNumber"], found["CustomersOrderReference"]) == (number, number)


async def test_braces_in_an_increment_id_are_only_text() -> None:
    assert (await header(made(increment_id="{0}{x}%s")))["SalesOrderNumber"] == "1-{0}{x}%s"


async def test_a_number_of_twenty_characters_is_the_longest() -> None:
    assert (await header(made(increment_id="0" * 18)))["SalesOrderNumber"] == "1-" + "0" * 18
    assert "21 characters; F&O takes 20" in await parked(made(increment_id="0" * 19))


@pytest.mark.parametrize(
    "increment_id", ["", "  ", None, "0" * 51, "1\n2", "1\x7f2", True, ["1"], {"a": 1}]
)
async def test_an_increment_id_that_cannot_be_a_key_is_parked(increment_id: Any) -> None:
    assert "increment_id" in await parked(made(increment_id=increment_id))


async def test_an_order_without_a_store_takes_the_default_store() -> None:
    order = made(store_id=None)
    found = await previewed(order)
    assert found.key == "000000042@?"
    assert header_of(found.requests)["SalesOrderNumber"] == "0-000000042"


def test_a_store_of_nobody_is_never_mapped() -> None:
    settings = connection(stores={})
    settings = settings.model_copy(update={"stores": {"7": NET.stores["default"]}})
    with pytest.raises(Never, match="store_id 1 belongs to no store"):
        order_store(Order.read(made()), settings)


async def test_an_order_of_another_connection_s_store_is_skipped() -> None:
    settings = NET.model_copy(update={"stores": {"7": NET.stores["default"]}})
    found = await previewed(made(), settings)
    assert (found.outcome, found.reason) == (
        "skip",
        "store 1 is none of this connection's stores",
    )


async def test_a_stores_own_settings_go_before_the_defaults() -> None:
    stores = {
        **store(language="en-us", company="usmf", origin="WEB"),
        "1": {"company": "DEMF", "language": "de", "warehouse": "22"},
    }
    found = await header(made(), connection(stores=stores))
    assert {
        name: found[name]
        for name in (
            "dataAreaId",
            "LanguageId",
            "SalesOrderOriginCode",
            "DefaultShippingWarehouseId",
        )
    } == {
        "dataAreaId": "demf",
        "LanguageId": "de",
        "SalesOrderOriginCode": "WEB",
        "DefaultShippingWarehouseId": "22",
    }


async def test_a_line_is_known_by_the_id_of_its_item() -> None:
    order = made(row(item_id=7), row(item_id="8"), shipping="1.00")
    found = await previewed(order)
    assert [body["ExternalItemNumber"] for body in lines_of(found.requests)] == [
        "7",
        "8",
        "shipping",
    ]


@pytest.mark.parametrize(
    "items",
    [
        [row(item_id=7), row(item_id=7), row(item_id="7"), row(item_id=7)],
        [row(item_id=None), row(item_id=None), row(sku="bike ", item_id=None)],
        [
            row(sku="shipping", item_id=None),
            row(sku="Rounding", item_id=None),
            row(sku="7-2", item_id=None),
            row(item_id=7),
            row(item_id=7),
        ],
        [
            row(sku="x" * 20, item_id=None),
            row(sku="x" * 20, item_id=None),
            row(sku="x" * 19, item_id=None),
        ],
        [row(sku="ÄÖÜ ß 漢字", item_id=None), row(sku="ÄÖÜ SS 漢字", item_id=None)],
    ],
)
async def test_no_two_lines_share_a_reference(items: list[dict[str, Any]]) -> None:
    order = made(*items, shipping="1.00", extra="0.03")
    found = await previewed(order)
    assert_exact(found, order)
    again = await previewed(deepcopy(order))
    assert [b["ExternalItemNumber"] for b in lines_of(found.requests)] == [
        b["ExternalItemNumber"] for b in lines_of(again.requests)
    ]
