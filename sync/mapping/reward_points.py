"""Reward points that paid for an invoice or credit memo, which REST does not show there. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import ZERO
from sync.mapping.fixed_product_tax import SLACK
from sync.mapping.order_parts import Paid


def points_spent(document: Invoice | CreditMemo, order: Order, settings: Orders) -> Decimal:
    """The reward points of the order, where neither the document nor the configuration says what
    became of them."""
    home = settings.segments.get("reward_points")
    is_reported = document.extension_attributes.reward_currency_amount or (
        home is not None and (home.field or home.item)
    )
    return ZERO if is_reported else order.extension_attributes.reward_currency_amount


def by_points(missing: Decimal, spent: Decimal, settings: Orders) -> Iterator[Paid]:
    """Reward points, which an invoice or credit memo counts and REST does not show: what is missing
    of the grand total, where the order was paid with that many or more. A difference of rounding is
    none."""
    near = max(settings.rounding_most, SLACK)
    if spent and (missing == spent or near < missing < spent + near):
        home = settings.segments.get("reward_points")
        amount = spent if abs(missing - spent) <= near else missing
        yield Paid("reward_points", (home.payment if home else None) or "reward_points", amount)
