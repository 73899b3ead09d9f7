"""Identities that are given tokens, as by Entra: what azure-core calls a credential."""

import itertools
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

FAR_AWAY = 4102444800
"""The end of every token, in seconds since 1970: no test lives to see it."""


@dataclass
class Directory:
    """Who was given which token, and for which audience. `trusted`: whether services accept its tokens."""

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
            raise ClientAuthenticationError("no managed identity endpoint found: secret-looking-detail")
        (scope,) = scopes
        token = f"{self.name}-{next(self._numbers)}"
        self.directory.tokens[token] = (self.name, scope.removesuffix("/.default"))
        return AccessToken(token, FAR_AWAY)

    async def close(self) -> None:
        self.closed += 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()
