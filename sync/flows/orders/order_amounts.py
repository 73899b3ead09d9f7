"""What the plan of an order says of its amounts: for the trail, and for people; and what the trail
told of them last."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.order import Order
from sync.core.money import CENT, ZERO
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import as_placed, changes_between, sent_form
from sync.engine.claim import Claim
from sync.engine.ledger import Ledger
from sync.flows.orders.amendment_rules import RETURNED

PLACED: Final = "placed"
"""Of an order that D365 holds reduced: what it came to before."""


def amounts_of(document: SalesOrder) -> dict[str, str]:
    """The totals of what D365 holds now, as the trail shows them; those of the order as placed
    beside them, where they differ."""
    totals = document.held
    amounts = {
        **totals.as_json(),
        **{f"paid by {home}": f"{amount:.2f}" for home, amount in document.paid.items()},
    }
    if document.is_reduced:
        amounts[PLACED] = f"{document.totals.commerce:.2f}"
    if beyond := never_charged(document):
        amounts["never charged in Commerce"] = f"{beyond:.2f}"
    if document.totals.rounding:
        amounts["rounding"] = f"{document.totals.rounding:.2f}"
    return amounts


async def amounts_told(claim: Claim, ledger: Ledger) -> Mapping[str, str]:
    """The totals of what D365 holds, as the record's trail told them last. What D365 did not take
    off, since a credit memo returns it, is no part of them."""
    trail = await ledger.trail(claim.connection, claim.flow, claim.key)
    taken = [entry.details for entry in trail if not _is_left_to_a_memo(entry.details)]
    amounts = [found for details in taken if (found := details.get("amounts"))]
    return amounts[-1] if amounts else {}


def _is_left_to_a_memo(details: Mapping[str, Any]) -> bool:
    documents: Mapping[str, Mapping[str, str]] = details.get("documents") or {}
    return any(RETURNED in keys for keys in documents.values())


def worth_of(order: Order) -> str:
    """The grand total, as the list of the parked shows it."""
    return f"{order.grand_total:.2f} {order.order_currency_code}"


def never_charged(document: SalesOrder) -> Decimal:
    """What F&O holds beyond Commerce, which cancels what it shipped and did not invoice in the
    header's sum alone; zero where that is only rounding."""
    beyond = document.held.dynamics - document.held.commerce
    return beyond if beyond > CENT * (1 + len(document.lines)) else ZERO


def notes_of(document: SalesOrder) -> Iterator[str]:
    """What the totals alone do not tell."""
    currency = document.totals.currency
    if document.totals.rounding:
        yield f"rounding line of {document.totals.rounding} {currency}"
    for home, amount in document.paid.items():
        yield f"{amount} {currency} was paid by {home}"
    if beyond := never_charged(document):
        yield (
            f"{beyond} {currency} was cancelled in Commerce after it was shipped: the shop never"
            " charges it, and F&O would"
        )
    if document.is_reduced:
        changes = changes_between(as_placed(document), sent_form(document))
        yield (
            "then reduced by what was cancelled, or refunded unshipped, since:"
            f" {len(changes.patched)} lines changed, {len(changes.removed)} removed"
        )
