"""What Commerce has refunded of a return already: by us, or by somebody who may have said so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync.commerce.models.invoice import CANCELLED
from sync.commerce.models.order import utc
from sync.commerce.models.refund import (
    APART,
    WantedRefund,
    is_of_cancelled_pieces,
    marker_of,
    markers_in,
)
from sync.core.money import ZERO, total
from sync.engine.claim import State
from sync.engine.delivery import Delivery
from sync.flows.returns.memos_of_returns import CREDITMEMOS, credits_goods
from sync.flows.returns.refund_writes import amount_of
from sync.flows.returns.return_states import REFUNDS
from sync.mapping.refund_case import Given, RefundCase

Memos = Sequence[Mapping[str, Any]]


def left_of(given: Given, there: Memos) -> Given:
    """What is given back beyond these memos."""
    pieces = dict(given.pieces)
    for memo in there:
        for one in memo.get("items") or ():
            row = int(one["order_item_id"])
            pieces[row] = pieces.get(row, ZERO) - Decimal(one.get("qty") or 0)
    amount = given.amount - total(amount_of(memo) for memo in there)
    left = {row: qty for row, qty in pieces.items() if qty > ZERO}
    if not there:
        return given
    return replace(given, pieces=left, amount=amount, shipping=ZERO, beside=ZERO)


def as_made(case: RefundCase, memo: Mapping[str, Any]) -> WantedRefund:
    """A refund that is there, as it would be asked for."""
    items = {
        int(one["order_item_id"]): Decimal(one.get("qty") or 0) for one in memo.get("items") or ()
    }
    invoice = memo.get("invoice_id")
    return WantedRefund(
        case.order.entity_id or 0, None if invoice is None else int(invoice), False,
        items or {0: ZERO}, ZERO, ZERO, ZERO, (), case.marker, False,
    )  # fmt: skip


async def given_early(
    case: RefundCase, given: Given, delivery: Delivery
) -> list[Mapping[str, Any]]:
    """The credit memo of which a person says that it is this return's refund, given before F&O
    credited it. Raises `Never` where it comes to another sum, or where F&O has a credit of its own
    of it: two credits and one refund."""
    bare = marker_of(case.found.rma.increment_id)
    early = [memo for memo in case.memos if _is_live(memo) and markers_in(memo) == [bare]]
    for memo in early:
        if amount_of(memo) == given.amount:
            await _must_not_be_booked(case, memo, delivery)
            return [memo]
    if early:
        sums = ", ".join(f"{one['increment_id']} of {amount_of(one):.2f}" for one in early)
        raise case.never(
            f"{given.amount:.2f} are to be refunded, and credit memo {sums} was given before",
            "Refund or correct the difference by hand, add the comment {marker} to each credit"
            " memo that belongs to it, then replay.",
        )
    return []


async def _must_not_be_booked(
    case: RefundCase, memo: Mapping[str, Any], delivery: Delivery
) -> None:
    """Raise `Never` where the flow `creditmemos` has booked it, or may have: its author said what
    it is only after that. That F&O's people cancel such a document is not told to that flow."""
    key = f"{memo['increment_id']}@{memo['store_id']}"
    claim = await delivery.ledger.claim(delivery.systems.name, CREDITMEMOS, key)
    if claim.state is State.CANCELLED or not credits_goods(claim):
        return
    raise case.never(
        f"credit memo {memo['increment_id']} is said to be its refund, and F&O has credited that by"
        f" {claim.number or 'a document that is looked into'} already",
        f'Add the comment "{APART}" to the credit memo in Commerce; then replay, and the credit'
        " note is refunded beside it. Where the buyer is to get it once, cancel one of the two"
        f' credits in D365, and run: skip {REFUNDS} "{case.note.key}" --why "..."',
    )


def must_be_no_other(case: RefundCase, given: Given) -> None:
    """Raise `Never` where goods of it were refunded since it was requested, by somebody who did not
    say what for: it may be this very refund."""
    requested = utc(case.found.rma.date_requested)
    others = [
        str(memo["increment_id"])
        for memo in case.memos
        if _is_live(memo) and not markers_in(memo) and not is_of_cancelled_pieces(memo)
        and _touches(memo, given)
        and (requested is None or (utc(str(memo.get("created_at"))) or requested) >= requested)
    ]  # fmt: skip
    if others:
        bare = marker_of(case.found.rma.increment_id)
        raise case.never(
            f"credit memo {', '.join(others)} has refunded goods of it since it was requested",
            f'Add the comment "{bare}" to it in Commerce where it is this return\'s refund, or'
            f' "{APART}" where it is of something else. Then replay.',
        )


def _is_live(memo: Mapping[str, Any]) -> bool:
    return memo.get("state") != CANCELLED


def _touches(memo: Mapping[str, Any], given: Given) -> bool:
    return any(
        int(one["order_item_id"]) in given.pieces and Decimal(one.get("qty") or 0) > ZERO
        for one in memo.get("items") or ()
    )
