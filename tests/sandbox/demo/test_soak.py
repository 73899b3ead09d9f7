"""A short soak: mixed load and kills, and nothing is off in the end."""

from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sandbox.demo.soak import TIMING, soaked
from sandbox.demo.starting import running_environment
from sandbox.demo.troubles import HERE, Troubles


class Silent:
    """A gauge that nobody reads."""

    def reach(self, _: float) -> None:
        """Nothing."""


def silent(what: str, total: float) -> AbstractContextManager[Any]:
    assert what
    assert total
    return nullcontext(Silent())


@pytest.mark.long
async def test_mixed_load_under_kills_ends_with_equal_books(tmp_path: Path) -> None:
    async with running_environment(tmp_path, seed=5, timing=TIMING) as environment:
        troubles = Troubles(environment, tmp_path, Random(5))
        outcome = await soaked(environment, timedelta(seconds=50), silent, Random(5), troubles)
    assert not outcome.findings
    assert outcome.kills
    assert set(outcome.troubles) == set(HERE)
    assert outcome.orders
    assert outcome.books.compared
