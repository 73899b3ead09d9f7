"""What happens in the demo's shops: who buys what, what goes wrong meanwhile, and what nobody had
mapped."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.catalogue import SHOPPERS
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.invoicing import Asked, invoice_and_refund
from sandbox.demo.masters import Masters
from sandbox.demo.variants import Order, buy_variants
from sandbox.terms import NOVELTY

SLICE: Final = 10
"""Orders placed by one request."""

ROUGH_NOTIFICATIONS: Final = {
    "lost_rate": Decimal("0.06"), "double_rate": Decimal("0.15"), "late_rate": Decimal("0.1"),
    "late_low": Decimal("0.1"),
    "late_high": Decimal("1.5"), "early_rate": Decimal("0.05"), "early_low": Decimal("0.1"),
    "early_high": Decimal(1),
}  # fmt: skip
"""Webhooks that never come, come twice, late and out of order, or before their order can be
read."""

QUIET_NOTIFICATIONS: Final = dict.fromkeys(
    ("lost_rate", "double_rate", "late_rate", "early_rate"), 0
)

LATENCY: Final = {
    "shop": {"latency_low": Decimal("0.03"), "latency_high": Decimal("0.09")},
    "ledger": {"latency_low": Decimal("0.03"), "latency_high": Decimal("0.09")},
}
"""Seconds there and back; systems in a cloud are no faster."""

LOST: Final[Mapping[str, Sequence[str]]] = {
    "ours": ("$batch", "$batch", "CustomerPaymentJournalLines", "ReturnOrderHeaders"),
    "theirs": ("SalesOrderHeaders", "$batch", "FreeTextInvoiceHeaders"),
}
"""Writes that take effect and are never answered: whole orders, a header, the lines of another,
cash and credit."""

ON_ACCOUNT: Final = "checkmo"
"""Paid later: no invoice comes with the order."""

FIVE: Final = ("SIMPLE-001", "SIMPLE-003", "BOOK-7", "LAMP-W1", "MUG-OPT")


DOCUMENTS: Final = Asked(whole=8, part=5, twice=4, refunded=8)


@dataclass(frozen=True)
class Plan:
    """How much is done. `orders` in all shops together, each shop's novelties and cancellations
    among them; so many `products` in all shops. `accounts`: customers with a past, of each shop."""

    orders: int
    products: int = 2000
    unmapped: int = 2
    cancelled: int = 4
    edited: int = 2
    measured: int = 20
    documents: Asked = DOCUMENTS
    accounts: int = 100

    def of(self, place: int, shops: int) -> int:
        """How many orders the shop at a place is to get."""
        return self.orders // shops + (place < self.orders % shops)


async def make_rough(pair: Pair) -> None:
    """Set everything that goes wrong from the start: notifications, latency, lost answers, servers
    that fail."""
    await pair.shop.ask("PUT", "/sandbox/notifications", ROUGH_NOTIFICATIONS)
    failing = {"kind": "error_before", "writes": False, "status": 503}
    await turn(pair, "shop", plan=[failing])
    lost = [{"kind": "lost", "writes": True, "path": path} for path in LOST[pair.numbers]]
    await turn(pair, "ledger", plan=lost)


async def make_calm(pair: Pair) -> None:
    """Nothing goes wrong any more."""
    await pair.shop.ask("PUT", "/sandbox/notifications", QUIET_NOTIFICATIONS)
    await turn(pair, "shop", plan=[])
    await turn(pair, "ledger", plan=[])


async def throttle(pair: Pair) -> None:
    """Let both systems ask for a second of quiet, after what else is to go wrong: every request
    within it is a 429."""
    for system, face in (("shop", pair.shop), ("ledger", pair.ledger)):
        planned = (await face.ask("GET", "/sandbox/dials"))["plan"]
        await turn(pair, system, plan=[*planned, {"kind": "throttle", "seconds": 1}])


async def turn(pair: Pair, system: str, **dials: Any) -> None:
    """Turn one system's fault dials; its latency stays what it is in the demo."""
    face = pair.shop if system == "shop" else pair.ledger
    await face.ask("PUT", "/sandbox/dials", {**dials, **LATENCY[system]})


@dataclass(frozen=True)
class Placed:
    """Of the orders of one shop: the keys of those with a SKU that nobody mapped, and those of a
    variant."""

    unmapped: list[str]
    variants: list[Order]


async def place(environment: Environment, plan: Plan) -> dict[str, Placed]:
    """Have the orders placed, per connection.

    First everybody who shops here buys something, so that each of them is known afterwards. When
    all are placed and some posted, both systems throttle.
    """
    async with asyncio.TaskGroup() as group:
        shops = [
            group.create_task(
                _place(pair, plan, plan.of(number, len(environment.pairs)), environment.masters)
            )
            for number, pair in enumerate(environment.pairs.values())
        ]
    return dict(zip(environment.pairs, (task.result() for task in shops), strict=True))


async def _place(pair: Pair, plan: Plan, count: int, masters: Masters) -> Placed:
    first = [await pair.shop.place(1, shopper=shopper.email) for shopper in SHOPPERS[:count]]
    orders = [order for one in first for order in one]
    variants = await buy_variants(pair, masters, count - len(orders))
    count -= len(variants)
    unmapped = max(0, min(plan.unmapped, count - len(orders)))
    while (left := count - unmapped - len(orders)) > 0:
        orders += await pair.shop.place(min(SLICE, left))
    await pair.shop.ask("POST", "/sandbox/products", _novelty())
    lamps = (
        await pair.shop.place(unmapped, skus=["SIMPLE-001", NOVELTY.sku], payment=ON_ACCOUNT)
        if unmapped
        else []
    )
    await pair.shop.try_action("cancel", orders, plan.cancelled // 2)
    await pair.shop.try_action("cancel", orders[::-1], plan.cancelled - plan.cancelled // 2)
    await pair.shop.try_action("edit", orders[len(orders) // 2 :], plan.edited)
    await invoice_and_refund(pair.shop, orders[len(orders) // 4 :], plan.documents)
    await throttle(pair)
    return Placed([key_of(order) for order in lamps], variants)


def _novelty() -> dict[str, Any]:
    return {"sku": NOVELTY.sku, "id": NOVELTY.product_id, "price": f"{NOVELTY.price:f}"}


async def place_measured(pair: Pair, count: int) -> None:
    """Orders of five lines by a shopper whom the ledger knows, none of them paid at once."""
    await pair.shop.place(count, skus=list(FIVE), shopper=SHOPPERS[0].email, payment=ON_ACCOUNT)


def key_of(order: Mapping[str, Any]) -> str:
    """The key under which the product knows an order of the shop."""
    return f"{order['increment_id']}@{order['store_id']}"
