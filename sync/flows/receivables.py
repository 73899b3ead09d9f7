"""What invoices and credit memos share: the order behind them, settled in D365 first, and the account they belong to."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sync.commerce.models.invoice import CreditMemo, Invoice, MoneyDocument
from sync.commerce.models.order import Order, utc
from sync.connections import Store
from sync.desk import Desk
from sync.errors import Later
from sync.flow import Change, NoKey, Receipt
from sync.flows.accounts import account_for
from sync.mapping.sales_order import order_store
from sync.work import Work

D = TypeVar("D", Invoice, CreditMemo)


@dataclass(frozen=True)
class Booked(Generic[D]):
    """A document of Commerce with its order."""

    document: D
    order: Order


@dataclass(frozen=True)
class Ground:
    """What every recipe needs: company, account, store, our reference, and whether the order is in D365."""

    company: str
    account: str
    store: Store
    reference: str
    order_number: str

    @property
    def is_gross(self) -> bool:
        """Whether the store's prices include tax."""
        return bool(self.store.prices_include_tax)


def document_keys(payload: Mapping[str, Any], name: str) -> Sequence[str]:
    """The document named in a hook's body or an event's value; without a store the key ends in `@?`."""
    body = payload.get("data", payload)
    if not isinstance(body, Mapping):
        raise NoKey(f"no {name}.increment_id in it")
    found = next((body[key] for key in (name, "data_object") if isinstance(body.get(key), Mapping)), body)
    increment, store = found.get("increment_id"), found.get("store_id")
    if not isinstance(increment, str | int) or not str(increment).strip() or len(str(increment)) > 50:
        raise NoKey(f"no {name}.increment_id in it")
    is_known = isinstance(store, str | int) and not isinstance(store, bool) and str(store).isdigit()
    return [f"{str(increment).strip()}@{int(str(store)) if is_known else '?'}"]


async def changed_documents(desk: Desk, path: str, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Documents by `updated_at`, those of the connection's stores. An order's own stamp does not tell of them."""
    fields = ("increment_id", "entity_id", "store_id", "updated_at")
    async for row in desk.commerce.changed(path, since, until, fields=fields):
        stamp = utc(str(row.get("updated_at", "")))
        if stamp is not None and desk.settings.store(row.get("store_id", "")) is not None:
            yield Change(f"{row['increment_id']}@{row['store_id']}", stamp)


async def order_of(document: MoneyDocument, desk: Desk) -> Order | None:
    """The order behind a document; None when Commerce does not show it (yet)."""
    found = await desk.orders_by_id.get(document.order_id)
    return Order.read(found) if found is not None else None


async def ground_of(booked: Booked[Any], work: Work, template: str) -> Ground:
    """Company, account and reference; the order is delivered first where orders are. Raises `Later` while it waits."""
    order, document, settings = booked.order, booked.document, work.desk.settings
    store = order_store(order, settings)
    number = await _order_number(order, work)
    reference = template.format(order_increment_id=order.increment_id, increment_id=document.increment_id)
    account = await account_for(order, work)
    return Ground(store.company or settings.dynamics.company, account, store, reference, number)


async def _order_number(order: Order, work: Work) -> str:
    """The sales order's number. An invoice may overtake its order: then the order is delivered first."""
    if "orders" not in work.desk.settings.flows:
        return ""
    claim = await work.ledger.claim(work.desk.name, "orders", order.key)
    if claim.number:
        return claim.number
    outcome = await work.require("orders", order.key, order)
    if isinstance(outcome, Receipt):
        return outcome.number
    if outcome.reason.startswith("waiting"):
        raise Later(f"its order {order.increment_id} is not posted yet: {outcome.reason}", after=timedelta(minutes=10))
    return ""


def day_of(document: MoneyDocument) -> datetime:
    """The day the document was made, as the ledger dates it. UTC, as REST says it."""
    return utc(document.created_at) or datetime(1900, 1, 1, tzinfo=UTC)
