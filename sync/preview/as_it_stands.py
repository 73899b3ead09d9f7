"""What would become of a record by both systems and the home as they stand."""

from typing import Any, Final

from sync.core.errors import Later, Never, Paused, SignInRefused
from sync.core.skipped import Skipped, Waiting
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.plan import Delivered, Plan
from sync.engine.systems import Systems
from sync.preview.previews import Preview

PREVIEW: Final = "preview"


async def previewed(
    flow: DocumentFlow[Any], key: str, systems: Systems, ledger: Ledger, documents: DocumentCopies
) -> Preview:
    """What a delivery of this record would do now; nothing is written. Raises what the clients
    raise where a system does not answer."""
    name = f"{flow.name} {key}"
    claim = await ledger.claim(systems.name, flow.name, key)
    message = Message(flow.name, systems.name, key, PREVIEW, systems.clock.now())
    delivery = Delivery(systems, ledger, documents, message, claim, _as_it_stands)
    try:
        record = await flow.source.read(key, systems)
        if record is None:
            return Preview(name, "skip", "it does not show (any more)")
        return _shown(name, await flow.plan(record, delivery))
    except Never as error:
        return Preview(name, "park", error.reason, error.remedy, missing=error.missing)
    except Later as error:
        if error.is_outage or isinstance(error, Paused | SignInRefused):
            raise
        return Preview(name, "skip", f"waiting: {error.reason}")


async def _as_it_stands(delivery: Delivery, flow: str, key: str, _: Any) -> Delivered | Skipped:
    """What was delivered of a record that this one needs; nothing is delivered for a preview."""
    claim = await delivery.ledger.claim(delivery.systems.name, flow, key)
    held = tuple(claim.delivered.values())
    return Delivered(Plan(()), held) if held else Waiting(f"{flow} {key} was not delivered")


def _shown(name: str, plan: Plan | Skipped) -> Preview:
    if isinstance(plan, Skipped):
        return Preview(name, "skip", str(plan))
    requests = tuple(plan.requests())
    reason = "" if requests else "nothing is left to be sent"
    return Preview(name, "deliver" if requests else "skip", reason, requests=requests)
