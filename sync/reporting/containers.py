"""The data set in containers of Azure, for a job whose disk is gone when it ends: fetched before a
build, published from time to time and at its end.

What readers see is in a container for everybody and one for cost, each with readers of its own.
What a build goes on with (rows that wait, and the state) is in a third, which no reader needs.

A blob shows whole or not at all. The state comes last, behind the rows that it counts on: a job
that is killed anywhere is begun again with what is there, and reads a little twice. Of two jobs at
once one is refused (`sync/adapters/blobs.py`), and nothing is lost.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from sync.adapters.blobs import BlobContainer
from sync.adapters.entra import managed_identity
from sync.app.settings import Settings
from sync.reporting.lake import CONFIDENTIAL, INCOMING, SHARED

READ, COST, WORK = "reporting", "reporting-confidential", "reporting-work"
CONTAINERS: Final = (READ, COST, WORK)
STATE: Final = "state.json"
EVERY: Final = 20
"""Batches that are read between two publications."""


class Container(Protocol):
    """What `sync/adapters/blobs.py` provides; what was seen has a `digest`."""

    async def all(self) -> Mapping[str, Any]:
        """What is seen, by name."""

    async def fetch(self, name: str, place: Path, seen: Any) -> None:
        """Into a file."""

    async def put(self, name: str, place: Path, digest: bytes, seen: Any) -> Any:
        """From a file; what is seen then."""

    async def drop(self, name: str, seen: Any) -> None:
        """Delete it."""


Place = tuple[str, str]
"""A container and a name in it."""


class Kept(Protocol):
    """Where a data set stays between two builds."""

    async def fetch(self) -> None:
        """Begin with what is kept."""

    async def publish(self) -> None:
        """Keep what there is now."""

    async def tick(self) -> None:
        """Another batch was saved."""


class KeptHere:
    """In its folder, on one machine."""

    async def fetch(self) -> None:
        """It is there."""

    async def publish(self) -> None:
        """It is there."""

    async def tick(self) -> None:
        """It is there."""


@dataclass
class KeptInContainers:
    """In containers. Raises what they raise."""

    folder: Path
    containers: Mapping[str, Container]
    _seen: dict[Place, Any] = field(default_factory=dict)
    _ticks: int = 0

    async def fetch(self) -> None:
        """The folder as the containers have it."""
        self._seen = {
            (name, blob): seen
            for name, one in self.containers.items()
            for blob, seen in (await one.all()).items()
            if _is_kept(blob)
        }
        for file in self._files().values():
            file.unlink()
        for (name, blob), seen in self._seen.items():
            await self.containers[name].fetch(blob, self.folder / _path_of((name, blob)), seen)

    async def publish(self) -> None:
        """What has changed, then what is gone, then the state. So whatever ends this, the state
        counts on nothing that is not there, and no row of other settings comes back."""
        files = self._files()
        state = files.pop((WORK, STATE), None)
        for place, file in files.items():
            await self._put(place, file)
        for place in [one for one in self._seen if one not in files and one != (WORK, STATE)]:
            await self.containers[place[0]].drop(place[1], self._seen[place])
            del self._seen[place]
        if state is not None:
            await self._put((WORK, STATE), state)

    async def tick(self) -> None:
        """Publish from time to time, so that a job that is killed need not read all again."""
        self._ticks += 1
        if self._ticks % EVERY == 0:
            await self.publish()

    async def _put(self, place: Place, file: Path) -> None:
        seen, digest = self._seen.get(place), digest_of(file)
        if seen is None or seen.digest != digest:
            self._seen[place] = await self.containers[place[0]].put(place[1], file, digest, seen)

    def _files(self) -> dict[Place, Path]:
        found = (one for one in sorted(self.folder.rglob("*")) if one.is_file())
        named = ((_place_of(one.relative_to(self.folder)), one) for one in found)
        return {place: file for place, file in named if place is not None}


@asynccontextmanager
async def kept(settings: Settings, folder: Path) -> AsyncIterator[Kept]:
    """In containers where the settings name an account, as the job's identity; else in the
    folder."""
    if not settings.reports_endpoint:
        yield KeptHere()
        return
    async with AsyncExitStack() as stack:
        identity = await stack.enter_async_context(managed_identity(settings.identity_client_id))
        found = dict[str, BlobContainer]()
        for name in CONTAINERS:
            found[name] = BlobContainer.of_account(settings.reports_endpoint, name, identity)
            stack.push_async_callback(found[name].close)
        yield KeptInContainers(folder, found)


def digest_of(file: Path) -> bytes:
    """MD5, by which the service tells what is in a blob."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, partial(hashlib.md5, usedforsecurity=False)).digest()


def _is_kept(name: str) -> bool:
    is_within = ".." not in PurePosixPath(name).parts
    return is_within and (name.endswith(".parquet") or name == STATE)


def _place_of(path: Path) -> Place | None:
    """Where a file of the data set goes; None for what is no part of it."""
    part, *rest = path.parts
    if path.as_posix() == STATE:
        return WORK, STATE
    if part not in (SHARED, CONFIDENTIAL) or not _is_kept(path.name):
        return None
    if rest[0] == INCOMING:
        return WORK, path.as_posix()
    return (READ if part == SHARED else COST), PurePosixPath(*rest).as_posix()


def _path_of(place: Place) -> str:
    container, name = place
    return name if container == WORK else f"{SHARED if container == READ else CONFIDENTIAL}/{name}"
