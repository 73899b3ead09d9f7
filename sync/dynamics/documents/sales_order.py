"""A sales order as it is sent to F&O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from sync.core.encoding import digest
from sync.core.money import ZERO
from sync.dynamics.documents.line_amount import LinePrice
from sync.dynamics.documents.totals import Totals


@dataclass(frozen=True)
class SalesOrderLine:
    """`reference` is our key of the line (`ExternalItemNumber`). `body` is what is sent, without
    the order's number.

    `left`: quantity and price of what is still wanted, in the line's unit; differs from `price`
    once pieces were cancelled, or refunded before they were shipped. None: the line goes. `tax`:
    what comes on top of `price`, as Commerce charges it.
    """

    reference: str
    body: Mapping[str, Any]
    price: LinePrice
    left: LinePrice | None
    tax: Decimal = ZERO

    @property
    def tax_rate(self) -> Decimal:
        """The part of an amount that comes on top of it."""
        amount = self.price.amount()
        return self.tax / amount if amount else ZERO

    @property
    def remaining(self) -> Decimal:
        """The quantity that is still wanted."""
        return self.left.quantity if self.left is not None else ZERO

    @property
    def is_repriced(self) -> bool:
        """Whether what is left comes to another amount than its quantity alone would make of it."""
        return (
            self.left is not None and replace(self.price, quantity=self.left.quantity) != self.left
        )

    def worth(self, quantity: Decimal, unit: Decimal) -> Decimal:
        """What F&O makes of the line at a quantity it may have: between what is still wanted and
        what was ordered."""
        quantity = min(max(quantity, self.remaining), self.price.quantity)
        return replace(self.price, quantity=quantity).amount(unit)

    def worth_when_held(self, quantity: Decimal, amount: Decimal, unit: Decimal) -> Decimal:
        """What F&O should make of the line at its quantity there: the amount that it has, where
        that may be of this line after a reduction that we do not know of. Pieces come to what is
        left of them then; a charge, which keeps its quantity, to something between that and what
        was placed."""
        least = self.left.amount(unit) if self.left is not None else ZERO
        if self.reference.isdigit():
            is_reduced = (quantity, amount) == (self.remaining, least)
        else:
            low, high = sorted((least, self.price.amount(unit)))
            is_reduced = quantity == self.price.quantity and low <= amount <= high
        return amount if is_reduced else self.worth(quantity, unit)


NAMES = frozenset({"SalesOrderNumber", "CustomersOrderReference"})
"""What a posted order is known by: it keeps them, whatever the templates say since."""


@dataclass(frozen=True)
class SalesOrder:
    """A sales order to be. `number` is empty when F&O chooses it. `totals`: as placed; `held`: of
    what is left of it."""

    company: str
    number: str
    reference: str
    header: Mapping[str, Any]
    lines: tuple[SalesOrderLine, ...]
    totals: Totals
    held: Totals
    paid: Mapping[str, Decimal] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Of the document as placed: what must be in D365 when it is first posted. Whatever it is
        called there."""
        header = {name: value for name, value in self.header.items() if name not in NAMES}
        return digest({"header": header, "lines": [dict(line.body) for line in self.lines]})

    @cached_property
    def current_digest(self) -> str:
        """Of the document with what was cancelled or refunded since: what must be in D365 now."""
        remaining = {line.reference: line.remaining for line in self.lines}
        prices = {
            line.reference: line.left.fields()
            for line in self.lines
            if line.left and line.is_repriced
        }
        return digest(
            {
                "placed": self.digest,
                "remaining": remaining,
                **({"prices": prices} if prices else {}),
            }
        )

    @property
    def is_reduced(self) -> bool:
        """Whether pieces were cancelled after placing, or refunded before they were shipped."""
        return any(line.left != line.price for line in self.lines)
