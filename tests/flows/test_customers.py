"""Whose account an order is posted to, and how accounts come about, once per shopper."""

import asyncio
from typing import Any

import pytest

from sync.road.ledger import State
from sync.sandbox.dials import Kind
from tests.house import CUSTOMER, GUEST, House, in_both_houses, in_house, key_of
from tests.site import COMPANY


@in_both_houses()
async def test_a_customer_who_registers_gets_an_account_with_their_address(house: House) -> None:
    await _registers(house)
    account = house.account((await house.claim("1", "customers")).number)
    assert account["PrimaryContactEmail"] == CUSTOMER.email
    assert account["AddressCity"] == "Los Angeles"
    assert await house.events("1", "customers") == ["created"]


@in_both_houses()
async def test_a_customer_seen_twice_has_one_account(house: House) -> None:
    await _registers(house)
    await _registers(house)
    assert len(house.accounts(CUSTOMER.email)) == 1
    assert await house.events("1", "customers") == ["created", "unchanged"]


@in_both_houses()
async def test_a_first_order_and_the_registration_at_once_make_one_account(house: House) -> None:
    order = house.place(shopper=CUSTOMER)
    await house.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await house.delivers(order)
    assert len(house.accounts(CUSTOMER.email)) == 1
    assert house.header(order)["OrderingCustomerAccountNumber"] == house.accounts(CUSTOMER.email)[0]


@in_house("ours")
async def test_an_order_of_a_known_customer_asks_for_no_account(house: House) -> None:
    await house.delivers(house.place(shopper=CUSTOMER))
    before = dict(house.dynamics.requests)
    await house.delivers(house.place(shopper=CUSTOMER))
    assert _more(house.dynamics.requests, before) == {"batch": 1}


@in_both_houses()
async def test_a_customer_who_moves_has_the_new_address_in_the_ledger(house: House) -> None:
    await _registers(house)
    _moves(house, "Neuer Weg 1")
    await _registers(house)
    account = house.account(house.accounts(CUSTOMER.email)[0])
    assert account["AddressStreet"] == "Neuer Weg 1"
    assert await house.events("1", "customers") == ["created", "amended"]


@in_both_houses()
async def test_a_move_that_fails_at_first_is_made_by_a_later_try(house: House) -> None:
    await _registers(house)
    _moves(house, "Neuer Weg 1")
    house.ledger_dials.next(Kind.ERROR_BEFORE, writes=True)
    await _registers(house)
    assert house.account(house.accounts(CUSTOMER.email)[0])["AddressStreet"] == "Neuer Weg 1"
    assert await house.events("1", "customers") == ["created", "waited", "amended"]


@in_both_houses()
async def test_a_move_behind_a_lost_answer_reaches_the_account_that_was_left_behind(house: House) -> None:
    house.ledger_dials.next(Kind.LOST, writes=True)
    await house.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await asyncio.sleep(1)
    await house.works_off_what_is_due()
    _moves(house, "Neuer Weg 1")
    await house.works_until_idle()
    (account,) = house.accounts(CUSTOMER.email)
    assert house.account(account)["AddressStreet"] == "Neuer Weg 1"


@in_both_houses()
async def test_an_earlier_move_that_lands_late_does_not_undo_the_later_one(house: House) -> None:
    await _registers(house)
    _moves(house, "Neuer Weg 1")
    house.ledger_dials.next(Kind.DELAYED, writes=True, seconds=100)
    await house.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await asyncio.sleep(20)
    await house.works_off_what_is_due()
    _moves(house, "Neuer Weg 2")
    await _registers(house)
    await house.ledger_dials.settle()
    assert house.account(house.accounts(CUSTOMER.email)[0])["AddressStreet"] == "Neuer Weg 2"


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.DELAYED])
@in_both_houses()
async def test_an_account_whose_answer_was_lost_is_found_and_taken_over(house: House, kind: Kind) -> None:
    house.ledger_dials.next(kind, writes=True, seconds=50)
    await _registers(house)
    await house.ledger_dials.settle()
    assert len(house.accounts(CUSTOMER.email)) == 1
    assert (await house.events("1", "customers"))[-1] in {"adopted", "created"}


@in_both_houses()
async def test_an_account_that_the_ledger_knows_by_its_e_mail_is_used_and_never_touched(house: House) -> None:
    _known_in_the_ledger(house, "DE-900", OrganizationName="As the ledger calls it", AddressStreet="Kept")
    order = house.place(shopper=CUSTOMER)
    await house.delivers(order)
    assert house.header(order)["OrderingCustomerAccountNumber"] == "DE-900"
    _moves(house, "Neuer Weg 1")
    await _registers(house)
    assert house.accounts(CUSTOMER.email) == ["DE-900"]
    assert house.account("DE-900")["AddressStreet"] == "Kept"


