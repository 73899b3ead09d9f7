"""How an account stands, and why: what F&O and the shop say of its credit now, what the shop is to
show, and what checkouts were told. Writes nothing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from sync.app.services import Services
from sync.core.errors import Never
from sync.credit.decisions import Decisions
from sync.credit.prepared import COMPANY, Prepared, PreparedCredit
from sync.engine.systems import Systems
from sync.flows.credit.credit_reading import Reading
from sync.flows.credit.read_credit import read_account
from sync.mapping.company_credit import Shown, wanted_of
from sync.mapping.credit import Standing, standing_of
from sync.operating.problem import Problem

FLOW: Final = "credit"
MOST: Final = 500
"""Companies that are listed at once."""
DAYS: Final = 7
"""Days of decisions that are shown."""


def require_flowing(systems: Systems) -> None:
    """Raises `Problem` where the connection does not publish credit."""
    if FLOW not in systems.settings.flows:
        raise Problem("credit is not on", remedy='Add "credit" to flows in connections.toml.')


async def account_of(services: Services, systems: Systems, account: str) -> dict[str, Any]:
    """How an account stands now, and what each company that is mapped to it is to show. Raises
    `Problem` for one that F&O does not have, and as both systems do."""
    reading = await read_account(account, systems, services.ledger)
    facts = reading.facts(account)
    if facts is None:
        raise Problem(f"F&O has no account {account}", remedy="Name it as F&O shows it.")
    standing = standing_of(facts, reading.rules)
    companies = [_company(reading, standing, company) for company in sorted(reading.shown)]
    return {**figures_of(standing), "companies": companies}


def figures_of(standing: Standing) -> dict[str, Any]:
    """The figures of an account, in its accounting currency."""
    used = standing.exposure
    kinds = {"balance": used.balance, "delivered": used.delivered, "ordered": used.ordered}
    return {
        "account": standing.account, "currency": standing.currency, "check": str(standing.check),
        "limit": _cents(standing.limit), "limit_by": standing.limit_by,
        "used_by_kind": {name: _cents(amount) for name, amount in kinds.items()},
        "used": _cents(standing.used), "available": _cents(standing.available),
        "overdue": _cents(standing.overdue), "blocked": standing.blocked or None,
        "why": list(standing.why),
    }  # fmt: skip


def _company(reading: Reading, standing: Standing, company: int) -> Mapping[str, Any]:
    """What a company's credit shows, and is to show."""
    there, rules = reading.shown[company], reading.rules
    said = {
        "company": company, "currency": there.currency, "limit": _cents(there.limit),
        "debt": _cents(there.debt), "may_exceed": there.may_exceed,
        "available": _cents(there.available),
    }  # fmt: skip
    try:
        pending = reading.pending(standing, there.currency)
        shown = Shown(there.currency, there.limit, there.debt, there.may_exceed)
        wanted = wanted_of(standing, shown, pending, rules.rates, rules.settings.tolerance)
    except Never as fault:
        parked = {"reason": fault.reason, "remedy": fault.remedy}
        return {**said, "pending": None, "wanted": None, "parked": parked}
    to_show = {
        "limit": _cents(wanted.limit), "may_exceed": wanted.may_exceed,
        "available": _cents(wanted.available),
    }  # fmt: skip
    pending_in_all = pending.group if standing.group else pending.own
    return {**said, "pending": _cents(pending_in_all), "wanted": to_show, "parked": None}


async def prepared_rows(
    services: Services, connection: str, start: str = ""
) -> tuple[list[Prepared], str]:
    """What checkouts are answered by, of so many companies from a key on, worst first: faults,
    blocked, then the least left. And the key that the next ones begin with, empty for none."""
    prepared = PreparedCredit(services.edition_parts.tables, connection)
    found = [one async for one in prepared.all(start, MOST + 1)]
    more = f"{COMPANY}{found[MOST].company}" if len(found) > MOST else ""
    return sorted(found[:MOST], key=_rank), more


async def decided(services: Services, connection: str, account: str) -> list[dict[str, Any]]:
    """What checkouts were told about an account lately, the newest first."""
    parts = services.edition_parts
    kept, today = Decisions(parts.tables, connection), parts.clock.now().date()
    found = [vars(one) async for one in kept.of(account, today, DAYS)]
    return sorted(found, key=lambda one: str(one["at"]), reverse=True)


def _rank(one: Prepared) -> tuple[bool, bool, Decimal]:
    left = Decimal("Infinity") if one.available is None else one.available
    return not one.fault, not one.blocked, left


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
