"""Delivery addresses of accounts in users' books, and back: once over, never to and fro."""

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.flows.outgoing import MAIN, SECOND, TAILSPIN, YARD, Outgoing, in_outgoing
from tests.systems import CONNECTION

LEDGER: Final[dict[str, Any]] = {"accounts": {"addresses": "ledger"}}
BOTH: Final[dict[str, Any]] = {"accounts": {"addresses": "both"}}


async def settles(o: Outgoing) -> None:
    """Both sides hear of each other, until nothing more is written."""
    for _ in range(2):
        await o.polls_accounts()
        await o.hears_the_shop()


async def quiet(o: Outgoing) -> None:
    before = o.writes()
    await settles(o)
    assert o.writes() == before


@in_outgoing(**LEDGER)
async def test_delivery_addresses_are_in_each_users_book(o: Outgoing) -> None:
    await o.polls_accounts()
    for number in (MAIN, SECOND):
        address = o.book(number)["9 Yard Ln"]
        wanted = {
            "city": "New York", "postcode": "10002", "country_id": "US", "telephone": "555-0170",
            "company": "Tailspin Toys Ltd", "firstname": o.user(number)["firstname"],
        }  # fmt: skip
        assert {name: address[name] for name in wanted} == wanted
        assert address["region"]["region_code"] == "NY"
    await settles(o)
    await quiet(o)


@in_outgoing(**LEDGER)
async def test_a_changed_address_keeps_its_id_and_leaves_the_users_own_alone(o: Outgoing) -> None:
    await o.polls_accounts()
    user, address = o.user(MAIN), o.book(MAIN)["9 Yard Ln"]
    own = {**address, "id": 700, "street": ["1 Home St"], "default_shipping": True}
    o.commerce.save_customer({**user, "addresses": [address, own]})
    o.clerk_moves(YARD, "10 Yard Ln")
    o.delivers_to("L-2", "2 Quay")
    await settles(o)
    book = o.book(MAIN)
    assert set(book) == {"10 Yard Ln", "1 Home St", "2 Quay"}
    assert (book["10 Yard Ln"]["id"], book["1 Home St"]["id"]) == (address["id"], 700)
    assert len(o.yards()) == 2
    await quiet(o)


@in_outgoing(**LEDGER)
async def test_an_address_that_ended_goes_unless_the_user_buys_to_it(o: Outgoing) -> None:
    o.delivers_to("L-2", "2 Quay")
    await o.polls_accounts()
    user = o.user(MAIN)
    addresses = [{**one, "default_shipping": one["street"][0] == "2 Quay"} for one in
                 user["addresses"]]  # fmt: skip
    o.commerce.save_customer({**user, "addresses": addresses})
    for location in (YARD, "L-2"):
        o.dynamics.store.update(
            "CustomerPostalAddresses", o.yards()[location], {"Expiration": o.clock.now()}
        )
    await settles(o)
    assert set(o.book(MAIN)) == {"2 Quay"}
    assert not o.book(SECOND)
    await quiet(o)


@in_outgoing(**LEDGER)
async def test_an_address_that_a_user_deleted_is_not_made_again(o: Outgoing) -> None:
    await o.polls_accounts()
    o.commerce.save_customer({**o.user(MAIN), "addresses": []})
    o.clerk(OrganizationName="Tailspin Two")
    o.clerk_moves(YARD, "10 Yard Ln")
    await settles(o)
    assert not o.book(MAIN)
    assert set(o.book(SECOND)) == {"10 Yard Ln"}


@in_outgoing(**BOTH)
async def test_a_users_change_is_one_write_in_f_and_o_then_one_for_each_other_user(
    o: Outgoing,
) -> None:
    """The address was imported: it began in 1900, and its start is part of its key."""
    o.dynamics.store.delete("CustomerPostalAddresses", o.yards()[YARD])
    o.delivers_to(YARD, "9 Yard Ln", Effective=datetime(1900, 1, 1, tzinfo=UTC))
    await settles(o)
    o.shopper_edits(MAIN, "9 Yard Ln", "9b Yard Ln")
    before = o.writes()
    await o.hears_the_shop()
    assert {row["AddressStreet"] for row in o.yards().values()} == {"9b Yard Ln"}
    assert set(o.yards()) == {YARD}
    await settles(o)
    assert set(o.book(SECOND)) == {"9b Yard Ln"}
    changed = {kind: count - before.get(kind, 0) for kind, count in o.writes().items()}
    assert {kind: count for kind, count in changed.items() if count} == {
        "PATCH CustomerPostalAddresses": 1, "PUT customers/{id}": 1,
    }  # fmt: skip
    await quiet(o)


@in_outgoing(**BOTH)
async def test_an_address_that_a_user_adds_is_made_once_in_f_and_o(o: Outgoing) -> None:
    await settles(o)
    user = o.user(MAIN)
    own = {**o.book(MAIN)["9 Yard Ln"], "id": 700, "street": ["1 Dock", "North"]}
    o.commerce.save_customer({**user, "addresses": [*user["addresses"], own]})
    await settles(o)
    streets = sorted(row["AddressStreet"] for row in o.yards().values())
    assert streets == ["1 Dock\nNorth", "9 Yard Ln"]
    assert set(o.book(SECOND)) == {"9 Yard Ln", "1 Dock"}
    await quiet(o)


@pytest.mark.parametrize("later", ["Commerce", "F&O"])
def test_the_later_change_wins_and_the_trail_keeps_both(later: str) -> None:
    @in_outgoing(**BOTH)
    async def story(o: Outgoing) -> None:
        await settles(o)
        edits = {
            "F&O": lambda: o.clerk_moves(YARD, "F&O St"),
            "Commerce": lambda: o.shopper_edits(MAIN, "9 Yard Ln", "Commerce St"),
        }
        for side in sorted(edits, key=lambda side: side == later):
            edits[side]()
            await o.works_for(120)
        await settles(o)
        assert [row["AddressStreet"] for row in o.yards().values()] == [f"{later} St"]
        assert set(o.book(MAIN)) == set(o.book(SECOND)) == {f"{later} St"}
        trail = await o.trail(f"{MAIN}@{TAILSPIN}", "company_users")
        (told,) = [text for entry in trail if (text := entry.details.get(f"address {YARD}"))]
        assert "changed on both sides" in told
        assert f"{later}'s wins" in told
        name = f"{CONNECTION}|company_users|{MAIN}@{TAILSPIN}"
        kept = await o.services.documents.last(name, "read")
        assert kept is not None
        streets = [one["street"] for side in kept.values() for one in side.values()]
        assert sorted(streets) == [["Commerce St"], ["F&O St"]]
        await quiet(o)

    story()


@in_outgoing(**BOTH)
async def test_what_goes_to_and_fro_is_parked(o: Outgoing) -> None:
    """Another program writes its own spelling into F&O after each change."""
    await settles(o)
    for turn in range(4):
        o.shopper_edits(MAIN, next(iter(o.book(MAIN))), f"{turn} Yard Ln")
        await o.hears_the_shop()
        await o.works_for(60)
        o.clerk_moves(YARD, f"{turn} YARD LN")
        await o.polls_accounts()
    claim = await o.claim(TAILSPIN, "accounts")
    assert f"address {YARD} has gone to and fro between F&O and Commerce 5 times" in claim.reason
