"""The whole story of an order: what would be posted for it, for its invoices and its credit memos, in order of time, and
what they come to in the end on both sides."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sync.mapping.totals import Totals
from sync.money import total
from sync.preview.documents import Basis, preview_creditmemo, preview_invoice
from sync.preview.orders import Preview, preview_order
from sync.preview.papers import Kind, Papers, id_of

NET: Final = "net"
"""The key of a story's last object: invoices less credit memos."""

TOLD: Final = (Kind.ORDER, Kind.INVOICE, Kind.CREDITMEMO)
"""What a story is told of; at the same second, in this order."""


@dataclass(frozen=True)
class Chapter:
    """A document of a story."""

    kind: Kind
    document: Any


def stories_in(papers: Papers) -> Iterator[Sequence[Chapter]]:
    """The stories that documents tell, each in order of time. An edited order and the one it replaces are one story."""
    orders = papers.orders()
    stories: dict[str, list[Chapter]] = {}
    for kind in TOLD:
        for document in papers.of(kind):
            order = document if kind is Kind.ORDER else orders.get(id_of(document, "order_id") or 0)
            chapter = Chapter(kind, document)
            chapters = stories.setdefault(_family(order, document), [])
            if chapter not in chapters:
                chapters.append(chapter)
    for chapters in stories.values():
        yield sorted(chapters, key=_when)


async def preview_story(chapters: Sequence[Chapter], basis: Basis) -> AsyncIterator[Preview]:
    """Each document's preview, then the net. Never raises for what a document may hold."""
    told: list[tuple[Kind, Preview]] = []
    for chapter in chapters:
        found = await _previewed(chapter, basis)
        told.append((chapter.kind, found))
        yield found
    yield _net(told)


async def _previewed(chapter: Chapter, basis: Basis) -> Preview:
    if chapter.kind is Kind.ORDER:
        return await preview_order(chapter.document, basis.connection, basis.lookups, basis.now)
    preview = preview_invoice if chapter.kind is Kind.INVOICE else preview_creditmemo
    return await preview(chapter.document, basis)


def _net(told: Sequence[tuple[Kind, Preview]]) -> Preview:
    """Invoices less credit memos, but those that wait. An invoice on account counts: the sales order makes its receivable."""
    booked = [
        (kind, found.totals)
        for kind, found in told
        if kind is not Kind.ORDER and found.outcome != "park" and found.totals
    ]
    currencies = {totals.currency for _, totals in booked} or {
        found.totals.currency for _, found in told if found.totals
    }
    parked = [f"{kind} {found.key}" for kind, found in told if found.outcome == "park"]
    if parked:
        reason, remedy = f"parked, and so missing in the net: {', '.join(parked)}", "Follow the remedies above."
        return Preview(NET, "park", reason, remedy, totals=_sum(booked, currencies))
    if len(currencies) > 1:
        reason = f"order_currency_code differs within the story: {', '.join(sorted(currencies))}"
        return Preview(NET, "park", reason, "Compare the documents with their order in Commerce.")
    return Preview(NET, "deliver", totals=_sum(booked, currencies))


def _sum(booked: Sequence[tuple[Kind, Totals]], currencies: set[str]) -> Totals | None:
    if len(currencies) != 1:
        return None
    signed = [(-1 if kind is Kind.CREDITMEMO else 1, totals) for kind, totals in booked]
    commerce, dynamics = (
        total(sign * getattr(totals, side) for sign, totals in signed) for side in ("commerce", "dynamics")
    )
    return Totals(commerce, dynamics, min(currencies))


def _family(order: Any, document: Any) -> str:
    """What an order and those that replaced it have in common: the number of the first, in its store."""
    if not isinstance(order, Mapping):
        return f"order_id {document.get('order_id') if isinstance(document, Mapping) else None}"
    number = order.get("original_increment_id") or order.get("increment_id")
    return f"{number}@{order.get('store_id')}"


def _when(chapter: Chapter) -> tuple[str, int, int]:
    made = chapter.document.get("created_at") if isinstance(chapter.document, Mapping) else None
    return str(made or ""), TOLD.index(chapter.kind), id_of(chapter.document, "entity_id") or 0
