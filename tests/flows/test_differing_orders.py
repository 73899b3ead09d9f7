"""Orders that stay delivered though both systems hold different sums of them: listed until the sums
agree, or a person has decided."""

from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.catalogue import SHOPPERS
from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.collective import join_invoices
from sync.dynamics.posted_invoices import FREE_TEXT as DRAFTS
from sync.dynamics.posted_invoices import SALES
from sync.engine.claim import PARKED, State
from sync.engine.corrections import Corrections
from sync.engine.erasure import WHY
from sync.engine.repair import Repair
from tests.flows.finance import FREE_TEXT, GERMAN, Finance, in_finance, key
from tests.flows.test_order_life import of
from tests.harness import key_of
from tests.systems import COMPANY, CONNECTION

HANS: Final = next(one for one in SHOPPERS if one.id == 5)
"""A customer of the German store, whose prices include tax."""


async def differing(finance: Finance, *, is_invoiced: bool = False) -> StoredOrder:
    """Three pieces of an item are shipped, one is invoiced, the rest is cancelled."""
    order = await finance.placed(
        store=GERMAN,
        shopper=HANS,
        shipping=Decimal(0),
        **finance.wants("SIMPLE-001", pieces=3),
    )
    if is_invoiced:
        finance.ships(order)
    else:
        finance.commerce.ship(order)
    invoice = finance.commerce.invoice(order, of(order, 1))
    finance.commerce.cancel(order)
    await finance.delivers(order)
    await finance.books(invoice)
    assert (await finance.claim(key(invoice), "invoices")).state is State.DELIVERED
    return order


async def credit(finance: Finance, order: StoredOrder, amount: Decimal, **cells: Any) -> None:
    """A person credits so much in F&O; a poll reads it back."""
    header = finance.header(order)
    row = {
        "dataAreaId": COMPANY, "InvoiceNumber": "CCN-HAND", "InvoiceDate": finance.clock.now(),
        "LedgerVoucher": "V", "TotalInvoiceAmount": -amount,
        "CustomersOrderReference": header["CustomersOrderReference"],
        "SalesOrderNumber": header["SalesOrderNumber"], "CurrencyCode": "EUR",
    }  # fmt: skip
    finance.dynamics.put(SALES, **{**row, **cells})
    await finance.polls("posted_invoices")
    await finance.works_until_idle()


def rest(order: StoredOrder) -> Decimal:
    """What the shop never charges."""
    return order.amount("total_canceled")


async def listed(finance: Finance) -> list[str]:
    """The keys in the list itself."""
    return [row.key async for row in finance.systems.tables.query(PARKED, f"{CONNECTION}|orders")]


async def decides(finance: Finance, order: StoredOrder, why: str = "charged by hand") -> bool:
    claim = await finance.claim(order)
    return await Corrections(finance.services.ledger, finance.clock, "ann", why).resolve(claim)


@in_finance()
async def test_an_order_whose_sums_differ_is_delivered_and_listed_with_both_and_a_remedy(
    finance: Finance,
) -> None:
    order = await differing(finance)
    claim, number = await finance.claim(order), finance.header(order)["SalesOrderNumber"]
    assert (claim.state, await finance.parked("orders")) == (State.DELIVERED, [key_of(order)])
    held = order.amount("grand_total")
    assert claim.differs == f"F&O {held:.2f}, Commerce {held - rest(order):.2f} EUR"
    assert f"F&O holds {held:.2f} EUR, Commerce {held - rest(order):.2f}" in claim.reason
    for words in (f"credit note of {number}", "2-2000000001", f"resolve orders {key_of(order)}"):
        assert words in claim.remedy
    entry = (await finance.trail(order))[-1]
    assert (entry.details["differs"], entry.remedy) == (claim.differs, claim.remedy)


