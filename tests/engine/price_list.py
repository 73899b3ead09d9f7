"""A ledger's price list published to a shop's special prices over HTTP, with a process that can die
at any step.

Rules of the shop (measured on 2.4.7 and 2.4.8): `special-price` and `special-price-delete` answer
200 with a list of the rows that they refuse, named by their parameters, and keep all others; a
price that is text is refused with 400, and nothing is kept then. The last state wins.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import httpx
from typing_extensions import override

from sync.adapters.sqlite.tables import SqliteTables
from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce
from sync.core.errors import Never
from sync.core.request import Request
from sync.engine.claim import Claim
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.mirror import Shown
from sync.engine.publication import EVERYTHING, PublicationFlow
from sync.engine.published_rows import MassChange, Rows, RowTarget
from sync.engine.runner import Runner
from sync.engine.systems import Systems
from sync.engine.write import Target
from sync.pacing.limiter import Limiter
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses
from tests.contracts.hand_clock import HandClock
from tests.doubles.digests import DIGESTS
from tests.engine.archive import Crash, Sends, Stepping, Steps
from tests.engine.workshop import engine_of, works_off

NAME = "shop"
TIMING = Target("Commerce", timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=30))
SETTINGS = Commerce.model_validate(
    {
        "url": "https://shop.example.com", "consumer_key": "a", "consumer_secret": "b",
        "token": "c", "token_secret": "d",
    }
)  # fmt: skip
NO_RIGHT: Any = {
    "message": "The consumer isn't authorized to access %resources.",
    "parameters": {"resources": "Magento_Catalog::products"},
}
REFUSALS: Mapping[str, tuple[int, dict[str, str], Any]] = {
    "throttled": (429, {"Retry-After": "5"}, None),
    "down": (503, {}, None),
    "no right": (401, {}, NO_RIGHT),
}


class Secrets:
    """Any."""

    async def get(self, name: str) -> str:
        return name


@dataclass
class PriceShop:
    """The shop. `faults` of the next requests: "" (none), "lost" (kept, no answer), "late" (kept
    when the horizon is over), "down" (503, nothing kept), "throttled" (429), "no right" (the
    integration lacks one). `unknown`: SKUs that it does not have. `takes`: how long it works on a
    request."""

    clock: HandClock
    steps: Steps
    prices: dict[str, Any] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    requests: list[list[str]] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    takes: timedelta = timedelta()

    def settle(self) -> None:
        """What was under way for long is there now."""
        due = [commit for at, commit in self.late if at <= self.clock.now()]
        self.late = [(at, commit) for at, commit in self.late if at > self.clock.now()]
        for commit in due:
            commit()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.steps.step()
        self.settle()
        self.clock.at += self.takes
        rows = json.loads(request.content)["prices"]
        self.requests.append([row["sku"] for row in rows])
        fault = self.faults.pop(0) if self.faults else ""
        if fault in REFUSALS:
            status, headers, said = REFUSALS[fault]
            return httpx.Response(status, headers=headers, json=said)
        if any(isinstance(row.get("price"), str) for row in rows):
            return httpx.Response(400, json={"message": "Error occurred during processing"})
        is_deletion = request.url.path.endswith("-delete")

        def commit() -> None:
            for row in rows:
                if row["sku"] in self.unknown:
                    continue
                self.prices.pop(row["sku"], None)
                if not is_deletion:
                    self.prices[row["sku"]] = row["price"]

        if fault == "late":
            self.clock.at += TIMING.write_timeout
            self.late.append((self.clock.now() + TIMING.commit_horizon, commit))
        else:
            commit()
        self.steps.step()
        if fault:
            raise httpx.ReadTimeout("no answer", request=request)
        refused = [row["sku"] for row in rows if row["sku"] in self.unknown]
        said = "Invalid attribute %fieldName = %fieldValue."
        return httpx.Response(
            200, json=[{"message": said, "parameters": ["SKU", sku]} for sku in refused]
        )


@dataclass
class SpecialPrices(RowTarget):
    """Special prices, a few in a request."""

    most: int = 3

    @override
    def timing(self, systems: Systems) -> Target:
        return TIMING

    @override
    def requests(self, rows: Sequence[Shown], systems: Systems) -> Sequence[Request]:
        shown = [{"sku": row.key, **row.content} for row in rows if row.content is not None]
        gone = [{"sku": row.key} for row in rows if row.content is None]
        paths = (("special-price", shown), ("special-price-delete", gone))
        return [
            Request("POST", f"products/{path}", {"prices": prices})
            for path, prices in paths
            if prices
        ]

    @override
    async def shown(
        self, systems: Systems, keys: Collection[str] | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        return {}

    @override
    async def publish(
        self, rows: Sequence[Shown], systems: Systems, *, not_after: datetime
    ) -> Mapping[str, Never]:
        refused: dict[str, Never] = {}
        for request in self.requests(rows, systems):
            for row in await systems.commerce.post(request.path, request.body, not_after=not_after):
                sku = row["parameters"][1]
                remedy = f"Create {sku} in the shop, or take it off the price list."
                refused[sku] = Never(f"the shop has no {sku}", remedy=remedy)
        return refused


@dataclass
class PriceList:
    """The ledger's side, the engine and the shop. `meanwhile`: what happens while the list is being
    read; `missed`: what of it is not listed then. `bounds`: those of the flow."""

    guard: MassChange = field(default_factory=MassChange)
    target: SpecialPrices = field(default_factory=SpecialPrices)
    source: dict[str, Any] = field(default_factory=dict)
    clock: HandClock = field(default_factory=HandClock)
    steps: Steps = field(default_factory=Steps)
    sends: Sends = field(default_factory=Sends)
    twice: list[Shown] = field(default_factory=list)
    missed: set[str] = field(default_factory=set)
    bounds: dict[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self.tables = SqliteTables(":memory:")
        self.shop = PriceShop(self.clock, self.steps)
        self.locks = WeakValueDictionary[str, asyncio.Lock]()
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.shop.answer))
        self.flow = PublicationFlow(
            "prices", "Price list to special prices", Rows(self._every, self._one),
            self.target, lambda _: 15, lambda _: self.guard, **self.bounds,
        )  # fmt: skip

    async def _every(self, _: Systems, __: Ledger) -> AsyncIterator[Shown]:
        self.steps.step()
        listed = self.source.keys() - self.missed
        rows = [Shown(sku, one) for sku, one in self.source.items() if sku in listed]
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        for row in [*rows, *self.twice]:
            yield row

    async def _one(self, key: str, _: Systems, __: Ledger) -> Shown:
        self.steps.step()
        if any(row.key == key for row in self.twice):
            raise Never(f"the list has {key} twice", remedy=f"Delete one price of {key}.")
        return Shown(key, self.source.get(key))

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.tables, self.clock, DIGESTS)

    def worker(self) -> Runner:
        """A new process."""
        tables: Any = Stepping(self.tables, self.steps)
        pace = Pace("the shop", Limiter(4), Pauses(self.tables, self.clock), self.clock)
        commerce = CommerceClient(
            Access(SETTINGS, secrets=Secrets(), http=self.http, clock=self.clock, pace=pace)
        )
        systems: Any = SimpleNamespace(
            name=NAME, clock=self.clock, settings=None, paces=(pace,), commerce=commerce,
            one_at_a_time=lambda name: self.locks.setdefault(name, asyncio.Lock()),
            read_mappings_again=lambda: None,
        )  # fmt: skip
        flows, sub_flows = ({one.name: one} for one in (self.flow.runs, self.flow.chunks))
        return Runner(
            engine_of(tables, self.clock, self.sends, systems, flows=flows, sub_flows=sub_flows)
        )

    def message(self, key: str, origin: str = "webhook") -> Message:
        return Message("prices", NAME, key, origin, self.clock.now())

    async def deliver(self, key: str = EVERYTHING, origin: str = "poll") -> None:
        """One try, some minutes later."""
        self.clock.at += timedelta(minutes=5)
        await self.worker().deliver(self.message(key, origin))

    async def publish(self, key: str = EVERYTHING, origin: str = "poll") -> None:
        """To the end, whatever it takes."""
        await self.deliver(key, origin)
        await self.settle()

    async def dies_at(self, step: int) -> bool:
        """Whether a run's process dies at this step; the message comes again, and is done."""
        self.clock.at += timedelta(minutes=5)
        message, worker = self.message(EVERYTHING, "poll"), self.worker()
        self.steps.done, self.steps.last = 0, step
        has_died = True
        with contextlib.suppress(Crash):
            await worker.deliver(message)
            has_died = False
        self.steps.last = 0
        if has_died:
            await self.worker().deliver(message)
        await self.settle()
        return has_died

    async def settle(self) -> None:
        """Everything that was put off is worked off when it is due."""
        await works_off(self, 500)
        self.clock.at += TIMING.write_timeout + TIMING.commit_horizon
        self.shop.settle()

    async def claim(self, key: str = EVERYTHING) -> Claim:
        return await self.ledger.claim(NAME, "prices", key)

    async def parked(self) -> list[str]:
        return [claim.key async for claim in self.ledger.parked(NAME, "prices")]

    def is_shown(self) -> bool:
        """Whether the shop shows what the list says, and nothing else."""
        wanted = {
            sku: row["price"] for sku, row in self.source.items() if sku not in self.shop.unknown
        }
        return self.shop.prices == wanted
