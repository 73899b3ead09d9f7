"""Accounts of F&O as companies of the shop: made in order and once, matched, owned field by field,
and nothing comes back."""

from datetime import timedelta

import pytest

from sandbox.commerce.catalogue import Shopper
from sandbox.dials import Arrival, Kind
from sync.cli.person import Named, Records
from sync.core.encoding import to_json
from sync.engine.claim import State
from sync.preview.accounts import preview_account
from tests.flows.b2b import APPROVED, CONTOSO, OFFICE, PENDING, REJECTED
from tests.flows.outgoing import MAIN, SECOND, TAILSPIN, Outgoing, in_outgoing
from tests.systems import COMPANY, CONNECTION


@in_outgoing()
async def test_an_account_becomes_a_company_with_its_administrator_and_users(o: Outgoing) -> None:
    await o.polls_accounts()
    await o.is_delivered()
    wanted = {
        "company_name": "Tailspin Toys Ltd", "legal_name": "Tailspin Toys Ltd",
        "company_email": "office@tailspin.example", "reseller_id": TAILSPIN, "status": 1,
        "telephone": "555-0170", "vat_tax_id": "TX-9", "street": ["1 Mill Rd", "Hall 2, Gate B"],
        "city": "New York", "postcode": "10001", "country_id": "US", "region": "New York",
        "customer_group_id": 2, "super_user_id": o.user(MAIN)["id"],
    }  # fmt: skip
    assert {name: o.company[name] for name in wanted} == wanted
    for number in (MAIN, SECOND):
        member = o.user(number)["extension_attributes"]["company_attributes"]
        assert (member["company_id"], o.user(number)["group_id"]) == (o.company["id"], 2)
    assert sorted(o.commerce.mails) == [("welcome", o.user(n)["id"]) for n in (MAIN, SECOND)]


@in_outgoing()
async def test_what_went_over_is_quiet_on_both_sides(o: Outgoing) -> None:
    await o.polls_accounts()
    await o.hears_the_shop()
    assert await o.polls("accounts") == 0
    before = o.writes()
    for _ in range(2):
        await o.polls_accounts()
        await o.hears_the_shop()
    assert o.writes() == before
    mapping = await o.known(key=o.company["id"])
    assert mapping is not None
    assert mapping.account == TAILSPIN


@in_outgoing()
async def test_a_user_who_is_not_a_member_yet_gets_no_account_of_their_own(o: Outgoing) -> None:
    """The hook of a registration may be delivered before the registration is finished."""
    o.joins(Shopper("tom@tailspin.example", "Tom", "Spin", "ny", 7))
    await o.notify(7, "customers")
    claim = await o.claim("7", "customers")
    assert (claim.state, "a contact of an account" in claim.reason) == (State.SKIPPED, True)
    assert not o.accounts("tom@tailspin.example")


@in_outgoing()
async def test_a_change_in_f_and_o_is_one_write_of_the_fields_it_owns(o: Outgoing) -> None:
    await o.polls_accounts()
    await o.hears_the_shop()
    o.commerce.save_company(o.company["id"], comment="key account", company_email="x@y.example")
    before, writes = dict(o.company), o.writes()
    o.clerk(OrganizationName="Tailspin Group", DiscountPriceGroupId="", PaymentTerms="Net60")
    await o.polls_accounts()
    changed = {name for name in before if o.company[name] != before[name]}
    assert changed == {"company_name", "legal_name", "customer_group_id"}
    assert o.writes() == {**writes, "PUT company/{id}": writes.get("PUT company/{id}", 0) + 1}
    assert o.user(SECOND)["group_id"] == 1
    await o.hears_the_shop()
    assert o.account(TAILSPIN)["OrganizationName"] == "Tailspin Group"
    assert sum(o.writes().values()) == sum(writes.values()) + 1


@in_outgoing(accounts={"events": ["OwnCustomerChanged"]})
async def test_an_event_of_the_customers_own_publishes_an_account_at_once(o: Outgoing) -> None:
    await o.polls_accounts()
    began = o.clock.now()
    for identity, named in enumerate(({"AccountNum": TAILSPIN}, {"CustomerAccount": " TS-001 "})):
        o.clerk(OrganizationName=f"Tailspin {identity}")
        envelope = {"BusinessEventId": "OwnCustomerChanged", "EventId": str(identity), **named,
                    "BusinessEventLegalEntity": COMPANY.upper()}  # fmt: skip
        answer = await o.services.accept_business_event(CONNECTION, to_json(envelope))
        assert answer.status == 200
        await o.works_until_idle()
        assert o.company["company_name"] == f"Tailspin {identity}"
    assert o.clock.now() - began < timedelta(seconds=10)


