from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dynamics.state import NotPosted
from tests.sandbox.dynamics.conftest import Environment

HEADER: dict[str, Any] = {
    "CustomerAccount": "US-001",
    "InvoiceDate": "2026-01-05",
    "CurrencyCode": "USD",
}


async def drafted(fo: Environment, **body: Any) -> int:
    made = await fo.made("FreeTextInvoiceHeaders", **{**HEADER, **body})
    identifier = made["InvoiceIdentifier"]
    assert isinstance(identifier, int)
    return identifier


async def line(fo: Environment, parent: int, **body: Any) -> dict[str, Any]:
    wanted = {"ParentRecId": parent, "LineNumber": 1, "MainAccountDisplayValue": "401100"}
    return await fo.made("FreeTextInvoiceLines", **{**wanted, **body})


def header_at(identifier: int) -> str:
    return (
        f"FreeTextInvoiceHeaders(dataAreaId='usmf',InvoiceIdentifier={identifier})?"
        f"cross-company=true"
    )


def line_at(identifier: int, number: int = 1) -> str:
    key = f"dataAreaId='usmf',LineNumber={number},ParentRecId={identifier}"
    return f"FreeTextInvoiceLines({key})?cross-company=true"


async def line_refused(fo: Environment, **body: Any) -> str:
    return await fo.refused("POST", "FreeTextInvoiceLines", dataAreaId="usmf", **body)


async def test_a_draft_has_a_record_id_no_number_and_a_due_date(fo: Environment) -> None:
    made = await fo.made("FreeTextInvoiceHeaders", **HEADER, TermsOfPayment="Net30")
    assert made["InvoiceIdentifier"] > 5637144576
    assert (made["FreeTextNumber"], made["IsPosted"]) == ("Not posted", "No")
    assert (made["InvoiceDate"], made["DueDate"]) == (
        "2026-01-05T12:00:00Z",
        "2026-02-04T12:00:00Z",
    )
    assert (made["InvoiceAccount"], made["InvoiceName"]) == ("US-001", "Contoso Retail San Diego")
    assert (await fo.get(header_at(made["InvoiceIdentifier"])))["FreeTextNumber"] == "Not posted"


async def test_two_drafts_have_two_record_ids(fo: Environment) -> None:
    assert await drafted(fo) != await drafted(fo)
    text = await fo.refused(
        "POST", "FreeTextInvoiceHeaders", dataAreaId="usmf", **HEADER, InvoiceIdentifier=7
    )
    assert "Update not allowed for field 'Invoice identifier'." in text
    text = await fo.refused(
        "POST", "FreeTextInvoiceHeaders", dataAreaId="usmf", **HEADER, FreeTextNumber="FTI-1"
    )
    assert "Update not allowed for field 'Free text number'." in text


async def test_terms_by_months_keep_the_day_as_far_as_the_month_has_it(fo: Environment) -> None:
    fo.state.put("PaymentTerms", dataAreaId="usmf", Name="M1", NumberOfMonths=1)
    made = await fo.made(
        "FreeTextInvoiceHeaders", **{**HEADER, "InvoiceDate": "2026-01-31"}, TermsOfPayment="M1"
    )
    assert made["DueDate"] == "2026-02-28T12:00:00Z"
    made = await fo.made(
        "FreeTextInvoiceHeaders", **{**HEADER, "InvoiceDate": "2026-12-31"}, TermsOfPayment="M1"
    )
    assert made["DueDate"] == "2027-01-31T12:00:00Z"


async def test_a_due_date_that_was_sent_stays_and_another_invoice_date_moves_one_that_was_not(
    fo: Environment,
) -> None:
    assert (await fo.made("FreeTextInvoiceHeaders", **HEADER, DueDate="2026-03-01"))["DueDate"][
        :10
    ] == "2026-03-01"
    identifier = await drafted(fo, TermsOfPayment="Net10")
    assert (
        await fo.ask("PATCH", header_at(identifier), {"CustomerReference": "R"})
    ).status_code == 204
    assert (
        await fo.ask("PATCH", header_at(identifier), {"InvoiceDate": "2026-01-10"})
    ).status_code == 204
    assert (await fo.get(header_at(identifier)))["DueDate"] == "2026-01-20T12:00:00Z"


@pytest.mark.parametrize(
    ("missing", "label"),
    [
        ("CustomerAccount", "Customer account"),
        ("InvoiceDate", "Invoice date"),
        ("CurrencyCode", "Currency code"),
    ],
)
async def test_a_header_has_mandatory_fields(fo: Environment, missing: str, label: str) -> None:
    body = {name: value for name, value in HEADER.items() if name != missing}
    text = await fo.refused("POST", "FreeTextInvoiceHeaders", dataAreaId="usmf", **body)
    assert f"Field '{label}' must be filled in." in text


