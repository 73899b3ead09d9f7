"""What free text invoices and return orders have in common, as they are sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.core.encoding import digest
from sync.dynamics.documents.totals import Totals


@dataclass(frozen=True)
class ReceivableDocument:
    """A document to be: header, and lines without the number that F&O gives the header."""

    company: str
    account: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    totals: Totals

    @property
    def content(self) -> dict[str, Any]:
        """Header and lines, as JSON."""
        return {"header": dict(self.header), "lines": [dict(line) for line in self.lines]}

    @property
    def digest(self) -> str:
        """Of the whole document."""
        return digest(self.content)
