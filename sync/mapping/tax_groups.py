"""Commerce's tax codes as F&O's tax groups. Pure.

`orders.taxes` is keyed by a code, by several codes of one line joined with "+" (in any order), by
"none" for what is not taxed, and by "*" for every other code. An empty table sends no groups: the
customer's and the item's apply.
"""

from collections.abc import Callable, Mapping, Sequence

from sync.commerce.models.order import Order
from sync.config.connections import TaxGroups, tax_codes_in
from sync.core.errors import Missing, Never

NOT_TAXED = "none"
TABLE = "orders.taxes"


def order_tax_group(order: Order, taxes: Mapping[str, TaxGroups]) -> str:
    """The sales tax group of the whole order, from all its codes. Raises `Never` for none, or
    several, that fit."""
    codes = sorted({tax.code for tax in order.extension_attributes.applied_taxes if tax.code})
    return (
        _only(order, taxes, codes, lambda entry: entry.group, "sales tax groups") if taxes else ""
    )


def line_tax_group(order: Order, taxes: Mapping[str, TaxGroups], codes: Sequence[str]) -> str:
    """The item sales tax group of a line with these codes. Raises `Never` for none, or several,
    that fit."""
    return (
        _only(order, taxes, codes, lambda entry: entry.item_group, "item sales tax groups")
        if taxes
        else ""
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
    found = sorted({group(_entry(order, taxes, code)) for code in codes or [NOT_TAXED]} - {""})
    if len(found) > 1:
        raise Never(
            f"order {order.increment_id}: extension_attributes.applied_taxes[].code"
            f" {', '.join(codes)} belong to several {what}: {', '.join(found)}",
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


def _entry(order: Order, taxes: Mapping[str, TaxGroups], code: str) -> TaxGroups:
    found = taxes.get(code, taxes.get("*"))
    if found is None:
        raise Never(
            f"order {order.increment_id}: extension_attributes.applied_taxes[].code {code[:64]} is"
            " not mapped",
            remedy=(
                f'Add [connections.<name>.orders.taxes."{code[:64]}"] with group and item_group,'
                " then replay the order."
            ),
            missing=[Missing(TABLE, code)],
        )
    return found
