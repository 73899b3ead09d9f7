"""`erase`: forget the kept copies of a person's documents, as a person may ask. The trail and the
books stay."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from sync.app.services import Services
from sync.cli.command import context_of
from sync.cli.context import CommandContext, Problem
from sync.cli.output import json_line, line, note, table
from sync.commerce.filters import Op, where
from sync.commerce.search import Search
from sync.engine.systems import Systems

Record = tuple[str, str]
"""Flow and key."""

DOCUMENTS: Final = ("invoices", "creditmemos")
NOTHING_KNOWN: Final = 1
"""Exit status: nothing of what was named is known in Commerce or here."""


def erase(
    ctx: typer.Context,
    *,
    orders: Annotated[
        list[str] | None,
        typer.Argument(metavar="ORDER...", help="Order numbers, or full keys (000000042@1)."),
    ] = None,
    customers: Annotated[
        list[int] | None,
        typer.Option(
            "--customer", metavar="ID", help="A customer's id: the account and all orders."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not list and ask first.")] = False,
) -> None:
    """Forget the encrypted copies of orders, their invoices and credit memos, and of the customers
    named.

    What the trail holds (numbers, amounts, outcomes) names no person and stays, and so do both
    systems' own records: erase those there, but afterwards, for what belongs to an order is looked
    up in Commerce. A later change of an erased order is written whole, as what was sent before is
    not known any more. Without --yes it lists the records and asks; where nobody can be asked, it
    only lists.

    Exit status: 0 done or listed, 1 nothing is known of what was named.

    For example:

    python -m sync erase --customer 17

    python -m sync erase 000000042 000000043 --yes
    """
    if not orders and not customers:
        raise Problem("name orders or --customer", remedy="For example: erase 000000042")
    found = asyncio.run(_erase(context_of(ctx), orders or [], customers or [], yes=yes))
    if not found:
        note(
            "Nothing is known of what was named: Commerce has no such order or customer, and no"
            " copy is kept here."
        )
        raise typer.Exit(NOTHING_KNOWN)


async def _erase(
    context: CommandContext, orders: Sequence[str], customers: Sequence[int], *, yes: bool
) -> int:
    async with context.systems(changes=True) as (services, systems):
        name = systems.name
        found = [record async for record in _records(services, systems, orders, customers)]
        records = list(dict.fromkeys(found))
        agreed = yes or (bool(records) and _asked(context, name, records))
        for flow, key in records:
            erased = await services.documents.erase(f"{name}|{flow}|{key}") if agreed else None
            if context.as_json:
                json_line({"connection": name, "flow": flow, "key": key, "erased": erased})
    if agreed and not context.as_json and records:
        line(f"Erased: the copies of {len(records)} records.")
    if records and not agreed:
        note("Nothing was erased. Add --yes to erase these.")
    return len(records)


async def _records(
    services: Services, systems: Systems, orders: Sequence[str], customers: Sequence[int]
) -> AsyncIterator[Record]:
    """All that may have copies: what Commerce says belongs together, and what is known here under
    the numbers named."""
    for named in orders:
        increment, _, store = named.partition("@")
        async for claim in services.ledger.claims(systems.name, "orders", prefix=increment):
            if claim.key == named or (not store and claim.key.startswith(f"{increment}@")):
                yield "orders", claim.key
        rows = await _found(systems, "orders", "increment_id", increment)
        async for record in _of_orders(
            services, systems, (row for row in rows if store in ("", str(row.get("store_id"))))
        ):
            yield record
    for customer in customers:
        async for key in _accounts(services, systems, str(customer)):
            yield "customers", key
        async for claim in services.ledger.claims(systems.name, "contacts", prefix=f"{customer}@"):
            yield "contacts", claim.key
        async for record in _of_orders(
            services, systems, await _found(systems, "orders", "customer_id", customer)
        ):
            yield record


async def _accounts(services: Services, systems: Systems, key: str) -> AsyncIterator[str]:
    """Somebody's records, one per legal entity where they have an account."""
    async for claim in services.ledger.claims(systems.name, "customers", prefix=key):
        if claim.key == key or claim.key.startswith(f"{key}@"):
            yield claim.key


async def _of_orders(
    services: Services, systems: Systems, rows: Iterable[Mapping[str, Any]]
) -> AsyncIterator[Record]:
    for row in rows:
        yield "orders", f"{row['increment_id']}@{row['store_id']}"
        email = row.get("customer_email") or (row.get("billing_address") or {}).get("email")
        if not row.get("customer_id") and email:
            async for key in _accounts(
                services, systems, f"guest:{systems.digest_of(str(email).lower())}"
            ):
                yield "customers", key
        for path in DOCUMENTS:
            for document in await _found(systems, path, "order_id", int(row["entity_id"])):
                yield path, f"{document['increment_id']}@{document['store_id']}"


async def _found(systems: Systems, path: str, field: str, value: str | int) -> list[dict[str, Any]]:
    search = Search().having(where(field, Op.EQ, value))
    return [row async for page in systems.commerce.pages(path, search) for row in page.items]


def _asked(context: CommandContext, connection: str, records: Sequence[Record]) -> bool:
    if context.as_json:
        return False
    table(
        ("connection", "flow", "key"),
        [(connection, *record) for record in records],
        title="Copies to be erased",
    )
    return sys.stdin.isatty() and typer.confirm("Erase them?", err=True)
