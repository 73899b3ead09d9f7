"""How much of the shipping a credit memo gives back, and the share of its discount, with every
oddity of the real shop.

Requests are in base currency. Discounted shipping breaks partial refunds (measured): the share is
not rounded, a memo of no shipping gets one of the wrong sign, and without a wish the whole share is
taken once more.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sandbox.commerce.faults import RestFault
from sandbox.commerce.records import Columns, StoredOrder, amount
from sync.core.money import ZERO, rounded

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True)
class ShippingBack:
    """Shipping on a credit memo by side: its net and gross amounts, and the share of its
    discount."""

    net: dict[str, Decimal]
    gross: dict[str, Decimal]
    discount: dict[str, Decimal]


@dataclass(frozen=True)
class _Shipping:
    """The shipping of an order on one side: all of it and what is not yet given back."""

    net: Decimal
    gross: Decimal
    tax: Decimal
    left: Decimal
    left_tax: Decimal

    @classmethod
    def of(cls, row: Columns, side: str) -> "_Shipping":
        net, tax = amount(row, f"{side}shipping_amount"), amount(row, f"{side}shipping_tax_amount")
        left = net - amount(row, f"{side}shipping_refunded")
        left_tax = tax - amount(row, f"{side}shipping_tax_refunded")
        return cls(net, amount(row, f"{side}shipping_incl_tax"), tax, left, left_tax)


def shipping_back(
    order: StoredOrder, wanted: Decimal | None, invoice: Columns | None, *, gross: bool = False
) -> ShippingBack:
    """What goes back of the shipping. `wanted`: in base currency, None for the rest; `gross`: it
    includes tax.

    Raises `RestFault` for more than is left.
    """
    own, base = _Shipping.of(order.row, ""), _Shipping.of(order.row, "base_")
    if wanted is None and invoice is not None:
        wanted = min(base.left, amount(invoice, "base_shipping_amount"))
    discount, rest = _discount(order, wanted, own, base), {"": own.left, "base_": base.left}
    if wanted is None:
        gross_left = base.gross - (base.net - base.left) - (base.tax - base.left_tax)
        return ShippingBack(rest, {"": own.left + own.left_tax, "base_": gross_left}, discount)
    wanted = rounded(wanted)
    most, whole = (
        (rounded(base.left + base.left_tax), base.gross) if gross else (base.left, base.net)
    )
    if wanted > ZERO and base.net <= ZERO:
        raise RestFault(400, "You can not refund shipping if there is no shipping amount.")
    if wanted > most:
        sign = SIGNS.get(str(order.row["base_currency_code"]), "")
        raise RestFault(
            400, "Maximum shipping amount allowed to refund is: %1", [f"{sign}{most:.2f}"]
        )
    part = wanted / whole if whole else ZERO
    net = (
        rest if wanted == most else {"": rounded(own.net * part), "base_": rounded(base.net * part)}
    )
    return ShippingBack(
        net, {"": rounded(own.gross * part), "base_": rounded(base.gross * part)}, discount
    )


def _discount(
    order: StoredOrder, wanted: Decimal | None, own: _Shipping, base: _Shipping
) -> dict[str, Decimal]:
    """The share of the discount on shipping, unrounded."""
    if not base.net:
        return {"": ZERO, "base_": ZERO}
    basis = wanted or (base.gross if wanted is None else ZERO) - base.tax
    share = basis * amount(order.row, "base_shipping_discount_amount") / base.net
    return {"": own.net * share / base.net, "base_": share}
