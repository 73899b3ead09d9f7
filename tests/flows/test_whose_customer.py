"""Customers and companies keep to the connection's websites and stores; accounts belong to one legal entity."""

import asyncio
from dataclasses import replace

from sync.mapping_tables.table import TABLE
from sync.mapping_tables.tables import AccountMapping
from sync.ports import Row
from sync.road.ledger import State
from sync.sandbox.commerce.catalogue import STORES
from sync.sandbox.commerce.customers import customer_columns
from sync.sandbox.commerce.records import StoredOrder
from tests.flows.town import CONTOSO, Town, in_town
from tests.house import CUSTOMER, GUEST, House, in_house, key_of
from tests.site import CONNECTION

GERMAN = replace(STORES[1], website=2)
ELISE = 5
"""Of the German store view, which is a website of its own here."""


def apart(house: House) -> None:
    """The German store view is a website of its own, and who lives there is its customer."""
    shop = house.commerce
    shop.catalogue = shop.maker.catalogue = replace(shop.catalogue, stores=(STORES[0], GERMAN))
    for shopper in shop.catalogue.shoppers:
        if shopper.id is not None and shopper.place in GERMAN.places:
            known = shop.customers[shopper.id]
            place = shop.catalogue.places[shopper.place]
            shop.customers[shopper.id] = customer_columns(shopper, place, GERMAN, str(known["updated_at"]))


def only(house: House, *ids: int) -> None:
    """The connection has these store views alone."""
    stores = {str(one): house.site.connection.stores["default"] for one in ids}
    connection = house.site.connection.model_copy(update={"stores": stores})
    house.site.connections = house.site.connections.model_copy(update={"connections": {CONNECTION: connection}})
    house.services = house._opened(house.site.tables)


async def hears_of(house: House, customer: int) -> None:
    await house.hook("customers", {"data": {"customer": {"entity_id": customer}}})
    await house.works_until_idle()


@in_house()
async def test_a_customer_of_another_website_gets_no_account(house: House) -> None:
    apart(house)
    only(house, 1)
    await hears_of(house, ELISE)
    claim = await house.claim(str(ELISE), "customers")
    assert (claim.state, claim.reason) == (State.SKIPPED, "website 2 is none of this connection's websites")
    assert house.accounts("elise@example.org") == []
    await hears_of(house, 1)
    assert len(house.accounts(CUSTOMER.email)) == 1


@in_house()
async def test_a_customer_of_another_store_of_the_website_gets_no_account(house: House) -> None:
    only(house, 1)
    await hears_of(house, ELISE)
    assert (await house.claim(str(ELISE), "customers")).reason == "store 2 is none of this connection's stores"
    house.commerce.customers[ELISE]["store_id"] = 0  # made by the shop's staff: the website alone decides
    await hears_of(house, ELISE)
    assert (await house.claim(str(ELISE), "customers")).state is State.DELIVERED


@in_house(commerce={"websites": [2]})
async def test_websites_that_are_named_need_no_question_to_the_shop(house: House) -> None:
    apart(house)
    await hears_of(house, 1)
    assert (await house.claim("1", "customers")).reason == "website 1 is none of this connection's websites"
    await hears_of(house, ELISE)
    assert len(house.accounts("elise@example.org")) == 1
    assert not house.commerce.requests["GET store/storeViews"]


@in_house()
async def test_a_poll_asks_the_shop_for_customers_of_the_connections_websites_alone(house: House) -> None:
    apart(house)
    only(house, 2)
    german = [one["id"] for one in house.commerce.customers.values() if one["website_id"] == 2]
    await asyncio.sleep(90)
    assert await house.polls("customers") == len(german)
    await house.works_until_idle()
    states = {claim.key: claim.state async for claim in house.services.ledger.claims(CONNECTION, "customers")}
    assert states == dict.fromkeys(map(str, german), State.DELIVERED)


@in_house()
async def test_an_order_in_our_store_delivers_a_customer_of_another_website(house: House) -> None:
    apart(house)
    only(house, 1)
    order = house.place(shopper=house.commerce.catalogue.shopper("elise@example.org"))
    await house.delivers(order)
    (account,) = house.accounts("elise@example.org")
    assert house.header(order)["OrderingCustomerAccountNumber"] == account
    house.commerce.save_customer({**house.commerce.customers[ELISE], "lastname": "Durand"})
    await hears_of(house, ELISE)
    assert house.account(account)["PersonLastName"] == "Durand"


