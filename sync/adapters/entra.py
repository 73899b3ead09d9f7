"""Tokens from Microsoft Entra ID: by client secret, by certificate, as the managed identity, or as
who is signed in.

azure-identity caches tokens in memory and renews them some minutes before they end, so there is one
credential per process and environment. The app (or the managed identity) is unknown to F&O until
its client id has a row, with a user, in System administration > Setup > Microsoft Entra
applications. Source: Microsoft, services-home-page.md.
"""

import asyncio
import logging
import re
from datetime import timedelta
from typing import Any, Final, NoReturn, Self

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import CredentialUnavailableError
from azure.identity.aio import (
    AzureCliCredential,
    AzureDeveloperCliCredential,
    CertificateCredential,
    ChainedTokenCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
)

from sync.adapters.azure_answers import wished
from sync.config.connections import Dynamics
from sync.core.errors import Later, Never, SignInRefused
from sync.core.ports import Secrets

log = logging.getLogger(__name__)

REFUSED_WAIT: Final = timedelta(minutes=5)
"""A refusal is cured by a person (an expired secret, a missing consent): asking more often helps
nobody."""

_CODE: Final = re.compile(r"AADSTS\d+")
_PATIENCE: Final = {"retry_total": 0, "connection_timeout": 10, "read_timeout": 20}
"""An answer that asks for patience is not waited out here: hours, if it says so, while others wait
for the same token."""
_REFUSALS: Final = frozenset({400, 401, 403})
"""Statuses by which Entra refuses who asks."""

CORRECT_SIGN_IN: Final = (
    "Correct them in connections.toml; a certificate is PEM with its unencrypted private key"
)


def managed_identity(client_id: str | None, **options: Any) -> AsyncTokenCredential:
    """The app's own identity. Its token cache is its own, so there is one per process; close it
    when done."""
    return ManagedIdentityCredential(client_id=client_id, **{**_PATIENCE, **options})


class OperatorSignIn:
    """Who runs a command, as signed in to the Azure Developer CLI (azd), else to the Azure CLI
    (az)."""

    def __init__(self) -> None:
        self._chain = ChainedTokenCredential(AzureDeveloperCliCredential(), AzureCliCredential())

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token of theirs. Raises `Never` when neither gives one; what they say, which may name
        people, is not repeated."""
        try:
            return await self._chain.get_token(*scopes, **options)
        except ClientAuthenticationError:
            raise Never(
                f"neither azd nor az gives a token for {scopes[0] if scopes else 'nothing'}",
                remedy=(
                    "Sign in with `azd auth login` or `az login`, to the tenant of the"
                    " subscription, then repeat the command."
                ),
            ) from None

    async def close(self) -> None:
        """Nothing stays open between two tokens."""
        await self._chain.close()

    async def __aenter__(self) -> Self:
        """As azure-core's clients use a credential."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()


class IdentityElsewhere:
    """The managed identity, asked for where it is not: only the deployed app can be it, and no
    operator's command."""

    async def token(self, *, renew: bool = False) -> NoReturn:  # noqa: ARG002 - as all tokens are asked for
        """Raises `Never`, always."""
        raise Never(
            "F&O is asked as the app's managed identity, which exists only in Azure and not"
            " for a command",
            remedy=(
                "Let the app do it: `backfill`, `replay` and its polls. While rehearsing, use auth"
                ' = "secret" or "certificate" in connections.toml; then this command can ask F&O'
                " from here."
            ),
        )

    async def close(self) -> None:
        """Nothing is open."""


class EntraTokens:
    """Tokens for one scope. Concurrent askers are served one after the other, from the cache but
    for the first.

    `own`: the process's credential for this very identity, which is used instead of another one and
    never closed here; asked to renew, it may give the token that it keeps.
    """

    def __init__(
        self,
        section: Dynamics,
        scope: str,
        secrets: Secrets,
        *,
        own: AsyncTokenCredential | None = None,
        **options: Any,
    ) -> None:
        self._section = section
        self._scope = scope
        self._secrets = secrets
        self._own = own
        self._options = {**_PATIENCE, **options}
        self._credential: AsyncTokenCredential | None = None
        self._asking = asyncio.Lock()

    async def token(self, *, renew: bool = False) -> str:
        """A token for the scope. `renew` forgets the cached one and reads the secret store again,
        for a rotated secret.

        Raises `Later` (using up no try) when Entra cannot be reached, `SignInRefused` with Entra's
        own code when it refuses, `Never` when the certificate cannot be read. None holds a secret.
        """
        async with self._asking:
            if renew:
                await self._forget()
            if self._credential is None:
                self._credential = await self._make()
            try:
                return (await self._credential.get_token(self._scope)).token
            except ClientAuthenticationError as error:
                await self._forget()
                raise self._refused(error) from None
            except (AzureError, ValueError, TypeError) as error:  # these two: of a senseless answer
                what = f"Entra gave no token for {self._scope}: {type(error).__name__}"
                raise Later(what, counts=False) from None

    async def close(self) -> None:
        """Close the credential's connections; the next `token` makes another."""
        async with self._asking:
            await self._forget()

    async def _forget(self) -> None:
        credential, self._credential = self._credential, None
        if credential is not None and credential is not self._own:
            await credential.close()

    def _refused(self, error: ClientAuthenticationError) -> Later:
        """The SDK says the same of a credential that is refused as of an issuer that is busy."""
        code = (_CODE.search(str(error.message)) or [type(error).__name__])[0]
        is_here = not isinstance(error, CredentialUnavailableError)
        if is_here and error.status_code not in _REFUSALS:
            what = f"Entra gave no token for {self._scope} ({code}, HTTP {error.status_code})"
            return Later(what, after=wished(error), counts=False)
        log.error("dynamics.sign_in_refused scope=%s code=%s", self._scope, code)
        check = (
            "a managed identity exists only where it is assigned, so in Azure; elsewhere use"
            " another auth"
            if self._section.auth == "managed_identity"
            else "check tenant, client id and the expiry of its secret"
        )
        what = f"Entra refused a token for {self._scope} ({code}): {check}"
        return SignInRefused(what, after=REFUSED_WAIT, remedy=check)

    async def _make(self) -> AsyncTokenCredential:
        if self._own is not None:
            return self._own
        section = self._section
        name = section.client_secret if section.auth == "secret" else section.certificate
        shown = "" if section.auth == "managed_identity" else await self._secrets.get(str(name))
        try:
            return self._built(shown)
        except ValueError:
            taken = f"is not what Entra takes for auth = {section.auth}"
            what = f"tenant, authority or the secret {name} {taken}"
            raise Never(what, remedy=CORRECT_SIGN_IN) from None

    def _built(self, shown: str) -> AsyncTokenCredential:
        section = self._section
        if section.auth == "managed_identity":
            return managed_identity(section.client_id, **self._options)
        tenant, client_id = str(section.tenant), str(section.client_id)
        options = {"authority": section.authority, **self._options}
        if section.auth == "secret":
            return ClientSecretCredential(tenant, client_id, shown, **options)
        return CertificateCredential(tenant, client_id, certificate_data=shown.encode(), **options)
