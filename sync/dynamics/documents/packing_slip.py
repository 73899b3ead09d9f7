"""A packing slip as F&O holds it: what of a sales order left the warehouse."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from sync.core.encoding import digest


@dataclass(frozen=True)
class SlipLine:
    """A row of a slip. `reference`: our reference of the sales line (`ExternalItemId`), empty for a
    line of somebody else's. `quantity` is in `unit`, the line's sales unit."""

    slip: str
    reference: str
    item: str
    quantity: Decimal
    unit: str
    created_at: str
    lot: str = ""


@dataclass(frozen=True)
class PackingSlip:
    """A slip, as far as it belongs to one sales order.

    `reference`: the customer's reference of that order. `quantity`: of the whole slip. `rows`:
    those of all slips of the sales order. `others`: further sales orders on the same slip, and
    `is_head`: whether its header names this one.
    `tracking`: its tracking numbers, in the order in which F&O lists them.
    """

    noun: ClassVar[str] = "slip"
    company: str
    sales_order: str
    number: str
    reference: str = ""
    warehouse: str = ""
    carrier: str = ""
    mode: str = ""
    quantity: Decimal = Decimal(0)
    is_sale: bool = True
    rows: tuple[SlipLine, ...] = ()
    tracking: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_head: bool = True

    @property
    def key(self) -> str:
        """`<company>|<sales order>|<slip>`: slips are numbered per company."""
        return f"{self.company}|{self.sales_order}|{self.number}"

    @property
    def fingerprint(self) -> str:
        """What differs once a slip is corrected or tracked: slips have no time of change."""
        told = [str(self.quantity.normalize()), self.mode, self.carrier, sorted(self.tracking)]
        return digest(told)

    @property
    def lines(self) -> list[SlipLine]:
        """Its own rows of this sales order."""
        return [row for row in self.rows if row.slip == self.number]

    @property
    def earlier(self) -> list[SlipLine]:
        """The rows of this sales order's slips that were posted before it."""
        own = _place(self.number, self.lines)
        by_slip: dict[str, list[SlipLine]] = {}
        for row in self.rows:
            by_slip.setdefault(row.slip, []).append(row)
        before = [rows for slip, rows in by_slip.items() if _place(slip, rows) < own]
        return [row for rows in before for row in rows]


def _place(slip: str, rows: Sequence[SlipLine]) -> tuple[str, str]:
    """Where a slip stands among those of its order; the number decides within a second."""
    return min((row.created_at for row in rows), default=""), slip
