"""Who buys for a company: orders go to the company's account with the buyer as contact, and nobody needs an account."""

import asyncio

from sync.road.ledger import State
from sync.sandbox.dials import Kind
from tests.flows.town import APPROVED, BLOCKED, CONTOSO, KIM, OFFICE, PENDING, REJECTED, Town, in_town
from tests.house import key_of

CONTACT = "kim.buyer@example.com"


async def company_account(town: Town) -> str:
    (number,) = town.accounts(OFFICE)
    return number


@in_town()
async def test_a_buyers_order_goes_to_the_companys_account_with_the_buyer_as_contact(town: Town) -> None:
    await town.hears()
    order = town.buys(payment="purchaseorder", po_number="PO-77")
    await town.delivers(order)
    header = town.header(order)
    (kim,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    number = await company_account(town)
    assert header["OrderingCustomerAccountNumber"] == number
    assert header["InvoiceCustomerAccountNumber"] == number
    assert header["ContactPersonId"] == kim["ContactPersonId"]
    assert header["CustomerRequisitionNumber"] == "PO-77"
    assert not town.accounts(KIM.email)


@in_town()
async def test_a_known_buyers_next_order_costs_no_request_more_than_anybody_elses(town: Town) -> None:
    await town.hears()
    await town.delivers(town.buys())
    before = town.asked
    await town.delivers(town.buys())
    of_a_company = town.asked - before
    await town.delivers(town.place())
    before = town.asked
    await town.delivers(town.place())
    assert of_a_company == town.asked - before


@in_town()
async def test_an_order_of_an_unknown_company_brings_the_company_with_it(town: Town) -> None:
    order = town.buys()
    await town.delivers(order)
    assert town.header(order)["OrderingCustomerAccountNumber"] == await company_account(town)
    assert await town.events(str(CONTOSO), "companies") == ["created"]
    assert len(town.rows("ContactPersons")) == 2


@in_town()
async def test_many_orders_at_once_make_one_account_and_one_contact_of_each_buyer(town: Town) -> None:
    orders = [town.buys() for _ in range(5)]
    for order in orders:
        await town.hooks(order)
    await town.works_until_idle()
    assert {town.header(order)["OrderingCustomerAccountNumber"] for order in orders} == {await company_account(town)}
    assert len(town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)) == 1


@in_town()
async def test_an_order_of_a_company_that_waits_for_approval_waits_with_it(town: Town) -> None:
    town.decides(status=PENDING)
    order = town.buys()
    await town.hooks(order)
    for _ in range(3):
        await town.works_for_a_while()
    assert not town.headers(order)
    assert "not approved yet" in (await town.claim(order)).reason
    town.decides(status=APPROVED)
    await town.works_until_idle()
    assert town.header(order)["OrderingCustomerAccountNumber"] == await company_account(town)


@in_town()
async def test_an_order_of_a_company_without_an_account_waits_for_a_person(town: Town) -> None:
    town.decides(status=REJECTED)
    order = town.buys()
    await town.delivers(order)
    claim = await town.claim(order)
    assert claim.state is State.PARKED
    assert "its company 2 has no account: rejected in Commerce" in claim.reason
    await town.maps("US-001")
    await town.replays(key_of(order))
    assert town.header(order)["OrderingCustomerAccountNumber"] == "US-001"


@in_town()
async def test_an_order_of_a_company_that_commerce_has_no_more_waits_for_a_person(town: Town) -> None:
    order = town.buys()
    del town.commerce.companies[CONTOSO]
    await town.delivers(order)
    claim = await town.claim(order)
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "company 2 is not in Commerce (any more), and no account is known for it",
    )


@in_town()
async def test_an_order_of_a_blocked_company_is_refused_by_the_ledger_until_the_company_is_approved_again(
    town: Town,
) -> None:
    await town.hears()
    order = town.buys()
    town.decides(status=BLOCKED)
    await town.hears()
    await town.delivers(order)
    assert "is on hold: All" in (await town.claim(order)).reason
    town.decides(status=APPROVED)
    await town.hears()
    await town.replays(key_of(order))
    assert town.header(order)["OrderingCustomerAccountNumber"] == await company_account(town)


