"""Invoices that F&O posted on their way into the shop: each once, of what nobody has invoiced yet,
captured as the payment method allows; and their money in F&O neither missing nor doubled."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.recipe import Want
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Arrival, Kind
from sandbox.dynamics.collective import join_invoices
from sandbox.dynamics.remainders import enter_again
from sync.engine.claim import State
from tests.flows.test_shipments import entered_by_hand
from tests.harness import Harness, in_harness, key_of
from tests.reconcile.planted import reconciled
from tests.systems import COMPANY

SKU, OTHER = "SIMPLE-001", "SIMPLE-002"
CAPTURED: dict[str, Any] = {
    "flows": ("orders", "customers", "invoices", "captures", "shipments"),
    "invoices": {"banks": {"*": "USMF OPER"}},
    "captures": {"methods": {"braintree": "at_invoice", "paypal_express": "at_first_shipment"}},
    "shipments": {"sources": {"13": "default"}},
}
PAYMENTS = "CustomerPaymentJournalLines"


async def ordered(harness: Harness, *skus: str, pieces: int = 3, **wishes: Any) -> StoredOrder:
    """An order that F&O has, of so many pieces of each."""
    catalogue = harness.commerce.catalogue
    wants = wishes.pop("wants", None) or tuple(
        Want(catalogue.product(sku), Decimal(pieces)) for sku in skus or (SKU,)
    )
    order = harness.place(wants=wants, **wishes)
    await harness.delivers(order)
    return order


def lots(harness: Harness, order: StoredOrder) -> dict[str, str]:
    """The lots of its sales lines, by item."""
    number = harness.header(order)["SalesOrderNumber"]
    lines = harness.dynamics.lines(COMPANY, number)
    return {line["ItemNumber"]: line["InventoryLotId"] for line in lines}


def posted(harness: Harness, order: StoredOrder, **pieces: int) -> str:
    """F&O posts an invoice: of these pieces by item, or of all that is left."""
    number, of_items = harness.header(order)["SalesOrderNumber"], lots(harness, order)
    asked = {of_items[item.replace("_", "-")]: Decimal(count) for item, count in pieces.items()}
    tax = Decimal(0) if pieces else order.row["tax_amount"]
    (invoice,) = harness.dynamics.invoice(number, quantities=asked or None, tax=tax)
    return invoice


async def polls(harness: Harness) -> None:
    for flow in ("captures", "invoices"):
        await asyncio.sleep(60)  # virtual time: the shop's commits settle
        await harness.polls(flow)
        await harness.works_until_idle()


def key(harness: Harness, order: StoredOrder, invoice: str) -> str:
    return f"{COMPANY}|{harness.header(order)['SalesOrderNumber']}|{invoice}"


def shown(invoice: Columns) -> dict[str, int]:
    return {item["sku"]: int(item["qty"]) for item in invoice["items"] if item["qty"]}


def told(order: StoredOrder) -> list[str]:
    """What the buyer reads of F&O's invoices, on the order and on its invoices."""
    rows = [*order.comments, *(one for each in order.invoices for one in each["comments"])]
    texts = [row["comment"] for row in rows if row.get("is_visible_on_front")]
    return sorted(text for text in texts if text and text.startswith("F&O"))


def received(harness: Harness) -> Decimal:
    """The money that payment journals of F&O hold."""
    rows = harness.dynamics.store.table(PAYMENTS).records.values()
    return sum((row["CreditAmount"] - row["DebitAmount"] for row in rows), Decimal(0))


@in_harness(**CAPTURED)
async def test_each_invoice_captures_what_it_invoices_and_is_paid_once_in_f_and_o(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
    first = posted(harness, order, SIMPLE_001=2)
    await polls(harness)
    second = posted(harness, order)
    for _ in range(3):
        await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 2}, {SKU: 1, OTHER: 3}]
    assert all(one["transaction_id"] for one in order.invoices)
    assert [text.partition(",")[0] for text in told(order)] == [
        f"F&O invoice {first}", f"F&O invoice {second}",
    ]  # fmt: skip
    assert received(harness) == order.row["total_paid"] == order.row["grand_total"]
    assert await harness.parked("captures") == await harness.parked("invoices") == []


