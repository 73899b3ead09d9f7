"""B2B companies as accounts: made once, matched, waiting for approval, held while blocked, whatever gets lost."""

from typing import Any

import pytest

from sync.flow import NoKey
from sync.flows.companies import keys_in
from sync.mapping_tables.tables import AccountMapping
from sync.road.ledger import State
from sync.sandbox.dials import Kind
from tests.flows.town import APPROVED, BLOCKED, CONTOSO, OFFICE, PENDING, REJECTED, Town, in_town


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        ({"data": {"company": {"id": 7}}}, "7"), ({"data": {"company": {"entity_id": "7", "id": 9}}}, "7"),
        ({"data": {"data_object": {"id": 7}}}, "7"), ({"id": "7", "status": 1}, "7"), ({"data": {"company_id": 7}}, "7"),
    ],
)  # fmt: skip
def test_a_hook_names_the_company(payload: dict[str, Any], key: str) -> None:
    assert keys_in(payload) == [key]


@pytest.mark.parametrize("payload", [{}, {"data": []}, {"data": {"company": {"id": True}}}, {"id": "0"}, {"id": "x"}])
def test_a_hook_without_a_company_says_so(payload: dict[str, Any]) -> None:
    with pytest.raises(NoKey, match="no company id"):
        keys_in(payload)


async def number_of(town: Town) -> str:
    return (await town.claim(str(CONTOSO), "companies")).number


@in_town(companies={"sales_representatives": {"1": "000123"}})
async def test_an_approved_company_becomes_an_organisations_account(town: Town) -> None:
    town.decides(legal_name="Contoso Holding Ltd", reseller_id="R-9")
    await town.hears()
    (number,) = town.accounts(OFFICE)
    wanted = {
        "PartyType": "Organization", "OrganizationName": "Contoso Holding Ltd", "NameAlias": "Contoso Ltd",
        "OrganizationNumber": "R-9", "EmployeeResponsibleNumber": "000123", "CustomerGroupId": "10", "SalesCurrencyCode": "USD",
        "AddressCity": "New York", "AddressState": "NY", "AddressCountryRegionId": "USA", "PrimaryContactPhone": "555-0100",
    }  # fmt: skip
    assert {name: town.account(number).get(name) for name in wanted} == wanted
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.number) == (State.DELIVERED, number)


@in_town()
async def test_its_administrator_becomes_a_contact_of_the_account(town: Town) -> None:
    await town.hears()
    (contact,) = town.rows("ContactPersons")
    wanted = {"FirstName": "Bo", "LastName": "Smith", "PrimaryEmailAddress": "bo.smith@example.com"}
    assert {name: contact.values.get(name) for name in wanted} == wanted
    assert contact["AssociatedPartyNumber"] == town.account(await number_of(town))["PartyNumber"]


@in_town()
async def test_an_administrator_whom_commerce_has_deleted_is_left_out(town: Town) -> None:
    del town.commerce.customers[2]
    await town.hears()
    assert town.accounts(OFFICE)
    assert not town.rows("ContactPersons")


@in_town(companies={"contacts": False})
async def test_nobody_becomes_a_contact_where_none_are_wanted(town: Town) -> None:
    await town.hears()
    assert not town.rows("ContactPersons")


@in_town(customers={"numbers": "ours"})
async def test_a_number_of_ours_tells_companies_from_customers(town: Town) -> None:
    await town.hears()
    assert town.accounts(OFFICE) == ["B2"]


@in_town()
async def test_a_company_heard_of_twice_is_made_once_and_asks_nothing_of_the_ledger_again(town: Town) -> None:
    await town.hears()
    before = town.asked
    await town.hears()
    assert await town.events(str(CONTOSO), "companies") == ["created", "unchanged"]
    assert town.asked == before
    assert len(town.accounts(OFFICE)) == 1


@in_town()
async def test_polls_find_companies_by_what_changed_of_them(town: Town) -> None:
    assert await town.looks() == 2
    assert await town.looks() == 0
    town.decides(telephone="555-0199")
    assert await town.looks() == 1
    assert await town.events(str(CONTOSO), "companies") == ["created", "amended"]
    assert town.account(await number_of(town))["PrimaryContactPhone"] == "555-0199"
    town.decides(comment="nothing that we read")
    assert await town.looks() == 0


