"""The pages of credit: how companies stand, one account with its reasons, and what checkouts were
told."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

from sync.app.console_sign_ins import Role
from sync.app.services import Services
from sync.core.ports import Tables
from sync.credit.decisions import Decision, Decisions
from sync.credit.prepared import Prepared, PreparedCredit
from sync.flows import FLOWS
from sync.operating.credit import MOST as LISTED
from sync.operating.credit_decisions import MOST, Wanted, decisions_page
from tests.console.browsing import Browser
from tests.console.test_bounds import Counting
from tests.flows.b2b import B2B, in_b2b
from tests.flows.test_credit import account, publishes
from tests.flows.test_credit_worlds import SETTINGS, basket, lets_through
from tests.systems import CONNECTION


@in_b2b(**SETTINGS)
async def test_how_a_company_stands_and_what_its_checkouts_were_told(b2b: B2B) -> None:
    browser = await Browser.of(b2b)
    b2b.services = browser.services
    assert "No run has read any credit yet." in (await browser.sees("/credit")).text
    number = await account(b2b, 200)
    await publishes(b2b)
    assert await lets_through(b2b, "000000777", basket(b2b))
    page = await browser.sees("/credit")
    assert number in page.text
    assert "200.00" in page.text
    page = await browser.sees("/credit/account", connection="shop", account=number)
    assert "Left in F&O: 200.00 USD" in page.text
    assert "limit: 200.00 USD (customer)" in page.text
    assert "order 000000777" in page.text
    assert "enough is left" in page.text
    b2b.clerk_holds(number, "All")
    await publishes(b2b)
    assert "the account is on hold (All)" in (await browser.sees("/credit")).text
    assert (await browser.sees("/credit/account", connection="nobody", account="x")).status == 400


async def told(tables: Tables, at: datetime, count: int, **fields: Any) -> None:
    """So many decisions of accounts, every third of them a refusal."""
    kept = Decisions(tables, CONNECTION)
    for number in range(count):
        one = Decision(
            at.isoformat(), "order", f"{number:09}", f"US-{number // 10:03}", "5", f"77{number}",
            number % 3 > 0, "enough is left" if number % 3 else "more than is left",
            "10.00", "1000.00", "0.00", "USD", at.isoformat(),
        )  # fmt: skip
        await kept.keep(replace(one, **fields), at)


@in_b2b(**SETTINGS)
async def test_decisions_of_a_day_are_found_by_account_and_outcome(b2b: B2B) -> None:
    now = b2b.clock.now()
    await told(b2b.systems.tables, now, 120)
    await told(b2b.systems.tables, now - timedelta(days=1), 1, account="US-OLD", is_allowed=True)
    browser = await Browser.of(b2b)

    async def seen(**query: Any) -> list[str]:
        page = await browser.sees("/credit/decisions", **query)
        assert page.status == 200
        return re.findall(r"order (\d{9})", page.text)

    assert await seen() == [f"{number:09}" for number in range(50)]
    assert await seen(account="us-003") == [f"{number:09}" for number in range(30, 40)]
    refused = [f"{number:09}" for number in range(0, 120, 3)]
    assert await seen(outcome="refused") == refused
    assert await seen(about="methods") == []
    assert await seen(account="us-003", outcome="refused") == refused[10:14]
    assert await seen(day=(now - timedelta(days=1)).date()) == ["000000000"]
    pages, link = list[str](), "/credit/decisions"
    while link:
        page = await browser.sees(link)
        pages += re.findall(r"order (\d{9})", page.text)
        after = re.search(r'rel="next" href="/api/console([^"]+)"', page.html)
        link = unescape(after[1]) if after else ""
    assert pages == [f"{number:09}" for number in range(120)]
    for wrong in ({"day": "x"}, {"connection": "nobody"}, {"outcome": "x"}, {"about": "x"}):
        assert (await browser.sees("/credit/decisions", **wrong)).status == 400


@in_b2b(**SETTINGS)
async def test_who_bought_is_for_operators(b2b: B2B) -> None:
    await told(b2b.systems.tables, b2b.clock.now(), 3)
    for role, is_seen in ((Role.OPERATOR, True), (Role.VIEWER, False)):
        page = await (await Browser.of(b2b, role)).sees("/credit/decisions")
        assert "more than is left" in page.text
        assert ("771" in page.text, "Buyer" in page.text) == (is_seen, is_seen)


@in_b2b(**SETTINGS)
async def test_a_page_of_decisions_looks_at_so_many_rows_and_no_more(b2b: B2B) -> None:
    await told(b2b.systems.tables, b2b.clock.now(), MOST + 100, is_allowed=True)
    counting: Any = Counting(b2b.systems.tables)
    parts = replace(b2b.systems.edition_parts(), tables=counting)
    services = Services(b2b.systems.connections, FLOWS, parts)
    wanted = Wanted(CONNECTION, b2b.clock.now().date(), outcome="refused")
    rows, more = await decisions_page(services, wanted)
    assert (rows, counting.rows) == ([], MOST + 1)
    assert more
    rows, more = await decisions_page(services, replace(wanted, start=more))
    assert (rows, more) == ([], "")


@in_b2b(**SETTINGS)
async def test_very_many_companies_are_shown_some_at_a_time(b2b: B2B) -> None:
    rows = [
        Prepared(number, f"US-{number:04}", "USD", Decimal(number), fault="?" * (number == 499))
        for number in range(100, 700)
    ]  # fmt: skip
    await PreparedCredit(b2b.systems.tables, CONNECTION).put_all(rows, b2b.clock.now())
    browser = await Browser.of(b2b)
    page = await browser.sees("/credit")
    first = re.findall(r"US-(\d{4})", page.text)
    assert (first[:2], len(first)) == (["0499", "0100"], LISTED)
    after = re.search(r'rel="next" href="/api/console([^"]+)"', page.html)
    assert after
    page = await browser.sees(unescape(after[1]))
    assert re.findall(r"US-(\d{4})", page.text) == [f"{number:04}" for number in range(600, 700)]
    assert 'rel="next"' not in page.html
