"""Both sides' books compared, of every connection: orders, cash and credit, accounts; and what of
ours waits or was set aside."""

from dataclasses import dataclass

from sandbox.demo.cash import CashRow, FinanceDocument, settled
from sandbox.demo.company_orders import on_company_accounts
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.finance_documents import entries
from sandbox.demo.reconciliation import Booked, Finding, Row, Sold, compared
from sync.engine.claim import Claim
from sync.engine.queues import QUEUES


@dataclass(frozen=True)
class Books:
    """What the comparison found. `company_orders`: how many orders of companies are in F&O."""

    rows: tuple[Row, ...]
    cash: tuple[CashRow, ...]
    company_orders: int
    findings: tuple[Finding, ...]


async def reconciled(environment: Environment) -> Books:
    """Compare every connection; what is parked or set aside is off as well."""
    parked = await environment.parked()
    each = [
        await _reconciled(pair, [claim for claim in parked if claim.connection == pair.name])
        for pair in environment.pairs.values()
    ]
    findings = [
        Finding(claim.connection, claim.key, f"is parked: {claim.reason}") for claim in parked
    ]
    findings += [
        Finding("", name, f"a message was set aside: {letter.reason}")
        for name in QUEUES
        async for letter in environment.engine.edition_parts.queue.dead_letters(name)
    ]
    return Books(
        rows=tuple(row for books in each for row in books.rows),
        cash=tuple(row for books in each for row in books.cash),
        company_orders=sum(books.company_orders for books in each),
        findings=(*(finding for books in each for finding in books.findings), *findings),
    )


async def _reconciled(pair: Pair, parked: list[Claim]) -> Books:
    entered, sales_orders = await pair.shop.entered(), await pair.ledger.sales_orders()
    customers = await pair.ledger.customers(pair.token)
    sold, booked = (
        [Sold.read(entry) for entry in entered],
        [Booked.read(row) for row in sales_orders],
    )
    documents = [document for entry in entered for document in FinanceDocument.of(entry)]
    waiting = [claim.key.partition("@")[0] for claim in parked if claim.flow == "orders"]
    orders = compared(pair.name, sold, booked, waiting)
    cash, off = settled(pair.name, documents, await entries(pair.ledger, pair.token))
    count, misplaced = on_company_accounts(pair.name, entered, sales_orders, customers)
    doubled = _doubled(pair.name, await pair.ledger.accounts(pair.token))
    return Books(orders.rows, tuple(cash), count, (*orders.findings, *off, *misplaced, *doubled))


def _doubled(connection: str, accounts: dict[str, list[str]]) -> list[Finding]:
    return [
        Finding(connection, ", ".join(numbers), "are accounts of one e-mail address")
        for numbers in accounts.values()
        if len(numbers) > 1
    ]