@in_town(companies={"sales_representatives": {"9": "000123"}})
async def test_a_parked_company_is_looked_at_again_when_it_changes_and_not_before(town: Town) -> None:
    town.commerce.save_company(4, company_name=None)
    assert await town.looks() == 2
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.PARKED, "company 2: sales_representative_id 1 is not mapped")
    unread = await town.claim("4", "companies")
    assert (unread.state, unread.reason) == (State.PARKED, "company 4 cannot be read: company_name")
    assert await town.looks() == 0
    town.decides(sales_representative_id=9)
    assert await town.looks() == 1
    assert (await town.claim(str(CONTOSO), "companies")).state is State.DELIVERED


@in_town()
async def test_a_pending_company_waits_for_approval(town: Town) -> None:
    town.decides(status=PENDING)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.SKIPPED, "waiting: pending approval")
    assert not town.accounts(OFFICE)
    town.decides(status=APPROVED)
    await town.looks()
    assert await town.events(str(CONTOSO), "companies") == ["skipped", "created"]


@in_town()
async def test_a_company_rejected_at_once_never_reaches_the_ledger(town: Town) -> None:
    town.decides(status=REJECTED)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        "rejected in Commerce, and there is no account to put on hold",
    )
    assert town.asked == 0


@in_town()
async def test_a_company_is_held_while_it_is_blocked(town: Town) -> None:
    await town.hears()
    for status, hold in ((BLOCKED, "All"), (APPROVED, "No"), (REJECTED, "All"), (BLOCKED, "All"), (APPROVED, "No")):
        town.decides(status=status)
        await town.hears()
        assert town.hold(await number_of(town)) == hold
    told = ["created", "amended", "amended", "amended", "unchanged", "amended"]
    assert await town.events(str(CONTOSO), "companies") == told


@in_town(companies={"hold": "keep"})
async def test_holds_can_be_left_to_the_ledger(town: Town) -> None:
    await town.hears()
    town.decides(status=BLOCKED)
    await town.hears()
    assert town.hold(await number_of(town)) == "No"


