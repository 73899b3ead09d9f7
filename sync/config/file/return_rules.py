"""What must hold for `returns` and `order_issues`: orders that flow, reasons with codes, templates,
texts that can be filled, patterns that can be read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sync.config.connections.orders import Orders
from sync.config.connections.returns import TEXTS, OrderIssues, Returns
from sync.config.connections.section import NumberMode
from sync.config.file.breaches import (
    Breach,
    fields_of,
    is_flowing,
    missing_flow,
    sound,
    template_breaches,
    text_breaches,
    too_long,
)
from sync.config.file.toml_lines import Path

IN_RETURNS: Final = ("increment_id", "order_increment_id", "store_id")
FLOWS: Final = ("return_states", "refunds")


def return_breaches(path: Path, written: Mapping[str, Any]) -> Iterator[Breach]:
    """Every breach in `returns` and `order_issues` of the connection at `path`."""
    returns = sound(Returns, written.get("returns", {}))
    issues = sound(OrderIssues, written.get("order_issues", {}))
    if returns is not None:
        yield from _returns((*path, "returns"), written, returns)
    if issues is not None:
        yield from _issues((*path, "order_issues"), written, issues)


def _returns(path: Path, written: Mapping[str, Any], returns: Returns) -> Iterator[Breach]:
    for name in ("reference_template", "number_template"):
        yield from template_breaches((*path, name), getattr(returns, name), IN_RETURNS)
    orders = sound(Orders, written.get("orders", {}))
    if orders is not None and orders.numbers is NumberMode.OURS:
        at = (*path, "number_template")
        yield from too_long(at, returns.number_template, "a return order number")
    for flow in FLOWS:
        why = "only return orders that we have made are followed"
        yield from missing_flow(path, written, flow, "returns", why)
    if returns.photos:
        why = "it attaches the photos to the return order"
        yield from missing_flow((*path, "photos"), written, "returns", "return_states", why)
    if is_flowing(written, "returns"):
        yield from _flowing(path, written, returns)
    for name, text in returns.texts.items():
        yield from text_breaches((*path, "texts", name), text, fields_of(TEXTS[name]))


def _flowing(path: Path, written: Mapping[str, Any], returns: Returns) -> Iterator[Breach]:
    why = "goods come back to the orders that we have posted"
    yield from missing_flow(path, written, "returns", "orders", why)
    if not returns.reasons:
        what = 'the flow "returns" is on, and "reasons" names no return reason code'
        remedy = (
            'Write reasons = { "*" = "..." }: option id of a reason, return reason code in F&O.'
        )
        yield Breach((*path, "reasons"), what, remedy)
    memos = written.get("creditmemos", {})
    theirs = memos.get("reference_template") if isinstance(memos, Mapping) else None
    if theirs == returns.reference_template:
        what = "a return and a credit memo of the same number would have the same reference in F&O"
        yield Breach((*path, "reference_template"), what, "Tell them apart by a letter.")


def _issues(path: Path, written: Mapping[str, Any], issues: OrderIssues) -> Iterator[Breach]:
    if is_flowing(written, "order_issues") and not issues.patterns:
        what = 'the flow "order_issues" is on, and "patterns" is empty'
        remedy = "Write patterns = { damaged = 'damaged|broken' }: a name, and what a comment says."
        yield Breach((*path, "patterns"), what, remedy)
    for name, pattern in issues.patterns.items():
        try:
            re.compile(pattern)
        except re.error:
            what = "the pattern is no regular expression"
            yield Breach((*path, "patterns", name), what, "Correct it, or write plain words.")