@pytest.mark.parametrize(
    ("field", "label", "related"),
    [
        ("CustomerAccount", "Customer account", "Customers"),
        ("InvoiceAccount", "Invoice account", "Customers"),
        ("CurrencyCode", "Currency", "Currencies"),
        ("TermsOfPayment", "Terms of payment", "Terms of payment"),
        ("MethodOfPayment", "Method of payment", "Methods of payment"),
        ("SalesTaxGroupId", "Sales tax group", "Sales tax groups"),
        ("SalesTaxItemGroupId", "Item sales tax group", "Item sales tax groups"),
        ("ContactPersonId", "Contact", "Contacts"),
    ],
)
async def test_a_header_only_refers_to_what_exists(
    fo: Environment, field: str, label: str, related: str
) -> None:
    text = await fo.refused(
        "POST", "FreeTextInvoiceHeaders", dataAreaId="usmf", **{**HEADER, field: "NOPE"}
    )
    assert (
        f"The value 'NOPE' in field '{label}' is not found in the related table '{related}'."
        in text
    )
    assert f"validateField failed on field 'FreeTextInvoiceHeaderEntity.{field}'" in text


async def test_a_customer_on_hold_gets_no_invoice(fo: Environment) -> None:
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", OnHoldStatus="Invoice")
    text = await fo.refused("POST", "FreeTextInvoiceHeaders", dataAreaId="usmf", **HEADER)
    assert "Customer US-001 is on hold: Invoice." in text


async def test_a_line_names_its_invoice_its_number_and_its_account(fo: Environment) -> None:
    identifier = await drafted(fo)
    body = {"ParentRecId": identifier, "LineNumber": 1, "MainAccountDisplayValue": "401000"}
    for name, label in (
        ("ParentRecId", "Parent rec id"),
        ("LineNumber", "Line number"),
        ("MainAccountDisplayValue", "Main account display value"),
    ):
        text = await line_refused(
            fo, **{field: value for field, value in body.items() if field != name}
        )
        assert f"Field '{label}' must be filled in." in text
    text = await line_refused(fo, **{**body, "ParentRecId": 42})
    assert (
        "The value '42' in field 'Free text invoice' is not found in the related table 'Free text"
        " invoices'." in text
    )


async def test_an_invoice_of_another_company_is_not_found(fo: Environment) -> None:
    identifier = await drafted(fo)
    body = {
        "dataAreaId": "dat",
        "ParentRecId": identifier,
        "LineNumber": 1,
        "MainAccountDisplayValue": "401000",
    }
    assert f"The value '{identifier}'" in await fo.refused("POST", "FreeTextInvoiceLines", **body)


async def test_the_main_account_is_in_the_chart_of_accounts(fo: Environment) -> None:
    identifier = await drafted(fo)
    text = await line_refused(
        fo, ParentRecId=identifier, LineNumber=1, MainAccountDisplayValue="999999"
    )
    assert (
        "The value '999999' in field 'Main account' is not found in the related table 'Main"
        " accounts'." in text
    )
    assert (await line(fo, identifier, MainAccountDisplayValue="401100-002-WEB"))["LineNumber"] == 1


async def test_a_line_key_is_taken_once(fo: Environment) -> None:
    identifier = await drafted(fo)
    await line(fo, identifier)
    text = await line_refused(
        fo, ParentRecId=identifier, LineNumber=1, MainAccountDisplayValue="401000"
    )
    assert "Cannot create a record in Free text invoice lines (FreeTextInvoiceLines)." in text
    assert "The record already exists." in text


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        ({"Quantity": 3, "UnitPrice": Decimal("1.115")}, "3.35"),
        ({"Quantity": 3, "UnitPrice": Decimal("-1.115")}, "-3.35"),
        ({"UnitPrice": 5}, "5"),
        ({"Quantity": 2, "UnitPrice": 5, "TransactionCurrencyAmount": Decimal("9.995")}, "10"),
        ({"TransactionCurrencyAmount": -12}, "-12"),
        ({}, "0"),
    ],
)
async def test_an_amount_is_what_was_sent_or_quantity_times_price(
    fo: Environment, body: dict[str, Any], amount: str
) -> None:
    made = await line(fo, await drafted(fo), **body)
    assert made["TransactionCurrencyAmount"] == Decimal(amount)


