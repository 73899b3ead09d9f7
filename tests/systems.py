"""A shop and a ledger side by side, in one process, with the stores between them. The harness and
the simulation build on it.

Both systems are the sandboxes, behind their dials; queue and tables are the embedded ones, in
memory. Nothing here belongs to a worker: any number of `Services` may be opened over one site, and
die.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

import httpx

from sandbox.commerce.app import commerce_app
from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.state import CommerceState
from sandbox.dataverse.app import dataverse_app
from sandbox.dataverse.state import DataverseState
from sandbox.dials import Dials
from sandbox.dynamics.app import dynamics_app
from sandbox.dynamics.state import DynamicsState
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.app.edition_parts import EditionParts
from sync.commerce.transport import shop_client
from sync.config.connections import Connections
from sync.core.errors import Never
from sync.core.message_queue import Queue
from sync.core.ports import Clock, Mailer, Secrets, Tables
from sync.dynamics.auth import TokenPool
from sync.dynamics.transport import http_client
from sync.engine.message import CLOCKS_APART
from sync.mails.smtp import SmtpMailer
from sync.pacing.limiter import MOST
from tests.doubles.memory_tables import MemoryTables
from tests.in_process import InProcess

CONNECTION: Final = "shop"
COMPANY: Final = "usmf"
SHOP_HOST, LEDGER_HOST, SERVICE_HOST = "shop.example.com", "localhost", "127.0.0.1"
SECRETS: Final = dict.fromkeys(
    ("consumer-key", "consumer-secret", "token", "token-secret"), "x" * 32
)
WEBHOOK_KEY: Final = "webhook-key"
SHOP_KEY: Final = "k" * 40
"""With which the shop signs who is signed in."""
TENANT: Final = "tenant"
SAAS: Final[Mapping[str, Any]] = {
    "edition": "saas", "url": f"https://{SHOP_HOST}/{TENANT}", "ims_url": f"https://{SHOP_HOST}",
    "scope": "default",
    "client_id": "sandbox-client", "client_secret": "client-secret",
    "organisation": "1234@AdobeOrg",
}  # fmt: skip
"""The commerce settings of a shop that Adobe hosts."""

SETTINGS: Final[Mapping[str, Any]] = {
    "commerce": {
        "url": f"https://{SHOP_HOST}",
        "consumer_key": "consumer-key",
        "consumer_secret": "consumer-secret",
        "token": "token",
        "token_secret": "token-secret",
        "webhook": {"scheme": "hmac", "keys": [WEBHOOK_KEY]},
    },
    "dynamics": {
        "url": f"http://{LEDGER_HOST}",
        "company": COMPANY,
        "auth": "bearer",
        "bearer": "bearer",
    },
    "stores": {
        "default": {"site": "1", "warehouse": "13", "origin": "WEB"},
        "2": {"prices_include_tax": True},
    },
    "orders": {
        "numbers": "theirs",
        "segments": {
            "gift_wrapping": {"item": "FEE"},
            "payment_fee": {"item": "FEE", "field": "extension_attributes.payment_fee"},
        },
    },
    "customers": {"numbers": "theirs", "group": "10", "currency": "USD"},
    "items": {"rule": "sku", "unit": "ea"},
}


class Named(Secrets):
    """Secrets by name."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = secrets

    async def get(self, name: str) -> str:
        """The secret."""
        if name not in self._secrets:
            raise Never(f"no secret {name}", remedy="Add it.")
        return self._secrets[name]


class Folded:
    """A sealer that only compresses: what is sealed stays the same from run to run."""

    def seal(self, plain: bytes) -> bytes:
        """Compressed."""
        return zlib.compress(plain, 1)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes again."""
        return zlib.decompress(sealed)


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with some of them changed, table by table."""
    result = dict(base)
    for name, value in changes.items():
        known = result.get(name)
        result[name] = (
            merged(known, value)
            if isinstance(known, Mapping) and isinstance(value, Mapping)
            else value
        )
    return result


