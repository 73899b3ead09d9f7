"""The environment's settings: read once, in one place, every missing or wrong name reported
together.

| name | edition | what | | --- | --- | --- | | SYNC_EDITION | all | `embedded`, `emulated` or
`azure`; found out from the other names where it is absent | | SYNC_CONNECTIONS | all | path of
connections.toml; `connections.toml` | | SYNC_HOST_KEY | all | key that callers of the local host's
routes must show | | SYNC_LOG, SYNC_LOG_FORMAT | all | `debug`, `info`, `warning` or `error`; `text`
or `json` | | SYNC_CONSOLE | all | who lets people into the web console: `off`, `token` or `entra`
(Azure alone); `off` in Azure, else `token` | | SYNC_KEEP_COPIES_MONTHS | all | whole months for
which encrypted copies of documents are kept, 1 to 120; 12 | | SYNC_HOME | embedded, emulated |
directory of queue, tables and vault; `.sync` | | SYNC_VAULT_KEY or SYNC_VAULT_KEY_FILE | embedded,
emulated | what opens the vault; else `vault.key` in SYNC_HOME | | SYNC_VAULT_MARK | embedded,
emulated | file that remembers how often the vault was written, best on another disk; `vault.mark`
in SYNC_HOME | | SERVICE_BUS, TABLES_CONNECTION | emulated | connection strings of the emulators | |
SERVICE_BUS__fullyQualifiedNamespace | azure | host name of the Service Bus namespace | |
TABLES_ENDPOINT, KEY_VAULT_URL | azure | URLs of the table account and of the Key Vault | |
AZURE_CLIENT_ID | azure | client id of the app's managed identity | | REPORTS_ENDPOINT | azure | set
in the job that builds reports alone: URL of the blobs where the data set stays; commands are then
the identity | | APPLICATIONINSIGHTS_CONNECTION_STRING | emulated, azure | where spans and metrics
go; nowhere without it |
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from sync.engine.copies import KEEP_MONTHS, LONGEST_KEPT

LOST_IN_AZURE: Final = (
    "which keeps its state on a disk that Azure throws away; only azure runs there"
)
NOT_RESOLVED: Final = (
    "a Key Vault reference that was not resolved: see the app's identity and its role on the vault"
)


class ConsoleSignIn(StrEnum):
    """Who lets people into the web console: nobody; a one-time token that a command prints; or
    Entra, whose sign-in Azure's platform does before a request reaches the app."""

    OFF = "off"
    TOKEN = "token"  # noqa: S105 - no secret
    ENTRA = "entra"


class Edition(StrEnum):
    """Where the product runs."""

    EMBEDDED = "embedded"
    EMULATED = "emulated"
    AZURE = "azure"


