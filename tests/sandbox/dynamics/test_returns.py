from decimal import Decimal
from typing import Any

import pytest

from sandbox.dynamics.state import NotPosted
from tests.sandbox.dynamics.conftest import Environment

HEADER: dict[str, Any] = {"CustomerAccountNumber": "US-001", "DefaultReturnSiteId": "1"}


async def returned(fo: Environment, **body: Any) -> str:
    return str((await fo.made("ReturnOrderHeadersV2", **{**HEADER, **body}))["ReturnOrderNumber"])


async def line(fo: Environment, number: str, **body: Any) -> dict[str, Any]:
    wanted = {"ReturnOrderNumber": number, "ItemNumber": "A0002", "ReturnSalesQuantity": -1}
    return await fo.made("ReturnOrderLinesV2", **{**wanted, **body})


async def line_refused(fo: Environment, number: str, **body: Any) -> str:
    wanted = {
        "dataAreaId": "usmf",
        "ReturnOrderNumber": number,
        "ItemNumber": "A0002",
        "ReturnSalesQuantity": -1,
    }
    return await fo.refused("POST", "ReturnOrderLinesV2", **{**wanted, **body})


def header_at(number: str) -> str:
    return (
        f"ReturnOrderHeadersV2(dataAreaId='usmf',ReturnOrderNumber='{number}')?cross-company=true"
    )


def line_at(made: dict[str, Any]) -> str:
    key = (
        f"ReturnOrderNumber='{made['ReturnOrderNumber']}',"
        f"ReturnInventoryLotId='{made['ReturnInventoryLotId']}'"
    )
    return f"ReturnOrderLinesV2(dataAreaId='usmf',{key})?cross-company=true"


async def sold(fo: Environment, **body: Any) -> str:
    """The lot of a line that US-001 bought."""
    order = await fo.order(SalesTaxGroupCode="DE")
    made = await fo.line(
        order["SalesOrderNumber"], **{"ItemNumber": "A0002", "OrderedSalesQuantity": 3, **body}
    )
    return str(made["InventoryLotId"])


async def test_a_return_has_two_numbers_and_the_first_comes_from_the_orders_sequence(
    fo: Environment,
) -> None:
    await fo.order()
    made = await fo.made("ReturnOrderHeadersV2", **HEADER, CustomerReturnReasonCode="DEFECT")
    assert (made["ReturnOrderNumber"], made["RMANumber"]) == ("USMF-000002", "00001")
    assert (made["ReturnStatus"], made["ReturnOrderStatus"]) == ("Created", "None")
    assert (made["InvoiceCustomerAccountNumber"], made["CurrencyCode"], made["LanguageId"]) == (
        "US-001",
        "USD",
        "en-US",
    )
    assert (await fo.order())["SalesOrderNumber"] == "USMF-000003"


async def test_numbers_of_a_return_are_chosen_only_where_the_sequence_is_manual(
    fo: Environment,
) -> None:
    fo.state.settings.manual |= {"SalesOrderNumber", "RMANumber"}
    body = {"dataAreaId": "usmf", **HEADER}
    assert "Field 'Return order' must be filled in." in await fo.refused(
        "POST", "ReturnOrderHeadersV2", **body
    )
    made = await fo.made("ReturnOrderHeadersV2", **HEADER, ReturnOrderNumber="R_42")
    assert (made["ReturnOrderNumber"], made["RMANumber"]) == ("R_42", "00001")
    await fo.order(SalesOrderNumber="S_43")
    assert "already exists" in await fo.refused(
        "POST", "ReturnOrderHeadersV2", **body, ReturnOrderNumber="S_43"
    )
    text = await fo.refused("POST", "ReturnOrderHeadersV2", **body, ReturnOrderNumber="r_42")
    assert "The record already exists." in text
    text = await fo.refused(
        "POST", "ReturnOrderHeadersV2", **body, ReturnOrderNumber="R_43", RMANumber="7"
    )
    assert "cannot be entered manually" in text


