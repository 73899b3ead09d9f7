"""Erases what is kept of accounts: figures, what their people looked at, and words of tasks."""

from collections.abc import AsyncIterator, Sequence

from sync.app.services import Services
from sync.buying.interest import InterestRows, customer
from sync.buying.kept import KeptAccounts
from sync.engine.erasure import Record
from sync.flows.tasks.account_reading import COMPANY, CUSTOMER
from sync.flows.tasks.wanted import TASKS


def keys_of(customers: Sequence[int], companies: Sequence[int]) -> list[str]:
    """The accounts' keys."""
    named = [f"{CUSTOMER}|{one}" for one in customers]
    return [*named, *(f"{COMPANY}|{one}" for one in companies)]


async def records_of(services: Services, connection: str, account: str) -> AsyncIterator[Record]:
    """The records of an account: itself, and its tasks."""
    claims, own = services.ledger.claims, await services.ledger.claim(connection, TASKS, account)
    if own.etag:
        yield TASKS, account
    async for claim in claims(connection, TASKS, prefix=f"{account}|"):
        yield TASKS, claim.key


async def forget_accounts(
    services: Services, connection: str, customers: Sequence[int], companies: Sequence[int]
) -> None:
    """Erase them here; the flow ends their tasks in Dataverse, and takes the words away. Safe to
    repeat."""
    if TASKS not in services.connections[connection].flows:
        return
    tables = services.edition_parts.tables
    kept, looks = KeptAccounts(tables, connection), InterestRows(tables, connection)
    for one in customers:
        await looks.forget(customer(one))
    for account in keys_of(customers, companies):
        tasks = await kept.erase(account)
        again = [f"{account}|{one.rule}|{one.episode}" for one in tasks]
        again += [key async for _, key in records_of(services, connection, account)]
        await services.intake.accept(TASKS, connection, list(dict.fromkeys(again)), "told")
