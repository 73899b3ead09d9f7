import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sandbox.dynamics.schema import SETS
from tests.sandbox.dynamics.conftest import JSON, Environment

ORDER: dict[str, Any] = {"dataAreaId": "usmf", "OrderingCustomerAccountNumber": "US-001"}
ABSENT = (
    "SalesOrderLinesV2",
    "SalesOrderHeaderCharges",
    "SalesOrderHeaderChargesV2",
    "SalesOrderLineCharges",
    "SalesOrderLineChargesV2",
    "SalesQuotationLinesV2",
    "SalesInvoiceHeadersV3",
    "SalesInvoiceLinesV2",
    "CustomerReturnReasonCodes",
    "Cases",
    "ShipmentHeaders",
    "InventOnHandEntities",
    "InventoryOnHandEntities",
    "CustPaymentJournalHeaders",
)


@pytest.mark.parametrize(
    "name", [*ABSENT, "salesorderheadersv4", "SalesOrderHeadersV4/Nope", "$batch/x"]
)
async def test_what_does_not_exist_has_no_route(fo: Environment, name: str) -> None:
    answer = await fo.ask("GET", name)
    assert answer.status_code == 404
    assert answer.json() == {
        "Message": (
            f"No HTTP resource was found that matches the request URI '/data/{name}'."
            " No route data was found for this request."
        )
    }


@pytest.mark.parametrize("token", ["Bearer other", "Basic sandbox", ""])
async def test_nobody_comes_in_without_a_token(fo: Environment, token: str) -> None:
    for path in ("/data/CustomersV3", "/data/$batch", "/metadata/PublicEntities('CustomerV3')"):
        assert (await fo.client.get(path, headers={"Authorization": token})).status_code == 401


async def test_an_unknown_property_is_refused_and_nothing_is_written(fo: Environment) -> None:
    text = await fo.refused("POST", "SalesOrderHeadersV4", **ORDER, CustAcct="1")
    assert text.startswith("The property 'CustAcct' does not exist on type")
    assert "currencycode" in await fo.refused(
        "POST", "SalesOrderHeadersV4", **ORDER, currencycode="USD"
    )
    assert fo.state.snapshot().get("SalesTable", []) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ArePricesIncludingSalesTax", "yes"),
        ("ArePricesIncludingSalesTax", True),
        ("ArePricesIncludingSalesTax", 1),
        ("TotalDiscountPercentage", "1.5"),
        ("TotalDiscountPercentage", None),
        ("TotalDiscountPercentage", True),
        ("TotalDiscountPercentage", 10**23),
        ("BaseDocumentLineNumber", Decimal("1.5")),
        ("BaseDocumentLineNumber", 2**31),
        ("RequestedShippingDate", "21.11.2026"),
        ("RequestedShippingDate", "2026-11-21T10:00:00"),
        ("RequestedShippingDate", 20261121),
        ("TotalDiscountPercentage", []),
        ("ArePricesIncludingSalesTax", []),
        ("CustomersOrderReference", 42),
        ("TransportationDocumentLineId", "42"),
    ],
)
async def test_a_value_of_another_type_is_refused(
    fo: Environment, field: str, value: object
) -> None:
    assert field in await fo.refused("POST", "SalesOrderHeadersV4", **ORDER, **{field: value})


@pytest.mark.parametrize("content", ["{", "[]", '"x"', "\ufeff{]", "nan"])
async def test_a_body_that_is_no_object_is_refused(fo: Environment, content: str) -> None:
    answer = await fo.client.post("/data/SalesOrderHeadersV4", content=content, headers=JSON)
    assert answer.status_code == 400
    other = await fo.client.post(
        "/data/SalesOrderHeadersV4", content="{}", headers={"Content-Type": "text/plain"}
    )
    assert other.status_code == 415


