"""What would be posted for an order, and the totals proof; nothing is sent and nothing is asked of
either system.

Without a `connections.toml` the built-in example connection is used: every SKU is its own item
number, shoppers become new accounts, both numbers are ours. It says what the product does with an
order, not what your company mapped.
"""

import importlib.resources
import re
import tomllib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.commerce.models.order import Order, number_of
from sync.config.connections import Connection, Connections
from sync.core.encoding import digest
from sync.core.errors import Missing, Never
from sync.core.request import Request
from sync.dynamics.documents.lengths import fitted
from sync.dynamics.documents.requests import ASSIGNED, account_requests, order_requests
from sync.dynamics.documents.sales_order import SalesOrder
from sync.dynamics.documents.sales_order_changes import changes_between, sent_form
from sync.dynamics.documents.totals import Totals, Unproved
from sync.mapping.company_account import company_number
from sync.mapping.custom_options import with_custom_options
from sync.mapping.customer_account import customer_account_from, guest_email, shopper_of_order
from sync.mapping.order_left import is_nothing_left
from sync.mapping.posting_policy import before_our_time, is_cancelled, is_rejected, not_now
from sync.mapping.sales_order import order_items, order_store, sales_order_from
from sync.mapping_tables.records import (
    LONGEST,
    AccountKind,
    AccountMapping,
    ItemMapping,
    is_plain,
    normal_sku,
)


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
    missing: tuple[Missing, ...] = field(default=())
    """The rows without which it would be parked."""

    def as_json(self) -> dict[str, Any]:
        """As `preview --json` prints it."""
        nothing = {"commerce": None, "dynamics": None, "difference": None, "currency": None}
        return {
            "key": self.key,
            "outcome": self.outcome,
            "reason": self.reason,
            "remedy": self.remedy,
            "requests": [
                {"method": r.method, "path": r.path, "body": r.body} for r in self.requests
            ],
            "totals": self.totals.as_json() if self.totals else nothing,
        }


def parked(key: str, error: Never) -> Preview:
    """What a person would be told. It has totals where they were compared and differ."""
    totals = error.totals if isinstance(error, Unproved) else None
    return Preview(key, "park", error.reason, error.remedy, totals=totals, missing=error.missing)


async def nobody(_kind: AccountKind, _source_key: str, _company: str) -> AccountMapping | None:
    """Nobody has an account."""


@dataclass(frozen=True)
class Lookups:
    """What a preview may look up: the mapping tables, or the example's rules. `known`: an account
    by what it is of, and its legal entity. `websites`: the connection's, None where all are or
    nobody has asked the shop."""

    items: Callable[[list[str]], Awaitable[Mapping[str, ItemMapping]]]
    account: Callable[[Order], Awaitable[str | None]]
    known: Callable[[AccountKind, str, str], Awaitable[AccountMapping | None]] = nobody
    websites: frozenset[int] | None = None
    by_base: Callable[[Mapping[str, int]], Awaitable[Mapping[str, ItemMapping]]] | None = None

    async def items_of(self, order: Order, skus: list[str]) -> Mapping[str, ItemMapping]:
        """The items of an order's skus; `by_base` asks the shop, where it can be asked."""
        more = await self.by_base(with_custom_options(order)) if self.by_base else {}
        return {**await self.items(skus), **more}


def example_connection() -> Connection:
    """The built-in example connection."""
    text = (
        importlib.resources.files("sync.preview")
        .joinpath("example_connection.toml")
        .read_text(encoding="utf-8")
    )
    document = tomllib.loads(text, parse_float=Decimal)
    return Connections.model_validate(document).connections["example"]


def example_lookups() -> Lookups:
    """Every SKU is its item number; nobody has an account yet."""

    async def items(skus: list[str]) -> Mapping[str, ItemMapping]:
        fit = [sku for sku in skus if sku.strip() and len(sku) <= LONGEST and is_plain(sku)]
        return {normal_sku(sku): ItemMapping(sku, sku) for sku in fit}

    async def account(_order: Order) -> str | None:
        return None

    return Lookups(items, account)


def orders_in(document: Any, levels: int = 8) -> Iterator[dict[str, Any]]:
    """The orders in a file, at most `levels` deep: an order, a list, a search answer, a recorded
    exchange, a scenario, a hook's payload."""
    if levels == 0:
        return
    if isinstance(document, list):
        for entry in document:
            yield from orders_in(entry, levels - 1)
    elif isinstance(document, dict):
        if _is_order(document):
            yield document
            return
        for name in ("response", "body", "order", "data", "value", "event"):
            if isinstance(document.get(name), dict | list):
                yield from orders_in(document[name], levels - 1)
                return
        items = document.get("items")
        if isinstance(items, list):
            yield from (entry for entry in items if isinstance(entry, dict) and _is_order(entry))


