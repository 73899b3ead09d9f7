"""Nothing is taken over that is not the very document: not in another store, currency or amount,
nor on another account."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.amounts import Scheme
from sandbox.commerce.catalogue import STORES
from sandbox.commerce.recipe import Want
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sync.config.connections import NumberMode
from sync.engine.claim import State
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, in_finance, key
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.systems import COMPANY

BARE = "{increment_id}"
"""A template without the store, as a connection could have it before such ones were refused."""
OURS = {"orders": {"numbers": "ours"}, "customers": {"numbers": "ours"}}


async def twins(finance: Finance) -> tuple[StoredOrder, StoredOrder]:
    """Two orders of one customer with the same increment id, in two store views and currencies;
    both are in D365."""
    first = await finance.placed(store=STORES[0], skus=("SIMPLE-001",))
    second = finance.place(store=STORES[1], skus=("SIMPLE-003",))
    second.row["increment_id"] = first.row["increment_id"]
    await finance.delivers(second)
    return first, second


def documents(
    finance: Finance, orders: tuple[StoredOrder, StoredOrder], flow: str
) -> list[Columns]:
    """An invoice or credit memo of each, with equal numbers."""
    for order in orders:
        if flow == "creditmemos":
            finance.commerce.invoice(order)
            finance.ships(order)
    make = finance.commerce.invoice if flow == "invoices" else finance.commerce.refund
    made = [make(order) for order in orders]
    made[1]["increment_id"] = made[0]["increment_id"]
    return made


async def booked(finance: Finance, flow: str) -> list[Columns]:
    made = documents(finance, await twins(finance), flow)
    for document in made:
        await finance.books(document, flow)
    return made


@in_finance()
async def test_orders_of_two_stores_with_one_number_are_two_sales_orders(finance: Finance) -> None:
    first, second = await twins(finance)
    assert finance.header(first)["CurrencyCode"] != finance.header(second)["CurrencyCode"]
    assert await finance.parked() == []


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_finance()
async def test_documents_of_two_stores_with_one_number_are_booked_apart(
    finance: Finance, flow: str
) -> None:
    made = await booked(finance, flow)
    numbers = {(await finance.claim(key(document), flow)).number for document in made}
    assert len(numbers) == len(made)
    assert await finance.parked(flow) == []


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_finance(
    invoices={"reference_template": f"I{BARE}"}, creditmemos={"reference_template": f"C{BARE}"}
)
async def test_a_document_that_would_find_another_one_s_is_parked_with_both_named(
    finance: Finance, flow: str
) -> None:
    first, second = await booked(finance, flow)
    assert await finance.parked(flow) == [key(second)]
    reason = await finance.reason(second, flow)
    assert "is another document" in reason
    assert all(f"{what} " in reason for what in ("account", "currency", "amount"))
    table = "CustomerPaymentJournalLines" if flow == "invoices" else "ReturnOrderHeadersV2"
    assert len(finance.rows(table)) == 1
    assert await finance.stands(first, flow) is State.DELIVERED


@pytest.mark.parametrize("flow", ["invoices", "creditmemos"])
@in_finance(
    invoices={**FREE_TEXT, "reference_template": f"I{BARE}"},
    creditmemos={**FREE_CREDIT, "reference_template": f"C{BARE}"},
)
async def test_free_text_invoices_are_told_apart_as_well(finance: Finance, flow: str) -> None:
    first, second = await booked(finance, flow)
    lines = finance.rows("FreeTextInvoiceLines")
    assert len(finance.rows("FreeTextInvoiceHeaders")) == 1
    assert abs(sum(line["TransactionCurrencyAmount"] for line in lines)) <= first["grand_total"]
    assert await finance.parked(flow) == [key(second)]


@in_harness("ours", orders={"number_template": f"W{BARE}"})
async def test_a_number_that_is_taken_by_another_order_parks_the_second(harness: Harness) -> None:
    first = harness.place(store=STORES[0], skus=("SIMPLE-001",))
    await harness.delivers(first)
    second = harness.place(store=STORES[1], skus=("SIMPLE-003",))
    second.row["increment_id"] = first.row["increment_id"]
    await harness.delivers(second)
    assert await harness.parked() == [key_of(second)]
    claim = await harness.claim(second)
    assert f"sales order W{first.row['increment_id']} in D365 has this reference" in claim.reason
    assert harness.headers(second) == []


def _clerk(finance: Finance, order: StoredOrder, **changes: Any) -> None:
    """A clerk changes the sales order before its answer has come."""
    (header,) = finance.dynamics.orders_for(finance.order_reference(order), COMPANY)
    finance.dynamics.store.update("SalesTable", header, changes)


def _dearer(finance: Finance, order: StoredOrder) -> None:
    (header,) = finance.dynamics.orders_for(finance.order_reference(order), COMPANY)
    line = finance.dynamics.lines(COMPANY, header["SalesOrderNumber"])[0]
    finance.dynamics.store.update(
        "SalesLine", line, {"LineAmount": line["LineAmount"] + Decimal(1)}
    )


@pytest.mark.parametrize(
    "differs",
    [
        lambda finance, order: _clerk(finance, order, OrderingCustomerAccountNumber="US-001"),
        lambda finance, order: _clerk(finance, order, CurrencyCode="EUR"),
        _dearer,
    ],
    ids=["account", "currency", "amount"],
)
@in_finance()
async def test_an_order_is_adopted_after_a_lost_answer_only_as_it_was_sent(
    finance: Finance, differs: Callable[[Finance, StoredOrder], None]
) -> None:
    order = finance.place()
    finance.ledger_dials.next(
        Kind.LOST, where=lambda arrival: b"ExternalItemNumber" in arrival.body
    )
    await finance.hooks(order)
    await finance.works_for(4)
    differs(finance, order)
    await finance.settled()
    assert await finance.parked() == [key_of(order)]
    assert "is another document" in (await finance.claim(order)).reason


FORMERLY = {
    "orders": {"reference_template": BARE},
    "invoices": {"reference_template": "{order_increment_id}/{increment_id}"},
    "creditmemos": {"reference_template": "{order_increment_id}/C{increment_id}"},
}
"""The default templates of earlier releases."""


def renewed(finance: Finance, **changes: Mapping[str, Any]) -> None:
    """The product starts anew in a release whose default templates name the store."""
    connections: Any = finance.services.connections
    connection = connections["shop"]
    for section, letter in (("orders", ""), ("invoices", "I"), ("creditmemos", "C")):
        values = {"reference_template": f"{{store_id}}-{letter}{BARE}", **changes.get(section, {})}
        new = getattr(connection, section).model_copy(update=values)
        connection = connection.model_copy(update={section: new})
    connections["shop"] = connection


LEFT_BEHIND = [
    ("invoices", b"PaymentReference", "CustomerPaymentJournalLines", {}),
    ("creditmemos", b"ReturnSalesQuantity", "ReturnOrderHeadersV2", {}),
    (
        "creditmemos",
        b"ReturnSalesQuantity",
        "ReturnOrderHeadersV2",
        {"orders": {"numbers": NumberMode.OURS}},
    ),
]


@pytest.mark.parametrize(("flow", "field", "table", "changes"), LEFT_BEHIND)
@in_finance(**FORMERLY)
async def test_what_was_left_behind_under_the_old_default_template_is_adopted(
    finance: Finance, flow: str, field: bytes, table: str, changes: Any
) -> None:
    order = await finance.placed()
    if flow == "creditmemos":
        finance.commerce.invoice(order)
        finance.ships(order)
    document = (
        finance.commerce.invoice(order) if flow == "invoices" else finance.commerce.refund(order)
    )
    finance.ledger_dials.next(
        Kind.LOST, where=lambda arrival: arrival.writes and field in arrival.body
    )
    await finance.notify(document, flow)
    await finance.works_for(4)
    renewed(finance, **changes)
    await finance.services.systems_pool.close()
    await finance.settled()
    assert await finance.reported(document, flow) == ["waited", "adopted"]
    assert len(finance.rows(table)) == 1


@in_finance(**FORMERLY)
async def test_an_order_left_behind_under_the_old_default_template_is_adopted(
    finance: Finance,
) -> None:
    order = finance.place(skus=("SIMPLE-001",))
    finance.ledger_dials.next(
        Kind.LOST, where=lambda arrival: arrival.writes and b"SalesOrderLines" in arrival.body
    )
    await finance.hooks(order)
    await finance.works_for(4)
    renewed(finance)
    await finance.services.systems_pool.close()
    await finance.settled()
    assert (await finance.claim(order)).state is State.DELIVERED
    assert len(finance.rows("SalesTable")) == 1


@in_finance(**FORMERLY)
async def test_what_was_posted_under_the_old_default_template_is_not_posted_again(
    finance: Finance,
) -> None:
    """Replays and later changes find it by the number in its claim."""
    order = await finance.placed()
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    finance.ships(order)
    memo = finance.commerce.refund(order)
    await finance.books(memo, "creditmemos")
    renewed(finance)
    await finance.services.systems_pool.close()
    await finance.replays(key_of(order))
    await finance.replays(key(invoice), "invoices")
    await finance.replays(key(memo), "creditmemos")
    await finance.settled()
    for table in ("SalesTable", "CustomerPaymentJournalLines", "ReturnOrderHeadersV2"):
        assert len(finance.rows(table)) == 1, table
    for flow in ("orders", "invoices", "creditmemos"):
        assert await finance.parked(flow) == []


# Numbers of ours


@in_finance(**OURS)
async def test_return_orders_are_numbered_as_sales_orders_are(finance: Finance) -> None:
    memo = await _refunded(finance)
    await finance.books(memo, "creditmemos")
    assert (
        finance.returned(memo)["ReturnOrderNumber"] == f"{memo['store_id']}-C{memo['increment_id']}"
    )
    assert finance.credited(memo) + memo["tax_amount"] == memo["grand_total"]


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DROPPED, Kind.DELAYED])
@in_finance(**OURS)
async def test_a_return_order_of_our_number_whose_answer_was_lost_is_there_once(
    finance: Finance, kind: Kind
) -> None:
    memo = await _refunded(finance)
    finance.ledger_dials.next(kind, where=_returns, seconds=50)
    await finance.books(memo, "creditmemos")
    await finance.settled()
    assert len(finance.return_lines(memo)) == 1
    assert await finance.stands(memo, "creditmemos") is State.DELIVERED


@in_finance(**OURS, creditmemos={"number_template": "R{store_id}-{increment_id}"})
async def test_a_return_order_number_that_somebody_has_taken_parks_the_memo(
    finance: Finance,
) -> None:
    memo = await _refunded(finance)
    number = f"R{memo['store_id']}-{memo['increment_id']}"
    values = {
        "CustomerAccountNumber": "US-001",
        "CurrencyCode": "USD",
        "CustomersOrderReference": "by hand",
    }
    finance.dynamics.put(
        "ReturnOrderHeadersV2",
        dataAreaId=COMPANY,
        ReturnOrderNumber=number,
        ReturnStatus="Created",
        **values,
    )
    await finance.books(memo, "creditmemos")
    assert f"return order {number}" in await finance.reason(memo, "creditmemos")
    assert await finance.parked("creditmemos") == [key(memo)]


@in_finance(**OURS, creditmemos={"number_template": "RETURN-OF-WEB-{store_id}-{increment_id}"})
async def test_a_return_order_number_that_is_too_long_parks_with_the_key_to_shorten(
    finance: Finance,
) -> None:
    memo = await _refunded(finance)
    await finance.books(memo, "creditmemos")
    claim = await finance.claim(key(memo), "creditmemos")
    assert "characters; F&O takes 20" in claim.reason
    assert "creditmemos.number_template" in claim.remedy


# Refusals


@in_finance(creditmemos={"reason": "NOPE"})
async def test_a_memo_that_was_refused_is_replayed_without_waiting(finance: Finance) -> None:
    memo = await _refunded(finance)
    await finance.books(memo, "creditmemos")
    assert await finance.parked("creditmemos") == [key(memo)]
    finance.dynamics.put("ReturnReasonCodeBiEntities", dataAreaId=COMPANY, ReasonCodeId="NOPE")
    before = finance.clock.now()
    await finance.replays(key(memo), "creditmemos")
    assert await finance.stands(memo, "creditmemos") is State.DELIVERED
    assert (finance.clock.now() - before).total_seconds() < 5


@in_finance(creditmemos={"reason": "NOPE"})
async def test_a_refusal_says_nothing_of_a_write_that_was_lost_before(finance: Finance) -> None:
    memo = await _refunded(finance)
    finance.ledger_dials.next(Kind.LOST, where=_returns)
    finance.dynamics.put("ReturnReasonCodeBiEntities", dataAreaId=COMPANY, ReasonCodeId="NOPE")
    await finance.notify(memo, "creditmemos")
    await finance.works_for(4)
    claim = await finance.claim(key(memo), "creditmemos")
    assert claim.intent is not None
    assert claim.intent.settled_by > finance.clock.now()
    await finance.settled()
    assert len(finance.rows("ReturnOrderHeadersV2")) == 1


# Records that change their number, and numbers that change their record


@in_both_harnesses()
async def test_an_order_that_is_renumbered_after_posting_is_not_posted_twice(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    was, number = key_of(order), harness.header(order)["SalesOrderNumber"]
    order.row["increment_id"] = "000000777"
    await harness.delivers(order)
    assert await harness.parked() == [key_of(order)]
    reason = (await harness.claim(order)).reason
    assert was in reason
    assert number in reason
    assert harness.headers(order) == []


@in_finance()
async def test_an_order_that_takes_over_the_number_of_another_is_not_written_over_it(
    finance: Finance,
) -> None:
    order = await finance.placed()
    number = finance.header(order)["SalesOrderNumber"]
    other = finance.place(skus=("SIMPLE-003",))
    other.row["increment_id"], order.row["increment_id"] = order.row["increment_id"], "000000888"
    lines = finance.dynamics.lines(COMPANY, number)
    await finance.delivers(other)
    assert await finance.parked() == [key_of(other)]
    assert f"entity_id {order.row['entity_id']}" in (await finance.claim(other)).reason
    assert [row["ItemNumber"] for row in finance.dynamics.lines(COMPANY, number)] == [
        row["ItemNumber"] for row in lines
    ]


@in_finance()
async def test_an_order_that_is_renumbered_before_posting_is_posted_under_its_new_number(
    finance: Finance,
) -> None:
    order = finance.place(payment="braintree")
    order.row["state"], order.row["status"] = "payment_review", "payment_review"
    await finance.delivers(order)
    order.row["increment_id"], order.row["state"], order.row["status"] = (
        "000000999",
        "processing",
        "processing",
    )
    await asyncio.sleep(60)
    await finance.delivers(order)
    assert await finance.parked() == []
    assert finance.header(order)["SalesOrderStatus"] == "Backorder"


@in_finance()
async def test_an_invoice_that_is_renumbered_after_posting_is_not_booked_twice(
    finance: Finance,
) -> None:
    invoice = finance.commerce.invoice(await finance.placed())
    await finance.books(invoice)
    invoice["increment_id"] = "000000777"
    await finance.books(invoice)
    assert await finance.parked("invoices") == [key(invoice)]
    assert len(finance.rows("CustomerPaymentJournalLines")) == 1


async def _refunded(finance: Finance) -> Columns:
    order = await finance.placed(skus=("SIMPLE-001",))
    finance.commerce.invoice(order)
    finance.ships(order)
    return finance.commerce.refund(order, shipping=Decimal(0))


def _returns(arrival: Arrival) -> bool:
    return arrival.writes and b"ReturnSalesQuantity" in arrival.body


# Lengths


@in_both_harnesses()
async def test_a_long_name_is_cut_in_d365_and_whole_in_the_trail(harness: Harness) -> None:
    order = harness.place()
    street = "Long Road of Many Words and Turns " * 9
    assert order.shipping is not None
    order.shipping["street"] = [street.strip()]
    await harness.delivers(order)
    there = harness.header(order)["DeliveryAddressStreet"]
    assert 200 < len(there) <= 250
    assert street.startswith(there)
    sent = await harness.document(order, "sent")
    assert sent["sales_order"]["header"]["DeliveryAddressStreet"] == street.strip()


@in_harness(numbers="theirs")
async def test_an_order_whose_reduction_went_unanswered_is_known_by_its_smaller_charge(
    harness: Harness,
) -> None:
    lamps = (Want(harness.commerce.catalogue.product("LAMP-W1"), Decimal(4)),)
    order = harness.place(wants=lamps, scheme=Scheme(levy="untaxed"))
    harness.ledger_dials.next(Kind.LOST, path="SalesOrderHeadersV4", writes=True)
    await harness.hooks(order)
    await harness.works_for(20)
    order.items[0]["qty_canceled"] = Decimal(1)
    harness.commerce.save_order(order, {"customer_note": "one less"})
    harness.ledger_dials.next(Kind.LOST, where=lambda asked: b"PATCH " in asked.body)
    await harness.works_until_idle()
    assert (await harness.claim(order)).state is State.DELIVERED
    assert sorted(harness.lines(order).values()) == [1, 3]
    assert harness.total(order) == Decimal("37.47")
