"""A credit note of F&O as refunds in Commerce, to the cent. Pure.

What Commerce works out for the pieces is foreseen, and what the credit note has more or less is an
adjustment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.fields import whole_from
from sync.commerce.models.invoice import CANCELLED, PAID, CreditMemo
from sync.commerce.models.order import Order
from sync.commerce.models.refund import WantedRefund
from sync.config.connections import Connection
from sync.core.money import CENT, ZERO, rounded, stored
from sync.mapping.order_parts import order_parts
from sync.mapping.refund_case import BY_HAND, ONE, Given, RefundCase
from sync.mapping.refund_sums import ShippingBack, after, left_to_refund, memo_of

BARRED: Final = frozenset({"payment_review", "holded", "canceled", "closed"})
MOST_STEPS: Final = 50
Adjustment = tuple[Decimal, Decimal]
"""What is given back beside pieces and shipping, and what is withheld, in base currency."""
NOTHING: Final[Adjustment] = (ZERO, ZERO)
KNOWN: Final = frozenset({"shipping", "fixed-product-tax", "rounding"})


@dataclass
class _Order:
    """The order while refund after refund is foreseen."""

    order: Order
    parts: list[WantedRefund] = field(default_factory=list)
    foreseen: Decimal = ZERO
    shop_fault: Decimal = ZERO
    """The share of the discount on shipping that goes back although no shipping does."""


def refunds_of(case: RefundCase, given: Given) -> list[WantedRefund]:
    """The refunds that give it back: one, or one per invoice that a gateway was paid by. They come
    to exactly `given.amount`. Raises `Never` where no refund does."""
    _must_be_refundable(case, given)
    work = _Order(case.order)
    for invoice_id, pieces in _by_invoice(case, given):
        _foresee(case, given, work, invoice_id, pieces)
    difference = given.amount - rounded(work.foreseen)
    unasked = difference - given.beside - rounded(work.shop_fault)
    if abs(unasked) > case.connection.returns.most_adjusted:
        sums = f"{rounded(work.foreseen):.2f} for these pieces"
        raise case.never(
            f"D365 gives back {given.amount - given.beside:.2f}, Commerce would refund {sums}",
            "Compare prices and tax groups of the return order with the order; correct the credit"
            f" note in D365, or raise returns.most_adjusted in connections.toml. Or: {BY_HAND}",
        )
    positive, negative = _adjustment(case, difference)
    return [*work.parts[:-1], replace(work.parts[-1], positive=positive, negative=negative)]


def _must_be_refundable(case: RefundCase, given: Given) -> None:
    order = case.order
    if case.note.currency != order.order_currency_code:
        raise case.never(f"the order is in {order.order_currency_code}")
    if order.state in BARRED:
        remedy = (
            "Release the order in Commerce, then replay." if order.state == "holded" else BY_HAND
        )
        raise case.never(f"Commerce refunds nothing of an order that is {order.state}", remedy)
    if unforeseen := unforeseen_in(order, case.memos, case.connection):
        raise case.never(unforeseen)
    parts = order_parts(order, case.connection.orders)
    left = order.total_paid - order.total_refunded
    if not parts.paid and given.amount > left + CENT:
        raise case.never(f"Commerce has {left:.2f} left to refund")


def unforeseen_in(order: Order, memos: Sequence[Mapping[str, Any]], connection: Connection) -> str:
    """What a credit memo of the order would give back, and nobody can foresee; empty for
    nothing."""
    parts = order_parts(order, connection.orders)
    beside = [one.reference for one in parts.charges if one.reference not in KNOWN and one.net]
    if beside and not any(memo.get("state") != CANCELLED for memo in memos):
        return f"Commerce would give back {', '.join(beside)} with its first credit memo"
    if order.extension_attributes.reward_currency_amount:
        return "credit memos do not tell how many reward points they give back"
    return ""


def _by_invoice(case: RefundCase, given: Given) -> Iterator[tuple[int | None, dict[int, Decimal]]]:
    """The pieces by invoice that a gateway was paid by; all of them where none was. Something is
    named for every part, of zero pieces where only an amount goes back."""
    paid = [
        one for one in case.invoices
        if one.get("transaction_id") and whole_from(one.get("state")) == PAID
    ]  # fmt: skip
    pieces = dict(given.pieces) or {int(next(iter(case.rows))): ZERO}
    if not paid:
        yield None, pieces
        return
    if not given.pieces:
        yield int(paid[0]["entity_id"]), pieces
        return
    for invoice in paid:
        room = _room(invoice, case.memos)
        part = {row: min(qty, room.get(row, ZERO)) for row, qty in pieces.items()}
        part = {row: qty for row, qty in part.items() if qty > ZERO}
        if part:
            pieces = {row: qty - part.get(row, ZERO) for row, qty in pieces.items()}
            yield int(invoice["entity_id"]), part
    if any(pieces.values()):
        raise case.never("its pieces are on no invoice that a gateway could refund")


def _room(invoice: Mapping[str, Any], memos: Sequence[Mapping[str, Any]]) -> dict[int, Decimal]:
    """What may still be refunded of an invoice, by order item."""
    room = {int(one["order_item_id"]): Decimal(one.get("qty") or 0) for one in invoice["items"]}
    for memo in memos:
        if memo.get("invoice_id") == invoice["entity_id"] and memo.get("state") != CANCELLED:
            for one in memo.get("items") or ():
                item = int(one["order_item_id"])
                room[item] = room.get(item, ZERO) - Decimal(one.get("qty") or 0)
    return room


def _foresee(
    case: RefundCase, given: Given, work: _Order, invoice_id: int | None, pieces: dict[int, Decimal]
) -> None:
    order, is_first = work.order, not work.parts
    asked, back = shipping_back(order, given.shipping if is_first else ZERO)
    memo = memo_of(
        order, case.found.rma.increment_id, pieces, left_to_refund(order), back,
        tax_left=tax_left(order),
    )  # fmt: skip
    work.foreseen += memo.grand_total
    work.shop_fault += ZERO if asked else back.discount
    work.parts.append(
        WantedRefund(
            order.entity_id or 0,
            invoice_id,
            _is_online(case),
            pieces,
            asked,
            ZERO,
            ZERO,
            _to_stock(case, given, pieces),
            case.marker,
            case.connection.returns.notify,
        )
    )
    work.order = _after(order, memo)


def _after(order: Order, memo: CreditMemo) -> Order:
    raw = dict(order.raw)
    raw["tax_refunded"] = stored(raw.get("tax_refunded")) + memo.tax_amount
    return after(order, memo).model_copy(update={"raw": raw})


def tax_left(order: Order) -> Decimal | None:
    """What of an order's tax was invoiced and not refunded; None where it does not tell."""
    if order.raw.get("tax_invoiced") is None:
        return None
    return stored(order.raw["tax_invoiced"]) - stored(order.raw.get("tax_refunded"))


