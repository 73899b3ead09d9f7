from datetime import timedelta
from typing import Any

from tests.sandbox.dynamics.conftest import Environment

PERSON: dict[str, Any] = {
    "PartyType": "Person",
    "PersonFirstName": "Veronica",
    "PersonLastName": "Costello-Featherstone",
    "CustomerGroupId": "10",
    "SalesCurrencyCode": "USD",
}


def customer(account: str) -> str:
    return f"CustomersV3(dataAreaId='usmf',CustomerAccount='{account}')?cross-company=true"


async def test_a_person_has_a_full_name_an_alias_and_an_account(fo: Environment) -> None:
    made = await fo.made("CustomersV3", **PERSON)
    assert made["CustomerAccount"] == "USMF-000001"
    assert made["OrganizationName"] == "Veronica Costello-Featherstone"
    assert made["NameAlias"] == "Veronica Costello-Fe"
    assert made["PartyNumber"] == "000000001"


async def test_an_account_is_chosen_when_the_sequence_is_manual(fo: Environment) -> None:
    fo.state.settings.manual.add("CustomerAccount")
    assert "must be filled in" in await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **PERSON
    )
    assert (await fo.made("CustomersV3", **PERSON, CustomerAccount="C42"))[
        "CustomerAccount"
    ] == "C42"
    again = await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **PERSON, CustomerAccount="C42"
    )
    assert "The record already exists." in again


async def test_names_belong_to_the_kind_of_party(fo: Environment) -> None:
    organisation = {**PERSON, "PartyType": "Organization"}
    assert "PersonFirstName" in await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **organisation, OrganizationName="Contoso"
    )
    nameless = {
        name: value for name, value in organisation.items() if not name.startswith("Person")
    }
    assert "Field 'Name' must be filled in." in await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **nameless
    )
    assert "does not apply" in await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **PERSON, OrganizationName="Contoso"
    )


async def test_the_kind_of_party_is_one_of_two_words(fo: Environment) -> None:
    wrong = {**PERSON, "PartyType": "person"}
    assert "'person' is not valid" in await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **wrong
    )
    missing = {name: value for name, value in PERSON.items() if name != "PartyType"}
    assert "Party type" in await fo.refused("POST", "CustomersV3", dataAreaId="usmf", **missing)


async def test_group_and_currency_are_mandatory_and_must_exist(fo: Environment) -> None:
    for field, label in (
        ("CustomerGroupId", "Customer group id"),
        ("SalesCurrencyCode", "Sales currency code"),
    ):
        missing = {name: value for name, value in PERSON.items() if name != field}
        text = await fo.refused("POST", "CustomersV3", dataAreaId="usmf", **missing)
        assert f"Field '{label}' must be filled in." in text
    text = await fo.refused(
        "POST", "CustomersV3", dataAreaId="usmf", **{**PERSON, "CustomerGroupId": "Local"}
    )
    assert (
        text
        == "Write failed for table row of type 'CustCustomerV3Entity'. Infolog: Warning: The value"
        " 'Local' in field 'Customer group' is not found in the related table 'Customer"
        " groups'.; Warning: validateField failed on field"
        " 'CustCustomerV3Entity.CustomerGroupId'."
    )


async def test_a_primary_address_is_written_through(fo: Environment) -> None:
    made = await fo.made(
        "CustomersV3", **PERSON, AddressCity="Berlin", AddressCountryRegionId="DEU"
    )
    assert (made["AddressCountryRegionISOCode"], made["FullPrimaryAddress"]) == (
        "DE",
        "Berlin\nDEU",
    )
    rows = (await fo.get("CustomerPostalAddresses?cross-company=true"))["value"]
    assert [(row["AddressCity"], row["IsPrimary"], row["AddressLocationId"]) for row in rows] == [
        ("Berlin", "Yes", made["AddressLocationId"])
    ]
    assert rows[0]["Expiration"] == "2154-12-31T23:59:59Z"


async def test_an_address_needs_a_country_with_three_letters(fo: Environment) -> None:
    body = {"dataAreaId": "usmf", **PERSON, "AddressCity": "Berlin"}
    assert "Country/region" in await fo.refused("POST", "CustomersV3", **body)
    text = await fo.refused("POST", "CustomersV3", **body, AddressCountryRegionId="DE")
    assert "The value 'DE' in field 'Country/region' is not found" in text