@pytest.mark.parametrize("where", ["the order itself", "another order", "a free text invoice"])
@in_finance()
async def test_it_leaves_the_list_when_the_difference_is_credited_in_f_o(
    finance: Finance, where: str
) -> None:
    order = await differing(finance, is_invoiced=True)
    assert await listed(finance) == [key_of(order)]
    if where == "a free text invoice":
        reference = finance.header(order)["CustomersOrderReference"]
        finance.dynamics.put(
            DRAFTS, dataAreaId=COMPANY, InvoiceIdentifier=77, FreeTextNumber="FTI-77",
            InvoiceDate=finance.clock.now(), CustomerReference=reference, CurrencyCode="EUR",
            IsPosted="Yes", InclTax="Yes",
        )  # fmt: skip
        finance.dynamics.put(
            "FreeTextInvoiceLines", dataAreaId=COMPANY, ParentRecId=77, LineNumber=1,
            TransactionCurrencyAmount=-rest(order),
        )  # fmt: skip
        await finance.polls("posted_invoices")
        await finance.works_until_idle()
    else:
        cells = {"SalesOrderNumber": "SO-HAND"} if where == "another order" else {}
        await credit(finance, order, rest(order), **cells)
    claim = await finance.claim(order)
    assert (claim.state, claim.differs, claim.remedy) == (State.DELIVERED, "", "")
    assert await listed(finance) == []
    assert "differs_no_more" in (await finance.trail(order))[-1].details


@in_finance()
async def test_it_leaves_the_list_when_a_person_takes_it_off_the_open_order(
    finance: Finance,
) -> None:
    order = await differing(finance)
    (line,) = finance.dynamics.lines(COMPANY, finance.header(order)["SalesOrderNumber"])
    finance.dynamics.store.update(
        "SalesLine",
        line,
        {"OrderedSalesQuantity": Decimal(1), "LineAmount": order.amount("grand_total") / 3},
    )
    await finance.replays(key_of(order), "orders")
    assert await listed(finance) == []


@in_finance()
async def test_an_invoice_together_with_another_order_changes_no_sum(finance: Finance) -> None:
    """Its header names the other one, and has the sum of both."""
    order = await differing(finance, is_invoiced=True)
    before, other = (await finance.claim(order)).differs, await finance.placed()
    finance.ships(other)
    numbers = (finance.header(one)["SalesOrderNumber"] for one in (other, order))
    rows = [finance.rows("CustInvoiceJour", SalesOrderNumber=one)[0] for one in numbers]
    join_invoices(finance.dynamics, COMPANY, *(row["InvoiceNumber"] for row in rows))
    await finance.replays(key_of(order), "orders")
    assert before == (await finance.claim(order)).differs != ""
    await credit(finance, order, rest(order))
    assert await listed(finance) == []


@in_finance()
async def test_of_an_order_invoiced_with_another_only_what_was_invoiced_counts(
    finance: Finance,
) -> None:
    """F&O cancelled the rest of a line, which keeps its quantity and amount."""
    wishes = {"store": GERMAN, "shopper": HANS, "shipping": Decimal(0)}
    order = await finance.placed(**wishes, **finance.wants("SIMPLE-001", pieces=10))
    other = await finance.placed(**wishes)
    finance.ships(other)
    number = finance.header(order)["SalesOrderNumber"]
    (line,), store = finance.dynamics.lines(COMPANY, number), finance.dynamics.store
    lots = {line["InventoryLotId"]: Decimal(6)}
    finance.dynamics.deliver(number, COMPANY, quantities=lots)
    finance.dynamics.cancel_remainder(number)
    finance.dynamics.invoice(number, COMPANY, quantities=lots)
    rows = [
        finance.rows("CustInvoiceJour", SalesOrderNumber=finance.header(one)["SalesOrderNumber"])[0]
        for one in (order, other)
    ]
    join_invoices(finance.dynamics, COMPANY, *(row["InvoiceNumber"] for row in rows))
    finance.commerce.ship(order, of(order, 6))
    finance.commerce.invoice(order, of(order, 6))
    finance.commerce.cancel(order)
    await finance.delivers(order)
    assert await listed(finance) == []
    finance.commerce.refund(order)
    await finance.delivers(order)
    assert await listed(finance) == []
    store.delete("SalesLine", finance.dynamics.lines(COMPANY, number)[0])
    store.delete(
        "SalesTable", finance.dynamics.orders_for(finance.order_reference(order), COMPANY)[0]
    )
    await finance.replays(key_of(order), "orders")
    assert await listed(finance) == []


