"""After an erasure nothing of a person is left: not in any file, not in any table, on both
editions; and what keeps a record from being posted twice stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync.adapters.cipher import Cipher
from sync.adapters.key_files import new_key
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.app.services import Services
from sync.cli.person import Named, Records
from sync.engine.claim import State
from sync.engine.erasure import ERASED, WHY
from sync.flows import FLOWS
from sync.operating.problem import Problem
from tests.flows.b2b import B2B, CONTOSO, KIM, in_b2b
from tests.flows.planted import PLANTED, SETTINGS, People, guessed, left_in_files
from tests.harness import LOCK, Harness, key_of
from tests.systems import CONNECTION
from tests.virtual_time import virtually


def on_disk(harness: Harness, home: Path) -> Cipher:
    """From now on the harness works on files, as the embedded edition does; what opens its
    copies."""
    cipher, systems = Cipher([new_key()]), harness.systems
    systems.queue = queue = SqliteQueue(
        home / "queue.sqlite", harness.clock, LOCK, synchronous="NORMAL"
    )
    systems.tables = tables = SqliteTables(home / "tables.sqlite", synchronous="NORMAL")

    def compact() -> None:
        queue.compact()
        tables.compact()

    parts = replace(systems.edition_parts(), sealer=cipher, compact=compact)
    harness.services = Services(systems.connections, FLOWS, parts)
    return cipher


async def erases(harness: Harness, people: People) -> list[int]:
    """As the command does it, for all who were planted."""
    services = harness.services
    systems = await services.systems_pool.open(CONNECTION)
    guest = people.orders["wump"].row["increment_id"]
    named = Named([guest], customers=[21], companies=[22])
    records = await Records(services, systems).of(named)
    counts = [count async for _, count in services.erasure.erase(CONNECTION, records)]
    services.edition_parts.compact()
    return counts


def simulated(story: Any, home: Path) -> Callable[[], Any]:
    async def played() -> None:
        harness = Harness(SETTINGS)
        harness.systems.close()
        try:
            await story(harness, on_disk(harness, home), home)
        finally:
            await harness.close()

    return played


async def whole_story(harness: Harness, cipher: Cipher, home: Path) -> None:
    people = People(harness)
    await people.come_and_buy()
    await people.left_by_an_earlier_release()
    assert left_in_files(home, cipher) == {*PLANTED, guessed()}
    order = await harness.claim(people.orders["zeb"])
    assert sum(await erases(harness, people)) > 20
    assert left_in_files(home, cipher) == set()
    assert sum(await erases(harness, people)) == 0
    assert [one async for one in harness.services.refused_keys.all()] == []
    parked = people.orders["parked"]
    claim = await harness.claim(parked)
    assert (claim.state, claim.reason) == (State.PARKED, WHY)
    assert [entry.reason for entry in await harness.trail(parked)] == [ERASED]
    assert await harness.claim(people.orders["zeb"]) == replace(order, reason="", remedy="")
    await harness.replays(key_of(people.orders["zeb"]))
    assert len(harness.headers(people.orders["zeb"])) == 1
    assert (await harness.trail(people.orders["zeb"]))[-1].event == "unchanged"


def test_nothing_of_a_person_is_left_in_any_file(tmp_path: Path) -> None:
    virtually(simulated(whole_story, tmp_path)())


@in_b2b(companies={"contacts": False})
async def test_who_bought_for_a_company_is_found_without_contacts(b2b: B2B) -> None:
    """One who ordered and has left since, one who never ordered, and nobody else."""
    lee = replace(KIM, id=8, email="lee.buyer@example.com", firstname="Lee")
    b2b.joins(lee)
    bought, other = b2b.buys(), b2b.place()
    await b2b.delivers(bought)
    await b2b.delivers(other)
    await b2b.notify(8, "customers")
    b2b.joins(replace(KIM, company_id=None, company=""))
    systems = await b2b.services.systems_pool.open(CONNECTION)
    records = await Records(b2b.services, systems).of(Named(companies=[CONTOSO]))
    assert set(records) >= {
        ("companies", str(CONTOSO)), ("orders", key_of(bought)), ("customers", "8"),
    }  # fmt: skip
    assert ("orders", key_of(other)) not in records


async def buyers_found(b2b: B2B, *customers: int) -> set[tuple[str, str]]:
    systems = await b2b.services.systems_pool.open(CONNECTION)
    named = Named(customers=customers, companies=[CONTOSO])
    return set(await Records(b2b.services, systems).of(named))


@in_b2b(companies={"contacts": False})
async def test_a_list_that_does_not_tell_who_buys_for_a_company_is_no_empty_list(b2b: B2B) -> None:
    bought = b2b.buys()
    await b2b.delivers(bought)
    b2b.commerce.lists_leave_out = frozenset({"company_attributes"})
    with pytest.raises(Problem, match="list of customers does not tell") as caught:
        await buyers_found(b2b)
    assert f"erase --company {CONTOSO}, with --customer ID" in caught.value.remedy
    b2b.commerce.lists_leave_out |= {"company_order_attributes"}
    with pytest.raises(Problem, match="list of customers does not tell"):
        await buyers_found(b2b)
    found = await buyers_found(b2b, 7)
    assert {("companies", str(CONTOSO)), ("orders", key_of(bought))} <= found


@in_b2b(companies={"contacts": False})
async def test_orders_that_name_no_company_in_their_list_are_held_against_one(b2b: B2B) -> None:
    """Who buys today is a user, and found; who has left is not, and that is said."""
    b2b.joins(lee := replace(KIM, id=8, email="lee.buyer@example.com", firstname="Lee"))
    left = b2b.buys(lee)
    await b2b.delivers(left)
    await b2b.delivers(b2b.buys())
    b2b.joins(replace(lee, company_id=None, company=""))
    b2b.commerce.lists_leave_out = frozenset({"company_order_attributes"})
    with pytest.raises(Problem, match="list of orders does not tell"):
        await buyers_found(b2b)
    assert ("orders", key_of(left)) in await buyers_found(b2b, 8)


@in_b2b(companies={"contacts": False})
async def test_a_company_for_which_nobody_has_bought_is_no_gap(b2b: B2B) -> None:
    await b2b.notify()
    assert ("companies", str(CONTOSO)) in await buyers_found(b2b)
