"""From the environment's settings to one open engine per process, made when a function is first
called."""

import asyncio
import gc
import os
import sys
from datetime import timedelta
from typing import Final

from sync.adapters.key_files import read_key_file
from sync.app.services import Services
from sync.app.settings import Edition, Settings
from sync.config.file.reading import read_connections
from sync.core.errors import Later, Never
from sync.core.logs import guard, set_up

QUIET: Final = timedelta(seconds=5)
"""For so long everybody is told why the app did not open: who calls may be a stranger, and each try
asks vault, tables and queues."""

_opened: list[Services] = []
_opening: list[asyncio.Task[Services]] = []


async def runtime() -> Services:
    """The process's engine. Raises `SettingsMissing`, `BadConfiguration`, `Later` or `Never` at
    every call, until it can open.

    Callers that come meanwhile wait for the same opening, which goes on when they stop waiting.
    What failed is not tried again within `QUIET`.
    """
    if _opened:
        return _opened[0]
    if not _opening:
        _opening[:] = [asyncio.create_task(_open())]
        _opening[0].add_done_callback(_received)
    return await asyncio.shield(_opening[0])


async def _open() -> Services:
    settings = Settings.from_environment(os.environ)
    _set_up_log(settings)
    _opened.append(await open_services(settings))
    gc.freeze()  # what was imported is no garbage: looking for some held up all work for 100 ms
    return _opened[0]


def _received(opening: asyncio.Task[Services]) -> None:
    """Why it did not open was told to those who waited; missing settings cost nothing to look for
    again."""
    failed = None if opening.cancelled() else opening.exception()
    if isinstance(failed, Later | Never):
        opening.get_loop().call_later(QUIET.total_seconds(), _opening.clear)
    else:
        _opening.clear()


def _set_up_log(settings: Settings) -> None:
    """In Azure the worker owns the log, and it is only guarded."""
    if settings.edition is Edition.AZURE:
        guard()
    else:
        set_up(level=settings.log_level, log_format=settings.log_format)


async def open_services(settings: Settings, *, serves: bool = True) -> Services:
    """The engine of the edition that the settings name. `serves`: for a host, not for a look.

    What an edition is made of is imported with it: azure's libraries touch sockets while they are
    imported.
    """
    connections = read_connections(settings.connections)
    if settings.edition is Edition.AZURE:
        from sync.app.cloud import open_azure  # noqa: PLC0415 - see above

        return await open_azure(settings, connections, serves=serves)
    if settings.edition is Edition.EMULATED:
        from sync.app.cloud import open_emulated  # noqa: PLC0415 - see above

        key = vault_key(settings)
        return await open_emulated(settings, connections, vault_key=key, serves=serves)
    from sync.app.embedded import open_embedded  # noqa: PLC0415 - see above

    return await open_embedded(
        settings.home, connections, vault_key=vault_key(settings), serves=serves,
        vault_mark=settings.vault_mark, keep_months=settings.keep_months,
        console=settings.console, report_command=_report_command(settings),
    )  # fmt: skip


def _report_command(settings: Settings) -> tuple[str, ...]:
    """What builds reports of the same directory and configuration, as a process of its own."""
    places = ("--home", str(settings.home), "--config", str(settings.connections))
    return (sys.executable, "-m", "sync", "report", "build", *places)


def vault_key(settings: Settings) -> str | None:
    """The vault's key where the environment gives one; None leaves it to `vault.key` in the home
    directory. Raises `Never` for a key file that is not its owner's alone."""
    if settings.vault_key is not None:
        return settings.vault_key.get_secret_value()
    if settings.vault_key_file is not None:
        return read_key_file(settings.vault_key_file)
    return None
