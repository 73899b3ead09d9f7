"""B2B companies as accounts: made once, matched, waiting for approval, held while blocked, whatever
gets lost."""

from typing import Any

import pytest

from sandbox.dials import Kind
from sync.engine.claim import State
from sync.engine.results import NoKey
from sync.flows.customers.companies import keys_in
from sync.mapping_tables.tables import AccountMapping
from tests.flows.b2b import APPROVED, B2B, BLOCKED, CONTOSO, OFFICE, PENDING, REJECTED, in_b2b
from tests.systems import CONNECTION


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        ({"data": {"company": {"id": 7}}}, "7"),
        ({"data": {"company": {"entity_id": "7", "id": 9}}}, "7"),
        ({"data": {"data_object": {"id": 7}}}, "7"), ({"id": "7", "status": 1}, "7"),
        ({"data": {"company_id": 7}}, "7"),
    ],
)  # fmt: skip
def test_a_hook_names_the_company(payload: dict[str, Any], key: str) -> None:
    assert keys_in(payload) == [key]


@pytest.mark.parametrize(
    "payload", [{}, {"data": []}, {"data": {"company": {"id": True}}}, {"id": "0"}, {"id": "x"}]
)
def test_a_hook_without_a_company_says_so(payload: dict[str, Any]) -> None:
    with pytest.raises(NoKey, match="no company id"):
        keys_in(payload)


async def number_of(b2b: B2B) -> str:
    return (await b2b.claim(str(CONTOSO), "companies")).number


@in_b2b(companies={"sales_representatives": {"1": "000123"}})
async def test_an_approved_company_becomes_an_organisations_account(b2b: B2B) -> None:
    b2b.decides(legal_name="Contoso Holding Ltd", reseller_id="R-9")
    await b2b.notify()
    (number,) = b2b.accounts(OFFICE)
    wanted = {
        "PartyType": "Organization", "OrganizationName": "Contoso Holding Ltd",
        "NameAlias": "Contoso Ltd",
        "OrganizationNumber": "R-9", "EmployeeResponsibleNumber": "000123", "CustomerGroupId": "10",
        "SalesCurrencyCode": "USD",
        "AddressCity": "New York", "AddressState": "NY", "AddressCountryRegionId": "USA",
        "PrimaryContactPhone": "555-0100",
    }  # fmt: skip
    assert {name: b2b.account(number).get(name) for name in wanted} == wanted
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.number) == (State.DELIVERED, number)


@in_b2b()
async def test_its_administrator_becomes_a_contact_of_the_account(b2b: B2B) -> None:
    await b2b.notify()
    (contact,) = b2b.rows("ContactPersons")
    wanted = {"FirstName": "Bo", "LastName": "Smith", "PrimaryEmailAddress": "bo.smith@example.com"}
    assert {name: contact.values.get(name) for name in wanted} == wanted
    assert contact["AssociatedPartyNumber"] == b2b.account(await number_of(b2b))["PartyNumber"]


@in_b2b()
async def test_an_administrator_whom_commerce_has_deleted_is_left_out(b2b: B2B) -> None:
    del b2b.commerce.customers[2]
    await b2b.notify()
    assert b2b.accounts(OFFICE)
    assert not b2b.rows("ContactPersons")


@in_b2b(companies={"contacts": False})
async def test_nobody_becomes_a_contact_where_none_are_wanted(b2b: B2B) -> None:
    await b2b.notify()
    assert not b2b.rows("ContactPersons")


@in_b2b(customers={"numbers": "ours"})
async def test_a_number_of_ours_tells_companies_from_customers(b2b: B2B) -> None:
    await b2b.notify()
    assert b2b.accounts(OFFICE) == ["B2"]


@in_b2b()
async def test_a_company_heard_of_twice_is_made_once_and_asks_nothing_of_the_ledger_again(
    b2b: B2B,
) -> None:
    await b2b.notify()
    before = b2b.asked
    await b2b.notify()
    assert await b2b.events(str(CONTOSO), "companies") == ["created", "unchanged"]
    assert b2b.asked == before
    assert len(b2b.accounts(OFFICE)) == 1


