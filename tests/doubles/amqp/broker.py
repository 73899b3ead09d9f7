"""A Service Bus namespace as rules, without a wire: its queues by address, who may use them, what a
send stores."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import parse_qs, quote_plus

from tests.doubles.amqp.codec import Undecodable
from tests.doubles.amqp.entity import Entity, Rules
from tests.doubles.amqp.messages import EPOCH, Sections, sections_from

DEAD, MANAGEMENT = "/$deadletterqueue", "/$management"


class Refused(Exception):
    """What the broker does not take, with the condition that clients know."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(description)
        self.condition = condition
        self.description = description


class Namespace:
    """Queues that were set up beforehand; nothing comes into being by being named.

    `keys`: shared access keys by name. `tokens`: bearer tokens that open every queue, as an
    identity's would.
    """

    def __init__(
        self,
        rules: Rules,
        now: Callable[[], datetime],
        *,
        keys: dict[str, str],
        tokens: Sequence[str] = (),
    ) -> None:
        self.rules = rules
        self.now = now
        self._keys = keys
        self._tokens = tokens
        self._queues: dict[str, Entity] = {}

    def create(self, name: str) -> Entity:
        """Set up a queue."""
        return self._queues.setdefault(name.lower(), Entity(name, self.rules, self.now))

    def entities(self) -> list[Entity]:
        """Every queue and its dead-letter queue."""
        return [each for queue in self._queues.values() for each in (queue, queue.dead)]

    def entity(self, path: str) -> Entity:
        """The queue of a path. Raises `Refused` for one that was not set up."""
        name = path.lower()
        queue = self._queues.get(name.removesuffix(DEAD))
        if queue is None:
            raise Refused("amqp:not-found", f"The messaging entity '{path}' could not be found.")
        return queue.dead if name.endswith(DEAD) else queue

    def admits(self, token: str, audience: str) -> bool:
        """Whether a token opens what it names, now."""
        if token in self._tokens:
            return True
        if not token.startswith("SharedAccessSignature "):
            return False
        fields = {name: found[0] for name, found in parse_qs(token.partition(" ")[2]).items()}
        key = self._keys.get(fields.get("skn", ""))
        resource, expiry = fields.get("sr", ""), fields.get("se", "")
        if key is None or not expiry.isdecimal() or resource.lower() != audience.lower():
            return False
        signed = hmac.new(
            key.encode(), f"{quote_plus(resource)}\n{expiry}".encode(), hashlib.sha256
        ).digest()
        is_genuine = hmac.compare_digest(base64.b64encode(signed), fields.get("sig", "").encode())
        return is_genuine and (self.now() - EPOCH).total_seconds() < int(expiry)

    def store(self, entity: Entity, payload: bytes, *, is_batch: bool) -> None:
        """Keep what one transfer brought, all or nothing. Raises `Refused`."""
        if len(payload) > self.rules.largest:
            raise Refused(
                "amqp:link:message-size-exceeded",
                f"The received message (size:{len(payload)} bytes) exceeds the limit"
                f" ({self.rules.largest} bytes).",
            )
        try:
            envelope = sections_from(payload)
            messages = [sections_from(each) for each in envelope.data] if is_batch else [envelope]
        except Undecodable as fault:
            raise Refused("amqp:decode-error", str(fault)) from fault
        for message in messages:
            self.check(message)
        for message in messages:
            entity.store(message)

    def check(self, message: Sections) -> None:
        """Raise `Refused` for a message that no queue takes."""
        if message.id is not None and len(str(message.id)) > self.rules.longest_id:
            raise Refused(
                "com.microsoft:argument-error", "The MessageId is longer than 128 characters."
            )


def path_of(address: str) -> str:
    """The path of an address: without scheme and host, where it has them."""
    _, has_host, rest = address.partition("://")
    return rest.partition("/")[2] if has_host else address
