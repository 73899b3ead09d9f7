"""A claim is held while its delivery works, and a delivery ends before its host ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.core.errors import Later
from sync.engine.claim import LEASE, Claim, State
from sync.engine.delivery import Delivery
from sync.engine.lease_keeper import LONGEST, TookTooLong, in_time, kept
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.hosts.pump import FUNCTION_TIMEOUT
from tests.doubles.digests import DIGESTS
from tests.engine.archive import TARGET
from tests.virtual_time import LoopClock, virtually

KEY = ("shop", "orders", "1@1")
SHORT, LONG = timedelta(seconds=1), timedelta(minutes=20)


class Tables(SqliteTables):
    """Can be away."""

    is_away = False

    async def replace(self, table: str, row: Any) -> Any:
        if self.is_away:
            raise Later("tables are away", counts=False)
        return await super().replace(table, row)


def with_claim(work: Callable[[Tables, Ledger, Claim], Awaitable[None]]) -> None:
    async def run() -> None:
        tables = Tables(":memory:")
        ledger = Ledger(tables, LoopClock(), DIGESTS)
        claim, is_held = await ledger.take(*KEY, "me")
        assert is_held
        await work(tables, ledger, claim)
        tables.close()

    virtually(run())


async def passes(length: timedelta) -> None:
    await asyncio.sleep(length.total_seconds())


async def is_free(ledger: Ledger) -> bool:
    return (await ledger.take(*KEY, "other"))[1]


def test_nobody_takes_a_record_whose_delivery_goes_on() -> None:
    async def work(_: Tables, ledger: Ledger, claim: Claim) -> None:
        with kept(ledger, claim):
            await passes(LONG)
            assert not await is_free(ledger)
            saved = await ledger.save(claim, state=State.POSTING, intent_document="d")
            await passes(LONG)
            released = await ledger.release(saved, reason="waits")
            await passes(LONG)
        assert (released.owner, released.intent_document, released.again) == ("", "d", True)
        assert (await ledger.claim(*KEY)).etag == released.etag, "nothing is renewed any more"
        assert await is_free(ledger)

    with_claim(work)


def test_the_record_of_a_delivery_that_has_ended_is_free_when_its_lease_is_over() -> None:
    async def work(_: Tables, ledger: Ledger, claim: Claim) -> None:
        with kept(ledger, claim):
            await passes(LONG)
        await passes(LEASE + SHORT)
        assert await is_free(ledger)

    with_claim(work)


def test_a_blip_of_the_tables_loses_no_lease() -> None:
    async def work(tables: Tables, ledger: Ledger, claim: Claim) -> None:
        with kept(ledger, claim):
            tables.is_away = True
            await passes(LEASE / 2)
            tables.is_away = False
            await passes(LONG)
            assert not await is_free(ledger)

    with_claim(work)


def test_a_delivery_is_given_up_before_its_host_stops_the_function() -> None:
    async def work() -> None:
        with pytest.raises(TookTooLong):
            async with in_time():
                await passes(LONG)
        assert asyncio.get_running_loop().time() == LONGEST.total_seconds()
        with pytest.raises(TimeoutError):
            async with in_time():
                raise TimeoutError
        async with in_time():
            await passes(SHORT)

    virtually(work())
    assert LONGEST < FUNCTION_TIMEOUT


def test_what_a_delivery_that_is_given_up_announced_stays_announced() -> None:
    """A joined request goes on without it, so nothing is known before the announced time."""

    async def work(_: Tables, ledger: Ledger, claim: Claim) -> None:
        systems: Any = SimpleNamespace(clock=LoopClock())
        message = Message("orders", "shop", "1@1", "webhook", LoopClock().now())
        nothing: Any = None
        delivery = Delivery(systems, ledger, nothing, message, claim, nothing)
        await delivery.intend("sales_order", "digest", TARGET)
        assert delivery.settles_sooner(TookTooLong("given up")) == {}
        assert delivery.settles_sooner(Later("refused"))

    with_claim(work)
