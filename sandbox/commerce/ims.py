"""Adobe's identity service for the cloud edition: client credentials for a bearer token, and its
check."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from sync.core.ports import Clock

LIFETIME = timedelta(seconds=86399)


@dataclass(frozen=True)
class Client:
    """Credentials of a server-to-server project in an organisation."""

    id: str
    secret: str
    organisation: str


class Refused(Exception):
    """The gateway in front of the cloud edition turns a request away; the body is the gateway's
    own, not the shop's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error_code": code, "message": message}


@dataclass
class IdentityService:
    """Hands out tokens and knows until when each is good."""

    clock: Clock
    client: Client
    tokens: dict[str, datetime] = field(default_factory=dict)

    def token(self, form: str) -> tuple[int, dict[str, Any]]:
        """Status and body of `POST /ims/token/v3` for a form."""
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        if sent.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        if "commerce.accs" not in sent.get("scope", "").replace(" ", ",").split(","):
            return 400, {"error": "invalid_scope"}
        if (sent.get("client_id"), sent.get("client_secret")) != (
            self.client.id,
            self.client.secret,
        ):
            return 401, {
                "error": "invalid_client",
                "error_description": "invalid client_id or client_secret",
            }
        token = f"eyJ.{self.clock.unique()}"
        self.tokens[token] = self.clock.now() + LIFETIME
        seconds = int(LIFETIME.total_seconds())
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": seconds}

    def expire(self) -> None:
        """Every token handed out so far is worth nothing from now on."""
        self.tokens.clear()

    def admit(self, authorization: str, organisation: str | None) -> None:
        """Let a token pass. Raises `Refused`: 401 for one that is not good, 403 for another
        organisation."""
        scheme, _, token = authorization.partition(" ")
        until = self.tokens.get(token.strip())
        if scheme.lower() != "bearer" or until is None or until <= self.clock.now():
            raise Refused(401, "401013", "Oauth token is not valid")
        if organisation not in {None, self.client.organisation}:
            raise Refused(403, "403025", "Profile is not valid")