@pytest.mark.parametrize("method", ["checkmo", "purchaseorder"])
@in_harness(**CAPTURED)
async def test_an_invoice_without_a_gateway_is_no_payment_in_f_and_o(
    harness: Harness, method: str
) -> None:
    order = await ordered(harness, SKU, payment=method)
    posted(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    assert received(harness) == 0
    (invoice,) = order.invoices
    claim = await harness.claim(f"{invoice['increment_id']}@{invoice['store_id']}", "invoices")
    assert claim.state is State.SKIPPED


@in_harness(**CAPTURED)
async def test_what_was_invoiced_at_checkout_only_gets_the_reference(harness: Harness) -> None:
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised")
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(2)})
    await polls(harness)
    covered = posted(harness, order, SIMPLE_001=2)
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 2}]
    rest = posted(harness, order)
    for _ in range(2):
        await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 2}, {SKU: 1, OTHER: 3}]
    assert [text.partition(",")[0] for text in told(order)] == [
        f"F&O invoice {covered}", f"F&O invoice {rest}",
    ]  # fmt: skip
    assert received(harness) == order.row["grand_total"]


@in_harness(**{**CAPTURED, "captures": {"methods": {"braintree": "never"}}})
async def test_a_gateway_that_nobody_captures_here_gets_no_invoice_that_says_paid(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    invoice = posted(harness, order)
    await polls(harness)
    assert (order.invoices, order.row.get("total_paid")) == ([], None)
    assert [text.partition(",")[0] for text in told(order)] == [f"F&O invoice {invoice}"]


@in_harness(**CAPTURED)
async def test_one_capture_at_the_first_shipment_covers_all_invoices(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="paypal_express", paid="authorised")
    number = harness.header(order)["SalesOrderNumber"]
    (lot,) = [line["InventoryLotId"] for line in harness.dynamics.lines(COMPANY, number)]
    harness.dynamics.deliver(number, quantities={lot: Decimal(1)})
    await harness.polls("shipments")
    await harness.works_until_idle()
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    posted(harness, order, SIMPLE_001=1)
    posted(harness, order)
    for _ in range(2):
        await polls(harness)
    assert len(order.invoices) == 1
    assert len(told(order)) == 3
    assert received(harness) == order.row["grand_total"]


@in_harness(**CAPTURED)
async def test_of_an_order_whose_rest_is_cancelled_nothing_is_left_to_be_captured(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="paypal_express", paid="authorised")
    number = harness.header(order)["SalesOrderNumber"]
    (lot,) = [line["InventoryLotId"] for line in harness.dynamics.lines(COMPANY, number)]
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    harness.commerce.cancel(order)
    harness.dynamics.deliver(number, quantities={lot: Decimal(1)})
    await harness.polls("shipments")
    await harness.works_until_idle()
    assert [shown(one) for one in order.invoices] == [{SKU: 1}]
    assert await harness.parked("captures") == []


@in_harness(**{**CAPTURED, "flows": (*CAPTURED["flows"], "cancellations")})
async def test_pieces_that_f_and_o_has_cancelled_before_the_first_shipment_are_not_captured(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="paypal_express", paid="authorised")
    number, of_items = harness.header(order)["SalesOrderNumber"], lots(harness, order)
    cut = {of_items[SKU]: Decimal(1), of_items[OTHER]: Decimal(3)}
    harness.dynamics.cancel_remainder(number, cut)
    harness.dynamics.deliver(number, quantities={of_items[SKU]: Decimal(1)})
    for flow in ("cancellations", "shipments", "orders"):
        await asyncio.sleep(60)
        await harness.polls(flow)
        await harness.works_until_idle()
    assert [shown(one) for one in order.invoices] == [{SKU: 2}]
    assert [item["qty_canceled"] for item in order.items] == [1, 3]
    harness.dynamics.deliver(number)
    harness.dynamics.invoice(number, tax=order.invoices[0]["tax_amount"])
    for _ in range(2):
        await polls(harness)
    assert len(order.invoices) == 1
    assert await harness.parked("captures") == await harness.parked("cancellations") == []


@pytest.mark.parametrize("what", ["typed anew", "given back", "given back and cut"])
@in_harness(**{**CAPTURED, "flows": (*CAPTURED["flows"], "cancellations")})
async def test_the_first_shipment_captures_all_that_is_sent_in_place_of_pieces_or_beside_refunds(
    harness: Harness, what: str
) -> None:
    """A clerk cancels the line and enters its pieces again; or one piece was captured by a person,
    and given back before anything was sent. Other pieces may be cut."""
    order = await ordered(harness, SKU, OTHER, payment="paypal_express", paid="authorised")
    number, lot = harness.header(order)["SalesOrderNumber"], lots(harness, order)[SKU]
    if what == "typed anew":
        enter_again(harness.dynamics, lot, SKU)
        harness.dynamics.cancel_remainder(number, {lot: Decimal(3)})
    else:
        row = order.items[0]["item_id"]
        harness.commerce.invoice(order, {row: Decimal(1)})
        harness.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(0))
        await harness.delivers(order)
    if what == "given back and cut":
        harness.dynamics.cancel_remainder(number, {lots(harness, order)[OTHER]: Decimal(3)})
    harness.dynamics.deliver(number)
    for flow in ("shipments", "captures"):
        await asyncio.sleep(60)
        await harness.polls(flow)
        await harness.works_until_idle()
    of_others = sum(one.get(OTHER, 0) for one in map(shown, order.invoices))
    assert sum(one[SKU] for one in map(shown, order.invoices)) == 3
    assert of_others == (0 if what == "given back and cut" else 3)


