"""What accounts do becomes tasks of their sellers: once for each reason, and completed when that is
gone."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.commerce.catalogue import SHOPPERS
from sync.buying.kept import KeptAccounts
from sync.cli.person import Named, Records
from sync.cli.preview_activity import show
from sync.engine.claim import State
from sync.operating.buying import open_tasks, previewed
from sync.operating.forgetting_accounts import forget_accounts
from sync.operating.problem import Problem
from tests.console.browsing import Browser
from tests.flows.tasks import ME, SELLER, Selling, selling


@selling()
async def test_an_order_that_stays_away_is_a_task_until_it_comes(ours: Selling) -> None:
    order = await ours.buys(every=7, times=5)
    account = ours.knows(order)
    await ours.days_go(6)
    assert ours.tasks == []
    await ours.days_go(4)
    (task,) = ours.tasks
    assert (task["regardingobjectid"], task["ownerid"]) == (account, ours.seller["systemuserid"])
    assert (task["statecode"], task["prioritycode"]) == (0, 1)
    assert str(order.row["increment_id"]) in task["description"]
    assert "Score" in task["description"]
    assert "accounts?account=customer|1" in task["description"]
    await ours.days_go(3)
    assert len(ours.tasks) == 1
    await ours.delivers(ours.place())
    await ours.looks()
    assert (task["statecode"], task["statuscode"]) == (1, 5)
    assert len(ours.tasks) == 1


@selling(tasks={"rules": {"cart": {}}})
async def test_a_cart_that_was_left_is_one_task_and_a_later_one_waits(ours: Selling) -> None:
    ours.knows(await ours.buys(times=1))
    cart = ours.fills_cart()
    await ours.days_go(2)
    (task,) = ours.tasks
    assert f"Cart {cart.id}" in task["description"]
    assert "SIMPLE" not in task["description"]
    cart.status = "ordered"
    await ours.delivers(ours.place())
    await ours.looks()
    assert task["statecode"] == 1
    ours.fills_cart()
    await ours.days_go(20)
    assert len(ours.tasks) == 1
    await ours.days_go(12)
    assert [one["statecode"] for one in ours.tasks] == [1, 0]


@selling(tasks={"rules": {"cart": {}}})
async def test_what_a_seller_has_done_is_left_alone(ours: Selling) -> None:
    ours.knows(await ours.buys(times=1))
    cart = ours.fills_cart()
    await ours.days_go(2)
    (task,) = ours.tasks
    task.update(statecode=2, statuscode=6)
    await ours.days_go(8)
    cart.status = "ordered"
    await ours.days_go(8)
    assert [(one["statecode"], one["statuscode"]) for one in ours.tasks] == [(2, 6)]


@selling(tasks={"rules": {"cart": {"cool_down_days": 0}}, "cap_per_day": 1})
async def test_a_seller_gets_no_more_than_their_places_of_a_day(ours: Selling) -> None:
    shoppers = [one for one in SHOPPERS if one.id is not None and one.buys_for is None]
    for shopper in shoppers:
        ours.knows(await ours.buys(times=1, shopper=shopper))
        ours.fills_cart(shopper)
    counts = []
    for _ in range(5):
        await ours.days_go(1)
        counts.append(len(ours.tasks))
    assert [later - count for count, later in pairwise([0, *counts])] == [1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {"staff_groups": [1]}, {"staff_domains": ["example.com"]}, {"consent": "may_call"},
    ],
)  # fmt: skip
def test_nobody_is_called_who_is_of_staff_or_has_not_agreed(settings: dict[str, Any]) -> None:
    @selling(tasks={"rules": {"cart": {}}, **settings})
    async def story(ours: Selling) -> None:
        ours.knows(await ours.buys(times=1))
        ours.fills_cart()
        await ours.days_go(3)
        assert ours.tasks == []
        kept = KeptAccounts(ours.systems.tables, "shop")
        assert await kept.get(ME) is None
        claim = await ours.claim(ME, "tasks")
        assert claim.state is State.SKIPPED

    story()


@selling(tasks={"rules": {"cart": {}}})
async def test_a_seller_or_an_account_that_is_not_there_is_told_of(ours: Selling) -> None:
    order = await ours.buys(times=1)
    ours.fills_cart()
    ours.seller["isdisabled"] = True
    await ours.days_go(2)
    (key,) = await ours.parked("tasks")
    claim = await ours.claim(key, "tasks")
    assert "is disabled" in claim.reason
    assert "@" not in claim.reason
    ours.seller["isdisabled"] = False
    await ours.replays(key, "tasks")
    assert "no active account" in (await ours.claim(key, "tasks")).reason
    ours.knows(order)
    await ours.replays(key, "tasks")
    assert len(ours.tasks) == 1
    assert await ours.parked("tasks") == []


@selling(tasks={"rules": {"cart": {}}, "leads": True})
async def test_who_has_no_account_is_one_lead_and_erased_with_its_words(ours: Selling) -> None:
    await ours.buys(times=1)
    ours.fills_cart()
    await ours.days_go(2)
    (lead,) = ours.service.tables["leads"].values()
    assert lead["emailaddress1"]
    opened = await ours.services.systems_pool.open("shop")
    records = await Records(ours.services, opened).of(Named(customers=[1]))
    assert {flow for flow, _ in records} >= {"tasks"}
    assert [one async for one in ours.services.erasure.erase("shop", records)]
    await forget_accounts(ours.services, "shop", [1], [])
    await ours.works_for(60)
    assert lead["emailaddress1"] is None
    assert (lead["lastname"], lead["subject"]) == ("(erased)", "(erased)")
    kept = KeptAccounts(ours.systems.tables, "shop")
    assert await kept.get(ME) is None
    assert [one.title for one in await kept.tasks_of(ME)] == [""]
    ours.fills_cart()
    await ours.days_go(3)
    assert len(ours.service.tables["leads"]) == 1


@selling(flows=("orders", "customers", "tasks"), dataverse=None)
async def test_without_dataverse_the_console_lists_the_tasks(ours: Selling) -> None:
    ours.fills_cart()
    await ours.days_go(3)
    (task,) = await open_tasks(ours.services, "shop")
    assert (task.rule, task.owner) == ("cart", SELLER)
    browser = await Browser.of(ours)
    page = await browser.sees("/accounts")
    assert task.title in page.text
    assert "customer|1" in page.text
    one = await browser.sees("/accounts", account=ME)
    assert "<svg" in one.html
    assert "Cart" in one.text


@selling(tasks={"rules": {"overdue": {}, "repeat": {}}})
async def test_a_preview_shows_figures_reasons_and_score(
    ours: Selling, capsys: pytest.CaptureFixture[str]
) -> None:
    order = await ours.buys(every=7, times=5)
    ours.knows(order)
    await ours.works_for(timedelta(days=9).total_seconds())
    opened = await ours.services.systems_pool.open("shop")
    number = ours.header(order)["OrderingCustomerAccountNumber"]
    found = await previewed(ours.services, opened, number)
    assert found["account"] == ME
    assert [one["rule"] for one in found["reasons"]] == ["overdue"]
    assert found["figures"]["orders"] == 5
    assert found["score"]["last order"] > 0
    assert ours.tasks == []
    assert found["open"] == []
    show(found)
    told = capsys.readouterr().out
    assert "Usual order is missing" in told
    assert "Score" in told
    with pytest.raises(Problem):
        await previewed(ours.services, opened, "nobody")
