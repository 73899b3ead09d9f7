"""Customers and companies keep to the connection's websites and stores; accounts belong to one
legal entity."""

import asyncio
from dataclasses import replace

from sandbox.commerce.catalogue import STORES
from sandbox.commerce.customers import customer_columns
from sandbox.commerce.records import StoredOrder
from sync.core.ports import Row
from sync.engine.claim import State
from sync.mapping_tables.table import TABLE
from sync.mapping_tables.tables import AccountMapping
from tests.flows.b2b import B2B, CONTOSO, in_b2b
from tests.harness import CUSTOMER, GUEST, Harness, in_harness, key_of
from tests.systems import CONNECTION

GERMAN = replace(STORES[1], website=2)
ELISE = 5
"""Of the German store view, which is a website of its own here."""


def apart(harness: Harness) -> None:
    """The German store view is a website of its own, and who lives there is its customer."""
    shop = harness.commerce
    shop.catalogue = shop.maker.catalogue = replace(shop.catalogue, stores=(STORES[0], GERMAN))
    for shopper in shop.catalogue.shoppers:
        if shopper.id is not None and shopper.place in GERMAN.places:
            known = shop.customers[shopper.id]
            place = shop.catalogue.places[shopper.place]
            shop.customers[shopper.id] = customer_columns(
                shopper, place, GERMAN, str(known["updated_at"])
            )


async def is_notified_of(harness: Harness, customer: int) -> None:
    await harness.hook("customers", {"data": {"customer": {"entity_id": customer}}})
    await harness.works_until_idle()


@in_harness()
async def test_a_customer_of_another_website_gets_no_account(harness: Harness) -> None:
    apart(harness)
    harness.only(1)
    await is_notified_of(harness, ELISE)
    claim = await harness.claim(str(ELISE), "customers")
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        "website 2 is none of this connection's websites",
    )
    assert harness.accounts("elise@example.org") == []
    await is_notified_of(harness, 1)
    assert len(harness.accounts(CUSTOMER.email)) == 1


@in_harness()
async def test_a_customer_of_another_store_of_the_website_gets_no_account(harness: Harness) -> None:
    harness.only(1)
    await is_notified_of(harness, ELISE)
    assert (
        await harness.claim(str(ELISE), "customers")
    ).reason == "store 2 is none of this connection's stores"
    harness.commerce.customers[ELISE]["store_id"] = (
        0  # made by the shop's staff: the website alone decides
    )
    await is_notified_of(harness, ELISE)
    assert (await harness.claim(str(ELISE), "customers")).state is State.DELIVERED


@in_harness(commerce={"websites": [2]})
async def test_websites_that_are_named_need_no_question_to_the_shop(harness: Harness) -> None:
    apart(harness)
    await is_notified_of(harness, 1)
    assert (
        await harness.claim("1", "customers")
    ).reason == "website 1 is none of this connection's websites"
    await is_notified_of(harness, ELISE)
    assert len(harness.accounts("elise@example.org")) == 1
    assert not harness.commerce.requests["GET store/storeViews"]


@in_harness()
async def test_a_poll_asks_the_shop_for_customers_of_the_connections_websites_alone(
    harness: Harness,
) -> None:
    apart(harness)
    harness.only(2)
    german = [one["id"] for one in harness.commerce.customers.values() if one["website_id"] == 2]
    await asyncio.sleep(90)
    assert await harness.polls("customers") == len(german)
    await harness.works_until_idle()
    states = {
        claim.key: claim.state
        async for claim in harness.services.ledger.claims(CONNECTION, "customers")
    }
    assert states == dict.fromkeys(map(str, german), State.DELIVERED)


