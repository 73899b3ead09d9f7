from decimal import Decimal
from typing import Any

import pytest

from sandbox.dynamics.tax import spread
from tests.sandbox.dynamics.conftest import Environment

ADDRESS = {"AddressCity": "Berlin", "AddressCountryRegionId": "DEU"}


async def ordered(fo: Environment, *amounts: Any, **body: Any) -> str:
    number = str((await fo.order(**body))["SalesOrderNumber"])
    for price in amounts:
        await fo.line(number, SalesPrice=price)
    return number


async def rows(fo: Environment, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await fo.get(f"{name}?cross-company=true"))["value"]
    return found


async def test_an_invoiced_order_has_an_invoice_with_its_reference(fo: Environment) -> None:
    number = await ordered(
        fo,
        10,
        20,
        CustomersOrderReference="000000042",
        SalesOrderOriginCode="WEB",
        PaymentTermsName="Net30",
    )
    assert fo.state.invoice(number) == ["CIV-000001"]
    for name in ("SalesInvoiceHeadersV2", "SalesInvoiceHeadersV4"):
        [header] = await rows(fo, name)
        assert (header["InvoiceNumber"], header["InvoiceDate"]) == (
            "CIV-000001",
            "2026-01-05T12:00:00Z",
        )
        assert (header["LedgerVoucher"], header["SalesOrderNumber"]) == ("CIVV-000001", number)
        assert (header["CustomersOrderReference"], header["SalesOrderOriginCode"]) == (
            "000000042",
            "WEB",
        )
        assert (header["TotalInvoiceAmount"], header["TotalTaxAmount"]) == (30, 0)
        assert (header["InvoiceCustomerAccountNumber"], header["CurrencyCode"]) == ("US-001", "USD")


async def test_every_line_set_shows_the_lines_of_an_invoice(fo: Environment) -> None:
    number = await ordered(fo, 10)
    await fo.line(
        number,
        ItemNumber="SHIRT",
        ProductSizeId="M",
        ProductColorId="Red",
        SalesPrice=5,
        LineDiscountAmount=1,
    )
    fo.state.invoice(number)
    for name in ("SalesInvoiceV2Lines", "SalesInvoiceV3Lines", "SalesInvoiceV4Lines"):
        first, second = await rows(fo, name)
        assert (first["LineCreationSequenceNumber"], second["LineCreationSequenceNumber"]) == (1, 2)
        assert (second["ProductNumber"], second["ProductSizeId"], second["InventorySiteId"]) == (
            "SHIRT",
            "M",
            "1",
        )
        assert (second["InvoicedQuantity"], second["SalesPrice"], second["LineAmount"]) == (1, 5, 4)
        assert second["LineTotalDiscountAmount"] == 1
    lots = [row["InventoryLotId"] for row in fo.state.lines("usmf", number)]
    copies = await rows(fo, "CustInvoiceTransBiEntities")
    assert [(row["InventTransId"], row["SalesId"]) for row in copies] == [
        (lot, number) for lot in lots
    ]
    [older] = await rows(fo, "SalesInvoiceHeadersV2")
    [newer] = await rows(fo, "SalesInvoiceHeadersV4")
    assert (older["TotalDiscountAmount"], newer["TotalLineDiscount"]) == (1, 1)


async def test_an_invoice_stands_on_the_account_until_it_is_paid(fo: Environment) -> None:
    number = await ordered(fo, 30, PaymentTermsName="Net10")
    fo.state.invoice(number)
    [entry] = await rows(fo, "CustTransactions")
    assert (entry["TransType"], entry["AmountCur"], entry["AmountMST"]) == ("Sales", 30, 30)
    assert (entry["Invoice"], entry["DueDate"], entry["Closed"][:4]) == (
        "CIV-000001",
        "2026-01-15T12:00:00Z",
        "1900",
    )
    assert fo.state.balance("usmf", "US-001") == 30