@pytest.mark.parametrize(
    ("field", "label", "related"),
    [
        ("CustomerAccountNumber", "Customer account", "Customers"),
        ("InvoiceCustomerAccountNumber", "Invoice account", "Customers"),
        ("CurrencyCode", "Currency", "Currencies"),
        ("CustomerReturnReasonCode", "Return reason code", "Return reason codes"),
        ("DefaultReturnSiteId", "Site", "Sites"),
        ("DefaultReturnWarehouseId", "Warehouse", "Warehouses"),
    ],
)
async def test_a_header_only_refers_to_what_exists(
    fo: Environment, field: str, label: str, related: str
) -> None:
    text = await fo.refused(
        "POST", "ReturnOrderHeadersV2", dataAreaId="usmf", **{**HEADER, field: "NOPE"}
    )
    assert (
        f"The value 'NOPE' in field '{label}' is not found in the related table '{related}'."
        in text
    )


async def test_a_header_has_a_customer_and_its_warehouse_brings_its_site(fo: Environment) -> None:
    assert "Field 'Customer account' must be filled in." in await fo.refused(
        "POST", "ReturnOrderHeadersV2", dataAreaId="usmf"
    )
    made = await fo.made(
        "ReturnOrderHeadersV2", CustomerAccountNumber="US-001", DefaultReturnWarehouseId="24"
    )
    assert made["DefaultReturnSiteId"] == "2"


async def test_a_return_address_has_a_country_with_three_letters(fo: Environment) -> None:
    text = await fo.refused(
        "POST",
        "ReturnOrderHeadersV2",
        dataAreaId="usmf",
        **HEADER,
        ReturnAddressCountryRegionId="DE",
    )
    assert "The value 'DE' in field 'Country/region'" in text


async def test_a_line_opens_the_return_and_goes_where_the_header_says(fo: Environment) -> None:
    number = await returned(fo)
    made = await line(fo, number, ReturnDispositionCode="CreditOnly")
    assert made["ReturnInventoryLotId"] == "USMF-00000001"
    assert (made["ReturnSiteId"], made["SalesPrice"], made["LineAmount"]) == (
        "1",
        Decimal("9.99"),
        Decimal("-9.99"),
    )
    assert (made["ReturnStatus"], made["RMANumber"], made["CustomerAccountNumber"]) == (
        "Awaiting",
        "00001",
        "US-001",
    )
    assert (made["SalesUnitSymbol"], made["LineCreationSequenceNumber"]) == ("ea", 1)
    assert (await line(fo, number))["LineCreationSequenceNumber"] == 2
    assert (await fo.get(header_at(number)))["ReturnOrderStatus"] == "Backorder"


async def test_goods_need_a_site_to_come_back_to(fo: Environment) -> None:
    number = await returned(fo, DefaultReturnSiteId="")
    assert "Inventory dimension Site is mandatory" in await line_refused(fo, number)
    assert (await line(fo, number, ReturnWarehouseId="24"))["ReturnSiteId"] == "2"
    assert (await line(fo, number, ItemNumber="FREIGHT", SalesPrice=5))["ReturnSiteId"] == ""
    text = await line_refused(fo, number, ReturnWarehouseId="24", ReturnSiteId="1")
    assert "The value '24' in field 'Warehouse'" in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"ReturnSalesQuantity": 1}, "The quantity to return must be negative."),
        ({"ReturnSalesQuantity": 0}, "Field 'Return sales quantity' must be filled in."),
        ({"ItemNumber": "NOPE"}, "The value 'NOPE' in field 'Item number'"),
        ({"ItemNumber": ""}, "Field 'Item number' must be filled in."),
        ({"ReturnDispositionCode": "NOPE"}, "The value 'NOPE' in field 'Disposition code'"),
        ({"ReturningInventoryLotId": "NOPE"}, "The value 'NOPE' in field 'Return lot ID'"),
        ({"ReturnOrderNumber": "NOPE"}, "The value 'NOPE' in field 'Return order'"),
        ({"ReturnOrderNumber": ""}, "Field 'Return order' must be filled in."),
        ({"ReturnStatus": "Received"}, "Update not allowed for field 'Return status'."),
        ({"SalesUnitSymbol": "kg"}, "Unit conversion from kg to ea"),
        ({"ItemNumber": "SHIRT"}, "Inventory dimension Size is mandatory"),
        ({"ReturnInventoryLotId": "MINE"}, "cannot be entered manually"),
    ],
)
async def test_what_a_line_may_not_say(fo: Environment, body: dict[str, Any], words: str) -> None:
    assert words in await line_refused(fo, await returned(fo), **body)


