"""Ways to pay that move no money, and what a refund leaves in the shop: no bank pays it, the
receivable or liability does."""

from decimal import Decimal
from typing import Any

import pytest

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.mapping.store_credit import kept_as_credit
from sync.preview.previewed import Preview
from tests.mapping.ledger import bodies
from tests.mapping.made import made, row, with_extension
from tests.mapping.receiving import booked, books, invoice_of, memo_of

LINES = "CustomerPaymentJournalLines"
PAYS = "payment, return"


def paid_by(method: str, **fields: Any) -> dict[str, Any]:
    return {
        **made(row(price="30.00")),
        "payment": {"method": method},
        "base_currency_code": "USD",
        **fields,
    }


@pytest.mark.parametrize("method", ["companycredit", "purchaseorder", "cashondelivery"])
async def test_a_method_on_account_moves_no_money(method: str) -> None:
    order = paid_by(method)
    on_account = ("companycredit", "purchaseorder", "cashondelivery")
    settings = books(PAYS, invoices={"on_account": on_account, "banks": {"*": "BANK"}})
    found = await booked(invoice_of(order), order, settings)
    assert (found.outcome, found.requests) == ("skip", ())
    assert f"paid by {method}, which moves no money" in found.reason
    memo = await booked(memo_of(order), order, settings, is_memo=True)
    assert not bodies(memo.requests, LINES)
    assert bodies(memo.requests, "ReturnOrderHeadersV2")


async def test_a_free_text_invoice_on_account_bears_the_terms_of_its_method() -> None:
    order = paid_by("companycredit")
    settings = books(
        "both, free text credit", orders={"payments": {"companycredit": {"terms": "Net30"}}}
    )
    found = await booked(invoice_of(order), order, settings)
    (header,) = bodies(found.requests, "FreeTextInvoiceHeaders")
    assert header["TermsOfPayment"] == "Net30"
    assert not bodies(found.requests, LINES)


async def test_a_bank_that_is_named_for_a_method_goes_before_the_list_that_nobody_wrote() -> None:
    order = paid_by("purchaseorder")
    found = await booked(
        invoice_of(order), order, books(PAYS, invoices={"banks": {"purchaseorder": "BANK2"}})
    )
    assert bodies(found.requests, LINES)[0]["OffsetAccountDisplayValue"] == "BANK2"


async def test_a_method_that_nothing_is_decided_for_is_parked_with_both_keys() -> None:
    order = paid_by("cashondelivery")
    found = await booked(
        invoice_of(order), order, books(PAYS, invoices={"banks": {"checkmo": "BANK"}})
    )
    assert found.outcome == "park"
    assert "cashondelivery" in found.reason
    assert "invoices.banks" in found.remedy
    assert "invoices.on_account" in found.remedy


FIELDS = (
    "customer_bal_total_refunded",
    "customer_balance_total_refunded",
    "bs_customer_bal_total_refunded",
)


async def refunded(
    memo_fields: dict[str, Any], order_fields: dict[str, Any], **settings: Any
) -> Preview:
    order = with_extension(paid_by("checkmo", total_refunded="30.00"), **order_fields)
    order["items"][0] |= {"qty_shipped": 1, "qty_refunded": 1}
    return await booked(
        {**memo_of(order), **memo_fields}, order, books(PAYS, **settings), is_memo=True
    )


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("is_extension", [False, True])
async def test_what_stays_as_store_credit_is_a_liability_and_the_rest_is_paid_out(
    field: str, is_extension: bool
) -> None:
    reported = {field: "12.00"}
    found = await refunded({"extension_attributes": reported} if is_extension else reported, {})
    bank, liability = bodies(found.requests, LINES)
    assert (bank["DebitAmount"], bank["OffsetAccountType"]) == (18, "Bank")
    assert (liability["DebitAmount"], liability["OffsetAccountType"]) == (12, "Ledger")
    assert liability["OffsetAccountDisplayValue"] == "220200"
    assert bank["PaymentReference"] != liability["PaymentReference"]
    assert found.totals is not None
    assert found.totals.difference == 0


