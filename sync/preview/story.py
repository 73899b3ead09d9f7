"""The whole story of an order: what would be posted for it, for its invoices and its credit memos,
in order of time, and what they come to in the end on both sides."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.core.money import total
from sync.core.proof import Proof
from sync.dynamics.documents.totals import Totals
from sync.engine.systems import Systems
from sync.preview.input_files import Inputs, Kind, id_of
from sync.preview.previewed import Preview
from sync.preview.previews import preview

NET: Final = "net"
"""The key of a story's last object: invoices less credit memos."""

REPORTED: Final = (Kind.ORDER, Kind.INVOICE, Kind.CREDITMEMO)
"""What a story is told of; at the same second, in this order."""


@dataclass(frozen=True)
class HistoryStep:
    """A document of a story."""

    kind: Kind
    document: Any


def stories_in(inputs: Inputs) -> Iterator[Sequence[HistoryStep]]:
    """The stories that documents tell, each in order of time. An edited order and the one it
    replaces are one story."""
    orders = inputs.orders()
    stories: dict[str, list[HistoryStep]] = {}
    for kind in REPORTED:
        for document in inputs.of(kind):
            order = document if kind is Kind.ORDER else orders.get(id_of(document, "order_id") or 0)
            step = HistoryStep(kind, document)
            steps = stories.setdefault(_family(order, document), [])
            if step not in steps:
                steps.append(step)
    for steps in stories.values():
        yield sorted(steps, key=_when)


async def preview_story(steps: Sequence[HistoryStep], systems: Systems) -> AsyncIterator[Preview]:
    """Each document's preview, then the net. Raises as `preview` does."""
    reported: list[tuple[Kind, Preview]] = []
    for step in steps:
        found = await preview(step.kind, step.document, systems)
        reported.append((step.kind, found))
        yield found
    yield _net(reported)


def _net(reported: Sequence[tuple[Kind, Preview]]) -> Preview:
    """Invoices less credit memos, but those that wait. An invoice on account counts: the sales
    order makes its receivable."""
    parked = [f"{kind} {found.key}" for kind, found in reported if found.outcome == "park"]
    proved = [(kind, found, found.totals) for kind, found in reported if found.totals]
    with_order = [
        (kind, totals)
        for kind, found, totals in proved
        if kind is not Kind.ORDER and found.outcome != "park"
    ]
    currencies = {totals.currency for _, totals in with_order}
    currencies = currencies or {totals.currency for _, _, totals in proved}
    if parked:
        reason = f"parked, and so missing in the net: {', '.join(parked)}"
        totals, remedy = _sum(with_order, currencies), "Follow the remedies above."
        return Preview(NET, "park", reason, remedy, totals=totals)
    if len(currencies) > 1:
        reason = f"order_currency_code differs within the story: {', '.join(sorted(currencies))}"
        return Preview(NET, "park", reason, "Compare the documents with their order in Commerce.")
    return Preview(NET, "deliver", totals=_sum(with_order, currencies))


def _sum(with_order: Sequence[tuple[Kind, Proof]], currencies: set[str]) -> Totals | None:
    if len(currencies) != 1:
        return None
    signed = [(-1 if kind is Kind.CREDITMEMO else 1, totals) for kind, totals in with_order]
    commerce, dynamics = (
        total(sign * getattr(totals, side) for sign, totals in signed)
        for side in ("commerce", "dynamics")
    )
    return Totals(commerce, dynamics, min(currencies))


def _family(order: Any, document: Any) -> str:
    """What an order and those that replaced it have in common: the number of the first, in its
    store."""
    if not isinstance(order, Mapping):
        return f"order_id {document.get('order_id') if isinstance(document, Mapping) else None}"
    number = order.get("original_increment_id") or order.get("increment_id")
    return f"{number}@{order.get('store_id')}"


def _when(step: HistoryStep) -> tuple[str, int, int]:
    made = step.document.get("created_at") if isinstance(step.document, Mapping) else None
    return str(made or ""), REPORTED.index(step.kind), id_of(step.document, "entity_id") or 0
