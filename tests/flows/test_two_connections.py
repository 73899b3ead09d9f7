"""Two connections of one shop, each with a store view of its own: every document is booked by one
of them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from sandbox.commerce.records import Columns
from sync.config.connections import Connections
from sync.engine.claim import State
from tests.flows.finance import BOOKS, GERMAN, Finance, in_finance, key
from tests.systems import CONNECTION, SETTINGS, merged

STORE: Mapping[str, Any] = {"site": "1", "warehouse": "13", "origin": "WEB"}


def _divided(finance: Finance) -> None:
    """The default store goes into one connection, the German one into the other."""
    common = {**merged(SETTINGS, BOOKS), "stores": {"1": STORE}}
    german = {**common, "stores": {"2": {**STORE, "prices_include_tax": True}}}
    finance.systems.connections = Connections.model_validate(
        {"connections": {CONNECTION: common, "german": german}}
    )
    finance.services = finance._opened(finance.systems.tables)


async def _stands(finance: Finance, connection: str, document: Columns, flow: str) -> State:
    return (await finance.services.ledger.claim(connection, flow, key(document))).state


@in_finance()
async def test_documents_of_the_others_store_are_skipped_and_booked_by_the_other(
    finance: Finance,
) -> None:
    await finance.services.close()
    _divided(finance)
    order = finance.place(
        store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org")
    )
    invoice = finance.commerce.invoice(order)
    finance.commerce.ship(order)
    memo = finance.commerce.refund(order)
    await finance.notify(invoice)
    await finance.books(memo, "creditmemos")
    assert await _stands(finance, CONNECTION, invoice, "invoices") is State.SKIPPED
    assert await _stands(finance, CONNECTION, memo, "creditmemos") is State.SKIPPED
    assert not finance.headers(order)
    assert not finance.journals()
    await asyncio.sleep(90)
    assert await finance.polls("invoices") == await finance.polls("creditmemos") == 1
    await finance.works_until_idle()
    assert await _stands(finance, "german", invoice, "invoices") is State.DELIVERED
    assert await _stands(finance, "german", memo, "creditmemos") is State.DELIVERED
    assert len(finance.headers(order)) == len(finance.payments(invoice)) == 1
    assert finance.credited(memo) > 0


@in_finance()
async def test_a_hook_without_a_store_is_of_the_connection_whose_store_has_the_number(
    finance: Finance,
) -> None:
    await finance.services.close()
    _divided(finance)
    invoice = finance.commerce.invoice(
        finance.place(store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org"))
    )
    await finance.hook("invoices", {"data": {"invoice": {"increment_id": invoice["increment_id"]}}})
    await finance.works_until_idle()
    assert finance.journals() == []
    assert await finance.events(f"{invoice['increment_id']}@?", "invoices") == ["vanished"]
    await finance.services.intake.accept(
        "invoices", "german", [f"{invoice['increment_id']}@?"], "webhook"
    )
    await finance.works_until_idle()
    assert len(finance.payments(invoice)) == 1


@in_finance()
async def test_what_f_o_posts_is_told_by_the_connection_whose_record_it_is(
    finance: Finance,
) -> None:
    await finance.services.close()
    _divided(finance)
    order = finance.place(
        store=GERMAN, shopper=finance.commerce.catalogue.shopper("elise@example.org")
    )
    await finance.services.intake.accept(
        "orders", "german", [f"{order.row['increment_id']}@2"], "webhook"
    )
    await finance.works_until_idle()
    finance.dynamics.invoice(finance.header(order)["SalesOrderNumber"])
    await finance.polls("posted_invoices")
    await finance.works_until_idle()
    reported = {
        name: [
            entry.event
            for entry in await finance.services.ledger.trail(
                name, "orders", f"{order.row['increment_id']}@2"
            )
        ]
        for name in (CONNECTION, "german")
    }
    assert reported == {CONNECTION: [], "german": ["created", "posted"]}
