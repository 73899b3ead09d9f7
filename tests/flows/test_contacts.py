"""Who buys for a company: orders go to the company's account with the buyer as contact, and nobody
needs an account."""

import asyncio

from sandbox.dials import Kind
from sync.engine.claim import State
from tests.flows.b2b import APPROVED, B2B, BLOCKED, CONTOSO, KIM, OFFICE, PENDING, REJECTED, in_b2b
from tests.harness import key_of

CONTACT = "kim.buyer@example.com"


async def company_account(b2b: B2B) -> str:
    (number,) = b2b.accounts(OFFICE)
    return number


@in_b2b()
async def test_a_buyers_order_goes_to_the_companys_account_with_the_buyer_as_contact(
    b2b: B2B,
) -> None:
    await b2b.notify()
    order = b2b.buys(payment="purchaseorder", po_number="PO-77")
    await b2b.delivers(order)
    header = b2b.header(order)
    (kim,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    number = await company_account(b2b)
    assert header["OrderingCustomerAccountNumber"] == number
    assert header["InvoiceCustomerAccountNumber"] == number
    assert header["ContactPersonId"] == kim["ContactPersonId"]
    assert header["CustomerRequisitionNumber"] == "PO-77"
    assert not b2b.accounts(KIM.email)


@in_b2b()
async def test_a_known_buyers_next_order_asks_no_more_than_who_pays_for_the_company(
    b2b: B2B,
) -> None:
    await b2b.notify()
    await b2b.delivers(b2b.buys())
    before = b2b.asked
    await b2b.delivers(b2b.buys())
    of_a_company = b2b.asked - before
    await b2b.delivers(b2b.place())
    before = b2b.asked
    await b2b.delivers(b2b.place())
    assert of_a_company == b2b.asked - before + 1


@in_b2b()
async def test_an_order_of_an_unknown_company_brings_the_company_with_it(b2b: B2B) -> None:
    order = b2b.buys()
    await b2b.delivers(order)
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == await company_account(b2b)
    assert await b2b.events(str(CONTOSO), "companies") == ["created"]
    assert len(b2b.rows("ContactPersons")) == 2


@in_b2b()
async def test_many_orders_at_once_make_one_account_and_one_contact_of_each_buyer(b2b: B2B) -> None:
    orders = [b2b.buys() for _ in range(5)]
    for order in orders:
        await b2b.hooks(order)
    await b2b.works_until_idle()
    assert {b2b.header(order)["OrderingCustomerAccountNumber"] for order in orders} == {
        await company_account(b2b)
    }
    assert len(b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)) == 1


@in_b2b()
async def test_an_order_of_a_company_that_waits_for_approval_waits_with_it(b2b: B2B) -> None:
    b2b.decides(status=PENDING)
    order = b2b.buys()
    await b2b.hooks(order)
    for _ in range(3):
        await b2b.works_for_a_while()
    assert not b2b.headers(order)
    assert "not approved yet" in (await b2b.claim(order)).reason
    b2b.decides(status=APPROVED)
    await b2b.works_until_idle()
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == await company_account(b2b)


@in_b2b()
async def test_an_order_of_a_company_without_an_account_waits_for_a_person(b2b: B2B) -> None:
    b2b.decides(status=REJECTED)
    order = b2b.buys()
    await b2b.delivers(order)
    claim = await b2b.claim(order)
    assert claim.state is State.PARKED
    assert "its company 2 has no account: rejected in Commerce" in claim.reason
    await b2b.maps("US-001")
    await b2b.replays(key_of(order))
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == "US-001"


@in_b2b()
async def test_an_order_of_a_company_that_commerce_has_no_more_waits_for_a_person(b2b: B2B) -> None:
    order = b2b.buys()
    del b2b.commerce.companies[CONTOSO]
    await b2b.delivers(order)
    claim = await b2b.claim(order)
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "company 2 is not in Commerce (any more), and no account is known for it",
    )


@in_b2b()
async def test_an_order_of_a_blocked_company_is_refused_until_the_company_is_approved_again(
    b2b: B2B,
) -> None:
    await b2b.notify()
    order = b2b.buys()
    b2b.decides(status=BLOCKED)
    await b2b.notify()
    await b2b.delivers(order)
    assert "is on hold: All" in (await b2b.claim(order)).reason
    b2b.decides(status=APPROVED)
    await b2b.notify()
    await b2b.replays(key_of(order))
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == await company_account(b2b)


