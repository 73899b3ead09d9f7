from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dynamics import DynamicsState
from sandbox.dynamics.order_lines import priced
from tests.sandbox.dynamics.conftest import Environment


def header(number: str) -> str:
    return f"SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{number}')?cross-company=true"


def line(lot: str) -> str:
    return f"SalesOrderLinesV3(dataAreaId='usmf',InventoryLotId='{lot}')?cross-company=true"


async def test_a_line_names_its_order_and_its_item(fo: Environment) -> None:
    text = await fo.refused("POST", "SalesOrderLinesV3", dataAreaId="usmf", ItemNumber="A0001")
    assert "Field 'Sales order' must be filled in." in text
    number = (await fo.order())["SalesOrderNumber"]
    text = await fo.refused("POST", "SalesOrderLinesV3", dataAreaId="usmf", SalesOrderNumber=number)
    assert "Field 'Item number' must be filled in." in text


async def test_a_line_has_the_currency_of_its_order(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    body = {
        "dataAreaId": "usmf",
        "SalesOrderNumber": number,
        "ItemNumber": "A0001",
        "CurrencyCode": "EUR",
    }
    assert "must be the currency of its order" in await fo.refused(
        "POST", "SalesOrderLinesV3", **body
    )


async def test_a_default_warehouse_brings_its_site(fo: Environment) -> None:
    order = await fo.order(DefaultShippingSiteId="", DefaultShippingWarehouseId="24")
    assert order["DefaultShippingSiteId"] == "2"
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", WarehouseId="24")
    body = {"OrderingCustomerAccountNumber": "US-001"}
    order = await fo.made("SalesOrderHeadersV4", **body)
    assert (order["DefaultShippingSiteId"], order["DefaultShippingWarehouseId"]) == ("2", "24")
    text = await fo.refused(
        "POST", "SalesOrderHeadersV4", dataAreaId="usmf", **body, DefaultShippingSiteId="1"
    )
    assert "The value '24' in field 'Warehouse'" in text


async def test_a_number_is_given_when_the_sequence_is_automatic(fo: Environment) -> None:
    assert (await fo.order())["SalesOrderNumber"] == "USMF-000001"
    assert (await fo.order(SalesOrderNumber=""))["SalesOrderNumber"] == "USMF-000002"


async def test_a_chosen_number_is_refused_when_the_sequence_is_automatic(fo: Environment) -> None:
    text = await fo.refused(
        "POST",
        "SalesOrderHeadersV4",
        dataAreaId="usmf",
        OrderingCustomerAccountNumber="US-001",
        SalesOrderNumber="W1",
    )
    assert "cannot be entered manually" in text


async def test_a_number_must_be_chosen_when_the_sequence_is_manual(fo: Environment) -> None:
    fo.state.settings.manual.add("SalesOrderNumber")
    text = await fo.refused(
        "POST", "SalesOrderHeadersV4", dataAreaId="usmf", OrderingCustomerAccountNumber="US-001"
    )
    assert "Field 'Sales order' must be filled in." in text
    assert (await fo.order(SalesOrderNumber="W1"))["SalesOrderNumber"] == "W1"


async def test_a_number_longer_than_its_field_is_refused(fo: Environment) -> None:
    fo.state.settings.manual.add("SalesOrderNumber")
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "SalesOrderNumber": "1" * 21,
    }
    assert "longer than 20" in await fo.refused("POST", "SalesOrderHeadersV4", **body)


async def test_the_primary_key_refuses_a_second_order_whatever_the_case(fo: Environment) -> None:
    fo.state.settings.manual.add("SalesOrderNumber")
    await fo.order(SalesOrderNumber="W1")
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "SalesOrderNumber": "w1",
    }
    text = await fo.refused("POST", "SalesOrderHeadersV2", **body)
    assert text.startswith(
        "Write failed for table row of type 'SalesOrderHeaderV2Entity'. Infolog: "
    )
    assert "The record already exists." in text


