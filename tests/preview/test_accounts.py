"""What a customer or a company would become: a new account, one kept up to date, or nothing of ours
to do."""

from typing import Any

import pytest

from sync.config.connections import Connection
from sync.preview.input_files import Inputs, Kind
from sync.preview.previewed import Preview
from sync.preview.previews import preview
from sync.preview.unasked import Lookups
from tests.mapping.connection import NET, connection, store
from tests.mapping.mutations import JUNK
from tests.preview.lookups import EXAMPLE, systems_of, with_account

ADDRESS = {
    "id": 1, "firstname": "Jane", "lastname": "Roe", "street": ["221 Olive St"],
    "city": "Mountain View", "postcode": "94086",
    "region": {"region": "California", "region_code": "CA", "region_id": 12}, "country_id": "US",
    "telephone": "555-0100",
}  # fmt: skip
CUSTOMER: dict[str, Any] = {
    "id": 7, "group_id": 1, "store_id": 1, "email": "jane@example.com", "firstname": "Jane",
    "lastname": "Roe",
    "addresses": [{**ADDRESS, "default_billing": True}, {**ADDRESS, "id": 2, "city": "Reno"}],
}  # fmt: skip
COMPANY: dict[str, Any] = {
    "id": 3, "status": 1, "company_name": "ACME", "legal_name": "ACME Ltd",
    "company_email": "acme@example.com", "street": ["1 Main St"],
    "city": "Reno", "country_id": "US", "postcode": "89501", "telephone": "555-0101",
    "customer_group_id": 1, "super_user_id": 7,
}  # fmt: skip


def requests_of(found: Preview) -> list[str]:
    return [f"{request.method} {request.path}" for request in found.requests]


async def customer(
    document: Any = CUSTOMER, settings: Connection = NET, lookups: Lookups = EXAMPLE
) -> Preview:
    return await preview(Kind.CUSTOMER, document, systems_of(settings, lookups=lookups))


async def company(
    document: Any = COMPANY, settings: Connection = NET, lookups: Lookups = EXAMPLE
) -> Preview:
    inputs = Inputs({Kind.COMPANY: [document]})
    return await preview(Kind.COMPANY, document, systems_of(settings, inputs, lookups))


async def test_a_new_customer_is_an_account_with_further_addresses() -> None:
    found = await customer()
    assert (found.key, found.outcome) == ("7", "deliver")
    assert requests_of(found) == ["POST /data/CustomersV3", "POST /data/CustomerPostalAddresses"]
    account, address = [request.body or {} for request in found.requests]
    assert (account["CustomerAccount"], account["PersonLastName"], account["AddressState"]) == (
        "C7",
        "Roe",
        "CA",
    )
    assert (address["CustomerAccountNumber"], address["AddressCity"]) == ("C7", "Reno")
    assert found.as_json()["totals"]["commerce"] is None


@pytest.mark.parametrize("gross", [False, True])
async def test_new_accounts_of_a_store_with_gross_prices_have_them_too(gross: bool) -> None:
    settings = connection(stores=store(prices_include_tax=gross))
    for found in (await customer(settings=settings), await company(settings=settings)):
        body = found.requests[0].body or {}
        assert body.get("IsSalesTaxIncludedInPrices") == ("Yes" if gross else None)


async def test_an_account_that_f_o_numbers_is_said_to_be_assigned() -> None:
    found = await customer(settings=connection(customers={"numbers": "theirs"}))
    assert (found.requests[1].body or {})["CustomerAccountNumber"] == "(assigned by D365)"


async def test_an_account_of_ours_is_kept_up_to_date_but_for_what_is_the_ledger_s() -> None:
    found = await customer(lookups=with_account("C'7", "created"))
    patch = found.requests[0]
    assert (patch.method, patch.path) == (
        "PATCH",
        "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C''7')",
    )
    assert "PrimaryContactEmail" in (patch.body or {})
    assert not {"dataAreaId", "CustomerAccount", "CustomerGroupId", "SalesCurrencyCode"} & set(
        patch.body or {}
    )


@pytest.mark.parametrize("of", [customer, company])
async def test_an_account_that_was_matched_is_left_alone(of: Any) -> None:
    found = await of(lookups=with_account("US-001", "email"))
    assert (found.outcome, found.requests) == ("skip", ())
    assert "US-001" in found.reason


async def test_a_customer_without_a_currency_is_parked_with_the_setting() -> None:
    found = await customer(settings=connection(customers={"currency": ""}))
    assert found.outcome == "park"
    assert "customers.currency" in found.remedy


async def test_who_buys_for_a_company_is_a_contact_of_its_account() -> None:
    buyer = {**CUSTOMER, "extension_attributes": {"company_attributes": {"company_id": 3}}}
    flows = NET.model_copy(update={"flows": ("orders", "customers", "companies")})
    found = await customer(buyer, flows)
    assert found.outcome == "skip"
    assert "company 3" in found.reason
    assert (await customer(buyer)).outcome == "deliver"


async def test_an_approved_company_is_an_organisation() -> None:
    found = await company()
    (request,) = found.requests
    body = request.body or {}
    assert (body["CustomerAccount"], body["PartyType"], body["OrganizationName"]) == (
        "B3",
        "Organization",
        "ACME Ltd",
    )


@pytest.mark.parametrize(("status", "words"), [(0, "pending"), (2, "rejected"), (3, "blocked")])
async def test_a_company_that_is_not_approved_gets_no_account(status: int, words: str) -> None:
    found = await company({**COMPANY, "status": status})
    assert found.outcome == "skip"
    assert words in found.reason


@pytest.mark.parametrize("matched_by", ["created", "email"])
async def test_a_blocked_company_s_account_is_put_on_hold(matched_by: str) -> None:
    found = await company({**COMPANY, "status": 3}, lookups=with_account("B3", matched_by))
    (request,) = found.requests
    assert (request.method, (request.body or {})["OnHoldStatus"]) == ("PATCH", "All")


@pytest.mark.parametrize("of", [customer, company])
@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
async def test_junk_anywhere_is_parked_or_shown(junk: Any, of: Any) -> None:
    whole = CUSTOMER if of is customer else COMPANY
    for document in (junk, *({**whole, name: junk} for name in whole)):
        found = await of(document)
        assert found.outcome in ("deliver", "skip", "park")
        assert found.outcome == "deliver" or found.reason
        assert len(found.key) < 40
