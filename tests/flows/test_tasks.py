"""What accounts do becomes tasks of their sellers: once for each reason, and completed when that is
gone."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.records import StoredOrder
from sandbox.dials import Arrival, Kind
from sync.buying.heard import decision_heard
from sync.buying.kept import SLOTS, KeptAccounts
from sync.cli.person import Named, Records
from sync.cli.preview_activity import show
from sync.commerce.models.order import utc
from sync.credit.decisions import Decision, Decisions
from sync.credit.prepared import Prepared, PreparedCredit
from sync.engine.claim import State
from sync.operating.buying import open_tasks, previewed
from sync.operating.forgetting_accounts import forget_accounts
from sync.operating.problem import Problem
from sync.reconcile.difference import Cause
from tests.console.browsing import Browser
from tests.flows.b2b import CONTOSO, KIM
from tests.flows.tasks import ME, SELLER, Selling, selling
from tests.harness import GUEST
from tests.reconcile.planted import mended, reconciled

DAY = 24 * 3600
OTHERS = ("taskslots", "claims", "trail")
BO = next(one for one in SHOPPERS if one.id == CONTOSO)


@selling()
async def test_an_order_that_stays_away_is_a_task_until_it_comes(ours: Selling) -> None:
    order = await ours.keeps_buying(every=7, times=5)
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


@selling(tasks={"rules": {"cart": {}}, "guest_consent": "may_call"})
async def test_a_guest_who_agreed_and_left_a_cart_is_a_lead_and_no_other_is(ours: Selling) -> None:
    ours.fills_cart(GUEST)
    ours.fills_cart(GUEST, may_call=False)
    cart = ours.fills_cart(GUEST, may_call=True)
    await ours.days_go(3)
    (lead,) = ours.leads
    assert (lead["emailaddress1"], lead["lastname"]) == (GUEST.email, "Gus Guest")
    assert f"Cart {cart.id}" in lead["description"]
    assert "Consent: may_call" in lead["description"]
    assert ours.tasks == []
    cart.items.clear()
    await ours.days_go(2)
    assert ours.leads == [lead], "it is a person's own to close"


@selling(tasks={"rules": {"cart": {}}})
async def test_a_cart_that_was_left_is_one_task_and_a_later_one_waits(ours: Selling) -> None:
    ours.knows(await ours.keeps_buying(times=1))
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
    await ours.days_go(3)
    assert len(ours.tasks) == 1


@selling(tasks={"rules": {"cart": {}}})
async def test_what_a_seller_has_done_is_left_alone(ours: Selling) -> None:
    ours.knows(await ours.keeps_buying(times=1))
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
        ours.knows(await ours.keeps_buying(times=1, shopper=shopper))
        ours.fills_cart(shopper)
    counts = []
    for _ in range(5):
        await ours.days_go(1)
        counts.append(len(ours.tasks))
    assert [later - count for count, later in pairwise([0, *counts])] == [1, 1, 1, 1, 0]


@pytest.mark.long
@selling(tasks={"rules": {"cart": {}}})
async def test_a_later_cart_waits_for_the_rest_of_the_cool_down(ours: Selling) -> None:
    ours.knows(await ours.keeps_buying(times=1))
    cart = ours.fills_cart()
    await ours.days_go(2)
    cart.status = "ordered"
    await ours.days_go(2)
    ours.fills_cart()
    await ours.days_go(26)
    assert len(ours.tasks) == 1
    await ours.days_go(6)
    assert [one["statecode"] for one in ours.tasks] == [1, 0]


@pytest.mark.parametrize(
    "settings",
    [
        {"staff_groups": [1]}, {"staff_domains": ["example.com"]}, {"consent": "may_call"},
    ],
)  # fmt: skip
def test_nobody_is_called_who_is_of_staff_or_has_not_agreed(settings: dict[str, Any]) -> None:
    @selling(tasks={"rules": {"cart": {}}, **settings})
    async def story(ours: Selling) -> None:
        ours.knows(await ours.keeps_buying(times=1))
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
    order = await ours.keeps_buying(times=1)
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
    await ours.keeps_buying(times=1)
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


@selling(tasks={"rules": {"cart": {}}, "leads": True})
async def test_who_gets_an_account_while_a_lead_is_under_way_stays_one_lead(ours: Selling) -> None:
    order, known = await ours.keeps_buying(times=1), list[str]()

    def is_first(arrival: Arrival) -> bool:
        if "/leads(" not in arrival.path or known:
            return False
        known.append(ours.knows(order))
        return True

    ours.fills_cart()
    ours.systems.service_dials.next(Kind.ERROR_AFTER, where=is_first)
    await ours.days_go(2)
    assert known
    assert (len(ours.leads), ours.tasks, await ours.parked("tasks")) == (1, [], [])


@selling(tasks={"rules": {"cart": {}}, "leads": True})
async def test_a_lead_that_was_never_made_is_not_made_to_be_ended(ours: Selling) -> None:
    await ours.keeps_buying(times=1)
    cart, refused = ours.fills_cart(), list[str]()

    def is_first(arrival: Arrival) -> bool:
        if "/leads(" not in arrival.path or refused:
            return False
        refused.append(arrival.path)
        cart.items.clear()
        return True

    ours.systems.service_dials.next(Kind.ERROR_BEFORE, where=is_first)
    await ours.days_go(3)
    assert refused
    assert (ours.leads, await ours.parked("tasks")) == ([], [])


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


@selling(tasks={"rules": {"overdue": {}, "repeat": {}}, "categories": True})
async def test_a_preview_shows_figures_reasons_and_score(
    ours: Selling, capsys: pytest.CaptureFixture[str]
) -> None:
    ours.commerce.products.members["simple-001"] = {7}
    order = await ours.keeps_buying(every=7, times=5)
    ours.knows(order)
    await ours.works_for(timedelta(days=9).total_seconds())
    opened = await ours.services.systems_pool.open("shop")
    number = ours.header(order)["OrderingCustomerAccountNumber"]
    found = await previewed(ours.services, opened, number)
    assert found["account"] == ME
    assert [one["rule"] for one in found["reasons"]] == ["overdue"]
    assert found["figures"]["orders"] == 5
    most = dict(found["figures"]["bought_most"])
    assert found["figures"]["categories"] == [["7", most["SIMPLE-001"]]]
    assert found["score"]["last order"] > 0
    assert ours.tasks == []
    assert found["open"] == []
    show(found)
    told = capsys.readouterr().out
    assert "Usual order is missing" in told
    assert "Score" in told
    with pytest.raises(Problem):
        await previewed(ours.services, opened, "nobody")


PAYER = "US-004"
"""The account that pays for the companies of these stories."""
COMPANIES: dict[str, Any] = {
    "flows": ("orders", "customers", "companies", "tasks"),
    "credit": {"currency": "USD"},
}


@selling(**COMPANIES, tasks={"rules": {"cart": {"audience": "companies"}}})
async def test_who_buys_for_a_company_is_looked_at_as_the_company(ours: Selling) -> None:
    ours.joins(KIM)
    ours.commerce.roles[5] = {
        "company_id": CONTOSO, "role_name": "Buyer", "permissions": [], "users": [KIM.id],
    }  # fmt: skip
    await ours.delivers(ours.place(shopper=KIM))
    order = ours.place(shopper=BO)
    await ours.delivers(order)
    account = ours.knows(order)
    ours.fills_cart(KIM)
    ours.fills_cart()
    await ours.days_go(3)
    (task,) = ours.tasks
    assert task["regardingobjectid"] == account
    kept = KeptAccounts(ours.systems.tables, "shop")
    listed = await kept.get(f"company|{CONTOSO}")
    assert listed is not None
    assert (listed.figures["orders"], listed.figures["carts"]) == (2, 1)
    assert await kept.get(f"customer|{KIM.id}") is None
    assert "buys for company" in (await ours.claim(f"customer|{KIM.id}", "tasks")).reason
    left = replace(KIM, company=None, company_id=None)
    ours.joins(left)
    ours.commerce.roles[5]["users"] = []
    await ours.delivers(ours.place(shopper=left))
    for _ in range(2):
        await ours.delivers(ours.place(shopper=BO))
        await ours.looks()
    listed = await kept.get(f"company|{CONTOSO}")
    assert listed is not None
    assert (listed.figures["orders"], listed.figures["carts"]) == (4, 0)
    assert listed.buyers == [BO.id, KIM.id]
    own = await kept.get(f"customer|{KIM.id}")
    assert own is not None
    assert own.figures["orders"] == 1
    await forget_accounts(ours.services, "shop", [KIM.id or 0], [])
    assert await kept.buyers_of(f"company|{CONTOSO}") == [BO.id]


async def _is_refused_credit(ours: Selling, order: StoredOrder) -> None:
    """The checkout refuses Contoso today, and on other days another company: of the same payer, and
    one that Contoso's account pays for."""
    now, tables, settings = (
        ours.clock.now(), ours.systems.tables, ours.services.connections["shop"],
    )  # fmt: skip
    refused = Decision(
        now.isoformat(), "order", "17", PAYER, str(CONTOSO), "2",
        is_allowed=False, reason="no credit left",
    )  # fmt: skip
    await PreparedCredit(tables, "shop").put(Prepared(CONTOSO, PAYER), now)
    await Decisions(tables, "shop").keep(refused, now)
    await decision_heard(tables, "shop", settings, refused)
    for days, payer in ((1, PAYER), (2, ours.number(order))):
        before = now - timedelta(days=days)
        of_another = replace(refused, at=before.isoformat(), account=payer, company="9")
        await Decisions(tables, "shop").keep(of_another, before)


