"""A free text invoice as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.core.encoding import digest
from sync.dynamics.documents.totals import Totals


@dataclass(frozen=True)
class FreeTextInvoice:
    """A free text invoice to be: header, and lines without `ParentRecId`."""

    company: str
    account: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    totals: Totals

    @property
    def digest(self) -> str:
        """Of the whole document."""
        return digest({"header": dict(self.header), "lines": [dict(line) for line in self.lines]})

    def line_body(self, line: Mapping[str, Any], identifier: int | str) -> dict[str, Any]:
        """A line as it is posted under the header with this identifier."""
        return {"dataAreaId": self.company, "ParentRecId": identifier, **line}
