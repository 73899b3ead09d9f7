"""Where invoices, credit memos, customers and companies lie in a file, and what tells them
apart."""

from typing import Any

import pytest

from sync.core.encoding import from_json
from sync.preview.input_files import Inputs, Kind, inputs_in
from tests.mapping.mutations import JUNK, deep
from tests.mapping.samples import PAYLOADS, money, money_names

ORDER = {"increment_id": "1", "entity_id": 7, "items": []}
INVOICE = {
    "increment_id": "2",
    "order_id": 7,
    "grand_total": 1,
    "can_void_flag": False,
    "items": [],
}
MEMO = {"increment_id": "3", "order_id": 7, "grand_total": 1, "adjustment": 0, "items": []}
SHIPMENT = {"increment_id": "4", "order_id": 7, "tracks": [], "packages": [], "items": []}
CUSTOMER = {"id": 5, "email": "jane@example.com", "addresses": []}
COMPANY = {"id": 6, "company_name": "ACME", "company_email": "acme@example.com"}
ALL = {
    Kind.ORDER: ORDER,
    Kind.INVOICE: INVOICE,
    Kind.CREDITMEMO: MEMO,
    Kind.CUSTOMER: CUSTOMER,
    Kind.COMPANY: COMPANY,
}


def counts(inputs: Inputs) -> dict[Kind, int]:
    return {kind: len(found) for kind, found in inputs.found.items() if kind is not Kind.OTHER}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda one: one, lambda one: [one],
        lambda one: {"items": [one], "search_criteria": {}, "total_count": 1},
        lambda one: {"data": {"value": one}},
        lambda one: {"response": {"body": one}},
        lambda one: {"response": {"body": {"items": [one]}}},
    ],
    ids=["bare", "list", "search answer", "event", "exchange", "exchange of a list"],
)  # fmt: skip
def test_a_document_is_found_whatever_it_is_wrapped_in(kind: Kind, wrapped: Any) -> None:
    inputs = inputs_in(wrapped(ALL[kind]), Kind.INVOICE)
    assert inputs.of(kind) == [ALL[kind]]
    assert counts(inputs) == {kind: 1}


@pytest.mark.parametrize("name", money_names())
def test_a_scenario_holds_its_orders_invoices_and_memos_once(name: str) -> None:
    scenario = money(name)
    inputs = inputs_in(scenario, Kind.ORDER)
    assert sorted(inputs.orders()) == sorted(
        order["entity_id"]
        for order in [scenario["order"], *(scenario.get("previous_orders") or [])]
    )
    assert inputs.of(Kind.INVOICE) == scenario["invoices"]
    assert inputs.of(Kind.CREDITMEMO) == scenario["creditmemos"]
    assert {Kind.ORDER, Kind.INVOICE, Kind.CREDITMEMO} <= inputs.listed


def test_a_scenario_without_invoices_tells_that_there_are_none() -> None:
    inputs = inputs_in({"order": ORDER, "invoices": [], "creditmemos": []}, Kind.INVOICE)
    assert inputs.of(Kind.INVOICE) == []
    assert Kind.INVOICE in inputs.listed


def test_shipments_are_neither() -> None:
    assert counts(inputs_in([SHIPMENT], Kind.INVOICE)) == {}


@pytest.mark.parametrize("wanted", [Kind.INVOICE, Kind.CREDITMEMO])
def test_a_document_that_no_field_tells_apart_is_what_was_asked_for(wanted: Kind) -> None:
    bare = {"increment_id": "2", "order_id": 7, "grand_total": 1}
    assert counts(inputs_in(bare, wanted)) == {wanted: 1}


def test_the_name_of_a_list_tells_its_kind_even_of_entries_that_say_nothing() -> None:
    inputs = inputs_in({"creditmemos": [{}, {"increment_id": "9"}, 5, None]}, Kind.INVOICE)
    assert inputs.of(Kind.CREDITMEMO) == [{}, {"increment_id": "9"}]


def exchange(path: str, body: Any, status: int = 200) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "path": path},
        "response": {"status": status, "body": body},
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/rest/all/V1/invoices", Kind.INVOICE), ("/rest/V1/invoices/7", Kind.INVOICE),
        ("/rest/V1/creditmemos", Kind.CREDITMEMO),
        ("/rest/V1/creditmemo/7", Kind.CREDITMEMO),
    ],
)  # fmt: skip
def test_the_address_that_was_asked_tells_the_kind(path: str, kind: Kind) -> None:
    assert counts(
        inputs_in(exchange(path, {"items": [{"increment_id": "1", "order_id": 1}]}), Kind.ORDER)
    ) == {kind: 1}


@pytest.mark.parametrize(
    "answer",
    [
        exchange("/rest/V1/invoices/99", {"message": "no such entity"}, 404),
        exchange("/rest/V1/invoices/1/comments", {"items": [{"comment": "paid"}]}),
        exchange("/rest/V1/invoices", {"items": []}),
    ],
    ids=["refused", "comments", "empty"],
)
def test_an_answer_without_documents_has_none(answer: Any) -> None:
    assert counts(inputs_in(answer, Kind.INVOICE)) == {}


def test_recorded_answers_hold_what_they_were_asked_for() -> None:
    folder = PAYLOADS / "commerce_live"
    found = inputs_in(from_json((folder / "invoices_list_by_order.json").read_bytes()), Kind.ORDER)
    assert set(counts(found)) == {Kind.INVOICE}


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
def test_looking_into_anything_ends(junk: Any) -> None:
    for document in (
        junk,
        {"order": junk, "invoices": junk, "items": junk},
        [{"response": junk}],
        {"invoices": [junk]},
    ):
        inputs = inputs_in(document, Kind.INVOICE)
        inputs.orders()


def test_what_is_nested_deeper_than_any_wrapping_is_not_looked_into() -> None:
    assert counts(inputs_in(deep(5000), Kind.INVOICE)) == {}
