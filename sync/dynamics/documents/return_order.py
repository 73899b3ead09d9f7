"""A return order as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.core.encoding import digest
from sync.dynamics.documents.totals import Totals


@dataclass(frozen=True)
class ReturnOrder:
    """A return order to be: header, and lines without its number. `number` is empty when F&O
    chooses it; `amount` is what F&O credits for the lines, positive."""

    company: str
    number: str
    account: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    totals: Totals
    amount: Decimal

    @property
    def digest(self) -> str:
        """Of the whole document."""
        return digest({"header": dict(self.header), "lines": [dict(line) for line in self.lines]})

    def line_body(self, line: Mapping[str, Any], number: str) -> dict[str, Any]:
        """A line as it is posted under the return order of this number."""
        return {"dataAreaId": self.company, "ReturnOrderNumber": number, **line}
