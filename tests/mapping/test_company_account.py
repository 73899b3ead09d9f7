"""A company as a customer account: what is sent of it, what its status asks for, and what parks
it."""

from typing import Any

import pytest

from sync.commerce.models.company import FIELDS, Company, CompanyStatus, fingerprint
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.mapping.company_account import Hold, company_account_from, hold_in, wanted_hold
from sync.mapping.customer_account import CustomerAccount
from tests.mapping.connection import connection, previewed, store
from tests.mapping.fno import header_of
from tests.mapping.made import made, with_extension
from tests.mapping.mutations import deep

MILL = {
    "id": 9, "status": 1, "company_name": "Mill & Sons", "legal_name": "Mill Verwaltungs GmbH",
    "company_email": "Office@Mill.example",
    "vat_tax_id": "DE811", "reseller_id": "R-1", "street": ["Am Bach 1", "Hof"], "city": "Ulm",
    "country_id": "US", "region": "Ohio",
    "region_id": "47", "postcode": "89073", "telephone": "+49 731 1", "customer_group_id": 3,
    "sales_representative_id": 5,
    "super_user_id": 21,
}  # fmt: skip
EUR = connection(companies={"currency": "EUR"})


def account(settings: Connection = EUR, **fields: Any) -> CustomerAccount:
    return company_account_from(Company.read({**MILL, **fields}), settings, region_code="OH")


def test_a_company_is_an_organisation_with_its_legal_name_and_address() -> None:
    assert account().body == {
        "dataAreaId": "usmf", "CustomerAccount": "B9", "PartyType": "Organization",
        "OrganizationName": "Mill Verwaltungs GmbH",
        "NameAlias": "Mill & Sons", "OrganizationNumber": "R-1", "CustomerGroupId": "10",
        "SalesCurrencyCode": "EUR",
        "PrimaryContactEmail": "office@mill.example", "PrimaryContactPhone": "+49 731 1",
        "AddressDescription": "Web company address", "AddressStreet": "Am Bach 1\nHof",
        "AddressCity": "Ulm",
        "AddressZipCode": "89073", "AddressState": "OH", "AddressCountryRegionId": "USA",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("names", "name", "alias"),
    [
        ({"legal_name": None}, "Mill & Sons", None),
        ({"legal_name": "Mill & Sons"}, "Mill & Sons", None),
        ({"company_name": "A name of more than 20"}, "Mill Verwaltungs GmbH", None),
    ],
)
def test_the_name_it_trades_under_is_an_alias_where_it_is_another_and_fits(
    names: dict[str, Any], name: str, alias: str | None
) -> None:
    found = account(**names).body
    assert (found["OrganizationName"], found.get("NameAlias")) == (name, alias)


def test_groups_terms_language_and_legal_entity_follow_the_configuration() -> None:
    settings = connection(
        customers={
            "groups": {"3": "B2B"},
            "currency": "USD",
            "payment_terms": "Prepaid",
            "send_tax_numbers": True,
        },
        companies={"payment_terms": "Net30", "number_template": "FIRM-{company_id}"},
        stores=store(company="demf", language="de"),
    )
    wanted = {
        "CustomerGroupId": "B2B", "PaymentTerms": "Net30", "CustomerAccount": "FIRM-9",
        "dataAreaId": "demf", "LanguageId": "de",
        "TaxExemptNumber": "DE811", "SalesCurrencyCode": "USD",
    }  # fmt: skip
    assert wanted.items() <= account(settings).body.items()
    assert settings.legal_entity == "demf"


def test_a_number_of_theirs_is_left_out() -> None:
    found = account(connection(customers={"numbers": "theirs", "currency": "USD"}))
    assert found.account == ""
    assert "CustomerAccount" not in found.body


@pytest.mark.parametrize(
    ("table", "user", "number"),
    [
        ({}, 5, None), ({"5": "000005"}, 5, "000005"),
        ({"5": "000005", "*": "000001"}, 6, "000001"),
        ({"5": "000005"}, None, None), ({"5": "000005"}, 0, None),
    ],
)  # fmt: skip
def test_the_sales_representative_is_looked_up_by_the_admin_users_id(
    table: dict[str, str], user: int | None, number: str | None
) -> None:
    settings = connection(companies={"currency": "EUR", "sales_representatives": table})
    assert (
        account(settings, sales_representative_id=user).body.get("EmployeeResponsibleNumber")
        == number
    )


