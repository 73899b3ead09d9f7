"""Finding records by what a person knows of them: an increment id, a full key, a customer id, or
how the key begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from sync.app.services import Services
from sync.core.encoding import NotJson
from sync.core.message_queue import DeadLetter
from sync.engine.claim import CLAIMS, PARKED, Claim
from sync.engine.flow import DocumentFlow
from sync.engine.message import Message
from sync.engine.numbers import records_called
from sync.engine.queues import QUEUES
from sync.flows.fulfilment.cancellations import CANCELLATIONS
from sync.flows.fulfilment.order_totals import CAPTURES
from sync.flows.fulfilment.shipments import SHIPMENTS
from sync.flows.fulfilment.slip_orders import ORDERS
from sync.flows.fulfilment.status import STATUS
from sync.flows.orders.sales_order_writes import KIND
from sync.operating.problem import Problem

FULFILMENT: Final = (SHIPMENTS, CAPTURES, STATUS, CANCELLATIONS)
"""The flows whose keys begin with a legal entity and a sales order."""
WHOLE: Final = frozenset({STATUS, CANCELLATIONS})
"""Those whose keys end there."""

ACCOUNTS: Final = ("customers", "companies")
"""The flows whose records may be delivered without an address of theirs."""

Letter = tuple[DeadLetter, Message | None]
"""A message that was set aside, with what it said; None where it is no message of ours."""

MOST = 20
"""Records shown for a key that only begins alike."""


@dataclass(frozen=True)
class Ledgers:
    """Which parts of the ledger are looked at: one connection or all, one flow or all."""

    services: Services
    connection: str
    flow: str
    is_configured: bool = False

    async def places(self, table: str = CLAIMS) -> list[tuple[str, str]]:
        """(connection, flow) of everything in a table, also of connections that are configured no
        more. With `is_configured`, of those that are: that asks no table."""
        pairs = await self._pairs(table)
        return [
            pair
            for pair in pairs
            if self.connection in ("", pair[0]) and self.flow in ("", pair[1])
        ]

    async def _pairs(self, table: str) -> list[tuple[str, str]]:
        services = self.services
        if self.is_configured:
            return [*product(services.connections, (*services.flows, *services.sub_flows))]
        tables = services.edition_parts.tables
        found = [name.partition("|") async for name in tables.partitions(table)]
        return [(connection, flow) for connection, _, flow in found]

    async def find(self, key: str) -> list[Claim]:
        """The records of that key or number; where there is none, at most 20 whose key begins
        so."""
        places = await self.places()
        exact = [claim for place in places for claim in await self._called(*place, key)]
        return exact or await self._beginning(places, key)

    async def numbered(self, number: str) -> list[Claim]:
        """The records that became, or belong to, a document of this number in the other system."""
        services, found = self.services, list[Claim]()
        for connection in services.connections:
            if self.connection in ("", connection):
                called = await records_called(services.edition_parts.tables, connection, number)
                wanted = [place for place in called if self.flow in ("", place[0])]
                found += [await services.ledger.claim(connection, *place) for place in wanted]
        return [claim for claim in found if claim.etag]

    async def shipped(self, found: Sequence[Claim]) -> list[Claim]:
        """What F&O did about the orders among these records: slips, invoices, cancellations."""
        slips = []
        for claim in found:
            settings = self.services.connections.get(claim.connection)
            held = claim.delivered.get(KIND) if claim.flow == ORDERS else None
            for company in settings.legal_entities if settings and held else ():
                prefix = f"{company}|{held.number}|" if held else ""
                for flow in FULFILMENT:
                    begin = prefix.removesuffix("|") if flow in WHOLE else prefix
                    claims = self.services.ledger.claims(claim.connection, flow, prefix=begin)
                    slips += [one async for one in claims if f"{one.key}|".startswith(prefix)]
        return slips

    async def _called(self, connection: str, flow: str, key: str) -> list[Claim]:
        ledger = self.services.ledger
        found = [await ledger.claim(connection, flow, key)]
        found += [claim async for claim in ledger.claims(connection, flow, prefix=f"{key}@")]
        return [claim for claim in found if claim.etag]

    async def _beginning(self, places: Sequence[tuple[str, str]], key: str) -> list[Claim]:
        found = list[Claim]()
        for connection, flow in places:
            if (most := MOST - len(found)) == 0:
                break
            claims = self.services.ledger.claims(connection, flow, prefix=key, most=most)
            found += [claim async for claim in claims]
        return found

    async def parked(self, reason: str = "") -> list[Claim]:
        """The claims that wait for a person, by a part of their reason."""
        return [
            claim
            for connection, flow in await self.places(PARKED)
            async for claim in self.services.ledger.parked(connection, flow)
            if reason.lower() in claim.reason.lower()
        ]

    async def left_out(self) -> list[Claim]:
        """The accounts that go without an address which could not be mapped. Reads the claims of
        all accounts."""
        return [
            claim
            for connection, flow in await self.places()
            if flow in ACCOUNTS
            async for claim in self.services.ledger.claims(connection, flow)
            if claim.lacks_something
        ]

    async def dead_letters(self, reason: str = "", *, most: int | None = None) -> list[Letter]:
        """Messages that were set aside, with what they said; None for one that is no message of
        ours. At most so many of each queue."""
        return [
            (letter, message)
            for queue in QUEUES
            for letter in await self._letters(queue, most)
            if self._fits(message := _message(letter))
            and reason.lower() in f"{letter.reason} {letter.description}".lower()
        ]

    async def _letters(self, queue: str, most: int | None) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        async for letter in self.services.edition_parts.queue.dead_letters(queue):
            if len(found) == most:
                break
            found.append(letter)
        return found

    def _fits(self, message: Message | None) -> bool:
        return message is None or (
            self.connection in ("", message.connection) and self.flow in ("", message.flow)
        )


def is_called(key: str, name: str) -> bool:
    """Whether a record's key is this key or number; the store of a key may be left out."""
    return key == name or key.startswith(f"{name}@")


def flow_called(services: Services, name: str) -> DocumentFlow[Any]:
    """The flow. Raises `Problem`."""
    flow = services.flows.get(name)
    if flow is None:
        raise Problem(
            f'no flow is called "{name}"', remedy=f"Name one of: {', '.join(services.flows)}."
        )
    return flow


def require_known(services: Services, connection: str, flow: str) -> None:
    """Raise `Problem` where a connection or flow, sub-flows among them, is not known."""
    flows = [*services.flows, *services.sub_flows]
    if flow and flow not in flows:
        raise Problem(f'no flow is called "{flow}"', remedy=f"Name one of: {', '.join(flows)}.")
    if connection and connection not in services.connections:
        known = ", ".join(services.connections)
        raise Problem(f'no connection is called "{connection}"', remedy=f"Name one of: {known}.")


def checked(services: Services, connection: str, flow: str) -> Ledgers:
    """What a person names; empty for all. Raises `Problem` for an unknown flow."""
    if flow:
        flow_called(services, flow)
    return Ledgers(services, connection, flow)


def full_key(flow: DocumentFlow[Any], text: str) -> str:
    """A key as notifications have it: a bare number of a flow whose keys name a store is resolved
    when it is delivered."""
    return f"{text}@?" if flow.source.resolve is not None and "@" not in text else text


def _message(letter: DeadLetter) -> Message | None:
    try:
        return Message.decode(letter.body)
    except NotJson:
        return None
