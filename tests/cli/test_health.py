"""`health`, in words and as JSON."""

import asyncio
import re
from datetime import timedelta

from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.core.ports import Row
from sync.engine.claim import PARKED
from sync.pacing.pauses import Pauses
from tests.cli.running import Line

SHOP, LEDGER = "Commerce at shop.example.com", "Dynamics at alpine-prod.operations.eu.dynamics.com"


def test_nothing_stands_still(home: Line) -> None:
    (found,) = home("health", "--json").documents
    assert (found["status"], found["attention"], found["systems"]) == ("ok", [], [])
    assert "may be called" in home("health").out


def test_a_system_that_is_not_called_is_shown_with_since_and_why(home: Line) -> None:
    async def stop() -> None:
        tables = SqliteTables(home.folder / ".sync" / "tables.sqlite")
        pauses = Pauses(tables, SystemClock())
        await pauses.away(LEDGER, timedelta(minutes=1), "Dynamics answered 502")
        await pauses.pause(SHOP, timedelta(minutes=1), "it answered 429")
        tables.close()

    asyncio.run(stop())
    found = home("health", "--json").documents[0]["systems"]
    shown = {
        one["system"]: (one["is_away"], one["reason"], len(one["connections"])) for one in found
    }
    assert shown == {
        SHOP: (False, "it answered 429", 1),
        LEDGER: (True, "Dynamics answered 502", 2),
    }
    assert all(one["since"] and one["until"] for one in found)
    out = home("health").out
    for words in (SHOP, LEDGER, "gives no answer", "asked for a pause", "Dynamics answered 502"):
        assert words in out
    assert re.search(r"\d\d:\d\d:\d\d\.\d", out) is None


def test_what_needs_a_person_is_no_ok(home: Line) -> None:
    async def happen() -> None:
        tables = SqliteTables(home.folder / ".sync" / "tables.sqlite")
        await Pauses(tables, SystemClock()).away(LEDGER, timedelta(minutes=1), "no answer")
        parked = Row("bikes-de|orders", "000000042@1", {"at": SystemClock().now()})
        await tables.upsert(PARKED, parked)
        tables.close()

    asyncio.run(happen())
    assert home("pause", "--flow", "orders", "--why", "an update").status == 0
    (found,) = home("health", "--json").documents
    assert (found["status"], found["attention"]) == ("attention", [
        "1 records wait for a person: parked", f"{LEDGER} gives no answer: check",
        "1 pauses stand: paused",
    ])  # fmt: skip
    assert "Needs attention: 1 records wait for a person" in home("health").out
