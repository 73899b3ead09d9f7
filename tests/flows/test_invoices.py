"""Invoices on the road: money received becomes one journal line, whatever happens on the way."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.recipe import Extras
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import GERMAN, Till, in_till, key
from tests.house import GUEST

AT_THE_TILL: Final[Mapping[str, Any]] = {
    "customers": {"guests": "collective"}, "stores": {"default": {"guest_account": "US-001"}},
}  # fmt: skip
"""Guests buy on one account."""


@in_till()
async def test_a_captured_invoice_becomes_one_line_of_a_payment_journal(till: Till) -> None:
    order = await till.placed(payment="braintree")
    invoice = order.invoices[0]
    await till.books(invoice)
    line, account = till.payment(invoice), till.header(order)["OrderingCustomerAccountNumber"]
    assert line["CreditAmount"] == order.amount("grand_total")
    assert (line["AccountDisplayValue"], line["OffsetAccountDisplayValue"]) == (
        account.replace("-", "\\-"),
        "USMF\\-CARD",
    )
    assert (line["AccountType"], line["OffsetAccountType"], line["CurrencyCode"]) == ("Cust", "Bank", "USD")
    assert (line["PaymentId"], line["LineNumber"]) == (invoice["transaction_id"], 1)
    assert await till.told(invoice) == ["created"]
    claim = await till.claim(key(invoice), "invoices")
    assert (claim.state, claim.number) == (State.DELIVERED, f"journal {line['JournalBatchNumber']} line 1")


@in_till(**AT_THE_TILL)
async def test_an_account_with_a_hyphen_is_escaped(till: Till) -> None:
    order = await till.placed(shopper=GUEST)
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert till.payment(invoice)["AccountDisplayValue"] == "US\\-001"
    await till.services.hints.accept("invoices", "shop", [key(invoice)], "replay")
    await till.works_until_idle()
    assert await till.told(invoice) == ["created", "unchanged"]


@in_till()
async def test_an_invoice_seen_often_is_booked_once(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    for _ in range(5):
        await till.books(invoice)
        await till.polls("invoices")
    await till.works_until_idle()
    assert len(till.payments(invoice)) == 1
    assert set(await till.told(invoice)) == {"created", "unchanged"}


@in_till()
async def test_a_poll_finds_the_invoice_whose_hook_was_lost_and_leaves_it_alone_afterwards(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await asyncio.sleep(90)
    assert await till.polls("invoices") == 1
    await till.works_until_idle()
    assert await till.told(invoice) == ["created"]
    await asyncio.sleep(90)
    assert await till.polls("invoices") == 0


@in_till()
async def test_an_invoice_that_overtakes_its_order_has_it_delivered_first(till: Till) -> None:
    order = till.place()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert len(till.headers(order)) == 1
    assert await till.events(order) == ["created"]
    assert till.payment(invoice)["CreditAmount"] == order.amount("grand_total")
    (entry,) = await till.trail(key(invoice), "invoices")
    assert entry.details["sales_order"] == till.header(order)["SalesOrderNumber"]


@in_till()
async def test_an_invoice_hook_before_the_commit_waits_for_the_invoice(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order, visible_in=timedelta(seconds=25))
    await till.books(invoice)
    assert await till.told(invoice) == ["created"]


@in_till()
async def test_an_invoice_waits_as_long_as_its_order_is_on_hold_and_is_booked_then(till: Till) -> None:
    order = till.place()
    invoice = till.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    till.commerce.hold(order)
    await till.hears(invoice)
    await till.works_for(6 * 3600)
    assert till.headers(order) == []
    assert till.payments(invoice) == []
    assert await till.stands(invoice) is not State.PARKED
    assert "on hold" in await till.reason(invoice)
    till.commerce.unhold(order)
    await till.works_until_idle()
    assert len(till.headers(order)) == len(till.payments(invoice)) == 1


@in_till()
async def test_an_order_that_is_invoiced_in_parts_has_a_line_per_invoice(till: Till) -> None:
    order = await till.placed(**till.wants("SIMPLE-001", "SIMPLE-002", pieces=3))
    first = till.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(2)})
    second = till.commerce.invoice(order, {order.items[1]["item_id"]: Decimal(1)})
    third = till.commerce.invoice(order)
    for invoice in (third, first, second):
        await till.hears(invoice)
    await till.works_until_idle()
    amounts = [till.payment(invoice)["CreditAmount"] for invoice in (first, second, third)]
    assert sum(amounts) == order.amount("grand_total")
    assert amounts[0] == first["grand_total"]
    assert len(till.journals()) == 1


@in_till()
async def test_an_invoice_of_nothing_is_skipped(till: Till) -> None:
    order = await till.placed(
        skus=("SIMPLE-011",), shipping=Decimal(0), extras=Extras(gift_card=Decimal("0.04")), **till.wants("SIMPLE-011")
    )
    assert order.amount("grand_total") == 0
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert till.payments(invoice) == []
    assert "nothing to receive" in await till.reason(invoice)


@in_till()
async def test_an_open_invoice_waits_until_it_is_captured(till: Till) -> None:
    order = await till.placed(payment="paypal_express")
    invoice = till.commerce.invoice(order, captured=False)
    await till.books(invoice)
    assert till.payments(invoice) == []
    assert "not captured yet" in await till.reason(invoice)
    till.commerce.capture(invoice)
    await till.books(invoice)
    assert till.payment(invoice)["PaymentId"] == invoice["transaction_id"] != ""
    assert await till.told(invoice) == ["skipped", "created"]


@in_till()
async def test_an_open_invoice_that_is_cancelled_is_never_booked(till: Till) -> None:
    order = await till.placed(payment="paypal_express")
    invoice = till.commerce.invoice(order, captured=False)
    await till.books(invoice)
    till.commerce.cancel_invoice(invoice)
    await till.books(invoice)
    assert till.payments(invoice) == []
    assert await till.told(invoice) == ["skipped", "skipped"]


@in_till()
async def test_an_invoice_that_is_cancelled_after_it_was_booked_is_parked_and_left_alone(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    invoice["state"] = 3
    await till.books(invoice)
    assert await till.stands(invoice) is State.PARKED
    assert "was cancelled in Commerce after journal" in await till.reason(invoice)
    assert till.payment(invoice)["CreditAmount"] == order.amount("grand_total")


@pytest.mark.parametrize("amount", [Decimal("1.00"), Decimal(0)])
@in_till()
async def test_an_invoice_that_changes_after_it_was_booked_is_parked_and_left_alone(
    till: Till, amount: Decimal
) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    booked = till.payment(invoice)["CreditAmount"]
    invoice["grand_total"] = amount
    for item in invoice["items"] if not amount else ():
        item.update(dict.fromkeys(("row_total", "tax_amount", "discount_amount"), Decimal(0)))
    await till.books(invoice)
    assert await till.stands(invoice) is State.PARKED
    assert "changed in Commerce after journal" in await till.reason(invoice)
    assert till.payment(invoice)["CreditAmount"] == booked


@in_till()
async def test_an_invoice_cancelled_while_nobody_knows_whether_it_was_booked_is_parked(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    till.ledger_dials.next(Kind.LOST, where=_adds_a_payment)
    await till.hears(invoice)
    await till.works_for(4)
    assert len(till.payments(invoice)) == 1
    invoice["state"] = 3
    await till.settled()
    assert await till.stands(invoice) is State.PARKED
    assert till.reference(invoice) in (await till.claim(key(invoice), "invoices")).remedy


@in_till()
async def test_an_invoice_in_euros_is_received_in_euros(till: Till) -> None:
    order = await till.placed(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    line = till.payment(invoice)
    assert (line["CurrencyCode"], line["CreditAmount"]) == ("EUR", order.amount("grand_total"))
    assert line["CreditAmount"] != order.amount("base_grand_total")


@in_till()
async def test_only_the_money_is_received_where_a_gift_card_and_store_credit_paid_the_rest(till: Till) -> None:
    order = await till.placed(extras=Extras(gift_card=Decimal(5), credit=Decimal(3)), **till.wants("SIMPLE-006"))
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert till.payment(invoice)["CreditAmount"] == order.amount("grand_total") == invoice["grand_total"]


@in_till(invoices={"banks": {"*": ""}})
async def test_a_payment_method_without_a_bank_parks_its_invoice_with_the_remedy(till: Till) -> None:
    order = await till.placed()
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert await till.stands(invoice) is State.PARKED
    assert "invoices.banks" in (await till.claim(key(invoice), "invoices")).remedy


@in_till(flows=("invoices",), **AT_THE_TILL)
async def test_invoices_are_booked_where_orders_do_not_flow(till: Till) -> None:
    order = till.place(shopper=GUEST)
    invoice = till.commerce.invoice(order)
    await till.books(invoice)
    assert till.headers(order) == []
    assert till.payment(invoice)["CreditAmount"] == order.amount("grand_total")


def _adds_a_payment(arrival: Arrival) -> bool:
    return arrival.writes and b"CreditAmount" in arrival.body
