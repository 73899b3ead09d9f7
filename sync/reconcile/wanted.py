"""What F&O has to hold of a record, and whether it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sync.core.money import ZERO, total
from sync.dynamics.books import Booked


@dataclass(frozen=True)
class Wanted:
    """What F&O has to hold of a record. `amount`: with tax; None where nothing is to be there.
    `on_top`: the tax that comes on top of F&O's lines where they are without. `tax`: None where
    nobody knows it. `waits`: why nothing is to be there yet. `is_sent`: F&O was given exactly this
    once, by what is remembered. `held`, where F&O's documents alone do not tell it: what F&O holds
    in all, `allowed`: by how much both may differ. `is_others`: it is of before our time, and
    nobody ever asked for it; or F&O rejected it, and keeps it as such."""

    amount: Decimal | None
    currency: str = ""
    on_top: Decimal = ZERO
    tax: Decimal | None = None
    waits: str = ""
    is_sent: bool = False
    held: Decimal | None = None
    allowed: Decimal = ZERO
    sums: str = ""
    is_others: bool = False


def is_equal(wanted: Wanted, held: Sequence[Booked], most: Decimal = ZERO) -> bool:
    """Whether F&O holds what it has to: all of its documents together, or what it has posted
    without what it credited of that; but not two that are open. `most`: what rounding may make of
    posted ones."""
    if wanted.held is not None:
        return wanted.amount is not None and abs(wanted.held - wanted.amount) <= wanted.allowed
    if wanted.amount is None or not held:
        return wanted.amount is None and not held
    open_ = [one.reference.casefold() for one in held if one.tax is None]
    if len(held) > len(open_) > 0 or len(open_) > len({*open_}):
        return False
    ways = [held, [one for one in held if one.tax is None or one.amount > ZERO]]
    return any(_comes_to(way, wanted, most) for way in ways)


def _comes_to(held: Sequence[Booked], wanted: Wanted, most: Decimal) -> bool:
    if {one.currency for one in held} != {wanted.currency}:
        return False
    taxes = [one.tax for one in held if one.tax is not None]
    most = most if taxes else ZERO
    off_tax = total(taxes) - wanted.tax if taxes and wanted.tax is not None else ZERO
    return abs(amount_of(held, wanted) - (wanted.amount or ZERO)) <= most and abs(off_tax) <= most


def amount_of(held: Sequence[Booked], wanted: Wanted) -> Decimal:
    """What F&O's documents come to with tax, as far as it is known: that of what is not posted is
    Commerce's, once."""
    if wanted.held is not None:
        return wanted.held
    is_bare = any(one.tax is None and not one.is_gross for one in held)
    return total(one.amount for one in held) + (wanted.on_top if is_bare else ZERO)