@in_town()
async def test_a_company_is_of_the_website_of_its_administrator(town: Town) -> None:
    apart(town)
    town.commerce.customers[CONTOSO] |= {"store_id": 2, "website_id": 2}
    only(town, 1)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert (claim.state, claim.reason) == (State.SKIPPED, "website 2 is none of this connection's websites")
    order = town.buys()
    await town.delivers(order)
    assert (await town.claim(str(CONTOSO), "companies")).state is State.DELIVERED
    assert town.header(order)["OrderingCustomerAccountNumber"]


@in_town()
async def test_a_company_whose_administrator_is_unknown_waits_for_a_person(town: Town) -> None:
    town.decides(super_user_id=None)
    only(town, 1)
    await town.hears()
    claim = await town.claim(str(CONTOSO), "companies")
    assert claim.state is State.PARKED
    assert "no administrator in Commerce" in claim.reason


# ---- Legal entities


def german_books(house: House) -> None:
    """The other legal entity sells the same items."""
    house.dynamics.release("dat", "SIMPLE-001", "SIMPLE-002")


def bought_in(house: House, company: str, order: StoredOrder) -> str:
    """The account of an order's sales order in a legal entity."""
    (header,) = house.dynamics.orders_for(house.order_reference(order), company)
    account = str(header["OrderingCustomerAccountNumber"])
    assert house.dynamics.store.find("CustTable", company, account) is not None
    return account


@in_house(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_customer_who_buys_in_two_legal_entities_has_an_account_in_each(house: House) -> None:
    german_books(house)
    first, second = house.place(), house.place(store=STORES[1])
    await house.delivers(first)
    await house.delivers(second)
    accounts = {company: bought_in(house, company, order) for company, order in (("usmf", first), ("dat", second))}
    assert (await house.claim("1", "customers")).number == accounts["usmf"]
    assert (await house.claim("1@dat", "customers")).number == accounts["dat"]
    house.commerce.save_customer({**house.commerce.customers[1], "lastname": "Leigh"})
    await hears_of(house, 1)
    for company, account in accounts.items():
        row = house.dynamics.store.find("CustTable", company, account)
        assert row is not None
        assert row["PersonLastName"] == "Leigh", company


@in_house(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_guest_who_buys_in_two_legal_entities_has_an_account_in_each(house: House) -> None:
    german_books(house)
    first, second = house.place(shopper=GUEST), house.place(shopper=GUEST, store=STORES[1])
    await house.delivers(first)
    await house.delivers(second)
    assert bought_in(house, "usmf", first)
    assert bought_in(house, "dat", second)
    keys = [claim.key async for claim in house.services.ledger.claims(CONNECTION, "customers")]
    assert [key.endswith("@dat") for key in sorted(keys)] == [False, True]


@in_house(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_who_registers_in_a_store_of_another_legal_entity_has_the_account_there(house: House) -> None:
    await hears_of(house, ELISE)
    assert (await house.claim(f"{ELISE}@dat", "customers")).state is State.DELIVERED
    assert not (await house.claim(str(ELISE), "customers")).number
    house.commerce.save_customer({**house.commerce.customers[ELISE], "lastname": "Durand"})
    await asyncio.sleep(90)
    assert await house.polls("customers")
    await house.works_until_idle()
    assert (await house.events(f"{ELISE}@dat", "customers"))[0] == "created"
    assert not (await house.claim(str(ELISE), "customers")).number


@in_house(stores={"2": {"company": "dat", "prices_include_tax": False}})
async def test_a_row_of_an_old_home_is_not_used_in_another_legal_entity(house: House) -> None:
    german_books(house)
    old = {"kind": "customer", "source_key": "1", "account": "US-001", "matched_by": "import"}
    await house.site.tables.insert(TABLE, Row(f"{CONNECTION}:accounts", "customer:1", old))
    first, second = house.place(), house.place(store=STORES[1])
    await house.delivers(first)
    await house.delivers(second)
    assert bought_in(house, "usmf", first) == "US-001"
    row = house.dynamics.store.find("CustTable", "dat", bought_in(house, "dat", second))
    assert row is not None
    assert row["PrimaryContactEmail"] == CUSTOMER.email


@in_town(stores={"1": {"company": "dat"}})
async def test_a_company_that_is_mapped_in_another_legal_entity_buys_there(town: Town) -> None:
    town.dynamics.release("dat", "SIMPLE-001", "SIMPLE-002")
    order = town.buys()
    await town.delivers(order)
    claim = await town.claim(order)
    assert "map customers set 2 ACCOUNT --kind company --company dat" in claim.remedy
    desk = await town.services.desks.open(CONNECTION)
    await desk.accounts.put(AccountMapping("company", str(CONTOSO), "US-001", "by hand", "dat"))
    await town.replays(key_of(order))
    assert bought_in(town, "dat", order) == "US-001"
