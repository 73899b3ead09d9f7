"""Processes of the demo's own: started, waited for until they say that they are ready, and ended
whatever happens."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sync.core.encoding import NotJson, from_json

ROOT: Final = Path(__file__).parents[2]
START_WITHIN: Final = timedelta(seconds=60)
STOP_WITHIN: Final = timedelta(seconds=10)
SETTINGS: Final = (
    "SYNC_",
    "SERVICE_BUS",
    "TABLES_",
    "KEY_VAULT_",
    "APPLICATIONINSIGHTS_",
    "AZURE_CLIENT_ID",
)
"""How names of the product's settings begin."""


class DidNotStart(Exception):
    """A process ended, or said something else, before it was ready. The message tells where its log
    is."""


class Child:
    """A Python process in a session of its own, so that Ctrl+C reaches it through us alone.
    `reported`: its ready line."""

    def __init__(self, process: asyncio.subprocess.Process, reported: Mapping[str, Any]) -> None:
        self._process = process
        self.reported = reported

    @classmethod
    async def started(cls, arguments: Sequence[str], log: Path, **settings: str) -> "Child":
        """Run `python -m arguments`; its standard error goes to `log`. Settings of this product are
        only those given: whatever else is set on this machine is none of the demo's business.

        Raises `DidNotStart`.
        """
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *arguments, cwd=ROOT, env=_with(settings),
                stderr=errors,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        try:
            return cls(process, await _ready_line(process, log))
        except BaseException:
            await cls(process, {}).stop()
            raise

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def stop(self) -> None:
        """Ask it to end, and end it when it does not. Safe to repeat."""
        if self.is_running:
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN.total_seconds()):
                await self._process.communicate()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it at once, in the middle of whatever it does (SIGKILL)."""
        if self.is_running:
            self._process.kill()
        await self._process.communicate()


async def ran(arguments: Sequence[str], **settings: str) -> tuple[int, str]:
    """Run `python -m arguments` to its end; its exit status, and what it printed. Its settings are
    as those of a `Child`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, cwd=ROOT, env=_with(settings),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    assert process.returncode is not None, "it has ended"
    return process.returncode, printed.decode().strip()


def _with(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment, with these for all settings of the product."""
    there = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**there, **settings}


async def _ready_line(process: asyncio.subprocess.Process, log: Path) -> Mapping[str, Any]:
    assert process.stdout is not None, "it was asked for"
    try:
        async with asyncio.timeout(START_WITHIN.total_seconds()):
            reported = from_json(await process.stdout.readline())
    except (TimeoutError, NotJson):
        reported = None
    if not isinstance(reported, dict) or reported.get("event") != "ready":
        raise DidNotStart(
            f"a process of the demo did not start: {_last_line(log)}; its log is {log}"
        )
    return reported


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
