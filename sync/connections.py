"""`connections.toml`: what one storefront and one legal entity agreed on. The models say what may be written there.

Unknown names are refused, secrets are named and never written, money is text or whole numbers (never a float).
`sync/configuration.py` reads the file and turns every fault into a line number and a remedy.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

FLOW_NAMES: Final = ("orders", "customers")
"""What `flows` may name; a test keeps it equal to the flows that exist."""

VAULT_NAME: Final = r"^[A-Za-z0-9-]{1,127}$"
COMPANY: Final = r"^[A-Za-z0-9]{1,4}$"
CURRENCY: Final = r"^[A-Z]{3}$"
CONNECTION_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,30}$"

SecretName = Annotated[str, StringConstraints(pattern=VAULT_NAME)]
"""The name of a secret in the vault or Key Vault: letters, digits and hyphens, as Key Vault allows."""

Company = Annotated[str, StringConstraints(pattern=COMPANY, to_lower=True)]
"""A dataAreaId; F&O answers them in lower case."""

Currency = Annotated[str, StringConstraints(pattern=CURRENCY)]

Whole = Annotated[int, Strict()]
"""A whole number; text and true/false are not taken for one."""

YesNo = Annotated[bool, Strict()]
"""true or false; "yes" and 1 are not taken for them."""


def tidy_url(url: str) -> str:
    """The URL without slashes at its end, scheme and host in lower case: tokens are issued for that very spelling."""
    scheme, mark, rest = url.strip().rstrip("/").partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else scheme


Url = Annotated[str, AfterValidator(tidy_url)]


def _no_float(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("an amount is text or a whole number")  # noqa: TRY004 - pydantic reports ValueError only
    return value


Amount = Annotated[Decimal, BeforeValidator(_no_float)]
"""An amount, written as text or as a whole number."""


class Section(BaseModel):
    """A table of the file: unknown names are faults, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberMode(StrEnum):
    """Who chooses the document's number."""

    OURS = "ours"
    THEIRS = "theirs"


class WebhookKeys(Section):
    """How Commerce (or a gateway before it) signs its webhooks. Two keys may be valid while one is being rotated."""

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
    """The storefront. `paas`: OAuth 1.0a under /rest/<scope>/V1; `saas`: IMS tokens, /V1 and a Store header."""

    edition: Literal["paas", "saas"] = "paas"
    url: Url
    scope: str = "all"
    consumer_key: SecretName | None = None
    consumer_secret: SecretName | None = None
    token: SecretName | None = None
    token_secret: SecretName | None = None
    client_id: str | None = None
    client_secret: SecretName | None = None
    organisation: str | None = None
    ims_url: Url = "https://ims-na1.adobelogin.com"
    oauth_decode_path_reserved: Literal["auto", "true", "false"] = "auto"
    page_size: Whole = Field(default=100, ge=1, le=300)
    first_poll_days: Whole = Field(default=7, ge=0)
    concurrency: Whole = Field(default=4, ge=1, le=50)
    webhook: WebhookKeys = WebhookKeys()
    events: EventKeys | None = None


class Dynamics(Section):
    """The F&O environment and legal entity. `bearer` is a static token and only accepted for loopback hosts."""

    url: Url
    company: Company
    auth: Literal["secret", "certificate", "managed_identity", "bearer"] = "secret"
    tenant: str | None = None
    client_id: str | None = None
    client_secret: SecretName | None = None
    certificate: SecretName | None = None
    bearer: SecretName | None = None
    authority: Url = "https://login.microsoftonline.com"
    concurrency: Whole = Field(default=8, ge=1, le=51)
    documents_per_batch: Whole = Field(default=1, ge=1, le=20)
    commit_horizon_seconds: Whole = Field(default=180, ge=1, le=3600)
    order_headers: Literal["SalesOrderHeadersV4", "SalesOrderHeadersV3", "SalesOrderHeadersV2"] = "SalesOrderHeadersV4"
    order_lines: Literal["SalesOrderLinesV3", "SalesOrderLines"] = "SalesOrderLinesV3"
    rounding: dict[Currency, Amount] = {}
    """Rounding unit of sales orders per currency, as in F&O's Currencies form; 0.01 where none is named."""