@in_harness(**CAPTURED)
async def test_an_invoice_before_the_first_shipment_captures_the_whole_order(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="paypal_express", paid="authorised")
    posted(harness, order, SIMPLE_001=1)
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    assert len(told(order)) == 2


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DELAYED, Kind.ERROR_BEFORE])
@pytest.mark.parametrize("where", ["/invoice", "/comments"])
@in_harness(**CAPTURED)
async def test_a_write_whose_answer_was_lost_is_not_made_twice(
    harness: Harness, kind: Kind, where: str
) -> None:
    def there(arrival: Arrival) -> bool:
        return arrival.path.endswith(where) and arrival.method == "POST"

    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(1)})
    posted(harness, order, SIMPLE_001=1)
    posted(harness, order)
    harness.shop_dials.next(kind, where=there, seconds=40)
    await polls(harness)
    await harness.shop_dials.settle()
    await harness.works_until_idle()
    assert [shown(one) for one in order.invoices] == [{SKU: 1}, {SKU: 2}]
    assert len(told(order)) == 2
    assert await harness.parked("captures") == []
    last = harness.dynamics.store.table("CustInvoiceJourBiEntities").oldest_first()[-1]
    claim = await harness.claim(key(harness, order, last["InvoiceId"]), "captures")
    assert claim.state is State.DELIVERED


@in_harness(**CAPTURED)
async def test_a_capture_that_the_shop_did_not_save_is_looked_at_before_another(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    invoice = posted(harness, order)
    harness.commerce.failing_saves = 1
    for _ in range(2):
        await polls(harness)
    charged = order.row["base_grand_total"]
    for _ in range(2):
        claim = await harness.claim(key(harness, order, invoice), "captures")
        assert claim.state is State.PARKED
        assert (harness.commerce.gateway[order.entity_id], order.invoices) == (charged, [])
        await harness.services.intake.accept("captures", "shop", [claim.key], "event")
        harness.shop_dials.next(Kind.ERROR_BEFORE, where=lambda one: not one.writes)
        await asyncio.sleep(3600)
        await harness.works_until_idle()
    paid = harness.commerce.invoice(order, online=False)  # a person, with the comment
    harness.commerce.comment_on("invoice", paid, {"comment": f"F&O invoice {invoice}"})
    await harness.services.intake.accept("captures", "shop", [claim.key], "replay")
    await harness.works_until_idle()
    assert harness.commerce.gateway[order.entity_id] == charged
    assert len(order.invoices) == 1
    assert await harness.parked("captures") == []


@in_harness(**{**CAPTURED, "commerce": {"lost_payments": "park"}})
async def test_who_replays_an_invoice_has_the_capture_made_that_it_waits_for(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="paypal_express", paid="authorised")
    invoice = posted(harness, order, SIMPLE_001=1)
    harness.shop_dials.next(Kind.ERROR_BEFORE, where=lambda one: one.path.endswith("/invoice"))
    for _ in range(2):
        await polls(harness)
    assert order.invoices == []
    await harness.replays(key(harness, order, invoice), "captures")
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    assert await harness.parked("captures") == []


@in_harness(**CAPTURED)
async def test_a_process_that_dies_captures_nothing_twice(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    posted(harness, order)
    await harness.polls("captures")
    await harness.works_until_it_dies(before="claims")
    await harness.works_until_idle()
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    assert received(harness) == order.row["grand_total"]


@in_harness(**CAPTURED)
async def test_an_order_on_hold_is_invoiced_by_itself_once_it_is_released(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    posted(harness, order)
    harness.commerce.hold(order)
    await harness.polls("captures")
    await harness.works_for(7200)
    assert order.invoices == []
    harness.commerce.unhold(order)
    await harness.works_until_idle()
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]


@in_harness(**CAPTURED)
async def test_what_commerce_cannot_invoice_is_listed_with_the_pieces_of_both(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="checkmo")
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(3)})
    harness.commerce.cancel(order)
    invoice = posted(harness, order)
    await polls(harness)
    claim = await harness.claim(key(harness, order, invoice), "captures")
    assert f"{OTHER} ({order.items[1]['item_id']}): F&O 3, Commerce 0" in claim.differs
    assert "resolve captures" in claim.remedy


