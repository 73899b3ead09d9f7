"""One cause is one line: what cannot be looked at since a system does not answer, is not tried."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.checks.connection import CHECKS, GROUPS, checked
from sync.checks.finding import Finding, Level, Own, Probe, findings_of
from sync.checks.items import items_are_there
from sync.checks.own import stores_answer
from sync.core.errors import Later
from sync.core.message_queue import Outgoing
from sync.engine.queues import DELIVERIES
from sync.mapping_tables.tables import ItemMapping, ItemMappings
from tests.checks.conftest import Sandboxes, levels, only_fault

PUBLISHING: dict[str, Any] = {
    "flows": ["orders", "customers", "invoices", "stock", "prices"],
    "stock": {"sources": {"13": "default"}},
    "prices": {"currency": "USD", "groups": {"10": "General"}},
    "invoices": {"banks": {"*": "USMF OPER"}},
    "customers": {"currency": "USD"},
}

MORE = ("companies", "creditmemos", "posted_invoices", "products", "shipments", "captures")


async def found_by_all(probe: Probe) -> list[Finding]:
    """What all checks find, each finding once."""
    found = dict[Finding, None]()
    async for _, each in checked(probe):
        found |= dict.fromkeys(each)
    return list(found)


def _no_secret(sandboxes: Sandboxes) -> None:
    del sandboxes.secrets.values["token-secret"]


def _wrong_secret(sandboxes: Sandboxes) -> None:
    sandboxes.secrets.values["token-secret"] = "mistyped"


def _wrong_token(sandboxes: Sandboxes) -> None:
    sandboxes.tokens.value = "another"


@pytest.mark.parametrize(
    ("breaks", "changes", "cure", "left_out"),
    [
        (_no_secret, {}, "Store token-secret.", "Commerce"),
        (_wrong_secret, {}, "Compare consumer_secret and token_secret", "Commerce"),
        (_wrong_token, {}, "Check in F&O (System administration", "D365"),
        (lambda _: None, {"dynamics": {"company": "none"}}, "Correct company in", ""),
    ],
)
async def test_one_cause_is_one_line_with_its_cure(
    sandboxes: Sandboxes,
    breaks: Callable[[Sandboxes], None],
    changes: dict[str, Any],
    cure: str,
    left_out: str,
) -> None:
    breaks(sandboxes)
    found = await found_by_all(await sandboxes.probe(**PUBLISHING, **changes))
    (told,) = [one for one in found if one.level is Level.FAULT]
    assert told.cure.startswith(cure)
    said = [one.what for one in found if "were left out" in one.what]
    assert [what.split(" of ")[1].split()[0] for what in said] == [left_out] * bool(left_out)


async def test_whatever_is_found_has_a_cure(sandboxes: Sandboxes) -> None:
    changes = {"stores": {"9": {}}, "dynamics": {"company": "none"}}
    found = await found_by_all(await sandboxes.probe(**PUBLISHING, **changes))
    assert len([one for one in found if one.level is not Level.OK]) > 3
    assert [one.what for one in found if one.level is not Level.OK and not one.cure] == []


async def test_every_check_is_in_one_group_and_tried_where_all_is_well(
    sandboxes: Sandboxes,
) -> None:
    tried = [name async for name, _ in checked(await sandboxes.probe())]
    assert tried == [check.__name__ for group in GROUPS for check in group.checks]
    assert len(set(tried)) == len(CHECKS)


async def test_it_is_done_within_a_minute_where_each_answer_takes_half_a_second(
    sandboxes: Sandboxes,
) -> None:
    """It asks one thing after the other, also where the shop has very many orders."""
    sandboxes.commerce.place_new(60, visible_in=timedelta(0))
    probe = await sandboxes.probe(**{**PUBLISHING, "flows": [*PUBLISHING["flows"], *MORE]})
    await found_by_all(probe)
    asked = sandboxes.commerce.requests.total(), probe.dynamics.counts.total()
    assert sum(asked) <= 90, asked
    assert min(asked) > 10


async def test_an_item_that_f_and_o_does_not_have_is_told_with_its_sku(
    sandboxes: Sandboxes,
) -> None:
    probe = await sandboxes.probe()
    items = ItemMappings(SqliteTables(":memory:"), "shop", probe.settings.items, probe.clock)
    probe = replace(probe, lookups=replace(probe.lookups, items=items))
    (there, *_) = sandboxes.dynamics.store.table("ReleasedProductsV2").records.values()
    number = there.values["ItemNumber"]
    await probe.lookups.items.put(ItemMapping("SKU-1", str(number).lower()))
    assert levels(await findings_of(items_are_there, probe)) == {"ok"}
    await probe.lookups.items.put(ItemMapping("SKU-2", "NO-SUCH-ITEM"))
    probe.known.items["BY-RULE"] = "by-rule"
    told = only_fault(await findings_of(items_are_there, probe))
    assert told.what.startswith("2 of 3 items of SKUs are not released in usmf")
    assert "NO-SUCH-ITEM for SKU SKU-2" in told.what
    assert "map items set SKU ITEM --connection shop" in told.cure


async def test_queues_and_tables_are_looked_at(sandboxes: Sandboxes) -> None:
    queue = SqliteQueue(":memory:", sandboxes.clock, timedelta(minutes=1))
    tables = SqliteTables(":memory:")
    probe = replace(await sandboxes.probe(), own=Own(queue, tables))
    assert levels(await findings_of(stores_answer, probe)) == {"ok"}
    await queue.send([Outgoing(DELIVERIES[0], b"junk", "junk")])
    (taken,) = await queue.receive(DELIVERIES[0], most=1, wait=timedelta())
    await queue.dead_letter(taken, reason="MaxDeliveryCountExceeded")
    told = only_fault(await findings_of(stores_answer, probe))
    assert (told.level, told.what) == (Level.WARN, "1 messages were set aside by the queues")


class Away(SqliteTables):
    """Tables that do not answer."""

    async def get(self, *_: str) -> None:
        raise Later("the tables do not answer")


async def test_tables_that_are_away_are_a_fault(sandboxes: Sandboxes) -> None:
    own = Own(SqliteQueue(":memory:", sandboxes.clock, timedelta(minutes=1)), Away(":memory:"))
    told = only_fault(await findings_of(stores_answer, replace(await sandboxes.probe(), own=own)))
    assert (told.level, told.what) == (
        Level.FAULT, "the tables cannot be used: the tables do not answer",
    )  # fmt: skip
    assert told.cure