async def test_tax_is_computed_per_line_and_stands_beside_the_prices(fo: Environment) -> None:
    number = await ordered(fo, Decimal("9.99"), Decimal("0.05"), SalesTaxGroupCode="DE")
    fo.state.invoice(number)
    [header] = await rows(fo, "SalesInvoiceHeadersV4")
    assert (header["TotalTaxAmount"], header["TotalInvoiceAmount"]) == (
        Decimal("1.91"),
        Decimal("11.95"),
    )
    assert [row["LineTotalTaxAmount"] for row in await rows(fo, "SalesInvoiceV4Lines")] == [
        Decimal("1.9"),
        Decimal("0.01"),
    ]


async def test_tax_within_the_prices_is_not_added(fo: Environment) -> None:
    fo.state.invoice(
        await ordered(fo, 119, SalesTaxGroupCode="DE", ArePricesIncludingSalesTax="Yes")
    )
    [header] = await rows(fo, "SalesInvoiceHeadersV4")
    assert (header["TotalTaxAmount"], header["TotalInvoiceAmount"]) == (19, 119)


async def test_the_tax_of_an_external_engine_is_spread_over_the_lines(fo: Environment) -> None:
    fo.state.invoice(await ordered(fo, 10, 10, 10), tax=Decimal("2.50"))
    [header] = await rows(fo, "SalesInvoiceHeadersV4")
    assert (header["TotalTaxAmount"], header["TotalInvoiceAmount"]) == (
        Decimal("2.5"),
        Decimal("32.5"),
    )
    assert [row["LineTotalTaxAmount"] for row in await rows(fo, "SalesInvoiceV4Lines")] == [
        Decimal("0.83"),
        Decimal("0.84"),
        Decimal("0.83"),
    ]


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("1", ["0", "0"], ["0.5", "0.5"]),
        ("0.01", ["1", "1", "1"], ["0", "0.01", "0"]),
        ("-2.5", ["-1", "-3"], ["-0.63", "-1.87"]),
        ("5", [], []),
    ],
)
def test_parts_add_up_to_their_total(
    fo: Environment, total: str, weights: list[str], parts: list[str]
) -> None:
    found = spread(fo.state, Decimal(total), [Decimal(weight) for weight in weights], "USD")
    assert found == [Decimal(part) for part in parts]


async def test_a_discount_on_the_whole_order_lowers_total_and_tax(fo: Environment) -> None:
    fo.state.invoice(await ordered(fo, 100, SalesTaxGroupCode="DE", TotalDiscountPercentage=10))
    [header] = await rows(fo, "SalesInvoiceHeadersV4")
    assert (header["EndDiscount"], header["TotalTaxAmount"], header["TotalInvoiceAmount"]) == (
        10,
        Decimal("17.1"),
        Decimal("107.1"),
    )


async def test_an_invoice_goes_to_the_address_of_its_account(fo: Environment) -> None:
    target = "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')?cross-company=true"
    assert (await fo.ask("PATCH", target, ADDRESS)).status_code == 204
    fo.state.invoice(await ordered(fo, 1))
    [header] = await rows(fo, "SalesInvoiceHeadersV2")
    assert (header["InvoiceAddressCity"], header["InvoiceAddressCountryRegionISOCode"]) == (
        "Berlin",
        "DE",
    )


async def test_what_is_settled_is_not_invoiced_again(fo: Environment) -> None:
    number, cancelled, empty = await ordered(fo, 10), await ordered(fo, 10), await ordered(fo)
    fo.state.cancel(cancelled)
    assert fo.state.invoice(number, "usmf") == ["CIV-000001"]
    assert [fo.state.invoice(name) for name in (number, cancelled, empty, "NOPE")] == [
        [],
        [],
        [],
        [],
    ]
    assert fo.state.invoice(await ordered(fo, 10), "dat") == []
    assert len(fo.state.transactions("usmf", "US-001")) == 1