@selling(
    **COMPANIES,
    tasks={
        "leads": True,
        "rules": {
            "registration": {"threshold": 1}, "company_request": {}, "quote": {"threshold": 1},
            "refusal": {"urgent": True, "case": True},
            "return": {"threshold": 1, "cool_down_days": 0},
        },
    },
)  # fmt: skip
async def test_every_kind_of_signal_is_found_and_followed_to_its_end(ours: Selling) -> None:
    order = ours.place(shopper=BO)
    await ours.delivers(order)
    ours.knows(order)
    ours.joins(replace(KIM, id=70, email="lee@fabrikam.example", company=None, company_id=None))
    ours.commerce.save_company(4, status=0)
    quote = ours.commerce.request_quote(BO, STORES[0], {"SIMPLE-001": 2})
    order.items[0]["qty_shipped"] = 1
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    await _is_refused_credit(ours, order)
    await ours.days_go(2)
    told = sorted(str(one["description"]).partition("\n")[0] for one in ours.tasks)
    (case,) = ours.service.tables["incidents"].values()
    assert (case["statecode"], case["prioritycode"]) == (0, 1)
    assert str(case["description"]).startswith("The checkout refused credit on 1 days")
    assert len(told) == 2, told
    assert told[0].startswith("1 returns in 30 days")
    assert told[1].startswith(f"Negotiable quote {quote.id} waits")
    leads = {str(one["subject"]) for one in ours.service.tables["leads"].values()}
    assert leads == {"Registered and has not ordered", "Company waits for approval"}
    ours.commerce.decline_quote(quote.id, "no")
    order.items[1]["qty_shipped"] = 1
    later = ours.commerce.request_return(order, {order.items[1]["item_id"]: 1})
    ours.commerce.set_rma(rma, "closed")
    await ours.days_go(2)
    states = {str(one["description"])[:9]: one["statecode"] for one in ours.tasks}
    assert (states, len(ours.tasks)) == ({"1 returns": 0, "Negotiabl": 1}, 2)
    ours.commerce.set_rma(later, "closed")
    await ours.days_go(2)
    assert [one["statecode"] for one in ours.tasks] == [1, 1]
    assert case["statecode"] == 0
    await ours.works_for(timedelta(days=30).total_seconds())
    await ours.days_go(1)
    assert (case["statecode"], case["statuscode"]) == (1, 5)


