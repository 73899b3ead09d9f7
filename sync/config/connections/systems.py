"""The two systems of a connection: where they are and how to speak to them."""

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import Field, Strict

from sync.config.connections.section import (
    Amount,
    Company,
    Currency,
    SecretName,
    Section,
    TimeZone,
    Url,
    Whole,
    YesNo,
)
from sync.config.connections.visibility import Visibility

PATH_BELOW: Final = r"^/\S*$"
"""A path below an address."""


class WebhookKeys(Section):
    """How Commerce (or a gateway before it) signs its webhooks. Two keys may be valid while one is
    being rotated."""

    scheme: Literal["rsa", "hmac"] = "rsa"
    keys: tuple[SecretName, ...] = Field(default=(), max_length=2)
    header: str = "x-adobe-commerce-webhook-signature"
    message: Literal["base64", "raw"] = "base64"
    encoding: Literal["base64", "hex"] = "base64"


class EventKeys(Section):
    """Adobe I/O Events: whose events these are, and where Adobe's public keys are fetched."""

    client_id: str
    key_host: Url = "https://static.adobeioevents.com"


class Commerce(Section):
    """The storefront. `paas`: OAuth 1.0a under /rest/<scope>/V1; `saas`: IMS tokens, /V1 and a
    Store header."""

    edition: Literal["paas", "saas"] = "paas"
    url: Url
    admin_url: Url | None = None
    """Where people open the shop's administration; the console links to its pages."""
    scope: str = "all"
    websites: tuple[Whole, ...] = ()
    """Ids of the websites whose customers and companies are ours; empty: those of the store views
    under `stores`."""
    consumer_key: SecretName | None = None
    consumer_secret: SecretName | None = None
    token: SecretName | None = None
    token_secret: SecretName | None = None
    client_id: str | None = None
    client_secret: SecretName | None = None
    organisation: str | None = None
    ims_url: Url = "https://ims-na1.adobelogin.com"
    ims_keys: str = Field(default="/ims/keys", pattern=PATH_BELOW)
    """Where below `ims_url` the identity service publishes the keys of its tokens, a JWK set. The
    default is inferred: no page of Adobe's says it, `check` asks."""
    oauth_decode_path_reserved: Literal["auto", "true", "false"] = "auto"
    page_size: Whole = Field(default=100, ge=1, le=300)
    first_poll_days: Whole = Field(default=7, ge=0)
    concurrency: Whole = Field(default=4, ge=1, le=50)
    """Requests of one process at a time; fewer after a complaint."""
    concurrency_in_all: Whole = Field(default=16, ge=1, le=500)
    """Requests of all processes together at a time."""
    send_within_seconds: Whole = Field(default=60, ge=1, le=600)
    """A write that has not been sent this long after it was announced is not sent: it is announced
    again."""
    write_timeout_seconds: Whole = Field(default=60, ge=1, le=600)
    """How long the answer to a write is waited for."""
    commit_horizon_seconds: Whole = Field(default=60, ge=1, le=3600)
    """How long after it was given up a write may still commit: PHP or a proxy cuts it off after
    about a minute."""
    lost_payments: Literal["again", "park"] = "again"
    """What becomes of a capture or refund by a payment gateway that was not answered, once Commerce
    can no longer commit it and has no document of it. `again`: it is sent again; where the shop
    died between its gateway and its database, the money moves twice. `park`: somebody looks at the
    gateway first."""
    bulk_from: Whole = Field(default=0, ge=0)
    """So many rows of stock or prices are given to the shop's consumers instead of being written at
    once; 0: none ever. Only where `async.operations.all` is consumed."""
    bulk_horizon_minutes: Whole = Field(default=60, ge=1, le=1440)
    """How long after it was given up a consumer may still carry out such a write."""
    webhook: WebhookKeys = WebhookKeys()
    events: EventKeys | None = None

    @property
    def system(self) -> str:
        """The shop's name for operators, the same for all connections that share it."""
        return f"Commerce at {_address(self.url)}"

    @property
    def ims_keys_url(self) -> str:
        """Where the keys of the identity service's tokens are."""
        return f"{self.ims_url.rstrip('/')}{self.ims_keys}"


class Dynamics(Section):
    """The F&O environment and legal entity. `bearer` is a static token and only accepted for
    loopback hosts."""

    url: Url
    company: Company
    time_zone: TimeZone = "UTC"
    """The legal entity's: every date that reaches the ledger is in it."""
    time_zones: dict[Company, TimeZone] = {}
    """Those of further legal entities, which stores name; one that is not here has `time_zone`."""
    auth: Literal["secret", "certificate", "managed_identity", "bearer"] = "secret"
    tenant: str | None = None
    client_id: str | None = None
    client_secret: SecretName | None = None
    client_secret_expires: date | None = None
    """The day on which Entra shows the client secret to end; an alert comes before."""
    certificate: SecretName | None = None
    bearer: SecretName | None = None
    authority: Url = "https://login.microsoftonline.com"
    concurrency: Whole = Field(default=8, ge=1, le=51)
    """With how many requests at a time a process begins; it finds out by trying what is taken."""
    concurrency_in_all: Whole = Field(default=51, ge=1, le=1000)
    """Requests of all processes together at a time."""
    documents_per_batch: Whole = Field(default=1, ge=1, le=20)
    send_within_seconds: Whole = Field(default=60, ge=1, le=600)
    """A write that has not been sent this long after it was announced is not sent: it is announced
    again."""
    write_timeout_seconds: Whole = Field(default=60, ge=1, le=600)
    """How long the answer to a write is waited for."""
    commit_horizon_seconds: Whole = Field(default=180, ge=1, le=3600)
    """How long after it was given up a write may still commit."""
    order_headers: Literal["SalesOrderHeadersV4", "SalesOrderHeadersV3", "SalesOrderHeadersV2"] = (
        "SalesOrderHeadersV4"
    )
    order_lines: Literal["SalesOrderLinesV3", "SalesOrderLines"] = "SalesOrderLinesV3"
    copies: YesNo = True
    """Whether our user may view the table-shaped copies of orders (`*BiEntities`), which alone tell
    what remains of a line and when it changed; `check` finds out."""
    slips: Literal["journal", "warehouse", "lines"] = "journal"
    """Where it is read what left the warehouse: from the copies of the packing slips' journal; from
    the shipments of warehouse management; or from the lines of orders that are delivered whole."""
    invoiced: Literal["journal", "lines"] = "journal"
    """Where it is read what F&O has invoiced of an order's lines: from the copy of the invoice
    journal, or from printed invoices, by item."""
    rounding: dict[Currency, Amount] = {}
    """Rounding unit of sales orders per currency, as in F&O's Currencies form; 0.01 where none is
    named."""
    visibility: Visibility | None = None
    """Where on-hand quantities are read from Inventory Visibility instead of F&O's entities."""
    lengths: dict[str, Annotated[int, Strict(), Field(ge=1)]] = {}
    """Characters that a field of F&O holds in this environment, by field or by entity set and field
    ("CustomersV3.PersonLastName"), where they are not the standard's."""

    @property
    def tells_remainders(self) -> bool:
        """Whether it is known what remains of a line: that is told by its copy and its slips."""
        return self.copies and self.slips == "journal"

    @property
    def tells_invoiced(self) -> bool:
        """Whether our user may read what is invoiced of a line."""
        return self.copies or self.invoiced == "lines"

    @property
    def system(self) -> str:
        """The environment's name for operators, the same for all connections that share it."""
        return f"Dynamics at {_address(self.url)}"


def _address(url: str) -> str:
    return url.split("://", 1)[-1].rstrip("/")
