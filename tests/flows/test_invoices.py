"""Invoices through the engine: money received becomes one journal line, whatever happens on the
way."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.recipe import Extras
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from sync.flows.orders.sales_order_writes import KIND as SALES_ORDER
from sync.mapping_tables.records import AccountMapping
from tests.flows.finance import GERMAN, Finance, in_finance, key
from tests.flows.test_corrections import person
from tests.harness import CUSTOMER, GUEST, key_of
from tests.systems import COMPANY

PAID_BY_GIFT_CARD: Final[Mapping[str, Any]] = {
    "customers": {"guests": "collective"}, "stores": {"default": {"guest_account": "US-001"}},
}  # fmt: skip
"""Guests buy on one account."""


@in_finance()
async def test_a_captured_invoice_becomes_one_line_of_a_payment_journal(finance: Finance) -> None:
    order = await finance.placed(payment="braintree")
    invoice = order.invoices[0]
    await finance.books(invoice)
    line, account = finance.payment(invoice), finance.header(order)["OrderingCustomerAccountNumber"]
    assert line["CreditAmount"] == order.amount("grand_total")
    assert (line["AccountDisplayValue"], line["OffsetAccountDisplayValue"]) == (
        account.replace("-", "\\-"),
        "USMF\\-CARD",
    )
    assert (line["AccountType"], line["OffsetAccountType"], line["CurrencyCode"]) == (
        "Cust",
        "Bank",
        "USD",
    )
    assert (line["PaymentId"], line["LineNumber"]) == (invoice["transaction_id"], 1)
    assert await finance.reported(invoice) == ["created"]
    claim = await finance.claim(key(invoice), "invoices")
    assert (claim.state, claim.number) == (
        State.DELIVERED,
        f"journal {line['JournalBatchNumber']} line 1",
    )


@in_finance(**PAID_BY_GIFT_CARD)
async def test_an_account_with_a_hyphen_is_escaped(finance: Finance) -> None:
    order = await finance.placed(shopper=GUEST)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert finance.payment(invoice)["AccountDisplayValue"] == "US\\-001"
    await finance.services.intake.accept("invoices", "shop", [key(invoice)], "replay")
    await finance.works_until_idle()
    assert await finance.reported(invoice) == ["created", "unchanged"]


@in_finance(**PAID_BY_GIFT_CARD)
async def test_a_guest_who_registers_on_the_success_page_pays_on_the_account_of_the_order(
    finance: Finance,
) -> None:
    """Commerce names the new customer on the order. One who orders later has an account."""
    order = await finance.placed(shopper=GUEST)
    finance.commerce.save_order(order, {"customer_id": 1, "customer_is_guest": 0})
    await finance.delivers(order)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert finance.header(order)["OrderingCustomerAccountNumber"] == "US-001"
    assert finance.payment(invoice)["AccountDisplayValue"] == "US\\-001"
    other = await finance.placed(shopper=CUSTOMER)
    assert finance.header(other)["OrderingCustomerAccountNumber"] != "US-001"


@pytest.mark.parametrize("is_moved", [True, False])
@in_finance()
async def test_money_of_a_customer_who_is_mapped_anew_stays_with_the_sales_order(
    finance: Finance, is_moved: bool
) -> None:
    """`is_moved`: a clerk gives the sales order to the new account as well."""
    order = await finance.placed()
    before = finance.header(order)["OrderingCustomerAccountNumber"]
    systems = await finance.services.systems_pool.open("shop")
    shopper = str(order.row["customer_id"])
    await systems.accounts.put(AccountMapping("customer", shopper, "US-001", "import"))
    if is_moved:
        (header,) = finance.dynamics.orders_for(finance.order_reference(order), COMPANY)
        moved = {"OrderingCustomerAccountNumber": "US-001"}
        finance.dynamics.store.update("SalesTable", header, moved)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    account = finance.payment(invoice)["AccountDisplayValue"].replace("\\-", "-")
    assert account == ("US-001" if is_moved else before) != ""
    await finance.replays(key_of(order))
    assert await finance.parked("orders") == []
    number = finance.header(order)["SalesOrderNumber"]
    assert await person(finance).link(await finance.claim(key_of(order)), SALES_ORDER, number)
    await finance.replays(key_of(order))
    assert await finance.parked("orders") == []


@in_finance()
async def test_an_invoice_seen_often_is_booked_once(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    for _ in range(5):
        await finance.books(invoice)
        await finance.polls("invoices")
    await finance.works_until_idle()
    assert len(finance.payments(invoice)) == 1
    assert set(await finance.reported(invoice)) == {"created", "unchanged"}


@in_finance()
async def test_a_poll_finds_the_invoice_whose_hook_was_lost_and_leaves_it_alone_afterwards(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await asyncio.sleep(90)
    assert await finance.polls("invoices") == 1
    await finance.works_until_idle()
    assert await finance.reported(invoice) == ["created"]
    await asyncio.sleep(90)
    assert await finance.polls("invoices") == 0


@in_finance()
async def test_an_invoice_that_overtakes_its_order_has_it_delivered_first(finance: Finance) -> None:
    order = finance.place()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert len(finance.headers(order)) == 1
    assert await finance.events(order) == ["created"]
    assert finance.payment(invoice)["CreditAmount"] == order.amount("grand_total")
    (entry,) = await finance.trail(key(invoice), "invoices")
    assert entry.details["sales_order"] == finance.header(order)["SalesOrderNumber"]


@in_finance()
async def test_an_invoice_hook_before_the_commit_waits_for_the_invoice(finance: Finance) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order, visible_in=timedelta(seconds=25))
    await finance.books(invoice)
    assert await finance.reported(invoice) == ["created"]


@in_finance()
async def test_an_invoice_waits_as_long_as_its_order_is_on_hold_and_is_booked_then(
    finance: Finance,
) -> None:
    order = finance.place()
    invoice = finance.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    finance.commerce.hold(order)
    await finance.notify(invoice)
    await finance.works_for(6 * 3600)
    assert finance.headers(order) == []
    assert finance.payments(invoice) == []
    assert await finance.stands(invoice) is not State.PARKED
    assert "on hold" in await finance.reason(invoice)
    finance.commerce.unhold(order)
    await finance.works_until_idle()
    assert len(finance.headers(order)) == len(finance.payments(invoice)) == 1


@in_finance()
async def test_an_order_that_is_invoiced_in_parts_has_a_line_per_invoice(finance: Finance) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", "SIMPLE-002", pieces=3))
    first = finance.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(2)})
    second = finance.commerce.invoice(order, {order.items[1]["item_id"]: Decimal(1)})
    third = finance.commerce.invoice(order)
    for invoice in (third, first, second):
        await finance.notify(invoice)
    await finance.works_until_idle()
    amounts = [finance.payment(invoice)["CreditAmount"] for invoice in (first, second, third)]
    assert sum(amounts) == order.amount("grand_total")
    assert amounts[0] == first["grand_total"]
    assert len(finance.journals()) == 1


@in_finance()
async def test_an_invoice_of_nothing_is_skipped(finance: Finance) -> None:
    order = await finance.placed(
        skus=("SIMPLE-011",),
        shipping=Decimal(0),
        extras=Extras(gift_card=Decimal("0.04")),
        **finance.wants("SIMPLE-011"),
    )
    assert order.amount("grand_total") == 0
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert finance.payments(invoice) == []
    assert "nothing to receive" in await finance.reason(invoice)


@in_finance()
async def test_an_open_invoice_waits_until_it_is_captured(finance: Finance) -> None:
    order = await finance.placed(payment="paypal_express")
    invoice = finance.commerce.invoice(order, captured=False)
    await finance.books(invoice)
    assert finance.payments(invoice) == []
    assert "not captured yet" in await finance.reason(invoice)
    finance.commerce.capture(invoice)
    await finance.books(invoice)
    assert finance.payment(invoice)["PaymentId"] == invoice["transaction_id"] != ""
    assert await finance.reported(invoice) == ["skipped", "created"]


@in_finance()
async def test_an_open_invoice_that_is_cancelled_is_never_booked(finance: Finance) -> None:
    order = await finance.placed(payment="paypal_express")
    invoice = finance.commerce.invoice(order, captured=False)
    await finance.books(invoice)
    finance.commerce.cancel_invoice(invoice)
    await finance.books(invoice)
    assert finance.payments(invoice) == []
    assert await finance.reported(invoice) == ["skipped", "skipped"]


@in_finance()
async def test_an_invoice_that_is_cancelled_after_it_was_booked_is_parked_and_left_alone(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    invoice["state"] = 3
    await finance.books(invoice)
    assert await finance.stands(invoice) is State.PARKED
    assert "was cancelled in Commerce after journal" in await finance.reason(invoice)
    assert finance.payment(invoice)["CreditAmount"] == order.amount("grand_total")


@pytest.mark.parametrize("amount", [Decimal("1.00"), Decimal(0)])
@in_finance()
async def test_an_invoice_that_changes_after_it_was_booked_is_parked_and_left_alone(
    finance: Finance, amount: Decimal
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    booked = finance.payment(invoice)["CreditAmount"]
    invoice["grand_total"] = amount
    for item in invoice["items"] if not amount else ():
        item.update(dict.fromkeys(("row_total", "tax_amount", "discount_amount"), Decimal(0)))
    await finance.books(invoice)
    assert await finance.stands(invoice) is State.PARKED
    assert "changed in Commerce after journal" in await finance.reason(invoice)
    assert finance.payment(invoice)["CreditAmount"] == booked


@in_finance()
async def test_an_invoice_cancelled_while_nobody_knows_whether_it_was_booked_is_parked(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    finance.ledger_dials.next(Kind.LOST, where=_adds_a_payment)
    await finance.notify(invoice)
    await finance.works_for(4)
    assert len(finance.payments(invoice)) == 1
    invoice["state"] = 3
    await finance.settled()
    assert await finance.stands(invoice) is State.PARKED
    assert finance.reference(invoice) in (await finance.claim(key(invoice), "invoices")).remedy


@in_finance()
async def test_an_invoice_in_euros_is_received_in_euros(finance: Finance) -> None:
    order = await finance.placed(
        store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org")
    )
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    line = finance.payment(invoice)
    assert (line["CurrencyCode"], line["CreditAmount"]) == ("EUR", order.amount("grand_total"))
    assert line["CreditAmount"] != order.amount("base_grand_total")


@in_finance()
async def test_only_the_money_is_received_where_a_gift_card_and_store_credit_paid_the_rest(
    finance: Finance,
) -> None:
    order = await finance.placed(
        extras=Extras(gift_card=Decimal(5), credit=Decimal(3)), **finance.wants("SIMPLE-006")
    )
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert (
        finance.payment(invoice)["CreditAmount"]
        == order.amount("grand_total")
        == invoice["grand_total"]
    )


@in_finance(invoices={"banks": {"*": ""}})
async def test_a_payment_method_without_a_bank_parks_its_invoice_with_the_remedy(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert await finance.stands(invoice) is State.PARKED
    assert "invoices.banks" in (await finance.claim(key(invoice), "invoices")).remedy


@in_finance(flows=("invoices",), **PAID_BY_GIFT_CARD)
async def test_invoices_are_booked_where_orders_do_not_flow(finance: Finance) -> None:
    order = finance.place(shopper=GUEST)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert finance.headers(order) == []
    assert finance.payment(invoice)["CreditAmount"] == order.amount("grand_total")


def _adds_a_payment(arrival: Arrival) -> bool:
    return arrival.writes and b"CreditAmount" in arrival.body
