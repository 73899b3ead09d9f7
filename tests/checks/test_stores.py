"""Store views and their days: what the shop has, against what the connections of the file say."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from sync.checks.finding import Finding, Level, findings_of
from sync.checks.stores import (
    stores_are_handled,
    templates_tell_stores_apart,
    websites_exist,
)
from sync.checks.time_zones import days_agree, offset_named, offsets
from sync.config.connections import NumberMode
from sync.config.connections.templates import SUGGESTED
from sync.dynamics.client import DynamicsClient
from sync.dynamics.transport import http_client
from tests.checks.conftest import Sandboxes, levels
from tests.commerce.shop import CREDENTIALS, Shop
from tests.contracts.hand_clock import HandClock
from tests.pacing.paces import pace_of

VIEWS = [
    {"id": number, "code": code, "website_id": 1, "is_active": active}
    for number, code, active in ((0, "admin", 1), (1, "en", 1), (2, "de", 1), (3, "fr", 0))
]


@pytest.mark.parametrize(
    ("own", "beside", "left"),
    [
        (("1", "2"), (), ""),
        (("1",), ("2",), ""),
        (("1",), (), "2 (de)"),
        (("default",), (), ""),
        (("3",), (), "1 (en), 2 (de)"),
    ],
)
async def test_store_views_that_no_connection_has_are_told(
    own: Sequence[str], beside: Sequence[str], left: str
) -> None:
    shop = Shop(HandClock().now, records={"store/storeViews": VIEWS})
    async with AsyncExitStack() as stack:
        probe = await Sandboxes(stack, shop=shop, credentials=CREDENTIALS).probe()
        settings = probe.settings.model_copy(
            update={"stores": dict.fromkeys(own, probe.settings.stores["1"])}
        )
        other = probe.settings.model_copy(
            update={"stores": dict.fromkeys(beside, probe.settings.stores["1"])}
        )
        (found,) = await findings_of(
            stores_are_handled, replace(probe, settings=settings, neighbours=(other,))
        )
    assert (found.level is Level.WARN) is bool(left)
    assert left in found.what


BARE = {"orders": {"reference_template": "{increment_id}"}}


@pytest.mark.parametrize(
    ("stores", "changes", "level", "told"),
    [
        (("1",), {}, Level.OK, "1 (en)"),
        (("default",), {}, Level.OK, "1 (en), 2 (de)"),
        (("1", "2"), BARE, Level.FAULT, "store views 1 (en), 2 (de) send"),
        (("default",), BARE, Level.FAULT, "orders.reference_template has no {store_id}"),
        (("1",), BARE, Level.WARN, "only store view 1 (en) sends"),
        (
            ("default",),
            {
                "orders": {
                    "reference_template": "{entity_id}",
                    "number_template": "W{increment_id}",
                    "numbers": NumberMode.OURS,
                }
            },
            Level.FAULT,
            "orders.number_template",
        ),
        (("default",), {"orders": {"reference_template": "{entity_id}"}}, Level.OK, ""),
        (
            ("default",),
            {"flows": ("invoices",), "invoices": {"reference_template": "I{increment_id}"}},
            Level.FAULT,
            "invoices.reference_template",
        ),
        (
            ("default",),
            {"flows": ("creditmemos",), "creditmemos": {"number_template": "C{increment_id}"}},
            Level.OK,
            "",
        ),
        (("default",), {"invoices": {"reference_template": "I{increment_id}"}}, Level.OK, ""),
    ],
)
async def test_templates_without_the_store_are_told_where_several_store_views_send(
    stores: Sequence[str], changes: Mapping[str, Any], level: Level, told: str
) -> None:
    found = await _templates_checked(VIEWS, stores, changes)
    (one,) = found
    assert one.level is level
    assert told in one.what
    assert (SUGGESTED["orders"][:10] in one.cure) is (level is not Level.OK)


async def test_a_shop_of_one_store_view_needs_no_store_in_its_templates() -> None:
    (one,) = await _templates_checked(VIEWS[:2], ("1",), BARE)
    assert one.level is Level.OK


async def _templates_checked(
    views: Sequence[Mapping[str, Any]], stores: Sequence[str], changes: Mapping[str, Any]
) -> list[Finding]:
    shop = Shop(HandClock().now, records={"store/storeViews": list(views)})
    async with AsyncExitStack() as stack:
        probe = await Sandboxes(stack, shop=shop, credentials=CREDENTIALS).probe()
        sections = {
            name: value
            if name == "flows"
            else getattr(probe.settings, name).model_copy(update=value)
            for name, value in changes.items()
        }
        named = dict.fromkeys(stores, probe.settings.stores["1"])
        settings = probe.settings.model_copy(update={"stores": named, **sections})
        return await findings_of(templates_tell_stores_apart, replace(probe, settings=settings))


@pytest.mark.parametrize(
    ("websites", "faults"),
    [
        ([], []),
        ([1], []),
        ([1, 7], ["commerce.websites: the shop has no website 7"]),
        ([2], ["commerce.websites: the shop has no website 2", "stores.1 is of website 1"]),
    ],
)
async def test_websites_that_are_named_are_looked_for(
    sandboxes: Sandboxes, websites: list[int], faults: list[str]
) -> None:
    found = await sandboxes.found(websites_exist, commerce={"websites": websites})
    reported = [one for one in found if one.level is not Level.OK]
    assert [one.what.partition(",")[0] for one in reported] == faults
    assert all(one.cure for one in reported)
    assert bool(found) is bool(websites)


async def dated(
    zones: Mapping[str, str],
    ledger: str | None = None,
    flows: tuple[str, ...] = ("invoices",),
    **sections: Any,
) -> list[Finding]:
    configs = [
        {"id": int(name), "code": f"s{name}", "timezone": zone} for name, zone in zones.items()
    ]
    shop = Shop(HandClock().now, records={"store/storeConfigs": configs})
    async with AsyncExitStack() as stack:
        sandboxes = Sandboxes(stack, shop=shop, credentials=CREDENTIALS)
        if ledger:
            sandboxes.dynamics.put("LegalEntities", LegalEntityId="USMF", TimeZone=ledger)
        probe = await sandboxes.probe(**sections)
        return await findings_of(
            days_agree, replace(probe, settings=probe.settings.model_copy(update={"flows": flows}))
        )


@pytest.mark.parametrize(
    ("theirs", "ours", "agree"),
    [
        ("UTC", "UTC", True),
        ("Europe/Vienna", "Europe/Berlin", True),
        ("America/New_York", "UTC", False),
        ("Europe/London", "UTC", False),
        ("America/Phoenix", "America/Denver", False),
        ("Nowhere/Land", "UTC", False),
    ],
)
async def test_the_days_of_the_shop_are_held_against_those_of_the_books(
    theirs: str, ours: str, agree: bool
) -> None:
    found = await dated({"1": theirs}, dynamics={"time_zone": ours})
    assert levels(found) == {"ok" if agree else "warn"}
    assert theirs in found[0].what or agree


async def test_each_time_zone_and_legal_entity_is_told_once_with_the_line_to_write() -> None:
    stores = {"1": {}, "2": {}, "3": {"company": "demf"}}
    zones = {
        "1": "America/Chicago",
        "2": "America/Chicago",
        "3": "Europe/Berlin",
        "9": "Asia/Tokyo",
    }
    found = await dated(zones, stores=stores)
    assert [one.what.partition(":")[0] for one in found] == ["store views 1, 2", "store view 3"]
    assert 'time_zone = "America/Chicago" in [connections.shop.dynamics]' in found[0].cure
    assert 'time_zones = { demf = "Europe/Berlin" } in [connections.shop.dynamics]' in found[1].cure


@pytest.mark.parametrize(
    ("ledger", "level"),
    [("GMTPLUS0100_AMSTERDAM_BERLIN_BERN_ROME", Level.OK), ("GMTMINUS0600CENTRALTIME", Level.WARN)],
)
async def test_the_zone_of_the_legal_entity_in_dynamics_is_compared(
    ledger: str, level: Level
) -> None:
    found = await dated({}, ledger, dynamics={"time_zone": "Europe/Berlin"})
    assert [one.level for one in found] == [level]
    assert ledger in found[0].what


@pytest.mark.parametrize(("status", "level"), [(400, Level.OK), (401, Level.FAULT)])
async def test_what_the_ledger_does_not_show_hides_nothing_of_the_shop(
    sandboxes: Sandboxes, status: int, level: Level
) -> None:
    refusal = {
        "error": {"message": "Could not find a property named 'TimeZone' on type 'LegalEntity'"}
    }
    probe = await sandboxes.probe()
    async with http_client(
        transport=httpx.MockTransport(lambda _: httpx.Response(status, json=refusal))
    ) as ledger:
        dynamics = DynamicsClient(
            probe.settings.dynamics, http=ledger, tokens=sandboxes.tokens,
            clock=sandboxes.clock, pace=pace_of(sandboxes.clock),
        )  # fmt: skip
        settings = probe.settings.model_copy(update={"flows": ("invoices",)})
        found = await findings_of(days_agree, replace(probe, settings=settings, dynamics=dynamics))
        await dynamics.aclose()
    assert [one.level for one in found] == [Level.OK, level]
    assert found[0].what == "store view 1 and the books of usmf have the same days (UTC)"


async def test_nothing_is_said_of_days_where_nothing_is_dated() -> None:
    assert await dated({"1": "Asia/Tokyo"}, flows=("orders", "customers")) == []


@pytest.mark.parametrize(
    ("member", "hours"),
    [
        ("GMTMINUS0330NEWFOUNDLAND", -3.5),
        ("GMT_PLUS0300KALININGRAD_MINSK", 3),
        ("GMT_COORDINATEDUNIVERSALTIME", 0),
        ("GMTPLUS0545KATHMANDU", 5.75),
        ("", None),
    ],
)
def test_the_names_of_zones_in_dynamics_tell_their_offset(member: str, hours: float | None) -> None:
    assert offset_named(member) == (None if hours is None else timedelta(hours=hours))


def test_zones_with_the_same_offset_and_another_summer_differ() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert offsets(ZoneInfo("America/Phoenix"), now) != offsets(ZoneInfo("America/Denver"), now)
