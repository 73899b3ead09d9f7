from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.oauth import Consumer
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sandbox.dynamics import DynamicsState, dynamics_app
from sync.checks.finding import Check, Finding, Level, Probe, findings_of
from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Connections
from sync.core.errors import Never
from sync.dynamics.client import DynamicsClient
from sync.dynamics.transport import http_client
from sync.preview.example import example_lookups
from tests.contracts.hand_clock import HandClock
from tests.pacing.paces import pace_of

SETTINGS: Mapping[str, Any] = {
    "commerce": {
        "url": "https://shop.example.com",
        "consumer_key": "consumer-key",
        "consumer_secret": "consumer-secret",
        "token": "token",
        "token_secret": "token-secret",
    },
    "dynamics": {
        "url": "http://localhost",
        "company": "usmf",
        "auth": "bearer",
        "bearer": "bearer",
    },
    "stores": {"1": {"site": "1", "warehouse": "13", "origin": "WEB"}},
    "customers": {"group": "10"},
}


class Drawer:
    """Secrets by name."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values

    async def get(self, name: str) -> str:
        if name not in self.values:
            raise Never(f"no secret {name}", remedy=f"Store {name}.")
        return self.values[name]


class Sandboxed:
    """The one token that the sandbox takes, unless it is another."""

    def __init__(self) -> None:
        self.value = "sandbox"

    async def token(self, *, renew: bool = False) -> str:  # noqa: ARG002 - the port's word
        return self.value

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Sandboxes:
    """Both systems, and probes of them under any settings."""

    stack: AsyncExitStack
    clock: HandClock = field(default_factory=HandClock)
    tokens: Sandboxed = field(default_factory=Sandboxed)
    shop: Any = None
    """Another shop than the sandbox's, with its `credentials`."""
    credentials: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.consumer = Consumer.named("sandbox")
        self.shop_clock = HandClock()
        self.commerce = CommerceState(self.shop_clock, consumers=[self.consumer])
        self.dynamics, self.ledger_dials = DynamicsState.seeded(), Dials()
        who = self.consumer
        names = ("consumer-key", "consumer-secret", "token", "token-secret", "bearer")
        values = (who.key, who.secret, who.token, who.token_secret, "sandbox")
        self.secrets = Drawer({**dict(zip(names, values, strict=True)), **self.credentials})

    async def probe(self, **changes: Any) -> Probe:
        """A probe of a connection whose sections are changed so."""
        document = {
            name: (
                changes[name]
                if isinstance(changes.get(name), list)
                else {**SETTINGS.get(name, {}), **changes.get(name, {})}
            )
            for name in {*SETTINGS, *changes}
        }
        settings = Connections.model_validate({"connections": {"shop": document}}).connections[
            "shop"
        ]
        app = self.shop or commerce_app(self.commerce, Dials())
        shop = httpx.AsyncClient(transport=httpx.ASGITransport(app))
        ledger = http_client(
            transport=httpx.ASGITransport(dynamics_app(self.dynamics, self.ledger_dials))
        )
        await self.stack.enter_async_context(shop)
        await self.stack.enter_async_context(ledger)
        dynamics = DynamicsClient(
            settings.dynamics, http=ledger, tokens=self.tokens,
            clock=self.clock, pace=pace_of(self.clock),
        )  # fmt: skip
        self.stack.push_async_callback(dynamics.aclose)
        access = Access(
            settings.commerce, secrets=self.secrets, http=shop,
            clock=self.clock, pace=pace_of(self.clock),
        )  # fmt: skip
        commerce = CommerceClient(access)
        lookups = example_lookups(self.clock)
        return Probe("shop", settings, commerce, dynamics, self.secrets, self.clock, lookups)

    async def found(self, check: Check, **changes: Any) -> list[Finding]:
        """What a check finds under settings that are changed so."""
        return await findings_of(check, await self.probe(**changes))


@pytest.fixture
async def sandboxes() -> AsyncIterator[Sandboxes]:
    async with AsyncExitStack() as stack:
        yield Sandboxes(stack)


def levels(found: list[Finding]) -> set[str]:
    return {str(one.level) for one in found}


def only_fault(found: list[Finding]) -> Finding:
    (fault,) = [one for one in found if one.level is not Level.OK]
    return fault