async def test_an_order_opens_with_its_first_line_and_falls_back_without_one(
    fo: Environment,
) -> None:
    order = await fo.order()
    assert (order["SalesOrderStatus"], order["SkipCreateAutoCharges"]) == ("None", "Yes")
    made = await fo.line(order["SalesOrderNumber"])
    other = await fo.line(order["SalesOrderNumber"])
    assert (await fo.ask("DELETE", line(other["InventoryLotId"]))).status_code == 204
    assert (await fo.get(header(order["SalesOrderNumber"])))["SalesOrderStatus"] == "Backorder"
    assert (await fo.ask("DELETE", line(made["InventoryLotId"]))).status_code == 204
    assert (await fo.get(header(order["SalesOrderNumber"])))["SalesOrderStatus"] == "None"


async def test_an_order_takes_from_its_customer_what_was_not_sent(fo: Environment) -> None:
    fo.state.put(
        "CustomersV3",
        dataAreaId="usmf",
        CustomerAccount="US-001",
        PaymentTerms="Net30",
        DeliveryMode="10",
    )
    order = await fo.order(PaymentTermsName="COD")
    assert (order["PaymentTermsName"], order["DeliveryModeCode"], order["CurrencyCode"]) == (
        "COD",
        "10",
        "USD",
    )
    assert (order["InvoiceCustomerAccountNumber"], order["LanguageId"]) == ("US-001", "en-US")


@pytest.mark.parametrize(
    ("field", "label", "related"),
    [
        ("OrderingCustomerAccountNumber", "Customer account", "Customers"),
        ("InvoiceCustomerAccountNumber", "Invoice account", "Customers"),
        ("CurrencyCode", "Currency", "Currencies"),
        ("DeliveryModeCode", "Mode of delivery", "Modes of delivery"),
        ("PaymentTermsName", "Terms of payment", "Terms of payment"),
        ("CustomerPaymentMethodName", "Method of payment", "Methods of payment"),
        ("SalesOrderOriginCode", "Sales origin", "Sales origin"),
        ("DefaultShippingSiteId", "Site", "Sites"),
        ("DefaultShippingWarehouseId", "Warehouse", "Warehouses"),
        ("SalesTaxGroupCode", "Sales tax group", "Sales tax groups"),
    ],
)
async def test_a_header_only_refers_to_what_exists(
    fo: Environment, field: str, label: str, related: str
) -> None:
    body = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001", field: "NOPE"}
    text = await fo.refused("POST", "SalesOrderHeadersV4", **body)
    assert (
        f"The value 'NOPE' in field '{label}' is not found in the related table '{related}'."
        in text
    )
    assert f"validateField failed on field 'SalesOrderHeaderV4Entity.{field}'" in text


@pytest.mark.parametrize(
    ("field", "label", "related"),
    [
        ("SalesOrderNumber", "Sales order", "Sales orders"),
        ("ItemNumber", "Item number", "Items"),
        ("SalesUnitSymbol", "Unit", "Units"),
        ("ShippingWarehouseId", "Warehouse", "Warehouses"),
        ("SalesTaxItemGroupCode", "Item sales tax group", "Item sales tax groups"),
    ],
)
async def test_a_line_only_refers_to_what_exists(
    fo: Environment, field: str, label: str, related: str
) -> None:
    order = await fo.order()
    body = {
        "dataAreaId": "usmf",
        "SalesOrderNumber": order["SalesOrderNumber"],
        "ItemNumber": "A0001",
        field: "NOPE",
    }
    text = await fo.refused("POST", "SalesOrderLinesV3", **body)
    assert (
        f"The value 'NOPE' in field '{label}' is not found in the related table '{related}'."
        in text
    )


async def test_a_header_without_a_customer_is_refused(fo: Environment) -> None:
    text = await fo.refused("POST", "SalesOrderHeadersV4", dataAreaId="usmf")
    assert "Field 'Customer account' must be filled in." in text