@in_b2b(stores={"1": {"company": "demf"}})
async def test_an_order_into_another_legal_entity_than_the_accounts_is_not_posted_to_a_stranger(
    b2b: B2B,
) -> None:
    await b2b.notify()
    order = b2b.buys()
    await b2b.delivers(order)
    claim = await b2b.claim(order)
    assert claim.state is State.PARKED
    assert "goes to legal entity demf, the company's account is in usmf" in claim.reason


@in_b2b(companies={"contacts": False})
async def test_an_order_names_no_contact_where_none_are_wanted(b2b: B2B) -> None:
    order = b2b.buys()
    await b2b.delivers(order)
    assert not b2b.header(order).get("ContactPersonId")
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == await company_account(b2b)


@in_b2b()
async def test_a_buyer_whom_clerks_have_entered_is_that_contact(b2b: B2B) -> None:
    await b2b.notify()
    party = b2b.account(await company_account(b2b))["PartyNumber"]
    known = {"dataAreaId": "usmf", "ContactPersonId": "CLERK", "AssociatedPartyNumber": party}
    b2b.dynamics.store.insert(
        "ContactPersons", {**known, "FirstName": "K.", "PrimaryEmailAddress": CONTACT.upper()}
    )
    order = b2b.buys()
    await b2b.delivers(order)
    assert b2b.header(order)["ContactPersonId"] == "CLERK"
    assert await b2b.events(f"{KIM.id}@{await company_account(b2b)}", "contacts") == ["adopted"]


