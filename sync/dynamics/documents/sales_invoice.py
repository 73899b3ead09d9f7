"""A sales invoice as F&O posted it: what of a sales order was invoiced, and for how much."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from sync.core.encoding import digest
from sync.core.money import ZERO
from sync.dynamics.documents.packing_slip import PackingSlip


@dataclass(frozen=True)
class SalesInvoice(PackingSlip):
    """A posted invoice, as far as it belongs to one sales order; its rows are counted as those of
    packing slips are. `amount` is with tax, in `currency`, and of all its sales orders together;
    that of a credit note is negative. `is_shared`: an invoice of its sales order has lines of
    others too, so that no headers tell what was invoiced of the one."""

    noun: ClassVar[str] = "invoice"
    voucher: str = ""
    currency: str = ""
    amount: Decimal = ZERO
    is_shared: bool = False

    @property
    def is_credit(self) -> bool:
        """Whether it only gives back: a credit note. An invoice may credit some lines beside others
        that it charges."""
        is_charged = any(row.quantity > ZERO for row in self.lines)
        return not is_charged and (self.amount < ZERO or self.quantity < ZERO)

    @property
    @override
    def fingerprint(self) -> str:
        """Posted invoices never change."""
        return digest([self.number, self.voucher, str(self.amount)])
