"""Invoices and credit memos against the recordings: what the live shop made of an order, the double
makes of it too."""

from random import Random
from typing import Any

import httpx
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from sync.core.encoding import from_json
from tests.conftest import ABSENT, SHARED_SAMPLES
from tests.sandbox.commerce.document_history import Administrator
from tests.sandbox.commerce.document_identities import differences
from tests.sandbox.commerce.replay import Replay
from tests.sandbox.commerce.shop import SetClock, client_of, recordings

Rest = dict[str, Any]
BINARY_DUST = frozenset(
    {
        # half a cent of compensation, 0.185, was rounded down
        "lifecycle-039-invoice-one-by-one-de",
        # what is left of the shipping was found unequal to itself
        "quantity-029-fractional-partial-de",
        # a total of nothing that was not quite nothing
        "discount-056-hundred-percent-freeship-de-gross",
    }
)
"""Recordings in which PHP's binary arithmetic decides about a cent: the double reckons in
decimals."""


def scenario(name: str) -> Rest:
    return dict(recordings("commerce_money"))[name]


def replayable(recorded: Rest) -> bool:
    return "order_as_placed" in recorded or any(
        str(step).startswith('["edit') for step in recorded["steps"]
    )


def of_its_order(recorded: Rest) -> tuple[Rest, list[Rest], list[Rest]]:
    """An edited order's file holds the documents of its predecessor as well."""
    order = recorded["order"]
    mine = (
        [row for row in recorded[kind] if row["order_id"] == order["entity_id"]]
        for kind in ("invoices", "creditmemos")
    )
    invoices, memos = mine
    return order, invoices, memos


SHIPPED = [
    (name, recorded) for name, recorded in recordings("commerce_money") if replayable(recorded)
]


@pytest.mark.parametrize(("name", "recorded"), SHIPPED, ids=[name for name, _ in SHIPPED])
def test_a_recorded_order_gets_the_recorded_documents_and_ends_as_recorded(
    name: str, recorded: Rest
) -> None:
    replay = Replay.of(recorded)
    replay.run()
    assert bool(replay.differences() or replay.order_differences()) == (name in BINARY_DUST)


@pytest.mark.parametrize(
    "name",
    [
        "lifecycle-068-refund-shipping-discounted-zero-first-us",
        "lifecycle-074-refund-shipping-discounted-zero-first-eur",
    ],
)
def test_after_a_memo_without_its_discounted_shipping_the_rest_is_refused(name: str) -> None:
    replay = Replay.of(scenario(name))
    replay.run()
    assert replay.refusals == 1


@pytest.mark.parametrize(("name", "recorded"), SHIPPED, ids=[name for name, _ in SHIPPED])
def test_recorded_documents_meet_the_identities(name: str, recorded: Rest) -> None:
    assert differences(*of_its_order(recorded)) == []


@pytest.mark.live_samples
def test_every_recorded_order_beside_the_project_gets_its_documents_and_meets_the_identities() -> (
    None
):
    paths = sorted((SHARED_SAMPLES / "commerce-money").glob("[a-z]*.json"))
    if not paths:
        pytest.skip(ABSENT)
    different = set()
    for path in paths:
        recorded = from_json(path.read_bytes())
        assert differences(*of_its_order(recorded)) == [], path.stem
        if replayable(recorded):
            replay = Replay.of(recorded)
            replay.run()
            if replay.differences() or replay.order_differences():
                different.add(path.stem)
    assert different == BINARY_DUST


@pytest.mark.parametrize(
    "start",
    [0, 50, *(pytest.param(start, marks=pytest.mark.long) for start in range(100, 600, 50))],
)
def test_whatever_an_administrator_does_the_identities_hold(start: int) -> None:
    several = 0
    for seed in range(start, start + 50):
        state = CommerceState(SetClock(), seed=seed, checks_access=False)
        (order,) = state.place_new(paid="open")
        administrator = Administrator(state, Random(seed))
        broken = administrator.work_on(order) + administrator.finish(order)
        assert broken == [], f"seed {seed}"
        several += len(order.invoices) > 1 and len(order.creditmemos) > 1
    assert several > 3


@pytest.mark.parametrize(
    "field", ["grand_total", "tax_amount", "discount_amount", "subtotal", "shipping_amount"]
)
def test_the_identities_notice_a_cent_in_any_field(field: str) -> None:
    order, invoices, memos = of_its_order(scenario("currency-008-jpy-net-total"))
    for documents in (invoices, memos):
        changed = [{**documents[0], field: documents[0][field] + from_json("0.03")}, *documents[1:]]
        new = (changed, memos) if documents is invoices else (invoices, changed)
        assert differences(order, *new)


REFUSALS = [
    "error_invoice_too_many",
    "error_invoice_on_hold_order",
    "error_refund_too_many",
    "error_refund_not_invoiced",
]


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_the_live_shop_refused_is_refused_in_its_words(name: str) -> None:
    recorded = dict(recordings("commerce_live"))[name]
    state = CommerceState(SetClock(), checks_access=False)
    (order,) = state.place_new(payment="checkmo", skus=["SIMPLE-006"])
    order.items[0]["name"] = "Simple-010"
    if "on_hold" in name:
        state.hold(order)
    if "refund_too_many" in name:
        state.invoice(order)
    body = recorded["request"]["body"]
    items = [{**item, "order_item_id": order.items[0]["item_id"]} for item in body.get("items", [])]
    verb = recorded["request"]["path"].rpartition("/")[2]
    answer = await posted(
        state, f"order/{order.entity_id}/{verb}", {**body, **({"items": items} if items else {})}
    )
    assert (answer.status_code, answer.json()) == (400, recorded["response"]["body"])


async def posted(state: CommerceState, path: str, body: Rest) -> httpx.Response:
    async with client_of(commerce_app(state, Dials())) as client:
        return await client.post(f"/rest/default/V1/{path}", json=body)