@in_outgoing()
async def test_holds_block_and_release_the_company(o: Outgoing) -> None:
    await o.polls_accounts()
    for hold, status in (("All", 3), ("Invoice", 3), ("No", 1)):
        o.clerk(OnHoldStatus=hold)
        await o.polls_accounts()
        await o.hears_the_shop()
        assert (o.company["status"], o.hold(TAILSPIN)) == (status, hold)


@in_outgoing()
async def test_a_field_that_somebody_changed_in_the_shop_is_restored_by_replay(o: Outgoing) -> None:
    await o.polls_accounts()
    o.commerce.save_company(o.company["id"], telephone="0")
    await o.replays(TAILSPIN, "accounts")
    assert o.company["telephone"] == "555-0170"


@in_outgoing()
async def test_what_a_preview_shows_is_what_is_sent(o: Outgoing) -> None:
    now, before = await o.as_it_stands(), o.writes()
    shown = await preview_account(TAILSPIN, now)
    assert (o.writes(), [one.outcome for one in shown]) == (before, ["deliver"] * 2)
    paths = [request.path for one in shown for request in one.requests]
    assert paths == ["/V1/customers", "/V1/company/", "/V1/customers"]
    body = shown[0].requests[1].body
    assert body is not None
    await o.polls_accounts()
    sent = body["company"]
    assert {name: o.company[name] for name in sent} == sent
    again = await preview_account(TAILSPIN, now)
    assert [(one.outcome, one.reason) for one in again] == [
        ("skip", "Commerce shows it as F&O has it")
    ] * 3
    o.clerk(PrimaryContactPhone="1")
    (first, *_) = await preview_account(TAILSPIN, now)
    assert [request.body for request in first.requests] == [{"company": {"telephone": "1"}}]
    assert await preview_account("NOPE", now) == []


@in_outgoing(accounts={"create": False})
async def test_without_leave_to_create_only_companies_that_are_there_are_kept(o: Outgoing) -> None:
    await o.polls_accounts()
    claim = await o.account_claim()
    assert (claim.state, o.commerce.mails) == (State.SKIPPED, [])
    assert "none is made here" in claim.reason


@pytest.mark.parametrize("place", ["customers", "company", "company/5", "customers/8"])
@pytest.mark.parametrize(
    "kind",
    [Kind.LOST, *(pytest.param(one, marks=pytest.mark.long) for one in
                  (Kind.ERROR_AFTER, Kind.DROPPED))],
)  # fmt: skip
def test_an_answer_that_is_lost_doubles_nothing(place: str, kind: Kind) -> None:
    @in_outgoing()
    async def story(o: Outgoing) -> None:
        o.commerce.approves_companies = True

        def there(arrival: Arrival) -> bool:
            return arrival.method != "GET" and arrival.path.rstrip("/").endswith(f"/V1/{place}")

        o.shop_dials.next(kind, where=there, seconds=40)
        await o.polls_accounts()
        await o.shop_dials.settle()
        await o.polls_accounts()
        await o.is_delivered()
        assert len(o.commerce.mails) == 2
        assert (o.company["status"], o.company["super_user_id"]) == (1, o.user(MAIN)["id"])
        assert len(o.commerce.companies) == 3

    story()


@pytest.mark.parametrize(
    "save", [1, 3, 5, *(pytest.param(one, marks=pytest.mark.long) for one in (2, 4))]
)
def test_a_process_that_is_killed_at_any_write_doubles_nothing(save: int) -> None:
    @in_outgoing(accounts={"addresses": "ledger"})
    async def story(o: Outgoing) -> None:
        o.commerce.approves_companies = True
        await o.polls("accounts")
        await o.dies_at_save(save)
        await o.works_until_idle()
        await o.polls_accounts()
        await o.is_delivered()
        assert len(o.commerce.mails) == 2
        assert (o.company["status"], len(o.commerce.companies)) == (1, 3)
        assert [len(o.book(number)) for number in (MAIN, SECOND)] == [1, 1]

    story()


