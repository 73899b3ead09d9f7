"""Goods that come back in the demo: customers of each shop send something back, F&O takes it in and
credits it, and each shop refunds the same sum and closes the return."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.environment import RETURNS, Environment, Pair
from sandbox.demo.reconciliation import Finding, shop_number
from sandbox.demo.systems import Refused
from sync.config.connections import NumberMode
from sync.core.money import ZERO, rounded

MOST: Final = 3
"""Returns of each shop."""
OVER: Final = "processed_closed"
RESOLVED: Final = 1
MAILED: Final = 2
"""Mails about each return: when it may come, and when it is settled."""
Rma = Mapping[str, Any]


@dataclass(frozen=True)
class SentBack:
    """What came back in all shops. `refunded`: in whatever currency. `cases`: of them, in
    Dataverse, resolved. `mails`: that told their buyers how they got on."""

    returns: int
    cases: int
    mails: int
    refunded: Decimal
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "returns": self.returns, "cases": self.cases, "mails": self.mails,
            "refunded": self.refunded, "differences": len(self.findings),
        }  # fmt: skip


async def send_back(environment: Environment, within: timedelta) -> SentBack:
    """Open returns, take the goods in, credit them, and compare both sides. Raises `Stuck`."""
    opened = {name: await _opened(pair) for name, pair in environment.pairs.items()}
    await _worked(environment, RETURNS[:1], within)
    for name, rmas in opened.items():
        for rma in rmas:
            await _credited(environment.pairs[name], rma)
    await _worked(environment, RETURNS[1:], within)
    findings, refunded, cases, mails = [], ZERO, 0, 0
    for name, rmas in opened.items():
        amount, off = await _compared(environment.pairs[name], rmas)
        resolved, not_so = await _resolved(environment.pairs[name], rmas)
        refunded, cases = refunded + amount, cases + resolved
        told = [one for rma in rmas for one in _mailed(environment, name, rma)]
        mails += len(told)
        findings += off + not_so + _untold(name, rmas, told)
    return SentBack(sum(map(len, opened.values())), cases, mails, refunded, tuple(findings))


def _mailed(environment: Environment, name: str, rma: Rma) -> list[str]:
    """The texts of the mails about a return; each shop sends from an address of its own."""
    return [
        f"{rma['increment_id']} {one.get_content()}"
        for one in environment.mails.taken
        if str(one["From"]).endswith(f"@{name}.example")
        and str(one["Subject"]).endswith(f" {rma['increment_id']}")
    ]


def _untold(name: str, rmas: list[Rma], told: list[str]) -> list[Finding]:
    """Each return is told of once when it may come, and once when it is settled."""
    if len(told) == len(set(told)) == MAILED * len(rmas):
        return []
    return [Finding(name, "mails of returns", f"{len(told)} of {MAILED * len(rmas)}")]


async def _worked(environment: Environment, flows: tuple[str, ...], within: timedelta) -> None:
    await environment.poll(*flows)
    await environment.until_idle(within=within)


async def _opened(pair: Pair) -> list[Rma]:
    """Returns of orders that were sent, and invoiced by F&O where it invoices them."""
    done = {
        shop_number(row["CustomersOrderReference"])
        for row in await pair.ledger.sales_orders()
        if row["SalesOrderStatus"] == "Invoiced" or pair.numbers is NumberMode.THEIRS
    }
    found: list[Rma] = []
    for order in await pair.shop.ask("GET", "/sandbox/orders"):
        if len(found) == MOST:
            break
        if str(order["increment_id"]) in done:
            try:
                path = f"/sandbox/orders/{order['entity_id']}/return"
                found.append(await pair.shop.ask("POST", path))
            except Refused:
                continue
    return found


async def _credited(pair: Pair, rma: Rma) -> None:
    """The warehouse takes it in, and F&O posts the credit note with the tax that was charged."""
    for row in (await pair.ledger.ask("GET", "/sandbox/credit_notes"))["returns"]:
        if shop_number(row["CustomersOrderReference"]) == f"R{rma['increment_id']}":
            await pair.ledger.post("return_receipt", row["ReturnOrderNumber"])
            await pair.ledger.post("return", row["ReturnOrderNumber"], tax=rma["tax"])


async def _compared(pair: Pair, rmas: list[Rma]) -> tuple[Decimal, list[Finding]]:
    """What was refunded, and returns that are not credited and refunded alike and closed."""
    posted = (await pair.ledger.ask("GET", "/sandbox/credit_notes"))["posted"]
    states = {str(one["increment_id"]): one["status"] for one in
              await pair.shop.ask("GET", "/sandbox/rmas")}  # fmt: skip
    given = {
        str(memo["rma"]): rounded(Decimal(memo["grand_total"]))
        for order in await pair.shop.entered()
        for memo in order["refunds"]
        if memo["rma"]
    }
    findings = []
    for rma in rmas:
        number = str(rma["increment_id"])
        credited = [-Decimal(row["InvoiceAmount"]) for row in posted
                    if shop_number(row["CustomerRef"]) == f"R{number}"]  # fmt: skip
        if credited != [given.get(number)] or states[number] != OVER:
            what = f"credited {credited}, refunded {given.get(number)}, is {states[number]}"
            findings.append(Finding(pair.name, f"return {number}", what))
    return sum(given.values(), ZERO), findings


async def _resolved(pair: Pair, rmas: list[Rma]) -> tuple[int, list[Finding]]:
    """How many returns have one case, which was resolved; and those of which that is not so."""
    rows, resolved, findings = await pair.ledger.ask("GET", "/sandbox/cases"), 0, []
    for rma in rmas:
        begin = f"Return {rma['increment_id']} "
        states = [one["statecode"] for one in rows if one["title"].startswith(begin)]
        resolved += states == [RESOLVED]
        if states != [RESOLVED]:
            findings.append(Finding(pair.name, f"case of {begin}", f"states {states}"))
    return resolved, findings