@dataclass
class SystemsUnderTest:
    """Everything outside the engine. `settings` change those of the one connection, `shop`."""

    clock: Clock
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    shop_clock: Clock | None = None
    message_lock: timedelta = timedelta(seconds=60)
    most_deliveries: int = 25
    catalogue: Catalogue = field(default_factory=Catalogue)
    tables: SqliteTables | MemoryTables = field(default_factory=lambda: SqliteTables(":memory:"))
    mailer: Callable[..., Mailer] = SmtpMailer
    queue_clock: Clock | None = None

    def __post_init__(self) -> None:
        self.connections = Connections.model_validate(
            {"connections": {CONNECTION: merged(SETTINGS, self.settings)}}
        )
        self.connection = self.connections.connections[CONNECTION]
        self.commerce = CommerceState(
            self.shop_clock or self.clock, seed=self.seed, catalogue=self.catalogue,
            checks_access=False,
            tenant=TENANT if self.connection.commerce.edition == "saas" else "",
        )  # fmt: skip
        items = [product.sku for product in self.catalogue.products]
        self.dynamics = DynamicsState.seeded(COMPANY, items=items, now=self.clock.now)
        self.dataverse = DataverseState(self.clock.now)
        numbers = {
            "SalesOrderNumber": self.connection.orders.numbers,
            "CustomerAccount": self.connection.customers.numbers,
        }
        self.dynamics.settings.manual |= {name for name, mode in numbers.items() if mode == "ours"}
        self.dials(Dials(Random(f"shop {self.seed}")), Dials(Random(f"ledger {self.seed}")))
        self.queue = SqliteQueue(
            ":memory:", self.queue_clock or self.clock, self.message_lock, self.most_deliveries
        )

    def dials(self, shop: Dials, ledger: Dials, service: Dials | None = None) -> None:
        """Put these dials before the systems."""
        self.shop_dials, self.ledger_dials = shop, ledger
        self.service_dials = service or Dials(Random(f"service {self.seed}"))
        self.apps: dict[str, Any] = {
            SHOP_HOST: commerce_app(self.commerce, shop),
            LEDGER_HOST: dynamics_app(self.dynamics, ledger),
            SERVICE_HOST: dataverse_app(self.dataverse, self.service_dials),
        }

    def edition_parts(
        self,
        *,
        is_alone: bool = True,
        queue: Queue | None = None,
        tables: Tables | None = None,
        asked: Callable[[httpx.Request], None] = lambda _: None,
        shop_asked: Callable[[httpx.Request], None] = lambda _: None,
        clock: Clock | None = None,
        pool: int = MOST,
    ) -> EditionParts:
        """What one worker is handed. It has connections of its own; queue and tables are
        everybody's.

        `asked` is told of every request to the ledger when it leaves, `shop_asked` of those to the
        shop. `clock`: the worker's own,
        where it goes another way than the queue's. `pool`: connections of each of its HTTP clients.
        """
        others = {"client-secret": "p8e-sandbox", "bearer": "sandbox", "shop-key": SHOP_KEY}
        secrets = Named({**SECRETS, **others, WEBHOOK_KEY: "hook"})
        return EditionParts(
            queue=queue or self.queue,
            tables=tables or self.tables,
            secrets=secrets,
            sealer=Folded(),
            email_key=b"k" * 32,
            clock=clock or self.clock,
            mailer=self.mailer,
            tokens=TokenPool(secrets, _no_entra),
            is_alone=is_alone,
            clocks_apart=timedelta() if is_alone else CLOCKS_APART,
            commerce_http=lambda _: shop_client(
                transport=InProcess(self.apps, shop_asked, pool=pool)
            ),
            dynamics_http=lambda _: http_client(transport=InProcess(self.apps, asked, pool=pool)),
        )

    def close(self) -> None:
        """Let go of the stores."""
        self.queue.close()
        self.tables.close()


def _no_entra(*_: object) -> Any:
    raise Never("nobody asks Entra here", remedy="Use auth = bearer.")
