"""Whose account an order is posted to, and how accounts come about, once per shopper."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.engine.claim import CLAIMS, State
from sync.operating.replaying import of_record
from sync.operating.story import story_of
from tests.harness import CUSTOMER, GUEST, Harness, in_both_harnesses, in_harness, key_of
from tests.systems import COMPANY, CONNECTION


@in_both_harnesses()
async def test_a_customer_who_registers_gets_an_account_with_their_address(
    harness: Harness,
) -> None:
    await _registers(harness)
    account = harness.account((await harness.claim("1", "customers")).number)
    assert account["PrimaryContactEmail"] == CUSTOMER.email
    assert account["AddressCity"] == "Los Angeles"
    assert await harness.events("1", "customers") == ["created"]


@in_both_harnesses()
async def test_a_customer_seen_twice_has_one_account(harness: Harness) -> None:
    await _registers(harness)
    await _registers(harness)
    assert len(harness.accounts(CUSTOMER.email)) == 1
    assert await harness.events("1", "customers") == ["created", "unchanged"]


@in_both_harnesses()
async def test_a_first_order_and_the_registration_at_once_make_one_account(
    harness: Harness,
) -> None:
    order = harness.place(shopper=CUSTOMER)
    await harness.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await harness.delivers(order)
    assert len(harness.accounts(CUSTOMER.email)) == 1
    assert (
        harness.header(order)["OrderingCustomerAccountNumber"]
        == harness.accounts(CUSTOMER.email)[0]
    )


@in_harness()
async def test_orders_that_come_late_wait_briefly_for_their_customer_who_is_being_delivered(
    harness: Harness,
) -> None:
    orders = [harness.place(shopper=CUSTOMER) for _ in range(3)]
    for order in orders:
        await harness.hooks(order)
    await asyncio.sleep(600)  # an outage, or a backlog
    begun = harness.clock.now()
    await harness.works_until_idle()
    assert [len(harness.headers(order)) for order in orders] == [1] * 3
    assert harness.clock.now() - begun < timedelta(seconds=15)


@in_harness("ours")
async def test_an_order_of_a_known_customer_asks_for_no_account(harness: Harness) -> None:
    await harness.delivers(harness.place(shopper=CUSTOMER))
    before = dict(harness.dynamics.requests)
    await harness.delivers(harness.place(shopper=CUSTOMER))
    assert _more(harness.dynamics.requests, before) == {"batch": 1}


@in_both_harnesses()
async def test_a_customer_who_moves_has_the_new_address_in_the_ledger(harness: Harness) -> None:
    await _registers(harness)
    _moves(harness, "Neuer Weg 1")
    await _registers(harness)
    account = harness.account(harness.accounts(CUSTOMER.email)[0])
    assert account["AddressStreet"] == "Neuer Weg 1"
    assert await harness.events("1", "customers") == ["created", "amended"]


@pytest.mark.parametrize("read_after", [0, 90])
@in_harness()
async def test_a_poll_looks_again_at_a_customer_who_is_listed_otherwise_than_they_were_read(
    harness: Harness, read_after: int
) -> None:
    """Stamps are taken before the commit: what was read then may be older than its stamp says."""
    await asyncio.sleep(10)
    await harness.polls("customers")
    await harness.works_until_idle()
    harness.commerce.save_customer(harness.commerce.customers[1])
    before = harness.commerce.customers[1]["updated_at"]
    await asyncio.sleep(read_after)
    await _registers(harness)
    _moves(harness, "Neuer Weg 1")
    harness.commerce.customers[1]["updated_at"] = before
    await asyncio.sleep(10)
    assert await harness.polls("customers") == 1
    await harness.works_until_idle()
    account = harness.account(harness.accounts(CUSTOMER.email)[0])
    assert account["AddressStreet"] == "Neuer Weg 1"
    await asyncio.sleep(120)
    assert await harness.polls("customers") == 0


@in_both_harnesses()
async def test_a_move_that_fails_at_first_is_made_by_a_later_try(harness: Harness) -> None:
    await _registers(harness)
    _moves(harness, "Neuer Weg 1")
    harness.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await _registers(harness)
    assert harness.account(harness.accounts(CUSTOMER.email)[0])["AddressStreet"] == "Neuer Weg 1"
    assert await harness.events("1", "customers") == ["created", "waited", "amended"]


@in_both_harnesses()
async def test_a_move_behind_a_lost_answer_reaches_the_account_that_was_left_behind(
    harness: Harness,
) -> None:
    harness.ledger_dials.next(Kind.LOST, writes=True)
    await harness.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    _moves(harness, "Neuer Weg 1")
    await harness.works_until_idle()
    (account,) = harness.accounts(CUSTOMER.email)
    assert harness.account(account)["AddressStreet"] == "Neuer Weg 1"


@in_both_harnesses()
async def test_an_earlier_move_that_lands_late_does_not_undo_the_later_one(
    harness: Harness,
) -> None:
    await _registers(harness)
    _moves(harness, "Neuer Weg 1")
    harness.ledger_dials.next(Kind.DELAYED, writes=True, seconds=100)
    await harness.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await asyncio.sleep(20)
    await harness.works_off_what_is_due()
    _moves(harness, "Neuer Weg 2")
    await _registers(harness)
    await harness.ledger_dials.settle()
    assert harness.account(harness.accounts(CUSTOMER.email)[0])["AddressStreet"] == "Neuer Weg 2"


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DELAYED])
@in_both_harnesses()
async def test_an_account_whose_answer_was_lost_is_found_and_taken_over(
    harness: Harness, kind: Kind
) -> None:
    harness.ledger_dials.next(kind, writes=True, seconds=50)
    await _registers(harness)
    await harness.ledger_dials.settle()
    assert len(harness.accounts(CUSTOMER.email)) == 1
    assert (await harness.events("1", "customers"))[-1] in {"adopted", "created"}


@in_both_harnesses()
async def test_an_account_that_the_ledger_knows_by_its_e_mail_is_used_and_never_touched(
    harness: Harness,
) -> None:
    _known_in_the_ledger(
        harness, "DE-900", OrganizationName="As the ledger calls it", AddressStreet="Kept"
    )
    order = harness.place(shopper=CUSTOMER)
    await harness.delivers(order)
    assert harness.header(order)["OrderingCustomerAccountNumber"] == "DE-900"
    _moves(harness, "Neuer Weg 1")
    await _registers(harness)
    assert harness.accounts(CUSTOMER.email) == ["DE-900"]
    assert harness.account("DE-900")["AddressStreet"] == "Kept"


@in_both_harnesses()
async def test_an_e_mail_that_two_accounts_share_parks_the_order_and_creates_none(
    harness: Harness,
) -> None:
    for number in ("DE-900", "DE-901"):
        _known_in_the_ledger(harness, number, OrganizationName="Twice there")
    order = harness.place(shopper=CUSTOMER)
    await harness.delivers(order)
    assert harness.headers(order) == []
    assert harness.accounts(CUSTOMER.email) == ["DE-900", "DE-901"]
    claim = await harness.claim(order)
    assert claim.state is State.PARKED
    assert "DE-900, DE-901" in claim.reason
    assert "map customers set" in claim.remedy


@in_harness(customers={"guests": "collective"}, stores={"default": {"guest_account": "US-001"}})
async def test_guests_of_a_collective_account_are_posted_to_it(harness: Harness) -> None:
    order = harness.place(shopper=GUEST)
    await harness.delivers(order)
    assert harness.header(order)["OrderingCustomerAccountNumber"] == "US-001"
    assert harness.accounts(GUEST.email) == []


@in_both_harnesses()
async def test_a_guest_who_comes_again_has_one_account(harness: Harness) -> None:
    first = harness.place(shopper=GUEST)
    await harness.delivers(first)
    second = harness.place(shopper=GUEST)
    await harness.delivers(second)
    (account,) = harness.accounts(GUEST.email)
    assert {
        harness.header(order)["OrderingCustomerAccountNumber"] for order in (first, second)
    } == {account}


@in_both_harnesses()
async def test_a_guest_who_orders_five_times_at_once_has_one_account(harness: Harness) -> None:
    orders = [harness.place(shopper=GUEST) for _ in range(5)]
    for order in orders:
        await harness.hooks(order)
    await harness.works_until_idle()
    assert len(harness.accounts(GUEST.email)) == 1
    assert all(len(harness.headers(order)) == 1 for order in orders)


@pytest.mark.parametrize("dies", [False, True])
@in_harness()
async def test_a_guest_who_registers_meanwhile_has_one_account(
    harness: Harness, dies: bool
) -> None:
    """Two processes at once: both look before either has made the account. `dies`: the first one's
    answer is lost, and its account is there only later."""
    harness.commerce.customers[1]["email"] = GUEST.email
    harness.ledger_dials.latency_low = harness.ledger_dials.latency_high = 2.0
    if dies:
        harness.ledger_dials.next(Kind.DELAYED, writes=True, seconds=100)
    order, other = harness.place(shopper=GUEST), Harness.beside(harness)
    await harness.hooks(order)
    first = asyncio.create_task(harness.works_until_idle())
    await asyncio.sleep(1)
    await harness.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await other.works_until_idle()
    await first
    await other.services.close()
    (account,) = harness.accounts(GUEST.email)
    assert harness.header(order)["OrderingCustomerAccountNumber"] == account
    claims = [one async for one in harness.services.ledger.claims(CONNECTION, "customers")]
    assert [one.number for one in claims] == [account] * 2


@in_both_harnesses()
async def test_a_guests_account_stays_delivered_when_several_orders_wanted_it(
    harness: Harness,
) -> None:
    for order in [harness.place(shopper=GUEST) for _ in range(3)]:
        await harness.hooks(order)
    await harness.works_until_idle()
    states = [claim.state async for claim in harness.services.ledger.claims("shop", "customers")]
    assert states == [State.DELIVERED]


@in_harness(customers={"numbers": "ours", "match": []})
async def test_a_guest_who_registers_behind_a_lost_answer_does_not_get_the_goods_twice(
    harness: Harness,
) -> None:
    order = harness.place(shopper=GUEST)
    harness.ledger_dials.next(Kind.LOST, where=lambda a: b"ExternalItemNumber" in a.body)
    await harness.hooks(order)
    await asyncio.sleep(1)
    await harness.works_off_what_is_due()
    order.row |= {"customer_id": 1, "customer_is_guest": 0}
    await harness.works_until_idle()
    assert len(harness.headers(order)) == 1


@in_both_harnesses()
async def test_an_account_on_hold_parks_the_order_until_it_is_released(harness: Harness) -> None:
    first = harness.place(shopper=CUSTOMER)
    await harness.delivers(first)
    (account,) = harness.accounts(CUSTOMER.email)
    harness.dynamics.put("CustTable", **{**harness.account(account), "OnHoldStatus": "All"})
    second = harness.place(shopper=CUSTOMER)
    await harness.delivers(second)
    claim = await harness.claim(second)
    assert claim.state is State.PARKED
    assert "on hold" in claim.reason
    assert harness.headers(second) == []
    harness.dynamics.put("CustTable", **{**harness.account(account), "OnHoldStatus": "No"})
    await harness.replays(key_of(second))
    assert len(harness.headers(second)) == 1


@in_both_harnesses()
async def test_a_saved_address_abroad_holds_nobody_up_and_comes_when_its_country_is_mapped(
    harness: Harness,
) -> None:
    home, *_ = harness.commerce.customers[1]["addresses"]
    abroad = {**home, "id": 77, "country_id": "XK", "default_billing": False}
    book = {**harness.commerce.customers[1], "addresses": [home, abroad]}
    harness.commerce.save_customer(book)
    order = harness.place(shopper=CUSTOMER)
    await harness.delivers(order)
    claim = await harness.claim("1", "customers")
    assert (claim.state, claim.number) == (State.DELIVERED, harness.accounts(CUSTOMER.email)[0])
    assert "address 77 is left out" in claim.reason
    assert "customers.countries" in claim.remedy
    assert "replay 1" in claim.remedy
    (entry,) = await harness.trail("1", "customers")
    assert (entry.event, entry.reason, entry.remedy) == ("created", claim.reason, claim.remedy)
    assert _further(harness) == []
    harness.commerce.save_customer({**book, "addresses": [home, {**abroad, "country_id": "FR"}]})
    await harness.replays("1", "customers")
    assert _further(harness) == ["Web address 77"]
    mended = await harness.claim("1", "customers")
    assert (mended.state, mended.reason, mended.remedy) == (State.DELIVERED, "", "")


@in_both_harnesses()
async def test_a_customers_next_notification_brings_the_address_whose_country_was_mapped(
    harness: Harness,
) -> None:
    home, *_ = harness.commerce.customers[1]["addresses"]
    abroad = {**home, "id": 77, "country_id": "XK", "default_billing": False}
    harness.commerce.save_customer({**harness.commerce.customers[1], "addresses": [home, abroad]})
    await harness.delivers(harness.place(shopper=CUSTOMER))
    assert (await harness.claim("1", "customers")).lacks_something
    await _maps(harness, "XK", "SRB")
    await asyncio.sleep(60)
    await _registers(harness)
    assert _further(harness) == ["Web address 77"]
    assert not (await harness.claim("1", "customers")).lacks_something


@pytest.mark.parametrize("occasion", ["replay", "next order"])
@in_both_harnesses()
async def test_a_guests_order_brings_the_address_whose_country_was_mapped(
    harness: Harness, occasion: str
) -> None:
    order = harness.place(shopper=GUEST)
    order.billing["country_id"] = "XK"
    await harness.delivers(order)
    (guest,) = [one async for one in harness.services.ledger.claims(CONNECTION, "customers")]
    assert guest.lacks_something
    again = await of_record(harness.services, CONNECTION, "customers", guest.key)
    assert (again.flow, again.key) == ("orders", key_of(order))
    (account,) = harness.accounts(GUEST.email)
    assert not harness.account(account).get("AddressCity")
    await _maps(harness, "XK", "SRB")
    await asyncio.sleep(60)
    if occasion == "replay":
        await harness.replays(key_of(order))
    else:
        await harness.delivers(harness.place(shopper=GUEST))
    assert harness.account(account)["AddressCity"]
    assert harness.accounts(GUEST.email) == [account]
    assert not (await harness.claim(guest.key, "customers")).lacks_something
    assert await harness.parked() == []


@in_harness()
async def test_a_guest_whom_no_request_can_read_is_left_to_the_order_and_never_vanishes(
    harness: Harness,
) -> None:
    order = harness.place(shopper=GUEST)
    await harness.delivers(order)
    (guest,) = [one async for one in harness.services.ledger.claims(CONNECTION, "customers")]
    ago = harness.clock.now() - timedelta(hours=2)
    died_of = replace(guest, owner="dead", lease_until=ago).row()
    await harness.services.edition_parts.tables.upsert(CLAIMS, died_of)
    await harness.services.repair.run()
    assert (await harness.systems.queue.depth("documents")).scheduled == 0
    assert (await harness.systems.queue.depth("master-data")).scheduled == 0
    await asyncio.sleep(60)
    await harness.replays(guest.key, "customers")
    assert await harness.events(guest.key, "customers") == ["created"]
    assert [entry.origin for entry in await harness.trail(order)][-1] == "replay"
    story = await story_of(harness.services, guest, documents=False)
    assert (story["state"], story["delivered_with"]) == ("delivered", f"orders {key_of(order)}")


async def _maps(harness: Harness, country: str, code: str) -> None:
    """The operator maps a country in connections.toml, and the product starts anew."""
    connections: Any = harness.services.connections
    was = connections[CONNECTION]
    customers = was.customers.model_copy(update={"countries": {country: code}})
    connections[CONNECTION] = was.model_copy(update={"customers": customers})
    await harness.services.systems_pool.close()


def _further(harness: Harness) -> list[str]:
    """The descriptions of the further addresses that the ledger holds."""
    rows = harness.dynamics.store.table("CustomerPostalAddresses").oldest_first()
    names = [str(row["AddressDescription"]) for row in rows]
    return [name for name in names if name.startswith("Web address")]


def _moves(harness: Harness, street: str) -> None:
    customer = harness.commerce.customers[1]
    harness.commerce.save_customer(
        {**customer, "addresses": [{**customer["addresses"][0], "street": [street]}]}
    )


async def _registers(harness: Harness) -> None:
    await harness.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await harness.works_until_idle()


def _known_in_the_ledger(harness: Harness, number: str, **values: Any) -> None:
    harness.dynamics.put(
        "CustTable", dataAreaId=COMPANY, CustomerAccount=number, PartyType="Organization",
        CustomerGroupId="10",
        SalesCurrencyCode="USD", PrimaryContactEmail=CUSTOMER.email, **values,
    )  # fmt: skip


def _more(after: Any, before: dict[str, int]) -> dict[str, int]:
    return {
        name: count - before.get(name, 0)
        for name, count in after.items()
        if count != before.get(name, 0)
    }