@in_b2b()
async def test_a_lost_answer_makes_no_second_contact(b2b: B2B) -> None:
    await b2b.notify()
    b2b.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    order = b2b.buys()
    await b2b.delivers(order)
    (kim,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert b2b.header(order)["ContactPersonId"] == kim["ContactPersonId"]


@in_b2b()
async def test_a_contact_made_by_a_lost_answer_under_an_older_name_gets_the_newer_one(
    b2b: B2B,
) -> None:
    await b2b.notify()
    b2b.ledger_dials.next(Kind.LOST, path="ContactPersons", method="POST")
    await b2b.hook("customers", {"data": {"customer": {"entity_id": 7}}})
    await asyncio.sleep(2)
    await b2b.works_off_what_is_due()
    b2b.commerce.save_customer({**b2b.commerce.customers[7], "lastname": "Lee"})
    await b2b.works_until_idle()
    (kim,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert kim["LastName"] == "Lee"


@in_b2b()
async def test_a_contact_that_clerks_have_deleted_is_made_again_when_the_order_is_replayed(
    b2b: B2B,
) -> None:
    await b2b.notify()
    await b2b.delivers(b2b.buys())
    (kim,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    b2b.dynamics.store.delete("ContactPersons", kim)
    order = b2b.buys()
    await b2b.replays(key_of(order))
    (again,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert b2b.header(order)["ContactPersonId"] == again["ContactPersonId"]


@in_b2b()
async def test_who_registers_as_a_companys_buyer_gets_no_account_but_becomes_a_contact(
    b2b: B2B,
) -> None:
    await b2b.notify(7, "customers")
    claim = await b2b.claim("7", "customers")
    number = await company_account(b2b)
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        f"buys for company 2, which has account {number}",
    )
    assert not b2b.accounts(KIM.email)
    assert len(b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)) == 1


@in_b2b()
async def test_a_buyer_of_a_company_that_is_not_approved_waits_for_it(b2b: B2B) -> None:
    b2b.decides(status=PENDING)
    await b2b.notify(7, "customers")
    claim = await b2b.claim("7", "customers")
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        "buys for company 2: waiting: pending approval",
    )


@in_b2b()
async def test_a_buyer_who_changes_name_and_address_is_the_same_contact(b2b: B2B) -> None:
    await b2b.notify(7, "customers")
    customer = b2b.commerce.customers[7]
    b2b.commerce.save_customer({**customer, "lastname": "Lee", "email": "kim.lee@example.com"})
    await b2b.notify(7, "customers")
    (kim,) = b2b.rows("ContactPersons", FirstName="Kim")
    assert (kim["LastName"], kim["PrimaryEmailAddress"]) == ("Lee", "kim.lee@example.com")
    key = f"7@{await company_account(b2b)}"
    assert await b2b.events(key, "contacts") == ["created", "amended"]


@in_b2b()
async def test_an_old_order_does_not_give_a_contact_its_old_name_back(b2b: B2B) -> None:
    order = b2b.buys()
    customer = b2b.commerce.customers[7]
    b2b.commerce.save_customer({**customer, "lastname": "Lee"})
    await b2b.notify(7, "customers")
    await b2b.replays(key_of(order))
    (kim,) = b2b.rows("ContactPersons", PrimaryEmailAddress=CONTACT)
    assert kim["LastName"] == "Lee"


@in_b2b()
async def test_an_order_that_a_buyer_placed_for_themselves_gets_them_an_account_of_their_own(
    b2b: B2B,
) -> None:
    order = b2b.buys()
    del order.extension["company_order_attributes"]
    await b2b.delivers(order)
    assert b2b.header(order)["OrderingCustomerAccountNumber"] in b2b.accounts(KIM.email)
    await b2b.notify(7, "customers")
    assert (await b2b.claim("7", "customers")).state is State.DELIVERED


@in_b2b()
async def test_a_posted_order_stays_with_the_account_it_was_posted_under(b2b: B2B) -> None:
    order = b2b.buys()
    await b2b.delivers(order)
    number = await company_account(b2b)
    await b2b.maps("US-001")
    b2b.commerce.change_address(order, city="Albany")
    b2b.commerce.save_order(order, {"customer_note": "to Albany"})
    await b2b.replays(key_of(order))
    header = b2b.header(order)
    assert (header["OrderingCustomerAccountNumber"], header["DeliveryAddressCity"]) == (
        number,
        "Albany",
    )
    assert header["ContactPersonId"]


@in_b2b(flows=["orders", "customers"])
async def test_where_companies_do_not_flow_their_buyers_are_customers_like_all(b2b: B2B) -> None:
    order = b2b.buys()
    await b2b.delivers(order)
    assert [b2b.header(order)["OrderingCustomerAccountNumber"]] == b2b.accounts(KIM.email)


@in_b2b(
    flows=["orders", "customers", "companies", "invoices"], invoices={"banks": {"*": "USMF OPER"}}
)
async def test_money_for_a_companys_order_is_booked_on_the_account_of_the_order(b2b: B2B) -> None:
    order = b2b.buys()
    await b2b.delivers(order)
    number = await company_account(b2b)
    await b2b.maps("US-001")
    b2b.commerce.invoice(order)
    await asyncio.sleep(60)
    await b2b.polls("invoices")
    await b2b.works_until_idle()
    (line,) = b2b.rows("CustomerPaymentJournalLines")
    assert line["AccountDisplayValue"].replace("\\-", "-") == number


@in_b2b(
    flows=["orders", "customers", "companies", "invoices"], invoices={"banks": {"*": "USMF OPER"}}
)
async def test_a_cancelled_order_of_a_company_is_found_again_after_a_lost_answer(b2b: B2B) -> None:
    order = b2b.buys()
    b2b.ledger_dials.next(Kind.LOST, path="SalesOrderHeaders", method="POST")
    await b2b.hooks(order)
    await b2b.works_for_a_while()
    assert len(b2b.headers(order)) == 1
    b2b.commerce.cancel(order)
    await b2b.works_until_idle()
    assert not b2b.headers(order)


@in_b2b()
async def test_a_buyer_without_a_name_keeps_the_company_waiting_for_a_person(b2b: B2B) -> None:
    customer = b2b.commerce.customers[2]
    b2b.commerce.customers[2] = {**customer, "firstname": "", "lastname": ""}
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "customer 2, who buys for a company, has no name",
    )
    assert "companies.contacts = false" in claim.remedy
    assert await company_account(b2b)


@in_b2b()
async def test_contacts_need_an_account_that_is_there(b2b: B2B) -> None:
    await b2b.maps("GONE")
    order = b2b.buys()
    await b2b.delivers(order)
    claim = await b2b.claim(order)
    assert (claim.state, claim.reason) == (
        State.PARKED,
        "account GONE is not in company usmf, or has no party there",
    )


@in_b2b(flows=["orders", "customers"])
async def test_where_companies_do_not_flow_one_that_is_mapped_by_hand_has_its_account(
    b2b: B2B,
) -> None:
    await b2b.maps("US-001")
    order = b2b.buys()
    await b2b.delivers(order)
    assert b2b.header(order)["OrderingCustomerAccountNumber"] == "US-001"
