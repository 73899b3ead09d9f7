from datetime import timedelta
from typing import Any

from sandbox.dynamics.contacts import contacts_of
from tests.sandbox.dynamics.conftest import Environment

PARTY = "000900001"
BUYER: dict[str, Any] = {"FirstName": "Rosa", "LastName": "Buyer", "AssociatedPartyNumber": PARTY}


def contact_at(number: str) -> str:
    return f"ContactPersons(dataAreaId='usmf',ContactPersonId='{number}')?cross-company=true"


async def test_a_contact_is_a_party_of_its_own_with_a_company(fo: Environment) -> None:
    made = await fo.made("ContactPersons", **BUYER, PrimaryEmailAddress="rosa@b2b.example")
    assert (made["ContactPersonId"], made["ContactPersonPartyNumber"]) == ("000001", "000000001")
    assert (made["ContactPersonName"], made["SearchName"]) == ("Rosa Buyer", "Rosa Buyer")
    assert (made["ContactPersonPartyType"], made["LastEditDateTime"]) == (
        "Person",
        "2026-01-05T08:00:00Z",
    )
    customer = fo.state.store.find("CustTable", "usmf", "US-001")
    assert customer is not None
    assert [row["PrimaryEmailAddress"] for row in contacts_of(fo.state, customer)] == [
        "rosa@b2b.example"
    ]


async def test_a_contact_has_a_name_and_a_company_that_exists(fo: Environment) -> None:
    body = {"dataAreaId": "usmf", "AssociatedPartyNumber": PARTY}
    assert "Field 'First name' must be filled in." in await fo.refused(
        "POST", "ContactPersons", **body
    )
    text = await fo.refused(
        "POST", "ContactPersons", **{**body, "FirstName": "R", "AssociatedPartyNumber": "7"}
    )
    assert (
        "The value '7' in field 'Contact for' is not found in the related table 'Global address"
        " book'." in text
    )
    text = await fo.refused("POST", "ContactPersons", dataAreaId="usmf", FirstName="R")
    assert "Field 'Associated party number' must be filled in." in text
    text = await fo.refused(
        "POST", "ContactPersons", **body, FirstName="R", ContactPersonPartyType="Organization"
    )
    assert "A contact is a person." in text
    text = await fo.refused(
        "POST", "ContactPersons", **body, FirstName="R", PrimaryAddressCountryRegionId="DE"
    )
    assert "The value 'DE' in field 'Country/region'" in text


async def test_a_contact_keeps_its_company_and_changes_its_name(fo: Environment) -> None:
    number = (await fo.made("ContactPersons", **BUYER))["ContactPersonId"]
    later = fo.state.now() + timedelta(hours=1)
    fo.state.now = lambda: later
    assert (await fo.ask("PATCH", contact_at(number), {"LastName": "Seller"})).status_code == 204
    changed = await fo.get(contact_at(number))
    assert (changed["ContactPersonName"], changed["SearchName"]) == ("Rosa Seller", "Rosa Buyer")
    assert changed["LastEditDateTime"] == "2026-01-05T09:00:00Z"
    text = await fo.refused("PATCH", contact_at(number), AssociatedPartyNumber="7")
    assert "Update not allowed for field 'Associated party number'." in text


async def test_a_company_has_one_default_contact(fo: Environment) -> None:
    first = await fo.made("ContactPersons", **BUYER, IsDefaultContactPerson="Yes")
    await fo.made("ContactPersons", **BUYER, IsDefaultContactPerson="Yes")
    assert (await fo.get(contact_at(first["ContactPersonId"])))["IsDefaultContactPerson"] == "No"


async def test_documents_name_contacts_that_exist(fo: Environment) -> None:
    number = (await fo.made("ContactPersons", **BUYER))["ContactPersonId"]
    assert (await fo.order(ContactPersonId=number))["ContactPersonId"] == number
    body = {
        "dataAreaId": "usmf",
        "OrderingCustomerAccountNumber": "US-001",
        "ContactPersonId": "NOPE",
    }
    text = await fo.refused("POST", "SalesOrderHeadersV4", **body)
    assert (
        "The value 'NOPE' in field 'Contact' is not found in the related table 'Contacts'." in text
    )


async def test_a_changed_address_is_a_new_version_and_the_old_key_has_expired(
    fo: Environment,
) -> None:
    frame = {
        "CustomerAccountNumber": "US-001",
        "CustomerLegalEntityId": "usmf",
        "AddressCountryRegionId": "DEU",
    }
    made = await fo.made("CustomerPostalAddresses", **frame, AddressCity="Berlin", IsPrimary="Yes")
    key = "dataAreaId='usmf',CustomerAccountNumber='US-001',CustomerLegalEntityId='usmf'"
    key += f",AddressLocationId='{made['AddressLocationId']}',Effective={made['Effective']}"
    target = f"CustomerPostalAddresses({key})?cross-company=true"
    later = fo.state.now() + timedelta(days=1)
    fo.state.now = lambda: later
    assert (await fo.ask("PATCH", target, {"IsRoleDelivery": "Yes"})).status_code == 204
    assert len((await fo.get("CustomerPostalAddresses?cross-company=true"))["value"]) == 1
    assert (await fo.ask("PATCH", target, {"AddressCity": "Bonn"})).status_code == 204
    old, new = (await fo.get("CustomerPostalAddresses?cross-company=true&$orderby=Effective"))[
        "value"
    ]
    assert (old["AddressCity"], old["IsPrimary"], old["Expiration"]) == (
        "Berlin",
        "No",
        new["Effective"],
    )
    assert (new["AddressCity"], new["IsPrimary"], new["IsRoleDelivery"]) == ("Bonn", "Yes", "Yes")
    assert new["AddressLocationId"] == old["AddressLocationId"]
    customer = await fo.get(
        "CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')?cross-company=true"
    )
    assert (customer["AddressCity"], customer["AddressValidFrom"]) == ("Bonn", new["Effective"])
    assert "has expired cannot be changed" in await fo.refused("PATCH", target, AddressCity="Köln")
    current = (
        "CustomerPostalAddresses?cross-company=true&$filter=Expiration eq 2154-12-31T23:59:59Z"
    )
    assert [row["AddressCity"] for row in (await fo.get(current))["value"]] == ["Bonn"]


async def test_prospects_and_activities_number_themselves(fo: Environment) -> None:
    made = await fo.made("Prospects", ProspectName="Interested", AddressCountryRegionISOCode="DE")
    assert (made["ProspectId"], made["ProspectPartyType"]) == ("USMF-000001", "Organization")
    assert (made["AddressCountryRegionId"], made["ProspectPartyNumber"]) == ("DEU", "000000001")
    text = await fo.refused(
        "POST", "Prospects", dataAreaId="usmf", ProspectName="I", ProspectPartyType="Firm"
    )
    assert "The party type 'Firm' is not valid." in text
    assert "Prospect name" in await fo.refused("POST", "Prospects", dataAreaId="usmf")
    target = f"Prospects(dataAreaId='usmf',ProspectId='{made['ProspectId']}')?cross-company=true"
    assert (await fo.ask("PATCH", target, {"Note": "Call back"})).status_code == 204
    made = await fo.made(
        "Activities", Purpose="Call", Category="Task", StartDateTime="2026-01-05T09:00:00Z"
    )
    assert (made["ActivityNumber"], made["StartDateTime"]) == (
        "USMF_000001",
        "2026-01-05T09:00:00Z",
    )