MATCHES = {
    "number": {"reseller_id": "ts-001"},
    "tax_number": {"vat_tax_id": "TX-9"},
    "email": {"company_email": "OFFICE@tailspin.example"},
}


@pytest.mark.parametrize("rule", MATCHES)
def test_a_company_that_is_there_is_taken_over(rule: str) -> None:
    @in_outgoing(accounts={"users": False})
    async def story(o: Outgoing) -> None:
        o.decides(**MATCHES[rule])
        await o.polls_accounts()
        await o.is_delivered()
        assert o.company["id"] == CONTOSO
        mapping = await o.known()
        assert mapping is not None
        assert (mapping.account, mapping.matched_by) == (TAILSPIN, rule)
        assert not o.commerce.mails

    story()


@in_outgoing()
async def test_who_registers_cannot_take_an_account_by_what_they_write(o: Outgoing) -> None:
    o.decides(status=PENDING, reseller_id=TAILSPIN, vat_tax_id="TX-9")
    await o.polls_accounts()
    claim = await o.account_claim()
    assert claim.state is State.PARKED
    assert "company 2 of Commerce fits by number, and nobody has approved it" in claim.reason
    assert o.commerce.companies[CONTOSO]["status"] == PENDING
    await o.maps(TAILSPIN)
    await o.replays(TAILSPIN, "accounts")
    await o.is_delivered()
    assert o.company["id"] == CONTOSO


@in_outgoing()
async def test_two_companies_that_fit_are_left_to_a_person(o: Outgoing) -> None:
    for number in (2, 4):
        o.commerce.save_company(number, vat_tax_id="TX-9")
    await o.polls_accounts()
    claim = await o.account_claim()
    assert claim.reason == "account TS-001: companies 2, 4 of Commerce fit by tax_number"
    assert "map customers set ID TS-001 --kind company" in claim.remedy


@in_outgoing()
async def test_a_company_of_another_account_is_not_taken(o: Outgoing) -> None:
    o.has_had("US-900")
    await o.maps("US-900")
    o.decides(vat_tax_id="TX-9")
    await o.polls_accounts()
    assert "it is account US-900's" in (await o.account_claim()).reason


@pytest.mark.parametrize("mode", ["park", "join"])
def test_a_shopper_with_a_contacts_address_joins_only_where_that_is_allowed(mode: str) -> None:
    @in_outgoing(accounts={"existing_users": mode})
    async def story(o: Outgoing) -> None:
        o.joins(Shopper("ada@tailspin.example", "Ada", "Turn", "ny", 7))
        await o.polls_accounts()
        claim = await o.account_claim()
        assert claim.state is State.DELIVERED
        joined = o.user(SECOND)["extension_attributes"].get("company_attributes")
        assert bool(joined) == (mode == "join")
        assert ("has the e-mail address of customer 7" in claim.reason) == (mode == "park")
        assert await o.parked("accounts") == ([TAILSPIN] if mode == "park" else [])
        assert len(o.commerce.mails) == 1

    story()


@in_outgoing(accounts={"role": "Buyer"})
async def test_who_joins_gets_the_role_that_is_named_and_it_is_the_companys_from_then_on(
    o: Outgoing,
) -> None:
    """The administrator may do all without one."""
    await o.polls_accounts()
    assert "has no role Buyer" in (await o.account_claim()).reason
    shop, company = o.commerce, o.company["id"]
    may = [{"id": 1, "resource_id": "Magento_Company::index", "permission": "allow"}]
    for number, name, of in ((1, "Buyer", 999), (2, "Buyer", company), (3, "Boss", company)):
        role = {"role_name": name, "company_id": of, "permissions": may, "users": []}
        shop.roles[number] = role
    o.shop_dials.next(Kind.LOST, method="PUT", path="assignRoles")
    await o.replays(TAILSPIN, "accounts")
    joined = o.user(SECOND)["id"]
    assert [role["users"] for role in shop.roles.values()] == [[], [joined], []]
    shop.roles[2]["users"], shop.roles[3]["users"] = [], [joined]
    o.clerk(PrimaryContactPhone="555-0199")
    await o.polls_accounts()
    assert [role["users"] for role in shop.roles.values()] == [[], [], [joined]]


