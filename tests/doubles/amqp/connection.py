"""One client's connection: headers, SASL, frames, sessions. Everything is answered as it arrives,
without tasks."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from tests.doubles.amqp.broker import Namespace
from tests.doubles.amqp.codec import Undecodable
from tests.doubles.amqp.frames import (
    AMQP_FRAME,
    AMQP_HEADER,
    ANONYMOUS,
    HEADER_SIZE,
    SASL_FRAME,
    SASL_HEADER,
    Performative,
    error,
    frame,
    frame_from,
)
from tests.doubles.amqp.session import Session

LARGEST_FRAME: Final = 64 * 1024
IDLE_MS: Final = 240_000
LONGEST_TRANSFER: Final = 128
"""Bytes that a transfer performative takes at most, with its tag."""


def reset(transport: asyncio.Transport) -> None:
    """End a TCP connection with a reset instead of a farewell."""
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abort()


class Connection(asyncio.Protocol):
    """A client. `on_stored` is asked after every send that was stored whether it may be answered;
    `on_change` is told when there may be something to give; while it `is_deaf`, what the client
    says is lost."""

    def __init__(
        self,
        namespace: Namespace,
        known: "set[Connection]",
        on_stored: Callable[[], bool],
        on_change: Callable[[], None],
        is_deaf: Callable[[], bool],
    ) -> None:
        self.namespace = namespace
        self.granted: set[str] = set()
        self._known = known
        self._on_stored = on_stored
        self._on_change = on_change
        self._is_deaf = is_deaf
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._out: list[bytes] = []
        self._sessions: dict[int, Session] = {}
        self._largest_frame = 512

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._known.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._forget()

    def _forget(self) -> None:
        self._transport = None
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
        self._known.discard(self)

    def cut(self) -> None:
        """Reset it at once, without a word, as a gateway does whose broker has gone."""
        if self._transport is not None:
            reset(self._transport)
        self._forget()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf():
            return
        self._received += data
        try:
            while self._transport is not None and (whole := self._next()):
                self._parse_received(whole)
        except (Undecodable, KeyError, NotImplementedError) as fault:
            self.send_frame(0, Performative("close", error=error("amqp:decode-error", str(fault))))
            self._hang_up()
        self._on_change()

    def _next(self) -> bytes | None:
        """The next header or frame, when all of it is here."""
        if len(self._received) < HEADER_SIZE:
            return None
        size = (
            HEADER_SIZE
            if self._received.startswith(b"AMQP")
            else struct.unpack_from(">I", self._received)[0]
        )
        if len(self._received) < size:
            return None
        whole = bytes(self._received[:size])
        del self._received[:size]
        return whole

    def _parse_received(self, whole: bytes) -> None:
        if whole == SASL_HEADER:
            mechanisms = Performative("sasl-mechanisms", mechanisms=ANONYMOUS)
            self._out += [SASL_HEADER, frame(0, mechanisms, frame_type=SASL_FRAME)]
        elif whole == AMQP_HEADER:
            self._out.append(AMQP_HEADER)
        else:
            channel, performative, payload = frame_from(whole)
            if performative is not None:
                self._frame(channel, performative, payload)
        self.flush()

    def _frame(self, channel: int, performative: Performative, payload: bytes) -> None:
        match performative.kind:
            case "sasl-init":
                self._out.append(
                    frame(0, Performative("sasl-outcome", code=0), frame_type=SASL_FRAME)
                )
            case "open":
                self._open(performative)
            case "begin":
                self._sessions[channel] = Session(self, channel, performative)
            case "end":
                if (ended := self._sessions.pop(channel, None)) is not None:
                    ended.close()
                    self.send_frame(channel, Performative("end"))
            case "close":
                self.send_frame(0, Performative("close"))
                self._hang_up()
            case _ if (
                channel in self._sessions
            ):  # a client still detaches links of a session that it has ended
                self._sessions[channel].receive(performative, payload)

    def _hang_up(self) -> None:
        self.flush()
        if self._transport is not None:
            self._transport.close()
        self._forget()

    def _open(self, opened: Performative) -> None:
        self._largest_frame = min(int(opened.max_frame_size or LARGEST_FRAME), LARGEST_FRAME)
        self.send_frame(
            0,
            Performative(
                "open", container_id="service-bus-double", hostname=opened.hostname,
                max_frame_size=LARGEST_FRAME,
                channel_max=255, idle_time_out=IDLE_MS,
            ),
        )  # fmt: skip

    def send_frame(self, channel: int, performative: Performative, payload: bytes = b"") -> None:
        self._out.append(frame(channel, performative, payload, AMQP_FRAME))

    def flush(self) -> None:
        """Write what has gathered."""
        out, self._out = self._out, []
        if self._transport is not None and out:
            self._transport.write(b"".join(out))

    def largest_payload(self) -> int:
        return self._largest_frame - HEADER_SIZE - LONGEST_TRANSFER

    def stored(self) -> None:
        if not self._on_stored():
            self.cut()
