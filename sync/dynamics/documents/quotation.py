"""A sales quotation of F&O: as we send it, and as its people have made it (reference 5.6, 6.2).
What is held of a quote of Dynamics 365 Sales is a `HeldQuotation` as well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from sync.core.encoding import digest
from sync.core.money import ZERO, rounded, total

CONFIRMED: Final = "Confirmed"
LOST: Final = frozenset({"Lost", "Cancelled"})
HUNDRED: Final = Decimal(100)
NAMES: Final = frozenset({"SalesQuotationNumber", "CustomersReference"})
"""What a quotation is known by: it keeps them, whatever the templates say since."""


@dataclass(frozen=True)
class Quotation:
    """A quotation to be: header and lines without prices, so that F&O's own search proposes them.

    `number` is empty when F&O chooses it. `lines`: what is sent of each, by our reference of it
    (`ExternalItemNumber`, the id of the item in Commerce).
    """

    company: str
    number: str
    reference: str
    header: Mapping[str, Any]
    lines: Mapping[str, Mapping[str, Any]]

    @property
    def document(self) -> dict[str, Any]:
        """As it is kept and compared with later."""
        header = {name: value for name, value in self.header.items() if name not in NAMES}
        return {"header": header, "lines": {key: dict(line) for key, line in self.lines.items()}}

    @property
    def digest(self) -> str:
        """Of what F&O must hold, whatever it is called there."""
        return digest(self.document)

    def line_body(self, reference: str, number: str) -> dict[str, Any]:
        """A line as it is posted under the quotation of this number."""
        return {
            "dataAreaId": self.company, "SalesQuotationNumber": number,
            "ExternalItemNumber": reference, **self.lines[reference],
        }  # fmt: skip


@dataclass(frozen=True)
class QuotationLine:
    """A line as F&O has it. `amount`: net of its discounts, for the whole quantity; `price` is per
    `price_quantity` sales units."""

    lot: str
    reference: str
    item: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal
    price_quantity: Decimal = Decimal(1)


@dataclass(frozen=True)
class HeldQuotation:
    """A quotation as F&O has it. `total_discount`: percent off the whole; `sums`: what F&O has
    computed of it (amount, tax, charges), None where it has not. `link`: what its people entered as
    its URL. Text alone, it does not show whether prices have changed. `off`: an amount off the
    whole, beside the percentage; `carried`: freight that is no line, None where nothing is said.
    `place`, `again` and the like: where people find it, and what they do there, in words."""

    place: ClassVar[str] = "D365"
    again: ClassVar[str] = "send it again"
    item_column: ClassVar[str] = "External item number"
    carrying: ClassVar[str] = "Enter freight as a line of item orders.freight_item"
    keeping: ClassVar[str] = "run: adopt orders {key} {order}; its sums are compared"
    ending: ClassVar[str] = "as Lost or Cancelled, with the reason {reason}; never confirm it"

    company: str
    number: str
    reference: str
    status: str
    account: str
    currency: str
    is_gross: bool
    expires: date | None
    order: str
    reason: str
    responsible: str
    terms: tuple[str, str]
    total_discount: Decimal
    sums: tuple[Decimal, Decimal, Decimal] | None
    lines: tuple[QuotationLine, ...]
    link: str = ""
    off: Decimal = ZERO
    carried: Decimal | None = None

    @property
    def discount(self) -> Decimal:
        """What is taken off the sum of the lines."""
        return rounded(self.lines_amount * self.total_discount / HUNDRED) + self.off

    @property
    def lines_amount(self) -> Decimal:
        """The sum of the lines."""
        return total(line.amount for line in self.lines)

    @property
    def amount(self) -> Decimal:
        """What the goods come to, as the prices are: with or without tax."""
        is_less = self.total_discount or self.off
        return self.lines_amount - self.discount if is_less else self.lines_amount

    @property
    def summed(self) -> Decimal:
        """What the lines come to by what F&O has computed, as the prices are."""
        amount, tax, charges = self.sums or (self.amount, ZERO, ZERO)
        return amount - charges - (ZERO if self.is_gross else tax)

    def carried_by(self, freight: Sequence[QuotationLine], goods: Decimal) -> Decimal:
        """What lines of freight come to beside `goods`. The flag of its item says whether a
        discount on the whole is off it too: F&O's sum shows which, and without one it is not."""
        is_less = self.sums is not None and self.summed == self.amount
        return self.amount - goods if is_less else total(one.amount for one in freight)

    @property
    def is_lost(self) -> bool:
        """Whether its people made no offer, or took it back."""
        return self.status in LOST

    @property
    def is_confirmed(self) -> bool:
        """Whether its people say that it is sold."""
        return self.status == CONFIRMED

    @property
    def has_order(self) -> bool:
        """Whether its people made an order of it: `order`, where they tell its number."""
        return self.is_confirmed

    @property
    def is_over(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.is_lost or self.is_confirmed

    @property
    def may_answer(self) -> bool:
        """Whether a person may have it sent to the buyer as it is."""
        return True

    @property
    def fingerprint(self) -> str:
        """What shows that people have changed something that Commerce has to know."""
        lines = sorted(
            (one.lot, str(one.quantity), str(one.price), str(one.amount), one.unit)
            for one in self.lines
        )
        return digest([
            self.number, self.status, str(self.expires), self.order, self.reason,
            *self.terms, str(self.total_discount), lines,
        ])  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """A quotation that may have changed. `reference`: ours, empty where the list does not tell it;
    `position`: where a list that was broken off goes on."""

    company: str
    number: str
    reference: str
    at: datetime
    position: str = ""