@pytest.mark.parametrize(
    ("quantity", "price", "amount"),
    [
        ("-3", "1.115", "-3.35"),
        ("-1.5", "0.33", "-0.5"),
        ("-7", "0", "0"),
        ("-2", "12.345678", "-24.69"),
    ],
)
async def test_a_line_amount_is_negative_and_rounded_away_from_zero(
    fo: Environment, quantity: str, price: str, amount: str
) -> None:
    body = {"ReturnSalesQuantity": Decimal(quantity), "SalesPrice": Decimal(price)}
    if price == "0":
        fo.state.put(
            "ReleasedProductsV2", dataAreaId="usmf", ItemNumber="A0002", SalesPrice=Decimal(0)
        )
    assert (await line(fo, await returned(fo), **body))["LineAmount"] == Decimal(amount)


async def test_another_quantity_makes_another_amount(fo: Environment) -> None:
    made = await line(fo, await returned(fo), LineAmount=99)
    assert made["LineAmount"] == Decimal("-9.99")
    assert (await fo.ask("PATCH", line_at(made), {"ReturnSalesQuantity": -2})).status_code == 204
    assert (await fo.get(line_at(made)))["LineAmount"] == Decimal("-19.98")
    assert "must be negative" in await fo.refused("PATCH", line_at(made), ReturnSalesQuantity=2)
    assert "Update not allowed" in await fo.refused("PATCH", line_at(made), ItemNumber="A0001")


async def test_a_line_that_was_sold_comes_back_at_what_it_was_sold_for(fo: Environment) -> None:
    lot = await sold(
        fo, SalesPrice=10, LineDiscountPercentage=25, SalesUnitSymbol="pcs", LineDescription="Lamp"
    )
    made = await line(fo, await returned(fo), ReturningInventoryLotId=lot, ReturnSalesQuantity=-2)
    assert (made["SalesPrice"], made["LineAmount"]) == (Decimal("7.5"), -15)
    assert (made["SalesUnitSymbol"], made["LineDescription"]) == ("pcs", "Lamp")
    free = await sold(fo, SalesPrice=10, OrderedSalesQuantity=0)
    assert (await line(fo, await returned(fo), ReturningInventoryLotId=free))["LineAmount"] == 0


async def test_a_line_comes_back_from_the_customer_it_was_sold_to(fo: Environment) -> None:
    lot = await sold(fo)
    fo.state.put(
        "CustomersV3", dataAreaId="usmf", CustomerAccount="US-002", SalesCurrencyCode="USD"
    )
    text = await line_refused(
        fo, await returned(fo, CustomerAccountNumber="US-002"), ReturningInventoryLotId=lot
    )
    assert (
        f"The value '{lot}' in field 'Return lot ID' is not found in the related table 'Order"
        " lines'." in text
    )
    text = await line_refused(
        fo, await returned(fo), ReturningInventoryLotId=lot, ItemNumber="A0001"
    )
    assert "is of item number A0002, not of A0001" in text


async def test_a_return_is_deleted_until_its_goods_arrive(fo: Environment) -> None:
    number = await returned(fo, CustomersOrderReference="CM-1")
    made = await line(fo, number)
    await line(fo, number)
    assert (await fo.ask("DELETE", line_at(made))).status_code == 204
    assert (await fo.ask("DELETE", header_at(number))).status_code == 204
    assert (fo.state.returns_for("cm-1"), fo.state.snapshot()["ReturnOrderLinesV2"]) == ([], [])
    number = await returned(fo)
    made = await line(fo, number)
    fo.state.receive_return(number)
    assert (await fo.get(header_at(number)))["ReturnStatus"] == "Open"
    arrived = await fo.get(line_at(made))
    assert (arrived["ReturnStatus"], arrived["ReturnedSalesQuantity"]) == ("Received", -1)
    assert "has status Received and cannot be deleted" in await fo.refused("DELETE", line_at(made))
    assert "has status Received and cannot be deleted" in await fo.refused(
        "DELETE", header_at(number)
    )
    fo.state.receive_return(number)


