"""Both sides' books compared, of every connection: orders, cash and credit, accounts; and what of
ours waits or was set aside. The product compares them as well, and must say the same."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sandbox.demo.cash import CashRow, FinanceDocument, settled
from sandbox.demo.company_orders import on_company_accounts
from sandbox.demo.environment import Environment, Pair
from sandbox.demo.finance_documents import entries
from sandbox.demo.reconciliation import Booked, Finding, Row, Sold, compared
from sync.engine.claim import Claim
from sync.engine.queues import QUEUES
from sync.reconcile.difference import Difference
from sync.reconcile.kind import Connected, Window
from sync.reconcile.reconciling import COMPARISONS, reconcile
from sync.reconcile.shipment_looks import BY_HAND

BY_ORDER: Final = frozenset({"quantities", "invoiced"})
"""Pieces of each order, which only the demo compares with the usual kinds."""


@dataclass(frozen=True)
class Books:
    """What the comparison found. `company_orders`: how many orders of companies are in F&O;
    `compared`: how many documents of the shops the product has compared."""

    rows: tuple[Row, ...]
    cash: tuple[CashRow, ...]
    company_orders: int
    findings: tuple[Finding, ...]
    compared: int = 0


async def reconciled(environment: Environment) -> Books:
    """Compare every connection; what is parked or set aside is off as well."""
    parked = await environment.parked()
    each = await asyncio.gather(*(
        _reconciled(pair, [claim for claim in parked if claim.connection == pair.name])
        for pair in environment.pairs.values()
    ))  # fmt: skip
    findings = [
        Finding(claim.connection, claim.key, f"is parked: {claim.reason}") for claim in parked
    ]
    findings += [
        Finding("", name, f"a message was set aside: {letter.reason}")
        for name in QUEUES
        async for letter in environment.engine.edition_parts.queue.dead_letters(name)
    ]
    findings += [finding for books in each for finding in books.findings]
    compared, differences = 0, list[Finding]()
    told = await asyncio.gather(*(_by_the_product(environment, one) for one in environment.pairs))
    for name, (count, said) in zip(environment.pairs, told, strict=True):
        compared += count
        differences += _disagreeing(name, said, findings)
    return Books(
        rows=tuple(row for books in each for row in books.rows),
        cash=tuple(row for books in each for row in books.cash),
        company_orders=sum(books.company_orders for books in each),
        findings=(*findings, *differences),
        compared=compared,
    )


async def _by_the_product(environment: Environment, name: str) -> tuple[int, list[Difference]]:
    """How many documents `reconcile` has compared, and the differences that it names."""
    engine, said = environment.engine, list[Difference]()
    systems = await engine.systems_pool.open(name)
    connected = await Connected.of(systems, engine.ledger, engine.documents)
    now = engine.edition_parts.clock.now()
    window = Window(now - timedelta(days=2), now)
    there = [one for one in COMPARISONS if one.is_wanted(connected.settings)]
    kinds = [one for one in there if one.is_usual(connected.settings) or one.name in BY_ORDER]
    summary = await reconcile(connected, window, kinds, said.append)
    return sum(one["commerce_count"] for one in summary.totals()), said


def _disagreeing(
    name: str, said: Iterable[Difference], findings: Iterable[Finding]
) -> Iterator[Finding]:
    """What the product finds and the demo does not. The shop ships some orders by hand."""
    ours = (finding for finding in findings if finding.connection == name)
    known = {finding.record.rpartition(" ")[2] for finding in ours}
    for one in said:
        if one.key.partition("@")[0] not in known and one.command != BY_HAND:
            yield Finding(name, one.key, f"reconcile says of {one.kind}: {one.cause}")


async def _reconciled(pair: Pair, parked: list[Claim]) -> Books:
    entered, sales_orders = await pair.shop.entered(), await pair.ledger.sales_orders()
    customers = await pair.ledger.customers(pair.token)
    sold, booked = (
        [Sold.read(entry) for entry in entered],
        [Booked.read(row) for row in sales_orders if row["SalesOrderStatus"] != "Canceled"],
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
