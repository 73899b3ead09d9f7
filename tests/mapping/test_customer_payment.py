"""Payment lines: credit for money received, debit for money paid back, accounts escaped as F&O
reads them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dynamics.books import segments
from sync.mapping.customer_payment import display_value
from sync.preview.previewed import Preview
from tests.mapping.ledger import bodies
from tests.mapping.made import made, row
from tests.mapping.receiving import booked, books, invoice_of, memo_of
from tests.mapping.samples import money

PAYMENT = "payment, return"


@given(account=st.text(min_size=1, max_size=40))
def test_an_account_is_one_segment_whatever_it_holds(account: str) -> None:
    assert segments(display_value(account, "-")) == [account]


@given(
    account=st.text(st.sampled_from("A1-\\|.~"), min_size=1, max_size=12),
    delimiter=st.sampled_from(list("-|.~_")),
)
def test_only_delimiters_and_backslashes_are_escaped(account: str, delimiter: str) -> None:
    shown = display_value(account, delimiter)
    escaped = account.count(delimiter) + account.count("\\")
    assert len(shown) == len(account) + escaped
    plain, letters = "", iter(shown)
    for letter in letters:
        plain += next(letters) if letter == "\\" else letter
    assert plain == account


def test_the_recorded_account_is_spelt_as_it_was_recorded() -> None:
    assert display_value("DAT-000011", "-") == "DAT\\-000011"


def line_of(found: Preview) -> Mapping[str, Any]:
    assert found.outcome == "deliver", found.reason
    (line,) = bodies(found.requests, "CustomerPaymentJournalLines")
    return line


async def test_a_captured_invoice_is_a_credit_of_the_customer_against_the_bank() -> None:
    order = made(row(price="12.50"), payment={"method": "braintree"})
    invoice = invoice_of(order, transaction_id="pi_3Nabc")
    settings = books(PAYMENT, invoices={"banks": {"braintree": "USMF-OPER"}, "journal": "WEBPAY"})
    found = await booked(invoice, order, settings)
    (header,) = bodies(found.requests, "CustomerPaymentJournalHeaders")
    line = line_of(found)
    assert header == {
        "dataAreaId": "usmf",
        "JournalName": "WEBPAY",
        "Description": "Web 2026-11-20 braintree",
    }
    assert (line["JournalBatchNumber"], line["LineNumber"]) == ("(assigned by D365)", 1)
    assert (line["CreditAmount"], line.get("DebitAmount")) == (Decimal("12.50"), None)
    assert (line["AccountType"], line["OffsetAccountType"]) == ("Cust", "Bank")
    assert line["OffsetAccountDisplayValue"] == "USMF\\-OPER"
    assert line["PaymentId"] == "pi_3Nabc"
    assert line["IsPrepayment"] == "No"
    assert line["TransactionDate"] == "2026-11-20"


async def test_a_refund_is_a_debit_of_the_customer() -> None:
    order = made(row(price="12.50"))
    found = await booked(
        memo_of(order), order, books(PAYMENT, creditmemos={"refund_payment": True}), is_memo=True
    )
    line = line_of(found)
    assert (line["DebitAmount"], line.get("CreditAmount")) == (Decimal("12.50"), None)


async def test_money_is_paid_back_only_where_the_connection_says_so() -> None:
    order = made(row(price="12.50"))
    found = await booked(
        memo_of(order), order, books(PAYMENT, creditmemos={"refund_payment": False}), is_memo=True
    )
    assert not bodies(found.requests, "CustomerPaymentJournalLines")


async def test_a_total_of_four_decimals_is_paid_in_cents() -> None:
    scenario = money("currency-044-eur-fractional-c10")
    invoice = scenario["invoices"][-1]
    assert invoice["grand_total"] != round(invoice["grand_total"], 2)
    line = line_of(await booked(invoice, scenario["order"], books(PAYMENT)))
    assert line["CreditAmount"] == round(invoice["grand_total"], 2)


async def test_a_method_without_a_bank_parks_with_its_name() -> None:
    order = made(row(), payment={"method": "giropay"})
    found = await booked(
        invoice_of(order), order, books(PAYMENT, invoices={"banks": {"checkmo": "B"}})
    )
    assert found.outcome == "park"
    assert "payment.method giropay" in found.reason
    assert "invoices.banks" in found.remedy


async def test_a_negative_total_is_no_payment() -> None:
    order = made(row(price="10.00"))
    invoice = invoice_of(
        order, grand_total=Decimal(-5), extension_attributes={"surcharge": Decimal(-15)}
    )
    home = {"surcharge": {"item": "S", "field": "extension_attributes.surcharge"}}
    found = await booked(invoice, order, books(PAYMENT, orders={"segments": home}))
    assert found.outcome == "park"
    assert "grand_total is -5.00" in found.reason


@pytest.mark.parametrize(
    ("order_number", "invoice_number"),
    [("000000042-1", "000000009"), ("2000000021", "2000000021"), ("1" * 40, "2" * 40)],
)
async def test_a_long_reference_is_cut_so_that_f_o_keeps_it_whole_and_it_stays_unique(
    order_number: str, invoice_number: str
) -> None:
    order = made(row(), increment_id=order_number)
    settings = books(PAYMENT, orders={"numbers": "theirs"})
    lines = [
        line_of(await booked(invoice_of(order, increment_id=number), order, settings))
        for number in (invoice_number, f"{invoice_number[:-1]}3")
    ]
    references = [line["PaymentReference"] for line in lines]
    assert len(set(references)) == 2
    assert all(len(reference) <= 20 for reference in references)


async def test_the_journal_s_text_is_short_enough_to_be_found_again() -> None:
    order = made(row(), payment={"method": "m" * 100})
    (header,) = bodies(
        (await booked(invoice_of(order), order, books(PAYMENT))).requests,
        "CustomerPaymentJournalHeaders",
    )
    assert len(header["Description"]) == 60


async def test_the_payment_method_is_mapped_as_on_the_order() -> None:
    order = made(row(), payment={"method": "braintree"})
    line = line_of(
        await booked(
            invoice_of(order), order, books(PAYMENT, orders={"payments": {"*": {"method": "CARD"}}})
        )
    )
    assert line["PaymentMethodName"] == "CARD"