@in_town(companies={"hold": "Invoice"})
async def test_a_hold_of_the_ledgers_own_is_never_lifted(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.clerk_holds(number, "All")
    for status in (BLOCKED, APPROVED):
        town.decides(status=status)
        await town.hears()
        assert town.hold(number) == "All"


@in_town()
async def test_what_was_held_before_us_is_held_after_us(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.clerk_holds(number, "Payment")
    for status, hold in ((BLOCKED, "All"), (APPROVED, "Payment")):
        town.decides(status=status)
        await town.hears()
        assert town.hold(number) == hold


@in_town()
async def test_what_the_ledger_decided_meanwhile_stays(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.decides(status=BLOCKED)
    await town.hears()
    town.clerk_holds(number, "Invoice")
    for columns in ({"telephone": "555-0199"}, {"status": APPROVED}):
        town.decides(**columns)
        await town.hears()
    assert town.hold(number) == "Invoice"


@in_town()
async def test_an_account_that_the_ledger_has_is_held_but_none_is_made_for_a_blocked_company(town: Town) -> None:
    town.decides(status=BLOCKED)
    await town.hears()
    assert (await town.claim(str(CONTOSO), "companies")).state is State.SKIPPED
    town.has_had("OLD", PrimaryContactEmail=OFFICE)
    await town.hears()
    assert town.hold("OLD") == "All"
    assert town.accounts(OFFICE) == ["OLD"]
    town.decides(status=APPROVED)
    await town.hears()
    assert town.hold("OLD") == "No"


@in_town(companies={"match": ["vat", "email"]})
async def test_an_organisation_is_recognised_by_its_tax_number_and_left_as_it_is(town: Town) -> None:
    town.decides(vat_tax_id="US-77")
    town.has_had("OLD", TaxExemptNumber="US-77", PrimaryContactEmail="ledger@example.com")
    await town.hears()
    assert await town.known() == AccountMapping("company", str(CONTOSO), "OLD", "vat", "usmf")
    assert town.account("OLD")["PrimaryContactEmail"] == "ledger@example.com"
    assert not town.accounts(OFFICE)


@in_town()
async def test_a_persons_account_with_the_same_address_is_not_the_companys(town: Town) -> None:
    town.has_had("PERSON", PrimaryContactEmail=OFFICE, PartyType="Person")
    await town.hears()
    assert await number_of(town) not in ("", "PERSON")


@in_town()
async def test_what_is_not_clear_waits_for_a_person_and_never_gets_a_second_account(town: Town) -> None:
    town.has_had("ONE", PrimaryContactEmail=OFFICE)
    town.has_had("TWO", PrimaryContactEmail=OFFICE)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    why = "company 2: its e-mail address belongs to several accounts in D365: ONE, TWO"
    assert (claim.state, claim.reason) == (State.PARKED, why)
    assert "map customers set 2 ACCOUNT --kind company --company usmf" in claim.remedy
    await town.maps("TWO")
    await town.replays(str(CONTOSO), "companies")
    assert await number_of(town) == "TWO"
    assert town.accounts(OFFICE) == ["ONE", "TWO"]


@in_town()
async def test_a_company_mapped_to_an_account_that_is_gone_cannot_be_held(town: Town) -> None:
    await town.maps("GONE")
    town.decides(status=BLOCKED)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.PARKED, "company 2: its account GONE is not in company usmf")


@in_town()
async def test_a_lost_answer_makes_no_second_account_and_no_second_contact(town: Town) -> None:
    town.ledger_dials.next(Kind.LOST, path="CustomersV3", method="POST")
    town.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    await town.hears()
    assert len(town.accounts(OFFICE)) == 1
    assert len(town.rows("ContactPersons")) == 1
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.intent) == (State.DELIVERED, None)
    town.decides(telephone="555-0199")
    await town.hears()
    assert town.account(claim.number)["PrimaryContactPhone"] == "555-0199"


@in_town(customers={"numbers": "ours"})
async def test_an_account_made_by_a_lost_answer_is_held_when_the_company_was_rejected_since(town: Town) -> None:
    town.ledger_dials.next(Kind.LOST, path="CustomersV3", method="POST")
    await town.begins()
    town.decides(status=REJECTED)
    await town.works_until_idle()
    assert town.hold("B2") == "All"


@in_town(customers={"numbers": "ours"})
async def test_an_account_that_was_never_made_after_all_is_not_held(town: Town) -> None:
    town.ledger_dials.next(Kind.DROPPED, path="CustomersV3", method="POST")
    await town.begins()
    town.decides(status=REJECTED)
    await town.works_until_idle()
    assert (await town.claim(str(CONTOSO), "companies")).state is State.SKIPPED


@in_town()
async def test_a_hold_whose_answer_was_lost_is_known_for_ours_and_lifted(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.decides(status=BLOCKED)
    town.ledger_dials.next(Kind.LOST, path="$batch", writes=True)
    await town.begins()
    assert town.hold(number) == "All"
    town.decides(status=APPROVED)
    await town.works_until_idle()
    assert town.hold(number) == "No"


@in_town()
async def test_a_hold_is_ours_as_well_when_the_process_died_before_it_knew(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.decides(status=BLOCKED)
    await town.hook("companies", {"data": {"company": {"entity_id": CONTOSO}}})
    await town.works_until_it_dies(before="trail")
    town.decides(status=APPROVED)
    await town.works_until_idle()
    assert town.hold(number) == "No"


@in_town()
async def test_a_lift_that_was_lost_is_made_once_and_what_the_ledger_holds_later_is_its_own(town: Town) -> None:
    await town.hears()
    number = await number_of(town)
    town.decides(status=BLOCKED)
    await town.hears()
    town.decides(status=APPROVED)
    town.ledger_dials.next(Kind.DROPPED, path="$batch", writes=True)
    await town.hears()
    assert town.hold(number) == "No"
    town.clerk_holds(number, "All")
    town.decides(telephone="555-0199")
    await town.hears()
    assert town.hold(number) == "All"
