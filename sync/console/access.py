"""Who asks: from a session of ours, or from what Azure's platform says of its own sign-in.

The platform's headers are believed only where the setting says that it signs people in: it then
removes what a caller sends under these names (Microsoft: "Work with user identities in Azure App
Service authentication", read 2026-11). Anywhere else they are a caller's own words.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from sync.app.console_sign_ins import Person, Role, SignIns
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.core.encoding import NotJson, from_json

COOKIE: Final = "console"
PRINCIPAL: Final = "x-ms-client-principal"
ROLE_CLAIMS: Final = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
NAME_CLAIMS: Final = (
    "preferred_username",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "name",
)
ID_CLAIMS: Final = (
    "http://schemas.microsoft.com/identity/claims/objectidentifier", "oid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "sub",
)  # fmt: skip
DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Stranger:
    """Nobody who may look. `name`: of who is signed in and has no role; else empty."""

    name: str = ""


class Access:
    """Who may look at the console, and what proves that a form came from its own page."""

    def __init__(self, services: Services) -> None:
        parts = services.edition_parts
        self.mode = parts.console
        self.sign_ins = SignIns(parts.tables, parts.clock)
        self._clock, self._key = parts.clock, parts.email_key

    async def of(self, headers: Mapping[str, str]) -> Person | Stranger:
        """Who sends these headers (names in lower case)."""
        if self.mode is ConsoleSignIn.ENTRA:
            return signed_in_by_platform(headers)
        session = session_in(headers)
        if self.mode is ConsoleSignIn.TOKEN and session:
            return await self.sign_ins.person(session) or Stranger()
        return Stranger()

    def form_key(self, person: Person) -> str:
        """What a form of this person's pages carries; another site cannot know it."""
        return self._form_key(person, 0)

    def is_own_form(self, person: Person, given: str) -> bool:
        """Whether a form is of this person's own page, of today or yesterday."""
        keys = [self._form_key(person, ago) for ago in (0, 1)]
        matches = [hmac.compare_digest(key.encode(), given.encode()) for key in keys]
        return any(matches)

    def _form_key(self, person: Person, ago: int) -> str:
        day = (self._clock.now() - ago * DAY).date().isoformat()
        text = f"console form|{self.mode}|{person.id}|{day}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def session_in(headers: Mapping[str, str]) -> str:
    """The session that a browser sends; empty where it sends none."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def is_from_elsewhere(headers: Mapping[str, str], host: str) -> bool:
    """Whether a browser says that a form was sent by a page of another origin. One that tells no
    site (over plain HTTP) tells an origin."""
    if site := headers.get("sec-fetch-site", ""):
        return site not in ("same-origin", "none")
    origin = headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != host


def signed_in_by_platform(headers: Mapping[str, str]) -> Person | Stranger:
    """Who the platform says it is, with the highest of their app roles; a stranger where it says
    nothing that can be read, or no role of the console's."""
    claims = _claims(headers.get(PRINCIPAL, ""))
    name, id_ = _first(claims, NAME_CLAIMS), _first(claims, ID_CLAIMS)
    roles = {value.lower() for kind, value in claims if kind in ROLE_CLAIMS}
    for role in (Role.OPERATOR, Role.VIEWER):
        if role in roles and id_:
            return Person(name or id_, role, id_)
    return Stranger(name or id_)


def _claims(text: str) -> list[tuple[str, str]]:
    """The claims of a principal: JSON in base64."""
    try:
        principal = from_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, NotJson):
        return []
    claims: Any = principal.get("claims") if isinstance(principal, dict) else None
    rows = [one for one in claims if isinstance(one, dict)] if isinstance(claims, list) else []
    return [(str(one.get("typ", "")), str(one.get("val", ""))) for one in rows]


def _first(claims: Iterable[tuple[str, str]], kinds: tuple[str, ...]) -> str:
    known = dict(reversed(list(claims)))
    return next((known[kind] for kind in kinds if known.get(kind)), "")