@in_finance()
async def test_less_than_the_difference_is_told_with_the_new_sums(finance: Finance) -> None:
    order = await differing(finance, is_invoiced=True)
    before = (await finance.claim(order)).differs
    await credit(finance, order, rest(order) - 5)
    after = (await finance.claim(order)).differs
    assert (await listed(finance), after != before) == ([key_of(order)], True)
    there, wanted = (Decimal(part.split()[1]) for part in after.split(", "))
    assert there - wanted == 5


@in_finance()
async def test_more_than_was_charged_may_not_be_credited_unseen(finance: Finance) -> None:
    order = await differing(finance, is_invoiced=True)
    await credit(finance, order, rest(order) + 5)
    assert "5.00 too little" in (await finance.claim(order)).reason


@in_finance()
async def test_a_person_decides_on_these_sums_and_other_sums_ask_again(finance: Finance) -> None:
    order = await differing(finance, is_invoiced=True)
    differs = (await finance.claim(order)).differs
    assert await decides(finance, order)
    assert await listed(finance) == []
    entry = (await finance.trail(order))[-1]
    assert (entry.event, entry.reason) == ("resolved", "charged by hand")
    assert entry.details == {"by": "ann", "resolved": differs}
    assert not await decides(finance, order)
    await finance.replays(key_of(order), "orders")
    assert (await finance.claim(order)).differs == ""
    assert (await finance.trail(order))[-1].details["resolved"] == differs
    await credit(finance, order, Decimal(1))
    assert await listed(finance) == [key_of(order)]
    assert (await finance.claim(order)).differs not in ("", differs)


@in_finance()
async def test_who_is_at_work_meanwhile_looks_again_and_forgets_no_decision(
    finance: Finance,
) -> None:
    order, ledger = await differing(finance), finance.services.ledger
    held, _ = await ledger.take(CONNECTION, "orders", key_of(order), "other")
    assert await decides(finance, order)
    released = await ledger.release(held, reason=held.reason, differs=held.differs)
    assert (released.again, released.resolved) == (True, held.differs)
    await finance.replays(key_of(order), "orders")
    claim = await finance.claim(order)
    assert (claim.differs, claim.remedy, await listed(finance)) == ("", "", [])


@in_finance()
async def test_a_decision_on_sums_that_have_changed_since_is_none(finance: Finance) -> None:
    order = await differing(finance, is_invoiced=True)
    shown = await finance.claim(order)
    await credit(finance, order, Decimal(1))
    assert not await Corrections(finance.services.ledger, finance.clock, "ann", "x").resolve(shown)
    assert await listed(finance) == [key_of(order)]


@in_finance()
async def test_the_list_is_repaired_to_hold_it(finance: Finance) -> None:
    order = await differing(finance)
    await finance.services.ledger.unpark(await finance.claim(order))
    await Repair(finance.services.engine()).run()
    assert await listed(finance) == [key_of(order)]


@in_finance()
async def test_an_erasure_keeps_sums_and_decisions_and_no_free_text(finance: Finance) -> None:
    order = await differing(finance, is_invoiced=True)
    await decides(finance, order, "Jane Roe paid by hand")
    await credit(finance, order, Decimal(1))
    before = await finance.claim(order)
    erasure, records = finance.services.erasure, [("orders", key_of(order))]
    assert sum([count async for _, count in erasure.erase(CONNECTION, records)]) > 1
    claim = await finance.claim(order)
    assert (claim.differs, claim.resolved) == (before.differs, before.resolved)
    assert (claim.reason, await listed(finance)) == (WHY, [key_of(order)])
    trail = await finance.trail(order)
    assert not [entry for entry in trail if "Jane" in f"{entry.reason} {entry.details}"]
    assert [one.details["by"] for one in trail if one.event == "resolved"] == ["ann"]
    assert [count async for _, count in erasure.erase(CONNECTION, records)] == [0]


