"""A worker's life: everything it does runs in tasks that stop for good when it dies, between any
two awaits.

Dying is not a cancellation: no `finally` and no `except` of the worker runs any more, just as `kill
-9` leaves it. A life is carried by the context, so the tasks and timers that a worker starts belong
to it; the systems it calls do not.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from types import CoroutineType, TracebackType
from typing import Any

PROCESS: "ContextVar[Process | None]" = ContextVar("life", default=None)


class Process:
    """Counts the steps of all its tasks; from step `last_step` on nothing moves. `ended` is called
    once, soon after."""

    def __init__(self, last_step: int | None = None) -> None:
        self.last_step = last_step
        self.ended: Callable[[], None] = lambda: None
        self.steps = 0
        self.is_over = False
        self._waiting_for_end: list[asyncio.Future[None]] = []
        self.tasks: dict[Steps, asyncio.Task[Any]] = {}

    def may_continue(self) -> bool:
        """Whether the next step of a task may be done. Counts it."""
        if not self.is_over:
            self.steps += 1
            if self.last_step is not None and self.steps >= self.last_step:
                self.end_now()
        return not self.is_over

    def end_now(self) -> None:
        """As `end`, and `ended` is called."""
        if not self.is_over:
            self.end()
            asyncio.get_running_loop().call_soon(self.ended, context=Context())

    def end(self) -> None:
        """Now."""
        self.is_over = True
        for waiting in self._waiting_for_end:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting_for_end.clear()

    async def over(self) -> None:
        """Wait for the end."""
        if not self.is_over:
            self._waiting_for_end.append(asyncio.get_running_loop().create_future())
            await self._waiting_for_end[-1]

    async def clean_up(self) -> None:
        """At the world's end: close what will never go on, so that nothing is left behind to
        complain."""
        self.end()
        while self.tasks:
            for steps, task in list(self.tasks.items()):
                del self.tasks[steps]
                steps.release()
                task.cancel()
            await asyncio.sleep(0)


def close_what_generators_await() -> None:
    """At the world's end: a dead coroutine that is closed inside `async for` does not reach what
    its generator awaits (CPython 3.11); the loop would close that in the wrong order."""
    loop: Any = asyncio.get_running_loop()
    for generator in list(loop._asyncgens):
        if isinstance(generator.ag_await, CoroutineType):
            generator.ag_await.close()


class Steps(Coroutine[Any, Any, Any]):
    """A coroutine of a life, stepped only while that life goes on."""

    def __init__(self, inner: Coroutine[Any, Any, Any], process: Process) -> None:
        self._inner = inner
        self._process = process
        self._is_released = False

    def send(self, value: Any) -> Any:
        """One step, or none ever again."""
        return self._step(self._inner.send, value)

    def throw(self, kind: Any, value: object = None, _: TracebackType | None = None, /) -> Any:
        """As `send`: a dead task does not even hear that it was cancelled."""
        error = (
            kind
            if isinstance(kind, BaseException)
            else value
            if isinstance(value, BaseException)
            else kind()
        )
        return self._step(self._inner.throw, error)

    def _step(self, go: Callable[[Any], Any], value: Any) -> Any:
        if self._is_released:
            raise StopIteration
        if not self._process.may_continue():
            return _never()
        try:
            return go(value)
        except BaseException:  # its end, good or bad
            self._process.tasks.pop(self, None)
            raise

    def close(self) -> None:
        """Close the inner coroutine, whatever its `finally` blocks would still like to await."""
        for _ in range(100):
            try:
                self._inner.close()
            except Exception:  # noqa: BLE001, S112 - it asked for one more await, or broke: it is dead
                continue
            return

    def release(self) -> None:
        """Let the task end at its next step."""
        self._is_released = True
        self.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()


def _never() -> "asyncio.Future[None]":
    """What a task is given to wait for when it shall wait for ever."""
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    never._asyncio_future_blocking = True  # what `await` does before it hands a future to its task
    return never


def task_factory(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: Context | None = None, **options: Any
) -> "asyncio.Task[Any]":
    """Tasks of the life in whose context they are made."""
    process = (context or copy_context()).get(PROCESS)
    if process is None:
        return asyncio.Task(work, loop=loop, context=context, **options)
    steps = Steps(work, process)
    task = process.tasks[steps] = asyncio.Task(steps, loop=loop, context=context, **options)
    return task


def begin(work: Coroutine[Any, Any, Any], process: Process | None) -> "asyncio.Task[Any]":
    """Start `work` as a task of `process`, or of none."""
    context = Context()
    context.run(PROCESS.set, process)
    return asyncio.get_running_loop().create_task(work, context=context)


class Fatal:
    """Tables that a process dies of when it is about to write into the one named, where that is
    `about` a record."""

    def __init__(self, inner: Any, table: str, process: Process, about: str = "") -> None:
        self._inner, self._table, self._process, self._about = inner, table, process, about

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name not in {"insert", "replace", "upsert"}:
            return method

        async def write(table: str, row: Any) -> Any:
            is_fatal = table == self._table and row.partition.endswith(self._about)
            if is_fatal and PROCESS.get() is self._process:
                self._process.end()
                await asyncio.sleep(0)
            return await method(table, row)

        return write
