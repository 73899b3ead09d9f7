"""A container as Azure Storage keeps it, as far as a data set needs: a blob shows whole or not at
all, and is written over or deleted only with the ETag that it has (Microsoft, "Specifying
conditional headers for Blob service operations"). `test_containers` holds it against Azurite."""

from dataclasses import dataclass, field
from pathlib import Path

from sync.core.errors import Later


@dataclass(frozen=True)
class Seen:
    etag: int
    digest: bytes


@dataclass
class Account:
    """Its containers share a clock of changes, which ends in a death where one is due."""

    blobs: dict[str, dict[str, tuple[Seen, bytes]]] = field(default_factory=dict)
    changes: int = 0
    dies_at: int | None = None

    def changed(self) -> int:
        self.changes += 1
        if self.changes == self.dies_at:
            raise KeyboardInterrupt
        return self.changes


@dataclass
class ContainerDouble:
    account: Account
    name: str

    @property
    def blobs(self) -> dict[str, tuple[Seen, bytes]]:
        return self.account.blobs.setdefault(self.name, {})

    async def all(self) -> dict[str, Seen]:
        return {name: seen for name, (seen, _) in self.blobs.items()}

    async def fetch(self, name: str, place: Path, seen: Seen) -> None:
        self._must_be(name, seen)
        _write(place, self.blobs[name][1])

    async def put(self, name: str, place: Path, digest: bytes, seen: Seen | None) -> Seen:
        self._must_be(name, seen)
        now = Seen(self.account.changed(), digest)
        self.blobs[name] = now, _read(place)
        return now

    async def drop(self, name: str, seen: Seen) -> None:
        self._must_be(name, seen)
        self.account.changed()
        del self.blobs[name]

    def _must_be(self, name: str, seen: Seen | None) -> None:
        there = self.blobs.get(name)
        if (there[0] if there else None) != seen:
            raise Later("another has written")


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _read(place: Path) -> bytes:
    return place.read_bytes()
