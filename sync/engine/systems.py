"""One connection, opened: its settings, both systems' clients and its mapping tables."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sync.commerce.client import CommerceClient
from sync.commerce.companies import Companies
from sync.commerce.websites import Websites
from sync.config.connections import Connection
from sync.core.ports import Clock
from sync.dynamics.client import DynamicsClient
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.pacing.pace import Pace

K_contra = TypeVar("K_contra", contravariant=True)
V_co = TypeVar("V_co", covariant=True)


class Reads(Protocol[K_contra, V_co]):
    """Records by key."""

    async def get(self, key: K_contra, /) -> V_co | None:
        """The record; None where there is none (yet)."""
        ...


@dataclass(frozen=True)
class Systems:
    """What a flow works with. One per connection and process; clients and coalescers are shared by
    all deliveries.

    `orders`, `invoices`, `creditmemos`: reads by increment id; `orders_by_id`, `customers`,
    `companies`: by id. What concurrent deliveries ask for within milliseconds becomes one search.
    `websites`: which are the connection's. `digest_of(text)`: the keyed digest of an e-mail address
    or the like; what may lie in tables and trail. `one_at_a_time(name)`: this process's lock of
    that name. `paces`: how the two systems are called, which other connections may share.
    """

    name: str
    settings: Connection
    commerce: CommerceClient
    dynamics: DynamicsClient
    items: ItemMappings
    accounts: AccountMappings
    clock: Clock
    orders: Reads[str, list[dict[str, Any]]]
    orders_by_id: Reads[int, dict[str, Any]]
    invoices: Reads[str, list[dict[str, Any]]]
    creditmemos: Reads[str, list[dict[str, Any]]]
    customers: Reads[int, dict[str, Any]]
    companies: Companies
    websites: Websites
    one_at_a_time: Callable[[str], asyncio.Lock]
    digest_of: Callable[[str], str]
    paces: tuple[Pace, ...]
    close: Callable[[], Awaitable[None]]
