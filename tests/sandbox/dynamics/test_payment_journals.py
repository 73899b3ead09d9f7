import asyncio
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.dynamics.books import display_value, segments
from sandbox.dynamics.state import NotPosted
from tests.sandbox.dynamics.conftest import JSON, Environment

PAYMENT: dict[str, Any] = {
    "LineNumber": 1,
    "AccountType": "Cust",
    "AccountDisplayValue": "US\\-001",
    "CurrencyCode": "USD",
    "CreditAmount": Decimal("80.00"),
    "PaymentMethodName": "CARD",
    "PaymentReference": "000887",
}
CONFLICT = "An update conflict occurred due to another user process"


async def journal(fo: Environment, name: str = "WEBPAY") -> str:
    return str(
        (await fo.made("CustomerPaymentJournalHeaders", JournalName=name, Description="Web"))[
            "JournalBatchNumber"
        ]
    )


async def line(fo: Environment, number: str, **body: Any) -> dict[str, Any]:
    return await fo.made(
        "CustomerPaymentJournalLines", **{**PAYMENT, "JournalBatchNumber": number, **body}
    )


async def line_refused(fo: Environment, number: str, **body: Any) -> str:
    wanted = {**PAYMENT, "dataAreaId": "usmf", "JournalBatchNumber": number, **body}
    return await fo.refused("POST", "CustomerPaymentJournalLines", **wanted)


def journal_at(number: str) -> str:
    return (
        f"CustomerPaymentJournalHeaders(dataAreaId='usmf',JournalBatchNumber='{number}')?"
        f"cross-company=true"
    )


def line_at(number: str, place: int = 1) -> str:
    key = f"dataAreaId='usmf',JournalBatchNumber='{number}',LineNumber={place}"
    return f"CustomerPaymentJournalLines({key})?cross-company=true"


async def invoiced(fo: Environment, amount: int) -> str:
    """A posted free text invoice of US-001."""
    header = {"CustomerAccount": "US-001", "InvoiceDate": "2026-01-05", "CurrencyCode": "USD"}
    parent = (await fo.made("FreeTextInvoiceHeaders", **header))["InvoiceIdentifier"]
    wanted = {"ParentRecId": parent, "LineNumber": 1, "MainAccountDisplayValue": "401000"}
    await fo.made("FreeTextInvoiceLines", **wanted, TransactionCurrencyAmount=amount)
    return fo.state.post_free_text_invoice(parent)


async def test_a_journal_gets_its_number(fo: Environment) -> None:
    made = await fo.made("CustomerPaymentJournalHeaders", JournalName="WEBPAY")
    assert (made["JournalBatchNumber"], made["IsPosted"]) == ("00001", "No")
    text = await fo.refused(
        "POST", "CustomerPaymentJournalHeaders", dataAreaId="usmf", JournalName="NOPE"
    )
    assert (
        "The value 'NOPE' in field 'Name' is not found in the related table 'Journal names'."
        in text
    )
    text = await fo.refused("POST", "CustomerPaymentJournalHeaders", dataAreaId="usmf")
    assert "Field 'Journal name' must be filled in." in text
    text = await fo.refused("PATCH", journal_at("00001"), IsPosted="Yes")
    assert "Update not allowed for field 'Is posted'." in text


async def test_a_line_takes_its_offset_account_from_the_journals_name(fo: Environment) -> None:
    made = await line(fo, await journal(fo))
    assert (made["OffsetAccountType"], made["OffsetAccountDisplayValue"]) == ("Bank", "USMF OPER")
    assert (made["TransactionDate"], made["CustomerName"]) == (
        "2026-01-05T12:00:00Z",
        "Contoso Retail San Diego",
    )
    assert (made["Voucher"], made["IsPrepayment"], made["Company"]) == ("PAY-000001", "No", "USMF")
    own = await line(
        fo,
        await journal(fo),
        OffsetAccountType="Ledger",
        OffsetAccountDisplayValue="110180-WEB",
        CreditAmount=1,
    )
    assert own["OffsetAccountDisplayValue"] == "110180-WEB"
    bare = await line(fo, await journal(fo, "CUSTPAY"))
    assert bare["OffsetAccountDisplayValue"] == ""


