"""Everything that runs while the demo does: a sandbox per connection, the host, and an engine of
our own beside it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx

from sandbox.demo.masters import Masters
from sandbox.demo.playing import WAITED_FOR
from sandbox.demo.processes import Child
from sandbox.demo.stepped import CLOCK
from sandbox.demo.systems import Host, Ledger, Shop, pause, unwatched
from sandbox.demo.unsettled import unsettled
from sandbox.entra import Entra
from sandbox.mail_server import MailServer
from sandbox.terms import NOVELTY, UNIT, item_numbers
from sync.app.services import Services
from sync.config.connections import NumberMode
from sync.core.errors import Later
from sync.engine.claim import Claim
from sync.engine.queues import DELIVERIES
from sync.mapping_tables.tables import ItemMapping

CONNECTIONS: Final = {"outdoor": NumberMode.OURS, "garden": NumberMode.THEIRS}
"""Two merchants: one chooses its sales order numbers, the other leaves that to F&O."""

SOON: Final = timedelta(seconds=15)
"""What is due within it is waited for, where the product is killed and everything may be late."""
HOST_LOG: Final = "host.log"
CLOCK_FILE: Final = "clock"
HOOKS: Final = {
    "orders": "sales_order_save_commit_after",
    "customers": "customer_save_commit_after",
    "companies": "company_save_commit_after",
    "invoices": "sales_order_invoice_save_commit_after",
    "creditmemos": "sales_order_creditmemo_save_commit_after",
}
"""The event of the shop that tells of each flow's records."""
FLOWS: Final = (*HOOKS, "posted_invoices")
STOCK: Final = "stock"
PRICES: Final = "prices"
PRODUCTS: Final = "products"
SHARED_CATALOGS: Final = "shared_catalogs"
SHIPMENTS: Final = "shipments"
CANCELLATIONS: Final = "cancellations"
STATUS: Final = "status"
RETURNS: Final = ("returns", "refunds", "return_states", "cases")
QUOTES: Final = ("quotes", "quote_answers")
TEMPLATES: Final = "quote_templates"
CAPTURES: Final = "captures"
ACCOUNTS: Final = "accounts"
CREDIT: Final = "credit"
TASKS: Final = "tasks"
PRODUCT_OPTIONS: Final = "product_options"
ORDER_ISSUES: Final = "order_issues"
CASE_STATES: Final = "case_states"
"""Polled by themselves, when the demo says so."""
EVENT_FATES: Final = ("lost", "doubled", "late")
"""What happens to the first business events of each environment; a poll finds what was lost."""


class Stuck(Exception):
    """The work did not end; the message says what waits."""


@dataclass(frozen=True)
class Pair:
    """One connection's two systems. `token` opens the ledger's OData interface."""

    name: str
    numbers: NumberMode
    shop: Shop
    ledger: Ledger
    token: str


