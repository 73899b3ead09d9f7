"""An RMA of Commerce as a write: what it lacks is added, and nothing goes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from typing_extensions import override

from sync.commerce.models.rma import OVER, Rma
from sync.commerce.returns import comment, saved, track
from sync.core.request import Request
from sync.engine.systems import Systems
from sync.engine.write import Amendment, Found, Target, Write
from sync.flows.keys import parts_of
from sync.mapping.rma_progress import Progress, Track


@dataclass(frozen=True)
class RmaWrite(Write):
    """The RMA as it is to be. It is there already: what it lacks is written."""

    kind: ClassVar[str] = "rma"
    rma: Rma
    progress: Progress
    systems: Systems
    target: Target

    @property
    @override
    def reference(self) -> str:
        return self.rma.increment_id

    @property
    @override
    def document(self) -> Any:
        return self.progress.document()

    @property
    @override
    def placed(self) -> Any:
        return None

    @override
    def requests(self) -> Sequence[Request]:
        return self._changes(self.rma, self.progress.changed(self.rma))

    @override
    async def find(self) -> Found | None:
        return Found(self.rma.increment_id)

    @override
    async def create(self, not_after: datetime) -> Found:
        raise TypeError(f"an RMA is never made by us: {self.rma.increment_id}")

    @override
    async def amendment(self, number: str, sent: Any | None) -> Amendment:
        """As Commerce holds it now. A closed RMA keeps its states."""
        row = await self.systems.commerce.returns.in_store(*parts_of(self.rma.key))
        held = self.rma if row is None else Rma.read(row)
        whole = None if held.status in OVER else self.progress.changed(held)
        if not self._changes(held, whole):
            return Amendment(self.document)

        async def apply(not_after: datetime) -> None:
            for request in self._changes(held, whole):
                await self.systems.commerce.returns.send(request, not_after=not_after)

        return Amendment(self.document, apply)

    def _changes(self, held: Rma, whole: Mapping[str, Any] | None) -> list[Request]:
        """Comments and tracks go before the states, which may close the RMA."""
        rma_id, carrier = held.entity_id or 0, self.systems.settings.returns.carrier
        return [
            *(comment(rma_id, text, held.status) for text in self._texts(held)),
            *(track(rma_id, one.number, one.title, carrier) for one in self._tracks(held)),
            *([saved(whole)] if whole is not None else ()),
        ]

    def _texts(self, held: Rma) -> list[str]:
        return [text for text in self.progress.texts if text not in held.texts]

    def _tracks(self, held: Rma) -> list[Track]:
        return [one for one in self.progress.tracks if one.number not in held.track_numbers]