async def test_what_nobody_wrote_reads_as_unset(fo: Environment) -> None:
    order = await fo.order()
    assert (order["URL"], order["TotalDiscountPercentage"], order["OrderOrAgreementCode"]) == (
        "",
        0,
        "",
    )
    assert order["FixedDueDate"] == "1900-01-01T12:00:00Z"
    assert order["TransportationDocumentLineId"] == "00000000-0000-0000-0000-000000000000"
    assert order["DeliveryAddressTimeZone"] is None
    made = await fo.get(
        "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')?cross-company=true"
    )
    assert made["AddressValidFrom"] == "1900-01-01T00:00:00Z"


async def test_dates_are_noon_and_text_loses_its_trailing_spaces(fo: Environment) -> None:
    order = await fo.order(
        RequestedShippingDate="2026-11-21",
        ConfirmedShippingDate="2026-11-22T23:30:00Z",
        CustomersOrderReference=" 1  ",
    )
    assert order["RequestedShippingDate"] == "2026-11-21T12:00:00Z"
    assert order["ConfirmedShippingDate"] == "2026-11-22T12:00:00Z"
    assert order["CustomersOrderReference"] == " 1"


async def test_a_company_is_the_default_one_unless_the_request_crosses(fo: Environment) -> None:
    number = (await fo.order(CustomersOrderReference="7"))["SalesOrderNumber"]
    key = f"SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{number}')"
    assert (await fo.get("SalesOrderHeadersV4"))["value"] == []
    assert len((await fo.get("SalesOrderHeadersV4?cross-company=true"))["value"]) == 1
    missed = await fo.ask("GET", key)
    assert (missed.status_code, missed.content) == (404, b"")
    for method in ("PATCH", "DELETE"):
        assert (
            await fo.refused(method, key, URL="x")
            == "No resources were found when selecting for update."
        )
    assert (await fo.ask("PATCH", f"{key}?cross-company=true", {"URL": "x"})).status_code == 204


async def test_a_body_names_the_company_without_crossing(fo: Environment) -> None:
    order = await fo.made(
        "SalesOrderHeadersV4?cross-company=false", **{**ORDER, "dataAreaId": "USMF"}
    )
    assert order["dataAreaId"] == "usmf"
    assert "The value 'nope' in field 'Company'" in await fo.refused(
        "POST", "SalesOrderHeadersV4", **{**ORDER, "dataAreaId": "nope"}
    )


async def test_nothing_is_created_by_a_patch(fo: Environment) -> None:
    key = "CustomerGroups(dataAreaId='usmf',CustomerGroupId='99')?cross-company=true"
    for method in ("PATCH", "PUT", "DELETE"):
        assert (
            await fo.refused(method, key, Description="x")
            == "No resources were found when selecting for update."
        )


async def test_a_key_is_given_whole_in_any_order_and_any_case(fo: Environment) -> None:
    text = await fo.refused("GET", "CustomersV3(dataAreaId='usmf')?cross-company=true")
    assert (
        text == "Only 1 of 2 keys provided for lookup, provide keys for dataAreaId,CustomerAccount."
    )
    found = await fo.get(
        "CustomersV3(CustomerAccount='us-001',dataAreaId='USMF')?cross-company=true"
    )
    assert found["CustomerAccount"] == "US-001"
    assert (await fo.get("Currencies('EUR')"))["CurrencyCode"] == "EUR"
    for key in (
        "Nope='x'",
        "dataAreaId=usmf,CustomerAccount='1'",
        "dataAreaId='usmf' CustomerAccount='1'",
    ):
        assert (await fo.ask("GET", f"CustomersV3({key})")).status_code == 400


async def test_a_key_may_hold_what_an_address_cannot(fo: Environment) -> None:
    fo.state.settings.manual.add("SalesOrderNumber")
    await fo.order(SalesOrderNumber="O'B/1 +&ä")
    key = "dataAreaId='usmf',SalesOrderNumber='O%27%27B%2F1%20%2B%26%C3%A4'"
    assert (await fo.get(f"SalesOrderHeadersV4({key})?cross-company=true"))[
        "SalesOrderNumber"
    ] == "O'B/1 +&ä"