async def test_an_address_made_primary_shows_on_the_customer(fo: Environment) -> None:
    account = (
        await fo.made("CustomersV3", **PERSON, AddressCity="Berlin", AddressCountryRegionId="DEU")
    )["CustomerAccount"]
    frame = {
        "CustomerAccountNumber": account,
        "CustomerLegalEntityId": "usmf",
        "AddressCountryRegionId": "AUT",
    }
    await fo.made("CustomerPostalAddresses", **frame, AddressCity="Graz")
    assert (await fo.get(customer(account)))["AddressCity"] == "Berlin"
    wien = await fo.made("CustomerPostalAddresses", **frame, AddressCity="Wien")
    key = f"dataAreaId='usmf',CustomerAccountNumber='{account}',CustomerLegalEntityId='usmf'"
    key += f",AddressLocationId='{wien['AddressLocationId']}',Effective={wien['Effective']}"
    target = f"CustomerPostalAddresses({key})?cross-company=true"
    assert (await fo.ask("PATCH", target, {"IsPrimary": "Yes"})).status_code == 204
    assert (await fo.get(customer(account)))["AddressCity"] == "Wien"
    rows = (await fo.get("CustomerPostalAddresses?cross-company=true"))["value"]
    assert [(row["AddressCity"], row["IsPrimary"]) for row in rows] == [
        ("Berlin", "No"),
        ("Graz", "No"),
        ("Wien", "Yes"),
    ]


async def test_a_changed_address_changes_the_primary_one(fo: Environment) -> None:
    account = (
        await fo.made("CustomersV3", **PERSON, AddressCity="Berlin", AddressCountryRegionId="DEU")
    )["CustomerAccount"]
    assert (await fo.ask("PATCH", customer(account), {"AddressCity": "Bonn"})).status_code == 204
    rows = (await fo.get("CustomerPostalAddresses?cross-company=true"))["value"]
    assert [row["AddressCity"] for row in rows] == ["Bonn"]


async def test_an_address_that_changes_later_leaves_its_past_behind(fo: Environment) -> None:
    account = (
        await fo.made("CustomersV3", **PERSON, AddressCity="Berlin", AddressCountryRegionId="DEU")
    )["CustomerAccount"]
    frame = {
        "CustomerAccountNumber": account,
        "CustomerLegalEntityId": "dat",
        "AddressLocationId": "9",
    }
    moment = fo.state.now()
    fo.state.put(
        "CustomerPostalAddresses", dataAreaId="dat", **frame, Effective=moment, Expiration=moment
    )
    later = fo.state.now() + timedelta(days=1)
    fo.state.now = lambda: later
    assert (await fo.ask("PATCH", customer(account), {"AddressCity": "Bonn"})).status_code == 204
    mine = (
        "CustomerPostalAddresses?cross-company=true&$orderby=Effective&$filter=dataAreaId eq 'usmf'"
    )
    rows = (await fo.get(mine))["value"]
    assert [(row["AddressCity"], row["IsPrimary"]) for row in rows] == [
        ("Berlin", "No"),
        ("Bonn", "Yes"),
    ]
    assert rows[0]["Expiration"] == rows[1]["Effective"]
    assert rows[0]["AddressLocationId"] == rows[1]["AddressLocationId"]
    assert (await fo.ask("DELETE", customer(account))).status_code == 204
    assert [row["dataAreaId"] for row in fo.state.snapshot()["CustomerPostalAddresses"]] == ["dat"]


async def test_an_address_belongs_to_the_company_of_its_customer(fo: Environment) -> None:
    frame = {
        "dataAreaId": "usmf",
        "CustomerAccountNumber": "US-001",
        "CustomerLegalEntityId": "dat",
    }
    text = await fo.refused(
        "POST", "CustomerPostalAddresses", **frame, AddressCountryRegionISOCode="DE"
    )
    assert "The value 'dat' in field 'Company'" in text
    frame["CustomerLegalEntityId"] = "usmf"
    text = await fo.refused(
        "POST", "CustomerPostalAddresses", **frame, AddressCountryRegionISOCode="XX"
    )
    assert "The value 'XX' in field 'ISO code'" in text
    for wrong in ("soon", 7, "2026-01-01T00:00:00"):
        assert "Effective" in await fo.refused(
            "POST", "CustomerPostalAddresses", **frame, Effective=wrong
        )
    made = await fo.made(
        "CustomerPostalAddresses", **frame, AddressCountryRegionISOCode="DE", Effective="2026-02-03"
    )
    assert (made["Effective"], made["AddressCountryRegionId"]) == ("2026-02-03T00:00:00Z", "DEU")


async def test_a_group_brings_its_terms(fo: Environment) -> None:
    fo.state.put("CustomerGroups", dataAreaId="usmf", CustomerGroupId="10", PaymentTermId="Net10")
    assert (await fo.made("CustomersV3", **PERSON))["PaymentTerms"] == "Net10"


async def test_a_customer_with_orders_stays(fo: Environment) -> None:
    await fo.order()
    assert "dependent Sales orders" in await fo.refused("DELETE", customer("US-001"))
    account = (await fo.made("CustomersV3", **PERSON))["CustomerAccount"]
    assert (await fo.ask("DELETE", customer(account))).status_code == 204


async def test_customers_are_found_by_their_mail_address(fo: Environment) -> None:
    await fo.made("CustomersV3", **PERSON, PrimaryContactEmail="v@x.example")
    found = await fo.get(
        "CustomersV3?cross-company=true&$filter=PrimaryContactEmail eq"
        " 'V@X.example'&$select=CustomerAccount"
    )
    assert [row["CustomerAccount"] for row in found["value"]] == ["USMF-000001"]
