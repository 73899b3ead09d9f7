"""A return order as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.dynamics.documents.receivable_document import ReceivableDocument


@dataclass(frozen=True)
class ReturnOrder(ReceivableDocument):
    """A return order to be. `number` is empty when F&O chooses it; `amount` is what F&O credits for
    the lines, positive."""

    number: str
    amount: Decimal

    def line_body(self, line: Mapping[str, Any], number: str) -> dict[str, Any]:
        """A line as it is posted under the return order of this number."""
        return {"dataAreaId": self.company, "ReturnOrderNumber": number, **line}