@pytest.mark.parametrize(
    ("display", "parts"),
    [
        ("US\\-001", ["US-001"]),
        ("US-001", ["US", "001"]),
        ("A\\\\B", ["A\\B"]),
        ("USMF OPER", ["USMF OPER"]),
        ("", [""]),
    ],
)
def test_a_hyphen_parts_segments_unless_it_is_escaped(display: str, parts: list[str]) -> None:
    assert segments(display) == parts
    if len(parts) == 1:
        assert display_value(parts[0]) == display


@pytest.mark.parametrize(
    ("body", "value", "label", "related"),
    [
        ({"AccountDisplayValue": "US-001"}, "US", "Account", "Customers"),
        ({"AccountDisplayValue": "US\\-009"}, "US-009", "Account", "Customers"),
        (
            {"OffsetAccountType": "Bank", "OffsetAccountDisplayValue": "USMF-CARD"},
            "USMF",
            "Offset account",
            "Bank accounts",
        ),
        (
            {"OffsetAccountType": "Ledger", "OffsetAccountDisplayValue": "999999"},
            "999999",
            "Offset account",
            "Main accounts",
        ),
        ({"AccountType": "Vend"}, "US-001", "Account", "Vend"),
    ],
)
async def test_an_account_is_found_by_its_escaped_number(
    fo: Environment, body: dict[str, Any], value: str, label: str, related: str
) -> None:
    text = await line_refused(fo, await journal(fo), **body)
    assert (
        f"The value '{value}' in field '{label}' is not found in the related table '{related}'."
        in text
    )


async def test_an_escaped_bank_account_is_found(fo: Environment) -> None:
    made = await line(
        fo, await journal(fo), OffsetAccountType="Bank", OffsetAccountDisplayValue="usmf\\-card"
    )
    assert made["OffsetAccountDisplayValue"] == "usmf\\-card"


async def test_dimensions_behind_a_customer_are_too_many_segments(fo: Environment) -> None:
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US")
    text = await line_refused(fo, await journal(fo), AccountDisplayValue="US-001")
    assert "The value 'US-001' in field 'Account' has 1 segments too many." in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"DebitAmount": 1}, "either a debit or a credit amount"),
        ({"CreditAmount": 0}, "must be entered as debit or as credit"),
        ({"CreditAmount": -1}, "must not be negative"),
        ({"PaymentMethodName": "NOPE"}, "The value 'NOPE' in field 'Method of payment'"),
        ({"CurrencyCode": "XXX"}, "The value 'XXX' in field 'Currency'"),
        ({"TaxGroup": "XXX"}, "The value 'XXX' in field 'Sales tax group'"),
        ({"CurrencyCode": ""}, "Field 'Currency code' must be filled in."),
        ({"AccountDisplayValue": ""}, "Field 'Account display value' must be filled in."),
        ({"LineNumber": 0}, "Field 'Line number' must be filled in."),
        ({"JournalBatchNumber": ""}, "Field 'Journal batch number' must be filled in."),
        ({"JournalBatchNumber": "99999"}, "The value '99999' in field 'Journal batch number'"),
        ({"MarkedInvoice": "FTI-9"}, "The value 'FTI-9' in field 'Invoice'"),
    ],
)
async def test_what_a_line_may_not_say(fo: Environment, body: dict[str, Any], words: str) -> None:
    assert words in await line_refused(fo, await journal(fo), **body)


async def test_an_account_type_is_one_of_the_enum(fo: Environment) -> None:
    assert "Requested value 'Customer' was not found" in await line_refused(
        fo, await journal(fo), AccountType="Customer"
    )


async def test_a_customer_on_hold_pays_nothing(fo: Environment) -> None:
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-001", OnHoldStatus="Payment")
    assert "Customer US-001 is on hold: Payment." in await line_refused(fo, await journal(fo))


async def test_a_line_key_is_taken_once(fo: Environment) -> None:
    number = await journal(fo)
    await line(fo, number)
    assert "The record already exists." in await line_refused(fo, number)


async def test_a_posted_journal_pays_onto_the_account(fo: Environment) -> None:
    number = await journal(fo)
    await line(fo, number, PaymentId="pi_3Nabc", TransactionText="Web order")
    [made] = fo.state.post_journal(number)
    assert (made["TransType"], made["AmountCur"], made["PaymReference"]) == (
        "Payment",
        -80,
        "000887",
    )
    assert (made["PaymMode"], made["PaymId"], made["Voucher"]) == ("CARD", "pi_3Nabc", "PAY-000001")
    assert (await fo.get(journal_at(number)))["IsPosted"] == "Yes"
    assert fo.state.balance("usmf", "US-001") == -80
    [opened] = (await fo.get("CustTransOpens?cross-company=true"))["value"]
    assert (opened["RefRecId"], opened["AmountCur"]) == (made["SysRecId"], -80)
    [copy] = (await fo.get("CustTransBiEntities?cross-company=true"))["value"]
    assert (copy["SourceKey"], copy["SysModifiedDateTime"]) == (
        made["SysRecId"],
        "2026-01-05T08:00:00Z",
    )


