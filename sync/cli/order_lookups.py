"""What a preview looks up where there is a configuration: the mapping tables, without writing to
them.

Who has no row in the accounts is shown as a new account, although the delivery would first look for
one in D365.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from sync.adapters.sqlite.tables import SqliteTables
from sync.adapters.system_clock import SystemClock
from sync.cli.context import CommandContext
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.mapping.sales_order import order_store
from sync.mapping_tables.records import ItemMapping
from sync.mapping_tables.tables import AccountMappings, ItemMappings, email_digest
from sync.preview.orders import Lookups

Digest = Callable[[str], str]


@asynccontextmanager
async def stored_lookups(
    context: CommandContext, name: str, connection: Connection
) -> AsyncIterator[Lookups]:
    """Look-ups in the tables of the home directory; empty tables, in memory, where there is
    none."""
    home, clock = context.settings().home, SystemClock()
    file = home / "tables.sqlite"
    tables = SqliteTables(file if file.exists() else ":memory:")
    digest_of: Digest | None = None
    if (home / "vault.json").exists():
        from sync.app.embedded import EMAIL_KEY  # noqa: PLC0415 - loads slowly

        key = (await context.vault().get(EMAIL_KEY)).encode()
        digest_of = lambda text: email_digest(text, key)  # noqa: E731 - an argument, like the engine's own
    try:
        accounts = AccountMappings(tables, name, clock, home=connection.legal_entity)
        items = ItemMappings(tables, name, connection.items, clock)
        yield lookups_in(connection, items, accounts, digest_of)
    finally:
        tables.close()


def lookups_in(
    connection: Connection, items: ItemMappings, accounts: AccountMappings, digest_of: Digest | None
) -> Lookups:
    """Look-ups in mapping tables. Without `digest_of` no guest is known."""

    async def many(skus: list[str]) -> Mapping[str, ItemMapping]:
        return await items.many(skus)

    async def account(order: Order) -> str | None:
        return await _account(order, connection, accounts, digest_of)

    return Lookups(many, account, accounts.get, by_base=items.by_base)


async def _account(
    order: Order, connection: Connection, accounts: AccountMappings, digest_of: Digest | None
) -> str | None:
    """As `sync.flows.customers.order_accounts` decides, without making anything."""
    entity = connection.legal_entity_of(order.store_id)
    if order.company_id is not None:
        known = await accounts.get("company", str(order.company_id), entity)
        if known is not None:
            return known.account
    if order.customer_id is not None:
        known = await accounts.get("customer", str(order.customer_id), entity)
        return known.account if known else None
    if connection.customers.guests == "collective":
        return _collective(order, connection)
    email = (
        order.customer_email or (order.billing_address.email if order.billing_address else "")
    ).lower()
    known = await accounts.get("guest", digest_of(email), entity) if email and digest_of else None
    return known.account if known else None


def _collective(order: Order, connection: Connection) -> str:
    account = order_store(order, connection).guest_account
    if not account:
        raise Never(
            f"order {order.increment_id}: guests of store {order.store_id} have no collective"
            " account",
            remedy=(
                f"Set guest_account under stores.{order.store_id}, or customers.guests ="
                ' "per_email".'
            ),
        )
    return account
