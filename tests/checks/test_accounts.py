"""What `check` says of accounts before any of them is a company in the shop."""

from typing import Any

import pytest

from sandbox.commerce.app import commerce_app
from sandbox.dials import Dials, Kind
from sync.checks.accounts import (
    accounts_can_be_read,
    accounts_would_be_delivered,
    companies_have_parents,
    places_of_companies_are_there,
    price_groups_of_accounts_are_there,
)
from sync.checks.entities import fields_exist
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (
    accounts_can_be_read, companies_have_parents, places_of_companies_are_there,
    price_groups_of_accounts_are_there, accounts_would_be_delivered,
)  # fmt: skip


def with_accounts(**accounts: Any) -> dict[str, Any]:
    return {"accounts": {"groups": ["10"], **accounts}, "flows": ["orders", "accounts"]}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    sandboxes.dynamics.put("PriceCustomerGroups", dataAreaId="usmf", GroupCode="RETAIL")
    settings = with_accounts(price_groups={"retail": 1, "*": 2}, parents="invoice_account")
    for check in (*CHECKS, fields_exist):
        assert levels(await sandboxes.found(check, **settings)) == {"ok"}, check


async def test_where_accounts_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check) == []


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ({"store": 99}, "no store view 99"),
        ({"price_groups": {"*": 99}}, "no customer group 99"),
        ({"terms_attribute": "nope"}, "no customer attribute nope"),
    ],
)
async def test_ids_that_the_shop_lacks_are_named(
    sandboxes: Sandboxes, accounts: dict[str, Any], said: str
) -> None:
    found = await sandboxes.found(places_of_companies_are_there, **with_accounts(**accounts))
    assert said in only_fault(found).what


async def test_a_shop_without_relations_of_companies_is_named(sandboxes: Sandboxes) -> None:
    settings = with_accounts(parents="invoice_account")
    assert levels(await sandboxes.found(companies_have_parents, **settings)) == {"ok"}
    dials = Dials()
    dials.next(Kind.ERROR_BEFORE, status=404, path="company/relations")
    sandboxes.shop = commerce_app(sandboxes.commerce, dials)
    found = await sandboxes.found(companies_have_parents, **settings)
    assert "lists no relations of companies" in only_fault(found).what


async def test_a_price_group_that_is_not_there_is_named(sandboxes: Sandboxes) -> None:
    settings = with_accounts(price_groups={"NOPE": 1})
    found = await sandboxes.found(price_groups_of_accounts_are_there, **settings)
    assert "usmf has no price group NOPE" in only_fault(found).what


async def test_accounts_that_lack_what_commerce_needs_are_counted(sandboxes: Sandboxes) -> None:
    for number in ("A-1", "A-2"):
        sandboxes.dynamics.put(
            "CustomersV3", dataAreaId="usmf", CustomerAccount=number, PartyType="Organization",
            CustomerGroupId="77", OrganizationName="Name",
        )  # fmt: skip
    settings = with_accounts(groups=["77"], create=True)
    found = await sandboxes.found(accounts_would_be_delivered, **settings)
    lacking = [one for one in found if one.count]
    assert [(one.count, one.example) for one in lacking] == [(2, "A-1"), (2, "A-1")]
    assert "no street" in lacking[0].what
    assert found[0].what == "2 accounts are companies in Commerce"


async def test_nobody_chosen_is_worth_a_look(sandboxes: Sandboxes) -> None:
    settings = with_accounts(groups=["78"])
    assert levels(await sandboxes.found(accounts_would_be_delivered, **settings)) == {"warn"}


async def test_contacts_that_a_role_may_not_see_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda arrival: "ContactPersons" in arrival.path
    )
    found = await sandboxes.found(accounts_can_be_read, **with_accounts())
    assert "ContactPersons may not be read" in only_fault(found).what
