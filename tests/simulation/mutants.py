"""Engines with one thing wrong each. A simulation that does not find them out would prove
nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from typing_extensions import override

from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.commerce.models.order import Order
from sync.config.connections import Connections
from sync.core.skipped import Skipped
from sync.engine.claim import Claim, Intent
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow
from sync.engine.message import Message
from sync.engine.plan import Plan
from sync.engine.runner import Runner
from sync.engine.systems import Systems
from sync.engine.write import Found, Target
from sync.flows.orders.orders import plan
from sync.flows.orders.sales_order_writes import SalesOrderWrite

Flows = Sequence[DocumentFlow[Any]]


def with_runner(runner: type[Runner]) -> Any:
    """Services that work with another runner."""

    class Wired(Services):
        def __init__(
            self, connections: Connections, flows: Flows, edition_parts: EditionParts
        ) -> None:
            super().__init__(connections, flows, edition_parts)
            self.runner = runner(self.engine())

    return Wired


def with_orders(**changes: Any) -> Any:
    """Services whose orders flow is another one."""

    def make(connections: Connections, flows: Flows, edition_parts: EditionParts) -> Services:
        return Services(
            connections,
            [replace(flow, **changes) if flow.name == "orders" else flow for flow in flows],
            edition_parts,
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


class SilentDelivery(Delivery):
    """Announces nothing."""

    @override
    async def intend(self, kind: str, document: str, target: Target) -> Intent:
        """The intent, which nobody will ever find."""
        now = self.now()
        return Intent(document, now + timedelta(seconds=60), now)


class Forgetful(Runner):
    """Posts without an intent."""

    def _delivery(self, systems: Systems, message: Message, claim: Claim) -> Delivery:
        return SilentDelivery(
            systems, self._ledger, self._engine.documents, message, claim, self._require
        )


class Careless(Runner):
    """Leaves no message behind where another holds the record: if the holder dies, nobody looks
    again."""

    async def _look_when_the_lease_ends(self, message: Message, claim: Claim) -> None:
        """Nothing."""


class RestlessDelivery(Delivery):
    """Does not wait for what was given up."""

    def wait_until_settled(self) -> None:
        """At once."""


class Restless(Runner):
    """Looks for what a lost answer left behind before that can have been committed, and posts
    again."""

    def _delivery(self, systems: Systems, message: Message, claim: Claim) -> Delivery:
        return RestlessDelivery(
            systems, self._ledger, self._engine.documents, message, claim, self._require
        )


class NeverFound(SalesOrderWrite):
    """A sales order that is never looked for."""

    async def find(self) -> Found | None:
        """Nothing."""
        return None


async def hasty(order: Order, delivery: Delivery) -> Plan | Skipped:
    """Posts an order without looking whether an earlier try has left one behind."""
    found = await plan(order, delivery)
    if not isinstance(found, Plan):
        return found
    writes = [
        NeverFound(**vars(one)) if isinstance(one, SalesOrderWrite) else one for one in found.writes
    ]
    return replace(found, writes=tuple(writes))
