"""Where a command works: directory, configuration, connection. What the command line says goes
before the environment.

The embedded edition is imported when it is opened: its token library takes longer to load than most
commands to run.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sync.adapters.vault import Vault
from sync.app.services import Services
from sync.app.settings import Edition, Settings
from sync.app.wiring import open_services, vault_key
from sync.cli.output import json_line, line, note
from sync.config.connections import Connection, Connections
from sync.config.file.reading import read_connections
from sync.core.logs import set_up
from sync.engine.systems import Systems
from sync.operating.problem import Problem


@dataclass(frozen=True)
class CommandContext:
    """The options that every command takes. None and empty: as the environment says, or the
    default."""

    home: Path | None = None
    config: Path | None = None
    connection: str = ""
    as_json: bool = False

    def settings(self) -> Settings:
        """The environment's settings with what the command line says instead. Raises
        `SettingsMissing`."""
        found = Settings.from_environment(os.environ)
        return replace(
            found, home=self.home or found.home, connections=self.config or found.connections
        )

    def connections(self) -> Connections:
        """The configuration. Raises `BadConfiguration` with every fault, and `Problem` for an
        unknown `--connection`."""
        found = read_connections(self.settings().connections)
        if self.connection and self.connection not in found.connections:
            known = ", ".join(found.connections)
            raise Problem(
                f'no connection is called "{self.connection}"', remedy=f"Name one of: {known}."
            )
        return found

    def names(self, connections: Connections) -> list[str]:
        """The named connection, or all."""
        return [self.connection] if self.connection else list(connections.connections)

    def one(self, connections: Connections) -> tuple[str, Connection]:
        """The named connection, or the only one. Raises `Problem` when there are several to choose
        from."""
        names = self.names(connections)
        if len(names) != 1:
            raise Problem(
                "there are several connections",
                remedy=f"Name one with --connection: {', '.join(names)}.",
            )
        return names[0], connections.connections[names[0]]

    def existing_home(self) -> Path:
        """The directory. Raises `Problem` where nothing was ever set up, so that a mistyped name
        makes no new one."""
        home = self.settings().home
        if not (home / "vault.json").exists():
            raise Problem(
                f"{home} is not a home directory of this product: it has no vault.json",
                remedy="Run `python -m sync init`, or name another directory with --home.",
            )
        return home

    def vault(self) -> Vault:
        """The directory's vault. Raises `Problem` in Azure, whose secrets lie in Key Vault, and
        `Never`."""
        settings = self.settings()
        if settings.edition is Edition.AZURE:
            raise Problem(
                "in Azure the secrets lie in Key Vault",
                remedy=(
                    "Use the Azure portal, or: az keyvault secret set --vault-name VAULT --name"
                    " NAME --file FILE"
                ),
            )
        from sync.app.embedded import vault_of  # noqa: PLC0415 - slow, see above

        return vault_of(settings.home, vault_key(settings), settings.vault_mark)

    def is_served(self) -> bool:
        """Whether a process works off what is enqueued; in Azure the app does."""
        settings = self.settings()
        if settings.edition is not Edition.EMBEDDED:
            return True
        from sync.app.embedded import is_served  # noqa: PLC0415 - slow, see above

        return is_served(settings.home)

    def tell(self, document: Mapping[str, Any], sentence: str) -> None:
        """What a command did: the document with `--json`, else the sentence."""
        if self.as_json:
            json_line(document)
        else:
            line(sentence)

    @asynccontextmanager
    async def opened(
        self, *, serves: bool = False, changes: bool = False
    ) -> AsyncIterator[Services]:
        """The engine over the directory, closed at the end. Works beside a process that serves,
        unless `serves`.

        The command prints where it works; on one machine only where it `changes` something.
        Raises what `connections` and `existing_home` raise, `Never`, and `Problem` where another
        process serves.
        """
        settings = self.settings()
        set_up(level=settings.log_level if serves else "warning", log_format=settings.log_format)
        is_elsewhere = settings.edition is not Edition.EMBEDDED
        if not serves and not self.as_json and (changes or is_elsewhere):
            note(_whereabouts(settings))
        services = await self._services(settings, serves=serves)
        try:
            yield services
        finally:
            await services.close()

    @asynccontextmanager
    async def systems(self, *, changes: bool = False) -> AsyncIterator[tuple[Services, Systems]]:
        """The engine, and the one connection that is meant. Raises what `opened` and `one`
        raise."""
        name, _ = self.one(self.connections())
        async with self.opened(changes=changes) as services:
            yield services, await services.systems_pool.open(name)

    async def _services(self, settings: Settings, *, serves: bool) -> Services:
        if settings.edition is not Edition.EMBEDDED:
            return await open_services(settings, serves=serves)
        from sync.app.embedded import AlreadyServed  # noqa: PLC0415 - slow, see above

        self.connections()
        if not serves:
            self.existing_home()
        try:
            return await open_services(settings, serves=serves)
        except AlreadyServed as error:
            remedy = "Commands that only look or enqueue work beside it."
            raise Problem(str(error), remedy=remedy) from None


def _whereabouts(settings: Settings) -> str:
    """Where a command looks and writes: the same command means the directory or Azure, as the
    environment has it."""
    if settings.edition is Edition.AZURE:
        return f"On Azure: {settings.tables_endpoint.partition('://')[2]}"
    if settings.edition is Edition.EMULATED:
        return f"On the emulators, with the secrets of {settings.home.resolve()}"
    return f"In {settings.home.resolve()}"
