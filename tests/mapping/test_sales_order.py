"""What a sales order says beside its amounts: numbers, references, codes, addresses, texts."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tests.mapping.connection import NET, connection, previewed, store
from tests.mapping.fno import assert_exact, assert_well_formed, header_of, lines_of
from tests.mapping.made import ADDRESS, made, row, with_extension


async def header(order: dict[str, Any], settings: Any = NET) -> Any:
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    return header_of(found.requests)


async def parked(order: dict[str, Any], settings: Any = NET) -> str:
    found = await previewed(order, settings)
    assert found.outcome == "park"
    assert found.remedy
    return found.reason


def shipped_to(order: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    order = deepcopy(order or made())
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["address"] = {**ADDRESS, **fields}
    return order


def taxed(*codes: str, rows: tuple[tuple[str, ...], ...] = (), **tables: dict[str, str]) -> tuple[dict[str, Any], Any]:
    """An order with these codes, its rows with codes of their own, and a connection that maps `tables`."""
    items = [
        row(sku=f"S{n}", extension_attributes={"itemized_taxes": [{"tax_code": code} for code in own]})
        for n, own in enumerate(rows)
    ]
    order = with_extension(made(*items), applied_taxes=[{"code": code, "percent": 5, "amount": 1} for code in codes])
    return order, connection(orders={"taxes": {name.replace("_", "+"): table for name, table in tables.items()}})


# --- numbers and references


async def test_our_number_is_made_of_store_and_increment_id() -> None:
    assert (await header(made()))["SalesOrderNumber"] == "1-000000042"


async def test_a_number_of_theirs_is_left_out() -> None:
    settings = connection(orders={"numbers": "theirs"})
    found = await previewed(made(), settings)
    assert "SalesOrderNumber" not in header_of(found.requests)
    assert {body["SalesOrderNumber"] for body in lines_of(found.requests)} == {"(assigned by D365)"}


@pytest.mark.parametrize(("template", "number"), [("W{increment_id}", "W000000042"), ("{store_id}/{entity_id}/{increment_id}", "1/42/000000042")])  # fmt: skip
async def test_templates_say_how_numbers_and_references_look(template: str, number: str) -> None:
    settings = connection(orders={"number_template": template, "reference_template": template})
    found = await header(made(), settings)
    assert (found["SalesOrderNumber"], found["CustomersOrderReference"]) == (number, number)


async def test_braces_in_an_increment_id_are_only_text() -> None:
    assert (await header(made(increment_id="{0}{x}%s")))["SalesOrderNumber"] == "1-{0}{x}%s"


async def test_a_number_of_twenty_characters_is_the_longest() -> None:
    assert (await header(made(increment_id="0" * 18)))["SalesOrderNumber"] == "1-" + "0" * 18
    assert "21 characters; F&O takes 20" in await parked(made(increment_id="0" * 19))


@pytest.mark.parametrize("increment_id", ["", "  ", None, "0" * 51, "1\n2", "1\x7f2", True, ["1"], {"a": 1}])
async def test_an_increment_id_that_cannot_be_a_key_is_parked(increment_id: Any) -> None:
    assert "increment_id" in await parked(made(increment_id=increment_id))


async def test_an_order_without_a_store_takes_the_default_store() -> None:
    order = made(store_id=None)
    found = await previewed(order)
    assert found.key == "000000042@?"
    assert header_of(found.requests)["SalesOrderNumber"] == "0-000000042"


async def test_a_store_of_nobody_is_parked() -> None:
    settings = connection(stores={})
    settings = settings.model_copy(update={"stores": {"7": NET.stores["default"]}})
    assert "store_id 1 belongs to no store" in await parked(made(), settings)


async def test_a_stores_own_settings_go_before_the_defaults() -> None:
    stores = {
        **store(language="en-us", company="usmf", origin="WEB"),
        "1": {"company": "DEMF", "language": "de", "warehouse": "22"},
    }
    found = await header(made(), connection(stores=stores))
    assert {name: found[name] for name in ("dataAreaId", "LanguageId", "SalesOrderOriginCode", "DefaultShippingWarehouseId")} == {
        "dataAreaId": "demf", "LanguageId": "de", "SalesOrderOriginCode": "WEB", "DefaultShippingWarehouseId": "22",
    }  # fmt: skip


# --- the references of lines, by which a lost answer is looked into


async def test_a_line_is_known_by_the_id_of_its_item() -> None:
    order = made(row(item_id=7), row(item_id="8"), shipping="1.00")
    found = await previewed(order)
    assert [body["ExternalItemNumber"] for body in lines_of(found.requests)] == ["7", "8", "shipping"]


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
        [row(sku="x" * 64, item_id=None), row(sku="x" * 64, item_id=None), row(sku="x" * 63, item_id=None)],
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


# --- tax groups


@pytest.mark.parametrize(
    ("codes", "rows", "tables", "group", "items"),
    [
        (("DE-19",), (("DE-19",), ()), {"DE-19": {"group": "DOM", "item_group": "FULL"}, "none": {"item_group": "NONE"}}, "DOM", ["FULL", "NONE"]),
        (("DE-19", "DE-7"), (("DE-19",), ("DE-7",)), {"DE-19": {"group": "DOM", "item_group": "FULL"}, "DE-7": {"group": "DOM", "item_group": "RED"}},
         "DOM", ["FULL", "RED"]),
        (("A", "B"), (("B", "A"),), {"A_B": {"group": "NY", "item_group": "NYC"}}, "NY", ["NYC"]),
        (("A", "B"), (("A", "B"),), {"A": {"group": "NY", "item_group": "T"}, "B": {"group": "NY", "item_group": "T"}}, "NY", ["T"]),
        (("X",), (("X",),), {"*": {"group": "ALL", "item_group": "ANY"}}, "ALL", ["ANY"]),
        ((), ((),), {"*": {"group": "ALL", "item_group": "ANY"}}, "ALL", ["ANY"]),
        ((), ((),), {"none": {}}, None, [None]),
        (("X",), (("X",),), {}, None, [None]),
    ],
)  # fmt: skip
async def test_tax_codes_become_groups(
    codes: tuple[str, ...], rows: tuple[tuple[str, ...], ...], tables: dict[str, dict[str, str]], group: str | None, items: list[str | None]
) -> None:  # fmt: skip
    order, settings = taxed(*codes, rows=rows, **tables)
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    assert header_of(found.requests).get("SalesTaxGroupCode") == group
    assert [body.get("SalesTaxItemGroupCode") for body in lines_of(found.requests)] == items


@pytest.mark.parametrize(
    ("codes", "rows", "tables", "words"),
    [
        (("X",), (("X",),), {"Y": {"group": "G"}}, "code X is not mapped"),
        ((), ((),), {"Y": {"group": "G"}}, "code none is not mapped"),
        (("A", "B"), (("A",), ("B",)), {"A": {"group": "G1"}, "B": {"group": "G2"}}, "several sales tax groups: G1, G2"),
        (("A", "B"), (("A", "B"),), {"A": {"group": "G", "item_group": "I1"}, "B": {"group": "G", "item_group": "I2"}},
         "several item sales tax groups: I1, I2"),
    ],
)  # fmt: skip
async def test_tax_codes_without_one_group_are_parked(
    codes: tuple[str, ...], rows: tuple[tuple[str, ...], ...], tables: dict[str, dict[str, str]], words: str
) -> None:
    order, settings = taxed(*codes, rows=rows, **tables)
    reason = await parked(order, settings)
    assert words in reason
    assert "applied_taxes[].code" in reason


async def test_a_row_without_codes_of_its_own_takes_those_the_order_lists_for_it() -> None:
    order, settings = taxed("A", rows=((),), A={"group": "G", "item_group": "I"}, none={"item_group": "N"})
    item = order["items"][0]["item_id"]
    order = with_extension(order, item_applied_taxes=[{"type": "product", "item_id": item, "applied_taxes": [{"code": "A"}]},
                                                      {"type": "shipping", "applied_taxes": [{"code": "A"}]}])  # fmt: skip
    order |= {"shipping_amount": "1.00", "grand_total": order["grand_total"] + 1}
    groups = [body["SalesTaxItemGroupCode"] for body in lines_of((await previewed(order, settings)).requests)]
    assert groups == ["I", "I"]


async def test_fixed_product_tax_is_a_line_per_set_of_tax_codes() -> None:
    order, settings = taxed(
        "A", "B", rows=(("A",), ("B",)), A={"group": "G", "item_group": "IA"}, B={"group": "G", "item_group": "IB"}
    )
    weee = []
    for item, code in zip(order["items"], ("A", "B"), strict=True):
        item |= {
            "weee_tax_applied_row_amount": Decimal("1.50"),
            "row_total_incl_tax": item["row_total_incl_tax"] + Decimal("1.50"),
        }
        weee.append({"type": "weee", "associated_item_id": item["item_id"], "applied_taxes": [{"code": code}]})
    order = with_extension(order, item_applied_taxes=weee) | {"grand_total": order["grand_total"] + 3}
    lines = {body["ExternalItemNumber"]: body for body in lines_of((await previewed(order, settings)).requests)}
    assert (
        lines["fixed-product-tax"]["SalesTaxItemGroupCode"],
        lines["fixed-product-tax-2"]["SalesTaxItemGroupCode"],
    ) == ("IA", "IB")
    untaxed = await previewed(order)
    assert_exact(untaxed, order)
    assert len(lines_of(untaxed.requests)) == 3


# --- codes with tables of their own


async def test_payment_and_delivery_are_mapped_or_parked() -> None:
    settings = connection(
        orders={
            "payments": {"checkmo": {"method": "CHECK", "terms": "N30"}},
            "deliveries": {"flatrate_flatrate": "TRUCK"},
        }
    )
    found = await header(made(), settings)
    assert (found["CustomerPaymentMethodName"], found["PaymentTermsName"], found["DeliveryModeCode"]) == (
        "CHECK",
        "N30",
        "TRUCK",
    )
    assert "payment.method paypal is not mapped" in await parked(made(payment={"method": "paypal"}), settings)
    order = made()
    order["extension_attributes"]["shipping_assignments"][0]["shipping"]["method"] = "ups_2DA"
    assert "shipping method ups_2DA is not mapped" in await parked(order, settings)


async def test_a_star_stands_for_all_other_codes_and_an_empty_table_for_nothing() -> None:
    settings = connection(orders={"payments": {"*": {"method": "OTHER"}}, "deliveries": {"*": "ANY"}})
    found = await header(made(), settings)
    assert (found["CustomerPaymentMethodName"], found["DeliveryModeCode"]) == ("OTHER", "ANY")
    assert not {"CustomerPaymentMethodName", "DeliveryModeCode"} & set(await header(made()))
    assert "CustomerPaymentMethodName" not in await header(made(payment=None), settings)


async def test_a_sku_without_an_item_is_parked_by_name_whatever_it_is() -> None:
    settings = connection()
    for sku, named in (("", "(empty)"), ("x" * 300, "x" * 64), ("  ", "(empty)")):
        assert f"items[].sku without an item in D365: {named}" in await parked(made(row(sku=sku)), settings)


async def test_case_and_spaces_of_a_sku_make_no_difference() -> None:
    found = await previewed(made(row(sku=" Bike-Ä "), row(sku="bike-ä")))
    assert len(lines_of(found.requests)) == 2
    assert_well_formed(found)


# --- texts


async def test_a_purchase_order_number_and_a_note_have_fields_of_their_own() -> None:
    settings = connection(orders={"note_field": "SalesOrderName"})
    found = await header(
        made(payment={"method": "purchaseorder", "po_number": "PO-9"}, customer_note="Ring twice"), settings
    )
    assert (found["CustomerRequisitionNumber"], found["SalesOrderName"]) == ("PO-9", "Ring twice")
    nothing = await header(made(payment={"po_number": "PO-9"}, customer_note="x"), connection(orders={"po_field": ""}))
    assert not {"CustomerRequisitionNumber", "SalesOrderName"} & set(nothing)


@pytest.mark.parametrize("note", ["Ring twice", ""])
async def test_no_note_takes_the_place_of_the_reference_by_which_an_order_is_found(note: str) -> None:
    order = made(customer_note=note)
    for field in ("SalesOrderName", "URL", ""):
        found = await header(order, connection(orders={"note_field": field}))
        assert found["CustomersOrderReference"] == "000000042"


async def test_what_a_shopper_typed_is_the_description_of_the_line() -> None:
    option = {
        "extension_attributes": {
            "custom_options": [{"option_id": "4", "option_value": "Für Ömer"}, {"option_id": 5, "option_value": 3}]
        }
    }
    found = await previewed(made(row(product_option=option, name="Mug"), row()))
    assert [body.get("LineDescription") for body in lines_of(found.requests)] == ["Mug [4=Für Ömer, 5=3]", None]


@pytest.mark.parametrize("option", [[], "x", {"extension_attributes": []}, {"extension_attributes": [1]}, {"extension_attributes": {"custom_options": 5}},
                                    {"extension_attributes": {"custom_options": [1, {"option_id": {}}, {"option_id": None}]}}])  # fmt: skip
async def test_options_that_cannot_be_read_stop_no_order(option: Any) -> None:
    assert_exact(await previewed(order := made(row(product_option=option))), order)


async def test_a_description_is_no_longer_than_f_o_keeps() -> None:
    option = {"extension_attributes": {"custom_options": [{"option_id": "4", "option_value": "x" * 60_000}]}}
    found = await previewed(made(row(product_option=option)))
    assert len(lines_of(found.requests)[0]["LineDescription"]) == 1000


# --- addresses


async def test_the_ship_to_is_an_address_of_this_order_only() -> None:
    found = await header(made())
    assert {name: value for name, value in found.items() if "Address" in name} == {
        "IsDeliveryAddressOrderSpecific": "Yes", "DeliveryAddressName": "Jane Roe", "DeliveryAddressDescription": "Web order 000000042",
        "DeliveryAddressStreet": "221 Olive St\nFloor 2", "DeliveryAddressCity": "Mountain View", "DeliveryAddressZipCode": "94086",
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
        ({"company": "Roe Ltd", "firstname": "", "lastname": None}, {"DeliveryAddressName": "Roe Ltd"}),
        ({"middlename": "Q."}, {"DeliveryAddressName": "Jane Q. Roe"}),
        ({"country_id": "de", "region_code": "BER"}, {"DeliveryAddressCountryRegionId": "DEU"}),
        (
            {"country_id": "DE", "region": {"region": "Berlin", "region_code": "BER"}},
            {"DeliveryAddressCountryRegionId": "DEU"},
        ),
        ({"city": "Sa\x00n\x1f José \ud83d"}, {"DeliveryAddressCity": "San José \N{REPLACEMENT CHARACTER}"}),
        ({"region_code": "a region code of an extension"}, {"DeliveryAddressCountryRegionId": "USA"}),
    ],
)
async def test_addresses_are_spelt_as_f_o_spells_them(fields: dict[str, Any], expected: dict[str, str]) -> None:
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


# --- orders as they come


async def test_a_bundle_of_more_pieces_counts_its_children_as_the_order_does() -> None:
    order = made(
        {
            **row(sku="BUNDLE", quantity="2", price="0"),
            "item_id": 1,
            "product_type": "bundle",
            "price": Decimal("14.00"),
        },
        {**row(sku="WHEEL", quantity="4", price="3.00"), "item_id": 2, "parent_item_id": 1},
        {**row(sku="FRAME", quantity="2", price="8.00"), "item_id": 3, "parent_item_id": 1},
    )
    found = await previewed(order)
    assert_exact(found, order)
    assert [(b["ItemNumber"], b["OrderedSalesQuantity"]) for b in lines_of(found.requests)] == [
        ("WHEEL", 4),
        ("FRAME", 2),
    ]


async def test_a_child_that_names_its_parent_by_a_copy_only_is_still_a_child() -> None:
    parent = {**row(sku="SHIRT", price="20.00"), "item_id": 1, "product_type": "configurable"}
    child = {
        **row(sku="SHIRT-RED", price="0"),
        "item_id": 2,
        "parent_item": {"item_id": 1, "sku": "SHIRT", "parent_item": {"item_id": 9}},
    }
    found = await previewed(order := made(parent, child))
    assert_exact(found, order)
    assert [b["ItemNumber"] for b in lines_of(found.requests)] == ["SHIRT-RED"]


async def test_a_child_without_its_parent_is_a_row_like_any_other() -> None:
    order = made(row(sku="A"), {**row(sku="LOST", price="0"), "parent_item_id": 999_999})
    found = await previewed(order)
    assert_exact(found, order)
    assert [b["ItemNumber"] for b in lines_of(found.requests)] == ["A", "LOST"]


async def test_an_unknown_product_type_is_a_row_like_any_other() -> None:
    assert_exact(await previewed(order := made(row(product_type="subscription_v2"))), order)


async def test_rows_that_do_not_add_up_are_parked_with_both_sums() -> None:
    order = made(row(price="10.00")) | {"subtotal": "12.00"}
    reason = await parked(order)
    assert "items[].row_total_incl_tax add up to 10.0000 USD" in reason
    assert "subtotal is 12.0000" in reason


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ({"row_total": "30.00", "row_total_incl_tax": "99"}, "a release that does not rewrite the row"),
        (
            {"row_total": "27.00", "row_total_incl_tax": "99", "discount_amount": "3.00"},
            "one that starts from the stored row",
        ),
        ({"row_total": "1", "row_total_incl_tax": "99"}, "price times quantity"),
        ({"price": "9.99", "row_total_incl_tax": "99", "row_invoiced": "30.00"}, "what was invoiced"),
        (
            {"row_total_incl_tax": "0", "discount_amount": "40.00", "price": "9.99"},
            "the remainder of the only row cut off",
        ),
    ],
)
async def test_the_true_row_is_recovered(item: dict[str, Any], name: str) -> None:
    taken = Decimal(item.get("discount_amount", "0"))
    order = made({**row(quantity="3", price="10.00"), **item}) | {"subtotal": "30.00", "grand_total": 30 - taken}
    found = await previewed(order)
    assert found.outcome == "deliver", f"{name}: {found.reason}"
    assert lines_of(found.requests)[0]["LineDiscountAmount"] * (1 if taken % 3 else 3) == taken


async def test_two_rows_cut_off_at_zero_with_strange_prices_are_parked_not_guessed() -> None:
    cut = {"row_total_incl_tax": "0", "discount_amount": "20.00", "price": "3.33"}
    order = made({**row(quantity="3"), **cut}, {**row(quantity="3"), **cut}) | {"subtotal": "20.01", "grand_total": "0"}
    assert "subtotal is 20.01" in await parked(order)
