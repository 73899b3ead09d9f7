"""What to say, and to do, about a grand total that its parts do not come to. Pure."""

import re
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import MoneyDocument
from sync.commerce.models.order import Order
from sync.core.money import CENT, ZERO
from sync.dynamics.documents.totals import Totals, Unproved
from sync.mapping.segments import fields_holding

COMPARE: Final = (
    "Compare the items, shipping and discounts with the totals in Commerce, and look at the"
    " extension that changes them. Correct it there and replay, or enter the document in D365 by"
    " hand."
)
RAISE_ROUNDING: Final = (
    "Where it is rounding alone, raise orders.rounding_most in connections.toml. "
)

NAMED: Final = 3
"""Fields named in one message."""

_COMMERCE_S_OWN: Final = re.compile(
    r"(base_|total_|sub|shipping_|tax_|discount_|grand_|amount_|items?\[|items\.|"
    r"status_histories|comments).*"
    r"|.*_(invoiced|refunded|canceled|ordered|paid|incl_tax)"
    r"|extension_attributes\.(shipping_assignments|taxes|applied_taxes|item_applied_taxes|"
    r"additional_itemized_taxes).*"
    r"|payment\.(base_|amount_|shipping_).*"
)
"""Fields of Commerce itself: they are read already, or repeat what is. A segment for one would
count it twice."""


def unexplained(document: Order | MoneyDocument, totals: Totals, lines: int) -> Unproved:
    """Both sums, where else the difference stands, and what helps there. `lines`: how many were
    rounded."""
    found = fields_holding(document.raw, totals.difference)
    where = [
        path for path in found if not any(part.startswith("base_") for part in path.split("."))
    ]
    suggestion = f" The same amount stands in {', '.join(where[:NAMED])}." if where else ""
    return Unproved(
        f"{document.label}: grand_total is {totals.commerce} {totals.currency}, its parts come to"
        f" {totals.dynamics}, unexplained {totals.difference}.{suggestion}",
        remedy=_remedy(
            next((path for path in where if not _COMMERCE_S_OWN.fullmatch(path)), ""), totals, lines
        ),
        totals=totals,
    )


def _remedy(field: str, totals: Totals, lines: int) -> str:
    if field:
        path = re.sub(r"\[[0-9]+\]", "", field)
        negative = " and negative = true" if totals.difference < ZERO else ""
        return (
            "If an extension adds this total, give it a home in connections.toml:"
            " [connections.<name>.orders.segments.<total>] with"
            f' field = "{path}", item = "<service item>"{negative}; payment = "<name>" instead of'
            " item where it was a way to pay. Then replay."
        )
    is_rounding = abs(totals.difference) <= CENT * Decimal(lines)
    return f"{RAISE_ROUNDING if is_rounding else ''}{COMPARE}"
