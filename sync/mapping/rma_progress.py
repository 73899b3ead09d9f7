"""What an RMA of Commerce is to show of its return order in F&O. Pure.

Items only go forward. The header is as far as the item that is least far: the codes for "in part"
differ between releases, so they are never written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.rma import (
    APPROVED,
    AUTHORIZED,
    DENIED,
    ITEM_STATES,
    PENDING,
    PROCESSED,
    RECEIVED,
    REJECTED,
    Rma,
    RmaItem,
)
from sync.config.connections.returns import Returns
from sync.core.money import ZERO, rounded, total
from sync.dynamics.documents.return_state import TO_CUSTOMER, ReturnedLine, ReturnState
from sync.mapping.rma_return_order import RmaWithOrder, row_of

ONE: Final = Decimal(1)
QUANTITIES: Final = ("qty_authorized", "qty_returned", "qty_approved")
ENDS: Final = frozenset({APPROVED, REJECTED, DENIED})


@dataclass(frozen=True)
class ItemProgress:
    """What an item is to show."""

    entity_id: int
    status: str
    quantities: tuple[Decimal, ...]
    """In the order of `QUANTITIES`."""


@dataclass(frozen=True)
class Track:
    """A tracking number of a replacement."""

    number: str
    title: str


@dataclass(frozen=True)
class Progress:
    """What an RMA is to show: its status, its items, comments that the customer reads, and tracking
    numbers of replacements."""

    status: str
    items: tuple[ItemProgress, ...]
    texts: tuple[str, ...]
    tracks: tuple[Track, ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        items = {str(one.entity_id): [one.status, *map(str, one.quantities)] for one in self.items}
        tracks = [[one.number, one.title] for one in self.tracks]
        return {"status": self.status, "items": items, "texts": [*self.texts], "tracks": tracks}

    def moves(self, rma: Rma) -> bool:
        """Whether the RMA gets another status."""
        return _is_further(self.status, rma.status)

    def changed(self, rma: Rma) -> dict[str, Any] | None:
        """The whole RMA as it is to be written; None where it shows all of it already. What it
        has beyond that stays."""
        by_id = {one.entity_id: one for one in self.items}
        rows = [_row(row, by_id.get(row.get("entity_id"))) for row in rma.raw.get("items") or ()]
        status = self.status if self.moves(rma) else rma.status
        whole = {**rma.raw, "status": status, "items": rows}
        return None if whole == rma.raw else whole


def _row(row: Mapping[str, Any], wanted: ItemProgress | None) -> dict[str, Any]:
    if wanted is None:
        return dict(row)
    changes: dict[str, Any] = {
        name: max(int(row.get(name) or 0), int(value))
        for name, value in zip(QUANTITIES, wanted.quantities, strict=True)
        if value
    }
    held = str(row.get("status") or "")
    if _is_further(wanted.status, held):
        changes["status"] = wanted.status
    return {**row, **changes}


def _is_further(wanted: str, held: str) -> bool:
    """Whether a status comes after another; what ends an RMA, or has a code unknown to us, is only
    followed by its end."""
    if wanted == PROCESSED:
        return held != PROCESSED
    if held in ENDS or held not in ITEM_STATES:
        return False
    return ITEM_STATES.index(wanted) > ITEM_STATES.index(held)


def items_of(
    found: RmaWithOrder, state: ReturnState, factors: Mapping[int, Decimal]
) -> list[ItemProgress]:
    """What each item is to show. `factors`: sales units per piece, by order row."""
    left: dict[int, list[Decimal]] = {}
    progress = list[ItemProgress]()
    for item in found.rma.items or ():
        asked = [one for one in found.pieces if one.item is item]
        if not asked or item.entity_id is None:
            continue
        row = asked[0].row_id
        lines = [line for line in state.lines if row_of(line.reference) == str(row)]
        if row not in left:
            factor, per = factors.get(row, ONE), asked[0].pieces / item.wanted
            left[row] = [_pieces(one, factor * per) for one in _sums(lines)]
        progress.append(_item(item, state, lines, left[row]))
    return progress


def _sums(lines: Sequence[ReturnedLine]) -> tuple[Decimal, Decimal, Decimal]:
    """(arrived, credited, sent back to the customer), in sales units."""
    kept = [line for line in lines if line.action != TO_CUSTOMER]
    back = [line for line in lines if line.action == TO_CUSTOMER]
    return (
        total(line.arrived for line in lines), total(line.decided for line in kept),
        total(line.decided for line in back),
    )  # fmt: skip


def _pieces(units: Decimal, factor: Decimal) -> Decimal:
    return rounded(units / factor, ONE) if factor else ZERO


def _item(
    item: RmaItem, state: ReturnState, lines: Sequence[ReturnedLine], left: list[Decimal]
) -> ItemProgress:
    """One item; of what its row has, it takes no more than it asked for."""
    taken = [min(one, item.wanted) for one in left]
    for place, one in enumerate(taken):
        left[place] -= one
    arrived, approved, _ = taken
    status = _status(item, state, lines, taken)
    authorised = ZERO if status in (PENDING, DENIED) else item.wanted
    return ItemProgress(item.entity_id or 0, status, (authorised, arrived, approved))


def _status(
    item: RmaItem, state: ReturnState, lines: Sequence[ReturnedLine], taken: Sequence[Decimal]
) -> str:
    arrived, approved, sent_back = taken
    if state.is_cancelled or (state.is_over and not lines):
        return DENIED
    if approved + sent_back >= item.wanted:
        return APPROVED if approved else REJECTED
    if arrived >= item.wanted:
        return RECEIVED
    return PENDING if state.is_stopped and not arrived else AUTHORIZED


def header_of(items: Iterable[ItemProgress], state: ReturnState, *, is_done: bool) -> str:
    """The status of the RMA."""
    found = {one.status for one in items}
    if state.is_cancelled or found == {DENIED}:
        return DENIED
    if is_done:
        return PROCESSED
    for status in ITEM_STATES[:3]:
        if status in found:
            return status
    return APPROVED if APPROVED in found else REJECTED


def texts_of(state: ReturnState, tracks: Sequence[Track], settings: Returns) -> tuple[str, ...]:
    """What the customer reads."""
    texts = list[str]()
    if state.rma and not state.is_stopped and not state.is_cancelled:
        texts.append(settings.text("number").format(rma=state.rma))
    if state.replacement:
        texts.append(settings.text("replacement").format(order=state.replacement))
    for one in tracks:
        texts.append(settings.text("shipped").format(carrier=one.title, track=one.number))
    return tuple(texts)
