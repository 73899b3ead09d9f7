"""A shadow run: orders that people entered in D365 by hand, each compared with what would have been
posted."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.dynamics.store import Record
from sync.preview.entered import EnteredOrders
from sync.preview.shadow import Outcome, Shadow, ShadowSummary, shadow
from tests.flows.finance import Finance, in_finance
from tests.reconcile.planted import LINES, ORDERS, Ledger, header_of, lines_of
from tests.systems import COMPANY, CONNECTION

TYPED: Final = ("{}", "Web #{}", "magento-{}", " order {} of today")


async def entered(
    finance: Finance, typed: str, field: str = "CustomersOrderReference", **wishes: Any
) -> StoredOrder:
    """An order that a person has entered: none of our names is in it."""
    order = await finance.placed(**wishes)
    ledger, number = Ledger(finance), order.row["increment_id"]
    header = header_of(finance, order)
    for table, row in lines_of(finance, order):
        ledger.changed(table, row, ExternalItemNumber="")
    names = {"CustomersOrderReference": "", field: typed.format(number)}
    ledger.changed(ORDERS, header, **names)
    return order


async def ran(finance: Finance) -> tuple[dict[str, Shadow], ShadowSummary]:
    """A shadow run over the last day. It changes no row of D365."""
    store = finance.dynamics.store
    before = {name: [*table.oldest_first()] for name, table in store.tables.items()}
    systems, now = await finance.services.systems_pool.open(CONNECTION), finance.clock.now()
    found, summary = {}, ShadowSummary()
    async for one in shadow(systems, now - timedelta(days=1), now + timedelta(seconds=1)):
        found[one.key.partition("@")[0]] = one
        summary.add(one)
    assert {name: [*store.tables[name].oldest_first()] for name in before} == before
    return found, summary


def number_of(order: StoredOrder) -> str:
    return str(order.row["increment_id"])


def header_typed(finance: Finance, order: StoredOrder) -> Record:
    (row,) = finance.dynamics.orders_for(number_of(order), COMPANY)
    return row


def lines_typed(finance: Finance, order: StoredOrder) -> list[Record]:
    return finance.dynamics.lines(COMPANY, header_typed(finance, order)["SalesOrderNumber"])


@in_finance()
async def test_orders_that_were_entered_just_so_are_equal(finance: Finance) -> None:
    orders = [await entered(finance, typed) for typed in TYPED]
    orders.append(await entered(finance, "{}", "CustomerRequisitionNumber"))
    held = finance.place()
    finance.commerce.hold(held)
    found, summary = await ran(finance)
    assert {found[number_of(order)].outcome for order in orders} == {Outcome.EQUAL}
    assert found[number_of(held)].outcome is Outcome.SKIPPED
    assert summary.is_equal
    (total,) = summary.as_json()["totals"]
    assert total["difference"] == "0.00"
    assert Decimal(total["ours"]) > 0


async def of_price(finance: Finance, order: StoredOrder) -> None:
    line = lines_typed(finance, order)[0]
    Ledger(finance).changed(LINES, line, LineAmount=line["LineAmount"] + Decimal("0.01"))


async def of_quantity(finance: Finance, order: StoredOrder) -> None:
    line = lines_typed(finance, order)[0]
    Ledger(finance).changed(LINES, line, OrderedSalesQuantity=Decimal(7))


async def of_item(finance: Finance, order: StoredOrder) -> None:
    Ledger(finance).changed(LINES, lines_typed(finance, order)[0], ItemNumber="SIMPLE-003")


async def of_account(finance: Finance, order: StoredOrder) -> None:
    header, account = header_typed(finance, order), "US-001"
    Ledger(finance).changed(ORDERS, header, OrderingCustomerAccountNumber=account)


async def of_tax(finance: Finance, order: StoredOrder) -> None:
    header = header_typed(finance, order)
    was = header["ArePricesIncludingSalesTax"]
    other = "No" if was == "Yes" else "Yes"
    Ledger(finance).changed(ORDERS, header, ArePricesIncludingSalesTax=other)


TYPED_OTHERWISE: Final = (
    (of_price, ["LineAmount"]),
    (of_quantity, ["OrderedSalesQuantity"]),
    (of_item, ["line", "line"]),
    (of_account, ["OrderingCustomerAccountNumber"]),
    (of_tax, ["ArePricesIncludingSalesTax"]),
)


@in_finance()
async def test_what_was_typed_otherwise_is_named_with_both_values(finance: Finance) -> None:
    orders = [await entered(finance, "{}") for _ in TYPED_OTHERWISE]
    plain = await entered(finance, "{}")
    for order, (typed_otherwise, _) in zip(orders, TYPED_OTHERWISE, strict=True):
        await typed_otherwise(finance, order)
    found, summary = await ran(finance)
    assert found[number_of(plain)].outcome is Outcome.EQUAL
    for order, (_, fields) in zip(orders, TYPED_OTHERWISE, strict=True):
        one = found[number_of(order)]
        assert one.outcome is Outcome.DIFFERS
        assert [difference.field for difference in one.differences] == fields
        assert all(difference.ours != difference.entered for difference in one.differences)
        assert one.reason
    assert not summary.is_equal
    assert {*summary.fields} == {name for _, fields in TYPED_OTHERWISE for name in fields}


@in_finance()
async def test_an_order_that_nobody_entered_is_named_and_one_that_parks_with_its_remedy(
    finance: Finance,
) -> None:
    missing, parks = finance.place(), finance.place()
    parks.row["grand_total"] += 1
    cancelled = await entered(finance, "{}")
    Ledger(finance).changed(ORDERS, header_typed(finance, cancelled), SalesOrderStatus="Canceled")
    found, summary = await ran(finance)
    assert found[number_of(missing)].outcome is Outcome.NOT_ENTERED
    assert found[number_of(cancelled)].outcome is Outcome.NOT_ENTERED
    one = found[number_of(parks)]
    assert (one.outcome, bool(one.reason and one.remedy)) == (Outcome.PARKED, True)
    assert summary.as_json()["orders"] == {"not entered": 2, "parked": 1}


@in_finance()
async def test_an_order_that_was_divided_is_compared_as_a_whole(finance: Finance) -> None:
    order = await entered(finance, "{}")
    header, lines = header_typed(finance, order), lines_typed(finance, order)
    store, number = finance.dynamics.store, "SO-SECOND"
    store.insert(ORDERS, {**header.values, "SalesOrderNumber": number})
    Ledger(finance).changed(LINES, lines[0], SalesOrderNumber=number)
    found, _ = await ran(finance)
    one = found[number_of(order)]
    assert (one.outcome, len(one.numbers)) == (Outcome.EQUAL, 2)


@pytest.mark.parametrize(
    ("typed", "increment_id", "is_it"),
    [
        ("000000042", "000000042", True),
        ("42", "000000042", True),
        ("#42", "000000042", True),
        ("web order 000000042, call first", "000000042", True),
        ("eu-000000042", "EU-000000042", True),
        ("42 pieces", "000000042", False),
        ("0000000421", "000000042", False),
        ("PO 7742", "000000042", False),
        ("", "000000042", False),
    ],
)
def test_a_web_number_is_recognised_where_it_stands_alone(
    typed: str, increment_id: str, is_it: bool
) -> None:
    found = EnteredOrders()
    found.add({"SalesOrderNumber": "S1", "CustomersOrderReference": typed})
    assert bool(found.of(increment_id)) is is_it
