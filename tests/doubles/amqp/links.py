"""The two directions of a link, with its credit: `Inbound` takes what a client sends, `Outbound`
gives it messages."""

import uuid
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from tests.doubles.amqp.entity import Entity, LockGone, Stored
from tests.doubles.amqp.frames import Performative, error
from tests.doubles.amqp.messages import delivered

CREDIT: Final = 300
"""What a client may have under way on a link that it sends on; topped up when half is used."""
LOST: Final = error(
    "com.microsoft:message-lock-lost", "The lock supplied is invalid: it expired or was settled."
)


class Wire(Protocol):
    """What a link needs of its session."""

    def send(self, performative: Performative) -> None:
        """A frame without payload."""
        ...

    def flow(self, handle: int, delivery_count: int, credit: int, *, drain: bool = False) -> None:
        """A flow frame of a link, with the session's windows."""
        ...

    def has_room(self) -> bool:
        """Whether the client's window takes another transfer."""
        ...

    def deliver(self, handle: int, tag: bytes, payload: bytes, *, settled: bool) -> int:
        """A message in as many transfer frames as it needs; its delivery id."""
        ...


class Inbound:
    """A link that the client sends on. `take` gets format and bytes of each message and says what
    became of it."""

    def __init__(self, wire: Wire, handle: int, take: Callable[[int, bytes], Performative]) -> None:
        self._wire = wire
        self._handle = handle
        self._take = take
        self._first: Performative | None = None
        self._parts = bytearray()
        self._count = 0
        self._granted = 0

    def grant(self) -> None:
        """Let the client send. Called once, after the attach was answered, and whenever half is
        used."""
        self._granted = self._count + CREDIT
        self._wire.flow(self._handle, self._count, CREDIT)

    def on_transfer(self, transfer: Performative, payload: bytes) -> None:
        """One frame of a message; the last one hands it over and answers."""
        self._first = self._first or transfer
        self._parts += payload
        if transfer.more:
            return
        first, message = self._first, bytes(self._parts)
        self._first, self._parts = None, bytearray()
        self._count += 1
        outcome = self._take(first.message_format or 0, message)
        if not (first.settled or transfer.settled):
            known = first.delivery_id
            self._wire.send(
                Performative(
                    "disposition", role=True, first=known, last=known, settled=True, state=outcome
                )
            )
        if self._granted - self._count <= CREDIT // 2:
            self.grant()


class Outbound:
    """A link that the client receives on: gives as much as there is credit for."""

    def __init__(self, wire: Wire, handle: int) -> None:
        self.wire = wire
        self.handle = handle
        self.credit = 0
        self.delivery_count = 0

    def on_flow(self, flow: Performative) -> None:
        """The client's credit replaces what was left of the former; a drain uses it up."""
        self.credit = (
            int(flow.delivery_count or 0) + int(flow.link_credit or 0) - self.delivery_count
        )
        self.pump()
        if flow.drain:
            self.delivery_count += max(self.credit, 0)
            self.credit = 0
        if flow.drain or flow.echo:
            self.wire.flow(self.handle, self.delivery_count, self.credit, drain=bool(flow.drain))

    def pump(self) -> None:
        """Send what there is. Safe to repeat."""
        while self.credit > 0 and self.wire.has_room() and self.give():
            self.delivery_count += 1
            self.credit -= 1

    def close(self) -> None:
        """The link has ended, whoever ended it."""

    def give(self) -> bool:
        """Send one message, if there is one."""
        raise NotImplementedError("the kinds of link say what they give")


class Answers(Outbound):
    """The way back of requests."""

    def __init__(self, wire: Wire, handle: int) -> None:
        super().__init__(wire, handle)
        self._waiting: deque[bytes] = deque()
        self._given = 0

    def put(self, payload: bytes) -> None:
        """Send an answer, as soon as there is credit."""
        self._waiting.append(payload)
        self.pump()

    def give(self) -> bool:
        if not self._waiting:
            return False
        self._given += 1
        self.wire.deliver(
            self.handle, self._given.to_bytes(4, "big"), self._waiting.popleft(), settled=True
        )
        return True


class Consumer(Outbound):
    """A receiver of a queue. `settles_at_once`: receive and delete, the message is gone when it is
    sent."""

    def __init__(self, wire: Wire, handle: int, entity: Entity, *, settles_at_once: bool) -> None:
        super().__init__(wire, handle)
        self.entity = entity
        self._settles_at_once = settles_at_once
        self._tokens: dict[int, uuid.UUID] = {}
        entity.receivers.append(self)

    def close(self) -> None:
        """Nothing more is given; what was given and not settled stays locked until its time."""
        self.credit = 0
        if self in self.entity.receivers:
            self.entity.receivers.remove(self)

    def give(self) -> bool:
        taken = self.entity.take()
        if taken is None:
            return False
        token, stored = taken
        if self._settles_at_once:
            self.entity.complete(token)
        number = self._deliver(token, stored)
        if not self._settles_at_once:
            self._tokens[number] = token
        return True

    def _deliver(self, token: uuid.UUID, stored: Stored) -> int:
        payload = delivered(stored.message, stored.delivery())
        return self.wire.deliver(
            self.handle, token.bytes_le, payload, settled=self._settles_at_once
        )

    def settle(self, number: int, state: Performative) -> Performative | None:
        """Apply an outcome to a delivery of this link; what to answer, None for one that is not
        ours.

        An outcome that was applied is answered as it is, but a rejection without its error: clients
        raise any error.
        """
        token = self._tokens.pop(number, None)
        if token is None:
            return None
        try:
            self._apply(token, state)
        except LockGone:
            return Performative("rejected", error=LOST)
        return Performative("rejected") if state.kind == "rejected" else state

    def _apply(self, token: uuid.UUID, state: Performative) -> None:
        match state.kind:
            case "accepted":
                self.entity.complete(token)
            case "released":
                self.entity.release(token)
            case "modified" if not state.undeliverable_here:
                self.entity.abandon(token)
            case "rejected":
                info = (state.error.info if state.error else None) or {}
                reason, description = (
                    info.get("DeadLetterReason"),
                    info.get("DeadLetterErrorDescription"),
                )
                self.entity.dead_letter(token, reason or "", description or "")
            case _:
                raise NotImplementedError(f"the outcome {state.kind} is not spoken here")
