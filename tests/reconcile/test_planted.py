"""Planted differences of every cause, on both sides: reconcile finds each and nothing else, names
its cause, and comes to zero once each was mended by its own command, or by the person it names."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, in_finance
from tests.reconcile.planted import (
    OF_FREE_TEXT,
    OF_MONEY,
    Plant,
    healthy,
    mended,
    order_is_new,
    reconciled,
)

FREE: Final[dict[str, Any]] = {"invoices": FREE_TEXT, "creditmemos": FREE_CREDIT}
PAYS_BACK: Final[dict[str, Any]] = {"creditmemos": {"refund_payment": True}}


async def _finds_and_mends(
    finance: Finance, plants: Sequence[Plant], times: int = 1, orders: int = 10
) -> int:
    """How many documents there were beside the planted ones."""
    documents = await healthy(finance, orders)
    made = [await plant(finance) for plant in (*plants, order_is_new) for _ in range(times)]
    planted = [one for one in made if one is not None]
    found, summary = await reconciled(finance)
    expected = Counter(one.found for one in planted)
    named = Counter((one.kind, one.key, one.cause) for one in found)
    assert (named - expected, expected - named) == (Counter(), Counter())
    assert summary.unexplained == sum(not one.cause.is_explained for one in planted)
    by_key = {(one.kind, one.key): one for one in found}
    for one in planted:
        if one.undo is not None:
            await one.undo()
        else:
            await mended(finance, by_key[one.kind, one.key])
    assert [one.as_json() for one in (await reconciled(finance))[0]] == []
    return documents


@in_finance(**PAYS_BACK)
async def test_every_planted_difference_is_found_and_mended(finance: Finance) -> None:
    await _finds_and_mends(finance, OF_MONEY)


@in_finance(**FREE)
async def test_those_of_free_text_invoices_are_too(finance: Finance) -> None:
    await _finds_and_mends(finance, OF_FREE_TEXT)


@pytest.mark.long
@in_finance(**PAYS_BACK)
async def test_two_hundred_among_ten_thousand_are_found_and_mended(finance: Finance) -> None:
    times = 200 // len(OF_MONEY) + 1
    assert await _finds_and_mends(finance, OF_MONEY, times, orders=3750) >= 10_000
