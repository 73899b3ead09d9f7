"""Fixed product tax (FPT) in an invoice or credit memo: in an invoice no field says how much of it
there is.

It is the part of the grand total that nothing else explains, when that is what the rows' shares of
the order's own fixed product tax lead one to expect. Commerce rounds the shares row by row, so a
few cents of slack are allowed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.commerce.models.invoice import CreditMemo, Invoice
from sync.commerce.models.order import Order
from sync.config.connections import Orders
from sync.core.money import CENT, rounded, total
from sync.mapping.order_parts import Charge, fixed_product_tax_codes
from sync.mapping.order_rows import money_ids

SLACK: Final = Decimal("0.03")
"""How far a document's fixed product tax may be from its share of the order's (measured: 0.015); a
cent per row if more."""


FIXED_PRODUCT_TAX: Final = "fixed-product-tax"
"""The reference of its charge."""


@dataclass(frozen=True)
class _Share:
    codes: tuple[str, ...]
    net: Decimal
    tax: Decimal


def expected_fixed_product_tax(document: Invoice | CreditMemo, order: Order) -> Decimal:
    """The rows' shares of the order's own."""
    return total(share.net for share in _shares(document, order, with_codes=False))


def expected_tax(document: Invoice | CreditMemo, order: Order) -> Decimal:
    """The rows' shares of the tax on the order's own."""
    return total(share.tax for share in _shares(document, order, with_codes=False))


def fixed_product_tax(
    document: Invoice | CreditMemo, order: Order, settings: Orders, *, rest: Decimal, tax: Decimal
) -> Iterator[Charge]:
    """The charges that come to `rest` with `tax` on them; none where the order leads one to expect
    something else.

    One charge, or one per set of tax codes where codes decide the line's tax group; the last one
    takes the remainder. Nothing is expected where fixed product tax is part of the subtotal: then
    `rest` is nothing.
    """
    shares = [*_shares(document, order, with_codes=bool(settings.taxes))]
    expected = total(share.net for share in shares)
    if not shares or not rounded(rest) or abs(rest - expected) > max(SLACK, CENT * len(shares)):
        return
    codes = list(dict.fromkeys(share.codes for share in shares))
    for each in codes[:-1]:
        ours = [share for share in shares if share.codes == each]
        net, on_it = total(share.net for share in ours), total(share.tax for share in ours)
        yield Charge(FIXED_PRODUCT_TAX, settings.fpt_item, net, on_it, tax_codes=each)
        rest, tax = rest - net, tax - on_it
    yield Charge(FIXED_PRODUCT_TAX, settings.fpt_item, rest, tax, tax_codes=codes[-1])


def _shares(document: Invoice | CreditMemo, order: Order, *, with_codes: bool) -> Iterator[_Share]:
    """A row that the order takes for one that carries money: a product of nothing has its fixed
    product tax as well, and no other amount."""
    chosen = money_ids(order)
    ordered = {item.item_id: item for item in order.items if item.item_id in chosen}
    for item in document.items:
        origin = ordered.get(item.order_item_id) if item.order_item_id is not None else None
        if origin is None or not origin.qty_ordered:
            continue
        part = item.qty / origin.qty_ordered
        codes = fixed_product_tax_codes(order, origin.item_id) if with_codes else ()
        net, tax = origin.weee_tax_applied_row_amount, origin.fixed_product_tax_tax
        if net:
            yield _Share(codes, rounded(net * part), rounded(tax * part))