def _is_online(case: RefundCase) -> bool:
    method = case.order.payment.method
    if (found := case.connection.returns.method_of(method)) is not None:
        return found == "online"
    if not any(one.get("transaction_id") for one in case.invoices):
        return False
    raise case.never(
        f"nobody has said who pays out what was paid by {method}",
        f'Write {method} = "online" (the gateway pays it out) or "offline" under returns.methods in'
        " connections.toml, then replay.",
    )


def shipping_back(order: Order, gross: Decimal) -> tuple[Decimal, ShippingBack]:
    """What is asked for in base currency, and what comes of it: the part of the shipping that the
    credit note gives back. Discounted shipping gives a share of its discount even where none is
    asked for (measured)."""
    net, tax = order.shipping_amount, order.shipping_tax_amount
    base = {
        name: stored(order.raw.get(f"base_shipping_{name}")) for name in ("amount", "tax_amount")
    }
    base_net = base["amount"] or net
    part = min(gross / (net + tax), ONE) if gross > ZERO and net else ZERO
    asked = rounded(base_net * part)
    left = base_net - stored(order.raw.get("base_shipping_refunded"))
    asked = min(asked, max(left, ZERO))
    part = asked / base_net if base_net else ZERO
    basis = asked or -(base["tax_amount"] or tax)
    off = stored(order.raw.get("base_shipping_discount_amount")) or order.shipping_discount_amount
    share = basis * off / base_net * net / base_net if base_net and off else ZERO
    return asked, ShippingBack(rounded(net * part), rounded(tax * part), share)


def _to_stock(case: RefundCase, given: Given, pieces: Iterable[int]) -> tuple[int, ...]:
    """Rows that go back to stock: where Commerce keeps stock by itself, what F&O put back; and
    those with unshipped pieces, which Commerce takes for refunded first and off the source."""
    back = given.back_in_stock if case.connection.returns.to_stock else frozenset()
    items = {int(row): item for row, (item, _) in case.rows.items()}
    unshipped = {
        row for row in pieces
        if (one := items[row]).qty_ordered - one.qty_canceled - one.qty_refunded > one.qty_shipped
    }  # fmt: skip
    return tuple(sorted((back | unshipped) & set(pieces)))


def _adjustment(case: RefundCase, wanted: Decimal) -> Adjustment:
    if (found := adjustment(case.order, wanted)) is None:
        raise case.never(f"an adjustment of {wanted:+.2f} cannot be written in base currency")
    return found


def adjustment(order: Order, wanted: Decimal) -> Adjustment | None:
    """(more, less) in base currency that come to `wanted`: each is converted and rounded on its
    own, so a currency of small units may need both. None where nothing does."""
    rate = stored(order.raw.get("base_to_order_rate")) or ONE
    size = abs(wanted)
    near = rounded(size / rate)
    for step in range(MOST_STEPS):
        less = CENT * step
        for more in (near + less, near + less - CENT, near + less + CENT):
            if more >= ZERO and rounded(more * rate) - rounded(less * rate) == size:
                return (more, less) if wanted >= ZERO else (less, more)
    return None


def adjustment_of_pieces(order: Order) -> Adjustment | None:
    """The adjustment of a refund of pieces without shipping, by which it comes to what these pieces
    cost; None where nothing does."""
    return adjustment(order, rounded(shipping_back(order, ZERO)[1].discount))


def as_in_the_admin(adjustment: Adjustment) -> str:
    """What a person enters of it in a credit memo; empty for nothing."""
    named = zip(("Adjustment Refund", "Adjustment Fee"), adjustment, strict=True)
    return "".join(f", {name} {amount:.2f}" for name, amount in named if amount)
