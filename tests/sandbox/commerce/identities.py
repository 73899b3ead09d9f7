"""What adds up in an order as REST answers it: `commerce-money.md`, sections 2 to 5, as a list of
differences.

Written apart from the double's arithmetic: it reads only REST fields. It is run on made and on
recorded orders alike.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.core.encoding import from_json

ZERO = Decimal(0)
Rest = dict[str, Any]


def money(source: Rest, key: str) -> Decimal:
    return Decimal(source.get(key) or 0).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


def paying_lines(order: Rest) -> list[Rest]:
    """The lines that bear money: no zero children, and of a dynamic bundle the children."""
    children: dict[int, list[Rest]] = {}
    for item in order["items"]:
        children.setdefault(item.get("parent_item_id") or 0, []).append(item)
    found = []
    for item in order["items"]:
        mine = children.get(item["item_id"], [])
        dynamic = item["product_type"] == "bundle" and any(money(child, "price") for child in mine)
        zero_child = (
            item.get("parent_item_id")
            and not money(item, "price")
            and not money(item, "tax_amount")
        )
        if not dynamic and not zero_child:
            found.append(item)
    return found


def row_of(item: Rest, side: str) -> Decimal | None:
    """The true row total; None where REST's answer was cut off at zero."""
    shown, discount = (
        money(item, f"{side}row_total_incl_tax"),
        money(item, f"{side}discount_amount"),
    )
    if not shown and discount:
        return None
    row = shown + discount - money(item, f"{side}tax_amount")
    row -= money(item, f"{side}discount_tax_compensation_amount")
    return row - money(
        item, "base_weee_tax_applied_amount" if side else "weee_tax_applied_row_amount"
    )


def rows_of(order: Rest, lines: list[Rest], side: str, levies: Decimal) -> Decimal:
    """Sum of the true rows; one that REST cut off is what the subtotal leaves for it."""
    rows = [row_of(item, side) for item in lines]
    known = sum((row for row in rows if row is not None), ZERO)
    if None not in rows:
        return known
    subtotal = money(order, f"{side}subtotal")
    guess = sum(
        (
            (money(item, f"{side}price") * money(item, "qty_ordered")).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            for item, row in zip(lines, rows, strict=True)
            if row is None
        ),
        ZERO,
    )
    return subtotal - min((ZERO, levies), key=lambda part: abs(subtotal - part - known - guess))


def levy_of(item: Rest, side: str) -> Decimal:
    return money(item, "base_weee_tax_applied_row_amnt" if side else "weee_tax_applied_row_amount")


def levy_tax_of(item: Rest, side: str) -> Decimal:
    entries = from_json(item.get("weee_tax_applied") or "[]")
    return sum(
        (money(e, f"{side}row_amount_incl_tax") - money(e, f"{side}row_amount") for e in entries),
        ZERO,
    )


def differences(order: Rest, side: str) -> dict[str, Decimal]:
    """Left minus right of every identity, for the order's currency (`""`) or the base
    (`"base_"`)."""
    lines, extension = paying_lines(order), order["extension_attributes"]
    levies = sum((levy_of(item, side) for item in lines), ZERO)
    levy_tax = sum((levy_tax_of(item, side) for item in lines), ZERO)
    rows = rows_of(order, lines, side, levies)
    subtotal = money(order, f"{side}subtotal")
    in_subtotal = bool(levies) and abs(subtotal - rows - levies) < abs(subtotal - rows)
    shipping_compensation = money(
        order, f"{side}shipping_discount_tax_compensation_" + ("amnt" if side else "amount")
    )
    gw = "gw_base_" if side else "gw_"
    added = money(extension, f"{side}payment_fee") + money(extension, f"{gw}price")
    paid = (
        money(extension, f"{side}gift_cards_amount")
        + money(extension, f"{side}customer_balance_amount")
        + money(extension, f"{side}reward_currency_amount")
    )
    added_tax = money(extension, f"{side}payment_fee_tax") + money(extension, f"{gw}tax_amount")
    discounts = sum((money(item, f"{side}discount_amount") for item in lines), ZERO)
    shipping_discount = money(order, f"{side}shipping_discount_amount")
    shipping_tax = money(order, f"{side}shipping_tax_amount")
    compensation = sum(
        (money(item, f"{side}discount_tax_compensation_amount") for item in lines), ZERO
    )
    goods = sum((money(item, f"{side}row_total_incl_tax") for item in lines), ZERO)
    if side:  # base answers hold the levy of one piece only
        goods += levies - sum((money(item, "base_weee_tax_applied_amount") for item in lines), ZERO)
    charge = (
        money(order, f"{side}shipping_amount")
        + shipping_tax
        + shipping_compensation
        - shipping_discount
    )
    grand, tax = money(order, f"{side}grand_total"), money(order, f"{side}tax_amount")
    line_tax = sum((money(item, f"{side}tax_amount") for item in lines), ZERO)
    applied = sum((money(entry, f"{side}amount") for entry in extension["applied_taxes"]), ZERO)
    total = (
        subtotal
        + money(order, f"{side}shipping_amount")
        + tax
        + money(order, f"{side}discount_amount")
    )
    total += money(order, f"{side}discount_tax_compensation_amount") + shipping_compensation
    total += (ZERO if in_subtotal else levies) + added - paid
    result = {
        "grand total": grand - total,
        "subtotal": subtotal - rows - (levies if in_subtotal else ZERO),
        "discount": money(order, f"{side}discount_amount") + discounts + shipping_discount,
        "compensation": money(order, f"{side}discount_tax_compensation_amount") - compensation,
        "tax": tax - line_tax - shipping_tax - levy_tax - added_tax,
        "tax per rate": tax - applied,
        "due": money(order, f"{side}total_due") - grand + money(order, f"{side}total_paid"),
    }
    if all(row_of(item, side) is not None for item in lines):
        result["one line"] = grand - (goods + charge + levy_tax + added + added_tax - paid)
    return {name: difference for name, difference in result.items() if difference}


def tolerance(order: Rest) -> Decimal:
    """How much may be missing: nothing, but for levies and fractional quantities."""
    lines = paying_lines(order)
    if any(levy_of(item, "") for item in lines):
        return Decimal("0.03")
    return Decimal("0.0002") if any(Decimal(item["qty_ordered"]) % 1 for item in lines) else ZERO
