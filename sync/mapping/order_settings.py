"""What the configuration says of an order: its store view, and what its codes stand for. Pure."""

from collections.abc import Mapping
from typing import TypeVar

from sync.commerce.models.order import Order
from sync.config.connections import Connection, Store
from sync.core.errors import Missing, Never

T = TypeVar("T")


def order_store(order: Order, connection: Connection) -> Store:
    """The settings of the order's store view. Raises `Never` when the connection has none for
    it."""
    store = connection.store(order.store_id if order.store_id is not None else "default")
    if store is None:
        raise Never(
            f"order {order.increment_id}: store_id {order.store_id} belongs to no store of this"
            " connection",
            remedy=(
                f"Add [connections.<name>.stores.{order.store_id}] (or stores.default) to"
                " connections.toml, then replay."
            ),
        )
    return store


def mapped(table: Mapping[str, T], code: str, order: Order, what: str, where: str) -> T | None:
    """A code's mapping: its own row, else `*`; None when the table is empty or the order has no
    such code."""
    if not table or not code:
        return None
    found = table.get(code, table.get("*"))
    if found is None:
        raise Never(
            f"order {order.increment_id}: {what} {code[:64]} is not mapped",
            remedy=(
                f'Add it under {where} in connections.toml ("*" stands for all others), then replay'
                " the order."
            ),
            missing=[Missing(where, code)],
        )
    return found