@in_town(stores={"1": {"company": "demf"}})
async def test_an_order_into_another_legal_entity_than_the_accounts_is_not_posted_to_a_stranger(town: Town) -> None:
    await town.hears()
    order = town.buys()
    await town.delivers(order)
    claim = await town.claim(order)
    assert claim.state is State.PARKED
    assert "goes to legal entity demf, the company's account is in usmf" in claim.reason


@in_town(companies={"contacts": False})
async def test_an_order_names_no_contact_where_none_are_wanted(town: Town) -> None:
    order = town.buys()
    await town.delivers(order)
    assert not town.header(order).get("ContactPersonId")
    assert town.header(order)["OrderingCustomerAccountNumber"] == await company_account(town)


@in_town()
async def test_a_buyer_whom_clerks_have_entered_is_that_contact(town: Town) -> None:
    await town.hears()
    party = town.account(await company_account(town))["PartyNumber"]
    known = {"dataAreaId": "usmf", "ContactPersonId": "CLERK", "AssociatedPartyNumber": party}
    town.dynamics.store.insert("ContactPersons", {**known, "FirstName": "K.", "PrimaryEmailAddress": CONTACT.upper()})
    order = town.buys()
    await town.delivers(order)
    assert town.header(order)["ContactPersonId"] == "CLERK"
    assert await town.events(f"{KIM.id}@{await company_account(town)}", "contacts") == ["adopted"]


