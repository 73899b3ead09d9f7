"""The embedded edition: everything in one directory, with Python alone. `kill -9` at any moment
loses nothing.

`queue.sqlite`, `tables.sqlite`, `vault.json` (encrypted) and `vault.key` (mode 0600; or the key
comes from the environment). One process serves a directory at a time; the command line may look and
enqueue beside it.
"""

import fcntl
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sync.adapters.cipher import Cipher
from sync.adapters.entra import EntraTokens
from sync.adapters.key_files import check_home, create_key_file, new_key, read_key_file
from sync.adapters.sqlite.queue import SqliteQueue
from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.adapters.vault import Vault
from sync.app.edition_parts import EditionParts
from sync.app.services import Services
from sync.app.settings import ConsoleSignIn
from sync.commerce.transport import shop_client
from sync.config.connections import Connections
from sync.core.errors import Never
from sync.core.ports import Clock
from sync.dynamics.auth import TokenPool
from sync.dynamics.transport import http_client
from sync.engine.copies import KEEP_MONTHS
from sync.flows import FLOWS

DOCUMENT_KEY, EMAIL_KEY = "document-key", "email-key"
"""Secrets that the product makes for itself: what encrypts copies of documents, what e-mail digests
are keyed with."""

LOCK = timedelta(seconds=60)
MOST_DELIVERIES = 25
"""Deliveries before a message is set aside. A killed host uses one up for whatever it was working
on."""
LOOK = timedelta(milliseconds=250)
"""How often a waiting host looks for what the command line has enqueued."""


class AlreadyServed(Exception):
    """Another process serves this directory."""


def vault_of(home: Path, key: str | None = None, mark: Path | None = None) -> Vault:
    """The directory's vault, made when there is none. `key` from the environment, else `vault.key`;
    `mark` as `Vault` has it. Raises `Never`, also for a directory that others may enter."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_home(home)
    vault = Vault(home / "vault.json", _key_in(home) if key is None else key, mark)
    known = set(vault.names())
    for name in (DOCUMENT_KEY, EMAIL_KEY):
        if name not in known:
            vault.set(name, new_key())
    return vault


def _key_in(home: Path) -> str:
    path, key_file = home / "vault.json", home / "vault.key"
    if key_file.exists():
        return read_key_file(key_file)
    if path.exists():
        what = f"{key_file} is missing, and without it {path} cannot be opened"
        remedy = "Restore vault.key from where you keep it, or give its content as SYNC_VAULT_KEY."
        raise Never(what, remedy=remedy)
    return create_key_file(key_file)


async def open_embedded(
    home: Path,
    connections: Connections,
    *,
    vault_key: str | None = None, vault_mark: Path | None = None, serves: bool = False,
    keep_months: int = KEEP_MONTHS, console: ConsoleSignIn = ConsoleSignIn.OFF,
    report_command: tuple[str, ...] = (),
) -> Services:  # fmt: skip
    """The engine over a directory. `serves`: lock the directory and take back what a dead host
    held. Raises `AlreadyServed`, and `Never` for a vault that does not open.
    """
    vault = vault_of(home, vault_key, vault_mark)
    lock = _locked(home) if serves else None
    clock = SystemClock()
    queue = queue_of(home, clock, connections)
    tables = SqliteTables(home / "tables.sqlite")
    if serves:
        await queue.release_locks()
    edition_parts = EditionParts(
        queue=queue,
        tables=tables,
        secrets=vault,
        sealer=Cipher([await vault.get(DOCUMENT_KEY)]),
        email_key=(await vault.get(EMAIL_KEY)).encode(),
        clock=clock,
        tokens=TokenPool(vault, lambda section, scope: EntraTokens(section, scope, vault)),
        commerce_http=lambda _: shop_client(),
        dynamics_http=lambda _: http_client(),
        is_alone=serves,
        takes_turns=True,
        clocks_apart=timedelta(),
        keep_months=keep_months,
        console=console,
        report_command=report_command,
        compact=_compacting(queue, tables),
        close=_closing(queue, tables, lock),
    )
    return Services(connections, FLOWS, edition_parts)


def queue_of(home: Path, clock: Clock, connections: Connections) -> SqliteQueue:
    """The directory's queue, whose places these connections share."""
    path = home / "queue.sqlite"
    return SqliteQueue(path, clock, LOCK, MOST_DELIVERIES, poll=LOOK, systems=connections.systems)


def is_served(home: Path) -> bool:
    """Whether the process that last locked the directory is alive. Takes no lock: one that starts
    to serve just now would find it."""
    try:
        os.kill(int((home / "serve.lock").read_text()), 0)
    except (OSError, ValueError):
        return False
    return True


def _compacting(queue: SqliteQueue, tables: SqliteTables) -> Callable[[], None]:
    def compact() -> None:
        queue.compact()
        tables.compact()

    return compact


def _closing(
    queue: SqliteQueue, tables: SqliteTables, lock: int | None
) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        queue.close()
        tables.close()
        if lock is not None:
            os.close(lock)

    return close


def _locked(home: Path) -> int:
    """A descriptor that holds the directory for as long as the process lives; the system lets go
    when it dies."""
    descriptor = os.open(home / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with suppress(OSError):
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise AlreadyServed(
            f"{home} is served by process {holder or 'unknown'} already: stop that one first"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
