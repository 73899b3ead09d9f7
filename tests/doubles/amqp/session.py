"""A session of a connection: its windows, its links, and what each frame of it means."""

from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from tests.doubles.amqp.broker import MANAGEMENT, Namespace, Refused, path_of
from tests.doubles.amqp.codec import Int
from tests.doubles.amqp.entity import Entity
from tests.doubles.amqp.frames import BATCH_FORMAT, Performative, error
from tests.doubles.amqp.links import Answers, Consumer, Inbound, Outbound
from tests.doubles.amqp.management import Management
from tests.doubles.amqp.messages import answer, sections_from

WINDOW: Final = 5_000
"""Transfer frames that a client may have under way in a session."""
SETTLED: Final = 1
CBS: Final = "$cbs"
ACCEPTED: Final = Performative("accepted")


class Peer(Protocol):
    """What a session needs of its connection."""

    namespace: Namespace
    granted: set[str]

    def send_frame(self, channel: int, performative: Performative, payload: bytes = b"") -> None:
        """Write a frame."""
        ...

    def largest_payload(self) -> int:
        """Bytes of a message that fit into one frame of the peer."""
        ...

    def stored(self) -> None:
        """Something was stored and is about to be answered."""
        ...


class Session:
    """One session. Channel and handles are the client's own numbers."""

    def __init__(self, peer: Peer, channel: int, begin: Performative) -> None:
        self._peer = peer
        self._channel = channel
        self._next_incoming = int(begin.next_outgoing_id)
        self._next_outgoing = 0
        self._next_delivery = 0
        self._room = int(begin.incoming_window)
        self._inbound: dict[int, Inbound] = {}
        self._outbound: dict[int, Outbound] = {}
        self._answers: dict[str, Answers] = {}
        self.send(
            Performative(
                "begin", remote_channel=channel, next_outgoing_id=0, incoming_window=WINDOW,
                outgoing_window=WINDOW, handle_max=255,
            )
        )  # fmt: skip

    def send(self, performative: Performative) -> None:
        self._peer.send_frame(self._channel, performative)

    def flow(self, handle: int, delivery_count: int, credit: int, *, drain: bool = False) -> None:
        windows = {
            "next_incoming_id": self._next_incoming, "incoming_window": WINDOW,
            "next_outgoing_id": self._next_outgoing, "outgoing_window": WINDOW,
        }  # fmt: skip
        counts = {"handle": handle, "delivery_count": delivery_count, "link_credit": credit}
        self.send(Performative("flow", **windows, **counts, available=0, drain=drain, echo=False))

    def has_room(self) -> bool:
        return self._room > 0

    def deliver(self, handle: int, tag: bytes, payload: bytes, *, settled: bool) -> int:
        number, self._next_delivery = self._next_delivery, self._next_delivery + 1
        reported = {"handle": handle, "message_format": 0, "settled": settled}
        most = self._peer.largest_payload()
        for at in range(0, len(payload), most):
            ids = {"delivery_id": number, "delivery_tag": tag} if at == 0 else {}
            transfer = Performative("transfer", **reported, **ids, more=at + most < len(payload))
            self._peer.send_frame(self._channel, transfer, payload[at : at + most])
            self._next_outgoing += 1
            self._room -= 1
        return number

    def receive(self, performative: Performative, payload: bytes) -> None:
        """One frame of this session."""
        match performative.kind:
            case "attach":
                self._attach(performative)
            case "flow":
                self._flow(performative)
            case "transfer":
                self._next_incoming += 1
                self._inbound[performative.handle].on_transfer(performative, payload)
            case "disposition":
                self._disposition(performative)
            case "detach":
                self._detach(performative)

    def _flow(self, flow: Performative) -> None:
        if flow.next_incoming_id is not None:
            self._room = (
                int(flow.next_incoming_id) + int(flow.incoming_window) - self._next_outgoing
            )
        if flow.handle in self._outbound:
            self._outbound[flow.handle].on_flow(flow)
        elif flow.handle is None:
            for link in self._outbound.values():
                link.pump()

    def close(self) -> None:
        """The session has ended, and its links with it."""
        for link in self._outbound.values():
            link.close()

    def _disposition(self, disposition: Performative) -> None:
        if not disposition.role or disposition.state is None:
            return
        first = int(disposition.first)
        last = first if disposition.last is None else int(disposition.last)
        for number in range(first, last + 1):
            answers = (
                link.settle(number, disposition.state)
                for link in self._outbound.values()
                if isinstance(link, Consumer)
            )
            outcome = next((each for each in answers if each is not None), None)
            if outcome is not None and not disposition.settled:
                reported = {"first": number, "last": number, "settled": True, "state": outcome}
                self.send(Performative("disposition", role=False, **reported))

    def _detach(self, detach: Performative) -> None:
        receiving = self._outbound.pop(detach.handle, None)
        if receiving is not None:
            receiving.close()
        if receiving is not None or self._inbound.pop(detach.handle, None) is not None:
            self.send(Performative("detach", handle=detach.handle, closed=True))

    def _attach(self, attach: Performative) -> None:
        """Answer with what was asked for, or with a missing end and then the reason."""
        try:
            link = self._outgoing(attach) if attach.role else self._incoming(attach)
        except Refused as refused:
            self._answer_attach(attach, **{"source" if attach.role else "target": None})
            reason = error(refused.condition, refused.description)
            self.send(Performative("detach", handle=attach.handle, closed=True, error=reason))
            return
        self._answer_attach(attach)
        if isinstance(link, Inbound):
            link.grant()

    def _answer_attach(self, attach: Performative, **changes: Performative | None) -> None:
        reported = {
            "name": attach.name, "handle": attach.handle, "role": not attach.role,
            "source": attach.source,
            "target": attach.target, "snd_settle_mode": attach.snd_settle_mode,
            "rcv_settle_mode": attach.rcv_settle_mode,
            "initial_delivery_count": 0 if attach.role else None,
            "max_message_size": self._peer.namespace.rules.largest, "properties": attach.properties,
        }  # fmt: skip
        self.send(Performative("attach", **{**reported, **changes}))

    def _incoming(self, attach: Performative) -> Inbound:
        """A link that the client sends on."""
        address = str(attach.target.address)
        take: Callable[[int, bytes], Performative]
        if address == CBS:
            take = self._admit
        elif address.lower().endswith(MANAGEMENT):
            node = Management(self._peer.namespace, self._entity(address[: -len(MANAGEMENT)]))
            take = partial(self._manage, address, node)
        else:
            take = partial(self._store, self._entity(path_of(address)))
        link = self._inbound[attach.handle] = Inbound(self, attach.handle, take)
        return link

    def _outgoing(self, attach: Performative) -> Outbound:
        """A link that the client receives on; it grants the credit itself."""
        address = str(attach.source.address)
        if address == CBS or address.lower().endswith(MANAGEMENT):
            answers = self._outbound[attach.handle] = self._answers[address] = Answers(
                self, attach.handle
            )
            return answers
        at_once = attach.snd_settle_mode == SETTLED
        entity = self._entity(path_of(address))
        consumer = self._outbound[attach.handle] = Consumer(
            self, attach.handle, entity, settles_at_once=at_once
        )
        return consumer

    def _entity(self, path: str) -> Entity:
        if not any(
            path.lower() == known or path.lower().startswith(f"{known}/")
            for known in self._peer.granted
        ):
            raise Refused("amqp:unauthorized-access", f"Unauthorized access to '{path}'.")
        return self._peer.namespace.entity(path)

    def _admit(self, _: int, request: bytes) -> Performative:
        """A put-token request."""
        asked = sections_from(request)
        audience = str(asked.application.get("name", ""))
        is_good = self._peer.namespace.admits(str(asked.values.get(0x77)), audience)
        if is_good:
            self._peer.granted.add(path_of(audience).lower())
        status = {
            "status-code": Int(202 if is_good else 401),
            "status-description": "OK" if is_good else "Refused",
        }
        self._answers[CBS].put(answer(asked.id, status))
        return ACCEPTED

    def _manage(self, address: str, node: Management, _: int, request: bytes) -> Performative:
        self._answers[address].put(node.respond(request))
        return ACCEPTED

    def _store(self, entity: Entity, message_format: int, message: bytes) -> Performative:
        try:
            self._peer.namespace.store(entity, message, is_batch=message_format == BATCH_FORMAT)
        except Refused as refused:
            return Performative("rejected", error=error(refused.condition, refused.description))
        self._peer.stored()
        return ACCEPTED