async def test_another_price_makes_another_amount_and_another_text_does_not(
    fo: Environment,
) -> None:
    identifier = await drafted(fo)
    await line(fo, identifier, Quantity=2, UnitPrice=5, TransactionCurrencyAmount=9)
    assert (
        await fo.ask("PATCH", line_at(identifier), {"Description": "Gift wrap"})
    ).status_code == 204
    assert (await fo.get(line_at(identifier)))["TransactionCurrencyAmount"] == 9
    assert (await fo.ask("PATCH", line_at(identifier), {"UnitPrice": 4})).status_code == 204
    assert (await fo.get(line_at(identifier)))["TransactionCurrencyAmount"] == 8


async def test_tax_comes_from_the_groups_of_line_or_header(fo: Environment) -> None:
    identifier = await drafted(fo, SalesTaxGroupId="DE", SalesTaxItemGroupId="FULL")
    taxed = await line(fo, identifier, UnitPrice=100)
    reduced = await line(fo, identifier, LineNumber=2, UnitPrice=10, SalesTaxItemGroupId="RED")
    free = await line(fo, identifier, LineNumber=3, UnitPrice=10, SalesTaxGroupId="EXEMPT")
    own = await line(
        fo, identifier, LineNumber=4, UnitPrice=10, OverrideSalesTax="Yes", SalesTaxAmount=1
    )
    assert [row["SalesTaxAmount"] for row in (taxed, reduced, free, own)] == [
        19,
        Decimal("0.7"),
        0,
        1,
    ]
    totals = fo.state.free_text_totals(identifier)
    assert (totals.net, totals.tax, totals.total) == (
        Decimal(130),
        Decimal("20.7"),
        Decimal("150.7"),
    )
    text = await line_refused(
        fo,
        ParentRecId=identifier,
        LineNumber=5,
        MainAccountDisplayValue="401000",
        SalesTaxGroupId="NOPE",
    )
    assert "The value 'NOPE' in field 'Sales tax group'" in text


async def test_tax_is_within_the_amounts_when_the_header_says_so(fo: Environment) -> None:
    identifier = await drafted(fo, SalesTaxGroupId="DE", SalesTaxItemGroupId="FULL", InclTax="Yes")
    assert (await line(fo, identifier, UnitPrice=119))["SalesTaxAmount"] == 19
    assert fo.state.free_text_totals(identifier).total == 119
    assert (await fo.ask("PATCH", header_at(identifier), {"InclTax": "No"})).status_code == 204
    assert fo.state.free_text_totals(identifier).total == Decimal("141.61")


async def test_lines_have_the_currency_of_their_invoice(fo: Environment) -> None:
    fo.state.settings.rounding["JPY"] = Decimal(1)
    identifier = await drafted(fo)
    body = {
        "ParentRecId": identifier,
        "LineNumber": 9,
        "MainAccountDisplayValue": "401000",
        "CurrencyCode": "EUR",
    }
    assert "must be the currency of its invoice" in await line_refused(fo, **body)
    await line(fo, identifier, UnitPrice=Decimal("1.5"))
    assert (
        await fo.ask("PATCH", header_at(identifier), {"CurrencyCode": "JPY"})
    ).status_code == 204
    changed = await fo.get(line_at(identifier))
    assert (changed["CurrencyCode"], changed["TransactionCurrencyAmount"]) == ("JPY", 2)


async def test_a_posted_invoice_has_a_number_and_stands_on_the_account(fo: Environment) -> None:
    identifier = await drafted(
        fo,
        TermsOfPayment="Net10",
        CustomerReference="000000042",
        SalesTaxGroupId="DE",
        SalesTaxItemGroupId="FULL",
    )
    await line(fo, identifier, LineNumber=2, UnitPrice=50, Description="Shipping")
    await line(fo, identifier, LineNumber=1, UnitPrice=50, Description="Fee")
    assert fo.state.post_free_text_invoice(identifier) == "FTI-000001"
    header = await fo.get(header_at(identifier))
    assert (header["FreeTextNumber"], header["IsPosted"]) == ("FTI-000001", "Yes")
    journal = (await fo.get("CustInvoiceJourBiEntities?cross-company=true"))["value"]
    assert [
        (row["InvoiceId"], row["InvoiceAmount"], row["SumTax"], row["SalesBalance"])
        for row in journal
    ] == [("FTI-000001", 119, 19, 100)]
    assert (journal[0]["CustomerRef"], journal[0]["RefNum"], journal[0]["SalesId"]) == (
        "000000042",
        "Cust",
        "",
    )
    rows = (await fo.get("CustInvoiceTransBiEntities?cross-company=true"))["value"]
    assert [(row["LineCreationSequenceNumber"], row["Name"]) for row in rows] == [
        (1, "Fee"),
        (2, "Shipping"),
    ]
    [entry] = (await fo.get("CustTransactions?cross-company=true"))["value"]
    assert (entry["AccountNum"], entry["Invoice"], entry["AmountCur"]) == (
        "US-001",
        "FTI-000001",
        119,
    )
    assert (entry["TransType"], entry["Voucher"], entry["DueDate"][:10]) == (
        "Cust",
        "FTIV-000001",
        "2026-01-15",
    )
    assert (await fo.get("SalesInvoiceHeadersV2?cross-company=true"))["value"] == []