@selling(
    tasks={
        "rules": {"cart": {}},
        "columns": {"score": "new_webscore", "next_order": "new_nextorder"},
    }
)
async def test_figures_stand_in_the_columns_that_are_installed(ours: Selling) -> None:
    account = ours.knows(await ours.keeps_buying(every=7, times=1))
    await ours.days_go(1)
    row = ours.service.tables["accounts"][account]
    before = row["new_webscore"]
    assert before > 0
    assert row["new_nextorder"] is None
    await ours.keeps_buying(every=7, times=4)
    ours.systems.service_dials.next(Kind.LOST, writes=True)
    await ours.days_go(2)
    assert row["new_webscore"] > before
    assert str(row["new_nextorder"]).startswith("20")
    writes = [one for one in ours.service.requests if one.startswith("PATCH /accounts")]
    await ours.days_go(1)
    assert writes == [one for one in ours.service.requests if one.startswith("PATCH /accounts")]


@pytest.mark.parametrize(
    "table", ["accounttasks", *(pytest.param(one, marks=pytest.mark.long) for one in OTHERS)]
)
def test_a_process_that_dies_makes_no_second_task_and_takes_no_second_place(table: str) -> None:
    @selling(tasks={"rules": {"cart": {}}, "cap_per_day": 1})
    async def story(ours: Selling) -> None:
        ours.knows(await ours.keeps_buying(times=1))
        cart = ours.fills_cart()
        await ours.works_for(timedelta(hours=25).total_seconds())
        await ours.services.intake.accept("tasks", "shop", [ME], "poll")
        assert ours.tasks == []
        key = f"{ME}|cart|{cart.id}-{utc(cart.updated_at):%Y%m%d%H%M%S}"
        await ours.works_until_it_dies(before=table, within=600)
        await ours.replays(key, "tasks")
        assert len(ours.tasks) == 1
        kept = KeptAccounts(ours.systems.tables, "shop")
        assert [one.episode for one in await kept.tasks_of(ME)] == [key.rpartition("|")[2]]
        today = f"{ours.clock.now():%Y%m%d}|"
        slots = ours.systems.tables.query(SLOTS, kept._slots(SELLER), start=today)
        assert len([slot async for slot in slots]) <= 1

    story()


