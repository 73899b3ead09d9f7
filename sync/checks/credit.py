"""Whether credit can be published: F&O's sets that a role is often refused, with what stands in for
each; a snapshot that is not old; currencies; companies whose account pays."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from sync.checks.finding import Finding, Probe, fault, ok, reading, warn
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.dynamics import credit, credit_orders
from sync.dynamics.documents.credit_account import Check
from sync.dynamics.field_values import day_of
from sync.dynamics.odata import Filter

FLOW: Final = "credit"
OLD: Final = timedelta(days=2)
PARAMETERS_OF_CREDIT: Final = "CreditManagementParameters"
RIGHT: Final = "Give the role of the app's user the right to view this entity, or"
INSTEAD: Final = {
    credit.OPEN: 'write balances = "snapshot" into [connections.<name>.credit].',
    credit.SNAPSHOT: "read open transactions and order lines instead of the snapshot.",
    credit_orders.REMAINING: 'write orders = "order-lines" into [connections.<name>.credit].',
    credit.TEMPORARY: 'add "temporary" to credit.left_out, where nobody has a temporary limit.',
    credit.STATUSES: 'add "statuses" to credit.left_out, where no account status blocks.',
    credit.HOLDS: 'add "holds" to credit.left_out: holds of orders are then not shown.',
    credit.GROUPS: 'add "groups" to credit.left_out, where there are no customer credit groups.',
    credit.MEMBERS: 'add "groups" to credit.left_out, where there are no customer credit groups.',
    credit.PARAMETERS: 'name what counts against a limit, as in credit.check = "BalanceAll".',
    credit.DISPUTES: 'write disputed = "counts" into [connections.<name>.credit].',
}
"""What stands in for a set that F&O refuses."""


def credit_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that publishing credit reads."""
    return dict(_read(settings)) if FLOW in settings.flows else {}


def _read(settings: Connection) -> Iterator[tuple[str, tuple[str, ...]]]:
    how, company = settings.credit, ("dataAreaId",)
    yield credit.CUSTOMERS, (*company, *credit.CUSTOMER_FIELDS)
    if how.balances == "open-items" or how.overdue == "block":
        yield credit.OPEN, (*company, *credit.OPEN_FIELDS)
    if how.disputed == "excused":
        yield credit.DISPUTES, (*company, *credit.DISPUTE_FIELDS)
    if "snapshot" in (how.balances, how.orders):
        yield credit.SNAPSHOT, (*company, *credit.SNAPSHOT_FIELDS)
    if how.orders == "lines":
        yield credit_orders.REMAINING, (*company, *credit_orders.REMAINING_FIELDS)
    if how.orders == "order-lines":
        yield settings.dynamics.order_headers, (*company, *credit_orders.HEADER_FIELDS)
        yield settings.dynamics.order_lines, (*company, *credit_orders.LINE_FIELDS)
    if how.check == "parameter":
        yield credit.PARAMETERS, (*company, credit.CHECK_TYPE)
    if how.credit_management:
        yield from _of_management(how.left_out)


def _of_management(left_out: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    sets: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
        "temporary": ((credit.TEMPORARY, ("CustAccountDataArea", *credit.TEMPORARY_FIELDS)),),
        "statuses": ((credit.STATUSES, ("dataAreaId", *credit.STATUS_FIELDS)),),
        "holds": ((credit.HOLDS, ("Company", *credit.HOLD_FIELDS)),),
        "groups": (
            (credit.MEMBERS, credit.MEMBER_FIELDS), (credit.GROUPS, credit.GROUP_FIELDS),
        ),
    }  # fmt: skip
    for name, read in sets.items():
        if name not in left_out:
            yield from read