async def test_keys_of_other_types_stand_bare(fo: Environment) -> None:
    fo.state.put(
        "FreeTextInvoiceLines", dataAreaId="dat", LineNumber=Decimal(1), ParentRecId=5637145331
    )
    target = "FreeTextInvoiceLines(dataAreaId='dat',LineNumber=1.0,ParentRecId=5637145331)"
    assert (await fo.get(target))["ParentRecId"] == 5637145331
    moment = datetime(2026, 7, 23, 12, tzinfo=UTC)
    fo.state.put("SalesInvoiceHeadersV2", InvoiceNumber="1", InvoiceDate=moment, LedgerVoucher="V")
    target = (
        "SalesInvoiceHeadersV2(dataAreaId='dat',InvoiceNumber='1',LedgerVoucher='V',InvoiceDate={})"
    )
    assert (await fo.get(target.format("2026-07-23T12:00:00Z")))[
        "InvoiceDate"
    ] == "2026-07-23T12:00:00Z"
    for wrong in ("'2026-07-23T12:00:00Z'", "2026-07-23", "7"):
        assert (await fo.ask("GET", target.format(wrong))).status_code == 400


async def test_a_key_that_is_not_numbered_must_be_given(fo: Environment) -> None:
    text = await fo.refused("POST", "PaymentTerms", dataAreaId="usmf", Description="x")
    assert "Field 'Name' must be filled in." in text


async def test_a_key_does_not_change(fo: Environment) -> None:
    key = "CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')?cross-company=true"
    assert "Update not allowed" in await fo.refused("PATCH", key, CustomerGroupId="11")
    assert (
        await fo.ask("PATCH", key, {"CustomerGroupId": "10", "Description": "x"})
    ).status_code == 204


async def test_a_stale_etag_is_refused(fo: Environment) -> None:
    number = (await fo.order())["SalesOrderNumber"]
    key = f"SalesOrderHeadersV4(dataAreaId='usmf',SalesOrderNumber='{number}')?cross-company=true"
    first = (await fo.get(key))["@odata.etag"]
    assert base64.b64decode(first.removeprefix('W/"').removesuffix('"')).startswith(b"'1,")
    assert (await fo.ask("PATCH", key, {"URL": "a"}, If_Match=first)).status_code == 204
    assert (await fo.ask("PATCH", key, {"URL": "b"}, If_Match=first)).status_code == 412
    assert (await fo.ask("DELETE", key, If_Match=first)).status_code == 412
    assert (await fo.ask("PATCH", key, {"URL": "c"}, If_Match="*")).status_code == 204
    assert (await fo.ask("PATCH", key, {"URL": "d"})).status_code == 204


async def test_pages_follow_each_other_to_the_end(fo: Environment) -> None:
    fo.state.settings.page_size = 2
    for number in range(5):
        await fo.order(CustomersOrderReference=f"R{number}")
    target = (
        "SalesOrderHeadersV4?cross-company=true&$count=true&$orderby=CustomersOrderReference desc"
    )
    target += (
        "&$select=CustomersOrderReference&$filter=CustomersOrderReference eq 'R*' and CurrencyCode"
        " eq 'USD'"
    )
    seen, pages = [], 0
    while target:
        page = await fo.get(target)
        assert page["@odata.count"] == 5
        seen += [row["CustomersOrderReference"] for row in page["value"]]
        target, pages = (
            page.get("@odata.nextLink", "").removeprefix("https://fo.example/data/"),
            pages + 1,
        )
    assert (seen, pages) == (["R4", "R3", "R2", "R1", "R0"], 3)


