"""What a person corrects in what is known of a record: nothing is posted twice by it, and the trail
has who did it and why."""

import asyncio
from decimal import Decimal

import pytest

from sandbox.commerce.records import Columns
from sandbox.dials import Arrival, Kind
from sync.engine.claim import Claim, State
from sync.engine.corrections import Corrections
from sync.mapping_tables.records import AccountMapping
from sync.operating.deciding import kind_of, require_found_again
from sync.operating.problem import Problem
from sync.operating.records import Ledgers
from sync.reconcile.difference import Cause
from tests.flows.finance import FREE_TEXT, Finance, in_finance, key
from tests.harness import Harness, in_both_harnesses, in_harness, key_of
from tests.reconcile.planted import mended, reconciled
from tests.systems import COMPANY, CONNECTION

KIND = "sales_order"


def posts_an_order(arrival: Arrival) -> bool:
    return arrival.writes and b"CustomersOrderReference" in arrival.body


def person(harness: Harness, why: str = "told by phone") -> Corrections:
    return Corrections(harness.services.ledger, harness.clock, "ann", why)


@in_both_harnesses()
async def test_a_held_record_waits_until_it_is_released(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    assert await person(harness).hold(await harness.claim(order))
    assert not await person(harness).hold(await harness.claim(order))
    harness.commerce.change_address(order, city="Neustadt")
    await harness.delivers(order)
    claim = await harness.claim(order)
    assert (claim.state, claim.reason) == (
        State.PARKED, f"orders {key_of(order)} is held by ann",
    )  # fmt: skip
    assert f"release orders {key_of(order)}" in claim.remedy
    assert harness.header(order)["DeliveryAddressCity"] != "Neustadt"
    assert await person(harness).release(claim)
    await harness.replays(key_of(order))
    assert harness.header(order)["DeliveryAddressCity"] == "Neustadt"
    assert await harness.parked() == []
    (held,) = [one for one in await harness.trail(order) if one.event == "on_hold"]
    assert (held.reason, held.details["by"]) == ("told by phone", "ann")


@in_both_harnesses()
async def test_an_order_is_held_before_anything_is_posted(harness: Harness) -> None:
    order = harness.place()
    assert await person(harness).hold(await harness.claim(order))
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert await person(harness).release(await harness.claim(order))
    await harness.replays(key_of(order))
    assert harness.header(order)
    assert not await person(harness).release(await harness.claim(order))


@in_finance()
async def test_what_follows_a_held_order_waits_for_it(finance: Finance) -> None:
    order = finance.place()
    assert await person(finance).hold(await finance.claim(order))
    await finance.delivers(order)
    invoice = finance.commerce.invoice(order)
    await finance.books(invoice)
    assert await finance.stands(invoice) is not State.DELIVERED
    assert finance.payments(invoice) == []
    assert await person(finance).release(await finance.claim(order))
    await finance.replays(key_of(order))
    await finance.replays(key(invoice), "invoices")
    assert await finance.stands(invoice) is State.DELIVERED


@in_both_harnesses()
async def test_a_hold_during_a_delivery_is_not_lost(harness: Harness) -> None:
    order = harness.place()
    holding: list[asyncio.Task[bool]] = []

    def holds(arrival: Arrival) -> bool:
        if posts_an_order(arrival) and not holding:
            claim = Claim(CONNECTION, "orders", key_of(order))
            holding.append(asyncio.ensure_future(person(harness).hold(claim)))
        return False

    harness.ledger_dials.next(Kind.DROPPED, where=holds)
    await harness.delivers(order)
    assert await holding[0]
    claim = await harness.claim(order)
    assert (claim.state, claim.on_hold) == (State.DELIVERED, "ann")
    assert harness.header(order)


@in_both_harnesses()
async def test_what_is_forgotten_and_there_is_taken_over(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    before = harness.header(order)
    assert await person(harness).forget(await harness.claim(order))
    assert (await harness.claim(order)).delivered == {}
    await harness.delivers(order)
    assert harness.header(order)["SalesOrderNumber"] == before["SalesOrderNumber"]
    claim = await harness.claim(order)
    assert (claim.state, claim.delivered[KIND].number) == (
        State.DELIVERED, before["SalesOrderNumber"],
    )  # fmt: skip
    forgotten = next(one for one in await harness.trail(order) if one.event == "forgotten")
    assert forgotten.details["forgotten"] == {KIND: before["SalesOrderNumber"]}


@in_harness("theirs")
async def test_what_is_forgotten_and_gone_is_made_again_on_the_account_of_today(
    harness: Harness,
) -> None:
    order = harness.place()
    await harness.delivers(order)
    number = harness.header(order)["SalesOrderNumber"]
    for line in harness.dynamics.lines(COMPANY, number):
        harness.dynamics.store.delete("SalesLine", line)
    (header,) = harness.dynamics.orders_for(harness.order_reference(order), COMPANY)
    harness.dynamics.store.delete("SalesTable", header)
    assert harness.headers(order) == []
    accounts = (await harness.services.systems_pool.open("shop")).accounts
    await accounts.put(
        AccountMapping("customer", str(order.row["customer_id"]), "US-001", "import")
    )
    assert await person(harness).forget(await harness.claim(order))
    await harness.replays(key_of(order))
    assert harness.header(order)["SalesOrderNumber"] != number
    assert harness.header(order)["OrderingCustomerAccountNumber"] == "US-001"
    assert harness.lines(order)


@in_harness("theirs")
async def test_a_record_is_linked_to_what_was_entered_by_hand(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    made = harness.header(order)
    number = made["SalesOrderNumber"]
    by_hand = {"CustomersOrderReference": "by phone", "DeliveryAddressCity": "Elsewhere"}
    harness.dynamics.put("SalesTable", **{**made, **by_hand})
    assert await person(harness).link(await harness.claim(order), KIND, number)
    await harness.replays(key_of(order))
    claim = await harness.claim(order)
    assert (claim.state, claim.delivered[KIND].number) == (State.DELIVERED, number)
    (header,) = harness.dynamics.orders_for("by phone", COMPANY)
    assert header.values["DeliveryAddressCity"] == made["DeliveryAddressCity"]
    assert harness.headers(order) == []
    linked = next(one for one in await harness.trail(order) if one.event == "linked")
    assert linked.details == {"by": "ann", "document": KIND, "was": number, "now": number}


@pytest.mark.parametrize("other", ["", "amount", "account"])
@in_harness("theirs")
async def test_a_sales_order_that_a_clerk_typed_is_taken_as_it_is_or_not_at_all(
    harness: Harness, other: str
) -> None:
    """None of its lines has our reference: a clerk does not type that."""
    order = harness.place()
    await harness.delivers(order)
    store, made = harness.dynamics.store, harness.header(order)
    number = made["SalesOrderNumber"]
    (header,) = harness.dynamics.orders_for(harness.order_reference(order), COMPANY)
    store.update("SalesTable", header, {"CustomersOrderReference": "by phone"})
    if other == "account":
        store.update("SalesTable", header, {"OrderingCustomerAccountNumber": "US-001"})
    for line in harness.dynamics.lines(COMPANY, number):
        more = 1 if other == "amount" else 0
        typed = {"ExternalItemNumber": "", "LineAmount": line["LineAmount"] + more}
        store.update("SalesLine", line, typed)
    before = [dict(line.values) for line in harness.dynamics.lines(COMPANY, number)]
    assert await person(harness).link(await harness.claim(order), KIND, number)
    await harness.replays(key_of(order))
    assert [dict(line.values) for line in harness.dynamics.lines(COMPANY, number)] == before
    claim = await harness.claim(order)
    assert claim.state is (State.PARKED if other else State.DELIVERED), claim.reason
    assert "was linked to it and is another document" in claim.reason or not other
    row = order.items[0]["item_id"]
    harness.commerce.invoice(order)
    harness.commerce.refund(order, {row: Decimal(1)}, shipping=Decimal(0))
    await harness.replays(key_of(order))
    assert [dict(line.values) for line in harness.dynamics.lines(COMPANY, number)] == before
    claim = await harness.claim(order)
    assert claim.state is State.PARKED
    assert f"{number} has none of our lines" in claim.reason or other


@in_finance()
async def test_what_has_another_reference_is_not_forgotten(finance: Finance) -> None:
    invoice = finance.commerce.invoice(await finance.placed())
    await finance.books(invoice)
    claim = await finance.services.ledger.claim(CONNECTION, "invoices", key(invoice))
    ledgers = Ledgers(finance.services, CONNECTION, "invoices")
    await require_found_again(ledgers, claim)
    store, line = finance.dynamics.store, finance.payment(invoice)
    line = store.update("CustomerPaymentJournalLines", line, {"PaymentReference": "BANK 7"})
    with pytest.raises(Problem, match="BANK 7: it would be made a second time") as told:
        await require_found_again(ledgers, claim)
    assert f"reference {finance.reference(invoice)} again" in told.value.remedy
    store.delete("CustomerPaymentJournalLines", line)
    await require_found_again(ledgers, claim)
    assert await person(finance).forget(claim)
    await finance.replays(key(invoice), "invoices")
    assert finance.payment(invoice)["CreditAmount"] == line["CreditAmount"]


@pytest.mark.parametrize("is_ours", [False, True])
@in_finance()
async def test_a_place_that_somebody_else_s_payment_took_is_gone(
    finance: Finance, is_ours: bool
) -> None:
    """Of another record of ours it may have the same account and amount; another payment of the
    buyer has any reference."""
    one, two = [finance.commerce.invoice(await finance.placed()) for _ in range(2)]
    for invoice in (one, two):
        await finance.books(invoice)
    store, line = finance.dynamics.store, finance.payment(one)
    store.delete(PAID, finance.payment(two))
    await finance.works_for(3600)
    reference, more = (finance.reference(two), 0) if is_ours else ("BANK 7", 1)
    others = {"PaymentReference": reference, "CreditAmount": line["CreditAmount"] + more}
    store.update(PAID, line, others)
    told = {one.key: one for one in (await reconciled(finance, "payments"))[0]}
    assert told[key(one)].cause is Cause.MISSING
    assert "forget invoices" in told[key(one)].command
    ledgers = Ledgers(finance.services, CONNECTION, "invoices")
    claim = await finance.services.ledger.claim(CONNECTION, "invoices", key(one))
    await require_found_again(ledgers, claim)
    await mended(finance, told[key(one)])
    assert finance.payment(one)["CreditAmount"] == line["CreditAmount"]


@in_finance(creditmemos={"refund_payment": False})
async def test_money_that_was_never_booked_is_not_looked_for(finance: Finance) -> None:
    order = await finance.placed()
    await finance.books(finance.commerce.invoice(order))
    finance.ships(order, tax=order.amount("tax_amount"))
    memo = finance.commerce.refund(order)
    await finance.books(memo, "creditmemos")
    (claim,) = [one async for one in finance.services.ledger.claims(CONNECTION, "creditmemos")]
    assert list(claim.delivered) == ["return_order"]
    ledgers = Ledgers(finance.services, CONNECTION, "creditmemos")
    assert await kind_of(ledgers, claim, "customer_payment") == "customer_payment"
    settings = finance.services.connections[CONNECTION].creditmemos
    object.__setattr__(settings, "refund_payment", True)  # the operator switches it on later
    await finance.works_for(3600)
    ((told,), _) = await reconciled(finance, "refunds")
    assert told.cause is Cause.MISSING
    assert told.command.startswith("Look in D365 whether somebody has entered")
    await mended(finance, told)
    assert finance.payment(memo, "creditmemos")["DebitAmount"] == memo["grand_total"]
    assert len(finance.rows(RETURNED)) == 1


DRAFTS, DRAFTED = "FreeTextInvoiceHeaders", "FreeTextInvoiceLines"
PAID, RETURNED = "CustomerPaymentJournalLines", "ReturnOrderHeadersV2"
MEMOS = "creditmemos"


async def linked(finance: Finance, document: Columns, flow: str, kind: str, number: str) -> Claim:
    """What comes of it that a person links a document to this number."""
    place = (CONNECTION, flow, key(document))
    claim = await finance.services.ledger.claim(*place)
    assert await person(finance).link(claim, kind, number)
    await finance.replays(key(document), flow)
    return await finance.services.ledger.claim(*place)


async def compared(finance: Finance, one: Columns, flow: str, kind: str, others: str) -> None:
    """Its document, with a person's own reference by now, is taken over; another one is not, nor
    that of `others`, nor a number that is nobody's."""
    claim = await finance.services.ledger.claim(CONNECTION, flow, key(one))
    number = claim.delivered[kind].number
    for wrong, said in ((others, f"{others}, which was linked to it, is of 1-"), ("9/9", "not in")):
        claim = await linked(finance, one, flow, kind, wrong)
        assert (claim.state, said in claim.reason) == (State.PARKED, True), claim.reason
        assert "relink" in claim.remedy
    claim = await linked(finance, one, flow, kind, number)
    assert (claim.state, claim.delivered[kind].number) == (State.DELIVERED, number)
    assert claim.delivered[kind].digest


@in_finance()
async def test_a_linked_payment_is_compared(finance: Finance) -> None:
    one, two = [finance.commerce.invoice(await finance.placed()) for _ in range(2)]
    for invoice in (one, two):
        await finance.books(invoice)
    store, place = finance.dynamics.store, finance.payment(two)
    line = store.update(PAID, finance.payment(one), {"PaymentReference": "BANK 7"})
    others = f"{place['JournalBatchNumber']}/{place['LineNumber']}"
    await compared(finance, one, "invoices", "customer_payment", others)
    assert len(finance.rows(PAID)) == 2
    store.update(PAID, line, {"CreditAmount": line["CreditAmount"] + 1})
    number = f"{line['JournalBatchNumber']}/{line['LineNumber']}"
    claim = await linked(finance, one, "invoices", "customer_payment", number)
    assert "was linked to it and is another document" in claim.reason
    assert len(finance.rows(PAID)) == 2


@in_finance(invoices=FREE_TEXT)
async def test_a_linked_free_text_invoice_is_compared(finance: Finance) -> None:
    one, two = [finance.commerce.invoice(await finance.placed()) for _ in range(2)]
    for invoice in (one, two):
        await finance.books(invoice)
    (line, *_), store = finance.draft_lines(one), finance.dynamics.store
    number = str(finance.draft(one)["InvoiceIdentifier"])
    store.update(DRAFTS, finance.draft(one), {"CustomerReference": "by phone"})
    others = str(finance.draft(two)["InvoiceIdentifier"])
    await compared(finance, one, "invoices", "free_text_invoice", others)
    cells = {"TransactionCurrencyAmount": line["TransactionCurrencyAmount"] + 1}
    wrong = store.update(DRAFTED, line, cells)
    claim = await linked(finance, one, "invoices", "free_text_invoice", number)
    assert "was linked to it and is another document" in claim.reason
    await finance.replays(key(one), "invoices")
    assert await finance.stands(one) is State.PARKED
    store.update(DRAFTED, wrong, line.values)
    await finance.replays(key(one), "invoices")
    assert await finance.stands(one) is State.DELIVERED
    assert len(finance.rows(DRAFTS)) == 2


@in_finance()
async def test_a_linked_return_order_is_compared(finance: Finance) -> None:
    memos = []
    for _ in range(2):
        order = await finance.placed()
        await finance.books(finance.commerce.invoice(order))
        finance.ships(order, tax=order.amount("tax_amount"))
        memos.append(finance.commerce.refund(order))
        await finance.books(memos[-1], "creditmemos")
    others = finance.returned(memos[1])["ReturnOrderNumber"]
    cells = {"CustomersOrderReference": "by phone"}
    header = finance.dynamics.store.update(RETURNED, finance.returned(memos[0]), cells)
    await compared(finance, memos[0], "creditmemos", "return_order", others)
    finance.dynamics.store.update(RETURNED, header, {"CurrencyCode": "EUR"})
    number = header["ReturnOrderNumber"]
    claim = await linked(finance, memos[0], "creditmemos", "return_order", number)
    assert "was linked to it and is another document" in claim.reason
    assert len(finance.rows(RETURNED)) == 2


@in_finance(creditmemos={"refund_payment": True})
async def test_all_that_a_record_becomes_is_linked_or_none_of_it(finance: Finance) -> None:
    order = await finance.placed()
    await finance.books(finance.commerce.invoice(order))
    finance.ships(order, tax=order.amount("tax_amount"))
    memo = finance.commerce.refund(order)
    await finance.books(memo, MEMOS)
    store, line = finance.dynamics.store, finance.payment(memo, MEMOS)
    returned = finance.returned(memo)["ReturnOrderNumber"]
    place = f"{line['JournalBatchNumber']}/{line['LineNumber']}"
    store.update(RETURNED, finance.returned(memo), {"CustomersOrderReference": "by phone"})
    store.update(PAID, line, {"PaymentReference": "BANK 7"})
    assert await person(finance).forget(await finance.claim(key(memo), MEMOS))
    claim = await linked(finance, memo, MEMOS, "free_text_invoice", "7")
    assert (claim.state, "does not become" in claim.reason) == (State.PARKED, True), claim.reason
    assert await person(finance).forget(claim)
    paid = len(finance.rows(PAID))
    claim = await linked(finance, memo, MEMOS, "return_order", returned)
    assert (claim.state, "its customer_payment is not linked" in claim.reason) == (
        State.PARKED,
        True,
    )
    assert (len(finance.rows(RETURNED)), len(finance.rows(PAID))) == (1, paid)
    claim = await linked(finance, memo, MEMOS, "customer_payment", "00123")
    assert (claim.state, "00123, which was linked" in claim.reason) == (State.PARKED, True)
    claim = await linked(finance, memo, MEMOS, "customer_payment", place)
    assert (claim.state, all(one.digest for one in claim.delivered.values())) == (
        State.DELIVERED, True,
    )  # fmt: skip
    assert (len(finance.rows(RETURNED)), len(finance.rows(PAID))) == (1, paid)


@in_both_harnesses()
async def test_nothing_is_corrected_while_a_write_may_still_commit(harness: Harness) -> None:
    order = harness.place()
    harness.ledger_dials.next(Kind.LOST, where=posts_an_order)
    await harness.hooks(order)
    await asyncio.sleep(20)
    await harness.works_off_what_is_due()
    claim = await harness.claim(order)
    assert not await person(harness).forget(claim)
    assert not await person(harness).link(claim, KIND, "SO-1")
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1
