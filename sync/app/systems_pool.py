"""Systems: one per connection and process, opened when first needed, with the clients of its
systems."""

import asyncio
from collections.abc import Mapping
from functools import partial
from weakref import WeakValueDictionary

import httpx

from sync.app.edition_parts import EditionParts
from sync.app.old_accounts import entity_of_old_row
from sync.app.paces import Paces
from sync.buying.kept import KeptAccounts
from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.commerce.websites import Websites
from sync.config.connections import Commerce, Connection, Dynamics
from sync.core.document_links import link_key
from sync.core.errors import Never
from sync.core.ports import Mailer
from sync.dataverse.client import TABLE, DataverseClient
from sync.dynamics.client import DynamicsClient
from sync.dynamics.transport import Transport
from sync.dynamics.visibility_tokens import SCOPE, VisibilityTokens
from sync.engine.demand_told import DemandTold
from sync.engine.numbers import records_called
from sync.engine.systems import Systems
from sync.mapping_tables.tables import AccountMappings, ItemMappings, email_digest
from sync.pacing.pace import Pace


class SystemsPool:
    """The connections of one process. Clients of one system share its pace. Close it when done."""

    def __init__(
        self, connections: Mapping[str, Connection], edition_parts: EditionParts, paces: Paces
    ) -> None:
        self._connections = connections
        self._edition_parts = edition_parts
        self.paces = paces
        self._by_connection: dict[str, Systems] = {}
        self._https: list[httpx.AsyncClient] = []
        self._opening = asyncio.Lock()

    async def open(self, name: str) -> Systems:
        """The connection, opened once per process. Raises `Never` for one that is not
        configured."""
        settings = self._connections.get(name)
        if settings is None:
            raise Never(
                f"connection {name} is not configured",
                remedy=(
                    f"Add [connections.{name}] to connections.toml again, or drop its parked"
                    " records."
                ),
            )
        async with self._opening:
            if name not in self._by_connection:
                self._by_connection[name] = self._opened(name, settings)
        return self._by_connection[name]

    def _opened(self, name: str, settings: Connection) -> Systems:
        edition_parts = self._edition_parts
        shop, ledger = self.paces.of(settings.commerce), self.paces.of(settings.dynamics)
        commerce = self._commerce(settings.commerce, shop)
        dynamics = self._dynamics(settings.dynamics, ledger)
        locks = WeakValueDictionary[str, asyncio.Lock]()
        return Systems(
            name=name,
            settings=settings,
            commerce=commerce,
            dynamics=dynamics,
            items=ItemMappings(
                edition_parts.tables,
                name,
                settings.items,
                edition_parts.clock,
                commerce.products.skus,
            ),
            accounts=self._accounts(name, settings, dynamics),
            clock=edition_parts.clock,
            websites=Websites(commerce, settings),
            one_at_a_time=lambda key: locks.setdefault(key, asyncio.Lock()),
            digest_of=lambda text: email_digest(text, edition_parts.email_key),
            paces=(shop, ledger),
            dataverse=self._dataverse(settings),
            records_called=partial(records_called, edition_parts.tables, name),
            demand_of=DemandTold(edition_parts.tables).of,
            accounts_due=KeptAccounts(edition_parts.tables, name).due,
            mailer=self._mailer(settings),
            link_key=link_key(edition_parts.email_key),
        )

    def _mailer(self, settings: Connection) -> Mailer | None:
        parts, mails = self._edition_parts, settings.mails
        return parts.mailer(mails, parts.secrets, parts.clock) if mails is not None else None

    def _accounts(
        self, name: str, settings: Connection, dynamics: DynamicsClient
    ) -> AccountMappings:
        tables, clock = self._edition_parts.tables, self._edition_parts.clock
        entity_of = entity_of_old_row(settings, dynamics)
        return AccountMappings(tables, name, clock, home=settings.legal_entity, entity_of=entity_of)

    def _commerce(self, settings: Commerce, pace: Pace) -> CommerceClient:
        return CommerceClient(
            Access(
                settings,
                secrets=self._edition_parts.secrets,
                http=self.kept(self._edition_parts.commerce_http(settings)),
                clock=self._edition_parts.clock,
                pace=pace,
            )
        )

    def _dynamics(self, settings: Dynamics, pace: Pace) -> DynamicsClient:
        http = self.kept(self._edition_parts.dynamics_http(settings))
        return DynamicsClient(
            settings,
            http=http,
            tokens=self._edition_parts.tokens.tokens(settings),
            pace=pace,
            clock=self._edition_parts.clock,
            visibility=self._visibility(settings, http),
        )

    def _dataverse(self, settings: Connection) -> DataverseClient | None:
        """The client of the environment where cases are kept, where the connection names one. It
        is signed in to as F&O is, for a host of its own."""
        section, parts = settings.dataverse, self._edition_parts
        if section is None:
            return None
        sign_in = settings.dynamics.model_copy(update={**section.identity, "url": section.url})
        transport = Transport(
            section.url, http=self.kept(parts.dynamics_http(settings.dynamics)),
            tokens=parts.tokens.tokens(sign_in), pace=self.paces.of(section), clock=parts.clock,
            table=TABLE,
        )  # fmt: skip
        return DataverseClient(section, transport)

    def _visibility(self, settings: Dynamics, http: httpx.AsyncClient) -> Transport | None:
        """The way to Inventory Visibility, where the connection reads it."""
        section, clock = settings.visibility, self._edition_parts.clock
        if section is None:
            return None
        entra = self._edition_parts.tokens.tokens(settings, SCOPE)
        tokens = VisibilityTokens(section, entra, http, clock)
        pace = self.paces.of(section)
        return Transport(section.url, http=http, tokens=tokens, pace=pace, clock=clock)

    def kept(self, http: httpx.AsyncClient) -> httpx.AsyncClient:
        """A client that is closed with the pool."""
        if http not in self._https:
            self._https.append(http)
        return http

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests sent so far, per connection: what an order costs."""
        return {
            name: (
                {f"commerce_{kind}": n for kind, n in systems.commerce.counts.items()}
                | {f"dynamics_{kind}": n for kind, n in systems.dynamics.counts.items()}
                | {f"dataverse_{kind}": n for kind, n in _counts_of(systems.dataverse).items()}
            )
            for name, systems in self._by_connection.items()
        }

    async def close(self) -> None:
        """Close systems and their clients. Safe to repeat."""
        for systems in self._by_connection.values():
            await systems.close()
        self._by_connection.clear()
        await self.paces.close()
        for http in self._https:
            await http.aclose()
        self._https.clear()


def _counts_of(dataverse: DataverseClient | None) -> Mapping[str, int]:
    return {} if dataverse is None else dataverse.counts
