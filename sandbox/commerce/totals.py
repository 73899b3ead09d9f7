"""The order's own row: totals in both currencies, and what is added or paid beside goods and
shipping.

An identity holds in each currency: grand total = subtotal + shipping + tax - discount +
compensation + levies that are not in the subtotal + wrapping + fee - gift cards - store credit -
reward points.
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.commerce.amounts import HUNDRED
from sandbox.commerce.lines import Line, Side
from sandbox.commerce.recipe import Recipe
from sandbox.commerce.records import Columns
from sync.core.money import ZERO, rounded


@dataclass(frozen=True)
class Extra:
    """Extras of one currency."""

    fee: Decimal
    fee_tax: Decimal
    wrap: Decimal
    wrap_tax: Decimal
    gift_card: Decimal = ZERO
    credit: Decimal = ZERO
    reward: Decimal = ZERO


@dataclass(frozen=True)
class Totals:
    """All totals of one currency; signs as the order's columns have them."""

    subtotal: Decimal
    subtotal_incl: Decimal
    discount: Decimal
    compensation: Decimal
    tax: Decimal
    shipping: Decimal
    grand: Decimal
    extra: Extra


def totals_of(recipe: Recipe, lines: list[Line], side: Side) -> Totals:
    """Add an order up in one currency."""
    paying = [side.sums[line.number] for line in lines if line.paying]
    extra = _extra(recipe, side.factor)
    levies = sum((each.levy_row for each in paying), ZERO)
    in_subtotal = recipe.scheme.levy_in_subtotal
    subtotal = sum((each.row for each in paying), ZERO) + (levies if in_subtotal else ZERO)
    discount = -(sum((each.discount for each in paying), ZERO) + side.shipping.discount)
    compensation = sum((each.compensation for each in paying), ZERO)
    tax = sum((each.tax + each.levy_tax for each in paying), ZERO)
    tax += side.shipping.tax + extra.fee_tax + extra.wrap_tax
    grand = (
        subtotal + side.shipping.row + tax + discount + compensation + side.shipping.compensation
    )
    grand += (ZERO if in_subtotal else levies) + extra.fee + extra.wrap
    extra = _paid(extra, recipe, side.factor, grand)
    grand -= extra.gift_card + extra.credit + extra.reward
    incl = sum((each.row_incl + each.levy_row_incl for each in paying), ZERO)
    return Totals(subtotal, incl, discount, compensation, tax, side.shipping.row, grand, extra)


def _extra(recipe: Recipe, factor: Decimal) -> Extra:
    percent = recipe.place.percent("standard")
    fee, wrap = (rounded(amount * factor) for amount in (recipe.extras.fee, recipe.extras.wrap))
    return Extra(fee, rounded(fee * percent / HUNDRED), wrap, rounded(wrap * percent / HUNDRED))


def _paid(extra: Extra, recipe: Recipe, factor: Decimal, due: Decimal) -> Extra:
    """Ways to pay beside the payment method, one after the other and never more than what is
    due."""
    used = []
    for wanted in (recipe.extras.gift_card, recipe.extras.credit, recipe.extras.reward):
        amount = min(rounded(wanted * factor), due)
        due -= amount
        used.append(amount)
    return Extra(extra.fee, extra.fee_tax, extra.wrap, extra.wrap_tax, *used)


def total_columns(prefix: str, totals: Totals, side: Side) -> Columns:
    """The money columns of one side; `prefix` is empty or `base_`. One base column is misspelt in
    the database."""
    compensation = "shipping_discount_tax_compensation_" + ("amnt" if prefix else "amount")
    shipping = side.shipping
    columns = {
        "discount_amount": totals.discount,
        "grand_total": totals.grand,
        "discount_tax_compensation_amount": totals.compensation,
        "shipping_amount": shipping.row,
        "shipping_discount_amount": shipping.discount,
        compensation: shipping.compensation,
        "shipping_incl_tax": shipping.row_incl,
        "shipping_tax_amount": shipping.tax,
        "subtotal": totals.subtotal,
        "subtotal_incl_tax": totals.subtotal_incl,
        "tax_amount": totals.tax,
        "total_due": totals.grand,
    }
    return {f"{prefix}{name}": value for name, value in columns.items()}


def extra_attributes(own: Extra, base: Extra, recipe: Recipe) -> Columns:
    """Extension attributes of the extras that are used."""
    used = recipe.extras
    found: Columns = {}
    if own.fee or base.fee:
        found |= _in_both("payment_fee", own.fee, base.fee)
        found |= _in_both("payment_fee_tax", own.fee_tax, base.fee_tax)
    if own.wrap or base.wrap:
        found |= _wrapping(own, base)
    if used.gift_card:
        amounts = {"amount": own.gift_card, "base_amount": base.gift_card}
        found["gift_cards"] = [{"id": 1, "code": "GC-SANDBOX-1", **amounts}]
        found |= _in_both("gift_cards_amount", own.gift_card, base.gift_card)
    if used.credit:
        found |= _in_both("customer_balance_amount", own.credit, base.credit)
    if used.reward:
        found["reward_points_balance"] = int(base.reward * 100)
        found |= _in_both("reward_currency_amount", own.reward, base.reward)
    return found


def _in_both(name: str, own: Decimal, base: Decimal) -> Columns:
    return {name: own, f"base_{name}": base}


def _wrapping(own: Extra, base: Extra) -> Columns:
    """Its amounts are text, as in the real answer."""
    amounts = {
        "gw_price": own.wrap,
        "gw_base_price": base.wrap,
        "gw_tax_amount": own.wrap_tax,
        "gw_base_tax_amount": base.wrap_tax,
        "gw_price_incl_tax": own.wrap + own.wrap_tax,
        "gw_base_price_incl_tax": base.wrap + base.wrap_tax,
        "gw_items_price": ZERO,
        "gw_items_base_price": ZERO,
        "gw_card_price": ZERO,
        "gw_card_base_price": ZERO,
    }
    return {"gw_id": "1", **{name: f"{amount:.4f}" for name, amount in amounts.items()}}