@pytest.mark.parametrize("is_extension", [False, True])
async def test_a_refund_that_stays_whole_leaves_the_bank_alone(is_extension: bool) -> None:
    said = {"customer_balance_total_refunded": "30.00"}
    if is_extension:
        found = await refunded({}, said)
    else:
        order = paid_by("checkmo", total_refunded="30.00", **said)
        order["items"][0] |= {"qty_shipped": 1, "qty_refunded": 1}
        found = await booked(memo_of(order), order, books(PAYS), is_memo=True)
    (line,) = bodies(found.requests, LINES)
    assert (line["DebitAmount"], line["OffsetAccountType"]) == (Decimal("30.00"), "Ledger")


async def test_what_had_been_paid_by_store_credit_is_no_part_of_the_money() -> None:
    fields = {"customer_balance_amount": "10.00"}
    memo = {
        "grand_total": Decimal("20.00"),
        "extension_attributes": {**fields, "customer_balance_total_refunded": "15.00"},
    }
    found = await refunded(memo, {})
    bank, liability = bodies(found.requests, LINES)
    assert (bank["DebitAmount"], liability["DebitAmount"]) == (15, 5)


async def test_store_credit_is_booked_also_where_refunds_come_with_the_bank_statement() -> None:
    found = await refunded({FIELDS[0]: "12.00"}, {}, creditmemos={"refund_payment": False})
    (line,) = bodies(found.requests, LINES)
    assert (line["DebitAmount"], line["OffsetAccountType"]) == (12, "Ledger")


async def test_store_credit_without_an_account_is_parked_with_the_key() -> None:
    found = await refunded({FIELDS[0]: "12.00"}, {}, invoices={"accounts": {"shipping": "403000"}})
    assert found.outcome == "park"
    assert "12.00 USD was refunded to store credit" in found.reason
    assert "customer_balance" in found.remedy


async def test_a_sum_of_several_memos_is_parked_with_the_sums() -> None:
    found = await refunded(
        {"grand_total": Decimal("30.00")}, {"customer_balance_total_refunded": "12.00"}
    )
    assert found.outcome == "deliver"
    order = with_extension(
        paid_by("checkmo", total_refunded="50.00"), customer_balance_total_refunded="12.00"
    )
    order["items"][0] |= {"qty_shipped": 1, "qty_refunded": 1}
    several = await booked(memo_of(order), order, books(PAYS), is_memo=True)
    assert several.outcome == "park"
    assert "12.00 USD of several memos" in several.reason


def kept(grand_total: str, tender: str, of_order: tuple[str, str, str]) -> Decimal:
    """Of a memo that gives back `tender` beside its money. The order's `total_refunded`, kept
    store credit and tender given back, of all its memos."""
    money, total, tendered = of_order
    told = {"customer_balance_total_refunded": total, "customer_balance_refunded": tendered}
    order = with_extension(paid_by("checkmo", total_refunded=money), **told)
    own = {"customer_balance_amount": tender}
    memo = memo_of(order, grand_total=grand_total, extension_attributes=own)
    return kept_as_credit(CreditMemo.read(memo), Order.read(order))


@pytest.mark.parametrize(
    ("grand_total", "tender", "of_order", "wanted"),
    [
        pytest.param("20", "0", ("20", "10", "10"), "0", id="another memo gave back the tender"),
        pytest.param("0", "10", ("20", "10", "10"), "0", id="it gave back the tender alone"),
        pytest.param("5", "10", ("20", "10", "10"), "0", id="two paid out, one with tender"),
        pytest.param("15", "0", ("20", "10", "10"), "0", id="the other of these"),
        pytest.param("20", "0", ("20", "15", "10"), "5", id="beside the tender of another"),
        pytest.param("20", "10", ("20", "15", "10"), "5", id="beside its own"),
        pytest.param("20", "10", ("20", "15", "0"), "5", id="a shop that tells no tender"),
        pytest.param("20", "0", ("35", "45", "10"), "20", id="all of several is kept"),
        pytest.param("20", "10", ("20", "8", "10"), "0", id="less than its tender went back"),
    ],
)
def test_what_another_memo_gave_back_of_store_credit_is_none_of_this_one(
    grand_total: str, tender: str, of_order: tuple[str, str, str], wanted: str
) -> None:
    assert kept(grand_total, tender, of_order) == Decimal(wanted)


def test_money_kept_of_several_memos_that_paid_money_is_parked() -> None:
    with pytest.raises(Never, match="of several memos"):
        kept("5", "10", ("20", "15", "10"))
