"""What documents have beside goods, shipping and levies: wrapping and a fee, and the ways to pay
that lower the total.

Wrapping and fee are wholly on the first invoice and on the first credit memo. Gift cards, store
credit and points pay for each document as far as they go, one after the other; a credit memo gives
to them first.
"""

from decimal import Decimal
from typing import Final

from sandbox.commerce.documents import WRAPPING, live
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO

MEANS: Final = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
"""Columns of the ways to pay, in the order in which they are used."""


def _wrap(side: str, what: str) -> str:
    return f"gw_{side}{what}"


def charges(order: StoredOrder, side: str) -> Columns:
    """Wrapping and fee of an order in one currency, with their taxes; only what is there."""
    found: Columns = {}
    if order.extension.get("gw_id"):
        names = [name for name in WRAPPING if ("_base_" in name) == bool(side)]
        found |= {name: amount(order.extension, name) for name in names}
    if f"{side}payment_fee" in order.extension:
        fee = (f"{side}payment_fee", f"{side}payment_fee_tax")
        found |= {name: amount(order.extension, name) for name in fee}
    return found


def tax_of(order: StoredOrder, side: str) -> Decimal:
    """The tax on wrapping and fee, which is in the order's tax."""
    return sum((value for name, value in charges(order, side).items() if "tax" in name), ZERO)


def worth(head: Columns, side: str) -> Decimal:
    """What wrapping and fee on a document come to without tax."""
    wrapping = (
        name for name in WRAPPING if name.endswith("price") and ("_base_" in name) == bool(side)
    )
    return sum((amount(head, name) for name in wrapping), amount(head, f"{side}payment_fee"))


def invoice(order: StoredOrder, head: Columns, side: str) -> None:
    """Put on an invoice what it charges beside its goods; its grand total becomes what is left to
    pay."""
    others = live(order)
    if bears_charges(order, others):
        head |= charges(order, side)
    _use(head, side, {name: amount(order.extension, f"{side}{name}") for name in MEANS}, others)


def memo(order: StoredOrder, head: Columns, side: str) -> None:
    """Put on a credit memo what goes back beside its goods: wrapping and fee with the first one."""
    if live(order) and bears_charges(order, order.creditmemos):
        head |= charges(order, side)
    paid = {
        name: sum((amount(one, f"{side}{name}") for one in live(order)), ZERO) for name in MEANS
    }
    _use(head, side, paid, order.creditmemos)


def bears_charges(order: StoredOrder, others: list[Columns]) -> bool:
    """Whether the next document carries wrapping and fee: none of the others of its kind does."""
    return not any(name in other for other in others for name in charges(order, ""))


def _use(head: Columns, side: str, whole: Columns, others: list[Columns]) -> None:
    total = f"{side}grand_total"
    head[total] += worth(head, side)
    for name, value in whole.items():
        rest = value - sum((amount(one, f"{side}{name}") for one in others), ZERO)
        used = max(min(rest, head[total]), ZERO)
        if value:
            head[f"{side}{name}"] = used
            head[total] -= used


def count(order: StoredOrder, document: Columns, word: str, *, sign: int = 1) -> None:
    """Count on the order what a document uses, as far as REST has a field for it. `word`: invoiced
    or refunded."""
    for side in ("", "base_"):
        for name in MEANS[:2]:
            if f"{side}{name}" in document:
                counted = f"{side}{name.removesuffix('amount')}{word}"
                order.extension[counted] = (
                    amount(order.extension, counted) + sign * document[f"{side}{name}"]
                )
        if _wrap(side, "price") in document:
            for what in ("price", "tax_amount"):
                counted = _wrap(side, f"{what}_{word}")
                value = amount(order.extension, counted) + sign * document[_wrap(side, what)]
                order.extension[counted] = f"{value:.4f}"
