"""The demo's home directory: a vault with the sandboxes' credentials, and a connections.toml that
names them."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sandbox.demo.demand import IS_BUILT, section_of
from sandbox.demo.signing_in import sign_in
from sandbox.terms import SERVICE_ACCOUNT, UNIT, Ready
from sync.app.embedded import vault_of
from sync.app.settings import NEEDED, Edition, Settings
from sync.config.connections import NumberMode

CONFIG: Final = "connections.toml"
SELLER: Final = "anna@sellers.example"
CARTS_SELLER: Final = "bert@sellers.example"
"""Whose tasks are of carts."""
PUBLIC, WHOLESALE, RECORD = "Default (General)", "Companies", 72
"""Shared catalogs, and the category of F&O that the second one is made of."""
CAP: Final = 6
"""New tasks of a seller a day: more accounts than that give reason to one."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - names in it are made by `mkdtemp`

SECTION: Final = """\
[connections.{name}]
flows = [
    "orders", "customers", "companies", "invoices", "creditmemos", "posted_invoices", "stock",
    "prices", "products", "shipments", "cancellations", "returns", "return_states", "refunds",
    "accounts", "credit", "status", "cases", "quotes", "quote_answers",
    "mails", "tasks", "shared_catalogs", "quote_templates",{more}
]
[connections.{name}.commerce]
url = "{commerce}"
consumer_key = "{name}-consumer-key"
consumer_secret = "{name}-consumer-secret"
token = "{name}-token"
token_secret = "{name}-token-secret"
concurrency = 8
[connections.{name}.commerce.webhook]
keys = ["{name}-webhook-key"]
[connections.{name}.dynamics]
url = "{dynamics}"
company = "{company}"
{sign_in}
concurrency = 16
{timing}
[connections.{name}.dataverse]
url = "{dynamics}"
{timing}
[connections.{name}.cases]
customers = {{ "*" = "{service_account}" }}
poll_minutes = 60
[connections.{name}.stores.default]
site = "1"
warehouse = "13"
origin = "WEB"
[connections.{name}.stores.2]
prices_include_tax = true
[connections.{name}.orders]
numbers = "{numbers}"
adjustment_refund_item = "FEE"
adjustment_fee_item = "FEE"
[connections.{name}.orders.segments]
gift_wrapping = {{ item = "FEE" }}
payment_fee.item = "FEE"
payment_fee.field = "extension_attributes.payment_fee"
payment_fee.tax_field = "extension_attributes.payment_fee_tax"
[connections.{name}.customers]
numbers = "{numbers}"
group = "10"
currency = "USD"
[connections.{name}.items]
unit = "{unit}"
[connections.{name}.invoices]
recipe = "{invoices}"
reference_template = "{{store_id}}-INV-{{increment_id}}"
revenue_account = "401000"
accounts.shipping = "401100"
accounts.gift_cards = "250100"
accounts.customer_balance = "250200"
accounts.reward_points = "250200"
banks = {{ "*" = "USMF OPER" }}
on_account = []
[connections.{name}.stock]
sources = {{ 13 = "default" }}
decimals = 2
poll_minutes = 60
[connections.{name}.products]
fields = ["name", "weight", "status"]
create = true
configurables = true
dimensions = {{ color = "color", size = "size" }}
most_changed_percent = 100
views = {{ de = {{ language = "de" }} }}
category_hierarchy = "Web"
shared_catalogs = {{ "{public}" = ["*"], "{wholesale}" = ["{record}"] }}
poll_minutes = 60
[connections.{name}.prices]
currency = "USD"
groups = {{ RETAIL = "Retailer" }}
website = 1
store_view = 1
poll_minutes = 60
[connections.{name}.shipments]
poll_minutes = 60
substitutes = true
carriers = {{ DHL = {{ code = "dhl", title = "DHL Express" }} }}
[connections.{name}.status]
steps.confirmed.comment = "It ships on {{date}}."
poll_minutes = 60
[connections.{name}.cancellations]
poll_minutes = 60
refunds = {{ checkmo = "record" }}
[connections.{name}.returns]
poll_minutes = 60
authorise = "rule"
reasons = {{ "*" = "WEB" }}
methods = {{ braintree = "online", paypal_express = "online" }}
[connections.{name}.mails]
server = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "no-reply@{name}.example"
returns = ["authorized", "processed_closed"]
languages = {{ 2 = "de" }}
poll_minutes = 60
[connections.{name}.captures]
methods = {{ "*" = "at_invoice" }}
credits = {{ checkmo = "record" }}
[connections.{name}.accounts]
groups = ["20"]
create = true
users = true
addresses = "both"
poll_minutes = 60
[connections.{name}.quotes]
poll_minutes = 60
[connections.{name}.tasks]
consent = "contract"
guest_consent = "may_call"
owners = {{ "*" = "{seller}" }}
cap_per_day = {cap}
staff_domains = ["staff.example"]
leads = true
poll_minutes = 60
[connections.{name}.tasks.rules]
repeat = {{}}
overdue = {{}}
decline = {{}}
cart = {{ owner = "{carts_seller}", cool_down_days = 30 }}
[connections.{name}.credit]
currency = "USD"
rates = {{ EUR = "1" }}
tolerance = 0
poll_minutes = 60
[connections.{name}.creditmemos]
recipe = "{creditmemos}"
reference_template = "{{store_id}}-CM-{{increment_id}}"
reason = "WEB"

"""
"""What two merchants agreed on with their accountants. Items are mapped by table alone: an unknown
SKU parks."""

