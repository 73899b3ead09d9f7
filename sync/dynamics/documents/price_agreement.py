"""Posted trade agreements of F&O: sales prices and line discounts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class TradeLine:
    """A posted line. `customer`, `group`: whose it is; of everybody where both are empty.
    `dimensions`: those that are filled, by F&O's names. `begins`, `ends`: inclusive, None is
    open. `is_generic`: F&O may convert it into other currencies."""

    record: int
    currency: str
    unit: str
    customer: str = ""
    group: str = ""
    from_quantity: Decimal = Decimal(0)
    to_quantity: Decimal = Decimal(0)
    begins: date | None = None
    ends: date | None = None
    finds_next: bool = True
    is_generic: bool = False
    dimensions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Agreement(TradeLine):
    """A sales price, of one item: of one `unit`, in `currency`. `charges`: what F&O adds to a line
    beside it, whatever its quantity (*Price charges*)."""

    price: Decimal
    charges: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Discount(TradeLine):
    """A line discount: `percent` of the price, and `amount` off the price of one unit. `item` or
    `item_group`: of what; of all items where both are empty. `group` is one of line discounts; an
    empty `unit` is any. `is_double`: it has two percentages, which `percent` puts together."""

    percent: Decimal
    amount: Decimal = Decimal(0)
    item: str = ""
    item_group: str = ""
    is_double: bool = False
