"""Files of the buyer as a write: those that F&O lacks are attached to the customer's account. They
are found again by their names, so that a lost answer attaches nothing twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.core.request import Request
from sync.dynamics.documents.account_file import NewFile
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.mapping.quote_files import must_fit


@dataclass(frozen=True)
class FilesWrite(Write):
    """What the buyer sent with a quote, by the ids of Commerce. What people change or remove of it
    in F&O stays so."""

    kind: ClassVar[str] = "files"
    label: str
    files: Mapping[int, NewFile]
    systems: Systems
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.label

    @property
    @override
    def document(self) -> Any:
        return {str(key): one.file_name for key, one in self.files.items()}

    @override
    def requests(self) -> Sequence[Request]:
        return [one.request for one in self.files.values()]

    @override
    async def find(self) -> Found | None:
        names = await self._names()
        there = any(one.name in names for one in self.files.values())
        return self._found(names) if there else None

    @override
    def is_whole(self, found: Found) -> bool:
        return all(one.name in found.content for one in self.files.values())

    @override
    async def create(self, not_after: datetime) -> Found:
        await self._attach(list(self.files)[:1], not_after)
        return self._found({one.name for one in list(self.files.values())[:1]})

    @override
    async def complete(self, found: Found, not_after: datetime) -> Found:
        await self._attach(self._lacking(found.content), not_after)
        return found

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        lacking = self._lacking(await self._names())
        if sent is not None:
            lacking = [key for key in lacking if str(key) not in sent]

        async def apply(not_after: datetime) -> None:
            await self._attach(lacking, not_after)

        return Amendment(self.document, apply if lacking else None)

    async def _names(self) -> set[str]:
        first = next(iter(self.files.values()))
        held = await self.systems.dynamics.account_files.of(first.company, first.account)
        return {one.name for one in held}

    def _lacking(self, names: set[str]) -> list[int]:
        return [key for key, one in self.files.items() if one.name not in names]

    def _found(self, names: set[str]) -> Found:
        return Found(f"{len(self.files)} files", content=names)

    async def _attach(self, keys: Sequence[int], not_after: datetime) -> None:
        settings = self.systems.settings.quotes
        for key in keys:
            file = self.files[key]
            content = await self.systems.commerce.quotes.file(key)
            must_fit(self.label, file.file_name, content, settings)
            await self.systems.dynamics.account_files.attach(file, content, not_after=not_after)