@in_harness(**CAPTURED)
async def test_money_that_nobody_has_captured_is_listed(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    waiting = harness.commerce.invoice(order, captured=False)
    invoice = posted(harness, order)
    await polls(harness)
    claim = await harness.claim(key(harness, order, invoice), "captures")
    assert waiting["increment_id"] in claim.differs
    harness.commerce.capture(waiting)
    await harness.replays(claim.key, "captures")
    assert await harness.parked("captures") == []
    assert len(order.invoices) == 1


@in_harness(**CAPTURED)
async def test_many_invoices_are_read_together_and_written_once(harness: Harness) -> None:
    orders = [
        await ordered(harness, SKU, payment="braintree", paid="authorised") for _ in range(20)
    ]
    for order in orders:
        posted(harness, order)
    before = dict(harness.commerce.requests)
    await harness.polls("captures")
    await harness.works_until_idle()
    asked = {what: count - before.get(what, 0) for what, count in harness.commerce.requests.items()}
    writes = sum(count for what, count in asked.items() if what.startswith("POST"))
    reads = sum(count for what, count in asked.items() if what.startswith("GET"))
    assert all(len(order.invoices) == 1 for order in orders)
    assert (writes, reads <= 16) == (20, True), asked  # with the totals of each order


@in_harness(**CAPTURED)
async def test_sums_that_differ_in_the_end_are_noted_once_and_listed(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="checkmo")
    (line,) = harness.dynamics.lines(COMPANY, harness.header(order)["SalesOrderNumber"])
    harness.dynamics.store.update("SalesLine", line, {"LineAmount": line["LineAmount"] - 5})
    posted(harness, order)
    for _ in range(2):
        await polls(harness)
    notes = [one["comment"] for one in order.comments if "F&O invoiced" in one["comment"]]
    assert len(notes) == 1
    claim = await harness.claim(key(harness, order, "="), "captures")
    assert claim.differs
    assert claim.differs in notes[0]


@in_harness(**CAPTURED)
async def test_pieces_that_f_and_o_credits_later_leave_the_list_by_themselves(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="checkmo")
    harness.commerce.invoice(order)
    posted(harness, order, SIMPLE_001=4)
    await polls(harness)
    (listed,) = await harness.parked("captures")
    assert "F&O 4, Commerce 3" in (await harness.claim(listed, "captures")).differs
    number = harness.header(order)["SalesOrderNumber"]
    first, second = harness.dynamics.lines(COMPANY, number)[:2]
    back = {first["InventoryLotId"]: Decimal(-1), second["InventoryLotId"]: Decimal(3)}
    harness.dynamics.invoice(number, quantities=back, tax=Decimal(0))
    await polls(harness)
    assert listed not in await harness.parked("captures")
    assert len(order.invoices) == 1


def lowers(harness: Harness, order: StoredOrder, by: Decimal) -> None:
    """F&O's people lower the price of an order's first line."""
    line = harness.dynamics.lines(COMPANY, harness.header(order)["SalesOrderNumber"])[0]
    harness.dynamics.store.update("SalesLine", line, {"LineAmount": line["LineAmount"] - by})


def credited(order: StoredOrder) -> list[Decimal]:
    return [memo["grand_total"] for memo in order.creditmemos]


PLAIN: dict[str, Any] = {"shipping": Decimal("4.95")}
LOWER: dict[str, Any] = {
    **CAPTURED,
    "flows": (*CAPTURED["flows"], "creditmemos", "posted_invoices"),
    "captures": {
        "methods": {"braintree": "at_invoice"},
        "credits": {"braintree": "online", "checkmo": "record"}, "credit_most": 8,
    },
    "creditmemos": {"recipe": "return-order", "refund_payment": True},
}  # fmt: skip


async def polls_all(harness: Harness) -> None:
    for flow in ("captures", "invoices", "creditmemos", "orders", "posted_invoices"):
        await asyncio.sleep(60)
        await harness.polls(flow)
        await harness.works_until_idle()


@in_harness(**{**LOWER, "captures": {**LOWER["captures"], "credits": {"*": "record"}}})
async def test_a_lower_total_that_a_gateway_was_paid_is_recorded_by_its_invoice(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised", **PLAIN)
    lowers(harness, order, Decimal(5))
    posted(harness, order)
    await polls_all(harness)
    (memo,) = order.creditmemos
    assert (memo["grand_total"], memo.get("transaction_id")) == (Decimal(5), None)


@pytest.mark.parametrize(
    "kind", [
        None, Kind.LOST, *(pytest.param(one, marks=pytest.mark.long) for one in
                           (Kind.DELAYED, Kind.ERROR_BEFORE)),
    ],
)  # fmt: skip
@in_harness(**LOWER)
async def test_a_lower_total_is_given_back_once_and_is_no_news_for_f_and_o(
    harness: Harness, kind: Kind | None
) -> None:
    order = await ordered(harness, SKU, OTHER, payment="braintree", paid="authorised", **PLAIN)
    before, returns = harness.lines(order), harness.dynamics.store.table("ReturnOrderHeadersV2")
    lowers(harness, order, Decimal(5))
    posted(harness, order, SIMPLE_001=2)
    posted(harness, order)
    if kind is not None:
        harness.shop_dials.next(kind, where=lambda one: one.path.endswith("/refund"), seconds=40)
    for _ in range(3):
        await polls_all(harness)
    await harness.shop_dials.settle()
    assert credited(order) == [Decimal(5)]
    (memo,) = order.creditmemos
    assert memo["transaction_id"]
    assert not memo["items"]
    assert harness.lines(order) == before
    assert not returns.records
    assert received(harness) == order.row["grand_total"] - 5
    for flow in LOWER["flows"]:
        assert await harness.parked(flow) == []
    differences, _ = await reconciled(harness)
    assert differences == []


@in_harness(**LOWER)
async def test_what_was_never_paid_in_f_and_o_is_not_paid_out_there(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="checkmo", **PLAIN)
    lowers(harness, order, Decimal(5))
    posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    assert credited(order) == [Decimal(5)]
    assert received(harness) == 0
    claim = await harness.claim(f"{order.creditmemos[0]['increment_id']}@1", "creditmemos")
    assert claim.state is State.SKIPPED
    differences, _ = await reconciled(harness)
    assert differences == []


@in_harness(**LOWER)
async def test_a_refund_of_what_was_never_paid_in_f_and_o_is_not_paid_out_there(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="checkmo")
    posted(harness, order)
    await polls_all(harness)
    harness.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)}, shipping=Decimal(0))
    for _ in range(2):
        await polls_all(harness)
    assert len(harness.dynamics.store.table("ReturnOrderHeadersV2").records) == 1
    assert received(harness) == 0
    differences, _ = await reconciled(harness)
    assert differences == []