async def test_an_order_is_shipped_in_parcels(fo: Environment) -> None:
    made = await fo.order(CustomersOrderReference="000000042", DeliveryModeCode="10")
    number = str(made["SalesOrderNumber"])
    lot = (await fo.line(number, OrderedSalesQuantity=3, ExternalItemNumber="17"))["InventoryLotId"]
    other = (await fo.line(number))["InventoryLotId"]
    tracking = {"1Z9": "https://carrier.example/1Z9"}
    assert fo.state.deliver(number, quantities={lot: Decimal(2)}, tracking=tracking) == [
        "PS-000001"
    ]
    header = fo.state.order("usmf", number)
    assert header is not None
    status = header["SalesOrderStatus"], header["SalesOrderProcessingStatus"]
    assert status == ("Backorder", "PartiallyDelivered")
    assert fo.state.deliver(number) == ["PS-000002"]
    assert fo.state.deliver(number) == []
    journals = await rows(fo, "CustPackingSlipJourBiEntities")
    assert [(row["PackingSlipId"], row["SalesId"], row["Qty"]) for row in journals] == [
        ("PS-000001", number, 2),
        ("PS-000002", number, 2),
    ]
    first = journals[0]["CustomerRef"], journals[0]["CreatedOn"]
    assert first == ("000000042", "2026-01-05T08:00:00Z")
    shipped = await rows(fo, "CustPackingSlipTransBiEntities")
    assert [
        (row["InventTransId"], row["Qty"], row["Ordered"], row["Remain"]) for row in shipped
    ] == [(lot, 2, 3, 1), (lot, 1, 3, 0), (other, 1, 1, 0)]
    assert (shipped[0]["ItemId"], shipped[0]["ExternalItemId"]) == ("A0001", "17")
    [parcel] = await rows(fo, "PackingSlipTrackingInformation")
    assert (parcel["PackingSlipNumber"], parcel["TrackingNumber"]) == ("PS-000001", "1Z9")
    assert parcel["TrackingURL"] == "https://carrier.example/1Z9"
    delivered = fo.state.order("usmf", number)
    assert delivered is not None
    assert delivered["SalesOrderStatus"] == "Delivered"
    assert {row["SalesOrderLineStatus"] for row in fo.state.lines("usmf", number)} == {"Delivered"}


async def test_no_more_is_shipped_than_remains(fo: Environment) -> None:
    number = await ordered(fo, 1)
    [line] = fo.state.lines("usmf", number)
    for quantities in (
        {line["InventoryLotId"]: Decimal(2)},
        {"NOPE": Decimal(1)},
        {line["InventoryLotId"]: Decimal(0)},
    ):
        with pytest.raises(ValueError, match="cannot be shipped"):
            fo.state.deliver(number, quantities=quantities)
    assert fo.state.snapshot().get("CustPackingSlipJourBiEntities", []) == []


async def test_what_is_charged_back_on_an_order_is_not_shipped(fo: Environment) -> None:
    number = await ordered(fo, 1)
    await fo.line(number, OrderedSalesQuantity=-1)
    assert fo.state.deliver(number) == ["PS-000001"]
    order = fo.state.order("usmf", number)
    assert order is not None
    assert order["SalesOrderStatus"] == "Delivered"


async def test_posted_documents_are_read_only(fo: Environment) -> None:
    for name in (
        "CustTransactions",
        "SalesInvoiceHeadersV2",
        "CustInvoiceJourBiEntities",
        "CustAgedBalances",
    ):
        answer = await fo.ask("POST", name, {"dataAreaId": "usmf"})
        assert (answer.status_code, "is read-only" in answer.text) == (400, True)


async def _free_text_invoice(fo: Environment, amount: int) -> None:
    body = {"CustomerAccount": "US-001", "InvoiceDate": "2025-11-20", "CurrencyCode": "USD"}
    parent = (await fo.made("FreeTextInvoiceHeaders", **body))["InvoiceIdentifier"]
    wanted = {"ParentRecId": parent, "LineNumber": 1, "MainAccountDisplayValue": "401000"}
    await fo.made("FreeTextInvoiceLines", **wanted, TransactionCurrencyAmount=amount)
    fo.state.post_free_text_invoice(parent)


