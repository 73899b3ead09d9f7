"""From the environment's settings to one open engine per process, made when a function is first called."""

import asyncio
import os

from sync.configuration.reading import read_connections
from sync.editions.settings import Edition, Settings
from sync.logs import guard, set_up
from sync.services import Services

_opening = asyncio.Lock()
_opened: list[Services] = []


async def runtime() -> Services:
    """The process's engine. Raises `SettingsMissing`, `BadConfiguration` or `Never` at every call, until it can open."""
    async with _opening:
        if not _opened:
            settings = Settings.from_environment(os.environ)
            _set_up_log(settings)
            _opened.append(await open_services(settings))
    return _opened[0]


def _set_up_log(settings: Settings) -> None:
    """In Azure the worker owns the log, and it is only guarded."""
    if settings.edition is Edition.AZURE:
        guard()
    else:
        set_up(level=settings.log_level, log_format=settings.log_format)


async def open_services(settings: Settings, *, serves: bool = True) -> Services:
    """The engine of the edition that the settings name. `serves`: for a host, not for a look.

    What an edition is made of is imported with it: azure's libraries touch sockets while they are imported.
    """
    connections = read_connections(settings.connections)
    if settings.edition is Edition.AZURE:
        from sync.editions.cloud import open_azure  # noqa: PLC0415 - see above

        return await open_azure(settings, connections, serves=serves)
    if settings.edition is Edition.EMULATED:
        from sync.editions.cloud import open_emulated  # noqa: PLC0415 - see above

        return await open_emulated(settings, connections, vault_key=vault_key(settings), serves=serves)
    from sync.editions.embedded import open_embedded  # noqa: PLC0415 - see above

    key, months = vault_key(settings), settings.keep_months
    return await open_embedded(settings.home, connections, vault_key=key, serves=serves, keep_months=months)


def vault_key(settings: Settings) -> str | None:
    """The vault's key where the environment gives one; None leaves it to `vault.key` in the home directory."""
    if settings.vault_key is not None:
        return settings.vault_key.get_secret_value()
    if settings.vault_key_file is not None:
        return settings.vault_key_file.read_text(encoding="utf-8").strip()
    return None