@in_harness(**{**LOWER, "captures": {**LOWER["captures"], "credit_most": 100}})
async def test_nothing_is_given_back_for_freight_that_f_and_o_invoices_later(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised", **PLAIN)
    lowers(harness, order, Decimal(2))
    posted(harness, order, SIMPLE_001=3)
    await polls_all(harness)
    assert credited(order) == []
    posted(harness, order)
    for _ in range(2):
        await polls_all(harness)
    assert credited(order) == [Decimal(2)]


@pytest.mark.parametrize("needs_goods", [False, True])
@in_harness(**LOWER)
async def test_a_lower_total_of_an_order_shipped_free_of_charge_is_given_back(
    harness: Harness, *, needs_goods: bool
) -> None:
    """An older shop refuses it; then a person enters what the remedy says, and it is taken over."""
    harness.commerce.needs_goods = needs_goods
    order = await ordered(harness, SKU, payment="checkmo", shipping=Decimal(0))
    lowers(harness, order, Decimal(5))
    posted(harness, order)
    await polls_all(harness)
    claim = await harness.claim(key(harness, order, "="), "captures")
    if needs_goods:
        marker = f"F&O total {harness.header(order)['SalesOrderNumber']}"
        assert credited(order) == []
        assert "Adjustment Refund to 5.00" in claim.remedy
        assert marker in claim.remedy
        none = {item["item_id"]: Decimal(0) for item in order.items}
        harness.commerce.needs_goods = False  # the Admin takes it
        memo = harness.commerce.refund(order, none, shipping=Decimal(0), positive=Decimal(5))
        harness.commerce.comment_on("creditmemo", memo, {"comment": marker})
        await harness.replays(claim.key, "captures")
    await polls_all(harness)
    assert credited(order) == [Decimal(5)]
    assert await harness.parked("captures") == []
    differences, _ = await reconciled(harness)
    assert differences == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({}, "credits does not name"),
        ({"credits": {"*": "record"}, "credit_most": 4}, "more than"),
        ({"credits": {"*": "online"}}, "no single invoice"),
        ({"credits": {"*": "record"}, "credit_most": 50}, "in another currency"),
    ],
)
def test_a_lower_total_that_may_not_be_given_back_is_listed(
    settings: dict[str, Any], what: str
) -> None:
    @in_harness(**{**CAPTURED, "captures": settings})
    async def story(harness: Harness) -> None:
        order = await ordered(harness, SKU, payment="checkmo", **PLAIN)
        lowers(harness, order, Decimal(5))
        invoice = posted(harness, order)
        if "currency" in what:
            (row,) = harness.dynamics.store.table("CustInvoiceJour").oldest_first()
            assert row["InvoiceNumber"] == invoice
            harness.dynamics.store.update("CustInvoiceJour", row, {"CurrencyCode": "EUR"})
        await polls(harness)
        claim = await harness.claim(key(harness, order, "="), "captures")
        assert what in claim.reason
        assert credited(order) == []

    story()


