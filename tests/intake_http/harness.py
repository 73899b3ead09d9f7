"""A process with a real engine over stores in memory, keys of its own, and callers who sign as
Commerce and Adobe do."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import httpx
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.adapters.cipher import Cipher
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.app.tidying import tidying
from sync.config.connections import Connections
from sync.core.encoding import to_json
from sync.core.errors import Later, Never
from sync.dynamics.auth import TokenPool
from sync.engine.message import CLOCKS_APART, Message
from sync.engine.queues import DELIVERIES
from sync.flows import FLOWS
from sync.intake_http.answers import HttpAnswer
from sync.preview.example import example_connection
from tests.contracts.hand_clock import HandClock

HEADER = "x-adobe-commerce-webhook-signature"
KEY_HOST = "https://keys.example.com"
CARRIER = "hunter2-of-the-carrier"
CLIENT = "client-of-this-registration"
TYPE = "com.adobe.commerce.observer.sales_order_save_commit_after"


def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


COMMERCE, ROTATED, ADOBE, STRANGER = (private_key() for _ in range(4))


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed_by_commerce(body: bytes, key: rsa.RSAPrivateKey = COMMERCE) -> dict[str, str]:
    """Commerce signs the base64 text of the body."""
    signature = key.sign(base64.b64encode(body), PKCS1v15(), SHA256())
    return {HEADER: base64.b64encode(signature).decode(), "content-type": "application/json"}


def signed_by_gateway(body: bytes, secret: str, encoding: str = "hex") -> dict[str, str]:
    """A gateway signs the raw body with a shared secret."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"x-signature": mac.hex() if encoding == "hex" else base64.b64encode(mac).decode()}


def signed_by_carrier(body: bytes, at: datetime, key: str = CARRIER) -> dict[str, str]:
    """A carrier signs the moment of sending and the raw body."""
    moment = str(int(at.timestamp()))
    mac = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return {"x-signature": mac.hexdigest(), "x-timestamp": moment}


def signed_by_adobe(body: bytes, key: rsa.RSAPrivateKey = ADOBE) -> dict[str, str]:
    signature = base64.b64encode(key.sign(body, PKCS1v15(), SHA256())).decode()
    return {
        "x-adobe-digital-signature-1": signature,
        "x-adobe-public-key1-path": "/prod/keys/pub-key-1.pem",
    }


def event(
    identity: str, value: Mapping[str, Any], kind: str = TYPE, **fields: Any
) -> dict[str, Any]:
    return {
        "eventid": identity,
        "type": kind,
        "recipientclientid": CLIENT,
        "data": {"value": value},
        **fields,
    }


class KnownSecrets:
    """Secrets by name; `is_away` is a vault that says it cannot answer just now, `hangs` one that
    says nothing."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values, self.is_away, self.hangs = values, False, False

    async def get(self, name: str) -> str:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_away:
            raise Later("the vault does not answer")
        if name not in self.values:
            raise Never(f"no secret is called {name}", remedy=f"Set it: secrets set {name}")
        return self.values[name]


class Harness:
    """The process, and what it has stored."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.queue = SqliteQueue(":memory:", self.clock, timedelta(seconds=60))
        self.tables = SqliteTables(":memory:")
        self.secrets = KnownSecrets(
            {
                "key-1": public_pem(COMMERCE),
                "key-2": public_pem(ROTATED),
                "shared": "hunter2-of-the-gateway",
                "carrier": CARRIER,
            }
        )
        self.services = Services(connections(), FLOWS, self._edition_parts())

    def _edition_parts(self) -> EditionParts:
        return EditionParts(
            queue=self.queue, tables=self.tables, secrets=self.secrets,
            sealer=Cipher([Fernet.generate_key().decode()]),
            email_key=b"0" * 16, clock=self.clock,
            tokens=TokenPool(self.secrets, lambda *_: _nobody_asks()),
            commerce_http=lambda _: _nobody_asks(), dynamics_http=lambda _: _nobody_asks(),
        )  # fmt: skip

    async def hook(
        self, body: bytes, headers: Mapping[str, str] | None = None, to: str = "bikes/orders"
    ) -> HttpAnswer:
        """A webhook as the host hands it in; signed by Commerce unless headers are given."""
        connection, _, flow = to.partition("/")
        return await self.services.accept_webhook(
            connection, flow, signed_by_commerce(body) if headers is None else headers, body
        )

    async def events(
        self, document: Any, headers: Mapping[str, str] | None = None, to: str = "bikes"
    ) -> HttpAnswer:
        """Adobe's POST; signed by Adobe unless headers are given."""
        body = document if isinstance(document, bytes) else to_json(document)
        return await self.services.accept_events(
            to, "POST", signed_by_adobe(body) if headers is None else headers, {}, body
        )

    async def stored(self) -> list[str]:
        """`flow key` of every message, in no order; they come when their windows have closed."""
        self.clock.at += timedelta(seconds=1) + CLOCKS_APART
        found = []
        for queue in DELIVERIES:
            received = await self.queue.receive(queue, most=100, wait=timedelta(0))
            decoded = [Message.decode(message.body) for message in received]
            found += [f"{message.flow} {message.key}" for message in decoded]
        return found

    async def depth(self) -> int:
        """How many messages lie in all queues."""
        depths = [await self.queue.depth(name) for name in DELIVERIES]
        return sum(depth.due + depth.scheduled + depth.locked + depth.dead for depth in depths)

    async def tidies(self) -> None:
        """The daily job that forgets."""
        await tidying(self.services.documents, self.tables, self.clock).run(None)

    async def close(self) -> None:
        await self.services.close()
        self.queue.close()
        self.tables.close()


SHOP_PAGE = "https://shop.example.com"
INTEREST = {"origins": (SHOP_PAGE,), "key": "shop-key", "requests_per_minute": 2}


def connections() -> Connections:
    """`bikes`: RSA with a key being rotated, and events. `boats`: a gateway's shared secret, orders
    only. `bare`: no key."""
    bikes, boats, bare = (example_connection().model_dump() for _ in range(3))
    bikes["commerce"] |= {
        "webhook": {"keys": ("key-1", "key-2")},
        "events": {"client_id": CLIENT, "key_host": KEY_HOST},
    }
    bikes["tracking"] = {"keys": ("carrier",), "texts": {"delivered": "Delivered"}}
    bikes["credit"] = {"currency": "EUR", "rates": {"USD": "1.25"}, "gate": {"enabled": True}}
    bikes["tasks"] |= {"consent": "contract", "interest": INTEREST}
    bikes["quotes"]["events"] = ("negotiable_quote_management.send",)
    bikes["flows"] = tuple(flow.name for flow in FLOWS)
    hmac_keys = {
        "scheme": "hmac",
        "keys": ("shared",),
        "header": "x-signature",
        "message": "raw",
        "encoding": "hex",
    }
    boats["commerce"] |= {"webhook": hmac_keys}
    boats["flows"] = ("orders",)
    return Connections.model_validate(
        {"connections": {"bikes": bikes, "boats": boats, "bare": bare}}
    )


def _nobody_asks() -> NoReturn:
    raise httpx.ConnectError("the edge asks neither system")
