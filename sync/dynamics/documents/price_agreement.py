"""A posted sales price agreement (trade agreement) of F&O."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Agreement:
    """A posted line, of one item. `group` empty: all customers. `price`: of one `unit`, in
    `currency`. `dimensions`: those that are filled, by F&O's names. `begins`, `ends`: inclusive,
    None is open."""

    record: int
    group: str
    price: Decimal
    currency: str
    unit: str
    from_quantity: Decimal = Decimal(0)
    to_quantity: Decimal = Decimal(0)
    begins: date | None = None
    ends: date | None = None
    finds_next: bool = True
    dimensions: tuple[tuple[str, str], ...] = ()
