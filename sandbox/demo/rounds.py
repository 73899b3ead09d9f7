"""What people do on both sides in the rounds of a soak, and once its load is over."""

from datetime import timedelta
from random import Random
from typing import Final

from sandbox.commerce.buying import LIVES
from sandbox.demo.accounts import send_accounts
from sandbox.demo.capturing import invoice_and_capture
from sandbox.demo.carrier import tell
from sandbox.demo.changed import change_orders
from sandbox.demo.comparison import Books, reconciled
from sandbox.demo.complaints import answer, complain, complain_and_answer
from sandbox.demo.credit import credit_in_the_end
from sandbox.demo.environment import (
    CASE_STATES,
    FLOWS,
    ORDER_ISSUES,
    SHIPMENTS,
    Environment,
    Pair,
)
from sandbox.demo.goods import goods_in_the_end, more_goods
from sandbox.demo.invoicing import Asked, invoice_and_refund, post_drafts
from sandbox.demo.load import key_of, make_rough
from sandbox.demo.quotes import negotiate
from sandbox.demo.reconciliation import Finding
from sandbox.demo.returned import send_back
from sandbox.demo.shipping import pack, pack_and_ship, packable
from sandbox.demo.told import told_in_the_end

A_ROUND: Final = 10
SENT: Final = 3
"""Orders of a shop that leave in a round."""
DOCUMENTS: Final = Asked(whole=2, part=1, twice=1, refunded=2)


async def play_round(environment: Environment, chance: Random, wave: int) -> None:
    """People at work on both sides, and what goes wrong. What was delivered before is sent, and
    complained about."""
    for pair in environment.pairs.values():
        await make_rough(pair)
        await _served(environment, pair)
        orders = await pair.shop.place(chance.randrange(1, A_ROUND))
        await pair.shop.try_action("cancel", orders[::-1], chance.randrange(2))
        await pair.shop.try_action("edit", orders, chance.randrange(2))
        await invoice_and_refund(pair.shop, orders, DOCUMENTS)
        await post_drafts(pair)
    await more_goods(environment, wave)
    await environment.poll(*FLOWS, SHIPMENTS, CASE_STATES)


async def _served(environment: Environment, pair: Pair) -> None:
    """Orders of earlier rounds leave, whole; the carrier tells of them, buyers complain, and the
    desk answers."""
    orders = (await packable(pair))[:SENT]
    numbers = [f"PARCEL-{order['SalesOrderNumber']}" for order in orders]
    for order, number in zip(orders, numbers, strict=True):
        await pack(pair, order["SalesOrderNumber"], [number], {})
    await complain(pair, orders[::2])
    for order in orders[::2]:
        await environment.touch(ORDER_ISSUES, pair.name, key_of(order))
    await answer(pair)
    await tell(environment, pair.name, numbers)


async def play_to_the_end(
    environment: Environment, within: timedelta
) -> tuple[Books, list[Finding]]:
    """What the demo does with its orders, with those that the rounds have left; then both sides'
    books, and what all shows differently. Raises `Stuck`."""
    shipped = await pack_and_ship(environment, within)
    await complain_and_answer(environment, within)
    sent, negotiated = (
        await send_accounts(environment, within),
        await negotiate(environment, within),
    )
    back, captured = (
        await send_back(environment, within), await invoice_and_capture(environment, within)
    )  # fmt: skip
    changed, credited = (
        await change_orders(environment, within), await credit_in_the_end(environment, within)
    )  # fmt: skip
    goods = await goods_in_the_end(environment, within)
    books = await reconciled(environment)
    active, told = await told_in_the_end(environment, len(LIVES), within)
    played = (
        shipped.findings, sent.findings, negotiated.findings, back.findings, captured.findings,
        changed.findings, credited.findings, goods.findings, books.findings, active.findings,
        told.findings,
    )  # fmt: skip
    return books, [finding for findings in played for finding in findings]