async def test_a_refund_is_a_debit(fo: Environment) -> None:
    number = await journal(fo, "WEBREFUND")
    await line(fo, number, CreditAmount=0, DebitAmount=30)
    assert [row["AmountCur"] for row in fo.state.post_journal(number)] == [30]


async def test_what_is_posted_never_changes(fo: Environment) -> None:
    invoice = await invoiced(fo, 10)
    number = await journal(fo)
    await line(fo, number)
    assert (await mark(fo, settled(number, invoice))).status_code == 201
    fo.state.post_journal(number)
    invoice_key = (
        f"InvoiceNumber='{invoice}',InvoiceCompany='usmf',InvoiceDueDate=2026-01-05T12:00:00Z"
    )
    key = (
        f"JournalLineCompany='usmf',JournalBatchNumber='{number}',JournalLineNumber=1,{invoice_key}"
    )
    for text in (
        await fo.refused("PATCH", journal_at(number), Description="R"),
        await fo.refused("DELETE", journal_at(number)),
        await fo.refused("PATCH", line_at(number), CreditAmount=6),
        await fo.refused("DELETE", line_at(number)),
        await fo.refused("DELETE", f"PaymentJournalLineSettledInvoices({key})"),
        await line_refused(fo, number, LineNumber=2),
    ):
        assert f"Journal {number} is posted and cannot be changed." in text


def settled(number: str, invoice: str, **body: Any) -> dict[str, Any]:
    key = {"JournalLineCompany": "usmf", "JournalBatchNumber": number, "JournalLineNumber": 1}
    return {
        **key,
        "InvoiceNumber": invoice,
        "InvoiceCompany": "usmf",
        "InvoiceDueDate": "2026-01-05T12:00:00Z",
        **body,
    }


async def mark(fo: Environment, body: dict[str, Any]) -> httpx.Response:
    return await fo.ask("POST", "PaymentJournalLineSettledInvoices", body)


async def test_a_draft_is_deleted_with_its_lines_and_marks(fo: Environment) -> None:
    invoice = await invoiced(fo, 10)
    number = await journal(fo)
    for place in (1, 2):
        await line(fo, number, LineNumber=place)
        assert (
            await mark(fo, settled(number, invoice, JournalLineNumber=place))
        ).status_code == 201
    assert len(fo.state.payments_for("000887")) == 2
    assert (await fo.ask("DELETE", line_at(number, 2))).status_code == 204
    assert [
        row["JournalLineNumber"] for row in fo.state.snapshot()["PaymentJournalLineSettledInvoices"]
    ] == [1]
    assert (await fo.ask("DELETE", journal_at(number))).status_code == 204
    assert (
        fo.state.payments_for("000887"),
        fo.state.snapshot()["PaymentJournalLineSettledInvoices"],
    ) == ([], [])


async def test_a_marked_invoice_is_settled(fo: Environment) -> None:
    invoice = await invoiced(fo, 100)
    number = await journal(fo)
    made = await line(fo, number, MarkedInvoice=invoice)
    assert (made["SettleVoucher"], made["MarkedInvoiceCompany"]) == ("SelectedTransact", "USMF")
    fo.state.post_journal(number)
    bill, payment = fo.state.transactions("usmf", "US-001")
    assert (bill["SettleAmountCur"], payment["SettleAmountCur"]) == (80, -80)
    assert (bill["Closed"].year, payment["Closed"], payment["LastSettleVoucher"]) == (
        1900,
        fo.state.today(),
        bill["Voucher"],
    )
    [opened] = fo.state.snapshot()["CustTransOpens"]
    assert (opened["RefRecId"], opened["AmountCur"]) == (bill["SysRecId"], 20)