@in_harness(**CAPTURED)
async def test_an_invoice_that_waits_is_no_difference_of_a_later_one(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="checkmo")
    first, second = posted(harness, order, SIMPLE_001=2), posted(harness, order)
    await harness.replays(key(harness, order, second), "captures")
    assert await harness.parked("captures") == []
    assert [text.partition(",")[0] for text in told(order)] == [
        f"F&O invoice {first}", f"F&O invoice {second}",
    ]  # fmt: skip
    assert (
        sum((one["grand_total"] for one in order.invoices), Decimal(0)) == order.row["grand_total"]
    )


@in_harness(**CAPTURED)
async def test_what_we_invoice_is_no_news_for_the_order_in_f_and_o(harness: Harness) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    before = harness.lines(order)
    posted(harness, order)
    await polls(harness)
    await harness.polls()
    await harness.delivers(order)
    assert harness.lines(order) == before
    assert set((await harness.events(key_of(order)))[1:]) <= {"unchanged"}


@in_harness(**CAPTURED)
async def test_a_line_that_came_beside_the_order_is_listed_until_all_of_it_is_invoiced(
    harness: Harness,
) -> None:
    """Where it is no gift, the totals list it then."""
    order = await ordered(harness, SKU, payment="checkmo")
    enter_again(harness.dynamics, lots(harness, order)[SKU], OTHER)
    first = posted(harness, order, SIMPLE_001=1, SIMPLE_002=3)
    await polls(harness)
    claim = await harness.claim(key(harness, order, first), "captures")
    assert claim.differs == "3 of item SIMPLE-002 instead of 2 x SIMPLE-001"
    assert await harness.parked("captures") == [claim.key]
    posted(harness, order)
    await polls(harness)
    assert await harness.parked("captures") == [key(harness, order, "=")]


