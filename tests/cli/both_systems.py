"""A process that is both systems, on two free ports: the sandboxes behind real sockets, until
SIGTERM.

Prints one JSON line when both take requests: their addresses and the numbers of the orders in the
shop.
"""

import asyncio
import json
import signal
import sys
from datetime import timedelta

from sandbox.commerce.app import commerce_app
from sandbox.commerce.records import stamp
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sandbox.dynamics import DynamicsState, dynamics_app
from sync.adapters.system_clock import SystemClock
from sync.hosts.server import listen, serve, url_of

GRACE = timedelta(seconds=1)
AGE = timedelta(hours=1)
"""Of the orders in the shop."""


async def main() -> None:
    clock = SystemClock()
    commerce = CommerceState(clock, seed=3)
    orders = commerce.place_new(
        3, visible_in=timedelta(0), store=commerce.catalogue.store("default")
    )
    for order in (
        orders
    ):  # what is seconds old may still be committed, and is left out when changes are asked for
        order.row["created_at"] = order.row["updated_at"] = stamp(clock.now() - AGE)
    dynamics = DynamicsState.seeded(
        items=[product.sku for product in commerce.catalogue.products], now=clock.now
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with listen("127.0.0.1", 0) as shop, listen("127.0.0.1", 0) as ledger:
        reported = {
            "commerce": url_of(shop),
            "dynamics": url_of(ledger),
            "orders": [o.row["increment_id"] for o in orders],
        }
        waited_for = [shop, ledger]

        def ready() -> None:
            waited_for.pop()
            if not waited_for:
                _say(reported)

        async with asyncio.TaskGroup() as group:
            for app, listener in (
                (commerce_app(commerce, Dials()), shop),
                (dynamics_app(dynamics), ledger),
            ):
                group.create_task(serve(app, listener, stop, ready, grace=GRACE))


def _say(reported: object) -> None:
    sys.stdout.write(json.dumps(reported) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
