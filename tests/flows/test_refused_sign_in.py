"""A refused sign-in is told in lines that the Functions host keeps, also when a joined read met it."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sync.road.ledger import State
from sync.sandbox.dials import Kind
from tests.flows.till import Till, in_till
from tests.house import House, in_house
from tests.infra.test_alerts import LOOKED_FOR, query


class WorkersTask(asyncio.Task[Any]):
    """As Microsoft's worker makes tasks on Python 3.12 and older: of the invocation of the task that makes them, if one does.

    (ContextEnabledTask in azure-functions-python-worker's dispatcher.py, read 2026-11.)
    """

    def __init__(self, work: Coroutine[Any, Any, Any], **options: Any) -> None:
        super().__init__(work, **options)
        self.invocation = getattr(asyncio.current_task(), "invocation", "")


def task_factory(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> WorkersTask:
    return WorkersTask(work, loop=loop, **options)


async def invoked(work: Coroutine[Any, Any, Any]) -> None:
    """As the worker runs a function."""

    async def invocation() -> None:
        task = asyncio.current_task()
        assert isinstance(task, WorkersTask)
        task.invocation = "5b8e"
        await work

    loop = asyncio.get_running_loop()
    loop.set_task_factory(task_factory)
    await loop.create_task(invocation())
    loop.set_task_factory(None)


async def first_try(house: House) -> None:
    """Work off what was hinted when it comes due."""
    await asyncio.sleep(30)
    await house.works_off_what_is_due()


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
    return [line for line in lines if any(phrase in line for phrase in LOOKED_FOR.findall(query("sign-in-refused")))]


@in_house()
async def test_a_delivery_whose_joined_read_is_refused_alerts_in_its_own_name(house: House) -> None:
    await house.delivers(house.place())
    order = house.place()
    await house.hooks(order)
    house.dynamics.tokens.clear()
    with hosting() as host:
        await invoked(first_try(house))
    assert any("dynamics.unauthorised" in line for line in host.dropped)
    (line,) = alerting(host.kept)
    assert line.startswith("orders.sign_in_refused connection=shop reason=")
    assert "Entra applications" in line
    assert (await house.claim(order)).state is State.NEW


@in_till()
async def test_a_poll_that_is_refused_alerts_in_its_own_name(till: Till) -> None:
    till.dynamics.tokens.clear()
    with hosting() as host:
        await invoked(till.polls("postings"))
    assert any(line.startswith("postings.sign_in_refused connection=shop reason=") for line in alerting(host.kept))


@in_house()
async def test_what_waits_for_another_reason_alerts_nobody(house: House) -> None:
    house.shop_dials.next(Kind.ERROR_BEFORE, times=9, method="GET")
    await house.hooks(house.place())
    with hosting() as host:
        await invoked(first_try(house))
    assert any(line.startswith("orders.waits ") for line in host.kept)
    assert not alerting(host.kept)
