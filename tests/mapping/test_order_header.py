"""What a header says beside its number: codes with tables of their own, texts, addresses."""

from copy import deepcopy
from typing import Any

import pytest

from tests.mapping.connection import connection, header, parked, previewed
from tests.mapping.fno import assert_exact, assert_well_formed, lines_of
from tests.mapping.made import ADDRESS, made, row, with_extension


def shipped_to(order: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    order = deepcopy(order or made())
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"] = {
        **ADDRESS,
        **fields,
    }
    return order


async def test_payment_and_delivery_are_mapped_or_parked() -> None:
    settings = connection(
        orders={
            "payments": {"checkmo": {"method": "CHECK", "terms": "N30"}},
            "deliveries": {"flatrate_flatrate": "TRUCK"},
        }
    )
    found = await header(made(), settings)
    assert (
        found["CustomerPaymentMethodName"],
        found["PaymentTermsName"],
        found["DeliveryModeCode"],
    ) == (
        "CHECK",
        "N30",
        "TRUCK",
    )
    assert "payment.method paypal is not mapped" in await parked(
        made(payment={"method": "paypal"}), settings
    )
    order = made()
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["method"] = "ups_2DA"
    assert "shipping method ups_2DA is not mapped" in await parked(order, settings)


async def test_a_star_stands_for_all_other_codes_and_an_empty_table_for_nothing() -> None:
    settings = connection(
        orders={"payments": {"*": {"method": "OTHER"}}, "deliveries": {"*": "ANY"}}
    )
    found = await header(made(), settings)
    assert (found["CustomerPaymentMethodName"], found["DeliveryModeCode"]) == ("OTHER", "ANY")
    assert not {"CustomerPaymentMethodName", "DeliveryModeCode"} & set(await header(made()))
    assert "CustomerPaymentMethodName" not in await header(made(payment=None), settings)


async def test_a_sku_without_an_item_is_parked_by_name_whatever_it_is() -> None:
    settings = connection()
    for sku, named in (("", "(empty)"), ("x" * 300, "x" * 64), ("  ", "(empty)")):
        assert f"items[].sku without an item in D365: {named}" in await parked(
            made(row(sku=sku)), settings
        )


async def test_case_and_spaces_of_a_sku_make_no_difference() -> None:
    found = await previewed(made(row(sku=" Bike-Ä "), row(sku="bike-ä")))
    assert len(lines_of(found.requests)) == 2
    assert_well_formed(found)


async def test_a_purchase_order_number_and_a_note_have_fields_of_their_own() -> None:
    settings = connection(orders={"note_field": "SalesOrderName"})
    found = await header(
        made(payment={"method": "purchaseorder", "po_number": "PO-9"}, customer_note="Ring twice"),
        settings,
    )
    assert (found["CustomerRequisitionNumber"], found["SalesOrderName"]) == ("PO-9", "Ring twice")
    nothing = await header(
        made(payment={"po_number": "PO-9"}, customer_note="x"), connection(orders={"po_field": ""})
    )
    assert not {"CustomerRequisitionNumber", "SalesOrderName"} & set(nothing)


@pytest.mark.parametrize("note", ["Ring twice", ""])
async def test_no_note_takes_the_place_of_the_reference_by_which_an_order_is_found(
    note: str,
) -> None:
    order = made(customer_note=note)
    for field in ("SalesOrderName", "URL", ""):
        found = await header(order, connection(orders={"note_field": field}))
        assert found["CustomersOrderReference"] == "1-000000042"


async def test_what_a_shopper_typed_is_the_description_of_the_line() -> None:
    option = {
        "extension_attributes": {
            "custom_options": [
                {"option_id": "4", "option_value": "Für Ömer"},
                {"option_id": 5, "option_value": 3},
            ]
        }
    }
    found = await previewed(made(row(product_option=option, name="Mug"), row()))
    assert [body.get("LineDescription") for body in lines_of(found.requests)] == [
        "Mug [4=Für Ömer, 5=3]",
        None,
    ]


