"""Payment journals: one open journal per day and method, its lines written one at a time, none of them twice."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.commerce.records import Columns
from sync.sandbox.dials import Arrival, Kind
from tests.flows.till import Till, in_till, key
from tests.house import House
from tests.site import COMPANY

DAY = 24 * 3600


@in_till()
async def test_many_invoices_at_once_share_one_journal(till: Till) -> None:
    till.dynamics.settings.journal_write_seconds = 0.5
    till.ledger_dials.latency_low = till.ledger_dials.latency_high = 0.3
    invoices = [till.commerce.invoice(await till.placed()) for _ in range(24)]
    await asyncio.gather(*(till.hears(invoice) for invoice in invoices))
    await till.works_until_idle()
    assert len(till.journals()) == 1
    assert sorted(till.payment(invoice)["LineNumber"] for invoice in invoices) == list(range(1, 25))
    assert await till.parked("invoices") == []
    assert {event for invoice in invoices for event in await till.told(invoice)} == {"created"}


@in_till()
async def test_two_processes_do_not_write_into_one_journal_at_the_same_time(till: Till) -> None:
    till.dynamics.settings.journal_write_seconds = 0.5
    till.ledger_dials.latency_low = till.ledger_dials.latency_high = 0.3
    invoices = [till.commerce.invoice(await till.placed()) for _ in range(40)]
    await asyncio.gather(*(till.hears(invoice) for invoice in invoices))
    other = House.beside(till)
    await asyncio.gather(till.works_off_what_is_due(), other.works_off_what_is_due())
    await till.works_until_idle()
    assert len(till.journals()) == 1
    assert all(len(till.payments(invoice)) == 1 for invoice in invoices)
    assert await till.parked("invoices") == []
    await other.services.close()


@in_till()
async def test_every_day_and_method_has_a_journal_of_its_own(till: Till) -> None:
    first = await _booked(till, payment="checkmo")
    card = (await till.placed(payment="braintree")).invoices[0]
    await till.books(card)
    await asyncio.sleep(DAY)
    tomorrow = await _booked(till, payment="checkmo")
    again = await _booked(till, payment="checkmo")
    numbers = [till.payment(one)["JournalBatchNumber"] for one in (first, card, tomorrow, again)]
    assert len(set(numbers)) == 3
    assert numbers[2] == numbers[3]
    assert [row["Description"] for row in till.journals()] == [
        "Web 2026-03-02 checkmo", "Web 2026-03-02 braintree", "Web 2026-03-03 checkmo",
    ]  # fmt: skip


@in_till()
async def test_a_further_line_costs_two_looks_and_one_write(till: Till) -> None:
    await _booked(till)
    invoice = till.commerce.invoice(await till.placed())
    before = dict(till.services.desks.counts()["shop"])
    await till.books(invoice)
    after = till.services.desks.counts()["shop"]
    assert {name: after[name] - before[name] for name in ("dynamics_reads", "dynamics_writes")} == {
        "dynamics_reads": 2, "dynamics_writes": 1,
    }  # fmt: skip


@in_till()
async def test_a_journal_that_was_posted_takes_no_more_lines(till: Till) -> None:
    first = await _booked(till)
    till.dynamics.post_journal(till.payment(first)["JournalBatchNumber"], COMPANY)
    second = await _booked(till)
    assert till.payment(second)["JournalBatchNumber"] != till.payment(first)["JournalBatchNumber"]
    assert till.payment(second)["LineNumber"] == 1


@in_till()
async def test_a_journal_that_is_posted_just_before_a_line_is_written_is_followed_by_another(till: Till) -> None:
    first = await _booked(till)
    number = till.payment(first)["JournalBatchNumber"]
    invoice = till.commerce.invoice(await till.placed())
    _just_before(till, _adds_a_payment, lambda: till.dynamics.post_journal(number, COMPANY))
    await till.books(invoice)
    assert till.payment(invoice)["JournalBatchNumber"] != number
    assert await till.stands(invoice) is State.DELIVERED


@in_till()
async def test_a_line_that_a_clerk_writes_at_the_same_time_only_delays_ours(till: Till) -> None:
    first = await _booked(till)
    invoice = till.commerce.invoice(await till.placed())
    _just_before(till, _adds_a_payment, lambda: _by_hand(till, first, 2))
    await till.books(invoice)
    assert till.payment(invoice)["LineNumber"] == 3
    assert await till.stands(invoice) is State.DELIVERED


@in_till()
async def test_a_line_that_the_ledger_refuses_parks_its_invoice_and_no_other(till: Till) -> None:
    order = await till.placed()
    invoice, account = till.commerce.invoice(order), till.header(order)["OrderingCustomerAccountNumber"]
    row = till.dynamics.store.find("CustTable", COMPANY, account)
    assert row is not None
    till.dynamics.store.update("CustTable", row, {"OnHoldStatus": "Payment"})
    await till.books(invoice)
    assert await till.stands(invoice) is State.PARKED
    assert "on hold" in await till.reason(invoice)
    other = await _booked(till, shopper=till.commerce.catalogue.shopper("carla@example.org"))
    till.dynamics.store.update("CustTable", _found(till, account), {"OnHoldStatus": "No"})
    await till.replays(key(invoice), "invoices")
    assert len(till.payments(invoice)) == len(till.payments(other)) == len(till.journals()) == 1


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.ERROR_AFTER, Kind.DELAYED, Kind.ERROR_BEFORE, Kind.DROPPED])
@pytest.mark.parametrize("part", ["journal", "line"])
@in_till()
async def test_a_payment_whose_answer_was_lost_is_not_made_twice(till: Till, kind: Kind, part: str) -> None:
    first, other = [till.commerce.invoice(await till.placed()) for _ in range(2)]
    where = _opens_a_journal if part == "journal" else _adds_a_payment
    till.ledger_dials.next(kind, where=where, seconds=50)
    await asyncio.gather(till.hears(first), till.hears(other))
    await till.settled()
    assert len(till.payments(first)) == len(till.payments(other)) == 1
    assert len(till.journals()) <= 2
    assert await till.parked("invoices") == []


@pytest.mark.parametrize("table", ["trail", "claims"])
@in_till()
async def test_a_crash_on_the_way_makes_no_second_payment(till: Till, table: str) -> None:
    await _booked(till)
    invoice = till.commerce.invoice(await till.placed())
    await till.hears(invoice)
    await till.works_until_it_dies(before=table)
    await till.works_until_idle()
    assert len(till.payments(invoice)) == 1
    assert len(till.journals()) == 1


@pytest.mark.parametrize("part", ["journal", "line"])
@in_till()
async def test_a_crash_while_it_is_paid_in_makes_no_second_payment(till: Till, part: str) -> None:
    first, other = [till.commerce.invoice(await till.placed()) for _ in range(2)]
    await till.hears(first)
    await till.hears(other)
    await till.dies_when(_opens_a_journal if part == "journal" else _adds_a_payment)
    await till.works_until_idle()
    assert len(till.payments(first)) == len(till.payments(other)) == 1
    assert len(till.journals()) <= 2


@in_till()
async def test_a_line_in_doubt_holds_up_no_line_of_another_record(till: Till) -> None:
    doubtful, *others = [till.commerce.invoice(await till.placed()) for _ in range(24)]
    till.ledger_dials.next(Kind.LOST, where=_adds_a_payment)
    await till.hears(doubtful)
    await till.works_for(3)
    await asyncio.gather(*(till.hears(invoice) for invoice in others))
    await till.works_for(30)
    assert {await till.stands(invoice) for invoice in others} == {State.DELIVERED}
    assert await till.stands(doubtful) is State.POSTING
    await till.settled()
    assert await till.told(doubtful) == ["waited", "adopted"]
    assert all(len(till.payments(invoice)) == 1 for invoice in (doubtful, *others))
    assert [row["Description"] for row in till.journals()] == ["Web 2026-03-02 checkmo", "Web 2026-03-02 checkmo 2"]


async def _booked(till: Till, **wishes: Any) -> Columns:
    invoice = till.commerce.invoice(await till.placed(**wishes))
    await till.books(invoice)
    return invoice


def _found(till: Till, account: str) -> Any:
    return till.dynamics.store.find("CustTable", COMPANY, account)


def _by_hand(till: Till, like: Columns, line: int) -> None:
    values = dict(till.payment(like).values)
    till.dynamics.put(
        "CustomerPaymentJournalLines", **{**values, "LineNumber": Decimal(line), "PaymentReference": "hand"}
    )


def _just_before(till: Till, where: Any, deed: Any) -> None:
    """Somebody does something in F&O between our last look and our write."""
    done: list[bool] = []

    def condition(arrival: Arrival) -> bool:
        if not done and where(arrival):
            done.append(True)
            deed()
        return False

    till.ledger_dials.next(Kind.LOST, where=condition)


def _adds_a_payment(arrival: Arrival) -> bool:
    return arrival.writes and b"CreditAmount" in arrival.body


def _opens_a_journal(arrival: Arrival) -> bool:
    return arrival.writes and b"JournalName" in arrival.body