@in_b2b()
async def test_polls_find_companies_by_what_changed_of_them(b2b: B2B) -> None:
    assert await b2b.looks() == 2
    assert await b2b.looks() == 0
    b2b.decides(telephone="555-0199")
    assert await b2b.looks() == 1
    assert await b2b.events(str(CONTOSO), "companies") == ["created", "amended"]
    assert b2b.account(await number_of(b2b))["PrimaryContactPhone"] == "555-0199"
    b2b.decides(comment="nothing that we read")
    assert await b2b.looks() == 0


@in_b2b(companies={"sales_representatives": {"9": "000123"}})
async def test_a_parked_company_is_looked_at_again_when_it_changes_and_not_before(b2b: B2B) -> None:
    b2b.commerce.save_company(4, company_name=None)
    assert await b2b.looks() == 2
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "company 2: sales_representative_id 1 is not mapped",
    )
    unread = await b2b.claim("4", "companies")
    assert (unread.state, unread.reason) == (State.PARKED, "company 4 cannot be read: company_name")
    assert await b2b.looks() == 0
    b2b.decides(sales_representative_id=9)
    assert await b2b.looks() == 1
    assert (await b2b.claim(str(CONTOSO), "companies")).state is State.DELIVERED


@in_b2b()
async def test_a_pending_company_waits_for_approval(b2b: B2B) -> None:
    b2b.decides(status=PENDING)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.SKIPPED, "waiting: pending approval")
    assert not b2b.accounts(OFFICE)
    b2b.decides(status=APPROVED)
    await b2b.looks()
    assert await b2b.events(str(CONTOSO), "companies") == ["skipped", "created"]


@in_b2b()
async def test_a_company_rejected_at_once_never_reaches_the_ledger(b2b: B2B) -> None:
    b2b.decides(status=REJECTED)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        "rejected in Commerce, and there is no account to put on hold",
    )
    assert b2b.asked == 0


@in_b2b()
async def test_a_company_is_held_while_it_is_blocked(b2b: B2B) -> None:
    await b2b.notify()
    for status, hold in (
        (BLOCKED, "All"),
        (APPROVED, "No"),
        (REJECTED, "All"),
        (BLOCKED, "All"),
        (APPROVED, "No"),
    ):
        b2b.decides(status=status)
        await b2b.notify()
        assert b2b.hold(await number_of(b2b)) == hold
    reported = ["created", "amended", "amended", "amended", "unchanged", "amended"]
    assert await b2b.events(str(CONTOSO), "companies") == reported


@in_b2b(companies={"hold": "keep"})
async def test_holds_can_be_left_to_the_ledger(b2b: B2B) -> None:
    await b2b.notify()
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    assert b2b.hold(await number_of(b2b)) == "No"


@in_b2b(companies={"hold": "Invoice"})
async def test_a_hold_of_the_ledgers_own_is_never_lifted(b2b: B2B) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.clerk_holds(number, "All")
    for status in (BLOCKED, APPROVED):
        b2b.decides(status=status)
        await b2b.notify()
        assert b2b.hold(number) == "All"


@in_b2b()
async def test_what_was_held_before_us_is_held_after_us(b2b: B2B) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.clerk_holds(number, "Payment")
    for status, hold in ((BLOCKED, "All"), (APPROVED, "Payment")):
        b2b.decides(status=status)
        await b2b.notify()
        assert b2b.hold(number) == hold


@in_b2b()
async def test_what_the_ledger_decided_meanwhile_stays(b2b: B2B) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    b2b.clerk_holds(number, "Invoice")
    for columns in ({"telephone": "555-0199"}, {"status": APPROVED}):
        b2b.decides(**columns)
        await b2b.notify()
    assert b2b.hold(number) == "Invoice"


@in_b2b()
async def test_an_account_that_the_ledger_has_is_held_but_none_is_made_for_a_blocked_company(
    b2b: B2B,
) -> None:
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    assert (await b2b.claim(str(CONTOSO), "companies")).state is State.SKIPPED
    b2b.has_had("OLD", PrimaryContactEmail=OFFICE)
    await b2b.notify()
    assert b2b.hold("OLD") == "All"
    assert b2b.accounts(OFFICE) == ["OLD"]
    b2b.decides(status=APPROVED)
    await b2b.notify()
    assert b2b.hold("OLD") == "No"


