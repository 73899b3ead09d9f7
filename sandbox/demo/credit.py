"""Credit in the demo: companies get limits in F&O when everything has been delivered, and each shop
shows exactly what is left of them."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from sandbox.demo.environment import CREDIT, Environment, Pair
from sandbox.demo.reconciliation import Finding
from sync.core.money import CENT
from sync.dynamics.credit import OPEN
from sync.dynamics.credit_orders import REMAINING

LIMIT: Final = Decimal(250_000)


@dataclass(frozen=True)
class Credited:
    """What was shown in the end."""

    companies: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"companies": self.companies, "drift": len(self.findings)}


async def credit_in_the_end(environment: Environment, within: timedelta) -> Credited:
    """Give each company's account a limit, let it be published, and compare. Raises `Stuck`."""
    accounts = {name: await _limited(environment, pair) for name, pair in _pairs(environment)}
    await environment.poll(CREDIT)
    await environment.until_idle(within=within)
    found: list[Finding] = []
    for name, pair in _pairs(environment):
        left = await _left(pair)
        systems = await environment.engine.systems_pool.open(name)
        async for one in systems.commerce.company_credits.every():
            account = accounts[name].get(one.company_id, "")
            if account and one.available != left[account]:
                what = f"shows {one.available} left, F&O leaves {left[account]}"
                found.append(Finding(name, account, what))
    return Credited(sum(map(len, accounts.values())), tuple(found))


def _pairs(environment: Environment) -> list[tuple[str, Pair]]:
    return [(pair.name, pair) for pair in environment.pairs.values()]


async def _limited(environment: Environment, pair: Pair) -> Mapping[int, str]:
    """The account of each company, which a clerk has given a limit."""
    systems = await environment.engine.systems_pool.open(pair.name)
    found = {
        int(row.source_key): row.account
        async for row in systems.accounts.all()
        if row.kind == "company"
    }
    for account in set(found.values()):
        key = f"dataAreaId='{systems.settings.legal_entity}',CustomerAccount='{account}'"
        path = f"/data/CustomersV3({key})?cross-company=true"
        limit, bearer = {"CreditLimit": LIMIT}, f"Bearer {pair.token}"
        await pair.ledger.ask("PATCH", path, limit, authorization=bearer)
    return found


async def _left(pair: Pair) -> Mapping[str, Decimal]:
    """What F&O leaves each account: its limit less what is open, ordered or delivered."""
    used: dict[str, Decimal] = defaultdict(Decimal)
    for row in await pair.ledger.rows_of(OPEN, pair.token):
        used[row["AccountNum"]] += row["AmountMST"]
    for row in await pair.ledger.rows_of(REMAINING, pair.token):
        rest = row["RemainSalesPhysical"] + row["RemainSalesFinancial"]
        if row["SalesQty"] > 0 and rest > 0:
            used[row["CustAccount"]] += Decimal(row["LineAmount"]) * rest / row["SalesQty"]
    customers = await pair.ledger.rows_of("CustomersV3", pair.token)
    return {
        row["CustomerAccount"]: (row["CreditLimit"] - used[row["CustomerAccount"]]).quantize(
            CENT, rounding=ROUND_FLOOR
        )
        for row in customers
    }
