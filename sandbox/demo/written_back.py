"""Numbers of F&O in the demo's shops: each order shows that of its sales order, and those of what
was booked of it, once."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from sandbox.demo.environment import Environment, Pair
from sandbox.demo.reconciliation import Finding, shop_number
from sync.config.connections import NumberMode
from sync.engine.claim import State
from sync.flows.orders.write_back import text_of

SALES_ORDER: Final = "D365 sales order "
BOOKED: Final = ("invoices", "creditmemos")


@dataclass(frozen=True)
class WrittenBack:
    """How many numbers the shops show."""

    numbers: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"numbers": self.numbers, "differences": len(self.findings)}


async def written_back(environment: Environment) -> WrittenBack:
    """What the shops show against what F&O has, when everything is delivered."""
    count, findings = 0, list[Finding]()
    for pair in environment.pairs.values():
        shop = await pair.shop.entered()
        known = {str(entry["increment_id"]): entry for entry in shop}
        for row in await pair.ledger.sales_orders():
            entry = known.get(shop_number(row["CustomersOrderReference"]))
            if entry is not None and row["SalesOrderStatus"] != "Canceled":
                count += 1
                findings += _not_shown(pair, entry, row["SalesOrderNumber"])
        booked, off = await _booked(environment, pair, shop)
        count, findings = count + booked, [*findings, *off]
    return WrittenBack(count, tuple(findings))


def _not_shown(pair: Pair, entry: dict[str, Any], number: str) -> list[Finding]:
    """One shop shows numbers as comments, the other as external ids of orders."""
    told = [text for text in entry["comments"] if text.startswith(SALES_ORDER)]
    is_comment = pair.numbers is NumberMode.OURS
    shown = (told, entry["ext_order_id"])
    if shown == (([f"{SALES_ORDER}{number}"], None) if is_comment else ([], number)):
        return []
    return [Finding(pair.name, str(entry["increment_id"]), f"{number} in F&O shows as {shown}")]


async def _booked(
    environment: Environment, pair: Pair, shop: list[dict[str, Any]]
) -> tuple[int, list[Finding]]:
    """How many documents were booked, and what the shop does not show of each once."""
    wanted = {
        text_of(claim)
        for flow in BOOKED
        async for claim in environment.engine.ledger.claims(pair.name, flow)
        if claim.state is State.DELIVERED and claim.number
    }
    shown = Counter(
        text for entry in shop for text in entry["comments"]
        if text.startswith("D365 ") and not text.startswith(SALES_ORDER)
    )  # fmt: skip
    off = [
        Finding(pair.name, text, f"is shown {shown[text]} times")
        for text in sorted({*wanted, *shown}) if shown[text] != (text in wanted)
    ]  # fmt: skip
    return len(wanted), off
