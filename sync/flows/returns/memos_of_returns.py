"""Credit memos of Commerce that are the refund of a return: F&O credits its goods by the return
order, so they are never credited a second time."""

from collections.abc import Mapping
from typing import Any, Final

from sync.commerce.models.invoice import CANCELLED, CreditMemo
from sync.commerce.models.order import Order, utc
from sync.commerce.models.refund import (
    APART,
    MARKER,
    OF_A_NOTE,
    is_of_cancelled_pieces,
    is_of_lower_total,
    marker_of,
    markers_in,
    returns_in,
)
from sync.commerce.models.rma import Rma
from sync.core.errors import Later, Never
from sync.core.money import ZERO
from sync.core.skipped import Skipped, Waiting
from sync.engine.claim import Claim, State
from sync.engine.delivery import Delivery
from sync.engine.systems import Systems
from sync.engine.timing import rarely
from sync.flows.receivables.payments import KIND, STORE_CREDIT
from sync.flows.returns.rma_records import RETURNS, return_order_of
from sync.mapping.order_before_refunds import pieces_of, without_credited
from sync.mapping.posting_target import DocumentWithOrder
from sync.mapping.returned_pieces import returned_pieces
from sync.mapping.store_credit import kept_as_credit

CREDITMEMOS: Final = "creditmemos"
MONEY_KINDS: Final = frozenset({KIND, STORE_CREDIT})
REFUND_OF: Final = "the refund of "
"""How the reason begins why a memo of a return credits no goods."""
UNAUTHORISED: Final = Waiting("the shop has not authorised it")


def is_of_return(memo: Mapping[str, Any]) -> bool:
    """Whether a comment says that it is the refund of a return."""
    return bool(returns_in(memo))


async def without_returned(order: Order, systems: Systems, *, is_proved: bool = False) -> Order:
    """The order as if what its returns gave back had not been refunded: those pieces were shipped,
    so as many as before are still to be. `is_proved`: raises `Later` while Commerce lists other
    refunds than the order counts.

    Asks Commerce for the order's credit memos, but only where shipped pieces may be among them."""
    items = order.items
    if not (any(one.qty_refunded for one in items) and any(one.qty_shipped for one in items)):
        return order
    rows = await systems.commerce.creditmemos.of_order(order.entity_id or 0)
    memos = [memo for row in rows if (memo := CreditMemo.read(row)).state != CANCELLED]
    told = pieces_of(memos)
    if is_proved and any(one.qty_refunded != told.get(one.item_id, ZERO) for one in items):
        raise Later(
            f"order {order.increment_id} counts other refunds than its credit memos list",
            remedy="Where one was deleted, cancel or refund by hand what F&O sends no more.",
        )
    return without_credited(order, [memo for memo in memos if is_of_return(memo.raw)])


async def of_a_return(memo: CreditMemo, order: Order, delivery: Delivery) -> Skipped | None:
    """Why the goods of a credit memo are not to be credited, which is not booked yet or by its
    money alone; None where they are. Raises `Never` where it gives back goods of a return that is
    open or was not refunded yet, and nobody has said what it is."""
    claim = delivery.claim
    _must_be_credited(memo, delivery)
    if _is_booked(claim) or credits_goods(claim):
        return None
    if named := returns_in(memo.raw):
        return await _named(named[0], memo, delivery)
    if claim.number or claim.intent is not None:
        return None
    if markers_in(memo.raw) or is_of_cancelled_pieces(memo.raw):
        return None
    if RETURNS not in delivery.systems.settings.flows or order.entity_id is None:
        return None
    for row in await delivery.systems.commerce.returns.of_order(order.entity_id):
        rma = Rma.read(row)
        is_near = _is_later(memo, rma) and _share_goods(memo, rma, order)
        if is_near and (not rma.is_over or await _is_unrefunded(rma, order, delivery)):
            raise _unclear(memo, rma)
    return None


async def _is_unrefunded(rma: Rma, order: Order, delivery: Delivery) -> bool:
    """Whether goods of a return that is over came back, and no credit memo says that it is their
    refund: staff refunds by hand where the flow `refunds` is off."""
    if not any(one.qty_approved for one in rma.items or ()):
        return False
    if not await return_order_of(rma.key, delivery):
        return False
    memos = await delivery.systems.commerce.creditmemos.of_order(order.entity_id or 0)
    told = [text for memo in memos for text in returns_in(memo)]
    bare = marker_of(rma.increment_id)
    return not any(text == bare or text.startswith(f"{bare}{OF_A_NOTE}") for text in told)


async def _named(text: str, memo: CreditMemo, delivery: Delivery) -> Skipped:
    if OF_A_NOTE in text:
        return Skipped(f"{REFUND_OF}a credit note that F&O has ({text})")
    number = text.removeprefix(MARKER).strip()
    if await return_order_of(f"{number}@{memo.store_id}", delivery):
        return Skipped(f"{REFUND_OF}return {number}, which F&O credits by its return order")
    if RETURNS not in delivery.systems.settings.flows:
        return Skipped(f"{REFUND_OF}return {number}, which people credit in F&O")
    raise await _without_return_order(number, memo, delivery)


