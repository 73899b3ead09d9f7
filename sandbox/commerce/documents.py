"""What invoices and credit memos share: their rows, how a part of an amount is rounded, and how
they are answered."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.records import Columns, StoredOrder, amount, stamp
from sandbox.commerce.shape import plain
from sync.core.money import ZERO, rounded, stored

SIDES: Final = ("", "base_")
MISSPELT: Final = {
    "base_shipping_discount_tax_compensation_amount": (
        "base_shipping_discount_tax_compensation_amnt"
    ),
    "base_weee_tax_applied_row_amount": "base_weee_tax_applied_row_amnt",
}
NOISE: Final = Decimal("1E-10")
"""Finer than this is what dividing leaves over."""

OPEN, SETTLED, CANCELLED = 1, 2, 3
"""States: open, paid or refunded, cancelled."""

COPIED: Final = (
    *(
        "base_currency_code",
        "global_currency_code",
        "order_currency_code",
        "store_currency_code",
        "store_id",
    ),
    *("base_to_global_rate", "base_to_order_rate", "store_to_base_rate", "store_to_order_rate"),
    *("billing_address_id", "discount_description"),
)
HIDDEN: Final = frozenset({"base_reward_currency_amount", "reward_currency_amount"})
"""Columns of the tables that REST has no field for."""

WRAPPING: Final = tuple(
    f"gw_{which}{side}{what}"
    for which in ("", "items_", "card_")
    for side in SIDES
    for what in ("price", "tax_amount")
)
EXTENSION: Final = frozenset(
    {f"{side}{name}" for side in SIDES for name in ("gift_cards_amount", "customer_balance_amount")}
    | {f"{side}{name}" for side in SIDES for name in ("payment_fee", "payment_fee_tax")}
    | set(WRAPPING)
)
"""Columns that REST shows as extension attributes."""


def column(side: str, name: str) -> str:
    """A money column in the order's currency (`""`) or the base (`"base_"`); two base columns are
    misspelt."""
    return MISSPELT.get(f"{side}{name}", f"{side}{name}")


class Deltas:
    """Rounds the amounts of one document and hands what is left over to the next one of its kind,
    as Commerce does."""

    def __init__(self) -> None:
        self._left: dict[str, Decimal] = {}

    def rounded(self, value: Decimal, kind: str = "net", *, taken_off: bool = False) -> Decimal:
        """`value` to the cent. `taken_off`: a discount, for which the rest counts the other way
        round."""
        if not value:
            return ZERO
        sign = -1 if taken_off else 1
        value += sign * self._left.get(kind, ZERO)
        result = rounded(value.quantize(NOISE))
        self._left[kind] = sign * (value - result)
        return result


@dataclass(frozen=True)
class Levy:
    """The fixed product tax of a row in one currency. `shown`: with its tax, as the header's
    subtotal counts it."""

    net: Decimal
    tax: Decimal
    shown: Decimal


@dataclass
class Row:
    """One row of a document to be. `pays`: it carries an amount; `last`: nothing of its item is
    left after it.

    `money`: its columns; `levies`: its fixed product tax by side.
    """

    item: Columns
    qty: Decimal
    pays: bool
    last: bool
    money: Columns = field(default_factory=dict)
    levies: dict[str, Levy] = field(default_factory=dict)


def paying(rows: list[Row]) -> Iterator[Row]:
    """The rows that carry an amount."""
    return (row for row in rows if row.pays)


def added(columns: Columns, name: str, value: Decimal) -> None:
    """Count up a column, to the four decimals that it holds."""
    columns[name] = stored(amount(columns, name) + value)


def exact(columns: Columns) -> Columns:
    """Amounts as the tables hold them: four decimals."""
    return {
        name: stored(value) if isinstance(value, Decimal) else value
        for name, value in columns.items()
    }


def item_columns(row: Row, parent_id: int, entity_id: int) -> Columns:
    """A row of a document. Those without an amount have a price and nothing else; discounts only
    where there are."""
    item = row.item
    found: Columns = {name: item[name] for name in ("name", "sku", "product_id")}
    found |= {
        "entity_id": entity_id,
        "parent_id": parent_id,
        "order_item_id": item["item_id"],
        "qty": row.qty,
    }
    for side in SIDES:
        found |= {
            f"{side}{name}": item.get(f"{side}{name}") for name in ("price", "price_incl_tax")
        }
        for name, value in row.money.items():
            if not name.endswith("discount_amount") or amount(item, name):
                found[name] = value
    return exact(found)


def head_columns(order: StoredOrder, moment: str) -> Columns:
    """What every document copies from its order."""
    head: Columns = {name: order.row.get(name) for name in COPIED}
    shipping_id = order.shipping.get("entity_id") if order.shipping is not None else None
    times = {"created_at": moment, "updated_at": moment}
    return {
        **head,
        **times,
        "shipping_address_id": shipping_id,
        "order_id": order.entity_id,
        "comments": [],
    }


def comment(sent: Columns, document: Columns, entity_id: int, now: Any) -> Columns:
    """Add to a document's comments; they are rows of their own, so its time of change stays."""
    entry: Columns = {"is_customer_notified": 0, "is_visible_on_front": 0, "comment": ""}
    entry |= {name: sent[name] for name in entry if name in sent}
    entry |= {"entity_id": entity_id, "parent_id": document["entity_id"], "created_at": stamp(now)}
    document["comments"].append(entry)
    return entry


def rest_document(document: Columns) -> Columns:
    """An invoice or credit memo as REST answers it; nothing of it is shared with the store."""
    answer: Columns = plain(
        {name: document[name] for name in document if name not in HIDDEN | EXTENSION}
    )
    for item in answer["items"] if "adjustment" in answer else ():
        item["base_cost"] = None
    extra = {name: document[name] for name in document if name in EXTENSION}
    if extra:
        answer["extension_attributes"] = {
            name: f"{value:.4f}" if name in WRAPPING else plain(value)
            for name, value in extra.items()
        }
    return answer


def live(order: StoredOrder) -> list[Columns]:
    """The invoices that were not cancelled."""
    return [invoice for invoice in order.invoices if invoice["state"] != CANCELLED]
