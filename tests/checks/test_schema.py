"""What both systems lose, or change, of what the mapping uses is told before a value is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from sync.app.services import Services
from sync.checks.finding import Level
from sync.checks.schema import TOLD_FOR, Known, customer_attribute_is_there, looked_at
from sync.checks.schema_watch import AGAIN, DAILY, FIRST, last_seen
from sync.engine.jobs import JOBS, Job
from tests.checks.conftest import Sandboxes, levels, only_fault
from tests.console.browsing import Browser
from tests.harness import Harness, in_harness
from tests.systems import CONNECTION

NOW: Final = datetime(2026, 3, 2, tzinfo=UTC)
BY_NUMBER: Final[dict[str, Any]] = {"match": ["customer_number", "email"]}
PRODUCTS: Final[dict[str, Any]] = {
    "flows": ["orders", "products"],
    "products": {"fields": ["name"], "attributes": {"material": {"name": "Material"}}},
}


async def test_where_nothing_is_lost_nothing_is_told(sandboxes: Sandboxes) -> None:
    probe = await sandboxes.probe(customers=BY_NUMBER)
    found, types = await looked_at(probe, {})
    assert found == []
    assert types["SalesOrderHeadersV4.SalesOrderNumber"].now == "Edm.String"
    assert await looked_at(probe, types) == ([], types)


async def test_a_field_or_an_attribute_that_is_gone_is_told(sandboxes: Sandboxes) -> None:
    sandboxes.commerce.customer_attributes.clear()
    settings: dict[str, Any] = {**PRODUCTS, "customers": BY_NUMBER}
    sandboxes.dynamics.settings.lacks = frozenset({"SalesOrderHeadersV4.LanguageId"})
    found, types = await looked_at(await sandboxes.probe(**settings), {})
    told = " ".join(one.what for one in found)
    assert "SalesOrderHeadersV4 has no field LanguageId" in told
    assert "the shop has no product attribute material" in told
    assert "the shop has no customer attribute fno_account" in told
    assert all(one.cure for one in found)
    assert "attribute material" not in types


@pytest.mark.parametrize(
    ("days", "now", "told"),
    [(0, "select", True), (6, "select", True), (8, "select", False), (1, "text", False)],
)
async def test_another_type_is_told_for_a_week_or_until_it_is_as_it_was(
    sandboxes: Sandboxes, days: int, now: str, told: bool
) -> None:
    sandboxes.commerce.products.attributes.define("material", now)
    at = sandboxes.clock.now() - timedelta(days=days)
    before = Known("text", at - timedelta(days=30)).seen("select", at)
    found, _ = await looked_at(await sandboxes.probe(**PRODUCTS), {"attribute material": before})
    said = f"attribute material is select since {at.date()}; it was text"
    assert [one.what for one in found] == [said] * told
    assert timedelta(days=6) < TOLD_FOR < timedelta(days=8)


def test_a_type_that_comes_back_is_no_change() -> None:
    first = Known("Edm.String", NOW)
    other = first.seen("Edm.Int64", NOW + TOLD_FOR)
    assert other == Known("Edm.Int64", NOW + TOLD_FOR, "Edm.String")
    assert other.seen("Edm.String", NOW + 2 * TOLD_FOR).before == ""
    assert other.seen("Edm.Int64", NOW + 2 * TOLD_FOR) is other


async def test_the_attribute_that_accounts_are_found_by_must_be_there(sandboxes: Sandboxes) -> None:
    assert await sandboxes.found(customer_attribute_is_there) == []
    assert levels(await sandboxes.found(customer_attribute_is_there, customers=BY_NUMBER)) == {"ok"}
    settings = {**BY_NUMBER, "customer_number_attribute": "erp"}
    fault = only_fault(await sandboxes.found(customer_attribute_is_there, customers=settings))
    assert (fault.level, "erp" in fault.what) == (Level.FAULT, True)


async def looks(services: Services) -> timedelta:
    """The daily job; returns after which time it is due again."""
    clock, tables = services.edition_parts.clock, services.edition_parts.tables
    await services.jobs.run(Job(f"schema|{CONNECTION}", clock.now()).outgoing().body)
    row = await tables.get(JOBS, JOBS, f"schema|{CONNECTION}")
    assert row is not None
    due = row.values["due"]
    assert isinstance(due, datetime)
    return due - clock.now()


@in_harness(customers=BY_NUMBER)
async def test_the_daily_look_is_told_by_alert_console_and_health_until_it_is_mended(
    harness: Harness,
) -> None:
    services, attributes = harness.services, harness.commerce.customer_attributes
    assert await looks(services) == FIRST
    await harness.works_for(FIRST.total_seconds())
    assert await looks(services) == DAILY
    attributes.clear()
    await harness.works_for(DAILY.total_seconds())
    assert await looks(services) == AGAIN
    seen = await last_seen(harness.systems.tables, CONNECTION)
    assert seen is not None
    assert [one["level"] for one in seen.findings] == ["fault"]
    await services.watch.look()
    causes = [one.alert.cause for one in await services.watch.alerting.standing()]
    assert f"schema|{CONNECTION}" in causes
    assert b"have lost what the mapping uses" in (await services.health()).body
    browser = await Browser.of(harness)
    for path in ("", "/connections"):
        assert "no customer attribute fno_account" in (await browser.sees(path)).text
    attributes.add("fno_account")
    await harness.works_for(AGAIN.total_seconds())
    assert await looks(services) == DAILY
    await services.watch.look()
    standing = await services.watch.alerting.standing()
    assert [one for one in standing if "schema" in one.alert.cause and one.gone_at is None] == []
