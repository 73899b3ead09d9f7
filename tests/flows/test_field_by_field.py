"""Who owns which field of a company, a user and an address, both ways: what its owner changes goes
to the other side, what the other side changes stays there, and nothing comes back."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import pytest

from sync.config.connections.accounts import Owned
from tests.flows.b2b import CONTOSO, OFFICE
from tests.flows.outgoing import MAIN, SECOND, TAILSPIN, YARD, Outgoing, in_outgoing

Change = tuple[dict[str, str], dict[str, Any]]
IN_LEDGER: Final[Mapping[str, Change]] = {
    "name": ({"OrganizationName": "L Ltd"}, {"company_name": "L Ltd", "legal_name": "L Ltd"}),
    "email": ({"PrimaryContactEmail": "l@l.example"}, {"company_email": "l@l.example"}),
    "telephone": ({"PrimaryContactPhone": "555-1"}, {"telephone": "555-1"}),
    "tax_number": ({"TaxExemptNumber": "TX-L"}, {"vat_tax_id": "TX-L"}),
    "address": (
        {"AddressStreet": "1 Ledger St", "AddressCity": "Albany", "AddressZipCode": "12201"},
        {"street": ["1 Ledger St"], "city": "Albany", "postcode": "12201"},
    ),
    "price_group": ({"DiscountPriceGroupId": "RETAIL"}, {"customer_group_id": 2}),
    "sales_representative": (
        {"EmployeeResponsibleNumber": "000124"}, {"sales_representative_id": 8}
    ),
    "status": ({"OnHoldStatus": "All"}, {"status": 3}),
}  # fmt: skip
"""By what F&O may own: what a clerk changes, and what the company shows of it."""
IN_SHOP: Final[Mapping[str, Change]] = {
    "name": ({"OrganizationName": "S Inc"}, {"company_name": "S Inc", "legal_name": "S Inc"}),
    "email": ({"PrimaryContactEmail": "s@s.example"}, {"company_email": "s@s.example"}),
    "telephone": ({"PrimaryContactPhone": "555-2"}, {"telephone": "555-2"}),
    "tax_number": ({"TaxExemptNumber": "TX-S"}, {"vat_tax_id": "TX-S"}),
    "address": (
        {"AddressStreet": "2 Shop St", "AddressCity": "Buffalo", "AddressZipCode": "14201"},
        {"street": ["2 Shop St"], "city": "Buffalo", "postcode": "14201"},
    ),
    "price_group": ({}, {"customer_group_id": 1}),
    "sales_representative": (
        {"EmployeeResponsibleNumber": "000123"}, {"sales_representative_id": 7}
    ),
    "status": ({"OnHoldStatus": "All"}, {"status": 3}),
}  # fmt: skip
"""What the shop's staff changes, and what the account is to hold of it: a price group is F&O's."""
SHARED: Final[dict[str, Any]] = {
    "customers": {"send_tax_numbers": True},
    "companies": {"sales_representatives": {"7": "000123", "8": "000124", "*": "000100"}},
    "accounts": {
        "groups": ["10"], "create": False, "users": False, "price_groups": {"RETAIL": 2, "*": 1},
        "sales_representatives": {"000123": 7, "000124": 8, "*": 1},
    },
}  # fmt: skip


ALL: Final = "all"
EACH: Final = [ALL, *(pytest.param(one, marks=pytest.mark.long) for one in get_args(Owned))]
"""All at once; each by itself plays in the long tests."""


def both_ways(owned: str, *, is_ledgers: bool) -> dict[str, Any]:
    """Settings in which F&O owns this field alone, or all but it."""
    these = [one for one in get_args(Owned) if owned in (ALL, one)]
    fields = these if is_ledgers else [one for one in get_args(Owned) if one not in these]
    holds = "keep" if "status" in fields else "All"
    return {
        **SHARED, "accounts": {**SHARED["accounts"], "fields": fields},
        "companies": {**SHARED["companies"], "hold": holds},
    }  # fmt: skip


def changes(table: Mapping[str, Change], owned: str) -> Change:
    """What the table says of a field, or of all."""
    found = [one for name, one in table.items() if owned in (ALL, name)]
    ledger: dict[str, str] = {}
    shop: dict[str, Any] = {}
    for fields, columns in found:
        ledger |= fields
        shop |= columns
    return ledger, shop


def test_every_field_that_may_be_owned_is_in_both_tables() -> None:
    assert set(IN_LEDGER) == set(IN_SHOP) == set(get_args(Owned))


async def begun(o: Outgoing) -> str:
    """Contoso with an account that was made from the shop, both at rest; its number."""
    await o.notify()
    (number,) = o.accounts(OFFICE)
    await o.polls_accounts()
    await o.notify()
    return number


def change(o: Outgoing, number: str, fields: Mapping[str, str]) -> None:
    """A clerk changes the account."""
    row = o.dynamics.store.find("CustTable", "usmf", number)
    assert row is not None
    o.dynamics.store.update("CustTable", row, dict(fields))


def holds(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return {name: shown.get(name) for name in wanted} == dict(wanted)


async def rests(o: Outgoing) -> None:
    """Both sides are looked at again, and nothing is written."""
    before = o.writes()
    await o.polls_accounts()
    await o.notify()
    assert o.writes() == before


@pytest.mark.parametrize("owned", EACH)
def test_what_f_and_o_owns_goes_to_the_shop_and_never_back(owned: str) -> None:
    @in_outgoing(**both_ways(owned, is_ledgers=True))
    async def story(o: Outgoing) -> None:
        number, (sent, shown) = await begun(o), changes(IN_LEDGER, owned)
        change(o, number, sent)
        await o.polls_accounts()
        assert holds(o.commerce.companies[CONTOSO], shown)
        theirs, edited = changes(IN_SHOP, owned)
        before = o.account(number)
        o.decides(**edited)
        await o.notify()
        assert {name: o.account(number).get(name) for name in theirs} == {
            name: before.get(name) for name in theirs
        }
        await rests(o)

    story()


@pytest.mark.parametrize("owned", EACH)
def test_what_f_and_o_does_not_own_goes_from_the_shop_and_never_back(owned: str) -> None:
    @in_outgoing(**both_ways(owned, is_ledgers=False))
    async def story(o: Outgoing) -> None:
        number, (wanted, edited) = await begun(o), changes(IN_SHOP, owned)
        o.decides(**edited)
        await o.notify()
        assert holds(o.account(number), wanted)
        sent, _ = changes(IN_LEDGER, owned)
        change(o, number, sent)
        await o.polls_accounts()
        assert holds(o.commerce.companies[CONTOSO], edited)
        await rests(o)
        assert holds(o.account(number), sent)

    story()


USERS: Final[dict[str, Any]] = {
    "accounts": {
        "number_attribute": "fno_account", "terms_attribute": "payment_terms", "addresses": "both",
    },
}  # fmt: skip


def shown_of(user: Mapping[str, Any]) -> dict[str, Any]:
    """What a user shows that either side may have changed."""
    known = {one["attribute_code"]: one["value"] for one in user["custom_attributes"]}
    member = user["extension_attributes"]["company_attributes"]
    names = ("firstname", "lastname", "email")
    return {
        **{name: user[name] for name in names}, **known,
        "job_title": member["job_title"], "telephone": member["telephone"],
    }  # fmt: skip


@in_outgoing(**USERS)
async def test_a_user_is_their_own_but_for_number_and_terms(o: Outgoing) -> None:
    """Names, e-mail address, job title and telephone are F&O's once, when they are registered."""
    await o.polls_accounts()
    before = shown_of(o.user(SECOND))
    assert (before["fno_account"], before["payment_terms"]) == (TAILSPIN, "Net30")
    contact = o.dynamics.store.find("ContactPersons", "usmf", SECOND)
    assert contact is not None
    new = {"FirstName": "Adele", "LastName": "Turn", "EmploymentJobTitle": "Boss",
           "PrimaryPhoneNumber": "1", "PrimaryEmailAddress": "adele@tailspin.example"}  # fmt: skip
    o.dynamics.store.update("ContactPersons", contact, new)
    o.clerk(PaymentTerms="Net60")
    await o.polls_accounts()
    assert shown_of(o.user(SECOND)) == {**before, "payment_terms": "Net60"}
    assert len(o.commerce.mails) == 2


