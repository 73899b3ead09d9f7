"""Customers whose invoices F&O sends to another account: orders are invoiced to that one, and money
and credits go where the invoice went."""

from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.records import StoredOrder
from sync.mapping.customer_payment import display_value
from sync.mapping_tables.records import AccountMapping
from tests.flows.b2b import B2B, in_b2b
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, in_finance
from tests.systems import COMPANY, CONNECTION

PAYER: Final = "US-001"
MEMOS: Final = "creditmemos"
EVERYBODY: Final = {"invoice_accounts_of": "everybody"}


async def sold(finance: Finance) -> StoredOrder:
    """An order of a customer whose invoices have gone to the payer since their first order."""
    first = await finance.placed(**finance.wants("SIMPLE-001"))
    invoices_go_to(finance, first, PAYER)
    return await finance.placed(**finance.wants("SIMPLE-001", "SIMPLE-003", pieces=3))


def invoices_go_to(finance: Finance, order: StoredOrder, payer: str) -> None:
    """A clerk sets the invoice account of an order's customer."""
    number = finance.header(order)["OrderingCustomerAccountNumber"]
    row = finance.dynamics.store.find("CustTable", COMPANY, number)
    assert row is not None
    finance.dynamics.store.update("CustTable", row, {"InvoiceAccount": payer})


def accounts(header: Any, own: str, invoiced: str = "InvoiceCustomerAccountNumber") -> list[Any]:
    """Whose a document is, and who owes it."""
    return [header[own], header[invoiced]]


@pytest.mark.parametrize(
    "setting", ["everybody", "business", pytest.param("nobody", marks=pytest.mark.long)]
)
def test_an_order_its_money_and_its_return_go_to_whom_f_and_o_invoices(setting: str) -> None:
    @in_finance(customers={"invoice_accounts_of": setting}, creditmemos={"refund_payment": True})
    async def story(finance: Finance) -> None:
        order = await sold(finance)
        customer, payer = accounts(finance.header(order), "OrderingCustomerAccountNumber")
        assert payer == (PAYER if setting == "everybody" else customer)
        invoice = finance.commerce.invoice(order)
        await finance.books(invoice)
        assert finance.payment(invoice)["AccountDisplayValue"] == display_value(payer, "-")
        finance.ships(order)
        invoices_go_to(finance, order, "")
        memo = finance.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)})
        await finance.books(memo, MEMOS)
        found = accounts(finance.returned(memo), "CustomerAccountNumber")
        assert found == [customer, payer]
        line = finance.payment(memo, MEMOS)
        assert line["AccountDisplayValue"] == display_value(payer, "-")

    story()


@in_finance(customers=EVERYBODY, invoices=FREE_TEXT, creditmemos=FREE_CREDIT)
async def test_free_text_invoices_are_owed_by_whom_f_and_o_invoices(finance: Finance) -> None:
    order = await sold(finance)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    customer = finance.header(order)["OrderingCustomerAccountNumber"]
    for draft in (finance.draft(invoice), finance.draft(memo, MEMOS)):
        assert accounts(draft, "CustomerAccount", "InvoiceAccount") == [customer, PAYER]


@in_finance(customers=EVERYBODY)
async def test_an_order_that_changes_stays_with_whom_it_was_posted_for(finance: Finance) -> None:
    """F&O takes the invoice account of an order as what it is."""
    order = await sold(finance)
    invoices_go_to(finance, order, "")
    finance.commerce.change_address(order, city="Neustadt")
    await finance.delivers(order)
    assert await finance.parked("orders") == []
    header = finance.header(order)
    assert (header["InvoiceCustomerAccountNumber"], header["DeliveryAddressCity"]) == (
        PAYER, "Neustadt"
    )  # fmt: skip


@in_finance()
async def test_an_account_that_a_person_mapped_is_looked_up(finance: Finance) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001"))
    invoices_go_to(finance, order, PAYER)
    systems = await finance.services.systems_pool.open(CONNECTION)
    number = finance.header(order)["OrderingCustomerAccountNumber"]
    shopper = str(order.row["customer_id"])
    await systems.accounts.put(AccountMapping("customer", shopper, number, "import"))
    again = await finance.placed(**finance.wants("SIMPLE-001"))
    assert finance.header(again)["InvoiceCustomerAccountNumber"] == PAYER


@in_b2b()
async def test_a_company_is_looked_up_and_its_buyer_stays_the_contact(b2b: B2B) -> None:
    await b2b.notify()
    mapping = await b2b.known()
    assert mapping is not None
    row = b2b.dynamics.store.find("CustTable", COMPANY, mapping.account)
    assert row is not None
    b2b.dynamics.store.update("CustTable", row, {"InvoiceAccount": PAYER})
    order = b2b.buys()
    await b2b.delivers(order)
    header = b2b.header(order)
    assert accounts(header, "OrderingCustomerAccountNumber") == [mapping.account, PAYER]
    assert header["ContactPersonId"]
