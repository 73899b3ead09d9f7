"""A sales agreement of F&O: what a customer and its seller have agreed on for a time. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sync.core.encoding import digest

EFFECTIVE: Final = "Effective"


@dataclass(frozen=True)
class SalesAgreement:
    """One, as F&O has it. `reference`: what people entered as its external document; `address`:
    where it may be read."""

    company: str
    number: str
    status: str
    reference: str
    account: str
    title: str
    address: str
    expires: date | None

    @property
    def fingerprint(self) -> str:
        """What shows a change that the shop has to know."""
        cells = (self.company, self.number, self.status, self.account, self.title, self.address)
        return digest([*cells, str(self.expires)])
