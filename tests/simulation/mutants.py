"""Engines with one thing wrong each. A simulation that does not find them out would prove nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sync.commerce.models.order import Order
from sync.connections import Connections
from sync.desk import Desk
from sync.engine.plan import Found, Plan, Skipped, Target
from sync.flow import DocumentFlow
from sync.flows.orders import plan
from sync.flows.sales_order_writes import SalesOrderWrite
from sync.outside import Outside
from sync.road.ledger import Claim, Intent
from sync.road.message import Message
from sync.road.runner import Runner
from sync.services import Services
from sync.work import Work

Flows = Sequence[DocumentFlow[Any]]


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


class SilentWork(Work):
    """Announces nothing."""

    async def intend(self, kind: str, document: str, target: Target) -> Intent:
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


class NeverFound(SalesOrderWrite):
    """A sales order that is never looked for."""

    async def find(self) -> Found | None:
        """Nothing."""
        return None


async def hasty(order: Order, work: Work) -> Plan | Skipped:
    """Posts an order without looking whether an earlier try has left one behind."""
    found = await plan(order, work)
    if not isinstance(found, Plan):
        return found
    writes = [
        NeverFound(one.order, one.orders, one.target) if isinstance(one, SalesOrderWrite) else one
        for one in found.writes
    ]
    return replace(found, writes=tuple(writes))
