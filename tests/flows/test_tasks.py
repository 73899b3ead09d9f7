"""What accounts do becomes tasks of their sellers: once for each reason, and completed when that is
gone."""

from tests.flows.tasks import Selling, selling


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
