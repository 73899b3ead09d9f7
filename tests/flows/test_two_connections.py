"""Two connections of one shop, each with a store view of its own: every document is booked by one of them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sync.connections import Connections
from sync.road.ledger import State
from sync.sandbox.commerce.records import Columns
from tests.flows.till import BOOKS, GERMAN, Till, in_till, key
from tests.site import CONNECTION, SETTINGS, merged

STORE: Mapping[str, Any] = {"site": "1", "warehouse": "13", "origin": "WEB"}


def _divided(till: Till) -> None:
    """The default store goes into one connection, the German one into the other."""
    common = {**merged(SETTINGS, BOOKS), "stores": {"1": STORE}}
    german = {**common, "stores": {"2": {**STORE, "prices_include_tax": True}}}
    till.site.connections = Connections.model_validate({"connections": {CONNECTION: common, "german": german}})
    till.services = till._opened(till.site.tables)


async def _stands(till: Till, connection: str, document: Columns, flow: str) -> State:
    return (await till.services.ledger.claim(connection, flow, key(document))).state


@in_till()
async def test_documents_of_the_others_store_are_skipped_and_booked_by_the_other(till: Till) -> None:
    await till.services.close()
    _divided(till)
    order = till.place(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    invoice = till.commerce.invoice(order)
    till.commerce.ship(order)
    memo = till.commerce.refund(order)
    await till.hears(invoice)
    await till.books(memo, "creditmemos")
    assert await _stands(till, CONNECTION, invoice, "invoices") is State.SKIPPED
    assert await _stands(till, CONNECTION, memo, "creditmemos") is State.SKIPPED
    assert not till.headers(order)
    assert not till.journals()
    await asyncio.sleep(90)
    assert await till.polls("invoices") == await till.polls("creditmemos") == 1
    await till.works_until_idle()
    assert await _stands(till, "german", invoice, "invoices") is State.DELIVERED
    assert await _stands(till, "german", memo, "creditmemos") is State.DELIVERED
    assert len(till.headers(order)) == len(till.payments(invoice)) == 1
    assert till.credited(memo) > 0


@in_till()
async def test_a_hook_without_a_store_is_of_the_connection_whose_store_has_the_number(till: Till) -> None:
    await till.services.close()
    _divided(till)
    invoice = till.commerce.invoice(
        till.place(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    )
    await till.hook("invoices", {"data": {"invoice": {"increment_id": invoice["increment_id"]}}})
    await till.works_until_idle()
    assert till.journals() == []
    assert await till.events(f"{invoice['increment_id']}@?", "invoices") == ["vanished"]
    await till.services.hints.accept("invoices", "german", [f"{invoice['increment_id']}@?"], "webhook")
    await till.works_until_idle()
    assert len(till.payments(invoice)) == 1


@in_till()
async def test_what_f_o_posts_is_told_by_the_connection_whose_record_it_is(till: Till) -> None:
    await till.services.close()
    _divided(till)
    order = till.place(store=GERMAN, shopper=till.commerce.catalogue.shopper("elise@example.org"))
    await till.services.hints.accept("orders", "german", [f"{order.row['increment_id']}@2"], "webhook")
    await till.works_until_idle()
    till.dynamics.invoice(till.header(order)["SalesOrderNumber"])
    await till.polls("postings")
    await till.works_until_idle()
    told = {
        name: [
            entry.event for entry in await till.services.ledger.trail(name, "orders", f"{order.row['increment_id']}@2")
        ]
        for name in (CONNECTION, "german")
    }
    assert told == {CONNECTION: [], "german": ["created", "posted"]}