class Store(Section):
    """What one store view means in D365. Absent fields fall back to `stores.default`."""

    company: Company | None = None
    site: str | None = None
    warehouse: str | None = None
    origin: str | None = None
    prices_include_tax: YesNo | None = None
    guest_account: str | None = None
    language: str | None = None


class Posting(StrEnum):
    """From which payment state on an order is posted."""

    ALWAYS = "always"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    NEVER = "never"


class Payment(Section):
    """A Commerce payment method in D365. `method` and `terms` empty: the customer's own apply."""

    method: str = ""
    terms: str = ""
    posting: Posting | None = None


class TaxGroups(Section):
    """What a set of Commerce tax codes means in D365. Empty: the customer's or the item's own group applies."""

    group: str = ""
    item_group: str = ""


class SegmentHome(Section):
    """Where a part of the grand total goes.

    `item`: a line of that service item. `payment`: it was a way to pay, so it is not on the sales order and is
    subtracted when totals are proved. `field`, `tax_field`: where the amount stands in the order, for totals of
    extensions (dotted path; a list is summed), in the order's currency.
    """

    item: str | None = None
    payment: str | None = None
    field: str | None = None
    tax_field: str | None = None
    negative: YesNo = False


class Orders(Section):
    """How orders become sales orders."""

    numbers: NumberMode = NumberMode.THEIRS
    number_template: str = "{store_id}-{increment_id}"
    reference_template: str = "{increment_id}"
    posting: Posting = Posting.ALWAYS
    oldest_days: Whole | None = Field(default=None, ge=1)
    freight_item: str = "FREIGHT"
    rounding_item: str = "ROUNDING"
    rounding_most: Amount = Decimal("0.05")
    fpt_item: str = "FPT"
    adjustment_refund_item: str = "REFUNDADJ"
    adjustment_fee_item: str = "REFUNDFEE"
    lock_prices: YesNo = False
    note_field: Literal["", "SalesOrderName", "CustomersOrderReference", "URL"] = ""
    po_field: Literal["CustomerRequisitionNumber", ""] = "CustomerRequisitionNumber"
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    payments: dict[str, Payment] = {}
    deliveries: dict[str, str] = {}
    taxes: dict[str, TaxGroups] = {}
    segments: dict[str, SegmentHome] = {}


class Customers(Section):
    """How shoppers become customer accounts."""

    numbers: NumberMode = NumberMode.THEIRS
    number_template: str = "C{customer_id}"
    guest_number_template: str = "G{digest}"
    guests: Literal["per_email", "collective"] = "per_email"
    match: tuple[Literal["customer_number", "email"], ...] = ("email",)
    customer_number_attribute: str = "fno_account"
    group: str = ""
    groups: dict[str, str] = {}
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    """SalesCurrencyCode of new accounts; empty: that of the order which made the account necessary."""
    payment_terms: str = ""
    send_tax_numbers: bool = False
    poll_minutes: Whole = Field(default=5, ge=1, le=1440)
    countries: dict[str, str] = {}
    """Commerce's two letters -> F&O country id, where it is not ISO's three letters."""
    states_in: tuple[str, ...] = ("AU", "BR", "CA", "IN", "MX", "US")
    """Countries whose states F&O keeps; elsewhere Commerce's region is not sent, F&O would refuse it."""


class Items(Section):
    """How SKUs become item numbers where the mapping table has no row: `sku` takes the SKU itself, `none` parks."""

    rule: Literal["sku", "none"] = "none"
    unit: str = ""


class Connection(Section):
    """One storefront (some store views) and one legal entity."""

    name: str = ""
    commerce: Commerce
    dynamics: Dynamics
    stores: dict[str, Store] = {}
    orders: Orders = Orders()
    customers: Customers = Customers()
    items: Items = Items()
    flows: tuple[str, ...] = FLOW_NAMES

    def store(self, store_id: int | str) -> Store | None:
        """The settings of a store view, completed from `stores.default`; None when neither is there."""
        own, default = self.stores.get(str(store_id)), self.stores.get("default")
        if own is None or default is None:
            return own or default
        return Store(**{**default.model_dump(exclude_none=True), **own.model_dump(exclude_none=True)})


class Connections(Section):
    """The whole file."""

    connections: dict[Annotated[str, StringConstraints(pattern=CONNECTION_NAME)], Connection]
