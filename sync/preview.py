"""What would be posted for an order, and the totals proof; nothing is sent and nothing is asked of either system.

Without a `connections.toml` the built-in example connection is used: every SKU is its own item number, shoppers become
new accounts, both numbers are ours. It says what the product does with an order, not what your company mapped.
"""

import importlib.resources
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.commerce.models.order import Order
from sync.connections import Connection, Connections
from sync.encoding import digest
from sync.errors import Never
from sync.mapping.customer_account import customer_account_from, shopper_of_order
from sync.mapping.order_changes import changes_between, sent_form
from sync.mapping.posting_policy import is_cancelled, not_now
from sync.mapping.sales_order import SalesOrder, Unproved, order_items, order_store, sales_order_from
from sync.mapping.totals import Totals
from sync.mapping_records import AccountKind, ItemMapping, normal_sku

ASSIGNED = "(assigned by D365)"


@dataclass(frozen=True)
class Request:
    """One write as it would be sent; several of one document travel in one $batch changeset."""

    method: str
    path: str
    body: Mapping[str, Any] | None


@dataclass(frozen=True)
class Preview:
    """What would happen to one order. `outcome`: deliver, skip or park."""

    key: str
    outcome: str
    reason: str = ""
    remedy: str = ""
    requests: tuple[Request, ...] = ()
    totals: Totals | None = None
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """As `preview --json` prints it."""
        nothing = {"commerce": None, "dynamics": None, "difference": None, "currency": None}
        return {
            "key": self.key,
            "outcome": self.outcome,
            "reason": self.reason,
            "remedy": self.remedy,
            "requests": [{"method": r.method, "path": r.path, "body": r.body} for r in self.requests],
            "totals": self.totals.as_json() if self.totals else nothing,
        }


@dataclass(frozen=True)
class Lookups:
    """What a preview may look up: the mapping tables, or the example's rules."""

    items: Callable[[list[str]], Awaitable[Mapping[str, ItemMapping]]]
    account: Callable[[Order], Awaitable[str | None]]


def example_connection() -> Connection:
    """The built-in example connection."""
    text = importlib.resources.files("sync").joinpath("example_connection.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text, parse_float=Decimal)
    return Connections.model_validate(document).connections["example"]


def example_lookups() -> Lookups:
    """Every SKU is its item number; nobody has an account yet."""

    async def items(skus: list[str]) -> Mapping[str, ItemMapping]:
        return {normal_sku(sku): ItemMapping(sku, sku) for sku in skus if sku.strip()}

    async def account(_order: Order) -> str | None:
        return None

    return Lookups(items, account)


def orders_in(document: Any) -> Iterator[dict[str, Any]]:
    """The orders in a file: an order, a list, a search answer, a recorded exchange, a scenario, a hook's payload."""
    if isinstance(document, list):
        for entry in document:
            yield from orders_in(entry)
    elif isinstance(document, dict):
        if "increment_id" in document and not {"order_id", "invoice_id"} & set(document):
            yield document
            return
        for name in ("response", "body", "order", "data", "value", "event"):
            if isinstance(document.get(name), dict | list):
                yield from orders_in(document[name])
                return
        items = document.get("items")
        if isinstance(items, list):
            yield from (
                entry
                for entry in items
                if isinstance(entry, dict) and "increment_id" in entry and "order_id" not in entry
            )


async def preview_order(
    document: Mapping[str, Any], connection: Connection, lookups: Lookups, now: datetime
) -> Preview:
    """Preview one order as REST answers it. Never raises for what an order may hold."""
    key = f"{document.get('increment_id')}@{document.get('store_id', '?')}"
    try:
        order = Order.read(document)
        mapped = await _mapped(order, connection, lookups)
        return _outcome(order, mapped, connection, now)
    except Unproved as error:
        return Preview(key, "park", error.reason, error.remedy, totals=error.totals)
    except Never as error:
        return Preview(key, "park", error.reason, error.remedy)


async def _mapped(order: Order, connection: Connection, lookups: Lookups) -> tuple[list[Request], SalesOrder]:
    order_store(order, connection)
    items = await lookups.items(order_items(order, connection))
    account = await lookups.account(order)
    first: list[Request] = []
    if account is None:
        kind: AccountKind = "guest" if order.customer_id is None else "customer"
        source = str(order.customer_id) if order.customer_id is not None else digest(order.customer_email.lower())
        wanted = customer_account_from(shopper_of_order(order, source, kind), connection)
        first = [Request("POST", "/data/CustomersV3", wanted.body)]
        account = wanted.account or ASSIGNED
    return first, sales_order_from(order, connection, account=account, items=items)


def _outcome(order: Order, mapped: tuple[list[Request], SalesOrder], connection: Connection, now: datetime) -> Preview:
    first, document = mapped
    if is_cancelled(order):
        return Preview(order.key, "skip", "cancelled in Commerce before it was posted", totals=document.totals)
    reason = not_now(order, connection.orders, now)
    if reason:
        return Preview(order.key, "skip", reason, totals=document.totals)
    requests = [*first, *_requests(document, connection)]
    return Preview(
        order.key, "deliver", requests=tuple(requests), totals=document.totals, notes=tuple(_notes(document))
    )


def _requests(document: SalesOrder, connection: Connection) -> Iterator[Request]:
    number = document.number or ASSIGNED
    yield Request("POST", f"/data/{connection.dynamics.order_headers}", document.header)
    for line in document.lines:
        body = {"dataAreaId": document.company, "SalesOrderNumber": number, **line.body}
        yield Request("POST", f"/data/{connection.dynamics.order_lines}", body)


def _notes(document: SalesOrder) -> Iterator[str]:
    if document.totals.rounding:
        yield f"rounding line of {document.totals.rounding} {document.totals.currency}"
    for home, amount in document.paid.items():
        yield f"{amount} {document.totals.currency} was paid by {home}"
    if document.is_reduced:
        placed = {**sent_form(document), "lines": {line.reference: dict(line.body) for line in document.lines}}
        changes = changes_between(placed, sent_form(document))
        yield f"then reduced by what was cancelled since: {len(changes.patched)} lines changed, {len(changes.removed)} removed"