async def test_negative_amounts_make_a_credit_note(fo: Environment) -> None:
    identifier = await drafted(fo)
    await line(fo, identifier, TransactionCurrencyAmount=-25)
    fo.state.post_free_text_invoice(identifier, "usmf")
    [entry] = fo.state.transactions("usmf", "US-001")
    assert entry["AmountCur"] == fo.state.balance("usmf", "US-001") == -25


async def test_what_is_posted_never_changes(fo: Environment) -> None:
    identifier = await drafted(fo)
    await line(fo, identifier, UnitPrice=5)
    fo.state.post_free_text_invoice(identifier)
    body = {"ParentRecId": identifier, "LineNumber": 2, "MainAccountDisplayValue": "401000"}
    for text in (
        await fo.refused("PATCH", header_at(identifier), CustomerReference="R"),
        await fo.refused("DELETE", header_at(identifier)),
        await fo.refused("PATCH", line_at(identifier), UnitPrice=6),
        await fo.refused("DELETE", line_at(identifier)),
        await line_refused(fo, **body),
    ):
        assert "Free text invoice FTI-000001 is posted and cannot be changed." in text


async def test_a_draft_is_deleted_with_its_lines(fo: Environment) -> None:
    identifier = await drafted(fo, CustomerReference="R")
    await line(fo, identifier)
    await line(fo, identifier, LineNumber=2)
    assert len(fo.state.free_text_invoices_for("r")) == 1
    assert (await fo.ask("DELETE", line_at(identifier, 2))).status_code == 204
    assert (await fo.ask("DELETE", header_at(identifier))).status_code == 204
    assert (fo.state.snapshot()["FreeTextInvoiceLines"], fo.state.free_text_invoices_for("R")) == (
        [],
        [],
    )


async def test_what_is_not_there_empty_or_posted_is_not_posted(fo: Environment) -> None:
    with pytest.raises(NotPosted, match="InvoiceIdentifier 1: 0 rows"):
        fo.state.post_free_text_invoice(1)
    identifier = await drafted(fo)
    with pytest.raises(NotPosted, match="no lines"):
        fo.state.post_free_text_invoice(identifier)
    await line(fo, identifier, UnitPrice=5)
    fo.state.post_free_text_invoice(identifier)
    with pytest.raises(NotPosted, match="is posted"):
        fo.state.post_free_text_invoice(identifier)
    assert len(fo.state.transactions("usmf", "US-001")) == 1


async def test_a_customer_with_invoices_stays(fo: Environment) -> None:
    await drafted(fo)
    target = "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')?cross-company=true"
    assert "dependent Free text invoices" in await fo.refused("DELETE", target)


async def test_tax_codes_hold_for_their_time_only(fo: Environment) -> None:
    now = fo.state.today()
    later = {
        "FromDate": now + timedelta(days=1),
        "ToDate": now + timedelta(days=9),
        "Value": Decimal(50),
    }
    over = {"ToDate": now - timedelta(days=1), "Value": Decimal(40)}
    fo.state.put("TaxCodeValuesV2", dataAreaId="usmf", TaxCodeId="DE19", **later)
    fo.state.put("TaxCodeValuesV2", dataAreaId="usmf", TaxCodeId="DE19", **over)
    identifier = await drafted(fo, SalesTaxGroupId="DE", SalesTaxItemGroupId="FULL")
    assert (await line(fo, identifier, UnitPrice=100))["SalesTaxAmount"] == 19
    fo.state.put(
        "TaxGroupDatas", dataAreaId="usmf", TaxGroupId="DE", TaxCodeId="DE19", ExemptTax="Yes"
    )
    assert (await line(fo, identifier, LineNumber=2, UnitPrice=100))["SalesTaxAmount"] == 0
