"""Calls of many rows: as many in each as the shop takes."""

from datetime import timedelta
from typing import Any

import pytest

from sync.commerce.errors import TooManyRows
from sync.commerce.row_calls import RowCalls
from sync.core.errors import Unknown
from tests.contracts.hand_clock import HandClock


class Shop:
    """Takes `limit` rows in a call, which it says or not, `seconds` for each."""

    def __init__(
        self, clock: HandClock, limit: int = 0, seconds: float = 0.001, *, says: bool = True
    ) -> None:
        self.clock, self.limit, self.seconds, self.says = clock, limit, seconds, says
        self.calls = list[int]()

    async def post(self, _: str, body: Any, **__: Any) -> list[Any]:
        rows = body["rows"]
        if self.limit and len(rows) > self.limit:
            error = TooManyRows("too many", remedy="Send fewer.")
            error.most = self.limit if self.says else 0
            raise error
        self.calls.append(len(rows))
        if self.seconds * len(rows) > 60:
            raise Unknown("no answer")
        self.clock.at += timedelta(seconds=self.seconds * len(rows))
        return []


async def sent(shop: Shop, calls: RowCalls, count: int) -> list[int]:
    shop.calls.clear()
    rows = [row async for part, _ in calls.post(range(count), shop.clock.now()) for row in part]
    assert rows == list(range(count))
    return list(shop.calls)


@pytest.mark.parametrize(
    ("count", "calls"),
    [(0, []), (1, [1]), (1000, [1000]), (1001, [501, 500]), (2500, [834, 833, 833])],
)
async def test_calls_are_of_one_size(count: int, calls: list[int]) -> None:
    shop = Shop(clock := HandClock())
    made: Any = RowCalls(shop, clock, "rows", "rows", 1000)  # type: ignore[arg-type]
    assert await sent(shop, made, count) == calls


async def test_a_shop_that_limits_rows_gets_no_more_of_them_any_more() -> None:
    shop = Shop(clock := HandClock(), limit=20)
    calls: Any = RowCalls(shop, clock, "rows", "rows", 1000)  # type: ignore[arg-type]
    assert await sent(shop, calls, 50) == [17, 17, 16]
    assert await sent(shop, calls, 40) == [20, 20]


async def test_calls_are_halved_until_a_proxy_takes_them_and_one_row_is_refused_alone() -> None:
    shop = Shop(clock := HandClock(), limit=300, says=False)
    calls: Any = RowCalls(shop, clock, "rows", "rows", 1000)  # type: ignore[arg-type]
    assert await sent(shop, calls, 1000) == [250, 250, 250, 250]
    shop.limit = -1
    with pytest.raises(TooManyRows):
        await sent(shop, calls, 1)


async def test_a_call_that_got_no_answer_is_followed_by_smaller_ones() -> None:
    shop = Shop(clock := HandClock(), seconds=0.1)
    calls: Any = RowCalls(shop, clock, "rows", "rows", 1000)  # type: ignore[arg-type]
    with pytest.raises(Unknown):
        await sent(shop, calls, 1000)
    assert max(await sent(shop, calls, 1000)) == 500


async def test_a_shop_that_is_slow_gets_fewer_rows_until_it_is_quick_again() -> None:
    shop = Shop(clock := HandClock(), seconds=0.05)
    calls: Any = RowCalls(shop, clock, "rows", "rows", 1000)  # type: ignore[arg-type]
    assert await sent(shop, calls, 2000) == [1000, 500, 250, 125, 125], (
        "no call comes near a time-out"
    )
    shop.seconds = 0.01
    assert await sent(shop, calls, 2000) == [154, 308, 513, 513, 512], "by its pace"
    shop.seconds = 0.002
    await sent(shop, calls, 1000)
    assert await sent(shop, calls, 1000) == [1000]


async def test_the_first_call_is_of_few_rows_where_the_shop_may_be_slow() -> None:
    """A thousand tiers take the shop ten seconds, measured."""
    shop = Shop(clock := HandClock(), seconds=0.01)
    calls: Any = RowCalls(shop, clock, "rows", "rows", 1000, first=500)  # type: ignore[arg-type]
    assert await sent(shop, calls, 2000) == [500, 750, 750]
    assert await sent(shop, calls, 20) == [20]
    assert await sent(shop, calls, 800) == [800]
