"""Both books are listed whole, whatever stands between our documents, and in one order."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from sandbox.dials import Kind
from sync.dynamics.book_sums import FEW
from sync.reconcile.difference import Cause, Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import kinds_of, reconcile
from sync.reconcile.spool import COMMERCE, DYNAMICS, Entry, Spool
from tests.flows.finance import Finance, in_finance
from tests.harness import key_of
from tests.reconcile.planted import Ledger, aged, header_of, lines_of, reconciled
from tests.systems import COMPANY, CONNECTION

MANY: Final = FEW + 3


@in_finance(flows=("orders", "customers"))
async def test_many_orders_are_summed_by_stretches_of_their_numbers(finance: Finance) -> None:
    """Between the numbers of ours lie those of somebody else, whose references look like ours."""
    finance.dynamics.settings.page_size = 7
    orders = []
    for place in range(MANY):
        orders.append(await finance.placed())
        if place % 3 == 0:
            row, lines = header_of(finance, orders[-1]), lines_of(finance, orders[-1])
            cells = {"SalesOrderNumber": f"{row['SalesOrderNumber']}-X"}
            for reference in ("4711-22", "PO 7", ""):
                cells = {**cells, "CustomersOrderReference": reference}
                Ledger(finance).copied("SalesTable", row, *lines, **cells)
                cells["SalesOrderNumber"] += "Y"
    for order in orders[::5]:
        number = finance.header(order)["SalesOrderNumber"]
        finance.dynamics.invoice(number, COMPANY, tax=order.amount("tax_amount"))
    found, summary = await reconciled(finance)
    assert found == []
    (totals,) = summary.totals()
    assert (totals["commerce_count"], totals["dynamics_count"]) == (MANY, MANY)
    due = sum((order.amount("grand_total") for order in orders), Decimal(0))
    assert totals["commerce"] == totals["dynamics"] == f"{due:.2f}"


@in_finance(orders={"reference_template": "{increment_id}"}, flows=("orders", "customers"))
async def test_where_any_text_may_be_ours_nobody_elses_order_is_told_of(finance: Finance) -> None:
    order = await finance.placed()
    (row,) = finance.dynamics.orders_for(order.row["increment_id"], COMPANY)
    cells = {"SalesOrderNumber": "OTHER-1", "CustomersOrderReference": "PO 7"}
    Ledger(finance).copied("SalesTable", row, **cells)
    assert (await reconciled(finance))[0] == []
    cells = {"SalesOrderNumber": "OTHER-2", "CustomersOrderReference": order.row["increment_id"]}
    Ledger(finance).copied("SalesTable", row, **cells)
    ((one,), _) = await reconciled(finance)
    assert (one.key, one.cause) == (key_of(order), Cause.DOUBLED)


@in_finance(flows=("orders", "customers"))
async def test_an_order_of_before_is_looked_for_where_it_lies(finance: Finance) -> None:
    """Neither a late delivery nor an early one makes a difference, but a second order does."""
    order = finance.place()
    await finance.works_for(20 * 86400)
    await finance.delivers(order)
    found, summary = await reconciled(finance)
    assert (found, summary.sums) == ([], {})
    Ledger(finance).copied(
        "SalesTable", header_of(finance, order), *lines_of(finance, order), SalesOrderNumber="S-2"
    )
    ((one,), _) = await reconciled(finance)
    assert (one.key, one.cause) == (key_of(order), Cause.DOUBLED)


def entries() -> Iterator[Any]:
    amounts = st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=4))
    references = st.text("aAbB1-", min_size=1, max_size=3)
    yield from (references, st.sampled_from([COMMERCE, DYNAMICS]), amounts, amounts)


@given(st.lists(st.tuples(*entries())))
def test_a_spool_gives_back_what_it_was_given_in_the_order_of_references(
    given_: list[tuple[str, int, Decimal | None, Decimal | None]],
) -> None:
    made = [
        Entry(reference, side, f"key {place}", "1", "2026-03-02", "USD", amount, tax,
              is_gross=True, is_plain=False)
        for place, (reference, side, amount, tax) in enumerate(given_)
    ]  # fmt: skip
    with Spool() as spool:
        for entry in made:
            spool.add(entry)
        records = [*spool.records()]
    found = {one.key: one for record in records for one in record}
    assert found == {one.key: one for one in made}
    names = [{one.reference.casefold() for one in record} for record in records]
    assert all(len(record) == 1 for record in names)
    assert [*names] == sorted(names, key=min)
    assert all(record[0].side <= record[-1].side for record in records)


@in_finance(
    flows=("orders", "customers", "invoices"), orders={"placed_from": "2026-03-02T11:00:00Z"}
)
async def test_what_somebody_else_entered_before_our_time_is_none_of_ours(
    finance: Finance,
) -> None:
    order = finance.place()
    await finance.delivers(order)
    row, lines = header_of(finance, order), lines_of(finance, order)
    other = finance.place()
    invoice = finance.commerce.invoice(other)
    aged(other)
    aged(invoice)
    cells = {"SalesOrderNumber": "S-9", "CustomersOrderReference": finance.order_reference(other)}
    Ledger(finance).copied("SalesTable", row, lines[0], **cells)
    found, summary = await reconciled(finance)
    assert found == []
    assert [one["commerce_count"] for one in summary.totals()] == [1]


@in_finance(flows=("orders", "customers"))
async def test_a_system_that_asks_for_quiet_is_asked_again_and_nothing_is_told_twice(
    finance: Finance,
) -> None:
    order = finance.place()
    aged(order)
    await finance.placed()
    services = finance.services
    systems = await services.systems_pool.open(CONNECTION)
    connected = await Connected.of(systems, services.ledger, services.documents)
    now, found = finance.clock.now(), list[Difference]()
    window = Window(now - timedelta(days=1), now + timedelta(seconds=1))
    for _ in range(2):
        finance.ledger_dials.next(Kind.THROTTLE, seconds=60)
    summary = await reconcile(connected, window, kinds_of(connected), found.append, tries=5)
    assert [one.key for one in found] == [key_of(order)]
    assert [one["commerce_count"] for one in summary.totals()] == [2]
    assert finance.clock.now() - now >= timedelta(seconds=60)


@in_finance(creditmemos={"recipe": "free-text-credit", "refund_payment": True})
async def test_less_than_half_a_cent_that_is_withheld_is_no_money_to_be_paid_out(
    finance: Finance,
) -> None:
    order = await finance.placed(shipping=Decimal(0))
    await finance.books(finance.commerce.invoice(order))
    item = order.items[0]
    memo = finance.commerce.refund(
        order, {item["item_id"]: Decimal(1)}, shipping=Decimal(0), negative=item["price_incl_tax"]
    )
    memo["grand_total"] -= Decimal("0.0033")
    await finance.books(memo, "creditmemos")
    found, _ = await reconciled(finance)
    assert [one for one in found if one.kind == "refunds"] == []