async def test_a_customer_on_hold_orders_nothing(fo: Environment) -> None:
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", OnHoldStatus="All")
    body = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001"}
    assert "on hold" in await fo.refused("POST", "SalesOrderHeadersV4", **body)


async def test_a_country_has_three_letters(fo: Environment) -> None:
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "IsDeliveryAddressOrderSpecific": "Yes",
    }
    text = await fo.refused(
        "POST", "SalesOrderHeadersV4", **body, DeliveryAddressCountryRegionId="US"
    )
    assert "The value 'US' in field 'Country/region' is not found" in text
    assert "must be filled in" in await fo.refused(
        "POST", "SalesOrderHeadersV4", **body, DeliveryAddressCity="Berlin"
    )
    order = await fo.order(
        IsDeliveryAddressOrderSpecific="Yes", DeliveryAddressCountryRegionISOCode="DE"
    )
    assert order["DeliveryAddressCountryRegionId"] == "DEU"


async def test_an_address_that_is_not_the_orders_own_is_not_used(fo: Environment) -> None:
    order = await fo.order(DeliveryAddressCity="Berlin", DeliveryAddressCountryRegionId="DEU")
    assert order["DeliveryAddressCity"] == ""


async def test_an_order_goes_to_an_address_of_its_customer(fo: Environment) -> None:
    address = await fo.made(
        "CustomerPostalAddresses",
        CustomerAccountNumber="US-001",
        CustomerLegalEntityId="usmf",
        AddressCity="Berlin",
        AddressCountryRegionId="DEU",
    )
    order = await fo.order(DeliveryAddressLocationId=address["AddressLocationId"])
    assert (order["DeliveryAddressCity"], order["DeliveryAddressCountryRegionISOCode"]) == (
        "Berlin",
        "DE",
    )
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "DeliveryAddressLocationId": "NOPE",
    }
    assert "The value 'NOPE'" in await fo.refused("POST", "SalesOrderHeadersV4", **body)


async def test_goods_need_a_site_and_services_do_not(fo: Environment) -> None:
    order = await fo.order(DefaultShippingSiteId="")
    number = order["SalesOrderNumber"]
    text = await fo.refused(
        "POST", "SalesOrderLinesV3", dataAreaId="usmf", SalesOrderNumber=number, ItemNumber="A0001"
    )
    assert "Inventory dimension Site is mandatory and must consequently be specified." in text
    assert (await fo.line(number, ItemNumber="FREIGHT"))["ShippingSiteId"] == ""
    assert (await fo.line(number, ShippingWarehouseId="24"))["ShippingSiteId"] == "2"


async def test_a_warehouse_of_another_site_is_refused(fo: Environment) -> None:
    order = await fo.order()
    body = {
        "SalesOrderNumber": order["SalesOrderNumber"],
        "ItemNumber": "A0001",
        "ShippingSiteId": "1",
    }
    text = await fo.refused(
        "POST", "SalesOrderLinesV3", dataAreaId="usmf", **body, ShippingWarehouseId="24"
    )
    assert "The value '24' in field 'Warehouse' is not found" in text


