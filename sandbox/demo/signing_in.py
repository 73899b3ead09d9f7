"""How the product signs in to F&O: by a token that never changes, or by certificate."""

from pathlib import Path
from typing import Final

from sandbox.entra import TENANT, Certificate, Entra
from sync.app.embedded import vault_of

CERTIFICATE: Final = "certificate"
"""What is behind a connection's name in the name of its certificate in the vault."""


def certify(home: Path, name: str, entra: Entra) -> None:
    """Give a connection a new certificate, beside those that it has."""
    certificate = Certificate.made()
    entra.register(certificate)
    vault_of(home).set(f"{name}-{CERTIFICATE}", certificate.pem.decode())


def sign_in(name: str, authority: str | None) -> str:
    """The lines of a connection's configuration. `authority`: where it signs in by certificate."""
    if authority is None:
        return f'auth = "bearer"\nbearer = "{name}-bearer"'
    return (
        f'auth = "certificate"\nauthority = "{authority}"\ntenant = "{TENANT}"\n'
        f'client_id = "{name}"\ncertificate = "{name}-{CERTIFICATE}"'
    )