async def test_top_and_skip_cut_a_list(fo: Environment) -> None:
    fo.state.settings.page_size = 2
    page = await fo.get("Currencies?$orderby=CurrencyCode&$skip=1&$top=3&$select=CurrencyCode")
    assert [row["CurrencyCode"] for row in page["value"]] == ["BHD", "CAD"]
    rest = await fo.get(page["@odata.nextLink"].removeprefix("https://fo.example/data/"))
    assert [row["CurrencyCode"] for row in rest["value"]] == ["CHF"]
    assert "@odata.nextLink" not in rest
    assert "@odata.nextLink" not in await fo.get("Currencies?$top=2")


async def test_navigation_properties_are_not_followed(fo: Environment) -> None:
    assert (await fo.ask("GET", "SalesOrderHeadersV2?$expand=SalesOrderLines")).status_code == 501


async def test_null_is_unset(fo: Environment) -> None:
    order = await fo.order(URL=None, DeliveryAddressTimeZone=None)
    assert (order["URL"], order["DeliveryAddressTimeZone"]) == ("", None)
    annotated = {"@odata.type": "#Microsoft.Dynamics.DataEntities.SalesOrderHeaderV4"}
    guid = "0F0E0D0C-0000-0000-0000-00000000000A"
    order = await fo.order(**annotated, TransportationDocumentLineId=guid, RetailChannelTable=5)
    assert (order["TransportationDocumentLineId"], order["RetailChannelTable"]) == (guid.lower(), 5)


async def test_nothing_changes_when_nothing_new_is_sent(fo: Environment) -> None:
    key = "CustomerGroups(dataAreaId='usmf',CustomerGroupId='10')?cross-company=true"
    before = (await fo.get(key))["@odata.etag"]
    assert (await fo.ask("PATCH", key, {"Description": ""})).status_code == 204
    assert (await fo.get(key))["@odata.etag"] == before


async def test_shared_tables_have_no_company(fo: Environment) -> None:
    answer = await fo.ask("POST", "UnitsOfMeasure", {"UnitSymbol": "pair"})
    assert answer.status_code == 201
    assert "dataAreaId" not in answer.json()
    assert "The property 'dataAreaId'" in await fo.refused(
        "POST", "UnitsOfMeasure", dataAreaId="usmf", UnitSymbol="x"
    )


async def test_rows_are_counted(fo: Environment) -> None:
    counted = await fo.ask("GET", "CustomersV3/$count?cross-company=true")
    assert (counted.text, (await fo.ask("GET", "CustomersV3/$count")).text) == ("2", "1")


@pytest.mark.parametrize(
    "query",
    [
        "$select=Nope",
        "$orderby=Nope",
        "$orderby=CurrencyCode upwards",
        "$top=-1",
        "$top=many",
        "$skip=x",
        "$count=1",
        "$search=x",
        "$apply=x",
        "$select=",
        "$filter=a&$filter=b",
        "cross-company=yes",
    ],
)
async def test_a_query_option_that_makes_no_sense_is_refused(fo: Environment, query: str) -> None:
    assert (await fo.ask("GET", f"Currencies?{query}")).status_code == 400
    assert (await fo.ask("GET", f"SalesOrderHeadersV4?{query}")).status_code == 400


async def test_a_set_to_read_is_not_written(fo: Environment) -> None:
    assert "read-only" in await fo.refused("POST", "SalesInvoiceHeadersV2", dataAreaId="usmf")
    assert (await fo.ask("POST", "Currencies('EUR')", {})).status_code == 405
    assert (await fo.ask("DELETE", "Currencies")).status_code == 405
    assert (await fo.ask("POST", "$metadata", {})).status_code == 405
    assert (await fo.ask("GET", "Currencies('EUR')/$count")).status_code == 404


