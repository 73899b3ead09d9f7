"""A refund as the shop takes it, and the comments by which refunds of returns are known.

Measured on 2.4.7: `items` left out or empty refunds everything that is left, so it is never sent
so; a quantity of 0 stands for an adjustment alone. `shipping_amount` left out is all of it. The
amounts asked for are in base currency. Pieces that were never shipped leave the source unless they
are listed to go back to stock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.core.request import Request

MARKER: Final = "RMA:"
APART: Final = f"{MARKER}-"
"""The comment by which a person says that a credit memo is of no return."""
OF_A_NOTE: Final = " CN:"


LOWER: Final = "F&O total "
"""How the comment of a credit memo begins that gives back what F&O invoiced less of an order than
Commerce; the number of its sales order follows."""


CANCELLED_THERE: Final = " cancelled, refunded by item: "


def of_lower_total(sales_order: str) -> str:
    """The comment by which the credit memo is known that gives back what F&O invoiced less."""
    return f"{LOWER}{sales_order}"


def is_of_lower_total(memo: Mapping[str, Any]) -> bool:
    """Whether a credit memo gives back what F&O invoiced less, and so has credited already."""
    return any(text.startswith(LOWER) for text in comments_of(memo))


def of_cancelled_pieces(sales_order: str, items: Mapping[int, Decimal]) -> str:
    """The comment by which the credit memo is known that gives back pieces which F&O cancelled;
    `items`: how many of each are refunded then, so that each memo has its own."""
    totals = ", ".join(f"{one}={qty:f}" for one, qty in items.items())
    return f"F&O {sales_order}{CANCELLED_THERE}{totals}"


def is_of_cancelled_pieces(memo: Mapping[str, Any]) -> bool:
    """Whether a credit memo gives back pieces that F&O cancelled, and never invoices."""
    return any(text.startswith("F&O ") and CANCELLED_THERE in text for text in comments_of(memo))


def marker_of(rma: str, credit_note: str = "") -> str:
    """The comment by which the refund of a return's credit note is known. Without one, a person
    says that a credit memo is the return's refund, given before F&O credits it."""
    return f"{MARKER}{rma}{OF_A_NOTE}{credit_note}" if credit_note else f"{MARKER}{rma}"


def comments_of(memo: Mapping[str, Any]) -> list[str]:
    """The texts of a credit memo's comments; what is none is left out."""
    told = memo.get("comments")
    rows = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return [str(one.get("comment") or "").strip() for one in rows]


def markers_in(memo: Mapping[str, Any]) -> list[str]:
    """Those of them that say which return it is of, or that it is of none."""
    return [text for text in comments_of(memo) if text.startswith(MARKER)]


def returns_in(memo: Mapping[str, Any]) -> list[str]:
    """Those of them that say which return it is of. That it is of none takes back what a person
    said (no comment can be removed), but not that it is the refund of a credit note."""
    found = [text for text in markers_in(memo) if text != APART]
    return [text for text in found if OF_A_NOTE in text or APART not in markers_in(memo)]


@dataclass(frozen=True)
class WantedRefund:
    """A refund to be. `invoice_id`: of that invoice; None where no invoice was paid by a gateway.
    `is_online`: the gateway pays it out, not somebody else. `items`: pieces by order item, never
    empty. `shipping`, `positive`, `negative`: in base currency. `to_stock`: order items that go
    back to stock."""

    order_id: int
    invoice_id: int | None
    is_online: bool
    items: Mapping[int, Decimal]
    shipping: Decimal
    positive: Decimal
    negative: Decimal
    to_stock: tuple[int, ...]
    marker: str
    notify: bool

    @property
    def moves_money(self) -> bool:
        """Whether a gateway pays it out: that of its invoice."""
        return self.is_online and self.invoice_id is not None

    def request(self) -> Request:
        """As the shop takes it. Raises `ValueError` for one that would give everything back."""
        if not self.items:
            raise ValueError("a refund without items would give back everything")
        arguments: dict[str, Any] = {"shipping_amount": self.shipping}
        arguments["adjustment_positive"] = self.positive
        arguments["adjustment_negative"] = self.negative
        if self.to_stock:
            listed = {"return_to_stock_items": list(self.to_stock)}
            arguments["extension_attributes"] = listed
        body = {
            "items": [{"order_item_id": one, "qty": qty} for one, qty in self.items.items()],
            "notify": self.notify, "appendComment": True,
            "comment": {"comment": self.marker, "is_visible_on_front": 0},
            "arguments": arguments,
        }  # fmt: skip
        if self.invoice_id is None:
            return Request("POST", f"/V1/order/{self.order_id}/refund", body)
        online = {**body, "isOnline": self.is_online}
        return Request("POST", f"/V1/invoice/{self.invoice_id}/refund", online)


def is_marked(memo: Mapping[str, Any], markers: Iterable[str]) -> bool:
    """Whether one of its comments is one of these."""
    return not set(markers).isdisjoint(comments_of(memo))
