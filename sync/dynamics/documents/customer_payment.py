"""A line of a customer payment journal as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sync.core.encoding import digest

CREDIT, DEBIT = "CreditAmount", "DebitAmount"


LONGEST_TEXT: Final = 60
"""Characters of a journal's description, and of a transaction's text, that are surely kept."""


@dataclass(frozen=True)
class CustomerPayment:
    """A payment line to be, without its journal's number and its own. `journal_text`: which open
    journal takes it."""

    company: str
    reference: str
    journal_name: str
    journal_text: str
    body: Mapping[str, Any]

    def in_journal(self, place: int) -> "CustomerPayment":
        """The payment for the first, second … journal of its day and method."""
        text = (
            self.journal_text
            if place == 1
            else f"{self.journal_text[: LONGEST_TEXT - 3].rstrip()} {place}"
        )
        return replace(self, journal_text=text)

    @property
    def side(self) -> str:
        """The field that bears the amount."""
        return DEBIT if DEBIT in self.body else CREDIT

    @property
    def amount(self) -> Decimal:
        """What was received or paid back, to the cent."""
        return Decimal(self.body[self.side])

    @property
    def journal_body(self) -> dict[str, Any]:
        """The header of a journal opened for it."""
        return {
            "dataAreaId": self.company,
            "JournalName": self.journal_name,
            "Description": self.journal_text,
        }

    def line_body(self, journal: str, line: Decimal) -> dict[str, Any]:
        """The line as it is posted into a journal, under a number there."""
        return {**self.body, "JournalBatchNumber": journal, "LineNumber": line}

    @property
    def digest(self) -> str:
        """Of what is sent, whatever journal it lands in."""
        return digest(dict(self.body))