@pytest.mark.parametrize(
    "option",
    [
        [],
        "x",
        {"extension_attributes": []},
        {"extension_attributes": [1]},
        {"extension_attributes": {"custom_options": 5}},
        {"extension_attributes": {"custom_options": [1, {"option_id": {}}, {"option_id": None}]}},
    ],
)
async def test_options_that_cannot_be_read_stop_no_order(option: Any) -> None:
    assert_exact(await previewed(order := made(row(product_option=option))), order)


async def test_a_description_is_no_longer_than_f_o_keeps() -> None:
    option = {
        "extension_attributes": {
            "custom_options": [{"option_id": "4", "option_value": "x" * 60_000}]
        }
    }
    found = await previewed(made(row(product_option=option)))
    assert len(lines_of(found.requests)[0]["LineDescription"]) == 1000


async def test_the_ship_to_is_an_address_of_this_order_only() -> None:
    found = await header(made())
    assert {name: value for name, value in found.items() if "Address" in name} == {
        "IsDeliveryAddressOrderSpecific": "Yes", "DeliveryAddressName": "Jane Roe",
        "DeliveryAddressDescription": "Web order 000000042",
        "DeliveryAddressStreet": "221 Olive St\nFloor 2", "DeliveryAddressCity": "Mountain View",
        "DeliveryAddressZipCode": "94086",
        "DeliveryAddressStateId": "CA", "DeliveryAddressCountryRegionId": "USA",
    }  # fmt: skip


async def test_a_virtual_order_has_no_ship_to() -> None:
    nothing: tuple[Any, ...] = (
        [],
        [{}],
        [{"shipping": {}}],
        [{"shipping": {"address": None}}],
        [{"shipping": []}],
        None,
    )
    for shipping in nothing:
        found = await header(with_extension(made(is_virtual=1), shipping_assignments=shipping))
        assert not any("DeliveryAddress" in name for name in found)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"street": "One\nTwo"}, {"DeliveryAddressStreet": "One\nTwo"}),
        ({"street": ["One", "", None, "Four"]}, {"DeliveryAddressStreet": "One\nFour"}),
        ({"company": "Roe Ltd"}, {"DeliveryAddressName": "Roe Ltd, Jane Roe"}),
        (
            {"company": "Roe Ltd", "firstname": "", "lastname": None},
            {"DeliveryAddressName": "Roe Ltd"},
        ),
        ({"middlename": "Q."}, {"DeliveryAddressName": "Jane Q. Roe"}),
        ({"country_id": "de", "region_code": "BER"}, {"DeliveryAddressCountryRegionId": "DEU"}),
        (
            {"country_id": "DE", "region": {"region": "Berlin", "region_code": "BER"}},
            {"DeliveryAddressCountryRegionId": "DEU"},
        ),
        (
            {"city": "Sa\x00n\x1f José \ud83d"},
            {"DeliveryAddressCity": "San José \N{REPLACEMENT CHARACTER}"},
        ),
        (
            {"region_code": "a region code of an extension"},
            {"DeliveryAddressCountryRegionId": "USA"},
        ),
    ],
)
async def test_addresses_are_spelt_as_f_o_spells_them(
    fields: dict[str, Any], expected: dict[str, str]
) -> None:
    found = await header(shipped_to(**fields))
    assert expected.items() <= found.items()
    if fields.get("country_id") or len(str(fields.get("region_code", ""))) > 10:
        assert "DeliveryAddressStateId" not in found


async def test_countries_and_states_follow_the_configuration() -> None:
    settings = connection(customers={"countries": {"US": "USA-X"}, "states_in": ()})
    found = await header(made(), settings)
    assert found["DeliveryAddressCountryRegionId"] == "USA-X"
    assert "DeliveryAddressStateId" not in found


@pytest.mark.parametrize("country", ["", None, "XX", "Germany"])
async def test_a_country_that_is_none_is_parked(country: str | None) -> None:
    assert "country_id" in await parked(shipped_to(country_id=country))