async def test_a_product_master_is_ordered_as_a_released_variant(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": "SHIRT"}
    assert "Inventory dimension Size is mandatory" in await fo.refused(
        "POST", "SalesOrderLinesV3", **body
    )
    wrong = {**body, "ProductSizeId": "S", "ProductColorId": "Blue"}
    assert "not released in this combination" in await fo.refused(
        "POST", "SalesOrderLinesV3", **wrong
    )
    unused = {**body, "ItemNumber": "A0001", "ProductSizeId": "S"}
    assert "Size is not active" in await fo.refused("POST", "SalesOrderLinesV3", **unused)
    assert (await fo.line(number, ItemNumber="SHIRT", ProductSizeId="M", ProductColorId="Red"))[
        "InventoryLotId"
    ]


async def test_a_unit_needs_a_conversion_to_the_items_own(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    body = {
        "dataAreaId": "usmf",
        "SalesOrderNumber": number,
        "ItemNumber": "A0001",
        "SalesUnitSymbol": "kg",
    }
    assert "Unit conversion from kg to ea" in await fo.refused("POST", "SalesOrderLinesV3", **body)
    assert (await fo.line(number, SalesUnitSymbol="pcs"))["SalesUnitSymbol"] == "pcs"


async def test_lines_number_themselves_and_their_lots(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    first, second = await fo.line(number), await fo.line(number, LineNumber=Decimal("4.5"))
    third = await fo.line(number)
    assert [row["LineNumber"] for row in (first, second, third)] == [1, Decimal("4.5"), 5]
    assert [row["LineCreationSequenceNumber"] for row in (first, second, third)] == [1, 2, 3]
    body = {
        "dataAreaId": "usmf",
        "SalesOrderNumber": number,
        "ItemNumber": "A0001",
        "InventoryLotId": "MINE",
    }
    assert "cannot be entered manually" in await fo.refused("POST", "SalesOrderLinesV3", **body)


async def test_an_item_number_suffices_for_a_line(fo: Environment) -> None:
    made = await fo.line((await fo.order())["SalesOrderNumber"], ItemNumber="A0002")
    assert (made["OrderedSalesQuantity"], made["SalesPrice"], made["LineAmount"]) == (
        1,
        Decimal("9.99"),
        Decimal("9.99"),
    )
    assert (made["SalesUnitSymbol"], made["CalculateLineAmount"]) == ("ea", "Yes")


async def test_a_sent_amount_counts_only_when_it_is_not_calculated(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    calculated = await fo.line(number, SalesPrice=3, LineAmount=99)
    taken = await fo.line(number, SalesPrice=3, LineAmount=Decimal("2.5"), CalculateLineAmount="No")
    assert (calculated["LineAmount"], taken["LineAmount"]) == (3, Decimal("2.5"))
    assert fo.state.order_total("usmf", number) == Decimal("5.5")


async def test_a_changed_price_changes_the_amount(fo: Environment) -> None:
    made = await fo.line(
        (await fo.order())["SalesOrderNumber"], SalesPrice=3, OrderedSalesQuantity=2
    )
    target = line(made["InventoryLotId"])
    assert (await fo.ask("PATCH", target, {"LineDiscountPercentage": 50})).status_code == 204
    assert (await fo.get(target))["LineAmount"] == 3


async def test_the_currency_says_how_amounts_are_rounded(fo: Environment) -> None:
    fo.state.settings.rounding["USD"] = Decimal("0.05")
    made = await fo.line((await fo.order())["SalesOrderNumber"], SalesPrice=Decimal("1.025"))
    assert made["LineAmount"] == Decimal("1.05")


async def test_another_currency_prices_the_lines_anew(fo: Environment) -> None:
    fo.state.settings.rounding["JPY"] = Decimal(1)
    number = (await fo.order())["SalesOrderNumber"]
    await fo.line(number, SalesPrice=Decimal("10.5"))
    assert (await fo.ask("PATCH", header(number), {"CurrencyCode": "JPY"})).status_code == 204
    assert fo.state.order_total("usmf", number) == 11


async def test_prices_keep_six_decimals_unless_the_environment_is_strict(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    assert (await fo.line(number, SalesPrice=Decimal("1.23456789")))["SalesPrice"] == Decimal(
        "1.234568"
    )
    fo.state.settings.strict_prices = True
    body: dict[str, Any] = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": "A0001"}
    assert "more than 2 decimals" in await fo.refused(
        "POST", "SalesOrderLinesV3", **body, SalesPrice=Decimal("1.005")
    )


@pytest.mark.parametrize("status", ["Delivered", "Invoiced", "Canceled"])
async def test_what_left_the_harness_is_settled(fo: Environment, status: str) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    made = await fo.line(number)
    jobs: dict[str, Callable[[str], object]] = {
        "Delivered": fo.state.deliver,
        "Invoiced": fo.state.invoice,
        "Canceled": fo.state.cancel,
    }
    jobs[status](number)
    body = {"dataAreaId": "usmf", "SalesOrderNumber": number, "ItemNumber": "A0001"}
    assert status in await fo.refused("POST", "SalesOrderLinesV3", **body)
    assert status in await fo.refused("PATCH", line(made["InventoryLotId"]), SalesPrice=7)
    assert status in await fo.refused("DELETE", line(made["InventoryLotId"]))
    assert status in await fo.refused("DELETE", header(number))
    assert status in await fo.refused("PATCH", header(number), CurrencyCode="EUR")


async def test_a_delivered_order_still_takes_a_note(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    fo.state.deliver(number)
    assert (await fo.ask("PATCH", header(number), {"Email": "a@b.example"})).status_code == 204


async def test_a_deleted_header_takes_its_lines_along(fo: Environment) -> None:
    order = await fo.order(CustomersOrderReference="000000042")
    await fo.line(order["SalesOrderNumber"])
    assert (await fo.ask("DELETE", header(order["SalesOrderNumber"]))).status_code == 204
    assert (fo.state.orders_for("000000042"), fo.state.snapshot()["SalesLine"]) == ([], [])


async def test_what_only_the_server_writes_is_refused(fo: Environment) -> None:
    order = await fo.order()
    text = await fo.refused("PATCH", header(order["SalesOrderNumber"]), SalesOrderStatus="Invoiced")
    assert "Update not allowed for field 'Sales order status'." in text


async def test_a_line_keeps_its_item_and_its_order(fo: Environment) -> None:
    made = await fo.line((await fo.order())["SalesOrderNumber"])
    text = await fo.refused("PATCH", line(made["InventoryLotId"]), ItemNumber="A0002")
    assert "Update not allowed for field 'Item number'." in text


async def test_header_sets_are_one_table_with_their_own_properties(fo: Environment) -> None:
    number = (await fo.order(ShipmentProcessingPolicyName="P"))["SalesOrderNumber"]
    older = await fo.get(
        f"SalesOrderHeadersV2(dataAreaId='usmf',SalesOrderNumber='{number}')?cross-company=true"
    )
    assert older["SalesOrderNumber"] == number
    assert "ShipmentProcessingPolicyName" not in older
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "ShipmentProcessingPolicyName": "P",
    }
    assert "does not exist on type" in await fo.refused("POST", "SalesOrderHeadersV2", **body)
    made = await fo.line(number)
    older = await fo.get(
        f"SalesOrderLines(dataAreaId='usmf',InventoryLotId='{made['InventoryLotId']}')?"
        f"cross-company=true"
    )
    assert "RevRecOccurrences" in older


MONEY = st.decimals(min_value=-10_000, max_value=10_000, places=4)


@given(
    quantity=st.decimals(min_value=-500, max_value=500, places=3),
    price=MONEY,
    discount=MONEY,
    per=st.sampled_from([Decimal(0), Decimal(1), Decimal(3), Decimal(100)]),
    percent=st.decimals(min_value=0, max_value=100, places=3),
)
def test_a_line_amount_is_exact_until_it_is_rounded_once(
    quantity: Decimal, price: Decimal, discount: Decimal, per: Decimal, percent: Decimal
) -> None:
    amount = priced(
        STATE,
        {
            "OrderedSalesQuantity": quantity,
            "SalesPrice": price,
            "LineDiscountAmount": discount,
            "SalesPriceQuantity": per,
            "LineDiscountPercentage": percent,
            "CurrencyCode": "USD",
        },
    )
    exact = (
        Fraction(quantity)
        * (Fraction(price) - Fraction(discount))
        / (Fraction(per) or 1)
        * (1 - Fraction(percent) / 100)
    )
    far = abs(Fraction(amount) - exact)
    assert far <= Fraction(1, 200)
    assert amount == amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if far == Fraction(1, 200):
        assert abs(Fraction(amount)) > abs(exact)


STATE = DynamicsState.seeded()