def test_a_legal_address_without_a_country_in_fno_is_left_out_and_told() -> None:
    found = account(EUR, country_id="XK")
    assert not [name for name in found.body if name.startswith("Address")]
    assert [(one.what, one.error.missing[0].key) for one in found.left_out] == [
        ("the legal address", "XK")
    ]


@pytest.mark.parametrize(
    ("fields", "settings", "words"),
    [
        (
            {},
            connection(companies={"currency": "EUR", "sales_representatives": {"6": "1"}}),
            "sales_representative_id 5",
        ),
        ({}, connection(customers={"currency": ""}), "no currency"),
        (
            {},
            connection(customers={"group": ""}, companies={"currency": "EUR"}),
            "customer group 3",
        ),
        (
            {"id": 10**14},
            connection(companies={"currency": "EUR", "number_template": "COMPANY-{company_id}"}),
            "23 characters",
        ),
    ],
)
def test_what_an_account_needs_and_is_not_there_parks_the_company(
    fields: dict[str, Any], settings: Connection, words: str
) -> None:
    with pytest.raises(Never) as parked:
        account(settings, **fields)
    assert words in parked.value.reason
    assert parked.value.remedy
    assert "mill" not in parked.value.reason.lower()


@pytest.mark.parametrize("setting", ["All", "Invoice", "keep"])
@pytest.mark.parametrize("status", list(CompanyStatus))
def test_only_blocked_and_rejected_companies_are_held_and_only_where_we_may(
    setting: str, status: CompanyStatus
) -> None:
    settings = connection(companies={"currency": "EUR", "hold": setting})
    is_barred = status in (CompanyStatus.BLOCKED, CompanyStatus.REJECTED)
    wanted = setting if is_barred and setting != "keep" else ""
    assert wanted_hold(Company.read({**MILL, "status": int(status)}), settings) == wanted


def test_a_hold_is_found_again_in_what_remembers_it() -> None:
    hold = Hold("All", "Payment")
    assert hold_in("0f3a" * 16 + hold.mark) == hold
    assert hold_in(f"mixed|mixed|{'0f3a' * 16}{hold.mark}") == hold
    assert hold_in("0f3a" * 16) is None


# --- as Commerce answers it


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"id": 0}, "id"), ({"status": None}, "status"), ({"status": 7}, "status"),
        ({"company_name": ""}, "company_name"),
        ({"company_email": None}, "company_email"), ({"street": 5, "city": []}, "city, street"),
    ],
)  # fmt: skip
def test_a_company_that_cannot_be_read_is_refused_by_the_names_of_its_fields(
    changes: dict[str, Any], names: str
) -> None:
    with pytest.raises(Never) as refused:
        Company.read({**MILL, **changes})
    assert refused.value.reason.endswith(f"cannot be read: {names}")
    assert "Mill" not in refused.value.reason


@pytest.mark.parametrize("document", [None, [], "company", {"id": deep(100)}])
def test_what_is_no_company_at_all_is_refused(document: Any) -> None:
    with pytest.raises(Never, match="a company is a JSON object"):
        Company.read(document)


def test_the_region_may_be_named_by_number_or_text() -> None:
    assert Company.read({**MILL, "region_id": 47}).region_id == "47"
    assert Company.read({**MILL, "region_id": None}).region_id == ""


def test_the_fingerprint_tells_changes_of_what_is_read_and_nothing_else() -> None:
    assert fingerprint(MILL) == fingerprint(
        {**MILL, "comment": "x", "extension_attributes": {}, "reject_reason": None}
    )
    assert fingerprint({**MILL, "legal_name": None}) == fingerprint(
        {k: v for k, v in MILL.items() if k != "legal_name"}
    )
    reported = {fingerprint({**MILL, name: "changed"}) for name in FIELDS}
    assert len(reported) == len(FIELDS)


# --- on orders


@pytest.mark.parametrize(("numbers", "account"), [("ours", "B9"), ("theirs", "(assigned by D365)")])
async def test_a_preview_shows_the_account_that_the_company_will_have(
    numbers: str, account: str
) -> None:
    settings = connection(customers={"numbers": numbers, "currency": "EUR"}).model_copy(
        update={"flows": ("orders", "companies")}
    )
    order = with_extension(
        made(), company_order_attributes={"company_id": 9, "company_name": "Mill"}
    )
    found = await previewed(order, settings)
    assert header_of(found.requests)["OrderingCustomerAccountNumber"] == account
    assert not [request for request in found.requests if request.path.endswith("CustomersV3")]
