"""Photos that a customer sent with a return. Commerce's own REST has none (returns have no files
there), so a module of the shop answers them, at a path that `returns.photos` names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync.commerce.models.rma import Rma
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.engine.systems import Systems

MEGABYTE: Final = 1024 * 1024
REMEDY: Final = (
    "Correct the path under returns.photos in connections.toml, or what the shop's module answers:"
    ' [{"name": "a.jpg", "base64_encoded_data": "..."}]. Without photos the key stays out.'
)


@dataclass(frozen=True)
class Photo:
    """A photo. `content`: in base64."""

    name: str
    content: str

    @property
    def slug(self) -> str:
        """What tells it from others, whatever its name."""
        return digest([self.name, self.content])[:12]

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.content) * 3 // 4


async def photos_of(rma: Rma, systems: Systems) -> list[Photo]:
    """Those that go along: of an ending and a size that the settings allow. Raises `Never` for an
    answer that holds no files."""
    settings = systems.settings.returns
    if not settings.photos:
        return []
    rows = await systems.commerce.returns.photos(settings.photos, rma.entity_id or 0)
    found = [_read(row, rma) for row in rows] if isinstance(rows, list) else [_read(None, rma)]
    return [
        one
        for one in found
        if one.name.rpartition(".")[2].lower() in settings.photo_types
        and one.size <= settings.photo_megabytes * MEGABYTE
    ]


def _read(row: Any, rma: Rma) -> Photo:
    """Files have the names that Commerce gives those of quotes."""
    cells = row if isinstance(row, Mapping) else {}
    name, content = cells.get("name"), cells.get("base64_encoded_data")
    if isinstance(name, str) and isinstance(content, str) and name and content:
        return Photo(name[-100:], content)
    raise Never(f"{rma.label}: the shop answers no files under returns.photos", remedy=REMEDY)
