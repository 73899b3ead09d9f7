"""The console behind a port, over both sandboxes, with some orders in it: what the tests with a
browser look at. Prints where it is, as JSON, and serves until it is ended.

`python -m tests.console.served`
"""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Final

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.recipe import Extras, drawn
from sandbox.commerce.records import StoredOrder
from sync.adapters.system_clock import SystemClock
from sync.app.console_sign_ins import Role, SignIns
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.core.message_queue import LockLost
from sync.credit.decisions import Decision, Decisions
from sync.credit.prepared import Prepared, PreparedCredit
from sync.engine.corrections import Corrections
from sync.engine.queues import DELIVERIES
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from sync.mapping_tables.records import ItemMapping
from tests.systems import CONNECTION, SystemsUnderTest

MAPPED, UNMAPPED, ODD = "SIMPLE-001", "SIMPLE-002", "SIMPLE-003"
SETTINGS: Final = {
    "items": {"rule": "none"},
    "flows": ("orders", "customers", "companies", "invoices", "credit", "order_issues"),
    "credit": {"currency": "USD"},
    "order_issues": {"patterns": {"damaged": "damaged"}},
}  # fmt: skip
SIGN_INS: Final = 60
"""One-time tokens of each role that are handed out at the start."""


def placed(systems: SystemsUnderTest, sku: str) -> StoredOrder:
    shopper = next(one for one in SHOPPERS if one.id == 1)
    recipe = drawn(
        Random(sku), systems.commerce.catalogue, skus=(sku,), store=STORES[0], shopper=shopper,
        payment="checkmo", rule=Rule(), extras=Extras(),
    )  # fmt: skip
    return systems.commerce.place(systems.commerce.maker.cooked(recipe))


async def works(services: Services) -> None:
    """Work off everything that is due."""
    queue = services.edition_parts.queue
    for name in DELIVERIES:
        while (depth := await queue.depth(name)).due + depth.scheduled:
            for message in await queue.receive(name, most=16, wait=timedelta(seconds=1)):
                await services.take(name, message.body, message.id, message.deliveries)
                with suppress(LockLost):
                    await queue.complete(message)


async def filled(services: Services, systems: SystemsUnderTest) -> dict[str, str]:
    """Orders that are delivered, that wait for a SKU, one that a person has decided on, and one
    with a complaint."""
    names = {"delivered": MAPPED, "parked": UNMAPPED, "alike": UNMAPPED, "other": ODD, "odd": ODD}
    opened = await services.systems_pool.open(CONNECTION)
    await opened.items.put(ItemMapping(MAPPED, MAPPED, unit="ea"))
    orders = {name: placed(systems, sku) for name, sku in names.items()}
    keys = {n: f"{o.row['increment_id']}@{o.row['store_id']}" for n, o in orders.items()}
    await services.intake.accept("orders", CONNECTION, list(keys.values()), "poll")
    await works(services)
    claim = await services.ledger.claim(CONNECTION, "orders", keys["odd"])
    who = Corrections(services.ledger, services.edition_parts.clock, "eve", "a test order")
    await who.skip(claim)
    await told(services)
    complained = placed(systems, MAPPED)
    systems.commerce.comment(complained, {"comment": "It came damaged."}, None)
    keys["complained"] = f"{complained.row['increment_id']}@{complained.row['store_id']}"
    await services.intake.accept("order_issues", CONNECTION, [keys["complained"]], "poll")
    await works(services)
    await services.watch.look()
    return keys


async def told(services: Services) -> None:
    """A company that may buy on account, and what two of its checkouts were told."""
    tables, now = services.edition_parts.tables, services.edition_parts.clock.now()
    one = Prepared(2, "US-001", "USD", Decimal(400), Decimal(500), Decimal(100))
    await PreparedCredit(tables, CONNECTION).put_all([one], now)
    for is_allowed, reason in ((True, "enough is left"), (False, "more than is left")):
        said = Decision(
            now.isoformat(), "order", f"00000090{is_allowed:d}", "US-001", "2", "7", is_allowed,
            reason, "90.00", "400.00", "0.00", "USD", now.isoformat(),
        )  # fmt: skip
        await Decisions(tables, CONNECTION).keep(said, now + timedelta(seconds=is_allowed))


async def main() -> None:
    systems = SystemsUnderTest(SystemClock(), SETTINGS)
    parts = replace(systems.edition_parts(), console=ConsoleSignIn.TOKEN)
    services = Services(systems.connections, FLOWS, parts)
    keys = await filled(services, systems)
    sign_ins = SignIns(parts.tables, parts.clock)
    tokens = {role: [await sign_ins.token("ann", role) for _ in range(SIGN_INS)] for role in Role}

    async def runtime() -> Services:
        return services

    host = LocalHost(build_app(runtime), systems.queue, systems.tables, parts.clock, port=0)

    def ready(url: str) -> None:
        sys.stdout.write(json.dumps({"url": url, "keys": keys, "tokens": tokens}) + "\n")
        sys.stdout.flush()

    await host.run(asyncio.Event(), ready)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
