"""What is attached to a return order of F&O as a write: photos of the customer, and what a case has
decided. Found again by its name, so that a lost answer attaches nothing twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from sync.commerce.models.rma import Rma
from sync.dynamics.return_files import ReturnFile
from sync.engine.delivery import Delivery
from sync.flows.quotes.file_writes import FilesWrite
from sync.flows.returns.photos import photos_of
from sync.flows.targets import dynamics_of


@dataclass(frozen=True)
class ReturnFilesWrite(FilesWrite):
    """What people remove of it in F&O stays removed."""

    files: Mapping[int, ReturnFile]

    @override
    async def _names(self) -> set[str]:
        first = next(iter(self.files.values()))
        return await self.systems.dynamics.return_files.names(first.company, first.account)

    @override
    async def _attach(self, keys: Sequence[int], not_after: datetime) -> None:
        for key in keys:
            file = self.files[key]
            await self.systems.dynamics.return_files.attach(file, not_after=not_after)


async def photo_writes(
    rma: Rma, company: str, number: str, delivery: Delivery
) -> tuple[ReturnFilesWrite, ...]:
    """The customer's photos at the return order, where the shop answers any."""
    systems, found = delivery.systems, await photos_of(rma, delivery.systems)
    kind, note = systems.settings.returns.photo_type_id, f"Sent by the customer with {rma.label}"
    files = {
        place: ReturnFile(
            company, number, f"RMA {rma.increment_id} {one.slug}", one.name, kind, note,
            content=one.content,
        )
        for place, one in enumerate(found, start=1)
    }  # fmt: skip
    return (ReturnFilesWrite(rma.label, files, systems, dynamics_of(systems)),) if files else ()