@selling(tasks={"rules": {"cart": {}}})
async def test_an_account_with_a_task_is_looked_at_each_day_though_nothing_is_heard_of_it(
    ours: Selling,
) -> None:
    ours.knows(await ours.keeps_buying(times=1))
    cart = ours.fills_cart()
    await ours.days_go(1)
    (task,) = ours.tasks
    cart.status = "ordered"
    await ours.days_go(1)
    assert task["statecode"] == 1


@selling(tasks={"rules": {"cart": {}}})
async def test_a_task_that_waits_for_a_person_leaves_the_list_once_its_reason_is_gone(
    ours: Selling,
) -> None:
    await ours.keeps_buying(times=1)
    cart = ours.fills_cart()
    await ours.days_go(1)
    (key,) = await ours.parked("tasks")
    assert key.startswith(f"{ME}|cart|{cart.id}")
    cart.status = "ordered"
    await ours.days_go(1)
    assert await ours.parked("tasks") == []
    assert ours.tasks == []


@selling(tasks={"rules": {"cart": {"cool_down_days": 0}}})
async def test_a_reconciliation_tells_of_tasks_that_are_missing_or_not_completed(
    ours: Selling,
) -> None:
    ours.knows(await ours.keeps_buying(times=1))
    cart = ours.fills_cart()
    await ours.days_go(3)
    (task,) = ours.tasks
    assert (await reconciled(ours, "tasks"))[0] == []
    cart.status = "ordered"
    (over,), _ = await reconciled(ours, "tasks")
    assert over.cause is Cause.NOT_DUE, "it is looked at again within the day"
    await ours.works_for(2 * DAY)
    (over,), _ = await reconciled(ours, "tasks")
    assert over.key.startswith(f"{ME}|cart|{cart.id}")
    assert (over.cause, over.difference) == (Cause.AMOUNT, Decimal(-1))
    await mended(ours, over)
    assert task["statecode"] == 1
    ours.fills_cart()
    await ours.works_for(4 * DAY)
    (missing,), _ = await reconciled(ours, "tasks")
    assert (missing.cause, missing.difference) == (Cause.MISSING, Decimal(1))
    await mended(ours, missing)
    assert len(ours.tasks) == 2
    assert (await reconciled(ours, "tasks"))[0] == []
