"""Keeps a claim's lease alive while its delivery works, however long its requests take, and ends a
delivery that outlasts the time a host gives it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

from sync.core.errors import Later, Never, Unknown
from sync.engine.claim import LEASE, Claim
from sync.engine.ledger import Ledger

log = logging.getLogger("sync.engine.lease_keeper")

RENEWED_AFTER: Final = LEASE / 3
LONGEST: Final = timedelta(minutes=8)
"""How long a delivery may take: hosts stop a function after ten minutes, and all else that its
process holds may end with it (host.json)."""


class TookTooLong(Unknown):
    """The delivery was given up while a write may have been under way, in a request that others
    share: nothing is known of it before its announced time has passed."""


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """Work that is given up after `LONGEST`. Raises `TookTooLong` then."""
    try:
        async with asyncio.timeout(LONGEST.total_seconds()) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        minutes = LONGEST.total_seconds() / 60
        raise TookTooLong(f"it was not done within {minutes:.0f} minutes") from None


@contextmanager
def kept(ledger: Ledger, claim: Claim) -> Iterator[None]:
    """Renew the lease of a held claim, again and again, for the length of the block."""
    keeper = _Keeper(ledger, claim)
    try:
        yield
    finally:
        keeper.stop()


class _Keeper:
    def __init__(self, ledger: Ledger, claim: Claim) -> None:
        self._ledger = ledger
        self._claim = claim
        self._renewal: asyncio.Task[None] | None = None
        self._start()

    def stop(self) -> None:
        self._timer.cancel()
        if self._renewal is not None:
            self._renewal.cancel()

    def _start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(
            RENEWED_AFTER.total_seconds(), self._begin
        )

    def _begin(self) -> None:
        self._renewal = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        try:
            is_ours = await self._ledger.renew(self._claim)
        except (Later, Never) as trouble:  # our own tables: tried again while the lease lasts
            log.warning(
                "lease.not_renewed flow=%s connection=%s reason=%s",
                self._claim.flow, self._claim.connection, trouble.reason,
            )  # fmt: skip
            is_ours = True
        if is_ours:
            self._start()
