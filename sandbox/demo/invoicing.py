"""Documents in the demo: shops invoice orders, whole and in parts, and refund; F&O's clerks post
every other draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from typing import Any, Final

from sandbox.demo.cash import REFUND, FinanceDocument
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.reconciliation import Finding, shop_number
from sandbox.demo.systems import Refused, Shop
from sync.config.connections import NumberMode
from sync.core.money import ZERO

WHOLE, PART, TWICE = "whole", "part", "twice"
ADJUSTMENTS: Final[Sequence[Mapping[str, str]]] = (
    {"positive": "1.50"},
    {"negative": "0.75"},
    {"positive": "2.25", "negative": "0.35"},
    {},
)
"""Given on top of what goes back, and kept of it, in base currency."""

Order = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """How many orders of a shop are invoiced and refunded, besides those that are paid when they
    are placed."""

    whole: int
    part: int
    twice: int
    refunded: int


async def invoice_and_refund(shop: Shop, orders: Sequence[Order], asked: Asked) -> None:
    """Invoice and refund orders of these, in turn; those whose state or basket does not allow it
    are passed over."""
    left = {WHOLE: asked.whole, PART: asked.part, TWICE: asked.twice}
    refunds, adjustments = asked.refunded, cycle(ADJUSTMENTS)
    for order in orders:
        how = max(left, key=lambda name: left[name])
        done = bool(left[how]) and await _invoice(shop, order, how)
        left[how] -= done
        if refunds and (how != PART or not done):
            refunds -= await _refund(shop, order, next(adjustments))
        if not refunds and not any(left.values()):
            return


async def _invoice(shop: Shop, order: Order, how: str) -> bool:
    """Invoice it; False when the shop refuses, or there is no part of it."""
    quantities = None if how == WHOLE else part_of(await shop.items(order), "to_invoice")
    if how != WHOLE and not quantities:
        return False
    if not await _done(shop, order, "invoice", {"quantities": quantities or {}}):
        return False
    return how != TWICE or await _done(shop, order, "invoice", {})


async def _refund(shop: Shop, order: Order, adjustment: Mapping[str, str]) -> bool:
    """Send it, and take back a part of it, or a single piece, without its shipping; the shop gives
    back no more than was paid. What was never sent would be taken off the sales order instead."""
    await _done(shop, order, "ship", {})
    items = [item for item in await shop.items(order) if Decimal(item["qty_shipped"])]
    pieces = part_of(items, "to_refund") or {
        str(item["item_id"]): item["to_refund"] for item in items
    }
    quantities = {item: qty for item, qty in pieces.items() if Decimal(qty) > 0}
    if not quantities:
        return False
    worth = sum(
        Decimal(item["worth"]) * Decimal(quantities.get(str(item["item_id"]), 0))
        / Decimal(item["qty_ordered"])
        for item in items
    )  # fmt: skip
    given = adjustment if worth > Decimal(adjustment.get("negative", 0)) else {}
    return await _done(shop, order, "refund", {"quantities": quantities, "shipping": "0", **given})


async def _done(shop: Shop, order: Order, action: str, body: Mapping[str, Any]) -> bool:
    try:
        await shop.ask("POST", f"/sandbox/orders/{order['entity_id']}/{action}", body)
    except Refused:
        return False
    return True


def part_of(items: Sequence[Mapping[str, Any]], what: str) -> dict[str, str]:
    """About half of what is left, by order item id: half the pieces of a row, or every other row;
    empty when it has no part."""
    found, rest = {}, ZERO
    for place, item in enumerate(items):
        left = Decimal(item[what])
        taken = left // 2 if left > 1 else left * (place % 2 == 0)
        rest += left - taken
        if taken:
            found[str(item["item_id"])] = f"{taken:f}"
    return found if rest else {}


async def post_drafts(pair: Pair) -> list[str]:
    """F&O's clerks at work: every other draft is posted, and the whole of the oldest journal.

    The numbers of the posted invoices and credit notes, which business events tell of; journals
    raise none.
    """
    books = await pair.shop.entered()
    documents = {
        document.reference: document for order in books for document in FinanceDocument.of(order)
    }
    if pair.numbers is NumberMode.THEIRS:
        return await _post_free_text(pair, documents)
    posted = []
    sales_orders = {
        shop_number(row["CustomersOrderReference"]): row for row in await pair.ledger.sales_orders()
    }
    settled = [
        one for one in books if _is_settled(one) and str(one["increment_id"]) in sales_orders
    ]
    for order in settled[::2]:
        sales_order = sales_orders[str(order["increment_id"])]
        posted += await pair.ledger.post(
            "sales_order", sales_order["SalesOrderNumber"], tax=order["tax"]
        )
    for row in (await pair.ledger.ask("GET", "/sandbox/credit_notes"))["returns"][::2]:
        tax = documents[shop_number(row["CustomersOrderReference"])].tax
        posted += await _posted(pair, "return", row["ReturnOrderNumber"], tax=tax)
    payments = (await pair.ledger.ask("GET", "/sandbox/receivables"))["payments"]
    if payments:
        await _posted(pair, "journal", payments[0]["JournalBatchNumber"])
    return posted


async def _post_free_text(pair: Pair, documents: Mapping[str, FinanceDocument]) -> list[str]:
    posted = []
    drafts = (await pair.ledger.ask("GET", "/sandbox/receivables"))["free_text_invoices"]
    for row in drafts[::2]:
        tax = _signed_tax(documents[shop_number(row["CustomerReference"])])
        posted += await _posted(pair, "free_text_invoice", row["InvoiceIdentifier"], tax=tax)
    return posted


async def _posted(pair: Pair, document: str, number: Any, **more: Any) -> list[str]:
    """What a draft became; nothing of one whose lines are on their way."""
    try:
        return [await pair.ledger.post(document, number, **more)]
    except Refused:
        return []


def _signed_tax(document: FinanceDocument) -> Decimal:
    """Negative where it is given back, as on the free text invoice."""
    return -document.tax if document.kind == REFUND else document.tax


def _is_settled(order: Order) -> bool:
    """Invoiced in full, so that nothing of it will be cancelled any more."""
    return bool(order["invoices"]) and sum(
        Decimal(one["grand_total"]) for one in order["invoices"]
    ) == Decimal(order["grand_total"])


async def not_read_back(
    environment: Environment, posted: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Posted documents whose numbers did not come back to the trail of their record."""
    found = []
    for name, numbers in posted.items():
        known = {
            claim.number
            async for claim in environment.engine.ledger.claims(name, "posted_invoices")
        }
        found += [
            Finding(name, number, "was posted in Dynamics, but its number was not read back")
            for number in numbers
            if number not in known
        ]
    return found