async def _without_return_order(number: str, memo: CreditMemo, delivery: Delivery) -> Later | Never:
    """Why nothing is credited yet: its return order is still to come, or none ever does."""
    systems, key = delivery.systems, f"{number}@{memo.store_id}"
    row = await systems.commerce.returns.in_store(number, str(memo.store_id))
    claim = await delivery.ledger.claim(systems.name, RETURNS, key)
    is_stopped = claim.state is State.PARKED or (
        claim.state is State.SKIPPED and claim.reason != str(UNAUTHORISED)
    )
    if row is not None and not Rma.read(row).is_over and not is_stopped:
        reason = f"return {number} has no return order in F&O yet"
        return Later(reason, after=rarely(delivery), counts=False)
    why = "there is no such return in Commerce" if row is None else "it is over, parked or skipped"
    return Never(
        f"{memo.label} is said to be the refund of return {number}, which has no return order in"
        f" F&O: {why}",
        remedy=(
            f"Where F&O is to credit it by a return order, see to {RETURNS} {key} first. Where it"
            f' never does, add the comment "{APART}" to the credit memo in Commerce: F&O then'
            " credits the memo by itself. Then replay."
        ),
    )


async def given_before(rma: Rma, order: Order, delivery: Delivery) -> list[CreditMemo]:
    """The credit memos that are said to be its refund, and that F&O does not credit by
    themselves."""
    bare, found = [marker_of(rma.increment_id)], list[CreditMemo]()
    for row in await delivery.systems.commerce.creditmemos.of_order(order.entity_id or 0):
        memo = CreditMemo.read(row)
        if memo.state == CANCELLED or returns_in(row) != bare:
            continue
        claim = await delivery.ledger.claim(delivery.systems.name, CREDITMEMOS, memo.key)
        found += [] if credits_goods(claim) else [memo]
    return found


def credits_goods(claim: Claim) -> bool:
    """Whether F&O credits what a memo of this claim gave back, by a document of the memo's own that
    it has or may have; not where it holds its money alone."""
    kinds = set(claim.delivered) | (claim.intent.kinds if claim.intent is not None else set())
    return bool(kinds - MONEY_KINDS) or (bool(claim.number) and not kinds)


def _is_booked(claim: Claim) -> bool:
    """Whether it was delivered, and not only linked by a person since."""
    return bool(claim.number and claim.digest)


def books_money_of(with_order: DocumentWithOrder[CreditMemo], delivery: Delivery) -> bool:
    """Whether the money of a return's refund is to be booked. Where that was left before, a person
    has to replay it, and no mere backfill: somebody may have entered it since."""
    claim, memo = delivery.claim, with_order.document
    was_left = claim.state is State.SKIPPED and claim.reason.startswith(REFUND_OF)
    if was_left and delivery.message.asked_at is None:
        return False
    is_paid_out = delivery.systems.settings.creditmemos.refund_payment
    return is_paid_out or bool(kept_as_credit(memo, with_order.order))


def _must_be_credited(memo: CreditMemo, delivery: Delivery) -> None:
    """Raise `Never` where its money alone was booked, as that of a return's refund, and it is said
    to be of no return since."""
    claim = delivery.claim
    if not _is_booked(claim) or credits_goods(claim) or APART not in markers_in(memo.raw):
        return
    if is_of_return(memo.raw) or is_of_lower_total(memo.raw):
        return
    raise Never(
        f"{memo.label} is said to be of no return, after {claim.number} was booked as the money of"
        " one's refund: nothing credits its goods",
        remedy=(
            f'Run: forget {CREDITMEMOS} {claim.key} --why "..." It is booked again then, and the'
            " line of its money is found."
        ),
    )


def _is_later(memo: CreditMemo, rma: Rma) -> bool:
    made, requested = utc(memo.created_at), utc(rma.date_requested)
    return made is None or requested is None or made >= requested


def _share_goods(memo: CreditMemo, rma: Rma, order: Order) -> bool:
    rows = {one.row_id for one in returned_pieces(rma, order)}
    return any(one.order_item_id in rows and one.qty > ZERO for one in memo.items)


def _unclear(memo: CreditMemo, rma: Rma) -> Never:
    bare = marker_of(rma.increment_id)
    return Never(
        f"{memo.label} ({memo.grand_total:.2f} {memo.order_currency_code}) gives back goods of"
        f" {rma.label}: F&O credits them by its return order",
        remedy=(
            f'Add the comment "{bare}" to the credit memo in Commerce where it is the refund of'
            f' that return, or "{APART}" where it is of something else. Then replay.'
        ),
    )
