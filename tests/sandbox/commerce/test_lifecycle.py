from typing import Any

import httpx
import pytest

from sandbox.commerce.order_rows import pays
from sandbox.commerce.recipe import Recipe
from sandbox.commerce.records import StoredOrder
from sandbox.commerce.shape import rest_order
from sandbox.commerce.state import Change, CommerceState
from tests.sandbox.commerce.identities import differences
from tests.sandbox.commerce.shop import SetClock, recordings


def one(state: CommerceState, **wishes: Any) -> StoredOrder:
    return state.place_new(payment="checkmo", skus=["SIMPLE-001", "SIMPLE-006"], **wishes)[0]


def adds_up(order: StoredOrder) -> bool:
    rest = rest_order(order)
    return not differences(rest, "") and not differences(rest, "base_")


def test_numbers_run_per_store_with_its_prefix(state: CommerceState) -> None:
    stores = [
        state.catalogue.store("default"),
        state.catalogue.store("de"),
        state.catalogue.store("default"),
    ]
    numbers = [one(state, store=store).row["increment_id"] for store in stores]
    assert numbers == ["000000001", "2000000001", "000000002"]


def test_an_edit_makes_a_new_order_and_cancels_the_old(
    state: CommerceState, clock: SetClock
) -> None:
    old = one(state)
    clock.pass_by(minutes=5)
    new = state.edit(old)
    again = state.edit(new)
    number = old.row["increment_id"]
    assert [order.row["increment_id"] for order in (new, again)] == [f"{number}-1", f"{number}-2"]
    assert (new.row["original_increment_id"], again.row["original_increment_id"]) == (
        number,
        number,
    )
    assert (again.row["edit_increment"], again.row["relation_parent_real_id"]) == (2, f"{number}-1")
    assert (old.row["relation_child_id"], old.row["relation_child_real_id"]) == (
        str(new.entity_id),
        f"{number}-1",
    )
    assert [order.row["state"] for order in (old, new, again)] == ["canceled", "canceled", "new"]
    assert old.row["updated_at"] == "2026-11-21 18:22:10"
    assert old.amount("total_canceled") == old.amount("grand_total")
    assert again.amount("grand_total") != old.amount("grand_total")
    assert adds_up(again)


def test_only_a_made_and_open_order_can_be_edited(state: CommerceState) -> None:
    order = one(state)
    state.cancel(order)
    with pytest.raises(ValueError, match="is canceled: it cannot be edited"):
        state.edit(order)
    order = one(state)
    order.recipe = None
    with pytest.raises(ValueError, match="loaded from a recording"):
        state.edit(order)


def test_an_address_changes_without_the_order_noticing(
    state: CommerceState, clock: SetClock
) -> None:
    order = one(state)
    before = dict(order.row)
    clock.pass_by(minutes=5)
    state.change_address(order, city="Neustadt")
    assert order.shipping is not None
    assert (order.shipping["city"], order.row) == ("Neustadt", before)
    virtual = state.place_new(skus=["SUPPORT-1Y"])[0]
    with pytest.raises(ValueError, match="has no shipping address"):
        state.change_address(virtual, city="Neustadt")


def test_invoicing_pays_everything_and_keeps_the_identities(
    state: CommerceState, clock: SetClock
) -> None:
    for skus in (["SIMPLE-004"], ["KIT-DYN", "LAMP-W1"], ["KIT-FIX", "TEE"], ["EBOOK-DL"]):
        (order,) = state.place_new(payment="checkmo", skus=skus)
        if order.amount("grand_total") == 0:
            continue
        clock.pass_by(minutes=1)
        invoice = state.invoice(order)
        assert invoice["grand_total"] == order.amount("grand_total") == order.amount("total_paid")
        assert order.row["state"] == ("complete" if order.row["is_virtual"] else "processing")
        assert adds_up(order)
        assert all(
            item["row_invoiced"] == item["row_total"] for item in order.items if pays(order, item)
        )


def test_a_captured_payment_is_invoiced_at_placing(state: CommerceState) -> None:
    (order,) = state.place_new(payment="braintree", skus=["SIMPLE-006"])
    assert order.row["state"] == "processing"
    assert not order.amount("total_due")
    assert len(order.invoices) == 1


def test_an_authorised_payment_is_in_processing_and_due(state: CommerceState) -> None:
    (order,) = state.place_new(payment="paypal_express", skus=["SIMPLE-006"])
    assert order.row["state"] == "processing"
    assert (
        order.payment["amount_authorized"]
        == order.amount("total_due")
        == order.amount("grand_total")
    )


def test_shipping_completes_what_is_paid(state: CommerceState) -> None:
    order = one(state)
    state.ship(order)
    assert order.row["state"] == "processing"
    state.invoice(order)
    assert order.row["state"] == "complete"


def test_what_cannot_be_sent_is_not_sent(state: CommerceState) -> None:
    (order,) = state.place_new(payment="checkmo", skus=["SIMPLE-006", "SUPPORT-1Y"])
    state.ship(order)
    sent = {item["sku"]: item["qty_shipped"] for item in order.items}
    assert sent["SIMPLE-006"] > 0
    assert sent["SUPPORT-1Y"] == 0


def test_cancelling_writes_the_columns_of_a_recorded_cancellation(state: CommerceState) -> None:
    recorded = dict(recordings("commerce_money"))["lifecycle-004-cancel-de"]
    order = one(state)
    before = set(rest_order(order))
    state.cancel(order)
    assert set(rest_order(order)) - before == set(recorded["order"]) - set(
        recorded["order_as_placed"]
    )


