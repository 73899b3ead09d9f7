"""A return or a complaint of the shop as a case of Dataverse: its words and its notes. Pure.

The text is for the people of Customer Service. What the environment's own people write is theirs:
title and text are written once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sync.commerce.models.order import Order
from sync.commerce.models.refund import marker_of, returns_in
from sync.commerce.models.rma import PENDING, Rma
from sync.config.connections import Cases, Connection
from sync.dataverse.documents.case import Customer, Note

Kind = Literal["return", "order"]
RETURN, ORDER = "return", "order"
OVER: Final = "over"
"""The slug of the note by which a case of ours was resolved."""


@dataclass(frozen=True)
class Complaint:
    """A comment of an order that asks for a person: what it is about, and its words."""

    comment: int
    about: str
    text: str


@dataclass(frozen=True)
class Matter:
    """What a case is of: an RMA with its order and the order's credit memos, or an order with the
    comments that ask for a person."""

    order: Order
    rma: Rma | None = None
    complaints: tuple[Complaint, ...] = ()
    memos: Sequence[Mapping[str, Any]] = ()

    @property
    def key(self) -> str:
        """That of its case."""
        if self.rma is None:
            return f"{ORDER}|{self.order.key}"
        return f"{RETURN}|{self.rma.key}"

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "order" if self.rma is None else "return"

    @property
    def label(self) -> str:
        """As people call it."""
        return self.order.label if self.rma is None else self.rma.label


def title_of(matter: Matter) -> str:
    """The title of its case."""
    if matter.rma is not None:
        return f"Return {matter.rma.increment_id} of web order {matter.order.increment_id}"
    about = ", ".join(dict.fromkeys(one.about for one in matter.complaints))
    return f"Web order {matter.order.increment_id}: {about}"


def description_of(matter: Matter, sales_order: str, connection: Connection) -> str:
    """The text of its case: the order by both its numbers, and what comes back."""
    order = matter.order
    lines = [f"Web order: {order.increment_id} of {order.created_at[:10]}"]
    lines += [f"Total: {order.grand_total:.2f} {order.order_currency_code}"]
    lines += [f"Sales order in D365: {sales_order}"] if sales_order else []
    if matter.rma is not None:
        lines += [f"Return: {matter.rma.increment_id}", *_goods(matter.rma, order, connection)]
    return "\n".join(lines)


def _goods(rma: Rma, order: Order, connection: Connection) -> Iterator[str]:
    """Pieces by SKU, with the codes of reason and resolution where they have one. What cannot come
    back is shown as well: people decide."""
    rows = {one.item_id: one for one in order.items}
    returns = connection.returns
    for item in rma.items or ():
        row = rows.get(item.order_item_id)
        name = row.sku[:64] if row is not None else f"order item {item.order_item_id}"
        reason = returns.reasons.get(item.reason) or returns.reasons.get("*") or item.reason
        wish = "exchange" if item.resolution in returns.exchanges else item.resolution
        pieces = f"{item.qty_requested.normalize():f} x {name}"
        yield f"- {pieces}, reason {reason or '-'}, wish {wish or '-'}"


def notes_of(matter: Matter, return_order: str, cases: Cases) -> tuple[Note, ...]:
    """What its timeline tells, in order; each once."""
    if matter.rma is None:
        return tuple(_complaints(matter.complaints, cases))
    return tuple(_of_return(matter.rma, matter.memos, return_order, cases))


def _complaints(complaints: Sequence[Complaint], cases: Cases) -> Iterator[Note]:
    for one in complaints:
        text = one.text if cases.quote else f"Comment {one.comment} of the order, in Commerce."
        yield Note(f"comment:{one.comment}", f"Comment: {one.about}", text, asks=True)


def _of_return(
    rma: Rma, memos: Sequence[Mapping[str, Any]], return_order: str, cases: Cases
) -> Iterator[Note]:
    if return_order:
        text = f"D365 expects the goods by return order {return_order}."
        yield Note(f"return-order:{return_order}", "Return order", text)
    for memo in memos:
        if _is_of(memo, rma):
            number, amount = memo["increment_id"], memo.get("grand_total")
            text = f"Credit memo {number} gives back {amount} {memo.get('order_currency_code')}."
            yield Note(f"memo:{number}", "Refund in Commerce", text)
    if rma.status != PENDING:
        text = f"The return is {rma.status} in Commerce."
        yield Note(f"status:{rma.status}", f"Return {rma.status}", text)
    if rma.is_over and cases.resolve:
        yield Note(OVER, "Return closed", f"The return was closed in Commerce: {rma.status}.")


def _is_of(memo: Mapping[str, Any], rma: Rma) -> bool:
    """Whether one of its comments says that it is this return's refund."""
    bare = marker_of(rma.increment_id)
    return any(text == bare or text.startswith(f"{bare} ") for text in returns_in(memo))


def columns_of(matter: Matter, order_ids: Sequence[str], cases: Cases, shop: str) -> dict[str, Any]:
    """The columns of its case beside text and customer. `shop`: the address of the shop."""
    columns: dict[str, Any] = {
        "casetypecode": cases.types.get(matter.kind, 3), "caseorigincode": cases.origin,
        "prioritycode": cases.priority,
    }  # fmt: skip
    if cases.key_column:
        columns[cases.key_column] = f"{shop.partition('://')[2].rstrip('/')} {matter.key}"
    if cases.owner:
        columns["ownerid@odata.bind"] = owner_path(cases.owner)
    if cases.order_property and len(order_ids) == 1:
        columns[f"{cases.order_property}@odata.bind"] = f"/salesorders({order_ids[0]})"
    return columns


def owner_path(named: str) -> str:
    """The row of an owner who is named in connections.toml."""
    table, _, row_id = named.partition("/")
    return f"/{'teams' if table == 'teams' else 'systemusers'}({row_id})"


def named(customers: Mapping[str, str], account: str) -> Customer | None:
    """The account that a person has named for a customer account of F&O."""
    row_id = customers.get(account)
    return Customer("accounts", row_id) if row_id else None