async def test_the_metadata_names_what_the_sets_have(fo: Environment) -> None:
    answer = await fo.ask("GET", "$metadata")
    root = ET.fromstring(answer.content)  # noqa: S314 (our own document)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    assert {item.get("Name") for item in root.iter(f"{edm}EntitySet")} == set(SETS)
    header = next(
        item for item in root.iter(f"{edm}EntityType") if item.get("Name") == "SalesOrderHeaderV4"
    )
    names = [item.get("Name") for item in header.iter(f"{edm}Property")]
    assert names == list(SETS["SalesOrderHeadersV4"].properties)
    assert [item["name"] for item in (await fo.get(""))["value"]] == list(SETS)


async def test_public_entities_say_what_is_mandatory(fo: Environment) -> None:
    found = (await fo.client.get("/metadata/PublicEntities('SalesOrderLineV3')")).json()
    properties = {entry["Name"]: entry for entry in found["Properties"]}
    assert found["EntitySetName"] == "SalesOrderLinesV3"
    assert properties["ItemNumber"]["IsMandatory"]
    assert not properties["ItemNumber"]["AllowEdit"]
    assert not properties["InventoryLotId"]["AllowEditOnCreate"]
    status = (await fo.client.get("/metadata/PublicEnumerations('SalesStatus')")).json()
    assert [member["Name"] for member in status["Members"]][:2] == ["None", "Backorder"]
    assert (await fo.client.get("/metadata/PublicEntities('Nope')")).status_code == 404
    assert (await fo.client.get("/metadata/PublicEnumerations('Nope')")).status_code == 404
    assert (await fo.client.get("/metadata/Other")).status_code == 404


async def test_an_operator_looks_in_and_resets(fo: Environment) -> None:
    order = await fo.order(CustomersOrderReference="7")
    await fo.line(order["SalesOrderNumber"], SalesPrice=Decimal("1.5"))
    shown = (await fo.client.get("/sandbox/orders", params={"reference": "7"})).json()
    assert [(row["total"], len(row["lines"])) for row in shown] == [(1.5, 1)]
    counts = (await fo.client.get("/sandbox/requests")).json()
    assert (counts["requests"], counts["total"]) == ({"post": 2}, 2)
    assert counts["operations"] == {"POST SalesOrderHeadersV4": 1, "POST SalesOrderLinesV3": 1}
    assert (await fo.client.post("/sandbox/reset")).status_code == 204
    assert (await fo.client.get("/sandbox/orders")).json() == []
    assert (await fo.order())["SalesOrderNumber"] == order["SalesOrderNumber"]


async def test_an_operator_changes_the_settings(fo: Environment) -> None:
    wanted = {
        "manual": ["SalesOrderNumber"],
        "page_size": 3,
        "strict_prices": True,
        "rounding": {"JPY": 1},
    }
    assert (await fo.client.put("/sandbox/settings", json=wanted)).json() == wanted
    faults: list[Any] = [
        [],
        {"pages": 1},
        {"page_size": 0},
        {"rounding": {"JPY": 0}},
        {"rounding": {"JPY": "x"}},
        {"rounding": 1},
        {"manual": 1},
        {"manual": "SalesOrderNumber"},
    ]
    for wrong in faults:
        assert (await fo.client.put("/sandbox/settings", json=wrong)).status_code == 400
    assert (await fo.client.get("/sandbox/settings")).json() == wanted


async def test_time_is_what_the_environment_is_told(fo: Environment) -> None:
    later = datetime(2026, 11, 21, 9, 30, tzinfo=UTC) + timedelta(microseconds=5)
    fo.state.now = lambda: later
    order = await fo.order()
    assert order["OrderCreationDateTime"] == "2026-11-21T09:30:00Z"
    assert order["RequestedShippingDate"] == "2026-11-21T12:00:00Z"


def test_a_seed_names_no_property_that_does_not_exist(fo: Environment) -> None:
    with pytest.raises(ValueError, match="SalesOrderHeadersV4 has no property CustAcct"):
        fo.state.put("SalesOrderHeadersV4", CustAcct="1")
