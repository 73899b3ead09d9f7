"""Engines with one thing wrong each. A simulation that does not find them out would prove nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sync.commerce.models.order import Order
from sync.connections import Connections
from sync.desk import Desk
from sync.dynamics.sales_orders import SalesOrders
from sync.flow import Flow, Receipt, Skipped
from sync.flows.accounts import account_for
from sync.flows.orders import deliver
from sync.mapping.posting_policy import is_cancelled
from sync.mapping.sales_order import order_items, sales_order_from
from sync.outside import Outside
from sync.road.ledger import Claim, Intent
from sync.road.message import Message
from sync.road.runner import Runner
from sync.services import Services
from sync.work import Work

Flows = Sequence[Flow[Any]]


def with_runner(runner: type[Runner]) -> Any:
    """Services that work with another runner."""

    class Wired(Services):
        def __init__(self, connections: Connections, flows: Flows, outside: Outside) -> None:
            super().__init__(connections, flows, outside)
            self.runner = runner(self.engine())

    return Wired


def with_orders(**changes: Any) -> Any:
    """Services whose orders flow is another one."""

    def make(connections: Connections, flows: Flows, outside: Outside) -> Services:
        return Services(
            connections, [replace(flow, **changes) if flow.name == "orders" else flow for flow in flows], outside
        )

    return make


@contextmanager
def altered(owner: Any, name: str, other: Any) -> Iterator[None]:
    """The product with one of its parts exchanged for another."""
    before = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


async def blind(*_: Any) -> None:
    """Looks for what an earlier try left behind, and never sees it."""


class SilentWork(Work):
    """Announces nothing."""

    async def intend(self, document: str) -> Intent:
        """The intent, which nobody will ever find."""
        now = self.now()
        return Intent(document, now + timedelta(seconds=60), now)


class Forgetful(Runner):
    """Posts without an intent."""

    def _work(self, desk: Desk, message: Message, claim: Claim) -> Work:
        return SilentWork(desk, self._ledger, self._engine.documents, message, claim, self._require)


class Careless(Runner):
    """Leaves no message behind where another holds the record: if the holder dies, nobody looks again."""

    async def _look_when_the_lease_ends(self, message: Message, claim: Claim) -> None:
        """Nothing."""


class RestlessWork(Work):
    """Does not wait for what was given up."""

    def wait_until_settled(self) -> None:
        """At once."""


class Restless(Runner):
    """Looks for what a lost answer left behind before that can have been committed, and posts again."""

    def _work(self, desk: Desk, message: Message, claim: Claim) -> Work:
        return RestlessWork(desk, self._ledger, self._engine.documents, message, claim, self._require)


async def hasty(order: Order, work: Work) -> Receipt | Skipped:
    """Posts a first order without looking whether an earlier try has left one behind."""
    if is_cancelled(order) or work.claim.number or order.state == "pending_payment":
        return await deliver(order, work)
    connection = work.desk.settings
    items = await work.desk.items.many(order_items(order, connection))
    document = sales_order_from(order, connection, account=await account_for(order, work), items=items)
    intent = await work.intend(document.digest)
    number = await SalesOrders(work.desk.dynamics, connection.dynamics).create(document, not_after=intent.not_after)
    return Receipt("sales_order", number, document.current_digest)
