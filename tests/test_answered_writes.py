"""A write that was refused or throttled cannot commit later, so nobody waits for that; a lost one
can."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.app.services import Services
from sync.flows import FLOWS
from tests.systems import CONNECTION, SystemsUnderTest
from tests.virtual_time import LoopClock, virtually

HORIZON = 180


async def posted_after(kind: Kind, path: str) -> float:
    """Seconds until an order stands in F&O whole, when the first write to `path` meets a fault."""
    systems = SystemsUnderTest(LoopClock(), {"dynamics": {"commit_horizon_seconds": HORIZON}})
    systems.ledger_dials.next(kind, path=path, writes=True, seconds=2)
    services = Services(systems.connections, FLOWS, systems.edition_parts())
    (order,) = systems.commerce.place_new(skus=["SIMPLE-001"])
    row: dict[str, Any] = order.row
    await services.intake.accept(
        "orders", CONNECTION, [f"{row['increment_id']}@{row['store_id']}"], "webhook"
    )
    while not any(
        systems.dynamics.lines("usmf", header["SalesOrderNumber"]) for header in orders(systems)
    ):
        (message,) = await systems.queue.receive("documents", most=1, wait=timedelta(hours=1))
        await services.take("documents", message.body, message.id, message.deliveries)
        await systems.queue.complete(message)
    assert len(orders(systems)) == 1
    await services.close()
    systems.close()
    return asyncio.get_running_loop().time()


def orders(systems: SystemsUnderTest) -> list[Any]:
    return list(systems.dynamics.store.table("SalesTable").records.values())


@pytest.mark.parametrize("path", ["CustomersV3", "SalesOrderHeaders", "$batch"])
def test_after_a_pause_a_write_is_repeated_at_once(path: str) -> None:
    assert virtually(posted_after(Kind.THROTTLE, path)) < 10


@pytest.mark.parametrize("path", ["CustomersV3", "SalesOrderHeaders"])
def test_a_write_whose_answer_was_lost_is_not_looked_for_before_it_must_have_committed(
    path: str,
) -> None:
    assert virtually(posted_after(Kind.DROPPED, path)) >= HORIZON
