"""How much CPU time goes into the sandboxes, which run in the same process, so that it can be taken
off."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from time import process_time
from typing import Any, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.dials import Dials

T = TypeVar("T")


class Timed:
    """`seconds` of CPU time in the sandboxes so far, without what they wait for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def app(self, app: ASGIApp) -> ASGIApp:
        """The application, measured."""

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            await _Measured(app(scope, receive, send), self)

        return measured

    def tasks_of(self, dials: Dials) -> None:
        """A sandbox does its work in tasks of its own: measure these."""
        start = dials.start

        async def measured(work: Coroutine[Any, Any, T]) -> T:
            return await _Measured(work, self)

        dials.start = lambda work: start(measured(work))  # type: ignore[method-assign]

    def call(self, work: Callable[[], T]) -> T:
        """Of something that waits for nothing."""
        began = process_time()
        try:
            return work()
        finally:
            self.seconds += process_time() - began


class _Measured(Awaitable[T]):
    """Runs an awaitable step by step and adds up what each takes."""

    def __init__(self, work: Awaitable[T], into: Timed) -> None:
        self._work, self._into = work, into

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        sent: Any = None
        while True:
            began = process_time()
            try:
                waited_for = steps.send(sent)
            except StopIteration as over:
                found: T = over.value
                return found
            finally:
                self._into.seconds += process_time() - began
            sent = yield waited_for