@in_both_houses()
async def test_an_e_mail_that_two_accounts_share_parks_the_order_and_creates_none(house: House) -> None:
    for number in ("DE-900", "DE-901"):
        _known_in_the_ledger(house, number, OrganizationName="Twice there")
    order = house.place(shopper=CUSTOMER)
    await house.delivers(order)
    assert house.headers(order) == []
    assert house.accounts(CUSTOMER.email) == ["DE-900", "DE-901"]
    claim = await house.claim(order)
    assert claim.state is State.PARKED
    assert "DE-900, DE-901" in claim.reason
    assert "map customers set" in claim.remedy


@in_house(customers={"guests": "collective"}, stores={"default": {"guest_account": "US-001"}})
async def test_guests_of_a_collective_account_are_posted_to_it(house: House) -> None:
    order = house.place(shopper=GUEST)
    await house.delivers(order)
    assert house.header(order)["OrderingCustomerAccountNumber"] == "US-001"
    assert house.accounts(GUEST.email) == []


@in_both_houses()
async def test_a_guest_who_comes_again_has_one_account(house: House) -> None:
    first = house.place(shopper=GUEST)
    await house.delivers(first)
    second = house.place(shopper=GUEST)
    await house.delivers(second)
    (account,) = house.accounts(GUEST.email)
    assert {house.header(order)["OrderingCustomerAccountNumber"] for order in (first, second)} == {account}


@in_both_houses()
async def test_a_guest_who_orders_five_times_at_once_has_one_account(house: House) -> None:
    orders = [house.place(shopper=GUEST) for _ in range(5)]
    for order in orders:
        await house.hooks(order)
    await house.works_until_idle()
    assert len(house.accounts(GUEST.email)) == 1
    assert all(len(house.headers(order)) == 1 for order in orders)


@in_both_houses()
async def test_a_guests_account_stays_delivered_when_several_orders_wanted_it(house: House) -> None:
    for order in [house.place(shopper=GUEST) for _ in range(3)]:
        await house.hooks(order)
    await house.works_until_idle()
    states = [claim.state async for claim in house.services.ledger.claims("shop", "customers")]
    assert states == [State.DELIVERED]


@in_house(customers={"numbers": "ours", "match": []})
async def test_a_guest_who_registers_behind_a_lost_answer_does_not_get_the_goods_twice(house: House) -> None:
    order = house.place(shopper=GUEST)
    house.ledger_dials.next(Kind.LOST, where=lambda a: b"ExternalItemNumber" in a.body)
    await house.hooks(order)
    await asyncio.sleep(1)
    await house.works_off_what_is_due()
    order.row |= {"customer_id": 1, "customer_is_guest": 0}
    await house.works_until_idle()
    assert len(house.headers(order)) == 1


@in_both_houses()
async def test_an_account_on_hold_parks_the_order_until_it_is_released(house: House) -> None:
    first = house.place(shopper=CUSTOMER)
    await house.delivers(first)
    (account,) = house.accounts(CUSTOMER.email)
    house.dynamics.put("CustTable", **{**house.account(account), "OnHoldStatus": "All"})
    second = house.place(shopper=CUSTOMER)
    await house.delivers(second)
    claim = await house.claim(second)
    assert claim.state is State.PARKED
    assert "on hold" in claim.reason
    assert house.headers(second) == []
    house.dynamics.put("CustTable", **{**house.account(account), "OnHoldStatus": "No"})
    await house.replays(key_of(second))
    assert len(house.headers(second)) == 1


def _moves(house: House, street: str) -> None:
    customer = house.commerce.customers[1]
    house.commerce.save_customer({**customer, "addresses": [{**customer["addresses"][0], "street": [street]}]})


async def _registers(house: House) -> None:
    await house.hook("customers", {"data": {"customer": {"entity_id": 1}}})
    await house.works_until_idle()


def _known_in_the_ledger(house: House, number: str, **values: Any) -> None:
    house.dynamics.put(
        "CustTable", dataAreaId=COMPANY, CustomerAccount=number, PartyType="Organization", CustomerGroupId="10",
        SalesCurrencyCode="USD", PrimaryContactEmail=CUSTOMER.email, **values,
    )  # fmt: skip


def _more(after: Any, before: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}