async def test_a_posted_return_is_a_credit_note(fo: Environment) -> None:
    lot = await sold(fo, SalesPrice=10)
    number = await returned(fo, CustomersOrderReference="CM-1", CustomerReturnReasonCode="DEFECT")
    made = await line(fo, number, ReturningInventoryLotId=lot, ReturnDispositionCode="CREDIT")
    assert fo.state.post_return(number) == "CCN-000001"
    [note] = (await fo.get("SalesInvoiceHeadersV2?cross-company=true"))["value"]
    assert (note["TotalInvoiceAmount"], note["TotalTaxAmount"]) == (
        Decimal("-11.9"),
        Decimal("-1.9"),
    )
    assert (note["SalesOrderNumber"], note["CustomersOrderReference"]) == (number, "CM-1")
    [shown] = (await fo.get("SalesInvoiceV4Lines?cross-company=true"))["value"]
    assert (shown["InvoicedQuantity"], shown["LineAmount"], shown["SalesPrice"]) == (-1, -10, 10)
    [copy] = (await fo.get("CustInvoiceJourBiEntities?cross-company=true"))["value"]
    assert (copy["SalesType"], copy["ReturnReasonCodeId"], copy["ReturnItemNum"]) == (
        "ReturnItem",
        "DEFECT",
        "00001",
    )
    assert fo.state.balance("usmf", "US-001") == Decimal("-11.9")
    header, row = await fo.get(header_at(number)), await fo.get(line_at(made))
    assert (header["ReturnStatus"], header["ReturnOrderStatus"], row["ReturnStatus"]) == (
        "Closed",
        "Invoiced",
        "Invoiced",
    )


async def test_tax_of_what_was_not_sold_here_follows_customer_and_item(fo: Environment) -> None:
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", SalesTaxGroup="DE")
    number = await returned(fo)
    await line(fo, number, SalesPrice=100)
    fo.state.post_return(number)
    assert fo.state.balance("usmf", "US-001") == -119
    number = await returned(fo)
    await line(fo, number, SalesPrice=100)
    fo.state.post_return(number, "usmf", tax=Decimal(5))
    assert fo.state.balance("usmf", "US-001") == -224


async def test_tax_within_a_customers_prices_is_not_credited_on_top(fo: Environment) -> None:
    fo.state.put(
        "CustomersV3",
        dataAreaId="usmf",
        CustomerAccount="US-001",
        SalesTaxGroup="DE",
        IsSalesTaxIncludedInPrices="Yes",
    )
    number = await returned(fo)
    await line(fo, number, SalesPrice=119)
    fo.state.post_return(number)
    assert fo.state.balance("usmf", "US-001") == -119


async def test_what_goes_back_to_the_customer_is_not_credited(fo: Environment) -> None:
    number = await returned(fo)
    await line(fo, number, SalesPrice=3, ReturnDispositionCode="RETURN")
    with pytest.raises(NotPosted, match="nothing to credit"):
        fo.state.post_return(number)
    await line(fo, number, SalesPrice=5, ReturnDispositionCode="SCRAP")
    fo.state.post_return(number)
    assert fo.state.balance("usmf", "US-001") == -5


async def test_a_settled_return_never_changes(fo: Environment) -> None:
    number = await returned(fo)
    made = await line(fo, number)
    fo.state.post_return(number)
    for text in (
        await fo.refused("PATCH", header_at(number), Email="a@b.example"),
        await fo.refused("DELETE", header_at(number)),
        await fo.refused("PATCH", line_at(made), SalesPrice=6),
        await fo.refused("DELETE", line_at(made)),
        await line_refused(fo, number),
    ):
        assert f"Return order {number} has status Closed and cannot be changed." in text
    with pytest.raises(NotPosted, match="settled"):
        fo.state.post_return(number)
    fo.state.receive_return(number)
    assert (await fo.get(line_at(made)))["ReturnStatus"] == "Invoiced"
