"""Who an order's account is in a preview: as the delivery would find it in the mapping tables, and
nothing is made."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.cli.order_lookups import lookups_in
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.encoding import from_json
from sync.core.errors import Never
from sync.mapping_tables.tables import AccountMapping, AccountMappings, ItemMappings, email_digest
from sync.preview.orders import example_connection, orders_in
from tests.cli.running import MIXED
from tests.contracts.hand_clock import HandClock


def digest_of(text: str) -> str:
    return email_digest(text, b"k" * 16)


def order_with(**fields: Any) -> Order:
    return Order.read({**next(orders_in(from_json(MIXED.read_bytes()))), **fields})


def connection_with(**customers: Any) -> Connection:
    document = example_connection().model_dump()
    stores = {"default": {"guest_account": customers.pop("guest_account", None)}}
    return Connection.model_validate(
        {**document, "customers": {**document["customers"], **customers}, "stores": stores}
    )


async def account_of(
    order: Order, connection: Connection, *, knows_guests: bool = True
) -> str | None:
    tables, clock = SqliteTables(":memory:"), HandClock()
    accounts = AccountMappings(tables, "shop", clock, home=connection.legal_entity)
    await accounts.put_many(
        [
            AccountMapping("customer", "7", "C-7", "import"),
            AccountMapping("company", "9", "B-9", "import"),
            AccountMapping("guest", digest_of("ann@example.com"), "G-1", "import"),
        ]
    )
    items = ItemMappings(tables, "shop", connection.items, clock)
    lookups = lookups_in(connection, items, accounts, digest_of if knows_guests else None)
    try:
        return await lookups.account(order)
    finally:
        tables.close()


COMPANY = {"company_order_attributes": {"company_id": 9}}
STRANGERS = {"company_order_attributes": {"company_id": 10}}
GUEST: Mapping[str, Any] = {
    "customer_id": None,
    "customer_is_guest": 1,
    "customer_email": "Ann@example.com",
}


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({"customer_id": 7}, "C-7"),
        ({"customer_id": 8}, None),
        ({"customer_id": 7, "extension_attributes": COMPANY}, "B-9"),
        ({"customer_id": 7, "extension_attributes": STRANGERS}, "C-7"),
        (GUEST, "G-1"),
        ({**GUEST, "customer_email": "bo@example.com"}, None),
    ],
)
async def test_an_account_is_found_in_the_mapping_tables(
    fields: Mapping[str, Any], account: str | None
) -> None:
    assert await account_of(order_with(**fields), connection_with()) == account


async def test_without_the_key_of_the_home_no_guest_is_known() -> None:
    assert await account_of(order_with(**GUEST), connection_with(), knows_guests=False) is None


async def test_guests_who_share_an_account_have_that_of_their_store() -> None:
    shared = connection_with(guests="collective", guest_account="WEB")
    assert await account_of(order_with(**GUEST), shared) == "WEB"
    with pytest.raises(Never, match="no collective account"):
        await account_of(order_with(**GUEST), connection_with(guests="collective"))
