"""Commerce's tax codes as F&O's tax groups. Pure.

`orders.taxes` is keyed by a code, by several codes of one line joined with "+" (in any order), by
"none" for what is not taxed, and by "*" for every other code. An empty table sends no groups: the
customer's and the item's apply.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from sync.commerce.models.order import Order
from sync.config.connections import TaxGroups, tax_codes_in
from sync.core.errors import Missing, Never
from sync.core.money import CENT, total

NOT_TAXED = "none"
TABLE = "orders.taxes"
ANY_OTHER = "*"
CODES = "extension_attributes.applied_taxes[].code"


def order_tax_group(order: Order, taxes: Mapping[str, TaxGroups], tax: Decimal) -> str:
    """The sales tax group of the whole order, from all its codes. Raises `Never` for none, or
    several, that fit.

    `tax`: what Commerce charged; some tax without any code is never taken for none.
    """
    codes = _reported(order, taxes, order_tax_codes(order), tax)
    return (
        _only(order, taxes, codes, lambda entry: entry.group, "sales tax groups") if taxes else ""
    )


def line_tax_group(
    order: Order, taxes: Mapping[str, TaxGroups], codes: Sequence[str], tax: Decimal
) -> str:
    """The item sales tax group of a line with these codes and this tax. Raises `Never` for none, or
    several, that fit."""
    reported = _reported(order, taxes, codes, tax)
    return (
        _only(order, taxes, reported, lambda entry: entry.item_group, "item sales tax groups")
        if taxes
        else ""
    )


def order_tax_codes(order: Order) -> tuple[str, ...]:
    """All of Commerce's tax codes on the order: those of its totals, else those of its rows and of
    shipping."""
    extension = order.extension_attributes
    codes = {tax.code for tax in extension.applied_taxes}
    codes = codes or {
        tax.code for entry in extension.item_applied_taxes for tax in entry.applied_taxes
    }
    codes = codes or {
        tax.tax_code for item in order.items for tax in item.extension_attributes.itemized_taxes
    }
    return tuple(sorted(codes - {""}))


def _reported(
    order: Order, taxes: Mapping[str, TaxGroups], codes: Sequence[str], tax: Decimal
) -> Sequence[str]:
    """The codes, `none` for what is not taxed. Raises `Never` for tax without a code that the table
    cannot name: a code that is called `none` in the shop names no kind of tax either."""
    codes = [code for code in codes if code != NOT_TAXED]
    if codes or not tax or not taxes:
        return codes or [NOT_TAXED]
    if told := _of_order(order, taxes):
        return told
    if taxes.keys() - {NOT_TAXED} != {ANY_OTHER}:
        raise _without_code(order, tax)
    return [ANY_OTHER]


def _of_order(order: Order, taxes: Mapping[str, TaxGroups]) -> Sequence[str]:
    """The codes of an order that names none by line, as tax extensions leave it, where they are of
    all its tax and every line has the same groups by them."""
    listed = order.extension_attributes.applied_taxes
    codes = sorted({one.code for one in listed if one.code not in ("", NOT_TAXED)})
    off = total(one.amount for one in listed if one.code in codes) - order.tax_amount
    if not codes or abs(off) > CENT * len(codes) or _names_codes_by_line(order):
        return ()
    if not any(code in taxes for code in codes) and _together(taxes, "+".join(codes)):
        return codes
    rows = [taxes.get(code, taxes.get(ANY_OTHER)) for code in codes]
    groups = {(row.group, row.item_group) for row in rows if row is not None}
    return codes if len(groups) == 1 and None not in rows else ()


def _names_codes_by_line(order: Order) -> bool:
    by_line = order.extension_attributes.item_applied_taxes
    return any(one.applied_taxes for one in by_line) or any(
        item.extension_attributes.itemized_taxes for item in order.items
    )


def _only(
    order: Order,
    taxes: Mapping[str, TaxGroups],
    codes: Sequence[str],
    group: Callable[[TaxGroups], str],
    what: str,
) -> str:
    joined = "+".join(codes)
    if codes and (together := _together(taxes, joined)):
        return group(together)
    found = sorted({group(_entry(order, taxes, code)) for code in codes} - {""})
    if len(found) > 1:
        several = f"belong to several {what}: {', '.join(found)}"
        raise Never(
            f"order {order.increment_id}: {CODES} {', '.join(codes)} {several}",
            remedy=(
                f'Add [connections.<name>.orders.taxes."{joined}"] with the group and item_group'
                " that all of them together stand for, then replay the order."
            ),
            missing=[Missing(TABLE, joined)],
        )
    return found[0] if found else ""


def _together(taxes: Mapping[str, TaxGroups], joined: str) -> TaxGroups | None:
    """The row of exactly these codes."""
    wanted = tax_codes_in(joined)
    return taxes.get(joined) or next(
        (row for key, row in taxes.items() if tax_codes_in(key) == wanted), None
    )


def _without_code(order: Order, tax: Decimal) -> Never:
    """Only where `"*"` stands for every code there is does it not matter which one this tax has."""
    return Never(
        f"order {order.increment_id}: tax of {tax:.2f} {order.order_currency_code} has no tax "
        f"code (itemized_taxes, "
        f"applied_taxes, item_applied_taxes), and F&O would charge none with the groups of "
        f"orders.taxes.{NOT_TAXED}",
        remedy="Ask Commerce for the order with all its extension attributes; if it has none "
        "there, look at the tax "
        "extension, which must name its codes. Where all tax is of one kind, map it by "
        f'[connections.<name>.orders.taxes."{ANY_OTHER}"] alone, beside "{NOT_TAXED}". Then '
        f"replay the order.",
    )


def _entry(order: Order, taxes: Mapping[str, TaxGroups], code: str) -> TaxGroups:
    found = taxes.get(code, taxes.get(ANY_OTHER))
    if found is None:
        name = code[:64]
        raise Never(
            f"order {order.increment_id}: {CODES} {name} is not mapped",
            remedy=(
                f'Add [connections.<name>.orders.taxes."{name}"] with group and item_group, then'
                " replay the order."
            ),
            missing=[Missing(TABLE, code)],
        )
    return found