PARTS: Final[Mapping[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "street": ({"AddressStreet": "7 New St"}, {"street": ["7 New St"]}),
    "city": ({"AddressCity": "Troy"}, {"city": "Troy"}),
    "postcode": ({"AddressZipCode": "12180"}, {"postcode": "12180"}),
}
"""Of a delivery address: what F&O holds, and what the user's book shows of it."""


@pytest.mark.parametrize(
    "part", [ALL, *(pytest.param(one, marks=pytest.mark.long) for one in PARTS)]
)
@pytest.mark.parametrize("side", ["ledger", "shop"])
def test_each_part_of_a_delivery_address_goes_both_ways_with_its_id(side: str, part: str) -> None:
    @in_outgoing(**USERS)
    async def story(o: Outgoing) -> None:
        await o.polls_accounts()
        await o.hears_the_shop()
        (first,) = o.book(MAIN).values()
        own = {name: first[name] for name in ("id", "firstname", "lastname", "telephone")}
        ledger, shop = changes(PARTS, part)
        if side == "ledger":
            o.clerk_changes(YARD, **ledger)
        else:
            user = o.user(MAIN)
            o.commerce.save_customer({**user, "addresses": [{**user["addresses"][0], **shop}]})
        await o.polls_accounts()
        await o.hears_the_shop()
        (row,), (one,) = o.yards().values(), o.book(MAIN).values()
        assert holds(row.values, ledger)
        assert holds(one, {**shop, **own})
        await o.polls_accounts()
        before = o.writes()
        await o.polls_accounts()
        await o.hears_the_shop()
        assert o.writes() == before

    story()