def test_every_deed_is_told_once_with_its_events(state: CommerceState) -> None:
    reported: list[Change] = []
    state.on_change(reported.append)

    def events() -> list[str]:
        found = [change.event for change in reported]
        reported.clear()
        return found

    saved = ["sales_order_save_after", "sales_order_save_commit_after"]
    order = one(state)
    assert events() == ["sales_order_place_after", *saved, "checkout_submit_all_after"]
    state.change_address(order, city="Neustadt")
    assert events() == ["sales_order_address_save_after"]
    state.comment(order, {"comment": "nothing"}, None)
    assert events() == []
    state.hold(order)
    state.unhold(order)
    assert events() == saved * 2
    state.invoice(order)
    assert events() == [
        "sales_order_invoice_save_after",
        "sales_order_invoice_save_commit_after",
        *saved,
    ]


def test_before_it_is_saved_an_order_has_a_number_but_no_ids(state: CommerceState) -> None:
    reported: list[Change] = []
    state.on_change(reported.append)
    order = one(state)
    early, saved = reported[0].data["order"], reported[1].data["order"]
    assert early["increment_id"] == saved["increment_id"] == order.row["increment_id"]
    assert "entity_id" not in early
    assert "item_id" not in early["items"][0]
    assert saved["entity_id"] == "1"
    assert saved["grand_total"] == f"{order.amount('grand_total'):.4f}"
    assert {address["address_type"] for address in saved["addresses"]} == {"billing", "shipping"}
    assert saved["ext_order_id" if "ext_order_id" in saved else "customer_note"] is None


def test_the_state_counts_and_adds_up_per_currency(state: CommerceState) -> None:
    orders = state.place_new(30, payment="checkmo")
    state.cancel(orders[0])
    totals = state.totals()
    assert sum(entry["orders"] for entry in totals.values()) == 30
    assert sum(entry["canceled"] for entry in totals.values()) == 1
    for currency, entry in totals.items():
        mine = [
            order.amount("grand_total")
            for order in orders
            if order.row["order_currency_code"] == currency
        ]
        assert entry["grand_total"] == sum(mine)


async def test_a_customer_is_saved_by_the_shops_rules(
    shop: httpx.AsyncClient, state: CommerceState, clock: SetClock
) -> None:
    clock.pass_by(minutes=1)
    path = "/rest/all/V1/customers/4"
    before = (await shop.get(path)).json()
    only = {
        "customer": {
            "email": before["email"],
            "custom_attributes": [{"attribute_code": "fno_account", "value": "C4"}],
        }
    }
    after = (await shop.put(path, json=only)).json()
    assert (after["firstname"], after["addresses"]) == (before["firstname"], before["addresses"])
    assert after["custom_attributes"] == [{"attribute_code": "fno_account", "value": "C4"}]
    assert after["updated_at"] == "2026-11-21 18:18:10"
    city = {"customer": {"addresses": [{**before["addresses"][0], "id": None, "city": "Bonn"}]}}
    fresh = (await shop.put(path, json=city)).json()
    assert (fresh["addresses"][0]["id"], fresh["default_billing"]) == (7, "7")
    none = (await shop.put(path, json={"customer": {"addresses": []}})).json()
    assert none["addresses"] == []
    assert "default_billing" not in none


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            {"email": "ann.lee@EXAMPLE.com"},
            "A customer with the same email address already exists in an associated website.",
        ),
        ({"email": "nope"}, '"Email" is not a valid email address.'),
        ({"lastname": ""}, '"Last Name" is a required value.'),
        (
            {"fno_account": "C4"},
            '"%fieldName" is not supported. Correct the field name and try again.',
        ),
    ],
)
async def test_a_customer_is_refused_by_the_shops_rules(
    shop: httpx.AsyncClient, sent: dict[str, str], message: str
) -> None:
    response = await shop.put("/rest/all/V1/customers/4", json={"customer": sent})
    assert (response.status_code, response.json()["message"]) == (400, message)


async def test_customers_are_found_by_attributes_and_unknown_ones_are_refused(
    shop: httpx.AsyncClient,
) -> None:
    start = "/rest/all/V1/customers/search?searchCriteria[filter_groups][0][filters][0]"
    found = (
        await shop.get(f"{start}[field]=email&{start.split('?')[1]}[value]=ANN.LEE@example.com")
    ).json()
    assert [customer["id"] for customer in found["items"]] == [1]
    assert "entity_id" not in found["items"][0]
    refused = await shop.get(f"{start}[field]=nosuch&{start.split('?')[1]}[value]=1")
    assert (refused.status_code, refused.json()["parameters"]) == (400, ["nosuch"])
    missing = await shop.get("/rest/all/V1/customers/999")
    assert (missing.status_code, missing.json()["parameters"]) == (
        404,
        {"fieldName": "customerId", "fieldValue": 999},
    )
    groups = (await shop.get("/rest/all/V1/customerGroups/search?searchCriteria=")).json()
    assert [group["code"] for group in groups["items"]][:2] == ["NOT LOGGED IN", "General"]


def test_a_recipe_knows_how_far_payment_is(state: CommerceState) -> None:
    order = one(state)
    assert isinstance(order.recipe, Recipe)
    assert order.recipe.state == "open"
