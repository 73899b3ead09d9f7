"""A shopper as a customer account: who it is, what is sent of it, and what parks it."""

from typing import Any

import pytest

from sync.commerce.models.customer import Customer
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.mapping.customer_account import CustomerAccount, customer_account_from
from sync.mapping.shopper import shopper_of_customer, shopper_of_order
from tests.mapping.connection import NET, connection, store
from tests.mapping.made import ADDRESS, made

HOME = {
    **ADDRESS,
    "id": 1,
    "default_billing": True,
    "region": {"region": "California", "region_code": "CA"},
}
WORK = {
    **HOME,
    "id": 2,
    "default_billing": False,
    "company": "Roe Ltd",
    "vat_id": "DE123",
    "city": "Oakland",
}
REGISTERED = {
    "id": 7,
    "email": "Jane@Example.com",
    "firstname": "Jane",
    "lastname": "Roe",
    "group_id": 1,
    "store_id": 1,
    "addresses": [WORK, HOME],
}


def account(document: Any, settings: Connection = NET, currency: str = "USD") -> CustomerAccount:
    return customer_account_from(
        shopper_of_customer(Customer.read(document), settings, currency), settings
    )


def guest(order: Any, settings: Connection = NET) -> CustomerAccount:
    return customer_account_from(shopper_of_order(Order.read(order), "ab" * 32, "guest"), settings)


def test_a_registered_shopper_is_a_person_with_the_default_billing_address() -> None:
    assert account(REGISTERED).body == {
        "dataAreaId": "usmf", "CustomerAccount": "C7", "PartyType": "Person",
        "PersonFirstName": "Jane", "PersonLastName": "Roe",
        "CustomerGroupId": "10", "SalesCurrencyCode": "USD",
        "PrimaryContactEmail": "jane@example.com", "PrimaryContactPhone": "555-0100",
        "AddressDescription": "Web billing address", "AddressStreet": "221 Olive St\nFloor 2",
        "AddressCity": "Mountain View",
        "AddressZipCode": "94086", "AddressState": "CA", "AddressCountryRegionId": "USA",
    }  # fmt: skip


def test_the_other_addresses_of_the_book_go_beside_it() -> None:
    found = account(REGISTERED).addresses
    assert set(found) == {"Web address 2"}
    assert found["Web address 2"]["AddressCity"] == "Oakland"


def test_without_a_default_the_first_address_is_the_billing_address() -> None:
    assert (
        account({**REGISTERED, "addresses": [{**WORK, "company": ""}]}).body["AddressCity"]
        == "Oakland"
    )


def test_a_company_in_the_billing_address_makes_an_organisation() -> None:
    found = account({**REGISTERED, "addresses": [{**WORK, "default_billing": True}]}).body
    assert (found["PartyType"], found["OrganizationName"]) == ("Organization", "Roe Ltd")
    assert "PersonFirstName" not in found


def test_tax_numbers_are_sent_only_where_they_are_wanted() -> None:
    document = {**REGISTERED, "taxvat": "US-1"}
    assert "TaxExemptNumber" not in account(document).body
    wanted = connection(customers={"send_tax_numbers": True})
    assert account(document, wanted).body["TaxExemptNumber"] == "US-1"
    of_address = {**REGISTERED, "addresses": [{**WORK, "default_billing": 1}]}
    assert account(of_address, wanted).body["TaxExemptNumber"] == "DE123"


def test_groups_terms_language_and_company_follow_the_configuration() -> None:
    settings = connection(
        customers={
            "groups": {"3": "B2B"},
            "payment_terms": "N30",
            "number_template": "W-{customer_id}",
        },
        stores=store(company="demf", language="de"),
    )
    found = account({**REGISTERED, "group_id": 3}, settings).body
    wanted = {
        "CustomerGroupId": "B2B",
        "PaymentTerms": "N30",
        "CustomerAccount": "W-7",
        "dataAreaId": "demf",
        "LanguageId": "de",
    }
    assert wanted.items() <= found.items()


