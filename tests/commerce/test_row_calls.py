"""Calls of many rows: as many in each as the shop takes."""

from datetime import timedelta
from typing import Any

import pytest

from sync.commerce.errors import TooManyRows
from sync.commerce.row_calls import RowCalls
from sync.core.errors import Unknown
from tests.contracts.hand_clock import HandClock


class Shop:
    """Takes `limit` rows in a call, `seconds` for each."""

    def __init__(self, clock: HandClock, limit: int = 0, seconds: float = 0.001) -> None:
        self.clock, self.limit, self.seconds = clock, limit, seconds
        self.calls = list[int]()

    async def post(self, _: str, body: Any, **__: Any) -> list[Any]:
        rows = body["rows"]
        if self.limit and len(rows) > self.limit:
            error = TooManyRows("too many", remedy="Send fewer.")
            error.most = self.limit
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
    shop.seconds = 0.002
    await sent(shop, calls, 1000)
    assert await sent(shop, calls, 1000) == [1000]
