"""What the functions ask of the engine: the one side of the app that hosts and engine share."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

Receiving = Callable[[], Awaitable[Any]]
Sending = Callable[[Any], Awaitable[None]]
WebApp = Callable[[Any, Receiving, Sending], Awaitable[None]]
"""An ASGI application."""


class HostAnswer(Protocol):
    """What an HTTP function says. `content_type` is written as it is, charset included."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def body(self) -> bytes:
        """The exact bytes."""
        ...

    @property
    def content_type(self) -> str:
        """The whole Content-Type header."""
        ...


class Runtime(Protocol):
    """The engine as the functions see it. Header names are lower case; bodies are the exact bytes
    that came."""

    async def accept_webhook(
        self, connection: str, flow: str, headers: Mapping[str, str], body: bytes
    ) -> HostAnswer:
        """A Commerce webhook: verify the signature, enqueue the keys, answer."""
        ...

    async def accept_events(
        self,
        connection: str,
        method: str,
        headers: Mapping[str, str],
        params: Mapping[str, str],
        body: bytes,
    ) -> HostAnswer:
        """Adobe I/O Events: the registration's challenge (GET) or events (POST), verified and
        enqueued."""
        ...

    async def accept_business_event(self, connection: str, body: bytes) -> HostAnswer:
        """A D365 business event by HTTPS."""
        ...

    async def accept_tracking(
        self, connection: str, headers: Mapping[str, str], body: bytes
    ) -> HostAnswer:
        """What a carrier tells of parcels: verify the signature, enqueue the keys, answer."""
        ...

    async def ask_gate(
        self, connection: str, question: str, headers: Mapping[str, str], body: bytes
    ) -> HostAnswer:
        """A checkout of Commerce asks whether somebody may buy on account: verify the signature,
        look at the prepared figures, answer in time."""
        ...

    async def health(self) -> HostAnswer:
        """Whether queue, tables and clock are fit to work with, and how fresh each flow is."""
        ...

    async def tick(self) -> None:
        """Once a minute: store what is due in it, and let monitoring look."""
        ...

    async def take(
        self, queue: str, body: bytes, message_id: str, deliveries: int, *, trace_parent: str = ""
    ) -> None:
        """Work off one message of a queue. Returning completes it; raising gives it back.
        `deliveries` counts from 1.

        `trace_parent`: the host's own name for this invocation (W3C), where it has one.
        """
        ...

    async def park_dead_letter(
        self, queue: str, body: bytes, message_id: str, reason: str, description: str
    ) -> None:
        """Park what a message that the queue gave up stands for, with why. Returning forgets the
        message."""
        ...

    async def note_trouble(self, queue: str, body: bytes, reason: str) -> None:
        """Remember why a message is given back, for the day when its queue gives it up. Raises
        nothing."""
        ...


Opening = Callable[[], Awaitable[Runtime]]
"""Gives the process's one runtime, opened at the first call. Raises `SettingsMissing`, at every
call, until it can."""