class Environment:
    """The running demo. `engine` works beside the host under the same `settings`, as the command
    line does. `masters`: what F&O has beside what the shops know. `soon`: messages that are due
    within it are waited for; records that wait for another try always are."""

    def __init__(
        self,
        settings: Mapping[str, str],
        pairs: dict[str, Pair],
        engine: Services,
        client: httpx.AsyncClient,
        mails: MailServer,
        *,
        entra: Entra | None = None,
    ) -> None:
        self.pairs = pairs
        self.masters, self.soon = Masters(), SOON
        self.engine = engine
        self.mails, self.entra = mails, entra
        self.settings = settings
        self._client = client
        self._key = secrets.token_urlsafe(24)
        self._child: Child | None = None
        self._look: asyncio.Task[int] | None = None
        self._one_look = asyncio.Lock()
        self._url = ""
        self._clock = Path(settings["SYNC_HOME"], CLOCK_FILE)
        self.set_clock(0.0)

    @property
    def host(self) -> Host:
        """The host, wherever it listens."""
        return Host(self._client, self._url, self._key)

    @property
    def host_pid(self) -> int:
        """Of its process."""
        assert self._child is not None, "it was started"
        return self._child.pid

    def set_clock(self, seconds: float) -> None:
        """Set the clock of the host's machine so many seconds before or behind the time."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds), encoding="utf-8")
        new.replace(self._clock)

    async def start_host(self) -> None:
        """Start `serve` on the home; after the first time at the same port, which the shops'
        webhooks name."""
        port = self._url.rpartition(":")[2] or "0"
        log = Path(self.settings["SYNC_HOME"], HOST_LOG)
        arguments = ["sandbox.demo.stepped", "sync", "serve", "--json", "--port", port]
        beside = {CLOCK: str(self._clock), "SYNC_HOST_KEY": self._key}
        self._child = await Child.started(arguments, log, **self.settings, **beside)
        self._url = str(self._child.reported["url"])

    async def stop_host(self) -> None:
        """End the host as an administrator would."""
        if self._child is not None:
            await self._child.stop()

    async def kill_host(self) -> None:
        """End the host as a power failure would."""
        if self._child is not None:
            await self._child.kill()

    async def subscribe(self) -> None:
        """Have every shop send its webhooks, and every ledger its business events, to the host."""
        for pair in self.pairs.values():
            for flow, event in HOOKS.items():
                url = f"{self._url}/api/webhooks/{pair.name}/{flow}"
                await pair.shop.ask("POST", "/sandbox/webhooks", {"url": url, "events": [event]})
            reported = {
                "url": f"{self._url}/api/business-events/{pair.name}",
                "key": self._key,
                "plan": EVENT_FATES,
            }
            await pair.ledger.ask("POST", "/sandbox/business_events", reported)

    async def map_items(self) -> None:
        """Fill the mapping tables with everything but the novelty, as a merchant does before the
        first sync."""
        numbers = item_numbers()
        rows = [
            ItemMapping(sku, number, unit=UNIT)
            for sku, number in numbers.items()
            if sku != NOVELTY.sku
        ]
        for name in self.pairs:
            await (await self.engine.systems_pool.open(name)).items.put_many(rows)

    async def poll(self, *flows: str, of: Collection[str] = ()) -> int:
        """Look for what no webhook told of, of these flows or all, of some connections or all; how
        many notifications were stored."""
        poll = self.engine.polling.poll
        polls = [poll(flow, name) for flow in flows or FLOWS for name in of or self.pairs]
        return sum(await asyncio.gather(*polls))

    async def touch(self, flow: str, connection: str, key: str) -> None:
        """A person asks for one record, again and again while the queue takes nothing."""
        while True:
            try:
                await self.engine.intake.accept(flow, connection, [key], "touch")
            except Later:
                await pause()
            else:
                return

    async def parked(self) -> list[Claim]:
        """What waits for a person."""
        ledger = self.engine.ledger
        return [
            claim
            for name in self.pairs
            for flow in (*WAITED_FOR, "mails", *QUOTES, TEMPLATES)
            async for claim in ledger.parked(name, flow)
        ]

    async def until_idle(
        self, check_progress: Callable[[], Awaitable[None]] = unwatched, *, within: timedelta
    ) -> None:
        """Return when no notification is on its way and nothing is left to deliver. All who wait go
        on together, so that nobody waits for what another begins next. Raises `Stuck`."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while await self._seen_next():
                    await check_progress()
        except TimeoutError:
            waiting = await self.unfinished()
            raise Stuck(
                f"{waiting} notifications and messages still wait after"
                f" {within.total_seconds():.0f} s"
            ) from None
        await check_progress()

    async def _seen_next(self) -> int:
        """What the next look sees, which all who wait for it share."""
        if self._look is None:
            self._look = asyncio.create_task(self._looked())
        return await asyncio.shield(self._look)

    async def _looked(self) -> int:
        async with self._one_look:
            await pause()
            self._look = None
            return await self.unfinished()

    async def unfinished(self) -> int:
        """Notifications on their way, messages that are worked on or soon due, and records that
        wait for another try.

        Later messages do not count: who found a record in other hands left word to look again when
        that lease would end, minutes from now.
        """
        count = sum(
            [
                await face.unfinished()
                for pair in self.pairs.values()
                for face in (pair.shop, pair.ledger)
            ]
        )
        parts = self.engine.edition_parts
        queue, soon = parts.queue, parts.clock.now() + self.soon
        for name in DELIVERIES:
            depth = await queue.depth(name)
            count += depth.due + depth.locked + (depth.next is not None and depth.next < soon)
        return count or await unsettled(self.engine.ledger, self.pairs, WAITED_FOR)
