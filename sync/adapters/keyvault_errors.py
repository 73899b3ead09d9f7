"""What Key Vault refuses or cannot do, in the engine's words. Its own texts, which name callers,
are not handed on.

Codes: Microsoft, general/rest-error-codes.md, and the `innererror` of 403 answers.
"""

import re
from datetime import timedelta
from typing import Any, Final

from azure.core.exceptions import HttpResponseError

from sync.adapters.azure_answers import BUSY, CHECK_IDENTITY, REFUSED_WAIT, header, wished
from sync.core.errors import Later, Never

ROLE: Final = "Key Vault Secrets User (4633458b-17de-408a-b874-0445c86b69e6)"
BUSY_WAIT: Final = timedelta(seconds=10)

_NETWORK: Final = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})

OR_RECOVER: Final = (
    f"The app's identity reads it in the role {ROLE}. A deleted secret is brought back with: az"
    " keyvault secret recover."
)
CHECK_URL: Final = (
    "Check that KEY_VAULT_URL names a Key Vault; else this is a fault of the product: report it"
    " with this code."
)
ENABLE: Final = (
    "Enable its current version, or set a new one: az keyvault secret set-attributes --name {}"
    " --enabled true."
)
ADMIT: Final = (
    "Let the vault's firewall admit the app, or join the app to the network of the vault's private"
    " endpoint."
)
GIVE_ROLE: Final = (
    f"Give the app's identity, or the person who runs a command, the role {ROLE} on the vault. It"
    " takes effect after some minutes."
)


def reported(vault: str, name: str, error: HttpResponseError) -> Later | Never:
    """What the vault's answer to a question for the secret `name` means."""
    status = error.status_code
    if status is None or status == 401:
        what = f"{vault} accepts no token of this app ({_named(error)}): {CHECK_IDENTITY}"
        return Later(what, after=REFUSED_WAIT, counts=False)
    if status in BUSY:
        what = f"{vault} is busy or in trouble ({_named(error)})"
        return Later(what, after=wished(error, BUSY_WAIT), counts=False)
    code = header(error, "x-ms-request-id")
    if status == 404:
        store = f"az keyvault secret set --vault-name {vault.partition('.')[0]} --name {name}"
        remedy = f"Store it: {store} --file <file>. {OR_RECOVER}"
        return Never(f"no secret {name} in {vault}", remedy=remedy, code=code)
    if status == 403:
        return _forbidden(vault, name, error, code)
    what = f"{vault} refuses the question for the secret {name} ({_named(error)})"
    return Never(what, remedy=CHECK_URL, code=code)


def unlike_a_vault(vault: str) -> Never:
    """What answers does not prove to be a Key Vault of this name: no token is given to it."""
    return Never(
        f"what answers at {vault} is no Key Vault of that name",
        remedy="Correct KEY_VAULT_URL, as in https://name.vault.azure.net.",
    )


def _forbidden(vault: str, name: str, error: HttpResponseError, code: str) -> Never:
    inner = _inner(error)
    if inner == "SecretDisabled":
        what = f"the secret {name} in {vault} is disabled"
        return Never(what, remedy=ENABLE.format(name), code=code)
    if inner in _NETWORK:
        what = f"the network rules of {vault} keep the app out ({inner})"
        return Never(what, remedy=ADMIT, code=code)
    what = f"the app may not read the secret {name} in {vault} ({inner or 'Forbidden'})"
    return Never(what, remedy=GIVE_ROLE, code=code)


def _inner(error: HttpResponseError) -> str:
    """The code of the innermost reason given; empty when there is none."""
    said: Any = getattr(error.error, "innererror", None)
    code = said.get("code") if isinstance(said, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"\w{1,80}", code) else ""


def _named(error: HttpResponseError) -> str:
    return f"HTTP {error.status_code}" if error.status_code else type(error).__name__
