"""A month of drawn behaviour while both systems fail now and then: every reason is one task, none
is made twice, a seller gets no more than their places, and who is of staff or erased gets none."""

from collections import Counter
from random import Random
from typing import Any, Final

import pytest

from sandbox.commerce.catalogue import SHOPPERS, Shopper
from sandbox.commerce.quotes import StoredQuote
from sandbox.dataverse.state import Row
from sync.dataverse.web_api import id_of
from sync.operating.buying import open_tasks, previewed
from sync.operating.forgetting_accounts import forget_accounts
from tests.flows.tasks import SELLER, Selling
from tests.virtual_time import virtually

BUYERS: Final = [one for one in SHOPPERS if one.id is not None and one.buys_for is None]
"""Ann is of staff."""
STAFF: Final = BUYERS[0]
CAP: Final = 2
SETTINGS: Final[dict[str, Any]] = {
    "tasks": {
        "cap_per_day": CAP, "staff_domains": ["example.com"],
        "rules": {
            "cart": {"cool_down_days": 0}, "overdue": {"cool_down_days": 2},
            "repeat": {"cool_down_days": 0, "threshold": 1},
        },
    },
}  # fmt: skip
SHORT, LONG = 6, 30
"""Days: a world of the usual run, and those of the long tests."""


class Month:
    """A world. `erased`: who asks to be forgotten after two thirds of
    it."""

    def __init__(self, seed: int) -> None:
        self.ours, self.random = Selling(SETTINGS), Random(f"tasks {seed}")
        self.erased, self.carts = BUYERS[1], dict[int, StoredQuote]()
        self.known = set[int]()

    async def plays(self, days: int) -> None:
        """Shoppers act, systems fail, and each evening all that is due is done."""
        for day in range(days):
            self.fails(0.04)
            for shopper in BUYERS:
                await self.acts(shopper)
            await self.ours.days_go(1)
            if day == days * 2 // 3:
                await forget_accounts(self.ours.services, "shop", [self.erased.id or 0], [])
            self.holds()
        self.fails(0)
        for _ in range(4):
            await self.ours.days_go(1)
            self.holds()

    def fails(self, rate: float) -> None:
        """From now on."""
        for dials in (self.ours.shop_dials, self.ours.systems.service_dials):
            for kind in ("error_before", "dropped", "error_after", "lost"):
                setattr(dials, f"{kind}_rate", rate)

    async def acts(self, shopper: Shopper) -> None:
        """Order, leave a cart, order the cart, or nothing."""
        cart, chance = self.carts.get(shopper.id or 0), self.random.random()
        if chance < 0.25:
            order = self.ours.place(shopper=shopper)
            await self.ours.delivers(order)
            if shopper.id not in self.known:
                self.ours.knows(order)
                self.known.add(shopper.id or 0)
        elif chance < 0.4 and (cart is None or cart.status == "ordered"):
            self.carts[shopper.id or 0] = self.ours.fills_cart(shopper)
        elif chance < 0.55 and cart is not None:
            cart.status = "ordered"
            if chance < 0.5:
                await self.ours.delivers(self.ours.place(shopper=shopper))

    @property
    def rows(self) -> list[Row]:
        return self.ours.tasks

    def holds(self) -> None:
        """What holds at any time."""
        names = Counter(str(one["description"]).partition("\n")[0] for one in self.rows)
        assert not [name for name, count in names.items() if count > 1 and name != "None"], names
        per_day = Counter(str(one["createdon"])[:10] for one in self.rows)
        assert max(per_day.values(), default=0) <= CAP
        open_ones = Counter(
            (one["regardingobjectid"], str(one["subject"]).partition(":")[0])
            for one in self.rows if one["statecode"] == 0
        )  # fmt: skip
        assert max(open_ones.values(), default=0) <= 1

    async def ends(self) -> None:
        """What holds once all is quiet: an open task for each reason there is, and no other."""
        opened = await self.ours.services.systems_pool.open("shop")
        for shopper in BUYERS:
            found = await previewed(self.ours.services, opened, f"customer|{shopper.id}")
            wanted = {one["title"] for one in found["reasons"]}
            assert {one["title"] for one in found["open"]} == wanted, found
            if shopper in (STAFF, self.erased):
                assert wanted == set()
        there = {one["activityid"]: one["statecode"] for one in self.rows}
        async for task in self.kept():
            assert there[task] == 0
            there.pop(task)
        assert 0 not in there.values()
        shop = self.ours.services.connections["shop"].commerce.url
        assert id_of("lead", shop, "customer|1") not in self.ours.service.tables["leads"]
        assert await self.ours.parked("tasks") == []

    async def kept(self) -> Any:

        for one in await open_tasks(self.ours.services, "shop"):
            assert one.owner == SELLER
            yield one.row_id


async def played(seed: int, days: int) -> None:
    month = Month(seed)
    try:
        await month.plays(days)
        await month.ends()
    finally:
        await month.ours.close()


def test_some_days_of_shoppers_make_each_task_once() -> None:
    virtually(played(0, SHORT))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(24))
def test_a_month_of_shoppers_makes_each_task_once(seed: int) -> None:
    virtually(played(seed, LONG))
