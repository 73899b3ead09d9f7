"""What a credit memo refunded to store credit: it stays in the shop, so no bank pays it. Pure.

The shop notes it on the memo (`customer_bal_total_refunded`, `customer_balance_total_refunded`),
and REST only in sum on the order. It includes what had been paid by store credit, which is no part
of the memo's grand total (source: the shop's check against grand total and
`customer_balance_amount` together).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.fields import number_from
from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.core.errors import Never
from sync.core.money import CENT, ZERO, rounded

OWN: Final = ("customer_bal_total_refunded", "customer_balance_total_refunded")
BASE: Final = (
    "bs_customer_bal_total_refunded",
    "base_customer_bal_total_refunded",
    "base_customer_balance_total_refunded",
)


def kept_as_credit(memo: CreditMemo, order: Order) -> Decimal:
    """What of the memo's grand total became store credit. Raises `Never` where several memos share
    what the order says."""
    reported = _reported(memo, OWN)
    if reported is None and (base := _reported(memo, BASE)) is not None:
        reported = _in_its_currency(memo, order, base)
    if reported is None:
        reported = _by_the_order(memo, order)
    paid = abs(memo.extension_attributes.customer_balance_amount)
    return min(max(rounded(reported - paid), ZERO), max(rounded(memo.grand_total), ZERO))


def _reported(document: CreditMemo | Order, names: tuple[str, ...]) -> Decimal | None:
    for name, value in _fields(document.raw):
        if name in names and value not in (None, ""):
            try:
                return number_from(value)
            except ValueError as fault:
                raise Never(
                    f"{document.label} cannot be read: {name}: {fault}",
                    remedy=(
                        "Look at this field of the document in Commerce and at the extension that"
                        " writes it."
                    ),
                ) from None
    return None


def _fields(raw: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from raw.items()
    extension = raw.get("extension_attributes")
    if isinstance(extension, Mapping):
        yield from extension.items()


def _in_its_currency(memo: CreditMemo, order: Order, base: Decimal) -> Decimal:
    """What is told in base currency only: all of the memo, or the same in a shop of one
    currency."""
    if not base or order.base_currency_code in ("", memo.order_currency_code):
        return base
    if rounded(base) == rounded(number_from(memo.raw.get("base_grand_total"))):
        return memo.grand_total
    raise _unknown(
        memo,
        f"{base} {order.base_currency_code} of it, which is not said in {memo.order_currency_code}",
    )


def _by_the_order(memo: CreditMemo, order: Order) -> Decimal:
    """The order tells the sums of all its memos: known where no money went there, all went there,
    or one memo gave back money. Memos of store credit alone leave the order's money as it is."""
    refunded, kept = order.total_refunded, _reported(order, OWN)
    if not kept:
        return ZERO
    paid = abs(memo.extension_attributes.customer_balance_amount)
    tendered = max(order.extension_attributes.customer_balance_refunded, paid)
    of_money = kept - tendered
    if abs(of_money) <= CENT:
        return paid
    if abs(refunded - memo.grand_total) <= CENT:
        return of_money + paid
    if abs(of_money - refunded) <= CENT:
        return memo.grand_total + paid
    told = f"{kept:.2f} {memo.order_currency_code}"
    raise _unknown(memo, f"{told} of several memos, and not how much of this one")


def _unknown(memo: CreditMemo, what: str) -> Never:
    return Never(
        f"{memo.label}: order {memo.order_id} says that {what} was refunded to store credit;"
        f" grand_total is {memo.grand_total}",
        remedy=(
            "Book this memo in D365 by hand: the part that was paid out against the bank, the rest"
            " against the liability for store credit. Or let the shop answer"
            " customer_balance_total_refunded on its credit memos, then replay."
        ),
    )
