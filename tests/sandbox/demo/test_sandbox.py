import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.demo.systems import Ledger, Refused, Shop, pause
from sandbox.serve import Sandbox
from sandbox.terms import NOVELTY, Ready, item_numbers
from sync.adapters.system_clock import SystemClock
from sync.config.connections import NumberMode
from sync.core.encoding import from_json, to_json


@dataclass(frozen=True)
class Running:
    sandbox: Sandbox
    ready: Ready
    shop: Shop
    ledger: Ledger


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    sandbox = Sandbox(SystemClock(), numbers=NumberMode.OURS)
    stop, reported = asyncio.Event(), asyncio.get_running_loop().create_future()
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.TaskGroup() as group:
        group.create_task(sandbox.run(stop, reported.set_result))
        ready: Ready = await reported
        yield Running(sandbox, ready, Shop(client, ready.commerce), Ledger(client, ready.dynamics))
        stop.set()


async def test_both_systems_answer_at_the_addresses_that_were_told(running: Running) -> None:
    ready = running.ready
    assert Ready.read(from_json(to_json(ready.as_json()))) == ready
    assert await running.ledger.accounts(ready.credentials["bearer"]) == {}
    assert running.sandbox.ledger.settings.manual == {"SalesOrderNumber", "CustomerAccount"}


async def test_the_books_hold_what_was_sold_and_how_it_was_paid(running: Running) -> None:
    (order,) = await running.shop.place(1, skus=["SIMPLE-006"], shopper="olav@example.net")
    (sold,) = await running.shop.books()
    assert sold.increment_id == order["increment_id"]
    assert (sold.currency, sold.is_cancelled, sold.grand_total) == (
        "EUR",
        False,
        Decimal(order["grand_total"]),
    )


async def test_a_product_is_sold_from_when_the_shop_is_told_to(running: Running) -> None:
    with pytest.raises(Refused):
        await running.shop.place(1, skus=[NOVELTY.sku])
    reported = {"sku": NOVELTY.sku, "id": NOVELTY.product_id, "price": "39.90"}
    await running.shop.ask("POST", "/sandbox/products", reported)
    assert len(await running.shop.place(1, skus=[NOVELTY.sku])) == 1
    assert NOVELTY.sku in item_numbers()


async def test_a_webhook_is_sent_from_when_it_is_subscribed(running: Running) -> None:
    nobody = "http://127.0.0.1:9/hook"
    await running.shop.place(1)
    assert await running.shop.unfinished() == 0
    await running.shop.ask(
        "POST", "/sandbox/webhooks", {"url": nobody, "events": ["sales_order_save_commit_after"]}
    )
    await running.shop.place(1, skus=["SIMPLE-001"])
    async with asyncio.timeout(600):
        while await running.shop.unfinished():
            await pause(0.01)
    reported = await running.shop.ask("GET", "/sandbox/webhooks")
    assert reported["counts"]["gone"] >= 1


async def test_orders_are_invoiced_and_refunded_in_parts_and_the_books_list_their_documents(
    running: Running,
) -> None:
    (order,) = await running.shop.place(
        1, skus=["SIMPLE-006", "SIMPLE-003"], payment="checkmo", store="default"
    )
    first, second = await running.shop.items(order)
    path = f"/sandbox/orders/{order['entity_id']}"
    await running.shop.ask(
        "POST", f"{path}/invoice", {"quantities": {str(first["item_id"]): first["to_invoice"]}}
    )
    invoiced = await running.shop.items(order)
    assert [(row["to_invoice"], row["to_refund"]) for row in invoiced] == [
        (0, first["to_invoice"]),
        (second["to_invoice"], 0),
    ]
    (entry,) = await running.shop.entered()
    assert len(entry["invoices"]) == 1
    assert not entry["refunds"]
    with pytest.raises(Refused, match="no such order"):
        await running.shop.items({"entity_id": 99})


async def test_business_events_are_counted_and_need_an_endpoint(running: Running) -> None:
    assert await running.ledger.unfinished() == 0
    with pytest.raises(Refused, match="give url and key"):
        await running.ledger.ask(
            "POST", "/sandbox/business_events", {"url": "http://127.0.0.1:9/hook"}
        )
    reported = {"url": "http://127.0.0.1:9/hook", "key": "x", "plan": ["lost"]}
    assert await running.ledger.ask("POST", "/sandbox/business_events", reported) == {
        "unfinished": 0,
        "counts": {},
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("products", {"sku": "X"}),
        ("webhooks", {}),
        ("orders", {"shopper": "x"}),
        ("orders", {"payment": "shells"}),
    ],
)
async def test_what_cannot_be_done_is_refused_in_words(
    running: Running, path: str, body: Any
) -> None:
    with pytest.raises(Refused, match="give"):
        await running.shop.ask("POST", f"/sandbox/{path}", body)