@in_outgoing()
async def test_what_commerce_needs_and_f_and_o_lacks_is_named(o: Outgoing) -> None:
    o.clerk(PrimaryContactPhone="", AddressZipCode="")
    await o.polls_accounts()
    reason = (await o.account_claim()).reason
    assert "has no ZIP/postal code, no primary telephone number" in reason
    o.clerk(PrimaryContactPhone="1", AddressZipCode="2", ContactPersonId="")
    await o.polls_accounts()
    assert "names no contact with an e-mail address" in (await o.account_claim()).reason


@in_outgoing(accounts={"only": ["ts-001"], "groups": []})
async def test_an_account_may_be_chosen_by_its_number(o: Outgoing) -> None:
    await o.polls_accounts()
    await o.is_delivered()
    assert (await o.claim("US-001", "accounts")).state is State.NEW


@in_outgoing(accounts={"flag": "IsOneTimeCustomer"})
async def test_a_flag_must_be_set_beside_the_group(o: Outgoing) -> None:
    await o.polls_accounts()
    assert (await o.account_claim()).state is State.NEW
    o.clerk(IsOneTimeCustomer="Yes")
    await o.polls_accounts()
    await o.is_delivered()


@in_outgoing(customers={"send_tax_numbers": True})
async def test_what_f_and_o_owns_is_not_sent_back_by_companies(o: Outgoing) -> None:
    """Contoso's account was made from the shop; F&O has had the say about these fields since."""
    await o.notify()
    (number,) = o.accounts(OFFICE)
    o.decides(company_name="Contoso Two", telephone="1", company_email="new@contoso.example")
    await o.notify()
    account = o.account(number)
    assert (account["OrganizationName"], account["PrimaryContactPhone"]) == (
        "Contoso Ltd", "555-0100"
    )  # fmt: skip
    assert account["PrimaryContactEmail"] == "new@contoso.example"


@in_outgoing(companies={"requests": "ledger"}, customers={"groups": {"1": "30"}})
async def test_f_and_o_approves_a_company_that_asks_for_an_account(o: Outgoing) -> None:
    o.decides(status=PENDING)
    await o.notify()
    (number,) = o.accounts(OFFICE)
    assert o.hold(number) == "All"
    await o.polls_accounts()
    assert o.commerce.companies[CONTOSO]["status"] == PENDING
    o.clerk_holds(number, "No")
    await o.polls_accounts()
    assert o.commerce.companies[CONTOSO]["status"] == APPROVED
    await o.notify()
    assert (len(o.accounts(OFFICE)), o.hold(number)) == (1, "No")


@in_outgoing(companies={"requests": "ledger"}, customers={"group": "30"},
             accounts={"rejected_group": "20"})  # fmt: skip
async def test_f_and_o_rejects_a_company_that_asks_for_an_account(o: Outgoing) -> None:
    o.decides(status=PENDING)
    await o.notify()
    (number,) = o.accounts(OFFICE)
    row = o.dynamics.store.find("CustTable", COMPANY, number)
    assert row is not None
    o.dynamics.store.update("CustTable", row, {"CustomerGroupId": "20"})
    await o.polls_accounts()
    assert o.commerce.companies[CONTOSO]["status"] == REJECTED


@in_outgoing(companies={"requests": "ledger"})
async def test_a_request_that_fits_an_account_waits_for_a_person(o: Outgoing) -> None:
    o.decides(status=PENDING, company_email="office@tailspin.example")
    await o.notify()
    claim = await o.claim(str(CONTOSO), "companies")
    assert claim.reason == "company 2 waits for approval, and account TS-001 fits it by email"


@in_outgoing(companies={"requests": "list"})
async def test_a_request_is_listed_until_a_person_decides_in_commerce(o: Outgoing) -> None:
    o.decides(status=PENDING)
    await o.notify()
    assert await o.parked("companies") == [str(CONTOSO)]
    o.decides(status=REJECTED)
    await o.notify()
    assert await o.parked("companies") == []