def test_a_number_of_theirs_is_left_out() -> None:
    found = account(REGISTERED, connection(customers={"numbers": "theirs"}))
    assert found.account == ""
    assert "CustomerAccount" not in found.body


def test_a_guest_is_known_by_a_digest_and_named_by_the_order() -> None:
    found = guest(made())
    assert found.account == "GABABABABABABABAB"
    assert found.body["PersonFirstName"] == "Jane"
    assert found.addresses == {}


def test_a_guest_without_a_name_of_his_own_takes_the_billing_addresss() -> None:
    order = made(
        customer_firstname=None,
        customer_lastname=None,
        billing_address={**ADDRESS, "firstname": "Ann", "lastname": ""},
    )
    found = guest(order).body
    assert (found["PersonFirstName"], "PersonLastName" in found) == ("Ann", False)
    only_last = guest(
        made(customer_firstname="", customer_lastname="Roe", billing_address=None)
    ).body
    assert only_last["PersonFirstName"] == "Roe"


def test_a_shopper_without_any_address_has_none() -> None:
    assert not any("Address" in name for name in account({**REGISTERED, "addresses": []}).body)
    assert not any("Address" in name for name in guest(made(billing_address=None)).body)


@pytest.mark.parametrize(
    ("document", "settings", "currency", "words"),
    [
        (
            {**REGISTERED, "firstname": "", "lastname": None, "addresses": []},
            NET,
            "USD",
            "firstname and lastname",
        ),
        (REGISTERED, connection(customers={"group": ""}), "USD", "customer group 1"),
        (REGISTERED, NET, "", "no currency"),
        (
            {**REGISTERED, "id": 10**14},
            connection(customers={"number_template": "WEBSHOP-{customer_id}"}),
            "USD",
            "23 characters",
        ),
    ],
)
def test_what_an_account_needs_and_is_not_there_parks_it_by_name(
    document: Any, settings: Connection, currency: str, words: str
) -> None:
    with pytest.raises(Never) as parked:
        account(document, settings, currency)
    assert words in parked.value.reason
    assert parked.value.remedy
    assert "jane" not in parked.value.reason.lower()


def test_saved_addresses_that_hold_nothing_or_have_no_id_are_left_out_and_told() -> None:
    empty, nameless = {**WORK, "id": 3, "city": "", "street": []}, {**WORK, "id": None}
    found = account({**REGISTERED, "addresses": [HOME, nameless, empty]})
    assert found.addresses == {}
    assert [one.what for one in found.left_out] == ["address 1 of the list", "address 3"]
    assert ["no id" in one.error.reason for one in found.left_out] == [True, False]
    assert all(one.error.remedy for one in found.left_out)


def test_addresses_without_a_country_in_fno_are_left_out_and_told_by_their_ids() -> None:
    abroad = {**WORK, "id": 3, "country_id": "XK"}
    book = [{**HOME, "country_id": "??"}, WORK, abroad]
    found = account({**REGISTERED, "addresses": book})
    assert set(found.addresses) == {"Web address 2"}
    assert not [name for name in found.body if name.startswith("Address")]
    assert [one.what for one in found.left_out] == ["address 1 (billing)", "address 3"]
    assert [row.key for one in found.left_out for row in one.error.missing] == ["??", "XK"]
    settings = connection(customers={"countries": {"??": "FRA", "XK": "XKX"}})
    mapped = account({**REGISTERED, "addresses": book}, settings)
    assert (mapped.left_out, set(mapped.addresses)) == ((), {"Web address 2", "Web address 3"})
    assert mapped.digest != found.digest


def test_the_digest_tells_any_change_of_what_is_sent() -> None:
    assert (
        account(REGISTERED).digest
        == account({**REGISTERED, "updated_at": "2026-01-01 00:00:00"}).digest
    )
    moved = {**REGISTERED, "addresses": [WORK, {**HOME, "city": "Berkeley"}]}
    beside = {**REGISTERED, "addresses": [{**WORK, "city": "Alameda"}, HOME]}
    assert len({account(document).digest for document in (REGISTERED, moved, beside)}) == 3
