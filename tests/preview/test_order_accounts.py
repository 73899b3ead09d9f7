"""Whose account an order's preview shows: as the delivery would find it in the mapping tables; what
is missing is made first, or presumed where nobody can be asked."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.mapping_tables.tables import AccountMapping, AccountMappings, email_digest
from sync.preview.input_files import Inputs, Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from sync.preview.unasked import Lookups
from tests.contracts.hand_clock import HandClock
from tests.mapping.connection import NET, connection, store
from tests.mapping.made import made, with_extension
from tests.preview.lookups import EXAMPLE, systems_of
from tests.preview.test_accounts import COMPANY as ACME

B2B = NET.model_copy(update={"flows": ("orders", "customers", "companies")})


def digest_of(text: str) -> str:
    return email_digest(text, b"k" * 16)


@pytest.fixture
async def known() -> AsyncIterator[Lookups]:
    """Three who have accounts."""
    tables = SqliteTables(":memory:")
    accounts = AccountMappings(tables, "shop", HandClock(), home=NET.legal_entity)
    await accounts.put_many(
        [
            AccountMapping("customer", "7", "C-7", "import"),
            AccountMapping("company", "9", "B-9", "import"),
            AccountMapping("guest", digest_of("ann@example.com"), "G-1", "import"),
        ]
    )
    yield replace(EXAMPLE, accounts=accounts, digest_of=digest_of)
    tables.close()


async def previewed(
    fields: Mapping[str, Any],
    lookups: Lookups,
    settings: Connection = NET,
    *companies: Any,
    of_company: int = 0,
) -> Preview:
    systems = systems_of(settings, Inputs({Kind.COMPANY: list(companies)}), lookups)
    order = with_extension(
        made(**fields), company_order_attributes={"company_id": of_company or None}
    )
    return await preview(Kind.ORDER, order, systems)


def posted(found: Preview, entity_set: str) -> list[Mapping[str, Any]]:
    assert found.outcome == "deliver", found.reason
    return [one.body or {} for one in found.requests if one.path == f"/data/{entity_set}"]


def account_of(found: Preview) -> str:
    (header,) = posted(found, "SalesOrderHeadersV4")
    return str(header["OrderingCustomerAccountNumber"])


GUEST: Mapping[str, Any] = {
    "customer_id": None,
    "customer_is_guest": 1,
    "customer_email": "Ann@example.com",
}


@pytest.mark.parametrize(
    ("fields", "of_company", "account"),
    [
        ({"customer_id": 7}, 0, "C-7"),
        ({"customer_id": 8}, 0, None),
        ({"customer_id": 7}, 9, "B-9"),
        ({"customer_id": 7}, 10, "C-7"),
        (GUEST, 0, "G-1"),
        ({**GUEST, "customer_email": "bo@example.com"}, 0, None),
    ],
)
async def test_an_account_is_found_in_the_mapping_tables(
    fields: Mapping[str, Any], of_company: int, account: str | None, known: Lookups
) -> None:
    found = await previewed(fields, known, of_company=of_company)
    made_first = posted(found, "CustomersV3")
    assert bool(made_first) == (account is None)
    assert account_of(found) == (account or made_first[0]["CustomerAccount"])


async def test_without_the_key_of_the_home_no_guest_is_known(known: Lookups) -> None:
    found = await previewed(GUEST, replace(known, digest_of=digest))
    assert account_of(found) != "G-1"
    assert len(posted(found, "CustomersV3")) == 1


async def test_guests_who_share_an_account_have_that_of_their_store(known: Lookups) -> None:
    shared = connection(customers={"guests": "collective"}, stores=store(guest_account="WEB"))
    assert account_of(await previewed(GUEST, known, shared)) == "WEB"
    found = await previewed(GUEST, known, connection(customers={"guests": "collective"}))
    assert found.outcome == "park"
    assert "no collective account" in found.reason


async def test_a_company_whose_record_nobody_gave_is_presumed_to_be_delivered_first(
    known: Lookups,
) -> None:
    found = await previewed({"customer_id": 7}, known, B2B, of_company=3)
    assert account_of(found) == "B3"
    assert not posted(found, "CustomersV3")
    (contact,) = posted(found, "ContactPersons")
    assert contact["PrimaryEmailAddress"]


async def test_a_company_whose_record_was_given_is_planned_by_its_own_flow(known: Lookups) -> None:
    order = {"customer_id": 7}
    found = await previewed(order, known, B2B, ACME, of_company=3)
    (account,) = posted(found, "CustomersV3")
    assert account["OrganizationName"] == "ACME Ltd"
    assert account_of(found) == account["CustomerAccount"]
    pending = await previewed(order, known, B2B, {**ACME, "status": 0}, of_company=3)
    assert (pending.outcome, pending.reason.partition(":")[0]) == ("skip", "waiting")
    blocked = await previewed(order, known, B2B, {**ACME, "status": 3}, of_company=3)
    assert blocked.outcome == "park"
    assert "has no account" in blocked.reason
