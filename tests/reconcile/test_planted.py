"""Planted differences of every cause, on both sides: reconcile finds each and nothing else, names
its cause, and comes to zero once each was mended by its own command, or by the person it names."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, in_finance
from tests.reconcile.planted import OF_FREE_TEXT, OF_MONEY, Plant, mended, reconciled

FREE: Final[dict[str, Any]] = {"invoices": FREE_TEXT, "creditmemos": FREE_CREDIT}
PAYS_BACK: Final[dict[str, Any]] = {"creditmemos": {"refund_payment": True}}


async def _finds_and_mends(finance: Finance, plants: Sequence[Plant], times: int = 1) -> None:
    planted = [await plant(finance) for _ in range(times) for plant in plants]
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


@in_finance(**PAYS_BACK)
async def test_every_planted_difference_is_found_and_mended(finance: Finance) -> None:
    await _finds_and_mends(finance, OF_MONEY)


@in_finance(**FREE)
async def test_those_of_free_text_invoices_are_too(finance: Finance) -> None:
    await _finds_and_mends(finance, OF_FREE_TEXT)