RECIPES: Final = {
    NumberMode.OURS: {"invoices": "payment-journal", "creditmemos": "return-order"},
    NumberMode.THEIRS: {"invoices": "free-text-invoice", "creditmemos": "free-text-credit"},
}
"""Who chooses numbers has F&O invoice the sales orders, and books money; the other books all
revenue by free text."""


MORE: Final = {
    NumberMode.OURS: ' "captures",' + ' "demand",' * IS_BUILT, NumberMode.THEIRS: "",
}  # fmt: skip
"""Flows of one of them: F&O's own invoices are made in the shop as well."""


def made_home() -> Path:
    """A new directory, in memory where the system offers it: what a demo commits need not survive a
    power failure."""
    place = tempfile.gettempdir()
    return Path(
        tempfile.mkdtemp(
            prefix="sync-demo-",
            dir=MEMORY if place == "/tmp" and MEMORY.is_dir() else place,  # noqa: S108
        )
    )


def on_disk(home: Path) -> Path:
    """Move a home whose processes have ended to where temporary files are looked for; where it is
    now."""
    if home.parent != MEMORY:
        return home
    return Path(shutil.move(home, tempfile.gettempdir()))


def emulators_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings of an environment that name a Service Bus and tables. Raises `SettingsMissing`
    for what is not there."""
    named = {name: environment[name] for name in NEEDED[Edition.EMULATED] if name in environment}
    Settings.from_environment({"SYNC_EDITION": Edition.EMULATED, **named})
    return named


def settings_of(home: Path, emulators: Mapping[str, str]) -> dict[str, str]:
    """All the settings that a process of the demo's gets. `emulators`: as `emulators_of`, or
    nothing to need none."""
    edition = Edition.EMULATED if emulators else Edition.EMBEDDED
    return {
        "SYNC_EDITION": edition,
        "SYNC_HOME": str(home),
        "SYNC_CONNECTIONS": str(home / CONFIG),
        **emulators,
    }


def write_home(
    home: Path, sandboxes: Mapping[str, Ready], timing: Mapping[str, int], mail_port: int = 25,
    authorities: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Put secrets and configuration into `home`. `mail_port`: of the mail server on this machine;
    `authorities`: where a connection signs in by certificate, by its name.

    `timing`: seconds under names of `[connections.<name>.dynamics]`. An F&O environment in a cloud
    may still commit a request minutes after it was given up; the sandboxes do so within a second.
    """
    vault = vault_of(home)
    seconds = "\n".join(f"{name} = {value}" for name, value in timing.items())
    sections = []
    for name, ready in sandboxes.items():
        for secret, value in ready.credentials.items():
            vault.set(f"{name}-{secret}", value)
        sections.append(
            SECTION.format(
                name=name, commerce=ready.commerce, dynamics=ready.dynamics, company=ready.company,
                numbers=ready.numbers, unit=UNIT, timing=seconds, more=MORE[ready.numbers],
                mail_port=mail_port, seller=SELLER, carts_seller=CARTS_SELLER, cap=CAP,
                service_account=SERVICE_ACCOUNT, sign_in=sign_in(name, authorities.get(name)),
                public=PUBLIC, wholesale=WHOLESALE, record=RECORD, **RECIPES[ready.numbers],
            )
        )  # fmt: skip
        sections.append(section_of(name, ready.numbers))
    (home / CONFIG).write_text("".join(sections), encoding="utf-8")