def _is_order(document: Mapping[str, Any]) -> bool:
    """Invoices, credit memos and shipments have an increment id as well, and the id of their
    order."""
    return "increment_id" in document and not {"order_id", "invoice_id"} & set(document)


async def preview_order(
    document: Mapping[str, Any], connection: Connection, lookups: Lookups, now: datetime
) -> Preview:
    """Preview one order as REST answers it. Never raises for what an order may hold."""
    try:
        order = Order.read(document)
    except Never as error:
        return parked(key_of(document), error)
    reason = ""
    try:
        reason = _reason_to_skip(order, connection, now)
        first, mapped = await mapped_order(order, connection, lookups)
        dynamics = connection.dynamics
        requests = as_sent(
            [*first, *order_requests(mapped, dynamics.order_headers, dynamics.order_lines)],
            connection,
        )
    except Never as error:
        found = parked(order.key, error)
    else:
        notes = tuple(_notes(mapped))
        found = Preview(order.key, "deliver", requests=requests, totals=mapped.totals, notes=notes)
    return Preview(order.key, "skip", reason, totals=found.totals) if reason else found


def as_sent(requests: Iterable[Request], connection: Connection) -> tuple[Request, ...]:
    """The requests with what F&O's fields hold of their texts. Raises `Never` for a number that is
    too long."""
    return tuple(
        replace(one, body=fitted(_set_of(one.path), one.body or {}, connection.dynamics.lengths))
        for one in requests
    )


def _set_of(path: str) -> str:
    return path.removeprefix("/data/").partition("(")[0]


def key_of(document: Any) -> str:
    """The key of a document that cannot be read, as far as it has one."""
    store = document.get("store_id") if isinstance(document, dict) else None
    is_id = (
        isinstance(store, str | int)
        and not isinstance(store, bool)
        and re.fullmatch(r"[0-9]{1,10}", str(store))
    )
    return f"{number_of(document) or '(no increment_id)'}@{store if is_id else '?'}"


def _reason_to_skip(order: Order, connection: Connection, now: datetime) -> str:
    """What is not to be posted now is not mapped either: so it cannot be parked."""
    if is_rejected(order):
        return "rejected in Commerce before it was posted"
    if is_cancelled(order):
        return "cancelled in Commerce before it was posted"
    if is_nothing_left(order, connection.orders):
        return "refunded in Commerce before it was posted"
    return before_our_time(order, connection.orders) or str(
        not_now(order, connection.orders, now) or ""
    )


async def mapped_order(
    order: Order, connection: Connection, lookups: Lookups
) -> tuple[list[Request], SalesOrder]:
    """The sales order, and the requests that make its account where there is none. Raises `Never`
    as the mapping does."""
    order_store(order, connection)
    items = await lookups.items_of(order, order_items(order, connection))
    first, account = await account_of(order, connection, lookups)
    return first, sales_order_from(order, connection, account=account, items=items)


async def account_of(
    order: Order, connection: Connection, lookups: Lookups
) -> tuple[list[Request], str]:
    """The account of an order's documents, and the requests that make it where there is none.
    Raises `Never`.

    A company's is made of Commerce's record of the company, of which an order tells the id alone.
    """
    account = await lookups.account(order)
    if account is not None:
        return [], account
    if order.company_id is not None and "companies" in connection.flows:
        return [], company_number(order.company_id, connection) or ASSIGNED
    kind: AccountKind = "guest" if order.customer_id is None else "customer"
    source = digest(guest_email(order)) if kind == "guest" else str(order.customer_id)
    wanted = customer_account_from(shopper_of_order(order, source, kind), connection)
    return [
        *account_requests(wanted.company, wanted.account, wanted.body, {})
    ], wanted.account or ASSIGNED


def _notes(document: SalesOrder) -> Iterator[str]:
    if document.totals.rounding:
        yield f"rounding line of {document.totals.rounding} {document.totals.currency}"
    for home, amount in document.paid.items():
        yield f"{amount} {document.totals.currency} was paid by {home}"
    if document.is_reduced:
        placed = {
            **sent_form(document),
            "lines": {line.reference: dict(line.body) for line in document.lines},
        }
        changes = changes_between(placed, sent_form(document))
        yield (
            "then reduced by what was cancelled, or refunded unshipped, since:"
            f" {len(changes.patched)} lines changed, {len(changes.removed)} removed"
        )