@in_finance()
async def test_an_order_that_f_o_invoiced_and_the_shop_cancelled_is_listed_until_it_is_credited(
    finance: Finance,
) -> None:
    order = await finance.placed(
        store=GERMAN, shopper=HANS, shipping=Decimal(0), **finance.wants("SIMPLE-001", pieces=2)
    )
    finance.ships(order)
    finance.commerce.cancel(order)
    await finance.delivers(order)
    claim = await finance.claim(order)
    assert (claim.state, await listed(finance)) == (State.DELIVERED, [key_of(order)])
    there, wanted = (Decimal(part.split()[1]) for part in claim.differs.split(", "))
    assert wanted == 0
    await credit(finance, order, there)
    assert (await finance.claim(order)).differs == ""
    assert await listed(finance) == []


@in_finance(invoices=FREE_TEXT)
async def test_where_free_text_invoices_book_the_revenue_an_order_that_differs_is_only_told(
    finance: Finance,
) -> None:
    order = await differing(finance)
    assert await listed(finance) == []
    amounts = (await finance.trail(order))[-1].details["amounts"]
    assert amounts["never charged in Commerce"] == f"{rest(order):.2f}"


@pytest.mark.parametrize("decided", ["by resolve", "in F&O"])
@in_finance()
async def test_goods_whose_money_went_back_by_an_adjustment_are_for_a_person(
    finance: Finance, decided: str
) -> None:
    order = await finance.placed(
        store=GERMAN, shopper=HANS, shipping=Decimal(5), **finance.wants("SIMPLE-001", pieces=2)
    )
    finance.commerce.invoice(order)
    whole = order.amount("base_grand_total")
    nothing = {order.items[0]["item_id"]: Decimal(0)}
    memo = finance.commerce.refund(order, nothing, shipping=Decimal(0), positive=whole)
    assert memo["adjustment_positive"]
    await finance.delivers(order)
    claim = await finance.claim(order)
    assert (claim.state, claim.differs) == (
        State.DELIVERED,
        "all money given back, 2 pieces to be shipped",
    )
    assert await listed(finance) == [key_of(order)]
    await finance.books(memo, "creditmemos")
    assert await finance.stands(memo, "creditmemos") is State.DELIVERED
    if decided == "in F&O":
        finance.dynamics.cancel(finance.header(order)["SalesOrderNumber"], COMPANY)
        await finance.replays(key_of(order), "orders")
    else:
        assert await decides(finance, order)
    assert await listed(finance) == []


@in_finance()
async def test_each_line_of_an_open_order_is_taxed_at_its_own_rate(finance: Finance) -> None:
    order = await finance.placed(**finance.wants("SIMPLE-001", "BOOK-7", pieces=4))
    simple, book = order.items
    assert simple["tax_percent"] != book["tax_percent"]
    finance.commerce.ship(order)
    finance.commerce.invoice(order, {simple["item_id"]: Decimal(4), book["item_id"]: Decimal(3)})
    finance.commerce.cancel(order)
    await finance.delivers(order)
    _, line = finance.dynamics.lines(COMPANY, finance.header(order)["SalesOrderNumber"])
    gone = {"OrderedSalesQuantity": Decimal(0), "LineAmount": Decimal(0)}
    finance.dynamics.store.update("SalesLine", line, gone)
    await finance.replays(key_of(order), "orders")
    held = simple["row_total_incl_tax"]
    assert (await finance.claim(order)).differs.startswith(f"F&O {held:.2f}, ")
