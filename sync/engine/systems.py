"""One connection, opened: its settings, the systems' clients and its mapping tables."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.commerce.client import CommerceClient
from sync.commerce.websites import Websites
from sync.config.connections import Connection
from sync.core.ports import Clock, Mailer
from sync.dataverse.client import DataverseClient
from sync.dynamics.client import DynamicsClient
from sync.engine.demand_told import Told
from sync.mapping_tables.tables import AccountMappings, ItemMappings
from sync.pacing.pace import Pace


async def _nobody_knows(_number: str) -> Sequence[tuple[str, str]]:
    return ()


async def _nothing_forecast(_company: str) -> Told | None:
    return None


async def _none_due(_until: datetime, _after: str) -> AsyncIterator[tuple[str, datetime]]:
    return
    yield


@dataclass(frozen=True)
class Systems:
    """What a flow works with. One per connection and process, shared by all deliveries.

    `commerce`, `dynamics`: the clients, which have every kind of record as an attribute.
    `websites`: which are the connection's. `digest_of(text)`: the keyed digest of an e-mail address
    or the like; what may lie in tables and trail. `one_at_a_time(name)`: this process's lock of
    that name. `paces`: how shop and ledger are called, which other connections may share.
    `dataverse`: where cases are kept, for connections that name it; its pauses hold up its
    own flows alone. `records_called(number)`: flow and key of the records that became a document of
    that number.
    `accounts_due(until, after)`: accounts of buyers that are to be looked at by then, with the
    moment.
    `demand_of(company)`: the demand that was forecast last for a legal entity.
    `mailer`: takes mails to buyers, where `mails` is configured. `link_key`: what links to their
    documents are signed with.
    """

    name: str
    settings: Connection
    commerce: CommerceClient
    dynamics: DynamicsClient
    items: ItemMappings
    accounts: AccountMappings
    clock: Clock
    websites: Websites
    one_at_a_time: Callable[[str], asyncio.Lock]
    digest_of: Callable[[str], str]
    paces: tuple[Pace, ...]
    dataverse: DataverseClient | None = None
    records_called: Callable[[str], Awaitable[Sequence[tuple[str, str]]]] = _nobody_knows
    accounts_due: Callable[[datetime, str], AsyncIterator[tuple[str, datetime]]] = _none_due
    demand_of: Callable[[str], Awaitable[Told | None]] = _nothing_forecast
    mailer: Mailer | None = None
    link_key: bytes = b""

    def read_mappings_again(self) -> None:
        """Somebody may have corrected a mapping just now, in another process, and waits for what
        comes of it."""
        self.items.forget_read()
        self.accounts.forget_read()

    async def close(self) -> None:
        """End what is joined; waiting callers get `Later`."""
        await self.commerce.aclose()
        await self.dynamics.aclose()
        if self.dataverse is not None:
            await self.dataverse.aclose()
