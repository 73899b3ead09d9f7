"""What would become of a record by both systems and the home as they stand."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped, Waiting
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, SubFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.preview.previewed import Preview

PREVIEW: Final = "preview"
T = TypeVar("T")


@dataclass(frozen=True)
class AsItStands:
    """An opened connection and the home, which previews read and never write."""

    systems: Systems
    ledger: Ledger
    documents: DocumentCopies

    async def delivery(self, flow: str, key: str) -> Delivery:
        """A delivery that carries nothing out."""
        claim = await self.ledger.claim(self.systems.name, flow, key)
        message = Message(flow, self.systems.name, key, PREVIEW, self.systems.clock.now())
        return Delivery(self.systems, self.ledger, self.documents, message, claim, _held)

    async def planned(
        self, flow: DocumentFlow[Any] | SubFlow[Any], key: str, record: Any = None
    ) -> Plan | Skipped | Never:
        """What a delivery of this record would do now, or why nothing. `record`: where the flow
        does not read it. Raises what the clients raise where a system does not answer."""
        return await unless_kept(self._planned(flow, key, record))

    async def _planned(
        self, flow: DocumentFlow[Any] | SubFlow[Any], key: str, record: Any
    ) -> Plan | Skipped:
        delivery = await self.delivery(flow.name, key)
        if record is None and isinstance(flow, DocumentFlow):
            record = await flow.source.read(key, self.systems)
        if record is None:
            return Skipped("it does not show (any more)")
        return await flow.plan(record, delivery)

    async def previewed(self, flow: DocumentFlow[Any], key: str) -> Preview:
        """The same, to be shown."""
        return shown(f"{flow.name} {key}", await self.planned(flow, key))


async def unless_kept(work: Awaitable[T]) -> T | Skipped | Never:
    """What it comes to, or what parks the record or lets it wait. Raises what the clients raise
    where a system does not answer."""
    try:
        return await work
    except Never as error:
        return error
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Waiting(error.reason)


def shown(
    key: str, plan: Plan | Skipped | Never, nothing: str = "nothing is left to be sent", *,
    there: str = "",
) -> Preview:  # fmt: skip
    """A plan, or why there is none. `nothing`: what is said where it sends nothing; `there`: what
    shows already what it would send."""
    if isinstance(plan, Never):
        return Preview(key, "park", plan.reason, plan.remedy, missing=plan.missing)
    if isinstance(plan, Skipped):
        return Preview(key, "skip", str(plan))
    point, requests = plan.open_point, () if there else tuple(plan.requests())
    reason = there or "; ".join(plan.notes) or ("" if requests else nothing)
    return Preview(
        key, "deliver" if requests else "skip",
        point.reason if point else reason, point.remedy if point else "",
        requests=requests, differs=point.sums if point else "",
    )  # fmt: skip


async def _held(delivery: Delivery, flow: str, key: str, _: Any) -> Delivered | Skipped:
    """What was delivered of a record that this one needs; nothing is delivered for a preview."""
    claim = await delivery.ledger.claim(delivery.systems.name, flow, key)
    held = tuple(claim.delivered.values())
    return Delivered(Plan(()), held) if held else Waiting(f"{flow} {key} was not delivered")
