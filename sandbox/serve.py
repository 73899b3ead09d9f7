"""A shop and F&O on loopback ports of one process, Dataverse beside F&O: for the demo, for tests of
whole processes, to try the product on."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Final

import httpx

from sandbox.commerce.app import commerce_app
from sandbox.commerce.notifications import NotificationSender
from sandbox.commerce.oauth import Consumer
from sandbox.commerce.signing import public_pem
from sandbox.commerce.state import CommerceState
from sandbox.commerce.trade import trade_routes
from sandbox.dataverse.app import dataverse_routes
from sandbox.dataverse.state import DataverseState
from sandbox.dials import Dials
from sandbox.dynamics.app import dynamics_app
from sandbox.dynamics.event_endpoints import event_routes
from sandbox.dynamics.seed import CURRENCIES, Item
from sandbox.dynamics.state import DynamicsState
from sandbox.terms import (
    COMPANY,
    KNOWN,
    SERVICE_ACCOUNT,
    SHELF,
    TOKEN,
    UNIT,
    Ready,
    item_numbers,
)
from sync.config.connections import NumberMode
from sync.core.ports import Clock
from sync.hosts.server import listen, serve, url_of

HOST: Final = "127.0.0.1"
GRACE: Final = timedelta(seconds=1)


class Sandbox:
    """A shop and an F&O environment side by side. `numbers` ours: F&O's number sequences are
    manual."""

    def __init__(
        self, clock: Clock, *, seed: int = 1, numbers: NumberMode = NumberMode.THEIRS
    ) -> None:
        self._numbers = numbers
        self._consumer = Consumer.named(f"sandbox {seed}")
        self.shop = CommerceState(clock, seed=seed, consumers=[self._consumer])
        for product in SHELF:
            self.shop.sell(product)
        for code, labels in KNOWN.items():
            self.shop.products.attributes.define(code, "select", *labels)
        items = [Item(number, sku, unit=UNIT) for sku, number in item_numbers().items()]
        self.ledger = DynamicsState.seeded(COMPANY, items=items, now=clock.now)
        self.service = DataverseState(clock.now, tokens=self.ledger.tokens)
        self.service.create("accounts", SERVICE_ACCOUNT, {"name": "Web shop"})
        for code in CURRENCIES:
            self.service.create("transactioncurrencies", None, {"isocurrencycode": code})
        if numbers is NumberMode.OURS:
            self.ledger.settings.manual |= {"SalesOrderNumber", "CustomerAccount"}
        self.shop_dials, self.ledger_dials = (
            Dials(Random(f"shop {seed}")),
            Dials(Random(f"ledger {seed}")),
        )

    async def run(
        self,
        stop: asyncio.Event,
        ready: Callable[[Ready], None],
        *,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        """Serve both until `stop`. `ready` is told the addresses once requests are taken. Raises
        `CannotListen`."""
        apps = [
            commerce_app(self.shop, self.shop_dials),
            dynamics_app(self.ledger, self.ledger_dials),
        ]
        up = [asyncio.Event() for _ in apps]
        with listen(HOST, ports[0]) as shop, listen(HOST, ports[1]) as ledger:
            async with (
                httpx.AsyncClient(timeout=30.0, trust_env=False) as client,
                asyncio.TaskGroup() as group,
            ):
                sender = NotificationSender(self.shop, client, [])
                apps[0].router.routes[:0] = trade_routes(self.shop, sender)
                routes = [*event_routes(self.ledger, client), *dataverse_routes(self.service)]
                apps[1].router.routes[:0] = routes
                sending = group.create_task(sender.run())
                for app, listener, event in zip(apps, (shop, ledger), up, strict=True):
                    group.create_task(serve(app, listener, stop, event.set, grace=GRACE))
                for event in up:
                    await event.wait()
                ready(self._ready(url_of(shop), url_of(ledger)))
                await stop.wait()
                sending.cancel()

    def _ready(self, shop: str, ledger: str) -> Ready:
        ours = self._consumer
        credentials = {
            "consumer-key": ours.key, "consumer-secret": ours.secret, "token": ours.token,
            "token-secret": ours.token_secret, "bearer": TOKEN,
            "webhook-key": public_pem("webhooks").decode(),
        }  # fmt: skip
        return Ready(shop, ledger, COMPANY, self._numbers, credentials)