@in_b2b(companies={"match": ["vat", "email"]})
async def test_an_organisation_is_recognised_by_its_tax_number_and_left_as_it_is(b2b: B2B) -> None:
    b2b.decides(vat_tax_id="US-77")
    b2b.has_had("OLD", TaxExemptNumber="US-77", PrimaryContactEmail="ledger@example.com")
    await b2b.notify()
    assert await b2b.known() == AccountMapping("company", str(CONTOSO), "OLD", "vat", "usmf")
    assert b2b.account("OLD")["PrimaryContactEmail"] == "ledger@example.com"
    assert not b2b.accounts(OFFICE)


@in_b2b(companies={"match": ["vat"]})
async def test_a_company_that_is_mapped_anew_is_held_and_released_there(b2b: B2B) -> None:
    b2b.decides(vat_tax_id="US-77")
    b2b.has_had("OLD", TaxExemptNumber="US-77")
    b2b.has_had("NEW")
    await b2b.notify()
    await b2b.maps("NEW")
    for status, hold in ((BLOCKED, "All"), (APPROVED, "No")):
        b2b.decides(status=status)
        await b2b.notify()
        assert (b2b.hold("NEW"), b2b.hold("OLD")) == (hold, "No")
    assert (await b2b.claim(str(CONTOSO), "companies")).number == "NEW"


@in_b2b(companies={"match": ["vat"]})
async def test_who_maps_a_barred_company_anew_is_told_of_the_hold_on_its_account_before(
    b2b: B2B,
) -> None:
    b2b.decides(vat_tax_id="US-77")
    b2b.has_had("OLD", TaxExemptNumber="US-77")
    b2b.has_had("NEW")
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    assert b2b.hold("OLD") == "All"
    await b2b.maps("NEW")
    await b2b.replays(str(CONTOSO), "companies")
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, b2b.hold("NEW")) == (State.PARKED, "No")
    assert 'Set the hold of OLD in D365 to what it shall be ("No" before that)' in claim.remedy
    b2b.clerk_holds("OLD", "No")
    await b2b.replays(str(CONTOSO), "companies")
    assert (b2b.hold("NEW"), b2b.hold("OLD")) == ("All", "No")


@in_b2b(companies={"match": ["vat"]})
async def test_an_account_that_was_matched_stays_the_ledgers_without_its_mapping(b2b: B2B) -> None:
    b2b.decides(vat_tax_id="US-77")
    b2b.has_had("OLD", TaxExemptNumber="US-77", PrimaryContactEmail="ledger@example.com")
    await b2b.notify()
    accounts = (await b2b.services.systems_pool.open(CONNECTION)).accounts
    await accounts.remove("company", str(CONTOSO), "usmf")
    b2b.decides(telephone="555-0199")
    await b2b.notify()
    assert b2b.account("OLD")["PrimaryContactEmail"] == "ledger@example.com"
    assert await b2b.known() == AccountMapping("company", str(CONTOSO), "OLD", "vat", "usmf")


@in_b2b()
async def test_a_persons_account_with_the_same_address_is_not_the_companys(b2b: B2B) -> None:
    b2b.has_had("PERSON", PrimaryContactEmail=OFFICE, PartyType="Person")
    await b2b.notify()
    assert await number_of(b2b) not in ("", "PERSON")


@in_b2b()
async def test_what_is_not_clear_waits_for_a_person_and_never_gets_a_second_account(
    b2b: B2B,
) -> None:
    b2b.has_had("ONE", PrimaryContactEmail=OFFICE)
    b2b.has_had("TWO", PrimaryContactEmail=OFFICE)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    why = "company 2: its e-mail address belongs to several accounts in D365: ONE, TWO"
    assert (claim.state, claim.reason) == (State.PARKED, why)
    assert "map customers set 2 ACCOUNT --kind company --company usmf" in claim.remedy
    await b2b.maps("TWO")
    await b2b.replays(str(CONTOSO), "companies")
    assert await number_of(b2b) == "TWO"
    assert b2b.accounts(OFFICE) == ["ONE", "TWO"]