@in_outgoing(accounts={"addresses": "both"})
async def test_what_is_kept_of_users_and_their_company_is_erased(o: Outgoing) -> None:
    await o.polls_accounts()
    systems, services = await o.services.systems_pool.open(CONNECTION), o.services
    records = Records(services, systems)
    user = f"{SECOND}@{TAILSPIN}"
    of_user = await records.of(Named(customers=[o.user(SECOND)["id"]]))
    assert ("company_users", user) in of_user
    assert ("accounts", TAILSPIN) not in of_user
    found = await records.of(Named(companies=[o.company["id"]]))
    wanted = {("accounts", TAILSPIN), ("company_users", user),
              ("company_users", f"{MAIN}@{TAILSPIN}")}  # fmt: skip
    assert wanted <= set(found)
    name = f"{CONNECTION}|company_users|{user}"
    assert await services.documents.last(name, "sent") is not None
    assert [count async for _, count in services.erasure.erase(CONNECTION, found)]
    assert await services.documents.last(name, "sent") is None
    before = o.writes()
    await o.replays(TAILSPIN, "accounts")
    assert o.writes() == before


HEAD = "TS-HEAD"
PARENTS = {"accounts": {"parents": "invoice_account", "create": False, "users": False}}


def stands(o: Outgoing, *, payer_is_there: bool = True) -> None:
    """Tailspin is company 2 of the shop, and what pays for it, company 4."""
    o.decides(reseller_id=TAILSPIN, company_name="Tailspin Toys Ltd")
    o.has_had(HEAD, OrganizationName="Tailspin Holding", CustomerGroupId="30", InvoiceAccount="")
    o.clerk(InvoiceAccount=HEAD)
    if payer_is_there:
        o.commerce.save_company(4, reseller_id=HEAD)


@in_outgoing(**PARENTS)
async def test_a_company_is_put_below_the_one_that_pays_for_it(o: Outgoing) -> None:
    stands(o)
    o.shop_dials.next(Kind.LOST, method="POST", path="relations")
    await o.polls_accounts()
    await o.shop_dials.settle()
    await o.polls_accounts()
    await o.is_delivered()
    assert o.commerce.parents == {CONTOSO: 4}
    assert await o.previews() == ["Commerce shows it as F&O has it"] * 2
    before = o.writes()
    await o.polls_accounts()
    assert o.writes() == before
    o.clerk(InvoiceAccount="")
    assert (await o.previews())[1] == "DELETE /V1/company/4/relations/2"
    await o.polls_accounts()
    assert o.commerce.parents == {}


@in_outgoing(**PARENTS)
async def test_a_company_moves_to_the_next_that_pays(o: Outgoing) -> None:
    stands(o)
    await o.polls_accounts()
    o.has_had("TS-NEXT", OrganizationName="Next", CustomerGroupId="30", InvoiceAccount="")
    o.commerce.companies[9] = {**o.commerce.companies[4], "id": 9, "reseller_id": "TS-NEXT"}
    o.clerk(InvoiceAccount="TS-NEXT")
    await o.polls_accounts()
    assert o.commerce.parents == {CONTOSO: 9}


@in_outgoing(**PARENTS)
async def test_what_pays_but_goes_not_to_the_shop_is_nobodys_parent(o: Outgoing) -> None:
    systems = await o.services.systems_pool.open(CONNECTION)
    before = await systems.dynamics.accounts.get(COMPANY, TAILSPIN)
    assert before is not None
    assert "InvoiceAccount" not in before.fields  # its fingerprint is that of earlier releases
    stands(o, payer_is_there=False)
    await o.polls_accounts()
    await o.is_delivered()
    assert o.commerce.parents == {}


@in_outgoing(**PARENTS)
async def test_a_parent_that_staff_gave_is_left_and_listed(o: Outgoing) -> None:
    stands(o)
    o.commerce.parents[CONTOSO] = 3
    await o.polls_accounts()
    assert "below company 3 in Commerce" in (await o.account_claim()).reason
    o.clerk(InvoiceAccount="")
    await o.polls_accounts()
    await o.is_delivered()
    assert o.commerce.parents == {CONTOSO: 3}


@in_outgoing(**PARENTS)
async def test_a_parent_of_a_parent_is_left_to_a_person(o: Outgoing) -> None:
    stands(o)
    row = o.dynamics.store.find("CustTable", COMPANY, HEAD)
    assert row is not None
    o.dynamics.store.update("CustTable", row, {"InvoiceAccount": "US-001"})
    await o.polls_accounts()
    claim = await o.account_claim()
    assert "companies of Commerce have two levels" in claim.reason
    assert (claim.state, o.commerce.parents) == (State.DELIVERED, {})
