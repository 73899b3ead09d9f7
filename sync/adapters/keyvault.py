"""Secrets in Azure Key Vault, kept in memory for minutes.

A secret younger than `FRESH` is not asked for again, so a rotation arrives within that time. What
the vault says is obeyed at once: a secret that was deleted or disabled, or a right that was
withdrawn, ends the use of a kept value. Its silence is not: while it cannot be reached, throttles
or gets no token, kept values serve up to `STALE`, and it is asked again every `QUIET`. Nothing kept
is written down or shown: not in an error, a log line or a repr.
"""

import asyncio
import logging
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, HttpResponseError
from azure.keyvault.secrets.aio import SecretClient

from sync.adapters.keyvault_errors import reported, unlike_a_vault
from sync.core.errors import Later, Never
from sync.core.ports import UNDATED, Clock, SecretDates

log = logging.getLogger(__name__)

FRESH: Final = timedelta(minutes=5)
STALE: Final = timedelta(hours=4)
"""Longer than the vault's troubles last, shorter than a working day: for so long a revocation may
go unseen."""
QUIET: Final = timedelta(seconds=20)
"""After a question without an answer, nobody waits for another one until this has passed."""
REFUSAL_KEPT: Final = timedelta(seconds=5)
"""For so long a "not there" is remembered: forged hooks are no reason to ask again each time."""
NAME: Final = re.compile(r"[A-Za-z0-9-]{1,127}")
PATIENCE: Final[dict[str, Any]] = {"connection_timeout": 5, "read_timeout": 10, "retry_total": 0}
"""aiohttp repeats a question once whose connection broke; an answer that asks for patience is not
waited out here."""

NAME_ANOTHER: Final = "Name a secret of 1 to 127 letters, digits and hyphens in connections.toml"


@dataclass
class _Kept:
    """What is known of one secret. `trouble`: why the last question had no answer."""

    value: str | None = field(default=None, repr=False)
    dates: SecretDates = UNDATED
    reported_at: datetime | None = None
    trouble: Later | None = None
    quiet_until: datetime | None = None
    refusal: Never | None = None
    refused_until: datetime | None = None
    asking: "asyncio.Task[str] | None" = field(default=None, repr=False)

    def within(self, age: timedelta, now: datetime) -> str | None:
        """The value, if the vault told it no longer ago than `age`."""
        return self.value if self.reported_at is not None and now - self.reported_at < age else None

    def learn(self, value: str | None, now: datetime) -> None:
        """The vault has answered: this is the value, or there is none."""
        self.value, self.reported_at, self.trouble = value, now if value is not None else None, None
        self.refusal = None

    def refuse(self, refusal: Never, now: datetime) -> None:
        """The vault has answered that it has no such secret."""
        self.learn(None, now)
        self.refusal, self.refused_until = refusal, now + REFUSAL_KEPT

    def raise_refusal(self, now: datetime) -> None:
        """Raise again what the vault has just answered."""
        if self.refusal is not None and self.refused_until is not None and now < self.refused_until:
            known = self.refusal
            raise Never(known.reason, remedy=known.remedy, code=known.code)

    def answered(self, asking: "asyncio.Task[str]") -> None:
        """Nobody asks any more; callers that still waited got the result."""
        self.asking = None
        if not asking.cancelled():
            asking.exception()

    def fail(self, trouble: Later, now: datetime) -> None:
        """The vault has not answered."""
        self.trouble, self.quiet_until = trouble, now + QUIET


class KeyVaultSecrets:
    """`Secrets` of one vault; `vault_url` as in https://name.vault.azure.net. One per process;
    close it when done.

    The credential stays the caller's to close.
    """

    def __init__(
        self, vault_url: str, credential: AsyncTokenCredential, clock: Clock, **options: Any
    ) -> None:
        self._vault = urlsplit(vault_url).hostname or vault_url
        self._client = SecretClient(vault_url, credential, **{**PATIENCE, **options})
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def __repr__(self) -> str:
        return f"KeyVaultSecrets({self._vault!r})"

    async def close(self) -> None:
        """Close the connections and forget every value. Safe to repeat."""
        under_way = [kept.asking for kept in self._kept.values() if kept.asking is not None]
        self._kept.clear()
        for asking in under_way:
            asking.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._client.close()

    async def get(self, name: str) -> str:
        """The secret's current version, at most `FRESH` old while the vault answers. One asks, the
        others wait for it.

        Raises `Never` with a remedy when there is none of that name, it is disabled, or the app may
        not read it; `Later` (using up no try) when the vault does not answer and no value is kept,
        or none young enough.
        """
        if not NAME.fullmatch(name):
            remedy = f"{NAME_ANOTHER} instead of {name!r}."
            raise Never(f"{name!r} cannot be the name of a secret in {self._vault}", remedy=remedy)
        kept, now = self._kept.setdefault(name.lower(), _Kept()), self._clock.now()
        # While somebody asks already, who has a value need not wait.
        value = kept.within(FRESH if kept.asking is None else STALE, now)
        if value is not None:
            return value
        kept.raise_refusal(now)
        if kept.asking is None:
            # A task of its own: a hook that gives up waiting must not undo what asking finds out.
            kept.asking = asyncio.create_task(self._current(name, kept))
            kept.asking.add_done_callback(kept.answered)
        return await asyncio.shield(kept.asking)

    async def dates(self, name: str) -> SecretDates:
        """When the version in use was stored, and when it ends, where somebody has set that. Raises
        as `get` does."""
        await self.get(name)
        return self._kept[name.lower()].dates

    async def _current(self, name: str, kept: _Kept) -> str:
        now = self._clock.now()
        if kept.trouble is None or kept.quiet_until is None or now >= kept.quiet_until:
            await self._ask(name, kept)
        value = kept.within(STALE, now) if kept.trouble is not None else kept.value
        if value is None:
            assert kept.trouble is not None, "an answer leaves a value, or has been raised"
            raise Later(kept.trouble.reason, after=kept.trouble.after, counts=False)
        return value

    async def _ask(self, name: str, kept: _Kept) -> None:
        try:
            secret = await self._client.get_secret(name)
        except HttpResponseError as error:
            outcome = reported(self._vault, name, error)
        except AzureError as error:
            what = f"{self._vault} cannot be reached ({type(error).__name__})"
            outcome = Later(what, counts=False)
        except ValueError:
            outcome = unlike_a_vault(self._vault)
        else:
            kept.learn(secret.value or "", self._clock.now())
            told = secret.properties
            kept.dates = SecretDates(told.created_on, told.expires_on)
            return
        if isinstance(outcome, Never):
            kept.refuse(outcome, self._clock.now())
            raise outcome
        kept.fail(outcome, self._clock.now())
        log.warning(
            "keyvault.unanswered name=%s kept=%s reason=%s",
            name, kept.value is not None, outcome.reason,
        )  # fmt: skip
