"""How much CPU time goes into an ASGI application that runs in the same process, so that it can be
taken off."""

from collections.abc import Awaitable, Generator
from time import process_time
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send


class Timed:
    """`seconds` of CPU time in the applications so far, without what they wait for."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def app(self, app: ASGIApp) -> ASGIApp:
        """The application, measured."""

        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            await _Measured(app(scope, receive, send), self)

        return measured


class _Measured:
    """Runs an awaitable step by step and adds up what each takes."""

    def __init__(self, work: Awaitable[None], into: Timed) -> None:
        self._work, self._into = work, into

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._work.__await__()
        sent: Any = None
        while True:
            began = process_time()
            try:
                waited_for = steps.send(sent)
            except StopIteration:
                return
            finally:
                self._into.seconds += process_time() - began
            sent = yield waited_for