@in_b2b()
async def test_a_company_mapped_to_an_account_that_is_gone_cannot_be_held(b2b: B2B) -> None:
    await b2b.maps("GONE")
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "company 2: its account GONE is not in company usmf",
    )


@in_b2b()
async def test_a_lost_answer_makes_no_second_account_and_no_second_contact(b2b: B2B) -> None:
    b2b.ledger_dials.next(Kind.LOST, path="CustomersV3", method="POST")
    b2b.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    await b2b.notify()
    assert len(b2b.accounts(OFFICE)) == 1
    assert len(b2b.rows("ContactPersons")) == 1
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.intent) == (State.DELIVERED, None)
    b2b.decides(telephone="555-0199")
    await b2b.notify()
    assert b2b.account(claim.number)["PrimaryContactPhone"] == "555-0199"


@in_b2b(customers={"numbers": "ours"})
async def test_an_account_made_by_a_lost_answer_is_held_when_the_company_was_rejected_since(
    b2b: B2B,
) -> None:
    b2b.ledger_dials.next(Kind.LOST, path="CustomersV3", method="POST")
    await b2b.begins()
    b2b.decides(status=REJECTED)
    await b2b.works_until_idle()
    assert b2b.hold("B2") == "All"


@in_b2b(customers={"numbers": "ours"})
async def test_an_account_that_was_never_made_after_all_is_not_held(b2b: B2B) -> None:
    b2b.ledger_dials.next(Kind.DROPPED, path="CustomersV3", method="POST")
    await b2b.begins()
    b2b.decides(status=REJECTED)
    await b2b.works_until_idle()
    assert (await b2b.claim(str(CONTOSO), "companies")).state is State.SKIPPED


@in_b2b()
async def test_a_hold_whose_answer_was_lost_is_known_for_ours_and_lifted(b2b: B2B) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.decides(status=BLOCKED)
    b2b.ledger_dials.next(Kind.LOST, path="$batch", writes=True)
    await b2b.begins()
    assert b2b.hold(number) == "All"
    b2b.decides(status=APPROVED)
    await b2b.works_until_idle()
    assert b2b.hold(number) == "No"


@in_b2b()
async def test_an_account_of_the_ledgers_own_stays_its_own_when_a_hold_of_it_was_lost(
    b2b: B2B,
) -> None:
    b2b.has_had("OLD", PrimaryContactEmail=OFFICE, PrimaryContactPhone="as the ledger has it")
    b2b.decides(status=BLOCKED)
    b2b.ledger_dials.next(Kind.LOST, path="$batch")
    await b2b.notify()
    assert b2b.hold("OLD") == "All"
    b2b.decides(telephone="555-0199", status=APPROVED)
    await b2b.notify()
    assert b2b.hold("OLD") == "No"
    assert b2b.account("OLD")["PrimaryContactPhone"] == "as the ledger has it"
    known = await b2b.known()
    assert known is not None
    assert known.matched_by == "email"


@in_b2b()
async def test_a_hold_is_ours_as_well_when_the_process_died_before_it_knew(b2b: B2B) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.decides(status=BLOCKED)
    await b2b.hook("companies", {"data": {"company": {"entity_id": CONTOSO}}})
    await b2b.works_until_it_dies(before="trail")
    b2b.decides(status=APPROVED)
    await b2b.works_until_idle()
    assert b2b.hold(number) == "No"


@in_b2b()
async def test_a_lift_that_was_lost_is_made_once_and_what_the_ledger_holds_later_is_its_own(
    b2b: B2B,
) -> None:
    await b2b.notify()
    number = await number_of(b2b)
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    b2b.decides(status=APPROVED)
    b2b.ledger_dials.next(Kind.DROPPED, path="$batch", writes=True)
    await b2b.notify()
    assert b2b.hold(number) == "No"
    b2b.clerk_holds(number, "All")
    b2b.decides(telephone="555-0199")
    await b2b.notify()
    assert b2b.hold(number) == "All"
