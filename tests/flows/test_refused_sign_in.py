"""A refused sign-in is told in lines that the Functions host keeps, also when a joined read met
it."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.dials import Kind
from sync.engine.claim import State
from tests.flows.finance import Finance, in_finance
from tests.harness import Harness, in_harness
from tests.infra.test_alerts import LOOKED_FOR, query
from tests.systems import CONNECTION


class WorkersTask(asyncio.Task[Any]):
    """As Microsoft's worker makes tasks on Python 3.12 and older: of the invocation of the task
    that makes them, if one does.

    (ContextEnabledTask in azure-functions-python-worker's dispatcher.py, read 2026-11.)
    """

    def __init__(self, delivery: Coroutine[Any, Any, Any], **options: Any) -> None:
        super().__init__(delivery, **options)
        self.invocation = getattr(asyncio.current_task(), "invocation", "")


def task_factory(loop: asyncio.AbstractEventLoop, delivery: Any, **options: Any) -> WorkersTask:
    return WorkersTask(delivery, loop=loop, **options)


async def invoked(delivery: Coroutine[Any, Any, Any]) -> None:
    """As the worker runs a function."""

    async def invocation() -> None:
        task = asyncio.current_task()
        assert isinstance(task, WorkersTask)
        task.invocation = "5b8e"
        await delivery

    loop = asyncio.get_running_loop()
    loop.set_task_factory(task_factory)
    await loop.create_task(invocation())
    loop.set_task_factory(None)


async def first_try(harness: Harness) -> None:
    """Work off what was notified when it comes due."""
    await asyncio.sleep(30)
    await harness.works_off_what_is_due()


class Host(logging.Handler):
    """Keeps the lines of invocations, and drops the others."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.kept: list[str] = []
        self.dropped: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        is_kept = getattr(asyncio.current_task(), "invocation", "")
        (self.kept if is_kept else self.dropped).append(record.getMessage())


@contextmanager
def hosting() -> Iterator[Host]:
    host = Host()
    logging.getLogger("sync").addHandler(host)
    try:
        yield host
    finally:
        logging.getLogger("sync").removeHandler(host)


def alerting(lines: list[str]) -> list[str]:
    """Those that the alert reads."""
    return [
        line
        for line in lines
        if any(phrase in line for phrase in LOOKED_FOR.findall(query("sign-in-refused")))
    ]


@in_harness()
async def test_a_delivery_whose_joined_read_is_refused_alerts_in_its_own_name(
    harness: Harness,
) -> None:
    await harness.delivers(harness.place())
    order = harness.place()
    await harness.hooks(order)
    harness.dynamics.tokens.clear()
    with hosting() as host:
        await invoked(first_try(harness))
    assert any("dynamics.unauthorised" in line for line in host.dropped)
    (line,) = alerting(host.kept)
    assert line.startswith("orders.sign_in_refused connection=shop reason=")
    assert "Entra applications" in line
    assert (await harness.claim(order)).state is State.NEW


@in_finance()
async def test_a_poll_that_is_refused_alerts_in_its_own_name(finance: Finance) -> None:
    finance.dynamics.tokens.clear()
    with hosting() as host:
        await invoked(finance.polls("posted_invoices"))
    assert any(
        line.startswith("posted_invoices.sign_in_refused connection=shop reason=")
        for line in alerting(host.kept)
    )


@in_harness()
async def test_what_waits_for_another_reason_alerts_nobody(harness: Harness) -> None:
    harness.shop_dials.next(Kind.ERROR_BEFORE, times=9, method="GET")
    await harness.hooks(harness.place())
    with hosting() as host:
        await invoked(first_try(harness))
    assert any(line.startswith("orders.waits ") for line in host.kept)
    assert not alerting(host.kept)


@pytest.mark.parametrize("system", ["shop", "ledger"])
@in_harness()
async def test_a_credential_that_is_refused_for_days_parks_nothing_and_is_seldom_shown(
    harness: Harness, system: str
) -> None:
    """A weekend: the integration was reauthorised, or a secret has expired, and nobody noticed."""
    tokens = set(harness.dynamics.tokens)
    harness.commerce.checks_access = system == "shop"  # it does not know our integration
    if system == "ledger":
        harness.dynamics.tokens.clear()
    orders = [harness.place() for _ in range(8)]
    for order in orders:
        await harness.hooks(order)
    with hosting() as host:
        await harness.works_for(300)
    before = harness.services.systems_pool.counts()[CONNECTION]
    assert alerting(host.kept + host.dropped)
    await harness.works_for(300)
    after = harness.services.systems_pool.counts()[CONNECTION]
    name = "commerce_reads" if system == "shop" else "dynamics_reads"
    assert after[name] - before[name] <= 30
    for order in orders:
        assert (await harness.claim(order)).state is not State.PARKED
        assert not await harness.trail(order)
    harness.commerce.checks_access = False
    harness.dynamics.tokens.update(tokens)
    await harness.works_until_idle()
    assert [len(harness.headers(order)) for order in orders] == [1] * 8
