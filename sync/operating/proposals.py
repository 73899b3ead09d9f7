"""Which code of F&O a code of Commerce probably means, and why. Pure.

Only what is plain is proposed: a wrong proposal that somebody overlooks costs more than a line that
somebody writes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from sync.checks.mapped_codes import Listed
from sync.core.errors import Missing
from sync.operating.discovery import Choice

ALIKE: Final = 0.8
"""How alike two names must be, of 1."""
TABLES: Final[Mapping[str, Listed]] = {
    "orders.payments": Listed.METHOD_OF_PAYMENT,
    "orders.deliveries": Listed.MODE_OF_DELIVERY,
    "orders.taxes": Listed.TAX_GROUP,
    "customers.groups": Listed.CUSTOMER_GROUP,
}
"""What the rows of a table mean in F&O."""
MEANS: Final[Mapping[str, tuple[str, ...]]] = {
    "checkmo": ("check", "cheque"),
    "banktransfer": ("wire", "bank transfer", "transfer"),
    "cashondelivery": ("cod", "cash"),
    "purchaseorder": ("account", "invoice"),
    "paypal": ("paypal",),
    "payflow": ("card", "creditcard", "credit card"),
    "braintree": ("card", "creditcard", "credit card"),
    "stripe": ("card", "creditcard", "credit card"),
    "adyen": ("card", "creditcard", "credit card"),
    "authorizenet": ("card", "creditcard", "credit card"),
    "instore": ("pickup", "store pickup"),
    "flatrate": ("standard", "ground"),
    "freeshipping": ("standard", "ground"),
}
"""What methods of Commerce are called elsewhere, by how their codes begin."""


@dataclass(frozen=True)
class Proposal:
    """A code for a row. `code` empty: nothing is plain, and `others` may be chosen from."""

    code: str
    reason: str
    others: tuple[Choice, ...] = ()


def proposed(row: Missing, codes: Mapping[Listed, Sequence[Choice]]) -> Proposal:
    """What a missing row probably is."""
    listed = TABLES.get(row.table)
    choices = codes.get(listed, ()) if listed else ()
    if not choices:
        return Proposal("", "F&O lists nothing that fits" if listed else "")
    if len(choices) == 1:
        return Proposal(choices[0].code, f"the only {listed.title if listed else 'one'} there is")
    for reason, fitting in (
        ("the same name", [one for one in choices if _plain(row.key) in _names(one)]),
        ("what such a method is called", [one for one in choices if _means(row.key) & _names(one)]),
        ("a name much alike", [one for one in choices if _is_alike(row.key, one)]),
    ):
        if len(fitting) == 1:
            return Proposal(fitting[0].code, reason)
    return Proposal("", "", tuple(choices))


def _names(choice: Choice) -> set[str]:
    return {_plain(choice.code), _plain(choice.name)} - {""}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.casefold())


def _means(key: str) -> set[str]:
    plain = _plain(key)
    known = (names for begin, names in MEANS.items() if plain.startswith(begin))
    return {_plain(name) for names in known for name in names}


def _is_alike(key: str, choice: Choice) -> bool:
    plain = _plain(key)
    return any(SequenceMatcher(None, plain, name).ratio() >= ALIKE for name in _names(choice))
