"""Orders in the demo that F&O changes on their way: another item is sent and costs less, a rest is
never sent, and what was charged of it is given back. Both sides end with the same pieces of each
order, and the same money."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.commerce.catalogue import SHOPPERS
from sandbox.demo.environment import CANCELLATIONS, CAPTURES, SHIPMENTS, Environment, Pair
from sandbox.demo.reconciliation import Finding, shop_number
from sandbox.terms import SHELF, item_numbers
from sync.config.connections import NumberMode
from sync.core.money import ZERO, rounded

UNTAXED: Final = next(one for one in SHOPPERS if one.place == "or")
PIECES: Final = {"SIMPLE-001": 4, "SIMPLE-003": 3}
PLACED: Final = {
    "quantities": PIECES, "store": "default", "payment": "checkmo", "shopper": UNTAXED.email,
}  # fmt: skip
STORIES: Final = ("substituted", "cut", "charged and cut")
CHEAPER: Final = Decimal(3)
SLIPS, INVOICES = "CustPackingSlipTransBiEntities", "CustInvoiceTransBiEntities"
COPIES: Final = "SalesLineBiEntities"
Pieces = dict[str, Decimal]


@dataclass(frozen=True)
class Changed:
    """How many orders were changed. `pieces`: ordered, cancelled, shipped and invoiced in all, as
    both sides have them. `given_back`: what the shops refunded of their totals."""

    orders: int
    pieces: Pieces
    given_back: Decimal
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "orders": self.orders, **self.pieces, "given_back": self.given_back,
            "differences": len(self.findings),
        }  # fmt: skip


async def change_orders(environment: Environment, within: timedelta) -> Changed:
    """Have them placed, change them in F&O, and compare both sides. Raises `Stuck`."""
    pairs = [one for one in environment.pairs.values() if one.numbers is NumberMode.OURS]
    placed = {one.name: await one.shop.place(len(STORIES), **PLACED) for one in pairs}
    await environment.until_idle(within=within)
    for pair in pairs:
        await _changed(pair, placed[pair.name])
    for _ in range(2):  # what left, then what is never sent
        await environment.poll(SHIPMENTS, CAPTURES, CANCELLATIONS)
        await environment.until_idle(within=within)
    pieces, findings, given = Pieces(), list[Finding](), ZERO
    for pair in pairs:
        findings += await _compared(pair, placed[pair.name], pieces)
        money, unpaid = await _given_back(pair, placed[pair.name])
        findings, given = [*findings, *unpaid], given + money
    return Changed(sum(map(len, placed.values())), pieces, given, tuple(findings))


async def _changed(pair: Pair, placed: list[dict[str, Any]]) -> None:
    """Each by its story; then F&O invoices what has left."""
    sold = {
        shop_number(row["CustomersOrderReference"]): row for row in await pair.ledger.sales_orders()
    }
    for story, order in zip(STORIES, placed, strict=True):
        if story == "charged and cut":
            await pair.shop.ask("POST", f"/sandbox/orders/{order['entity_id']}/invoice")
        await _sent(pair, story, sold[str(order["increment_id"])])


async def _sent(pair: Pair, story: str, sold: Mapping[str, Any]) -> None:
    """What is sent of a sales order leaves, and is invoiced; nobody who buys here is taxed."""
    lots = [line["InventoryLotId"] for line in sold["lines"]]
    whole, number, ledger = story == "substituted", sold["SalesOrderNumber"], pair.ledger
    if whole:
        item = item_numbers()[SHELF[0].sku]
        await ledger.ask(
            "POST", "/sandbox/substitutes", {"lot": lots[0], "item": item, "less": CHEAPER}
        )
    parts = {} if whole else {lots[0]: "3"}
    await ledger.ask("POST", "/sandbox/packing_slips", {"number": number, "quantities": parts})
    if not whole:
        rest = {"number": number, "quantities": {lots[0]: "1", lots[1]: "3"}}
        await ledger.ask("POST", "/sandbox/remainders", rest)
    await ledger.post("sales_order", number, tax=ZERO)


async def _compared(
    pair: Pair, placed: list[dict[str, Any]], counted: Pieces
) -> list[Finding]:  # fmt: skip
    """What was ordered, cancelled, shipped and invoiced of each row, in pieces, on both sides; it
    is added to `counted`. What was refunded before it was sent is cancelled in F&O, and never
    invoiced there."""
    there, findings = await _in_dynamics(pair), list[Finding]()
    for order in placed:
        for item in await pair.shop.items(order):
            held = {name: Decimal(item[f"qty_{name}"]) for name in
                    ("ordered", "canceled", "shipped", "invoiced", "refunded")}  # fmt: skip
            here = {
                "ordered": held["ordered"], "cancelled": held["canceled"] + held["refunded"],
                "shipped": held["shipped"], "invoiced": held["invoiced"] - held["refunded"],
            }  # fmt: skip
            for name, pieces in here.items():
                counted[name] = counted.get(name, ZERO) + pieces
            if here != there[str(item["item_id"])]:
                what = f"row {item['item_id']}: F&O {there[str(item['item_id'])]}, shop {here}"
                findings.append(Finding(pair.name, str(order["increment_id"]), what))
    return findings


async def _in_dynamics(pair: Pair) -> dict[str, Pieces]:
    """The same by our reference of each line; what neither left nor remains was cancelled."""
    lines = await pair.ledger.rows_of(
        COPIES, pair.token, "ExternalItemId", "QtyOrdered", "RemainSalesPhysical"
    )
    shipped, invoiced = await _sums(pair, SLIPS), await _sums(pair, INVOICES)
    found = dict[str, Pieces]()
    for row in lines:
        name, ordered = str(row["ExternalItemId"]), Decimal(row["QtyOrdered"])
        left = ordered - shipped[name] - Decimal(row["RemainSalesPhysical"])
        found[name] = {
            "ordered": ordered, "cancelled": left, "shipped": shipped[name],
            "invoiced": invoiced[name],
        }  # fmt: skip
    return found


async def _sums(pair: Pair, entity_set: str) -> Pieces:
    found: Pieces = defaultdict(Decimal)
    for row in await pair.ledger.rows_of(entity_set, pair.token, "ExternalItemId", "Qty"):
        found[str(row["ExternalItemId"])] += Decimal(row["Qty"])
    return found


async def _given_back(pair: Pair, placed: list[dict[str, Any]]) -> tuple[Decimal, list[Finding]]:
    """What F&O invoices less than the shop charged is refunded, to the cent."""
    posted: dict[str, Decimal] = {}
    for row in await pair.ledger.rows_of("CustInvoiceJourBiEntities", pair.token):
        number = shop_number(row["CustomerRef"])
        posted[number] = posted.get(number, ZERO) + Decimal(row["InvoiceAmount"])
    books = {str(one["increment_id"]): one for one in await pair.shop.entered()}
    given, findings = ZERO, list[Finding]()
    for order in placed:
        entry = books[str(order["increment_id"])]
        charged, back = (
            sum((rounded(Decimal(one["grand_total"])) for one in entry[name]), ZERO)
            for name in ("invoices", "refunds")
        )
        given += back
        if charged - back != posted.get(str(order["increment_id"])):
            what = f"F&O invoiced {posted.get(str(order['increment_id']))}, shop {charged - back}"
            findings.append(Finding(pair.name, str(order["increment_id"]), what))
    return given, findings
