"""Invoices, holds and statuses of the shop as a live 2.4.7-p8 answered them: the same request to an
order in the same state gets the same answer."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.commerce.records import StoredOrder
from sandbox.commerce.state import CommerceState
from sync.core.encoding import from_json, to_json
from tests.sandbox.commerce.test_shipments import placed

RECORDED = Path(__file__).parents[2] / "payloads" / "commerce_live"


async def asked(shop: httpx.AsyncClient, path: str, body: Any = None) -> tuple[int, Any]:
    headers = {"content-type": "application/json"}
    answer = await shop.post(f"/rest/all/V1/{path}", content=to_json(body or {}), headers=headers)
    return answer.status_code, from_json(answer.content)


def in_state(state: CommerceState, name: str) -> StoredOrder:
    """An order as the recorded one was."""
    order = placed(state)
    if "nothing_left" in name or "paid" in name:
        state.invoice(order)
    if "on_hold" in name or name in ("s2_order_hold_twice", "s2_order_unhold"):
        state.hold(order)
    return order


@pytest.mark.parametrize(
    "name",
    [
        "s2_invoice_on_hold", "s2_invoice_qty_too_many", "s2_invoice_nothing_left",
        "s2_invoice_unknown_item", "s2_order_hold", "s2_order_hold_twice", "s2_order_unhold",
        "s2_order_unhold_not_held",
    ],
)  # fmt: skip
async def test_the_same_request_gets_the_same_answer(
    shop: httpx.AsyncClient, state: CommerceState, name: str
) -> None:
    recorded = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    order = in_state(state, name)
    _, _, rest = recorded["request"]["path"].partition("/V1/")
    kind, _, action = rest.split("/")
    body = recorded["request"]["body"] or {}
    for item in body.get("items") or []:
        known = order.items[0]["item_id"]
        item["order_item_id"] = known + 1000 if "unknown" in name else known
    status, answer = await asked(shop, f"{kind}/{order.entity_id}/{action}", body)
    wanted = recorded["response"]["body"]
    if isinstance(wanted, dict) and wanted.get("parameters"):
        wanted["parameters"] = [order.items[0]["name"]]
    assert (status, answer) == (recorded["response"]["status"], wanted)


async def test_an_own_status_lasts_until_an_invoice_or_the_first_shipment(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    """Source: s2_order_save_custom_status_processing, s2_invoice_in_custom_status and the live
    shop's first and second shipment."""
    order = placed(state)
    item, one = order.items[0]["item_id"], Decimal(1)

    async def saves(code: str) -> None:
        entity = {"entity_id": order.entity_id, "status": code}
        status, _ = await asked(shop, "orders", {"entity": entity})
        assert (status, order.row["status"]) == (200, code)

    await saves("fno_confirmed")
    state.ship(order, {item: one})
    assert (order.row["state"], order.row["status"]) == ("processing", "processing")
    await saves("fno_picking")
    state.ship(order, {item: one})
    assert order.row["status"] == "fno_picking"
    for verb in ("hold", "unhold"):
        await asked(shop, f"orders/{order.entity_id}/{verb}")
    assert order.row["status"] == "fno_picking"
    state.invoice(order, {item: one})
    assert order.row["status"] == "processing"
    comment = {"statusHistory": {"comment": "x", "status": "fno_picking"}}
    status, _ = await asked(shop, f"orders/{order.entity_id}/comments", comment)
    assert status == 400


async def test_the_comment_of_an_invoice_is_stored_with_it(
    shop: httpx.AsyncClient, state: CommerceState
) -> None:
    """As in s2_invoice_partial_capture_true_get."""
    order = placed(state)
    comment = {"comment": "F&O invoice CIV-1", "is_visible_on_front": 1}
    items = [{"order_item_id": order.items[0]["item_id"], "qty": 1}]
    body = {"capture": True, "items": items, "notify": True, "appendComment": True}
    status, number = await asked(
        shop, f"order/{order.entity_id}/invoice", {**body, "comment": comment}
    )
    found = (await shop.get(f"/rest/all/V1/invoices/{number}")).json()
    assert (status, found["state"], found.get("transaction_id")) == (200, 2, None)
    assert [(one["comment"], one["is_visible_on_front"]) for one in found["comments"]] == [
        ("F&O invoice CIV-1", 1)
    ]


@pytest.mark.parametrize("verb", ["ship", "invoice"])
async def test_of_calls_at_once_for_one_order_one_takes_everything(
    shop: httpx.AsyncClient, state: CommerceState, verb: str
) -> None:
    """Recorded on 2.4.8-p1 (`concurrency`): calls for one order are carried out one by one."""
    page = json.loads((RECORDED / "concurrency.json").read_text(encoding="utf-8"))
    (recorded,) = (row for row in page["rows"] if f"/{verb}" in row["op"])
    order = placed(state)
    calls = [asked(shop, f"order/{order.entity_id}/{verb}") for _ in recorded["responses"]]
    answers = await asyncio.gather(*calls)
    statuses = sorted(status for status, _ in answers)
    assert statuses == sorted(status for status, _ in recorded["responses"])
    told = next(text for status, text in recorded["responses"] if status == 400)  # cut off
    begins = told.removeprefix('{"message":"').rstrip('"}').replace("\\n", "\n")
    assert all(answer["message"].startswith(begins) for status, answer in answers if status == 400)
    assert len(order.shipments) + len(order.invoices) == recorded["documents_created"]
