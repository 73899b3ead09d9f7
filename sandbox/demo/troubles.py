"""What goes wrong with the machine under the product, and with its keys, for seconds at a time. The
product is killed and started meanwhile; whatever it cannot store or read, it must find again."""

import asyncio
import resource
import secrets
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from sandbox.demo.environment import Environment
from sandbox.demo.relay import Relays
from sandbox.demo.signing_in import certify
from sync.app.embedded import vault_of

PAUSES: Final = (3.0, 8.0)
"""Seconds between two troubles."""
LENGTHS: Final = (3.0, 8.0)
STEPS: Final = (-40.0, 40.0)
"""Seconds by which the machine's clock is set."""
FULL: Final = 4096
"""Bytes that a file may have on a disk that is full."""
CERTIFIED: Final = "garden"
"""The connection that signs in to F&O by certificate."""
FILES: Final = ("queue.sqlite", "tables.sqlite")
Trouble = Callable[["Troubles", float], Awaitable[None]]


@dataclass
class Troubles:
    """One trouble after the other. `home`: of the product; `relays`: before services that it needs,
    where there are any. `alive`: held while the product cannot be started."""

    environment: Environment
    home: Path
    chance: Random
    relays: Relays | None = None
    alive: asyncio.Lock = field(default_factory=asyncio.Lock)
    counts: Counter[str] = field(default_factory=Counter)

    async def happen(self, stop: asyncio.Event) -> None:
        """In turn until `stop`; then all is well again."""
        certified = CERTIFICATES if self.environment.entra is not None else {}
        while not stop.is_set():
            for name, trouble in {**(AWAY if self.relays else HERE), **certified}.items():
                await _pass(stop, self.chance.uniform(*PAUSES))
                if stop.is_set():
                    break
                await trouble(self, self.chance.uniform(*LENGTHS))
                self.counts[name] += 1
        self.environment.set_clock(0.0)


async def _disk_is_full(troubles: Troubles, seconds: float) -> None:
    """No file of the running process grows: what SQLite meets on a full disk. Who starts after a
    kill has room again."""
    pid, endless = troubles.environment.host_pid, resource.RLIM_INFINITY
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL, endless))
        await asyncio.sleep(seconds)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (endless, endless))
    except ProcessLookupError:
        return


async def _stores_are_held(troubles: Troubles, seconds: float) -> None:
    """Another process keeps queue and tables to itself."""
    async with troubles.alive:
        for name in FILES:
            with closing(sqlite3.connect(troubles.home / name, isolation_level=None)) as db:
                db.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(seconds)
                db.execute("ROLLBACK")


async def _services_are_away(troubles: Troubles, seconds: float) -> None:
    assert troubles.relays is not None, "chosen by it"
    async with troubles.alive:
        troubles.relays.close()
        await asyncio.sleep(seconds)
        troubles.relays.open()


async def _clock_is_set(troubles: Troubles, seconds: float) -> None:
    """Forward or back, by more than clocks are allowed to be apart, and right again."""
    troubles.environment.set_clock(troubles.chance.choice(STEPS))
    await asyncio.sleep(seconds)
    troubles.environment.set_clock(0.0)


async def _keys_are_rotated(troubles: Troubles, _: float) -> None:
    """F&O's token with both valid for a while, the shop's key pair at once, as Commerce has it."""
    vault, pairs = vault_of(troubles.home), troubles.environment.pairs
    for name, pair in list(pairs.items()):
        token = secrets.token_urlsafe(16)
        await pair.ledger.ask("PUT", "/sandbox/tokens", [pair.token, token])
        vault.set(f"{name}-bearer", token)
        pairs[name] = replace(pair, token=token)
        made = await pair.shop.ask("PUT", "/sandbox/webhooks/key", {"name": secrets.token_hex(4)})
        vault.set(f"{name}-webhook-key", made["public"])
        await pair.ledger.ask("PUT", "/sandbox/tokens", [token])


async def _certificates_are_rotated(troubles: Troubles, seconds: float) -> None:
    """Old and new are valid for a while; then what the old one got opens nothing."""
    entra = troubles.environment.entra
    assert entra is not None, "chosen by it"
    old = list(entra.certificates)
    certify(troubles.home, CERTIFIED, entra)
    await asyncio.sleep(seconds)
    for thumbprint in old:
        await entra.remove(thumbprint)


async def _pass(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


HERE: Final[Mapping[str, Trouble]] = {
    "disk full": _disk_is_full, "stores held": _stores_are_held, "keys rotated": _keys_are_rotated,
    "clock set": _clock_is_set,
}  # fmt: skip
"""Where the product holds its own stores."""
AWAY: Final[Mapping[str, Trouble]] = {
    "services away": _services_are_away, "keys rotated": _keys_are_rotated,
    "clock set": _clock_is_set,
}  # fmt: skip
"""Where queue and tables are services."""
CERTIFICATES: Final[Mapping[str, Trouble]] = {"certificates rotated": _certificates_are_rotated}
"""Where one is signed in by."""
