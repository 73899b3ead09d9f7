"""A toy system that holds documents, and an engine that delivers to it.

Rules of the toy: a document is known by our key (`is_keyed`: then a second one is refused and all
of it travels in one request) or gets a number when its header comes, its lines in a second request.
Every request can be refused, lost on its way, or answered to nobody and committed at once or later.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.errors import AlreadyExists, Never, Paused, Unknown
from sync.core.message_queue import Outgoing
from sync.core.request import Request
from sync.engine.write import Amendment, Conflict, Found, Removal, Result, Target, Write
from tests.contracts.hand_clock import HandClock

TARGET = Target("toys", timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=30))


class Crash(BaseException):
    """The process dies."""


class Steps:
    """Counts what a process does to the world; it dies at step `last`."""

    def __init__(self) -> None:
        self.done, self.last = 0, 0

    def step(self) -> None:
        self.done += 1
        if self.done == self.last:
            raise Crash


class Stepping:
    """A port whose every call is a step before and a step after."""

    def __init__(self, inner: Any, steps: Steps) -> None:
        self._inner, self._steps = inner, steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name in ("query", "close"):
            return method

        async def called(*arguments: Any, **options: Any) -> Any:
            self._steps.step()
            found = await method(*arguments, **options)
            self._steps.step()
            return found

        return called


@dataclass
class Stored:
    """A document as the archive holds it."""

    number: str
    reference: str
    body: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    is_closed: bool = False


@dataclass
class Archive:
    """The toy system. `faults`: what happens to the next writing requests, in order: "" (nothing),
    "refused", "throttled", "lost" (never arrives), "silent" (commits, no answer), "late" (commits
    later). `overtaking`: requests that came while an earlier one might still commit. `looks`:
    reads. `absent`: what was once seen not to be there, remembered for ever and by every process:
    what a write may go by is decided by its claim alone."""

    clock: HandClock
    steps: Steps
    is_keyed: bool
    documents: list[Stored] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)
    overtaking: list[Request] = field(default_factory=list)
    looks: int = 0
    absent: set[str] = field(default_factory=set)

    def there(self) -> list[Stored]:
        """What it holds by now."""
        due = [commit for at, commit in self.late if at <= self.clock.now()]
        self.late = [(at, commit) for at, commit in self.late if at > self.clock.now()]
        for commit in due:
            with contextlib.suppress(AlreadyExists):  # refused, and nobody hears of it
                commit()
        return self.documents

    async def look(self, reference: str) -> Stored | None:
        self.looks += 1
        self.steps.step()
        found = [one for one in self.there() if one.reference == reference]
        self.steps.step()
        if not found:
            self.absent.add(reference)
        if len(found) > 1:
            raise Never(f"{reference} is there {len(found)} times", remedy="Delete one.")
        return found[0] if found else None

    async def send(
        self, request: Request, commit: Callable[[], object], not_after: datetime
    ) -> None:
        """A request. Raises `Unknown` where its answer is lost."""
        assert self.clock.now() <= not_after, "sent after its announcement has run out"
        self.steps.step()
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else ""
        self.there()
        if self.late:
            self.overtaking.append(request)
        if fault == "refused":
            raise Never("the toy is refused", remedy="Choose another toy.")
        if fault == "throttled":
            raise Paused("toys", after=timedelta(seconds=1))
        if fault == "late":
            self.clock.at += TARGET.write_timeout
            self.late.append((self.clock.now() + TARGET.commit_horizon, commit))
        elif fault != "lost":
            commit()
        self.steps.step()
        if fault:
            raise Unknown("no answer from the toys")

    def insert(self, document: Stored) -> None:
        if self.is_keyed and any(one.number == document.number for one in self.documents):
            raise AlreadyExists(f"{document.number} is there", remedy="Look at it.")
        self.documents.append(document)


@dataclass(frozen=True)
class Toy:
    """A record: what the archive must hold of it. `wanted` False: it was given up."""

    key: str
    colour: str
    parts: tuple[str, ...] = ("wheel", "axle")
    is_wanted: bool = True
    version: int = 1


@dataclass(frozen=True)
class ToyWrite(Write):
    kind: ClassVar[str] = "toy"
    is_one_request: ClassVar[bool] = True  # type: ignore[misc]
    toy: Toy
    archive: Archive
    target: Target = TARGET

    @property
    def refuses_second(self) -> bool:  # type: ignore[override]
        return self.archive.is_keyed

    @property
    @override
    def reference(self) -> str:
        return self.toy.key

    @property
    @override
    def document(self) -> Any:
        return {"colour": self.toy.colour, "parts": list(self.toy.parts)}

    @override
    def requests(self) -> Sequence[Request]:
        header = Request("POST", "/toys", {"key": self.toy.key, "colour": self.toy.colour})
        parts = [Request("POST", "/parts", {"parts": list(self.toy.parts)})]
        return [header] if self.archive.is_keyed else [header, *parts]

    @override
    async def find(self) -> Found | None:
        held = await self.archive.look(self.toy.key)
        return Found(held.number, content=held) if held is not None else None

    @override
    async def create(self, not_after: datetime) -> Found:
        archive, toy = self.archive, self.toy
        number = toy.key if archive.is_keyed else f"T{len(archive.there()) + 1}"
        parts = list(toy.parts) if archive.is_keyed else []
        stored = Stored(number, toy.key, {"colour": toy.colour}, parts)
        await archive.send(self.requests()[0], lambda: archive.insert(stored), not_after)
        return Found(number, content=stored)

    @override
    async def find_lately(self) -> Found | None:
        return None if self.toy.key in self.archive.absent else await self.find()

    @override
    def is_whole(self, found: Found) -> bool:
        held: Stored = found.content
        return set(held.lines) >= set(self.toy.parts)

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        held: Stored = found.content
        missing = [part for part in self.toy.parts if part not in held.lines]
        request = Request("POST", "/parts", {"parts": missing})
        await self.archive.send(request, lambda: held.lines.extend(missing), not_after)
        return found

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        if sent == self.document:
            return Amendment(self.document)
        held = await self.archive.look(self.toy.key)
        if held is None or held.is_closed:
            raise Conflict(f"{number} is closed", remedy="Open it.", found=number)

        async def apply(not_after: datetime) -> None:
            def commit() -> None:
                held.body, held.lines = {"colour": self.toy.colour}, list(self.toy.parts)

            await self.archive.send(Request("PATCH", "/toys", self.document), commit, not_after)

        return Amendment(self.document, apply)


@dataclass(frozen=True)
class ToyRemoval(Removal):
    kind: ClassVar[str] = "toy"
    toy: Toy
    archive: Archive
    target: Target = TARGET

    @property
    @override
    def nothing(self) -> str:
        return "given up before it was made"

    @override
    async def find(self, number: str) -> Found | None:
        held = await self.archive.look(self.toy.key)
        return Found(held.number, content=held) if held is not None else None

    @override
    def settled(self, found: Found) -> Result | None:
        held: Stored = found.content
        return Result("toy", found.number, "closed", "unchanged") if held.is_closed else None

    @override
    async def remove(self, found: Found, not_after: datetime) -> None:
        documents = self.archive.documents

        def commit() -> None:
            documents[:] = [one for one in documents if one.number != found.number]

        await self.archive.send(Request("DELETE", "/toys", None), commit, not_after)


@dataclass
class Sends:
    """What was put into the queue."""

    messages: list[Outgoing] = field(default_factory=list)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        self.messages.extend(messages)
