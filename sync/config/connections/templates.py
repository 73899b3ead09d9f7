"""The templates that number documents in F&O and find them there again: which are in use, and
whether each tells the store views apart.

Increment ids are unique per store view only: without the store, two documents may share a target.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Final

from sync.config.connections.invoices import CreditMemos, Invoices
from sync.config.connections.orders import Orders
from sync.config.connections.returns import Returns
from sync.config.connections.section import NumberMode

Place = tuple[str, str]
"""Section and key of a template."""

SUGGESTED: Final[Mapping[str, str]] = {
    "orders": "{store_id}-{increment_id}", "invoices": "{store_id}-I{increment_id}",
    "creditmemos": "{store_id}-C{increment_id}", "returns": "{store_id}-R{increment_id}",
}  # fmt: skip
BEFORE: Final = (
    "What was posted before keeps its reference; change it while nothing waits for a lost answer."
)


def templates_in_use(
    orders: Orders | None,
    invoices: Invoices | None,
    memos: CreditMemos | None,
    returns: Returns | None = None,
) -> dict[Place, str]:
    """The templates of the sections whose flows are on; None for one that is off."""
    found: dict[Place, str] = {}
    is_ours = orders is not None and orders.numbers is NumberMode.OURS
    documents = {"orders": orders, "invoices": invoices, "creditmemos": memos, "returns": returns}
    for section, one in documents.items():
        if one is not None:
            found[section, "reference_template"] = one.reference_template
    if orders is not None and is_ours:
        found["orders", "number_template"] = orders.number_template
    if memos is not None and is_ours and memos.recipe == "return-order":
        found["creditmemos", "number_template"] = memos.number_template
    if returns is not None and is_ours:
        found["returns", "number_template"] = returns.number_template
    return found


def parsed(template: str) -> list[tuple[str, str | None]]:
    """(text, the field after it) of its parts; nothing of a template that is broken in itself,
    which is reported elsewhere."""
    try:
        return [(text, name) for text, name, _, _ in Formatter().parse(template)]
    except ValueError:
        return []


def tells_stores_apart(section: str, template: str) -> bool:
    """Whether it holds the store, or for orders the id that no other order has."""
    telling = {"store_id", "entity_id"} if section == "orders" else {"store_id"}
    return bool(telling & {name for _, name in parsed(template)})
