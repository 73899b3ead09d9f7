"""An RMA as a return order of F&O: the lots that were sold, at what was paid for them. Pure.

Its lines come to what a credit memo of those pieces would give back, so that the credit note of F&O
and the refund in Commerce are the same amount.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sync.commerce.models.order import Order, utc
from sync.commerce.models.rma import Rma, RmaItem
from sync.config.connections import Connection, NumberMode
from sync.config.connections.returns import Returns
from sync.core.errors import Never
from sync.core.money import ZERO
from sync.dynamics.documents.return_order import ReturnOrder
from sync.mapping.document_numbers import fitting_number
from sync.mapping.order_settings import order_store
from sync.mapping.posting_target import PostingTarget
from sync.mapping.receivable_lines import Receivable, receivable_from
from sync.mapping.refund_sums import as_sold, memo_of
from sync.mapping.return_order import return_order_from
from sync.mapping.returned_pieces import Returned, returned_pieces
from sync.mapping_tables.records import ItemMapping

DISPOSITION = "ReturnDispositionCode"


@dataclass(frozen=True)
class RmaWithOrder:
    """An RMA with its order."""

    rma: Rma
    order: Order

    @property
    def pieces(self) -> list[Returned]:
        """What comes back. Raises `Never` as `returned_pieces`."""
        return returned_pieces(self.rma, self.order)

    @property
    def turned_down(self) -> dict[int, str]:
        """The skus of the rows of which the shop has turned down all, by row."""
        items = [one.model_copy(update={"status": ""}) for one in self.rma.items or ()]
        asked = returned_pieces(self.rma.model_copy(update={"items": items}), self.order)
        left = {one.row_id for one in self.pieces}
        return {one.row_id: one.row.sku for one in asked if one.row_id not in left}


def rma_reference(rma: Rma, order: Order, connection: Connection) -> str:
    """Our reference of the return order."""
    return _filled(connection.returns.reference_template, rma, order)


def rma_target(found: RmaWithOrder, connection: Connection, account: str) -> PostingTarget:
    """Where it is booked. Raises `Never` as `posting_target_of`."""
    rma, order = found.rma, found.order
    store, number = order_store(order, connection), ""
    reference = rma_reference(rma, order, connection)
    if connection.orders.numbers is NumberMode.OURS:
        number = _filled(connection.returns.number_template, rma, order)
        name = "returns.number_template"
        number = fitting_number(number, rma.label, "ReturnOrderNumber", name)
    company = store.company or connection.dynamics.company
    return PostingTarget(company, account, store, reference, reference, number)


def _filled(template: str, rma: Rma, order: Order) -> str:
    store = 0 if order.store_id is None else order.store_id
    return template.format(
        increment_id=rma.increment_id, order_increment_id=order.increment_id, store_id=store
    )


def rma_receivable(found: RmaWithOrder, connection: Connection, *, gross: bool) -> Receivable:
    """What the pieces were sold for, proved as a credit memo is. Raises `Never`."""
    pieces: dict[int, Any] = {}
    for one in found.pieces:
        pieces[one.row_id] = pieces.get(one.row_id, ZERO) + one.pieces
    memo = memo_of(found.order, found.rma.increment_id, pieces, as_sold(found.order))
    receivable = receivable_from(memo, found.order, connection, gross=gross)
    return replace(receivable, label=found.rma.label)


def rma_return_order(
    found: RmaWithOrder,
    receivable: Receivable,
    connection: Connection,
    target: PostingTarget,
    *,
    items: Mapping[str, ItemMapping],
    lots: Mapping[str, str],
    is_authorised: bool,
) -> ReturnOrder:
    """The return order. Raises `Never` for a reason without a code, and as `return_order_from`."""
    made = return_order_from(
        receivable, found.order, connection, target, items=items, lots=lots
    )  # fmt: skip
    settings, by_row = connection.returns, _by_row(found.pieces)
    header = {**made.header, "CustomerReturnReasonCode": _reason(found.rma, settings)}
    if not is_authorised:
        header["IsReturnProcessingStopped"] = "Yes"
    lines = [_line(line, by_row, settings) for line in made.lines]
    return replace(made, header=header, lines=tuple(lines))


def _by_row(pieces: Iterable[Returned]) -> dict[str, list[RmaItem]]:
    found: dict[str, list[RmaItem]] = {}
    for one in pieces:
        found.setdefault(str(one.row_id), []).append(one.item)
    return found


def _line(
    line: Mapping[str, Any], by_row: Mapping[str, list[RmaItem]], settings: Returns
) -> dict[str, Any]:
    """With the disposition that the resolution alone decides; without one otherwise: what becomes
    of goods is decided when they are there."""
    bare = {name: value for name, value in line.items() if name != DISPOSITION}
    requests = by_row.get(row_of(str(line["ExternalItemNumber"])), [])
    codes = {_mapped(settings.dispositions, one.resolution) for one in requests}
    code = codes.pop() if len(codes) == 1 else ""
    return {**bare, DISPOSITION: code} if code else bare


def row_of(reference: str) -> str:
    """The order row that a line of ours is of; one whose price needs two lines has a part `/2`."""
    return reference.partition("/")[0]


def _reason(rma: Rma, settings: Returns) -> str:
    """The header's one reason: that of all items, else that of all others (`*`)."""
    asked = list(dict.fromkeys(one.reason for one in rma.items or ()))
    codes = {_mapped(settings.reasons, one) for one in asked}
    if len(codes) == 1 and (code := codes.pop()):
        return code
    if "*" in settings.reasons:
        return settings.reasons["*"]
    unknown = next((one for one in asked if one not in settings.reasons), "*")
    raise Never(
        f"{rma.label}: reason {unknown or '(none)'} of its items has no return reason code",
        remedy=(
            f'Write "{unknown}" = "..." (or "*" for all others) under returns.reasons in'
            " connections.toml, then replay."
        ),
    )


def _mapped(table: Mapping[str, str], option: str) -> str:
    return table.get(option, table.get("*", ""))


def is_within_rule(found: RmaWithOrder, settings: Returns) -> bool:
    """Whether the rule lets it go on without a person: requested soon enough after its order."""
    placed, requested = found.order.placed_at, utc(found.rma.date_requested)
    if settings.authorise != "rule" or placed is None or requested is None:
        return False
    return requested - placed <= timedelta(days=settings.within_days)


def requested_at(rma: Rma) -> datetime | None:
    """When it was requested, aware UTC."""
    return utc(rma.date_requested)