async def _payment(fo: Environment, amount: int) -> None:
    made = await fo.made("CustomerPaymentJournalHeaders", JournalName="WEBPAY")
    journal = made["JournalBatchNumber"]
    payment = {
        "JournalBatchNumber": journal, "LineNumber": 1, "AccountDisplayValue": "US\\-001",
        "CurrencyCode": "USD",
    }  # fmt: skip
    await fo.made("CustomerPaymentJournalLines", **payment, CreditAmount=amount)
    fo.state.post_journal(journal)


async def test_an_aging_snapshot_shows_what_is_due_and_what_credit_is_left(fo: Environment) -> None:
    fo.state.put(
        "CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", CreditLimit=Decimal(1000)
    )
    fo.state.invoice(await ordered(fo, 100, PaymentTermsName="Net10"))
    await ordered(fo, 30)
    delivered = await ordered(fo, 20)
    fo.state.deliver(delivered)
    await _free_text_invoice(fo, 7)
    await _payment(fo, 2)
    assert await rows(fo, "CustAgedBalances") == []
    for _ in range(2):
        fo.state.take_aging_snapshot("USMF")
    [aged] = await rows(fo, "CustAgedBalances")
    assert (aged["SumOfAmountDueMst"], aged["NumOpenInvoices"]) == (105, 2)
    assert (aged["AgingPeriod1"], aged["AgingPeriod3"], aged["AgingPeriodLabel3"]) == (
        98,
        7,
        "31-60 days",
    )
    assert (aged["LastPaymentAmount"], aged["LastPaymentDate"]) == (2, "2026-01-05T12:00:00Z")
    [credit] = await rows(fo, "CustAIAgedBalances")
    assert (
        credit["CreditLimitMst"],
        credit["OpenOrderBalanceMst"],
        credit["PackingSlipBalanceMst"],
    ) == (1000, 30, 20)
    assert (
        credit["AmountDueMst"],
        credit["CreditRemainingMst"],
        credit["FirstNonzeroBalancePeriod"],
    ) == (105, 845, 1)


async def test_an_account_without_a_limit_or_a_debt_is_aged_too(fo: Environment) -> None:
    fo.state.take_aging_snapshot("usmf")
    [credit] = await rows(fo, "CustAIAgedBalances")
    assert (
        credit["AmountDueMst"],
        credit["CreditRemainingMst"],
        credit["FirstNonzeroBalancePeriod"],
    ) == (0, 0, 0)


async def test_slips_are_tracked_late_corrected_and_cancelled(fo: Environment) -> None:
    number = await ordered(fo, 10)
    (line,) = fo.state.lines("usmf", number)
    lot, quantity = line["InventoryLotId"], line["OrderedSalesQuantity"]
    (slip,) = fo.state.deliver(number, tracking={"T0": ""}, carrier="DHL")
    fo.state.track_slip(slip, "T1", "T2")
    found = await rows(fo, "PackingSlipTrackingInformation")
    assert [row["TrackingNumber"] for row in found] == ["T1", "T2"]
    fo.state.correct_slip(slip, {lot: quantity / 2})
    (journal,) = await rows(fo, "CustPackingSlipJourBiEntities")
    assert (journal["Qty"], journal["ShipCarrierId"]) == (quantity / 2, "DHL")
    (again,) = fo.state.deliver(number)
    fo.state.correct_slip(again)
    counted = [row["Qty"] for row in await rows(fo, "CustPackingSlipTransBiEntities")]
    assert counted == [quantity / 2, 0]


async def test_a_line_may_be_delivered_over_where_it_is_allowed(fo: Environment) -> None:
    number = await ordered(fo, 10)
    (line,) = fo.state.lines("usmf", number)
    more = {line["InventoryLotId"]: line["OrderedSalesQuantity"] * 2}
    with pytest.raises(ValueError, match="cannot be shipped"):
        fo.state.deliver(number, quantities=more)
    assert fo.state.deliver(number, quantities=more, over=Decimal(1))