@in_harness()
async def test_an_order_in_our_store_delivers_a_customer_of_another_website(
    harness: Harness,
) -> None:
    apart(harness)
    harness.only(1)
    order = harness.place(shopper=harness.commerce.catalogue.shopper("elise@example.org"))
    await harness.delivers(order)
    (account,) = harness.accounts("elise@example.org")
    assert harness.header(order)["OrderingCustomerAccountNumber"] == account
    harness.commerce.save_customer({**harness.commerce.customers[ELISE], "lastname": "Durand"})
    await is_notified_of(harness, ELISE)
    assert harness.account(account)["PersonLastName"] == "Durand"


@in_b2b()
async def test_a_company_is_of_the_website_of_its_administrator(b2b: B2B) -> None:
    apart(b2b)
    b2b.commerce.customers[CONTOSO] |= {"store_id": 2, "website_id": 2}
    b2b.only(1)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (
        State.SKIPPED,
        "website 2 is none of this connection's websites",
    )
    order = b2b.buys()
    await b2b.delivers(order)
    assert (await b2b.claim(str(CONTOSO), "companies")).state is State.DELIVERED
    assert b2b.header(order)["OrderingCustomerAccountNumber"]


@in_b2b()
async def test_a_company_whose_administrator_is_unknown_waits_for_a_person(b2b: B2B) -> None:
    b2b.decides(super_user_id=None)
    b2b.only(1)
    await b2b.notify()
    claim = await b2b.claim(str(CONTOSO), "companies")
    assert claim.state is State.PARKED
    assert "no administrator in Commerce" in claim.reason


# ---- Legal entities


def german_books(harness: Harness) -> None:
    """The other legal entity sells the same items."""
    harness.dynamics.release("dat", "SIMPLE-001", "SIMPLE-002")


def bought_in(harness: Harness, company: str, order: StoredOrder) -> str:
    """The account of an order's sales order in a legal entity."""
    (header,) = harness.dynamics.orders_for(harness.order_reference(order), company)
    account = str(header["OrderingCustomerAccountNumber"])
    assert harness.dynamics.store.find("CustTable", company, account) is not None
    return account