async def credit_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read every set that credit needs; where one is refused, what stands in for
    it."""
    for name, fields in credit_fields(probe.settings).items():
        cure = f"{RIGHT} {INSTEAD.get(name, 'the flow credit cannot run.')}"
        yield await reading(probe, name, fields, cure)


async def credit_is_checked_as_said(probe: Probe) -> AsyncIterator[Finding]:
    """What counts against a limit, whether Credit management is set up, and how old the aging
    snapshot is."""
    how, company = probe.settings.credit, probe.settings.legal_entity
    if FLOW not in probe.settings.flows or company in probe.known.absent:
        return
    check = await probe.dynamics.credit.check(company, how)
    if check.value == "None":
        what = "F&O checks no credit limit (check None): every company may exceed what is shown"
        yield warn(what, "Look at Accounts receivable parameters > Credit rating, or set check.")
    else:
        yield ok(f"against a limit counts what {check.value} says")
    is_told = "order_tax_percent" in how.model_fields_set or how.orders == "snapshot"
    if check in (Check.DELIVERED, Check.ALL) and not is_told:
        yield warn("open orders count without their tax, so that companies have more left", TAX)
    if "limit_currency" not in how.model_fields_set and await _has_other_currencies(probe):
        yield warn(f"credit limits count as {how.currency}, also those of other currencies", LIMITS)
    if how.credit_management:
        yield await _management(probe, company)
    if "snapshot" in (how.balances, how.orders):
        yield await _snapshot(probe, company)


TAX: Final = (
    "Write the usual tax of orders on account as order_tax_percent into"
    " [connections.<name>.credit]; 0 where they have none, or prices of sales orders include it."
)


LIMITS: Final = (
    "See in F&O in which currency the credit limit of such a customer is entered, and write"
    ' limit_currency = "accounting" or "customer" into [connections.<name>.credit].'
)


async def _has_other_currencies(probe: Probe) -> bool:
    """Whether a customer with a limit is in another currency than the books: no entity tells which
    of the two the limit is in."""
    company, currency = probe.settings.legal_entity, probe.settings.credit.currency
    where = Filter.eq("dataAreaId", company) & Filter.ne("SalesCurrencyCode", currency)
    rows = probe.dynamics.query(
        credit.CUSTOMERS, where=where & Filter.gt("CreditLimit", 0),
        select=("SalesCurrencyCode",), top=1,
    )  # fmt: skip
    return bool([row async for row in rows])


async def _management(probe: Probe, company: str) -> Finding:
    """No entity tells whether the feature is on; a legal entity that uses it has parameters."""
    where = Filter.eq("dataAreaId", company)
    rows = probe.dynamics.query(PARAMETERS_OF_CREDIT, where=where, select=("dataAreaId",), top=1)
    try:
        found = [row async for row in rows]
    except Never as refusal:
        return warn(f"{PARAMETERS_OF_CREDIT} may not be read: {refusal.reason}", ZERO)
    if not found:
        return warn(f"{company} has no parameters of Credit management", ZERO)
    return ok("Credit management has parameters: a limit of zero is no credit")


ZERO: Final = (
    "Find out whether Credit management is on: where it is not, a limit of zero is no limit; write"
    " credit_management = false into [connections.<name>.credit]."
)


async def _snapshot(probe: Probe, company: str) -> Finding:
    where = Filter.eq("dataAreaId", company)
    newest: Any = None
    async for row in probe.dynamics.query(
        credit.SNAPSHOT, where=where, select=("AgingDate",), order_by=("AgingDate desc",), top=1
    ):
        newest = day_of(row["AgingDate"])
    if newest is not None and probe.clock.now().date() - newest <= OLD:
        return ok(f"the aging snapshot is of {newest}")
    return warn(
        f"the aging snapshot is of {newest or 'no day'}: balances of the last days are missing",
        "Run the aging job of F&O each night (Credit and collections > Periodic tasks > Customer"
        " aging snapshot).",
    )


async def company_credits_are_there(probe: Probe) -> AsyncIterator[Finding]:
    """The shop has company credit, in currencies that have a rate."""
    if FLOW not in probe.settings.flows:
        return
    how, count, strange = probe.settings.credit, 0, dict[str, int]()
    async for one in probe.commerce.company_credits.every():
        count += 1
        if one.currency not in (how.currency, *how.rates):
            strange[one.currency] = one.company_id
    for currency, company in strange.items():
        yield fault(
            f"the credit of company {company} is in {currency or 'no currency'}, which has no rate",
            f"Write what one unit of {how.currency} is in it into"
            " [connections.<name>.credit.rates].",
        )
    yield ok(f"the shop has {count} company credits")