NAMESPACE: Final = "SERVICE_BUS__fullyQualifiedNamespace"
CONSOLE: Final = "SYNC_CONSOLE"
NEEDED: Final = {
    Edition.EMBEDDED: (),
    Edition.EMULATED: ("SERVICE_BUS", "TABLES_CONNECTION"),
    Edition.AZURE: (NAMESPACE, "TABLES_ENDPOINT", "KEY_VAULT_URL", "AZURE_CLIENT_ID"),
}
REPORTS: Final = "REPORTS_ENDPOINT"
CHOICES: Final = {
    CONSOLE: tuple(choice.value for choice in ConsoleSignIn),
    "SYNC_EDITION": tuple(edition.value for edition in Edition),
    "SYNC_LOG": ("debug", "info", "warning", "error"),
    "SYNC_LOG_FORMAT": ("text", "json"),
}
SHAPES: Final = {
    NAMESPACE: (r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a host name, as in name.servicebus.windows.net"),
    "TABLES_ENDPOINT": (
        r"https://[^/\s?#@]+/?",
        "a URL, as in https://name.table.core.windows.net",
    ),
    "KEY_VAULT_URL": (r"https://[^/\s?#@]+/?", "a URL, as in https://name.vault.azure.net"),
    REPORTS: (r"https://[^/\s?#@]+/?", "a URL, as in https://name.blob.core.windows.net"),
}
KEEP: Final = "SYNC_KEEP_COPIES_MONTHS"
SECRETS: Final = ("SYNC_VAULT_KEY", "SYNC_HOST_KEY", "SERVICE_BUS", "TABLES_CONNECTION")
IN_AZURE: Final = ("WEBSITE_INSTANCE_ID", "WEBSITE_SKU")
"""Names that Azure sets on a deployed function app and the local host does not."""

SIGNS_IN: Final = "WEBSITE_AUTH_ENABLED"
"""Which Azure sets to whether it signs people in before a request reaches the app."""
SITE: Final = "WEBSITE_SITE_NAME"
"""The function app's name, which Azure sets."""
UNRESOLVED: Final = "@Microsoft.KeyVault("
"""How a Key Vault reference reads that Azure could not resolve: it is handed on as it stands."""


class SettingsMissing(Exception):
    """Settings that must be in the environment are not, or are not what they must be.

    `names` holds every one of them; no value is in the text.
    """

    def __init__(self, names: Sequence[str], wrong: Mapping[str, str] | None = None) -> None:
        self.names = tuple(names)
        self.wrong = dict(wrong or {})
        reported = [f"{name} is {self.wrong.get(name, 'missing')}" for name in self.names]
        place = (
            "Set them in the environment (in Azure: the function app's settings), then start again."
        )
        super().__init__(f"settings are missing: {'; '.join(reported)}. {place}")


@dataclass(frozen=True)
class Settings:
    """What the environment says. Empty text and None: not set, and not needed in this edition."""

    edition: Edition
    home: Path
    connections: Path
    vault_key: SecretStr | None = None
    vault_key_file: Path | None = None
    vault_mark: Path | None = None
    host_key: SecretStr | None = None
    service_bus_namespace: str = ""
    service_bus_connection: SecretStr | None = None
    tables_endpoint: str = ""
    tables_connection: SecretStr | None = None
    key_vault_url: str = ""
    identity_client_id: str = ""
    reports_endpoint: str = ""
    log_level: str = "info"
    log_format: str = "text"
    keep_months: int = KEEP_MONTHS
    console: ConsoleSignIn = ConsoleSignIn.OFF
    application_insights: str = field(default="", repr=False)
    site: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings of `os.environ` or a similar mapping. Raises `SettingsMissing` with every
        name at once.

        A name that is set to nothing counts as not set.
        """
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        edition = _edition(given)
        missing = {name: "missing" for name in NEEDED[edition] if name not in given}
        faults = {**missing, **dict(_wrong(given, edition))}
        if faults:
            raise SettingsMissing(sorted(faults), faults)
        hidden = {name: SecretStr(given[name]) for name in SECRETS if name in given}
        key_file = given.get("SYNC_VAULT_KEY_FILE")
        return cls(
            edition=edition,
            home=Path(given.get("SYNC_HOME", ".sync")),
            connections=Path(given.get("SYNC_CONNECTIONS", "connections.toml")),
            vault_key=hidden.get("SYNC_VAULT_KEY"),
            vault_key_file=Path(key_file) if key_file else None,
            vault_mark=Path(given["SYNC_VAULT_MARK"]) if "SYNC_VAULT_MARK" in given else None,
            host_key=hidden.get("SYNC_HOST_KEY"),
            service_bus_namespace=given.get(NAMESPACE, "").lower(),
            service_bus_connection=hidden.get("SERVICE_BUS"),
            tables_endpoint=given.get("TABLES_ENDPOINT", "").rstrip("/"),
            tables_connection=hidden.get("TABLES_CONNECTION"),
            key_vault_url=given.get("KEY_VAULT_URL", "").rstrip("/"),
            identity_client_id=given.get("AZURE_CLIENT_ID", ""),
            reports_endpoint=given.get(REPORTS, "").rstrip("/") if edition is Edition.AZURE else "",
            log_level=given.get("SYNC_LOG", "info").lower(),
            log_format=given.get("SYNC_LOG_FORMAT", "text").lower(),
            keep_months=int(given.get(KEEP, KEEP_MONTHS)),
            console=_console(given, edition),
            application_insights=given.get("APPLICATIONINSIGHTS_CONNECTION_STRING", ""),
            site=given.get(SITE, ""),
        )


def _edition(given: Mapping[str, str]) -> Edition:
    """As it is named, else as the other names betray it: nothing in Azure may run on a disk that is
    thrown away."""
    named = given.get("SYNC_EDITION", "").lower()
    if named in CHOICES["SYNC_EDITION"]:
        return Edition(named)
    if any(name in given for name in (NAMESPACE, *IN_AZURE)):
        return Edition.AZURE
    return Edition.EMULATED if "SERVICE_BUS" in given else Edition.EMBEDDED


def _console(given: Mapping[str, str], edition: Edition) -> ConsoleSignIn:
    """As it is named. In Azure nobody gets in until somebody says how."""
    usual = ConsoleSignIn.OFF if edition is Edition.AZURE else ConsoleSignIn.TOKEN
    return ConsoleSignIn(given.get(CONSOLE, usual).lower())


def _wrong(given: Mapping[str, str], edition: Edition) -> Iterator[tuple[str, str]]:
    for name, choices in CHOICES.items():
        if name in given and given[name].lower() not in choices:
            yield name, f"none of {', '.join(choices)}"
    for name in SHAPES.keys() & given.keys() & {*NEEDED[edition], REPORTS}:
        shape, expected = SHAPES[name]
        if not re.fullmatch(shape, given[name], re.IGNORECASE):
            yield name, f"not {expected}"
    yield from _at_odds(given, edition)
    for name in (*SECRETS, *NEEDED[edition]):
        if given.get(name, "").startswith(UNRESOLVED):
            yield name, NOT_RESOLVED


def _is_off(given: Mapping[str, str]) -> bool:
    return given.get(SIGNS_IN, "true").lower() != "true"


def _at_odds(given: Mapping[str, str], edition: Edition) -> Iterator[tuple[str, str]]:
    if not (given.get(KEEP, "1").isdecimal() and 1 <= int(given.get(KEEP, "1")) <= LONGEST_KEPT):
        yield KEEP, f"not a whole number from 1 to {LONGEST_KEPT}"
    if "SYNC_VAULT_KEY" in given and "SYNC_VAULT_KEY_FILE" in given:
        yield "SYNC_VAULT_KEY_FILE", "set beside SYNC_VAULT_KEY, and one of the two is enough"
    if given.get(CONSOLE, "").lower() == ConsoleSignIn.ENTRA and edition is not Edition.AZURE:
        yield CONSOLE, "entra, and only Azure's platform signs people in so"
    if given.get(CONSOLE, "").lower() == ConsoleSignIn.ENTRA and _is_off(given):
        yield CONSOLE, "entra, but the platform signs nobody in (Authentication of the app is off)"
    if edition is not Edition.AZURE and any(name in given for name in IN_AZURE):
        yield "SYNC_EDITION", f"{edition}, {LOST_IN_AZURE}"
