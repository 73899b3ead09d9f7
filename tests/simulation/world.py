"""A world: a shop, a ledger, workers that come and go, and trouble between them, played to its end
in virtual time."""

import asyncio
import gc
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from urllib.parse import unquote

import httpx

from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.catalogue import Catalogue as Assortment
from sandbox.commerce.notifications import NotificationSender, WebhookTarget
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.signing import WebhookSignature
from sandbox.dials import NUMBERS, Dials
from sandbox.dynamics.values import folded
from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.config.connections import Connections
from sync.core.encoding import to_json
from sync.core.message_queue import Outgoing
from sync.core.ports import Row
from sync.engine.claim import CLAIMS, Claim, State
from sync.engine.flow_pauses import FlowPauses
from sync.engine.publication import EVERYTHING
from sync.engine.queues import BUSINESS_EVENTS, DELIVERIES
from sync.engine.systems import Systems
from sync.engine.watermarks import WATERMARKS, Watermark
from sync.flows import FLOWS
from sync.operating.publications import differences, repaired
from sync.pacing.limiter import MOST
from tests.doubles.memory_tables import MemoryTables
from tests.in_process import InProcess
from tests.process import Process, begin, close_what_generators_await, task_factory
from tests.simulation.accounts import SharedAccounts
from tests.simulation.afterwards import Afterwards
from tests.simulation.catalogue import Catalogue
from tests.simulation.environment import (
    ACCOUNT,
    CAPTURES,
    CATALOGUE,
    CREDIT,
    MOST_DELIVERIES,
    POOL,
    QUOTES,
    TASKS,
    Polls,
)
from tests.simulation.mailbox import Mailbox
from tests.simulation.offices import FinanceOffice, SalesOffice
from tests.simulation.parcels import Parcels
from tests.simulation.pausing import Pausing, WatchedTables
from tests.simulation.plan import RATES, STORE_VIEWS, Plan
from tests.simulation.quotes import Quotes
from tests.simulation.sellers import Sellers
from tests.simulation.sharing import SHARED
from tests.simulation.stories import Story
from tests.simulation.told import HOOKS, Told
from tests.simulation.watching import EventLog, Remote, WatchedDials
from tests.simulation.worker import AGAIN, Worker, again_and_again, webhook_app
from tests.systems import CONNECTION, SystemsUnderTest
from tests.virtual_time import START, LoopClock, Skewed, VirtualLoop

LONGEST: Final = timedelta(days=3)
LOOK_EVERY: Final = 30.0
STEPS: Final = (-600.0, -90.0, -10.0, 10.0, 90.0, 600.0)
SETTLED: Final = 700.0
"""Seconds after the last change by which every poll has seen it: two cadences and the shop's
skew."""
HOOK_HOST: Final = "sync.example.com"
ONCE: Final = {
    "SalesTable": "CustomersOrderReference",
    "ReturnOrderHeadersV2": "CustomersOrderReference",
    "SalesQuotationHeadersV2": "CustomersReference",
    "CustomerAttachmentsV2": "Name",
    "FreeTextInvoiceHeaders": "CustomerReference",
    "CustomerPaymentJournalLines": "PaymentReference",
}
"""Tables of D365 and the field that no two rows of ours may share, at any moment."""


class Wrong(AssertionError):
    """A promise is broken: the seed and how to replay it, then what is wrong, line by line."""


