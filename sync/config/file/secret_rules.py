"""Which names of secrets a section needs, and that no secret itself is written there."""

from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel

from sync.config.file.breaches import Breach
from sync.config.file.toml_lines import Path

PAAS_KEYS: Final = ("consumer_key", "consumer_secret", "token", "token_secret")
EDITION_KEYS: Final = {
    "paas": PAAS_KEYS,
    "saas": ("client_id", "client_secret", "organisation"),
}
AUTH_KEYS: Final = {
    "secret": ("tenant", "client_id", "client_secret"),
    "certificate": ("tenant", "client_id", "certificate"),
    "managed_identity": (),
    "bearer": ("bearer",),
}
SECRETS: Final = (*PAAS_KEYS, "client_secret", "certificate", "bearer")


def needed(path: Path, section: BaseModel, names: tuple[str, ...], why: str) -> Iterator[Breach]:
    """A breach for each of the names that is not written."""
    for name in names:
        if not getattr(section, name):
            secret = ", the name of the secret in the vault" if name in SECRETS else ""
            yield Breach(
                (*path, name),
                f'"{name}" is missing; {why} needs it',
                f'Write {name} = "…"{secret}.',
            )


def pasted(path: Path, section: BaseModel) -> Iterator[Breach]:
    """A breach for each name that looks like the secret itself."""
    names = (name for name in SECRETS if looks_like_a_secret(getattr(section, name, None)))
    yield from (leaked((*path, name)) for name in names)


def looks_like_a_secret(value: str | None) -> bool:
    """Commerce's tokens are 32 letters and digits, which a secret's name could be, but is not."""
    return (
        bool(value)
        and len(str(value)) >= 32
        and str(value).isalnum()
        and any(c.isdigit() for c in str(value))
    )


def leaked(path: Path) -> Breach:
    """A secret stands at the path."""
    remedy = (
        "Put the secret into the vault, write its name here, and issue a new secret: this one has"
        " been in a file."
    )
    return Breach(
        path, "this looks like the secret itself (not shown), not like the name of one", remedy
    )
