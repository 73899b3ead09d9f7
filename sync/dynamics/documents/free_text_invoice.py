"""A free text invoice as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.dynamics.documents.receivable_document import ReceivableDocument


@dataclass(frozen=True)
class FreeTextInvoice(ReceivableDocument):
    """A free text invoice to be; its lines lack `ParentRecId`."""

    def line_body(self, line: Mapping[str, Any], identifier: int | str) -> dict[str, Any]:
        """A line as it is posted under the header with this identifier."""
        return {"dataAreaId": self.company, "ParentRecId": identifier, **line}
