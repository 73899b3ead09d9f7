"""The demo's home directory: a vault with the sandboxes' credentials, and a connections.toml that
names them."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sandbox.demo.demand import section_of
from sandbox.demo.playing import flows_of
from sandbox.demo.section import SECTION
from sandbox.demo.signing_in import sign_in
from sandbox.terms import SERVICE_ACCOUNT, UNIT, Ready
from sync.app.embedded import vault_of
from sync.app.settings import NEEDED, Edition, Settings
from sync.config.connections import NumberMode
from sync.core.encoding import to_json

CONFIG: Final = "connections.toml"
SELLER: Final = "anna@sellers.example"
CARTS_SELLER: Final = "bert@sellers.example"
"""Whose tasks are of carts."""
PUBLIC, WHOLESALE, RECORD = "Default (General)", "Companies", 72
"""Shared catalogs, and the category of F&O that the second one is made of."""
CAP: Final = 6
"""New tasks of a seller a day: more accounts than that give reason to one."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - names in it are made by `mkdtemp`

RECIPES: Final = {
    NumberMode.OURS: {
        "invoices": "payment-journal", "creditmemos": "return-order", "write_back": "comment",
        "quotes": "",
    },
    NumberMode.THEIRS: {
        "invoices": "free-text-invoice", "creditmemos": "free-text-credit",
        "write_back": "ext_order_id",
        "quotes": 'target = "dataverse"\norder_field = "SalesOrderName"',
    },
}  # fmt: skip
"""Who chooses numbers has F&O invoice the sales orders, and books money; the other books all
revenue by free text, and negotiates quotes in Dynamics 365 Sales."""


def carrier_secret(name: str) -> str:
    """What the carrier of a connection signs with."""
    return f"{name}-carrier-of-the-demo"


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
        known = {**ready.credentials, "carrier-key": carrier_secret(name)}
        for secret, value in known.items():
            vault.set(f"{name}-{secret}", value)
        sections.append(
            SECTION.format(
                name=name, commerce=ready.commerce, dynamics=ready.dynamics, company=ready.company,
                numbers=ready.numbers, unit=UNIT, timing=seconds,
                flows=to_json(flows_of(ready.numbers)).decode(),
                mail_port=mail_port, seller=SELLER, carts_seller=CARTS_SELLER, cap=CAP,
                service_account=SERVICE_ACCOUNT, sign_in=sign_in(name, authorities.get(name)),
                public=PUBLIC, wholesale=WHOLESALE, record=RECORD, **RECIPES[ready.numbers],
            )
        )  # fmt: skip
        sections.append(section_of(name, ready.numbers))
    (home / CONFIG).write_text("".join(sections), encoding="utf-8")
