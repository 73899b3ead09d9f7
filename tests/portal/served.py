"""The portal behind a port, over both sandboxes, with invoices in it: what the test with a browser
looks at. Prints where it is, as JSON, and serves until it is ended.

`python -m tests.portal.served ORIGIN`
"""

import asyncio
import json
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from sync.adapters.system_clock import SystemClock
from sync.app.services import Services
from sync.flows import FLOWS
from sync.hosts.azure import build_app
from sync.hosts.local import LocalHost
from tests.portal.buyers import OURS, Buyers
from tests.systems import CONNECTION, SystemsUnderTest


async def main() -> None:
    settings = {"portal": {"origins": [sys.argv[1]], "phone_orders": True}}
    systems = SystemsUnderTest(SystemClock(), settings)
    parts = systems.edition_parts()
    services = Services(systems.connections, FLOWS, parts)
    harness: Any = SimpleNamespace(
        services=services, commerce=systems.commerce, dynamics=systems.dynamics, clock=parts.clock
    )
    buyers = Buyers(harness)
    await buyers.own_accounts()
    for days in range(25):
        buyers.invoices(OURS, "100.00", days_ago=days * 3)
    buyers.orders(OURS, "SO-PHONE", "PHONE")
    buyers.pays(OURS, buyers.invoices(OURS, "50.00", number="CIV-LAST", tax="8.00"), "20.00")

    async def runtime() -> Services:
        return services

    host = LocalHost(build_app(runtime), systems.queue, systems.tables, parts.clock, port=0)

    def ready(url: str) -> None:
        sys.stdout.write(json.dumps({"url": f"{url}/api/portal/{CONNECTION}"}) + "\n")
        sys.stdout.flush()

    await host.run(asyncio.Event(), ready)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
