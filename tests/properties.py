"""How many examples a property draws that is too slow for Hypothesis' own hundred, or fast enough
for more."""

from hypothesis import settings

LONGER = 10
"""How many times as many a long run draws."""


def examples(usual: int) -> int:
    """`usual` in `make test`, more in `make test-long`, which chooses the profile "long"."""
    return usual if settings().derandomize else usual * LONGER
