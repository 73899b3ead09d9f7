"""What an account did, as both the shop and we know it: values, without requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Bought:
    """An order that stands. `amount`: what it comes to less what was cancelled and refunded.
    `lines`: pieces by SKU."""

    number: str
    at: datetime
    currency: str
    amount: Decimal
    lines: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Cart:
    """A cart that is not ordered. `status`: of the negotiable quote that it is; empty for a plain
    one. `pieces`: of all its lines; nobody keeps what they are."""

    id: int
    at: datetime
    pieces: Decimal
    status: str = ""


@dataclass(frozen=True)
class Signals:
    """All that is known of an account now. `since`: when it came to be; None where that is not
    told. `requested`: whether a company waits for approval. `refusals`: days on which the checkout
    refused credit. `returns`: (number, moment, is open). `looks`: SKU -> days on which a person of
    it looked at it. `categories`: SKU -> ids of its categories, where they are asked for."""

    orders: tuple[Bought, ...] = ()
    carts: tuple[Cart, ...] = ()
    since: datetime | None = None
    requested: bool = False
    refusals: tuple[datetime, ...] = ()
    returns: tuple[tuple[str, datetime, bool], ...] = ()
    looks: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
