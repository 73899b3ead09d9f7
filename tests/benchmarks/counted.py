"""Ports that count what goes through them."""

import inspect
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sync.ports import Outgoing


class Counted:
    """An adapter; calls of its methods are counted in `into`, under a name of ours."""

    def __init__(self, inner: Any, system: str, into: Counter[str]) -> None:
        self._inner, self._system, self._into = inner, system, into

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not (inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)):
            return method

        def called(*arguments: Any, **options: Any) -> Any:
            self._into[f"{self._system} {name}"] += 1
            return method(*arguments, **options)

        return called


class Sent(Counted):
    """A queue; of a send the messages are counted, too."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """One transfer of so many messages."""
        self._into["queue send"] += 1
        self._into["queue messages sent"] += len(messages)
        await self._inner.send(messages)


class Nowhere:
    """A queue that takes everything at no cost."""

    async def send(self, messages: Sequence[Outgoing]) -> None:
        """Done."""
