"""Two sums of one document that were compared: what a plan shows as proof."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol


class Proof(Protocol):
    """Both sides of one document, in `currency`. `rounding` is what a rounding line carries."""

    @property
    def commerce(self) -> Decimal:
        """What Commerce says."""
        ...

    @property
    def dynamics(self) -> Decimal:
        """What D365 makes of it."""
        ...

    @property
    def difference(self) -> Decimal:
        """Commerce less D365."""
        ...

    @property
    def currency(self) -> str:
        """Of both sums."""
        ...

    @property
    def rounding(self) -> Decimal:
        """Of the rounding line; zero where there is none."""
        ...

    def as_json(self) -> Mapping[str, str]:
        """Amounts as text with two decimals."""
        ...
