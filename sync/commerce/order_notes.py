"""What other systems note on an order of the shop: comments of its history, `ext_order_id`, its
status, and whether it is on hold or cancelled (reference 3.1, measured on a live 2.4.7).

A comment can set no status other than the present one; an order's own row can, without any check,
and the next invoice and the first shipment replace it.
"""

from datetime import datetime
from typing import Any, Final

from sync.commerce.address import path_of
from sync.commerce.rest import RestClient
from sync.core.request import Request

EXTERNAL_ID: Final = "orders"
"""Where `ext_order_id` is written."""
LONGEST_EXTERNAL_ID: Final = 32
"""Characters of the column `ext_order_id`."""


def comment(order_id: int, text: str, *, is_visible: bool = False) -> Request:
    """A comment of which no customer is told, hidden or to be read in the buyer's account. Each
    call adds one, and leaves the order's `updated_at` alone."""
    line = {"comment": text, "is_customer_notified": 0, "is_visible_on_front": int(is_visible)}
    body = {"statusHistory": {**line, "parent_id": order_id}}
    return Request("POST", f"/V1/{comments_of(order_id)}", body)


def external_id(order_id: int, increment_id: str, number: str) -> Request:
    """`ext_order_id` of an order; writing it again changes nothing. `increment_id` goes along
    (without it older releases give the order a new number), items do not."""
    row = {"entity_id": order_id, "increment_id": increment_id}
    return Request(
        "POST",
        f"/V1/{EXTERNAL_ID}",
        {"entity": {**row, "ext_order_id": number[:LONGEST_EXTERNAL_ID]}},
    )


def status(order_id: int, increment_id: str, code: str) -> Request:
    """A status of an order, whose state stays; writing it again changes nothing."""
    row = {"entity_id": order_id, "increment_id": increment_id}
    return Request("POST", f"/V1/{EXTERNAL_ID}", {"entity": {**row, "status": code}})


def action(order_id: int, name: str) -> Request:
    """`hold`, `unhold` or `cancel` an order. `cancel` answers `false` where nothing is cancelled;
    the others are refused where the order is so already."""
    return Request("POST", f"/V1/{path_of('orders', order_id, name)}", None)


class OrderNotes:
    """The notes on one shop's orders. Raises as the client does."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    async def comments(self, order_id: int) -> list[str]:
        """The texts of an order's history, hidden ones as well."""
        return [text for _, text in await self.history(order_id)]

    async def history(self, order_id: int) -> list[tuple[int, str]]:
        """Id and text of each comment of an order's history; later ones have larger ids."""
        history = await self._client.get(comments_of(order_id))
        rows: list[Any] = (history.get("items") or []) if isinstance(history, dict) else []
        found = [row for row in rows if isinstance(row, dict)]
        return [(int(row.get("entity_id") or 0), str(row.get("comment"))) for row in found]

    async def write(self, note: Request, *, not_after: datetime) -> Any:
        """Send one of the notes above; the parsed answer."""
        path = note.path.removeprefix("/V1/")
        return await self._client.post(path, note.body, not_after=not_after)


def comments_of(order_id: int) -> str:
    """The comments of an order."""
    return path_of("orders", order_id, "comments")