async def test_a_marked_invoice_is_open_and_on_the_other_side_of_the_same_account(
    fo: Environment,
) -> None:
    invoice, credit = await invoiced(fo, 80), await invoiced(fo, -5)
    number = await journal(fo)
    fo.state.put("CustomersV3", dataAreaId="usmf", CustomerAccount="US-002")
    for body in (
        {"AccountDisplayValue": "US\\-002", "MarkedInvoice": invoice},
        {"MarkedInvoice": credit},
        {"MarkedInvoice": invoice, "DebitAmount": 80, "CreditAmount": 0},
        {"MarkedInvoice": invoice, "CurrencyCode": "EUR"},
        {"MarkedInvoice": invoice, "MarkedInvoiceCompany": "dat"},
    ):
        text = await line_refused(fo, number, **body)
        assert (
            "in field 'Invoice' is not found in the related table 'Customer transactions'." in text
        )
    await line(fo, number, MarkedInvoice=invoice)
    assert "already marked for settlement" in await line_refused(
        fo, number, LineNumber=2, MarkedInvoice=invoice
    )
    assert (await fo.ask("PATCH", line_at(number), {"CreditAmount": 70})).status_code == 204
    fo.state.post_journal(number)
    rest = await journal(fo)
    await line(fo, rest, MarkedInvoice=invoice, CreditAmount=10)
    fo.state.post_journal(rest)
    assert "is not found" in await line_refused(fo, await journal(fo), MarkedInvoice=invoice)


async def test_a_refund_settles_a_credit_note(fo: Environment) -> None:
    credit = await invoiced(fo, -5)
    number = await journal(fo, "WEBREFUND")
    await line(fo, number, MarkedInvoice=credit, DebitAmount=5, CreditAmount=0)
    fo.state.post_journal(number)
    assert fo.state.balance("usmf", "US-001") == 0
    assert fo.state.snapshot()["CustTransOpens"] == []


async def test_one_payment_settles_several_invoices(fo: Environment) -> None:
    first, second = await invoiced(fo, 50), await invoiced(fo, 60)
    number = await journal(fo)
    await line(fo, number)
    made = await mark(fo, settled(number, first))
    assert (made.status_code, made.json()["SettlementAmountInInvoiceCurrency"]) == (201, 50)
    assert made.json()["AccountDisplayValue"] == "US\\-001"
    assert (
        await mark(fo, settled(number, second, SettlementAmountInInvoiceCurrency=25))
    ).status_code == 201
    fo.state.post_journal(number)
    assert [
        row.values.get("SettleAmountCur") for row in fo.state.transactions("usmf", "US-001")
    ] == [50, 25, -75]


async def test_a_payment_whose_invoice_was_settled_meanwhile_stays_on_the_account(
    fo: Environment,
) -> None:
    invoice = await invoiced(fo, 50)
    late, early = await journal(fo), await journal(fo)
    await line(fo, late)
    assert (await mark(fo, settled(late, invoice))).status_code == 201
    await line(fo, early, CreditAmount=50, MarkedInvoice=invoice)
    fo.state.post_journal(early)
    fo.state.post_journal(late)
    assert fo.state.balance("usmf", "US-001") == -80


async def test_a_settled_invoice_belongs_to_a_line_and_has_that_much_open(fo: Environment) -> None:
    invoice = await invoiced(fo, 50)
    number = await journal(fo)
    await line(fo, number)
    for body, words in (
        ({"JournalLineNumber": 2}, "in field 'Line number'"),
        ({"InvoiceNumber": "FTI-9"}, "The value 'FTI-9' in field 'Invoice'"),
        ({"InvoiceDueDate": "2026-01-06"}, f"The value '{invoice}' in field 'Invoice'"),
        ({"SettlementAmountInInvoiceCurrency": 51}, "more than what is open"),
    ):
        text = await fo.refused(
            "POST", "PaymentJournalLineSettledInvoices", **{**settled(number, invoice), **body}
        )
        assert words in text


async def test_automatic_settlement_takes_the_oldest_and_ignores_the_reference(
    fo: Environment,
) -> None:
    fo.state.settings.automatic_settlement = True
    await invoiced(fo, 50)
    newest = await invoiced(fo, 80)
    number = await journal(fo)
    await line(fo, number, PaymentReference=newest)
    fo.state.post_journal(number)
    assert [row["SettleAmountCur"] for row in fo.state.transactions("usmf", "US-001")] == [
        50,
        30,
        -80,
    ]


