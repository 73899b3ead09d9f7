"""Nothing is taken over that is not the very document: not in another store, currency or amount, nor on another account."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.road.ledger import State
from sync.sandbox.commerce.catalogue import STORES
from sync.sandbox.commerce.records import Columns, StoredOrder
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import FREE_CREDIT, FREE_TEXT, Till, in_till, key
from tests.house import CUSTOMER, GUEST, House, in_both_houses, in_house, key_of
from tests.site import COMPANY, merged
from tests.virtual_time import virtually

BARE = "{increment_id}"
"""A template without the store, as a connection could have it before such ones were refused."""
OURS = {"orders": {"numbers": "ours"}, "customers": {"numbers": "ours"}}


async def twins(till: Till) -> tuple[StoredOrder, StoredOrder]:
    """Two orders of one customer with the same increment id, in two store views and currencies; both are in D365."""
    first = await till.placed(store=STORES[0], skus=("SIMPLE-001",))
    second = till.place(store=STORES[1], skus=("SIMPLE-003",))
    second.row["increment_id"] = first.row["increment_id"]
    await till.delivers(second)
    return first, second


def documents(till: Till, orders: tuple[StoredOrder, StoredOrder], flow: str) -> list[Columns]:
    """An invoice or credit memo of each, with equal numbers."""
    for order in orders:
        if flow == "creditmemos":
            till.commerce.invoice(order)
            till.ships(order)
    make = till.commerce.invoice if flow == "invoices" else till.commerce.refund
    made = [make(order) for order in orders]
    made[1]["increment_id"] = made[0]["increment_id"]
    return made


async def booked(till: Till, flow: str) -> list[Columns]:
    made = documents(till, await twins(till), flow)
    for document in made:
        await till.books(document, flow)
    return made


@in_till()
async def test_orders_of_two_stores_with_one_number_are_two_sales_orders(till: Till) -> None:
    first, second = await twins(till)
    assert till.header(first)["CurrencyCode"] != till.header(second)["CurrencyCode"]
    assert await till.parked() == []


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till()
async def test_documents_of_two_stores_with_one_number_are_booked_apart(till: Till, flow: str) -> None:
    made = await booked(till, flow)
    numbers = {(await till.claim(key(document), flow)).number for document in made}
    assert len(numbers) == len(made)
    assert await till.parked(flow) == []


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till(invoices={"reference_template": f"I{BARE}"}, creditmemos={"reference_template": f"C{BARE}"})
async def test_a_document_that_would_find_another_one_s_is_parked_with_both_named(till: Till, flow: str) -> None:
    first, second = await booked(till, flow)
    assert await till.parked(flow) == [key(second)]
    reason = await till.reason(second, flow)
    assert "is another document" in reason
    assert all(f"{what} " in reason for what in ("account", "currency", "amount"))
    table = "CustomerPaymentJournalLines" if flow == "invoices" else "ReturnOrderHeadersV2"
    assert len(till.rows(table)) == 1
    assert await till.stands(first, flow) is State.DELIVERED


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till(
    invoices={**FREE_TEXT, "reference_template": f"I{BARE}"},
    creditmemos={**FREE_CREDIT, "reference_template": f"C{BARE}"},
)
async def test_free_text_invoices_are_told_apart_as_well(till: Till, flow: str) -> None:
    first, second = await booked(till, flow)
    lines = till.rows("FreeTextInvoiceLines")
    assert len(till.rows("FreeTextInvoiceHeaders")) == 1
    assert abs(sum(line["TransactionCurrencyAmount"] for line in lines)) <= first["grand_total"]
    assert await till.parked(flow) == [key(second)]


@in_house("ours", orders={"number_template": f"W{BARE}"})
async def test_a_number_that_is_taken_by_another_order_parks_the_second(house: House) -> None:
    first = house.place(store=STORES[0], skus=("SIMPLE-001",))
    await house.delivers(first)
    second = house.place(store=STORES[1], skus=("SIMPLE-003",))
    second.row["increment_id"] = first.row["increment_id"]
    await house.delivers(second)
    assert await house.parked() == [key_of(second)]
    claim = await house.claim(second)
    assert f"sales order W{first.row['increment_id']} in D365 bears this reference" in claim.reason
    assert house.headers(second) == []


def _clerk(till: Till, order: StoredOrder, **changes: Any) -> None:
    """A clerk changes the sales order before its answer has come."""
    (header,) = till.dynamics.orders_for(till.order_reference(order), COMPANY)
    till.dynamics.store.update("SalesTable", header, changes)


def _dearer(till: Till, order: StoredOrder) -> None:
    (header,) = till.dynamics.orders_for(till.order_reference(order), COMPANY)
    line = till.dynamics.lines(COMPANY, header["SalesOrderNumber"])[0]
    till.dynamics.store.update("SalesLine", line, {"LineAmount": line["LineAmount"] + Decimal(1)})


@pytest.mark.parametrize(
    "differs",
    [
        lambda till, order: _clerk(till, order, OrderingCustomerAccountNumber="US-001"),
        lambda till, order: _clerk(till, order, CurrencyCode="EUR"),
        _dearer,
    ],
    ids=["account", "currency", "amount"],
)
@in_till()
async def test_an_order_is_adopted_after_a_lost_answer_only_as_it_was_sent(
    till: Till, differs: Callable[[Till, StoredOrder], None]
) -> None:
    order = till.place()
    till.ledger_dials.next(Kind.LOST, where=lambda arrival: b"ExternalItemNumber" in arrival.body)
    await till.hooks(order)
    await till.works_for(4)
    differs(till, order)
    await till.settled()
    assert await till.parked() == [key_of(order)]
    assert "is another document" in (await till.claim(order)).reason


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_till(invoices={"reference_template": "{order_increment_id}/{increment_id}"},
         creditmemos={"reference_template": "{order_increment_id}/C{increment_id}"})  # fmt: skip
async def test_what_was_left_behind_under_the_old_default_template_is_adopted(till: Till, flow: str) -> None:
    """An answer is lost, then the product is renewed, whose default templates name the store."""
    order = await till.placed()
    if flow == "creditmemos":
        till.commerce.invoice(order)
        till.ships(order)
    document = till.commerce.invoice(order) if flow == "invoices" else till.commerce.refund(order)
    field = b"PaymentReference" if flow == "invoices" else b"ReturnSalesQuantity"
    till.ledger_dials.next(Kind.LOST, where=lambda arrival: arrival.writes and field in arrival.body)
    await till.hears(document, flow)
    await till.works_for(4)
    connections: Any = till.services.connections
    connection = connections["shop"]
    letter = {"invoices": "I", "creditmemos": "C"}[flow]
    section = getattr(connection, flow).model_copy(update={"reference_template": f"{{store_id}}-{letter}{BARE}"})
    connections["shop"] = connection.model_copy(update={flow: section})
    await till.services.desks.close()
    await till.settled()
    assert await till.told(document, flow) == ["waited", "adopted"]
    table = "CustomerPaymentJournalLines" if flow == "invoices" else "ReturnOrderHeadersV2"
    assert len(till.rows(table)) == 1


RECIPES = {
    "payment": ("invoices", {}, "CustomerPaymentJournalLines"),
    "free text": ("invoices", {"invoices": FREE_TEXT}, "FreeTextInvoiceHeaders"),
    "return": ("creditmemos", {}, "ReturnOrderHeadersV2"),
    "free text credit": ("creditmemos", {"creditmemos": FREE_CREDIT}, "FreeTextInvoiceHeaders"),
}


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    recipe=st.sampled_from(sorted(RECIPES)), stores=st.tuples(*[st.sampled_from(STORES[:2])] * 2), is_lost=st.booleans(),
    skus=st.tuples(*[st.sampled_from(["SIMPLE-001", "SIMPLE-003"])] * 2), has_store=st.booleans(),
    shoppers=st.tuples(*[st.sampled_from([CUSTOMER, GUEST])] * 2),
)  # fmt: skip
def test_documents_of_another_store_currency_amount_or_account_never_share_a_target(recipe: str, **drawn: Any) -> None:
    """Of two documents with equal numbers each has a target of its own, or the second is parked; answers are lost."""
    virtually(_apart(*RECIPES[recipe], **drawn))


async def _apart(
    flow: str,
    changes: dict[str, Any],
    table: str,
    *,
    stores: Any,
    skus: Any,
    shoppers: Any,
    has_store: bool,
    is_lost: bool,
) -> None:
    template = f"{'S{store_id}-' if has_store else ''}{flow[0].upper()}{BARE}"
    till = Till(merged({flow: {"reference_template": template}}, changes))
    try:
        drawn = zip(stores, skus, shoppers, strict=True)
        first, second = [await till.placed(store=store, skus=(sku,), shopper=who) for store, sku, who in drawn]
        made = documents(till, (first, second), flow)
        is_one_store = made[0]["store_id"] == made[1]["store_id"]
        if is_one_store:
            made[1]["increment_id"] = f"{made[0]['increment_id']}-1"  # unique within its store view
        await till.books(made[0], flow)
        if is_lost:
            till.ledger_dials.next(Kind.LOST, where=lambda arrival: arrival.writes)
        await till.books(made[1], flow)
        await till.settled()
        claims = [await till.claim(key(document), flow) for document in made]
        numbers = [claim.number for claim in claims if claim.number]
        differs = [made[0][name] != made[1][name] for name in ("store_id", "order_currency_code", "grand_total")]
        if any(differs) or shoppers[0] != shoppers[1]:
            assert len(set(numbers)) == len(numbers) == len(till.rows(table))
            assert claims[1].number or claims[1].state is State.PARKED
        if has_store or is_one_store:
            assert await till.parked(flow) == []
    finally:
        await till.close()


# Numbers of ours


@in_till(**OURS)
async def test_return_orders_are_numbered_as_sales_orders_are(till: Till) -> None:
    memo = await _refunded(till)
    await till.books(memo, "creditmemos")
    assert till.returned(memo)["ReturnOrderNumber"] == f"{memo['store_id']}-C{memo['increment_id']}"
    assert till.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DROPPED, Kind.DELAYED])
@in_till(**OURS)
async def test_a_return_order_of_our_number_whose_answer_was_lost_is_there_once(till: Till, kind: Kind) -> None:
    memo = await _refunded(till)
    till.ledger_dials.next(kind, where=_returns, seconds=50)
    await till.books(memo, "creditmemos")
    await till.settled()
    assert len(till.return_lines(memo)) == 1
    assert await till.stands(memo, "creditmemos") is State.DELIVERED


@in_till(**OURS, creditmemos={"number_template": "R{store_id}-{increment_id}"})
async def test_a_return_order_number_that_somebody_has_taken_parks_the_memo(till: Till) -> None:
    memo = await _refunded(till)
    number = f"R{memo['store_id']}-{memo['increment_id']}"
    values = {"CustomerAccountNumber": "US-001", "CurrencyCode": "USD", "CustomersOrderReference": "by hand"}
    till.dynamics.put(
        "ReturnOrderHeadersV2", dataAreaId=COMPANY, ReturnOrderNumber=number, ReturnStatus="Created", **values
    )
    await till.books(memo, "creditmemos")
    assert f"return order {number}" in await till.reason(memo, "creditmemos")
    assert await till.parked("creditmemos") == [key(memo)]


@in_till(**OURS, creditmemos={"number_template": "RETURN-OF-WEB-{store_id}-{increment_id}"})
async def test_a_return_order_number_that_is_too_long_parks_with_the_key_to_shorten(till: Till) -> None:
    memo = await _refunded(till)
    await till.books(memo, "creditmemos")
    claim = await till.claim(key(memo), "creditmemos")
    assert "characters; F&O takes 20" in claim.reason
    assert "creditmemos.number_template" in claim.remedy


# Refusals


@in_till(creditmemos={"reason": "NOPE"})
async def test_a_memo_that_was_refused_is_replayed_without_waiting(till: Till) -> None:
    memo = await _refunded(till)
    await till.books(memo, "creditmemos")
    assert await till.parked("creditmemos") == [key(memo)]
    till.dynamics.put("ReturnReasonCodeBiEntities", dataAreaId=COMPANY, ReasonCodeId="NOPE")
    before = till.clock.now()
    await till.replays(key(memo), "creditmemos")
    assert await till.stands(memo, "creditmemos") is State.DELIVERED
    assert (till.clock.now() - before).total_seconds() < 5


@in_till(creditmemos={"reason": "NOPE"})
async def test_a_refusal_says_nothing_of_a_write_that_was_lost_before(till: Till) -> None:
    memo = await _refunded(till)
    till.ledger_dials.next(Kind.LOST, where=_returns)
    till.dynamics.put("ReturnReasonCodeBiEntities", dataAreaId=COMPANY, ReasonCodeId="NOPE")
    await till.hears(memo, "creditmemos")
    await till.works_for(4)
    claim = await till.claim(key(memo), "creditmemos")
    assert claim.intent is not None
    assert claim.intent.settled_by > till.clock.now()
    await till.settled()
    assert len(till.rows("ReturnOrderHeadersV2")) == 1


# Records that change their number, and numbers that change their record


@in_both_houses()
async def test_an_order_that_is_renumbered_after_posting_is_not_posted_twice(house: House) -> None:
    order = house.place()
    await house.delivers(order)
    was, number = key_of(order), house.header(order)["SalesOrderNumber"]
    order.row["increment_id"] = "000000777"
    await house.delivers(order)
    assert await house.parked() == [key_of(order)]
    reason = (await house.claim(order)).reason
    assert was in reason
    assert number in reason
    assert house.headers(order) == []


@in_till()
async def test_an_order_that_takes_over_the_number_of_another_is_not_written_over_it(till: Till) -> None:
    order = await till.placed()
    number = till.header(order)["SalesOrderNumber"]
    other = till.place(skus=("SIMPLE-003",))
    other.row["increment_id"], order.row["increment_id"] = order.row["increment_id"], "000000888"
    lines = till.dynamics.lines(COMPANY, number)
    await till.delivers(other)
    assert await till.parked() == [key_of(other)]
    assert f"entity_id {order.row['entity_id']}" in (await till.claim(other)).reason
    assert [row["ItemNumber"] for row in till.dynamics.lines(COMPANY, number)] == [row["ItemNumber"] for row in lines]


@in_till()
async def test_an_order_that_is_renumbered_before_posting_is_posted_under_its_new_number(till: Till) -> None:
    order = till.place(payment="braintree")
    order.row["state"], order.row["status"] = "payment_review", "payment_review"
    await till.delivers(order)
    order.row["increment_id"], order.row["state"], order.row["status"] = "000000999", "processing", "processing"
    await asyncio.sleep(60)
    await till.delivers(order)
    assert await till.parked() == []
    assert till.header(order)["SalesOrderStatus"] == "Backorder"


@in_till()
async def test_an_invoice_that_is_renumbered_after_posting_is_not_booked_twice(till: Till) -> None:
    invoice = till.commerce.invoice(await till.placed())
    await till.books(invoice)
    invoice["increment_id"] = "000000777"
    await till.books(invoice)
    assert await till.parked("invoices") == [key(invoice)]
    assert len(till.rows("CustomerPaymentJournalLines")) == 1


async def _refunded(till: Till) -> Columns:
    order = await till.placed(skus=("SIMPLE-001",))
    till.commerce.invoice(order)
    till.ships(order)
    return till.commerce.refund(order, shipping=Decimal(0))


def _returns(arrival: Arrival) -> bool:
    return arrival.writes and b"ReturnSalesQuantity" in arrival.body
