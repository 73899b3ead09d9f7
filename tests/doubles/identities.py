"""Identities that are given tokens, as by Entra: what azure-core calls a credential."""

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

FAR_AWAY = 4102444800
"""The end of every token, in seconds since 1970: no test lives to see it."""


@dataclass
class Directory:
    """Who was given which token, and for which audience. `trusted`: whether services accept its
    tokens."""

    reachable: bool = True
    trusted: bool = True
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def knows(self, token: str, audience: str) -> str | None:
        """The identity that a token for the audience was given to."""
        identity, scope = self.tokens.get(token, ("", ""))
        return identity if scope == audience and self.trusted else None


@dataclass
class Identity:
    """An `AsyncTokenCredential`."""

    name: str
    directory: Directory
    closed: int = 0
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        if not self.directory.reachable:
            raise ClientAuthenticationError(
                "no managed identity endpoint found: secret-looking-detail"
            )
        (scope,) = scopes
        return AccessToken(self.issue(scope.removesuffix("/.default")), FAR_AWAY)

    def issue(self, audience: str) -> str:
        """A new token that the directory knows."""
        token = _jwt(
            sub=self.name,
            aud=audience,
            jti=next(self._numbers),
            iss="https://sts.windows.net/contoso/",
        )
        self.directory.tokens[token] = (self.name, audience)
        return token

    async def close(self) -> None:
        self.closed += 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _jwt(**claims: Any) -> str:
    """A token that says what Entra's say and is signed by nobody."""
    said = {"iat": 0, "nbf": 0, "exp": FAR_AWAY, **claims}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode())
        for part in ({"typ": "JWT", "alg": "none"}, said)
    ]
    return ".".join(part.decode().rstrip("=") for part in parts) + "."