@in_harness(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_customer_who_buys_in_two_legal_entities_has_an_account_in_each(
    harness: Harness,
) -> None:
    german_books(harness)
    first, second = harness.place(), harness.place(store=STORES[1])
    await harness.delivers(first)
    await harness.delivers(second)
    accounts = {
        company: bought_in(harness, company, order)
        for company, order in (("usmf", first), ("dat", second))
    }
    assert (await harness.claim("1", "customers")).number == accounts["usmf"]
    assert (await harness.claim("1@dat", "customers")).number == accounts["dat"]
    harness.commerce.save_customer({**harness.commerce.customers[1], "lastname": "Leigh"})
    await is_notified_of(harness, 1)
    for company, account in accounts.items():
        row = harness.dynamics.store.find("CustTable", company, account)
        assert row is not None
        assert row["PersonLastName"] == "Leigh", company


@in_harness(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_guest_who_buys_in_two_legal_entities_has_an_account_in_each(
    harness: Harness,
) -> None:
    german_books(harness)
    first, second = harness.place(shopper=GUEST), harness.place(shopper=GUEST, store=STORES[1])
    await harness.delivers(first)
    await harness.delivers(second)
    assert bought_in(harness, "usmf", first)
    assert bought_in(harness, "dat", second)
    keys = [claim.key async for claim in harness.services.ledger.claims(CONNECTION, "customers")]
    assert [key.endswith("@dat") for key in sorted(keys)] == [False, True]


@in_harness(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_who_registers_in_a_store_of_another_legal_entity_has_the_account_there(
    harness: Harness,
) -> None:
    await is_notified_of(harness, ELISE)
    assert (await harness.claim(f"{ELISE}@dat", "customers")).state is State.DELIVERED
    assert not (await harness.claim(str(ELISE), "customers")).number
    harness.commerce.save_customer({**harness.commerce.customers[ELISE], "lastname": "Durand"})
    await asyncio.sleep(90)
    assert await harness.polls("customers")
    await harness.works_until_idle()
    assert (await harness.events(f"{ELISE}@dat", "customers"))[0] == "created"
    assert not (await harness.claim(str(ELISE), "customers")).number


@in_harness(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_row_of_an_old_home_is_not_used_in_another_legal_entity(harness: Harness) -> None:
    german_books(harness)
    old = {"kind": "customer", "source_key": "1", "account": "US-001", "matched_by": "import"}
    await harness.systems.tables.insert(TABLE, Row(f"{CONNECTION}:accounts", "customer:1", old))
    first, second = harness.place(), harness.place(store=STORES[1])
    await harness.delivers(first)
    await harness.delivers(second)
    assert bought_in(harness, "usmf", first) == "US-001"
    row = harness.dynamics.store.find("CustTable", "dat", bought_in(harness, "dat", second))
    assert row is not None
    assert row["PrimaryContactEmail"] == CUSTOMER.email


def in_books(harness: Harness, company: str) -> list[str]:
    """The customer accounts of a legal entity."""
    rows = harness.dynamics.store.table("CustTable").oldest_first()
    return [str(row["CustomerAccount"]) for row in rows if row["dataAreaId"] == company]


async def learned_before(harness: Harness, account: str) -> None:
    """The row of customer 1 as an old home has it, and the account of that number in `dat`."""
    german_books(harness)
    harness.dynamics.put(
        "CustTable", dataAreaId="dat", CustomerAccount=account, PartyType="Person",
        CustomerGroupId="10", SalesCurrencyCode="USD", PrimaryContactEmail="old@example.com",
    )  # fmt: skip
    old = {"kind": "customer", "source_key": "1", "account": account, "matched_by": "created"}
    await harness.systems.tables.insert(TABLE, Row(f"{CONNECTION}:accounts", "customer:1", old))


@in_harness(stores={"2": {"company": "dat"}}, customers={"match": []})
async def test_an_account_that_an_old_home_made_in_another_legal_entity_is_the_only_one_there(
    harness: Harness,
) -> None:
    await learned_before(harness, "OLD-1")
    before = len(in_books(harness, "dat"))
    first, second = harness.place(), harness.place(store=STORES[1])
    await harness.delivers(first)
    await harness.delivers(second)
    assert bought_in(harness, "dat", second) == "OLD-1"
    assert bought_in(harness, "usmf", first) != "OLD-1"
    assert len(in_books(harness, "dat")) == before


@in_harness(stores={"2": {"company": "dat"}}, customers={"match": []})
async def test_an_old_row_whose_number_is_in_both_legal_entities_is_for_a_person_to_tell(
    harness: Harness,
) -> None:
    await learned_before(harness, "US-001")
    order = harness.place(store=STORES[1])
    await harness.delivers(order)
    claim = await harness.claim(order)
    assert claim.state is State.PARKED
    assert "map customers set 1 US-001 --company dat" in claim.remedy
    harness.commerce.save_customer({**harness.commerce.customers[1], "store_id": 2})
    await asyncio.sleep(90)
    assert await harness.polls("customers")
    await harness.works_until_idle()
    assert "each have an account" in (await harness.claim("1", "customers")).reason
    systems = await harness.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("customer", "1", "US-001", "by hand", "dat"))
    await harness.replays(key_of(order))
    assert bought_in(harness, "dat", order) == "US-001"


@in_b2b(stores={"1": {"company": "dat"}})
async def test_a_company_that_is_mapped_in_another_legal_entity_buys_there(b2b: B2B) -> None:
    b2b.dynamics.release("dat", "SIMPLE-001", "SIMPLE-002")
    order = b2b.buys()
    await b2b.delivers(order)
    claim = await b2b.claim(order)
    assert "map customers set 2 ACCOUNT --kind company --company dat" in claim.remedy
    systems = await b2b.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("company", str(CONTOSO), "US-001", "by hand", "dat"))
    await b2b.replays(key_of(order))
    assert bought_in(b2b, "dat", order) == "US-001"