@dataclass
class World:
    """One seed's world. `make` builds the services of each worker: mutants hand in their own.
    `before_polls` judges where they begin late, `at_last` when all is over."""

    plan: Plan
    make: Callable[..., Services] = Services
    prints: bool = False
    before_polls: Callable[[], Awaitable[None]] | None = None
    at_last: Callable[[], Awaitable[None]] | None = None
    started: datetime = START
    workers: list[Worker] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = Random(f"world {self.plan.seed}")
        self.event_log = EventLog(prints=self.prints)
        self.clock = LoopClock(START, Random(f"clock {self.plan.seed}"))
        self.machine = Skewed(self.clock, 0.0)
        self._last_steps = list(self.plan.last_steps)
        self._sent: list[asyncio.Task[None]] = []
        self.parcels = Parcels(Random(f"carrier {self.plan.seed}"), self._take_parcel)
        self._born = 0

    async def simulate(self) -> None:
        """Everything from the first order until it is quiet. Raises `Wrong`, or what broke the
        world."""
        loop = asyncio.get_running_loop()
        loop.set_task_factory(task_factory)
        loop.set_exception_handler(lambda *_: None)  # the dead leave answers that nobody takes
        self.systems = self._systems()
        self.story = Story(
            self.systems, self.plan, Random(f"story {self.plan.seed}"), self.event_log,
            travel=self._travel,
        )  # fmt: skip
        self.pausing = Pausing(
            FlowPauses(self.systems.tables, self.clock), self.clock,
            Random(f"pauses {self.plan.seed}"), self.event_log,
            list(self.systems.connections.connections), self.plan.flows,
        )  # fmt: skip
        self.catalogue = Catalogue(
            self.systems, tuple(one for one in self.plan.flows if one in CATALOGUE),
            Random(f"catalogue {self.plan.seed}"), self.event_log,
        )  # fmt: skip
        self.catalogue.begin()
        self.shared_accounts = SharedAccounts(
            self.systems, Random(f"outgoing {self.plan.seed}"), self.event_log
        )
        self.shared_accounts.begin()
        self.afterwards = Afterwards(
            self.systems, self.plan, Random(f"afterwards {self.plan.seed}"), self.event_log
        )
        self.told = Told(self.clock)
        self.systems.commerce.on_change(self.told.note_change)
        self.sender = self._hooks()
        sending = begin(self.sender.run(), None)
        try:
            await self._lived()
            if self.at_last is not None:
                await self.at_last()
        finally:
            sending.cancel()
            await asyncio.wait({sending})
            await self._dead_letter_function()

    async def _lived(self) -> None:
        chance = Random(f"negotiations {self.plan.seed}")
        kind = SalesOffice if self.plan.environment.quotes_in_sales else FinanceOffice
        self.negotiations = Quotes(
            self.systems, chance, self.event_log, self.broken, kind(self.systems, chance)
        )
        self.sellers = Sellers(self.systems, Random(f"sellers {self.plan.seed}"), self.event_log)
        self._dials(in_trouble=True)
        if self.plan.environment.polls is not Polls.ALWAYS:
            await self._put_polls_off()
        for _ in range(self.plan.workers):
            self._birth()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._end_of_trouble())
            group.create_task(self.story.simulate())
            group.create_task(self.catalogue.change(8, self.plan.trouble, self._notify))
            group.create_task(self.shared_accounts.change(8, self.plan.trouble))
            group.create_task(self._change_limits(8))
            group.create_task(self.afterwards.live())
            group.create_task(self._trouble_consumers())
            group.create_task(self._set_clock(3))
            if QUOTES in self.plan.flows:
                group.create_task(self.negotiations.live(self.plan.spread))
            if TASKS in self.plan.flows:
                group.create_task(self.sellers.live(self.plan.spread))
            pauses = self.plan.environment.pauses
            group.create_task(self.pausing.run(pauses, self.plan.trouble + self.plan.spread))
        self.broken += self.pausing.broken
        if self.plan.environment.polls is not Polls.ALWAYS:
            await self._until_quiet()
        if self.plan.environment.polls is Polls.LATE:
            await self._begin_polls()
        if self.plan.environment.polls is not Polls.NEVER:
            await asyncio.sleep(max(SETTLED, self.plan.intake["late_high"]))
            await self._until_quiet()
            if self.plan.environment.sends_accounts:  # customers that they made late are polled
                await asyncio.sleep(SETTLED)
                await self._until_quiet()
        await self._ask_gateways()
        await self._publish_at_last()

    async def _change_limits(self, times: int) -> None:
        """Clerks give accounts credit, and take it back."""
        chance, table = Random(f"limits {self.plan.seed}"), "CustTable"
        for _ in range(times if CREDIT in self.plan.flows else 0):
            await asyncio.sleep(chance.uniform(0, self.plan.trouble / times))
            store = self.systems.dynamics.store
            row = chance.choice(store.table(table).oldest_first())
            store.update(table, row, {"CreditLimit": Decimal(chance.choice((0, 900, 90_000)))})
            self.event_log.note(f"deed: account {row['CustomerAccount']} has another limit")

    async def _trouble_consumers(self) -> None:
        """The shop's consumers are late, lose a bulk, or do not run."""
        chance, bulks = Random(f"consumers {self.plan.seed}"), self.systems.commerce.bulks
        while self._is_in_trouble and self.plan.environment.has_bulks:
            bulks.forgets = chance.choice((0, 0, 1))
            bulks.takes = timedelta(seconds=chance.choice((1, 5, 90, 300)))
            bulks.is_consumed = chance.random() < 0.8
            await asyncio.sleep(chance.uniform(10, 60))
        bulks.forgets, bulks.is_consumed, bulks.takes = 0, True, timedelta(seconds=5)

    async def _set_clock(self, times: int) -> None:
        """Somebody sets the machine's clock, again and again; in the end it is right."""
        chance, longest = Random(f"steps {self.plan.seed}"), self.plan.trouble + self.plan.spread
        for _ in range(times if self.plan.environment.sets_clock else 0):
            await asyncio.sleep(chance.uniform(0, longest / times))
            seconds = chance.choice(STEPS)
            self.machine.is_set(seconds)
            self.event_log.note(f"people: set the clock to {seconds:+.0f} s")
            await asyncio.sleep(chance.uniform(0, longest / times))
            self.machine.is_set(0.0)
            self.event_log.note("people: set the clock right")

    async def _ask_gateways(self) -> None:
        """People look there, and replay: no money was moved of which the shop has no document."""
        waits = [
            (connection, claim.key)
            for connection in self.systems.connections.connections
            for host in self._alive()[:1]
            async for claim in host.services.ledger.parked(connection, CAPTURES)
            if "payment gateway" in claim.reason
        ]
        for connection, key in waits:
            self._notify(CAPTURES, key, "replay", connection)
        if waits:
            await asyncio.sleep(SETTLED)
            await self._until_quiet()

    async def _publish_at_last(self) -> None:
        """As the next poll would, once the last order is in F&O."""
        published = [one for one in self.plan.flows if one in (*CATALOGUE, CREDIT)]
        for flow in published:
            is_taken = False
            while not is_taken:
                telling = self._notify(flow, EVERYTHING, "poll")
                await asyncio.sleep(AGAIN)
                is_taken = telling is not None and telling.done() and telling.exception() is None
            if flow == "product_options":
                await self._until_quiet()
        if published:
            await self._until_quiet()
        if SHARED in published:
            await self._repair_drift(SHARED)

    async def _repair_drift(self, flow: str) -> None:
        """As the command does: no run looks for what people at the shop have changed."""
        services, systems = self._alive()[0].services, await self.opened()
        await repaired(services, systems, await differences(services, systems, flow, []))
        await self._until_quiet()

    async def _until_quiet(self) -> None:
        while not await self.is_quiet():
            await asyncio.sleep(LOOK_EVERY)
            if self.clock.now() > START + LONGEST:
                late = f"the world is not quiet after {LONGEST}: {await self._unquiet()}"
                raise Wrong(f"seed {self.plan.seed}\n{late}")
        await self.systems.ledger_dials.settle()
        await self.systems.shop_dials.settle()
        await self.systems.service_dials.settle()

    async def _put_polls_off(self) -> None:
        """As if every poll had just run, and were due again when the world is over."""
        row = Watermark(polled=START + LONGEST).row
        for connection in self.systems.connections.connections:
            for flow in self.plan.flows:
                await self.systems.tables.upsert(WATERMARKS, row(connection, flow))

    async def _begin_polls(self) -> None:
        """What was told is judged; then every poll is due."""
        if self.before_polls is not None:
            await self.before_polls()
        for connection in self.systems.connections.connections:
            for flow in self.plan.flows:
                await self.systems.tables.delete(WATERMARKS, connection, flow)
        self.event_log.note("polls begin")

    def _systems(self) -> SystemsUnderTest:
        skewed = Skewed(self.clock, self.plan.skew)
        shoppers = Random(f"shoppers {self.plan.seed}").sample(SHOPPERS, self.plan.shoppers)
        stores = (
            tuple(replace(one, prefix="") for one in STORES) if self.plan.same_numbers else STORES
        )
        systems = SystemsUnderTest(
            self.clock, self.plan.settings(), self.plan.seed, shop_clock=skewed,
            most_deliveries=MOST_DELIVERIES, tables=MemoryTables(), queue_clock=self.machine,
            catalogue=Assortment(shoppers=tuple(shoppers), stores=stores),
        )  # fmt: skip
        self.mailbox = Mailbox(
            self.clock, Random(f"mails {self.plan.seed}"), lambda: self._is_in_trouble
        )
        systems.mailer = lambda *_: self.mailbox
        self._watched = [
            WatchedDials(name, Random(f"{name} {self.plan.seed}"), self.event_log)
            for name in ("shop", "ledger", "service")
        ]
        systems.dials(*self._watched)
        systems.dataverse.create("accounts", ACCOUNT, {"name": "Shoppers"})
        systems.connections = Connections.model_validate({"connections": self.plan.connections()})
        chance = Random(f"deadlocks {self.plan.seed}")
        systems.dynamics.is_deadlocked = lambda: (
            self._is_in_trouble and chance.random() < self.plan.environment.refused_changesets
        )
        systems.dynamics.on_event(self._business_event)
        store, insert = systems.dynamics.store, systems.dynamics.store.insert

        def watched(table: str, values: Any) -> Any:
            record = insert(table, values)
            if table in ONCE:
                self._only_once(table, str(values.get(ONCE[table], "")))
            return record

        store.insert = watched  # type: ignore[method-assign]
        systems.commerce.notification_dials.turn(self.plan.intake)
        systems.commerce.notification_dials.random = Random(f"notifications {self.plan.seed}")
        return systems

    def _only_once(self, table: str, reference: str) -> None:
        """An order that was cancelled in D365 and placed anew is gone by then; lines of journals
        stay."""
        found = self.systems.dynamics.store.table(table).having(ONCE[table], (folded(reference),))
        self.event_log.note(f"ledger: {reference} is in {table} {len(found)} times")
        if len(found) > 1:
            self.broken.append(f"{reference} was in D365 {len(found)} times ({table})")

    def _hooks(self) -> NotificationSender:
        app = webhook_app(
            self._alive,
            self.told,
            until_taken=self.plan.environment.polls is Polls.NEVER,
        )
        signature = WebhookSignature("hmac", "hook")
        targets = [
            WebhookTarget(
                f"https://{HOOK_HOST}/{connection}/{flow}", events=(event,), signature=signature
            )
            for connection in self.plan.connections()
            for flow, event in HOOKS.items()
        ]
        client = httpx.AsyncClient(transport=InProcess({HOOK_HOST: app}))
        return NotificationSender(
            self.systems.commerce, client, list(targets) if self.plan.has_webhook else []
        )

    async def _travel(self, number: str, order: StoredOrder) -> None:
        await self.parcels.travel(number, self.connection_of(order.row["store_id"]), order)

    async def _take_parcel(self, connection: str, headers: Mapping[str, str], body: bytes) -> None:
        """A carrier tells a worker that lives, until one has taken it."""

        async def taken() -> tuple[int, bytes]:
            worker = next(iter(self._alive()), self.workers[-1])
            return await worker.take_parcel(connection, headers, body)

        await again_and_again(taken)

    def _business_event(self, envelope: Mapping[str, Any]) -> None:
        """F&O writes it into its queue, or has it in its error log for ever."""
        if self.random.random() < self.plan.environment.lost_events:
            return
        self.told.events.add(str(envelope.get("InvoiceId")))
        event = Outgoing(BUSINESS_EVENTS, to_json(dict(envelope)), str(envelope["EventId"]))
        self._sent.append(begin(self.systems.queue.send([event]), None))

    def _dials(self, *, in_trouble: bool) -> None:
        troubles = (self.plan.shop, self.plan.ledger, self.plan.shop)
        for dials, wanted in zip(self._watched, troubles, strict=True):
            dials.lost_writes = self.plan.environment.lost_writes if in_trouble else 0.0
            fresh = Dials()
            calm = {f"{name}_rate": 0.0 for name in RATES} | {
                "latency_low": 0.0,
                "latency_high": 0.0,
            }
            dials.turn(
                {name: getattr(fresh, name) for name in NUMBERS}
                | dict(wanted)
                | ({} if in_trouble else calm)
            )

    async def _end_of_trouble(self) -> None:
        await asyncio.sleep(self.plan.trouble)
        self._dials(in_trouble=False)
        self._last_steps.clear()
        for worker in self.workers:
            worker.process.last_step = None
        self.event_log.note("the trouble is over")

    def _birth(self) -> None:
        self._born += 1
        name = f"worker {self._born}"
        process = Process(self._last_steps.pop(0) if self._last_steps else None)
        parts = self._edition_parts(process, name)
        worker = Worker(name, self.systems, parts, process, self._services(parts))
        process.ended = lambda: self._death(worker)
        self.workers.append(worker)
        self.event_log.note(f"{name} begins")

    def _services(self, parts: EditionParts) -> Services:
        flows = tuple(flow for flow in FLOWS if flow.name in self.plan.flows)
        return self.make(self.systems.connections, flows, parts)

    def _alive(self) -> list[Worker]:
        return [one for one in self.workers if not one.process.is_over]

    async def opened(self) -> Systems:
        """Both systems, as a worker that lives has them."""
        return await self._alive()[0].services.systems_pool.open(CONNECTION)

    def _notify(
        self, flow: str, key: str, origin: str, connection: str = CONNECTION
    ) -> "asyncio.Task[int] | None":
        """Somebody tells a worker that lives; None where none does."""
        if not (alive := self._alive()):
            return None
        told = alive[0].services.intake.accept(flow, connection, [key], origin)
        return begin(told, alive[0].process)

    def _edition_parts(self, process: Process, name: str) -> Any:
        def asked(request: httpx.Request) -> None:
            self._may_die(process, request)
            self.event_log.note(f"{name}: {request.method} {request.url.path}")
            if self._kills(request):
                process.end_now()

        chance = Random(f"stores {self.plan.seed} {name}")
        tables = WatchedTables(self.systems.tables, self.pausing)
        stores: dict[str, Any] = {"queue": self.systems.queue, "tables": tables}
        if self.plan.store_latency or self._store_faults:
            stores = {
                key: Remote(store, chance, self.plan.store_latency, self._fails)
                for key, store in stores.items()
            }
        apart = self.plan.environment.clocks_apart
        clock = Skewed(self.clock, Random(f"{name} {self.plan.seed}").uniform(-apart, apart))
        return self.systems.edition_parts(
            is_alone=self.plan.is_alone, asked=asked,
            shop_asked=lambda request: self._may_die(process, request),
            clock=clock if apart else self.machine,
            pool=POOL if self.plan.environment.is_pool_narrow else MOST, **stores,
        )  # fmt: skip

    def _may_die(self, process: Process, request: httpx.Request) -> None:
        """A few steps after a write went out."""
        if (
            request.method != "GET"
            and self._is_in_trouble
            and self.random.random() < self.plan.crash_at
            and process.last_step is None
        ):
            process.last_step = process.steps + self.random.randint(1, 12)

    def _kills(self, request: httpx.Request) -> bool:
        """Whether it is about the order that nobody survives."""
        said = unquote(f"{request.url} {request.content.decode()}")
        named = re.escape(self.story.killer)
        return bool(named) and re.search(rf"{named}(?![-\w])", said) is not None

    @property
    def _store_faults(self) -> float:
        return max(self.plan.store_faults, self.plan.environment.store_faults)

    def _fails(self) -> float:
        return self._store_faults if self._is_in_trouble else 0.0

    @property
    def _is_in_trouble(self) -> bool:
        return asyncio.get_running_loop().time() < self.plan.trouble

    def _death(self, worker: Worker) -> None:
        self.event_log.note(f"{worker.name} dies after {worker.process.steps} steps")
        worker.die()
        asyncio.get_running_loop().call_later(
            self.random.choice((0.1, 3.0, 90.0)), self._birth, context=Context()
        )

    async def is_quiet(self) -> bool:
        """No message anywhere, and nobody holds anything."""
        return not await self._unquiet()

    def connection_of(self, store_id: object) -> str:
        """Which connection a store view is of."""
        if self.plan.environment.connections == 1:
            return CONNECTION
        return next(name for name, stores in STORE_VIEWS.items() if str(store_id) in stores)

    def owner_of(self, flow: str, key: str) -> str:
        """Which connection a record is of."""
        if flow == "accounts":
            return CONNECTION
        if flow == "companies":
            flow, key = "customers", str(self.systems.commerce.companies[int(key)]["super_user_id"])
        if flow == "customers":
            return self.connection_of(self.systems.commerce.customers[int(key)]["store_id"])
        return self.connection_of(key.rpartition("@")[2])

    def is_untold(self, claim: Claim) -> bool:
        """Nobody looks for an account of which nothing was said, or which an order no longer
        needs."""
        is_open = claim.state in {State.NEW, State.POSTING}
        return is_open and self.plan.environment.polls is Polls.NEVER

    async def _unquiet(self) -> str:
        for worker in self.workers:
            if worker.over.done() and (error := worker.over.exception()) is not None:
                raise Wrong(f"seed {self.plan.seed}\n{worker.name} ended by itself") from error
        for queue in (*DELIVERIES, BUSINESS_EVENTS):
            depth = await self.systems.queue.depth(queue)
            if depth.due or depth.scheduled or depth.locked or depth.dead:
                return f"{queue}: {depth}"
        for connection in self.systems.connections.connections:
            for flow in self.plan.flows:
                async for row in self.systems.tables.query(CLAIMS, f"{connection}|{flow}"):
                    if self._is_held(row):
                        return f"{flow} {row.key} is held"
        return "" if not self.sender.unfinished else "notifications are on their way"

    def _is_held(self, row: Row) -> bool:
        until = row.values.get("lease_until")
        return (
            bool(row.values.get("owner"))
            and isinstance(until, datetime)
            and until > self.clock.now()
        )

    async def _dead_letter_function(self) -> None:
        for worker in self.workers:
            worker.process.end()
        await asyncio.sleep(1)
        for worker in self.workers:
            await worker.process.clean_up()
        close_what_generators_await()
        self.systems.close()


def run_in(random: Random, delivery: Any) -> None:
    """Simulate in a loop of its own, whose order is drawn."""
    gc.disable()  # what it finds, and when, depends on all that ran before
    tracer = sys.gettrace()
    sys.settrace(
        None
    )  # worlds prove promises, not lines: measured coverage would make them three times as slow
    try:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(random)) as runner:
            runner.run(delivery)
    finally:
        sys.settrace(tracer)
        gc.enable()
