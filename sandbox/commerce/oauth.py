"""The server side of OAuth 1.0a as 2.4.8 checks it, written after its rules and apart from any
client library.

`decoded_path`: 2.4.6 and 2.4.7 decode the reserved characters of the path before they check, sort
names naturally and leave out names without a value.
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from sandbox.commerce.faults import RestFault, not_authorised, required
from sandbox.commerce.query import signed_pairs
from sync.core.ports import Clock

REQUIRED = ("consumer_key", "token", "signature_method", "timestamp", "nonce", "signature")
AHEAD = timedelta(seconds=600)
NONCES_KEPT = timedelta(minutes=120)
CREDENTIAL_LENGTH = 32
DECODED_RESERVED = re.compile(r"%(2F|3A|2B|26|25|40|3D|24|2C|3B)", re.IGNORECASE)


@dataclass
class Consumer:
    """An integration. `resources`: what it may use, None for everything."""

    id: int
    key: str
    secret: str
    token: str
    token_secret: str
    resources: frozenset[str] | None = None
    revoked: bool = False

    @classmethod
    def named(
        cls, name: str, number: int = 1, resources: frozenset[str] | None = None
    ) -> "Consumer":
        """An integration with credentials made from its name."""
        parts = [
            hashlib.sha256(f"{name} {part}".encode()).hexdigest()[:CREDENTIAL_LENGTH]
            for part in range(4)
        ]
        return cls(number, parts[0], parts[1], parts[2], parts[3], resources)

    def may(self, resource: str) -> bool:
        """Whether its role has this resource; `anonymous` and `self` need none."""
        return self.resources is None or resource in self.resources


@dataclass(frozen=True)
class Received:
    """What a signature covers of a request: `path` and `query` exactly as sent."""

    method: str
    scheme: str
    host: str
    path: str
    query: str
    authorization: str


@dataclass
class OAuthServer:
    """Knows the integrations and the nonces they have used."""

    clock: Clock
    consumers: list[Consumer]
    decoded_path: bool = False
    nonces: dict[tuple[int, str], datetime] = field(default_factory=dict)

    def consumer(self, request: Received, resource: str) -> Consumer:
        """Who sent this and may use the resource. Raises `RestFault` with the answer of the real
        one otherwise."""
        header = re.search(r"oauth (.*)", request.authorization, re.IGNORECASE | re.DOTALL)
        if header is None:  # nothing, or a bearer token, which integrations may not use since 2.4.4
            raise not_authorised(resource)
        sent = _parameters(header.group(1))
        _complete(sent)
        consumer = self._known(sent["oauth_consumer_key"])
        self._fresh(consumer, sent)
        self._signed(request, sent, consumer)
        self._token(consumer, sent["oauth_token"])
        if not consumer.may(resource):
            raise not_authorised(resource)
        return consumer

    def _known(self, key: str) -> Consumer:
        if len(key) != CREDENTIAL_LENGTH:
            raise RestFault(401, "Consumer key is not the correct length")
        for consumer in self.consumers:
            if consumer.key == key:
                return consumer
        raise RestFault(401, "A consumer having the specified key does not exist")

    def _fresh(self, consumer: Consumer, sent: Mapping[str, str]) -> None:
        """Uses the nonce up, whether or not the signature turns out right. There is no lower limit
        for the time."""
        now = self.clock.now()
        stamp = sent["oauth_timestamp"]
        latest = int((now + AHEAD).timestamp())
        if not stamp.isdigit() or not 0 < int(stamp) <= latest:
            raise RestFault(401, "An error occurred validating the nonce")
        while self.nonces and next(iter(self.nonces.values())) <= now - NONCES_KEPT:
            del self.nonces[next(iter(self.nonces))]
        mark = (consumer.id, sent["oauth_nonce"])
        if mark in self.nonces:
            text = "The nonce is already being used by the consumer with ID %1"
            raise RestFault(401, text, [str(consumer.id)])
        self.nonces[mark] = now

    def _signed(self, request: Received, sent: Mapping[str, str], consumer: Consumer) -> None:
        secret = next(
            (one.token_secret for one in self.consumers if one.token == sent["oauth_token"]), ""
        )
        key = f"{_encoded(consumer.secret)}&{_encoded(secret)}".encode()
        text = self.base_string(request, sent).encode()
        expected = b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, sent["oauth_signature"]):
            raise RestFault(401, "The signature is invalid. Verify and try again.")

    def base_string(self, request: Received, sent: Mapping[str, str]) -> str:
        """What is signed: method, address and every parameter, sorted by decoded names."""
        path = request.path
        if self.decoded_path:
            path = DECODED_RESERVED.sub(lambda escape: unquote(escape.group()), path)
        host = request.host.lower().removesuffix(":443" if request.scheme == "https" else ":80")
        parameters = {name: value for name, value in sent.items() if name != "oauth_signature"}
        parameters |= signed_pairs(request.query, bare=not self.decoded_path)
        order = (
            sorted(parameters, key=_naturally)
            if self.decoded_path
            else sorted(parameters, key=str.encode)
        )
        pairs = "&".join(f"{_encoded(name)}={_encoded(parameters[name])}" for name in order)
        address = f"{request.scheme}://{host}{path}"
        return "&".join(_encoded(part) for part in (request.method, address, pairs))

    def _token(self, consumer: Consumer, token: str) -> None:
        owner = next((one for one in self.consumers if one.token == token), None)
        if owner is None:
            raise RestFault(401, "Specified token does not exist")
        if owner is not consumer:
            raise RestFault(401, "Token is not associated with the specified consumer")
        if owner.revoked:
            raise RestFault(401, "Access token has been revoked")


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _naturally(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _parameters(header: str) -> dict[str, str]:
    found = {}
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if re.fullmatch(r"oauth_[a-z_-]+", name):
            found[name] = unquote(value.strip('"'))
    return found


def _complete(sent: Mapping[str, str]) -> None:
    """The checks that need no look-up. Raises `RestFault`."""
    if sent.get("oauth_version", "1.0") != "1.0":
        raise RestFault(400, "The '%1' Oauth version isn't supported.", [sent["oauth_version"]])
    missing = [required(f"oauth_{name}") for name in REQUIRED if not sent.get(f"oauth_{name}")]
    if len(missing) > 1:
        raise RestFault(400, "One or more input exceptions have occurred.", errors=missing)
    if missing:
        raise missing[0]
    if len(sent["oauth_token"]) != CREDENTIAL_LENGTH:
        raise RestFault(400, "The token length is invalid. Check the length and try again.")
    if sent["oauth_signature_method"] != "HMAC-SHA256":
        raise RestFault(
            400, "Signature method %1 is not supported", [sent["oauth_signature_method"]]
        )
