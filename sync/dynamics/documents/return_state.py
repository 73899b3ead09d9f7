"""A return order as F&O's people have brought it along, and the credit notes it became."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.core.money import ZERO, total

ARRIVED: Final = frozenset({"Registered", "Quarantine", "Received", "Invoiced"})
"""Line statuses of goods that have come back."""
REPLACES: Final = "Replace"
TO_CUSTOMER: Final = "ReturnToCust"


@dataclass(frozen=True)
class ReturnedLine:
    """A line. `expected`, `returned`: sales units, positive. `action`: what its disposition code
    does (`Credit`, `Scrap`, ...); empty before somebody chose one."""

    lot: str
    reference: str
    item: str
    expected: Decimal
    returned: Decimal
    status: str
    action: str

    @property
    def arrived(self) -> Decimal:
        """Sales units that have come back. A line that is registered in part tells how many; one
        that is split in two has a status for each."""
        if self.status in ARRIVED:
            return self.returned or self.expected
        return self.returned if self.status == "Awaiting" else ZERO

    @property
    def decided(self) -> Decimal:
        """Sales units about which F&O has decided by posting them."""
        return self.arrived if self.status in ("Received", "Invoiced") else ZERO

    @property
    def is_exchange(self) -> bool:
        """Whether its goods are replaced."""
        return self.action.startswith(REPLACES)


@dataclass(frozen=True)
class ReturnState:
    """A return order as F&O holds it now."""

    company: str
    number: str
    rma: str
    reference: str
    status: str
    is_stopped: bool
    replacement: str
    lines: tuple[ReturnedLine, ...]

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing of it is to come back."""
        return self.status == "Canceled"

    @property
    def is_over(self) -> bool:
        """Whether F&O does nothing more with it."""
        return self.status in ("Closed", "Canceled")

    @property
    def open_lines(self) -> list[ReturnedLine]:
        """Those that are expected, or here and not credited, and do not go back."""
        lines = [] if self.is_over else self.lines
        return [one for one in lines if one.status != "Invoiced" and one.action != TO_CUSTOMER]


@dataclass(frozen=True)
class CreditLine:
    """A credited line: sales units and what they come to with tax, both positive. `lot`: that of
    the return line. `order`: the return order that it is of, as F&O names it; may be empty."""

    lot: str
    reference: str
    item: str
    quantity: Decimal
    amount: Decimal
    order: str = ""


@dataclass(frozen=True)
class CreditNote:
    """What F&O credited by one posting of a return order, with tax; amounts are positive.
    `lines` None: our user may not see them."""

    company: str
    number: str
    return_order: str
    reference: str
    currency: str
    amount: Decimal
    lines: tuple[CreditLine, ...] | None

    @property
    def key(self) -> str:
        """`<company>|<number>`: invoices are numbered per company."""
        return f"{self.company}|{self.number}"

    @property
    def beside(self) -> Decimal:
        """What its header has beyond its lines: charges and rounding."""
        return self.amount - total(line.amount for line in self.lines or ())
