"""Who is signed in to the web console where no platform signs people in: one-time tokens that a
command prints, and the sessions that they open.

Only digests are stored, so that who reads the tables can sign in with nothing of them. A token is
used up by the process that deletes its row.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sync.core.ports import Clock, Conflict, Row, Tables, Value

SIGN_INS: Final = "consolesignins"
TOKENS, SESSIONS = "tokens", "sessions"
TOKEN_LASTS: Final = timedelta(minutes=10)
SESSION_LASTS: Final = timedelta(hours=8)
KEEP: Final = timedelta(days=1)
"""How long rows are kept that nobody can use any more."""
LONGEST: Final = 200
"""Characters of a token or a session; ours have 64."""


class Role(StrEnum):
    """A viewer sees everything that names nobody, and changes nothing."""

    VIEWER = "viewer"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Person:
    """Who uses the console. `id` tells them from others; no secret."""

    name: str
    role: Role
    id: str

    @property
    def is_operator(self) -> bool:
        """Whether they may change something, and see copies of documents."""
        return self.role is Role.OPERATOR


class SignIns:
    """The tokens and the sessions of one installation."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self._tables, self._clock = tables, clock

    async def token(self, name: str, role: Role) -> str:
        """A new one-time token for a person."""
        return await self._issued(TOKENS, name, role, TOKEN_LASTS)

    async def session(self, token: str) -> str | None:
        """A new session for a token, which is used up; None where it was used, is over, or never
        was."""
        row = await self._row(TOKENS, token)
        if row is None:
            return None
        try:
            await self._tables.delete(SIGN_INS, TOKENS, row.key, row.etag)
        except Conflict:
            return None
        person = _person(row)
        return await self._issued(SESSIONS, person.name, person.role, SESSION_LASTS)

    async def person(self, session: str) -> Person | None:
        """Whose session it is, while it lasts."""
        row = await self._row(SESSIONS, session)
        return _person(row) if row is not None else None

    async def end(self, session: str) -> None:
        """Nobody is signed in by this session any more; nothing there is fine."""
        await self._tables.delete(SIGN_INS, SESSIONS, _digest(session))

    async def _issued(self, kind: str, name: str, role: Role, lasts: timedelta) -> str:
        secret = f"{self._clock.unique()}{self._clock.unique()}"
        until = self._clock.now() + lasts
        cells: dict[str, Value] = {"name": name, "role": str(role), "until": until}
        await self._tables.insert(SIGN_INS, Row(kind, _digest(secret), cells))
        return secret

    async def _row(self, kind: str, secret: str) -> Row | None:
        if not 0 < len(secret) <= LONGEST:
            return None
        row = await self._tables.get(SIGN_INS, kind, _digest(secret))
        until = row.values.get("until") if row is not None else None
        return row if isinstance(until, datetime) and until > self._clock.now() else None


def _person(row: Row) -> Person:
    return Person(str(row.values["name"]), Role(str(row.values["role"])), row.key)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
