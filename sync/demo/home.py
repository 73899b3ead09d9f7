"""The demo's home directory: a vault with the sandboxes' credentials, and a connections.toml that names them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sync.configuration import read_connections
from sync.connections import Connections
from sync.embedded import vault_of
from sync.sandbox.terms import UNIT, Ready

CONFIG: Final = "connections.toml"

SECTION: Final = """\
[connections.{name}]
flows = ["orders", "customers"]
[connections.{name}.commerce]
url = "{commerce}"
consumer_key = "{name}-consumer-key"
consumer_secret = "{name}-consumer-secret"
token = "{name}-token"
token_secret = "{name}-token-secret"
[connections.{name}.commerce.webhook]
keys = ["{name}-webhook-key"]
[connections.{name}.dynamics]
url = "{dynamics}"
company = "{company}"
auth = "bearer"
bearer = "{name}-bearer"
{timing}
[connections.{name}.stores.default]
site = "1"
warehouse = "13"
origin = "WEB"
[connections.{name}.stores.2]
prices_include_tax = true
[connections.{name}.orders]
numbers = "{numbers}"
[connections.{name}.orders.segments]
gift_wrapping = {{ item = "FEE" }}
payment_fee = {{ item = "FEE", field = "extension_attributes.payment_fee", tax_field = "extension_attributes.payment_fee_tax" }}
[connections.{name}.customers]
numbers = "{numbers}"
group = "10"
currency = "USD"
[connections.{name}.items]
unit = "{unit}"

"""
"""What two merchants agreed on with their accountants. Items are mapped by table alone: an unknown SKU parks."""


def furnished(home: Path, sandboxes: Mapping[str, Ready], timing: Mapping[str, int]) -> Connections:
    """Put secrets and configuration into `home`; the configuration as it was read back.

    `timing`: seconds under names of `[connections.<name>.dynamics]`. An F&O environment in a cloud may still commit a
    request minutes after it was given up; the sandboxes do so within a second.
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
                numbers=ready.numbers, unit=UNIT, timing=seconds,
            )
        )  # fmt: skip
    (home / CONFIG).write_text("".join(sections), encoding="utf-8")
    return read_connections(home / CONFIG)
