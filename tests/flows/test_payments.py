"""Payment journals: one open journal per day and method, its lines written one at a time, none of
them twice."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.records import Columns
from sandbox.dials import Arrival, Kind
from sync.engine.claim import State
from tests.flows.finance import Finance, in_finance, key
from tests.harness import Harness
from tests.systems import COMPANY

DAY = 24 * 3600


@in_finance()
async def test_many_invoices_at_once_share_one_journal(finance: Finance) -> None:
    finance.dynamics.settings.journal_write_seconds = 0.5
    finance.ledger_dials.latency_low = finance.ledger_dials.latency_high = 0.3
    invoices = [finance.commerce.invoice(await finance.placed()) for _ in range(24)]
    await asyncio.gather(*(finance.notify(invoice) for invoice in invoices))
    await finance.works_until_idle()
    assert len(finance.journals()) == 1
    assert sorted(finance.payment(invoice)["LineNumber"] for invoice in invoices) == list(
        range(1, 25)
    )
    assert await finance.parked("invoices") == []
    assert {event for invoice in invoices for event in await finance.reported(invoice)} == {
        "created"
    }


@in_finance()
async def test_two_processes_do_not_write_into_one_journal_at_the_same_time(
    finance: Finance,
) -> None:
    finance.dynamics.settings.journal_write_seconds = 0.5
    finance.ledger_dials.latency_low = finance.ledger_dials.latency_high = 0.3
    invoices = [finance.commerce.invoice(await finance.placed()) for _ in range(40)]
    await asyncio.gather(*(finance.notify(invoice) for invoice in invoices))
    other = Harness.beside(finance)
    await asyncio.gather(finance.works_off_what_is_due(), other.works_off_what_is_due())
    await finance.works_until_idle()
    assert len(finance.journals()) == 1
    assert all(len(finance.payments(invoice)) == 1 for invoice in invoices)
    assert await finance.parked("invoices") == []
    await other.services.close()


@in_finance()
async def test_every_day_and_method_has_a_journal_of_its_own(finance: Finance) -> None:
    first = await _booked(finance, payment="checkmo")
    card = (await finance.placed(payment="braintree")).invoices[0]
    await finance.books(card)
    await asyncio.sleep(DAY)
    tomorrow = await _booked(finance, payment="checkmo")
    again = await _booked(finance, payment="checkmo")
    numbers = [finance.payment(one)["JournalBatchNumber"] for one in (first, card, tomorrow, again)]
    assert len(set(numbers)) == 3
    assert numbers[2] == numbers[3]
    assert [row["Description"] for row in finance.journals()] == [
        "Web 2026-03-02 checkmo", "Web 2026-03-02 braintree", "Web 2026-03-03 checkmo",
    ]  # fmt: skip


@in_finance()
async def test_a_further_line_costs_two_looks_and_one_write(finance: Finance) -> None:
    await _booked(finance)
    invoice = finance.commerce.invoice(await finance.placed())
    before = dict(finance.services.systems_pool.counts()["shop"])
    await finance.books(invoice)
    after = finance.services.systems_pool.counts()["shop"]
    assert {name: after[name] - before[name] for name in ("dynamics_reads", "dynamics_writes")} == {
        "dynamics_reads": 2, "dynamics_writes": 1,
    }  # fmt: skip


@in_finance()
async def test_a_journal_that_was_posted_takes_no_more_lines(finance: Finance) -> None:
    first = await _booked(finance)
    finance.dynamics.post_journal(finance.payment(first)["JournalBatchNumber"], COMPANY)
    second = await _booked(finance)
    assert (
        finance.payment(second)["JournalBatchNumber"]
        != finance.payment(first)["JournalBatchNumber"]
    )
    assert finance.payment(second)["LineNumber"] == 1


@in_finance()
async def test_a_journal_that_is_posted_just_before_a_line_is_written_is_followed_by_another(
    finance: Finance,
) -> None:
    first = await _booked(finance)
    number = finance.payment(first)["JournalBatchNumber"]
    invoice = finance.commerce.invoice(await finance.placed())
    _just_before(finance, _adds_a_payment, lambda: finance.dynamics.post_journal(number, COMPANY))
    await finance.books(invoice)
    assert finance.payment(invoice)["JournalBatchNumber"] != number
    assert await finance.stands(invoice) is State.DELIVERED


@in_finance()
async def test_a_line_that_a_clerk_writes_at_the_same_time_only_delays_ours(
    finance: Finance,
) -> None:
    first = await _booked(finance)
    invoice = finance.commerce.invoice(await finance.placed())
    _just_before(finance, _adds_a_payment, lambda: _by_hand(finance, first, 2))
    await finance.books(invoice)
    assert finance.payment(invoice)["LineNumber"] == 3
    assert await finance.stands(invoice) is State.DELIVERED


@in_finance()
async def test_a_line_that_the_ledger_refuses_parks_its_invoice_and_no_other(
    finance: Finance,
) -> None:
    order = await finance.placed()
    invoice, account = (
        finance.commerce.invoice(order),
        finance.header(order)["OrderingCustomerAccountNumber"],
    )
    row = finance.dynamics.store.find("CustTable", COMPANY, account)
    assert row is not None
    finance.dynamics.store.update("CustTable", row, {"OnHoldStatus": "Payment"})
    await finance.books(invoice)
    assert await finance.stands(invoice) is State.PARKED
    assert "on hold" in await finance.reason(invoice)
    other = await _booked(finance, shopper=finance.commerce.catalogue.shopper("carla@example.org"))
    finance.dynamics.store.update("CustTable", _found(finance, account), {"OnHoldStatus": "No"})
    await finance.replays(key(invoice), "invoices")
    assert (
        len(finance.payments(invoice))
        == len(finance.payments(other))
        == len(finance.journals())
        == 1
    )


@pytest.mark.parametrize(
    "kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED]
)
@pytest.mark.parametrize("part", ["journal", "line"])
@in_finance()
async def test_a_payment_whose_answer_was_lost_is_not_made_twice(
    finance: Finance, kind: Kind, part: str
) -> None:
    first, other = [finance.commerce.invoice(await finance.placed()) for _ in range(2)]
    where = _opens_a_journal if part == "journal" else _adds_a_payment
    finance.ledger_dials.next(kind, where=where, seconds=50)
    await asyncio.gather(finance.notify(first), finance.notify(other))
    await finance.settled()
    assert len(finance.payments(first)) == len(finance.payments(other)) == 1
    assert len(finance.journals()) <= 2
    assert await finance.parked("invoices") == []


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_finance()
async def test_a_crash_on_the_way_makes_no_second_payment(finance: Finance, table: str) -> None:
    await _booked(finance)
    invoice = finance.commerce.invoice(await finance.placed())
    await finance.notify(invoice)
    await finance.works_until_it_dies(before=table)
    await finance.works_until_idle()
    assert len(finance.payments(invoice)) == 1
    assert len(finance.journals()) == 1


@pytest.mark.parametrize("part", ["journal", "line"])
@in_finance()
async def test_a_crash_while_it_is_paid_in_makes_no_second_payment(
    finance: Finance, part: str
) -> None:
    first, other = [finance.commerce.invoice(await finance.placed()) for _ in range(2)]
    await finance.notify(first)
    await finance.notify(other)
    await finance.dies_when(_opens_a_journal if part == "journal" else _adds_a_payment)
    await finance.works_until_idle()
    assert len(finance.payments(first)) == len(finance.payments(other)) == 1
    assert len(finance.journals()) <= 2


@in_finance()
async def test_a_line_in_doubt_holds_up_no_line_of_another_record(finance: Finance) -> None:
    doubtful, *others = [finance.commerce.invoice(await finance.placed()) for _ in range(24)]
    finance.ledger_dials.next(Kind.LOST, where=_adds_a_payment)
    await finance.notify(doubtful)
    await finance.works_for(3)
    await asyncio.gather(*(finance.notify(invoice) for invoice in others))
    await finance.works_for(30)
    assert {await finance.stands(invoice) for invoice in others} == {State.DELIVERED}
    assert await finance.stands(doubtful) is State.POSTING
    await finance.settled()
    assert await finance.reported(doubtful) == ["waited", "adopted"]
    assert all(len(finance.payments(invoice)) == 1 for invoice in (doubtful, *others))
    assert [row["Description"] for row in finance.journals()] == [
        "Web 2026-03-02 checkmo",
        "Web 2026-03-02 checkmo 2",
    ]


async def _booked(finance: Finance, **wishes: Any) -> Columns:
    invoice = finance.commerce.invoice(await finance.placed(**wishes))
    await finance.books(invoice)
    return invoice


def _found(finance: Finance, account: str) -> Any:
    return finance.dynamics.store.find("CustTable", COMPANY, account)


def _by_hand(finance: Finance, like: Columns, line: int) -> None:
    values = dict(finance.payment(like).values)
    finance.dynamics.put(
        "CustomerPaymentJournalLines",
        **{**values, "LineNumber": Decimal(line), "PaymentReference": "hand"},
    )


def _just_before(finance: Finance, where: Any, action: Any) -> None:
    """Somebody does something in F&O between our last look and our write."""
    done: list[bool] = []

    def condition(arrival: Arrival) -> bool:
        if not done and where(arrival):
            done.append(True)
            action()
        return False

    finance.ledger_dials.next(Kind.LOST, where=condition)


def _adds_a_payment(arrival: Arrival) -> bool:
    return arrival.writes and b"CreditAmount" in arrival.body


def _opens_a_journal(arrival: Arrival) -> bool:
    return arrival.writes and b"JournalName" in arrival.body