async def test_lines_without_an_offset_balance_among_themselves(fo: Environment) -> None:
    number = await journal(fo, "CUSTPAY")
    await line(fo, number)
    with pytest.raises(NotPosted, match="does not balance"):
        fo.state.post_journal(number)
    bank = {
        "AccountType": "Bank",
        "AccountDisplayValue": "USMF OPER",
        "DebitAmount": 80,
        "CreditAmount": 0,
    }
    assert (await line(fo, number, LineNumber=2, **bank))["CustomerName"] == ""
    assert len(fo.state.post_journal(number)) == 1
    with pytest.raises(NotPosted, match="is posted"):
        fo.state.post_journal(number)
    with pytest.raises(NotPosted, match="no lines"):
        fo.state.post_journal(await journal(fo))


async def test_amounts_of_other_currencies_are_valued_in_the_companys_own(fo: Environment) -> None:
    fo.state.books_of("usmf").rates["EUR"] = Decimal("1.1")
    number = await journal(fo)
    await line(fo, number, CurrencyCode="EUR", CreditAmount=Decimal("33.33"))
    assert [(row["AmountCur"], row["AmountMST"]) for row in fo.state.post_journal(number)] == [
        (Decimal("-33.33"), Decimal("-36.66"))
    ]


async def together(fo: Environment, *numbers: str) -> list[httpx.Response]:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                fo.ask(
                    "POST",
                    "CustomerPaymentJournalLines",
                    {
                        **PAYMENT,
                        "dataAreaId": "usmf",
                        "JournalBatchNumber": number,
                        "LineNumber": place,
                    },
                )
            )
            for place, number in enumerate(numbers, 1)
        ]
    return [task.result() for task in tasks]


async def test_two_writers_of_one_journal_collide_and_the_later_one_is_refused(
    fo: Environment,
) -> None:
    number = await journal(fo)
    first, second, third = await together(fo, number, number, number)
    assert (first.status_code, second.status_code, third.status_code) == (201, 400, 400)
    assert CONFLICT in second.json()["error"]["innererror"]["message"]
    assert [row["LineNumber"] for row in fo.state.payments_for("000887")] == [1]
    assert (await line(fo, number, LineNumber=2))["LineNumber"] == 2


async def test_writers_of_two_journals_do_not_meet(fo: Environment) -> None:
    answers = await together(fo, await journal(fo), await journal(fo))
    assert [answer.status_code for answer in answers] == [201, 201]


async def test_changes_and_deletions_collide_too(fo: Environment) -> None:
    number = await journal(fo)
    await line(fo, number)
    async with asyncio.TaskGroup() as group:
        changed = group.create_task(fo.ask("PATCH", line_at(number), {"CreditAmount": 5}))
        deleted = group.create_task(fo.ask("DELETE", line_at(number)))
    assert (changed.result().status_code, deleted.result().status_code) == (204, 400)
    assert CONFLICT in deleted.result().text


async def test_lines_of_one_changeset_are_one_writer(fo: Environment) -> None:
    number = await journal(fo)
    parts = []
    for place in (1, 2):
        body = {
            **PAYMENT,
            "dataAreaId": "usmf",
            "JournalBatchNumber": number,
            "LineNumber": place,
            "CreditAmount": 5,
        }
        sent = httpx.Request("POST", "http://x", json=body).content.decode()
        parts.append(
            "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
            f"Content-ID: {place}\r\n\r\nPOST /data/CustomerPaymentJournalLines HTTP/1.1\r\n"
            f"Content-Type: application/json\r\n\r\n{sent}\r\n"
        )
    content = (
        "--b\r\nContent-Type: multipart/mixed;"
        f" boundary=c\r\n\r\n{''.join(parts)}--c--\r\n--b--\r\n"
    )
    headers = {**JSON, "Content-Type": "multipart/mixed; boundary=b"}
    async with asyncio.TaskGroup() as group:
        together = [
            group.create_task(
                fo.client.post("/data/$batch", content=content.encode(), headers=headers)
            )
            for _ in range(2)
        ]
    texts = [task.result().text for task in together]
    assert (texts[0].count("201 Created"), texts[1].count("201 Created")) == (2, 0)
    assert "500 Internal Server Error" in texts[1]
    assert CONFLICT in texts[1]


async def test_a_line_changes_its_journals_version(fo: Environment) -> None:
    number = await journal(fo)
    before = (await fo.get(journal_at(number)))["@odata.etag"]
    await line(fo, number)
    assert (await fo.get(journal_at(number)))["@odata.etag"] != before
    stale = await fo.ask("PATCH", journal_at(number), {"Description": "R"}, If_Match=before)
    assert stale.status_code == 412