@in_harness(**CAPTURED)
async def test_what_was_invoiced_on_a_line_of_its_own_is_captured_by_a_person(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    number, lot = harness.header(order)["SalesOrderNumber"], lots(harness, order)[SKU]
    enter_again(harness.dynamics, lot, SKU)
    harness.dynamics.cancel_remainder(number, {lot: Decimal(3)})
    invoice = posted(harness, order)
    await polls(harness)
    claim = await harness.claim(key(harness, order, invoice), "captures")
    assert await harness.parked("captures") == [claim.key]
    comment = f"F&O invoice {invoice}"
    assert f"invoice those in Commerce with the comment {comment}" in claim.remedy
    by_hand = harness.commerce.invoice(order)
    by_hand["comments"].append({"comment": comment, "is_visible_on_front": 1})
    await harness.replays(claim.key, "captures")
    await polls(harness)
    assert received(harness) == order.row["total_paid"] == order.row["grand_total"]
    assert len(order.invoices) == 1


@in_harness(**CAPTURED)
async def test_what_a_person_invoiced_between_two_of_f_and_os_is_not_captured_again(
    harness: Harness,
) -> None:
    """The gateway declined, and a person captured the same pieces without our comment."""
    order = await ordered(harness, SKU, pieces=10, payment="braintree", paid="authorised")
    posted(harness, order, SIMPLE_001=3)
    await polls(harness)
    second = posted(harness, order, SIMPLE_001=4)
    harness.commerce.invoice(order, {order.items[0]["item_id"]: Decimal(4)})
    await harness.replays(key(harness, order, second), "captures")
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}, {SKU: 4}]
    posted(harness, order)
    await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}, {SKU: 4}, {SKU: 3}]
    assert received(harness) == order.row["total_paid"] == order.row["grand_total"]


@in_harness(**{**LOWER, "captures": {**LOWER["captures"], "credit_most": 100}})
async def test_an_invoice_of_several_orders_makes_nobody_give_money_back(
    harness: Harness,
) -> None:
    """Its header names one of the orders, and has the sum of all."""
    orders = [
        await ordered(harness, sku, payment="braintree", paid="authorised", shipping=Decimal(0))
        for sku in (SKU, OTHER)
    ]
    joined = posted(harness, orders[0]), posted(harness, orders[1], SIMPLE_002=2)
    join_invoices(harness.dynamics, COMPANY, *joined)
    posted(harness, orders[1])
    for _ in range(2):
        await polls_all(harness)
    for order in orders:
        await harness.replays(key(harness, order, "="), "captures")
        assert order.row["total_paid"] == order.row["grand_total"]
        assert credited(order) == []
        claim = await harness.claim(key(harness, order, "="), "captures")
        assert claim.state is State.SKIPPED
    for flow in LOWER["flows"]:
        assert await harness.parked(flow) == []


@pytest.mark.parametrize("reference", ["9-4711", "PO 4711"])
@in_harness(**CAPTURED)
async def test_an_invoice_together_with_an_order_of_somebody_else_captures_ours(
    harness: Harness, reference: str
) -> None:
    """Its header names the other order: one that was taken by phone, of the same account."""
    harness.only(1)
    phoned = await ordered(harness, OTHER, payment="checkmo")
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    joined = posted(harness, phoned), posted(harness, order)
    entered_by_hand(harness, phoned, reference)
    head = harness.dynamics.store.table("CustInvoiceJour").oldest_first()[0]
    named = {"CustomersOrderReference": reference}
    harness.dynamics.store.update("CustInvoiceJour", head, named)
    join_invoices(harness.dynamics, COMPANY, *joined, is_own="PO" in reference)
    for _ in range(2):
        await polls(harness)
    assert [shown(one) for one in order.invoices] == [{SKU: 3}]
    assert phoned.invoices == []
    assert received(harness) == order.row["grand_total"]
    asked = list[str]()

    def counts(arrival: Arrival) -> bool:
        sent = f"{arrival.path}?{arrival.query}{arrival.body.decode()}"
        asked.extend([sent] if "CustInvoiceTransBi" in sent else [])
        return False

    harness.ledger_dials.next(Kind.DROPPED, where=counts)
    await polls(harness)
    assert asked == []  # what is posted is asked for once, however many polls list it


@in_harness(**{**CAPTURED, "flows": (*CAPTURED["flows"], "cancellations")})
async def test_totals_are_looked_at_also_where_the_answer_to_a_cancellation_was_lost(
    harness: Harness,
) -> None:
    order = await ordered(harness, SKU, payment="braintree", paid="authorised")
    number, lot = harness.header(order)["SalesOrderNumber"], lots(harness, order)[SKU]
    posted(harness, order, SIMPLE_001=2)
    await polls(harness)
    assert (await harness.claim(key(harness, order, "="), "captures")).state is State.NEW
    harness.shop_dials.next(Kind.LOST, where=lambda one: one.path.endswith("/cancel"))
    harness.dynamics.cancel_remainder(number, {lot: Decimal(1)})
    for _ in range(3):
        await asyncio.sleep(300)
        await harness.polls("cancellations")
        await harness.works_until_idle()
    assert order.items[0]["qty_canceled"] == 1
    assert (await harness.claim(key(harness, order, "="), "captures")).state is not State.NEW
