"""Stored columns -> the JSON that REST answers with, and back.

What REST does while answering, measured on 2.4.8: it rewrites four row totals of every order item,
repeats the parent inside each child, repeats the items inside the shipping assignment and leaves
null keys out.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO, rounded

NULL_IS_WRITTEN = frozenset({"account_status", "cc_last4", "additional_information"})
"""Getters of the payment that are declared to return a value: their null is written."""

CUT_OFF = Decimal("0.05")
"""Price times quantity differs from the true row by less than this where nothing was cut off."""

SHIPPING_TOTAL = tuple(
    f"{side}{name}"
    for side in ("base_", "")
    for name in (
        "shipping_amount",
        "shipping_canceled",
        "shipping_discount_amount",
        "shipping_discount_tax_compensation_amount",
        "shipping_discount_tax_compensation_amnt",
        "shipping_incl_tax",
        "shipping_invoiced",
        "shipping_refunded",
        "shipping_tax_amount",
        "shipping_tax_refunded",
    )
)


def number(value: Decimal) -> int | Decimal:
    """A number as PHP writes it: whole ones without a point, no trailing zeros."""
    if value == value.to_integral_value():
        return int(value)
    return value.normalize()


def plain(value: Any) -> Any:
    """A deep copy with null keys left out and numbers as PHP writes them."""
    kind = type(value)
    if kind is Decimal:
        return number(value)
    if kind is dict:
        return {k: plain(v) for k, v in value.items() if v is not None or k in NULL_IS_WRITTEN}
    return [plain(item) for item in value] if kind in (list, tuple) else value


def difference(*terms: Decimal) -> Decimal:
    """max(0, sum) in the binary arithmetic and 14 digits of PHP, dust such as 0.010000000000218
    included."""
    total = 0.0
    for term in terms:
        total += float(term)
    return Decimal(f"{max(0.0, total):.14g}")


def rewritten(item: Columns, *, display_gross: bool = False) -> Columns:
    """The four totals that REST shows for an order item: see the rule of each in
    `commerce-money.md`, section 2."""
    answer: Columns = {}
    for side in ("", "base_"):
        discount, tax = amount(item, f"{side}discount_amount"), amount(item, f"{side}tax_amount")
        compensation = amount(item, f"{side}discount_tax_compensation_amount")
        levy = amount(
            item, "base_weee_tax_applied_amount" if side else "weee_tax_applied_row_amount"
        )
        if display_gross:
            answer[f"{side}row_total"] = difference(
                amount(item, f"{side}price_incl_tax"), -discount, -tax
            )
        else:
            answer[f"{side}row_total"] = difference(amount(item, f"{side}price"), -discount)
        row = amount(item, f"{side}row_total")
        answer[f"{side}row_total_incl_tax"] = difference(row, tax, compensation, levy, -discount)
    return answer


def rest_item(item: Columns, *, display_gross: bool = False) -> Columns:
    """One order item as answered, without its parent."""
    answer: Columns = plain({**item, **rewritten(item, display_gross=display_gross)})
    return answer


def rest_items(order: StoredOrder, *, display_gross: bool = False) -> list[Columns]:
    """All items of an order as answered; a child carries its whole parent."""
    by_id = {item["item_id"]: rest_item(item, display_gross=display_gross) for item in order.items}
    return [
        {**item, "parent_item": by_id[item["parent_item_id"]]}
        if item.get("parent_item_id") in by_id
        else item
        for item in by_id.values()
    ]


def rest_order(order: StoredOrder, *, display_gross: bool = False) -> Columns:
    """A whole order as `GET /V1/orders/{id}` answers it; nothing of it is shared with the store.

    Within the answer the items and their copies in the shipping assignment are the same objects.
    """
    items = rest_items(order, display_gross=display_gross)
    shipping: Columns = (
        {}
        if order.shipping is None
        else {"address": order.shipping, "method": order.shipping_method}
    )
    shipping["total"] = {
        key: order.row[key] for key in SHIPPING_TOTAL if order.row.get(key) is not None
    }
    answer: Columns = plain(order.row)
    answer["items"] = items
    answer["billing_address"] = plain(order.billing)
    answer["payment"] = plain(order.payment)
    answer["status_histories"] = plain(order.comments)
    answer["extension_attributes"] = {
        "shipping_assignments": [{"shipping": plain(shipping), "items": items}],
        **plain(order.extension),
    }
    return answer


def stored_order(rest: Columns) -> StoredOrder:
    """A recorded REST answer as the row it came from; the true row totals are recovered as far as
    REST shows them."""
    row = dict(rest)
    items = [_stored_item(item) for item in row.pop("items")]
    extension = dict(row.pop("extension_attributes", {}))
    assignments = extension.pop("shipping_assignments", [])
    shipping = assignments[0]["shipping"] if assignments else {}
    return StoredOrder(
        row=_decimal(
            {
                k: v
                for k, v in row.items()
                if k not in {"billing_address", "payment", "status_histories"}
            }
        ),
        items=items,
        billing=_decimal(rest["billing_address"]),
        payment=_decimal(rest["payment"]),
        shipping=_decimal(shipping.get("address")),
        shipping_method=shipping.get("method"),
        comments=_decimal(rest.get("status_histories", [])),
        extension=_decimal(extension),
    )


def _decimal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decimal(item) for key, item in value.items()}
    return [_decimal(item) for item in value] if isinstance(value, list) else value


def _stored_item(rest: Columns) -> Columns:
    item: Columns = _decimal({key: value for key, value in rest.items() if key != "parent_item"})
    for side in ("", "base_"):
        discount = amount(item, f"{side}discount_amount")
        levy = amount(
            item, "base_weee_tax_applied_amount" if side else "weee_tax_applied_row_amount"
        )
        shown = amount(item, f"{side}row_total_incl_tax")
        row = shown + discount - amount(item, f"{side}tax_amount") - levy
        row -= amount(item, f"{side}discount_tax_compensation_amount")
        if (
            shown == ZERO and discount > ZERO
        ):  # perhaps cut off at zero: then the true row is less than that
            guess = rounded(amount(item, f"{side}price") * amount(item, "qty_ordered"))
            row = guess if guess < row - CUT_OFF else row
        item[f"{side}row_total"] = row.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)
    return item