@in_town()
async def test_a_lost_answer_makes_no_second_contact(town: Town) -> None:
    await town.hears()
    town.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    order = town.buys()
    await town.delivers(order)
    (kim,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert town.header(order)["ContactPersonId"] == kim["ContactPersonId"]


@in_town()
async def test_a_contact_made_by_a_lost_answer_under_an_older_name_gets_the_newer_one(town: Town) -> None:
    await town.hears()
    town.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    await town.hook("customers", {"data": {"customer": {"entity_id": 7}}})
    await asyncio.sleep(2)
    await town.works_off_what_is_due()
    town.commerce.save_customer({**town.commerce.customers[7], "lastname": "Lee"})
    await town.works_until_idle()
    (kim,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert kim["LastName"] == "Lee"


@in_town()
async def test_a_contact_that_clerks_have_deleted_is_made_again_when_the_order_is_replayed(town: Town) -> None:
    await town.hears()
    await town.delivers(town.buys())
    (kim,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    town.dynamics.store.delete("ContactPersons", kim)
    order = town.buys()
    await town.replays(key_of(order))
    (again,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert town.header(order)["ContactPersonId"] == again["ContactPersonId"]


@in_town()
async def test_who_registers_as_a_companys_buyer_gets_no_account_but_becomes_a_contact(town: Town) -> None:
    await town.hears(7, "customers")
    claim = await town.claim("7", "customers")
    number = await company_account(town)
    assert (claim.state, claim.reason) == (State.SKIPPED, f"buys for company 2, which has account {number}")
    assert not town.accounts(KIM.email)
    assert len(town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)) == 1


@in_town()
async def test_a_buyer_of_a_company_that_is_not_approved_waits_for_it(town: Town) -> None:
    town.decides(status=PENDING)
    await town.hears(7, "customers")
    claim = await town.claim("7", "customers")
    assert (claim.state, claim.reason) == (State.SKIPPED, "buys for company 2: waiting: pending approval")


@in_town()
async def test_a_buyer_who_changes_name_and_address_is_the_same_contact(town: Town) -> None:
    await town.hears(7, "customers")
    customer = town.commerce.customers[7]
    town.commerce.save_customer({**customer, "lastname": "Lee", "email": "kim.lee@example.com"})
    await town.hears(7, "customers")
    (kim,) = town.rows("ContactPersons", FirstName="Kim")
    assert (kim["LastName"], kim["PrimaryEmailAddress"]) == ("Lee", "kim.lee@example.com")
    key = f"7@{await company_account(town)}"
    assert await town.events(key, "contacts") == ["created", "amended"]


@in_town()
async def test_an_old_order_does_not_give_a_contact_its_old_name_back(town: Town) -> None:
    order = town.buys()
    customer = town.commerce.customers[7]
    town.commerce.save_customer({**customer, "lastname": "Lee"})
    await town.hears(7, "customers")
    await town.replays(key_of(order))
    (kim,) = town.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert kim["LastName"] == "Lee"


@in_town()
async def test_an_order_that_a_buyer_placed_for_themselves_gets_them_an_account_of_their_own(town: Town) -> None:
    order = town.buys()
    del order.extension["company_order_attributes"]
    await town.delivers(order)
    assert town.header(order)["OrderingCustomerAccountNumber"] in town.accounts(KIM.email)
    await town.hears(7, "customers")
    assert (await town.claim("7", "customers")).state is State.DELIVERED


@in_town()
async def test_a_posted_order_stays_with_the_account_it_was_posted_under(town: Town) -> None:
    order = town.buys()
    await town.delivers(order)
    number = await company_account(town)
    await town.maps("US-001")
    town.commerce.change_address(order, city="Albany")
    town.commerce.save_order(order, {"customer_note": "to Albany"})
    await town.replays(key_of(order))
    header = town.header(order)
    assert (header["OrderingCustomerAccountNumber"], header["DeliveryAddressCity"]) == (number, "Albany")
    assert header["ContactPersonId"]


@in_town(flows=["orders", "customers"])
async def test_where_companies_do_not_flow_their_buyers_are_customers_like_all(town: Town) -> None:
    order = town.buys()
    await town.delivers(order)
    assert [town.header(order)["OrderingCustomerAccountNumber"]] == town.accounts(KIM.email)


@in_town(flows=["orders", "customers", "companies", "invoices"], invoices={"banks": {"*": "USMF OPER"}})
async def test_money_for_a_companys_order_is_booked_on_the_account_of_the_order(town: Town) -> None:
    order = town.buys()
    await town.delivers(order)
    number = await company_account(town)
    await town.maps("US-001")
    town.commerce.invoice(order)
    await asyncio.sleep(60)
    await town.polls("invoices")
    await town.works_until_idle()
    (line,) = town.rows("CustomerPaymentJournalLines")
    assert line["AccountDisplayValue"].replace("\\-", "-") == number


@in_town(flows=["orders", "customers", "companies", "invoices"], invoices={"banks": {"*": "USMF OPER"}})
async def test_a_cancelled_order_of_a_company_is_found_again_after_a_lost_answer(town: Town) -> None:
    order = town.buys()
    town.ledger_dials.next(Kind.LOST, path="SalesOrderHeaders", method="POST")
    await town.hooks(order)
    await town.works_for_a_while()
    assert len(town.headers(order)) == 1
    town.commerce.cancel(order)
    await town.works_until_idle()
    assert not town.headers(order)


@in_town()
async def test_a_buyer_without_a_name_keeps_the_company_waiting_for_a_person(town: Town) -> None:
    customer = town.commerce.customers[2]
    town.commerce.customers[2] = {**customer, "firstname": "", "lastname": ""}
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.PARKED, "customer 2, who buys for a company, has no name")
    assert "companies.contacts = false" in claim.remedy
    assert await company_account(town)


@in_town()
async def test_contacts_need_an_account_that_is_there(town: Town) -> None:
    await town.maps("GONE")
    order = town.buys()
    await town.delivers(order)
    claim = await town.claim(order)
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "account GONE is not in company usmf, or has no party there",
    )


@in_town(flows=["orders", "customers"])
async def test_where_companies_do_not_flow_one_that_is_mapped_by_hand_has_its_account(town: Town) -> None:
    await town.maps("US-001")
    order = town.buys()
    await town.delivers(order)
    assert town.header(order)["OrderingCustomerAccountNumber"] == "US-001"
