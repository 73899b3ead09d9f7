"""Where a record is found in both systems: by its id, and in its own legal entity."""

from typing import Any

import pytest

from sync.config.connections import Connection, Dataverse, Store
from sync.console.record_links import links_of
from sync.engine.claim import Claim
from sync.preview.example import example_connection


def shop(**changes: Any) -> Connection:
    found = example_connection()
    commerce = found.commerce.model_copy(update={"admin_url": "https://s.example/admin"})
    stores = {**found.stores, "2": Store(company="deco")}
    return found.model_copy(update={"commerce": commerce, "stores": stores, **changes})


@pytest.mark.parametrize(
    ("flow", "key", "cells", "commerce", "dynamics"),
    [
        ("orders", "42@2", {"entity_id": "7"}, "sales/order/view/order_id/7", "deco SalesTable"),
        ("orders", "42@1", {}, "", "usmf SalesTable"),
        (
            "invoices",
            "42@1",
            {"entity_id": "8"},
            "sales/invoice/view/invoice_id/8",
            "usmf CustFree",
        ),
        ("creditmemos", "4@2", {"entity_id": "9"}, "creditmemo/view/creditmemo_id/9", "deco Ret"),
        ("returns", "4@2", {"entity_id": "9"}, "admin/rma/edit/id/9", "deco ReturnTable"),
        ("shipments", "usmf|S1|P1", {"number": "3"}, "shipment/view/shipment_id/3", "usmf CustPac"),
        ("customers", "17", {}, "customer/index/edit/id/17", "usmf CustTable"),
        ("customers", "guest:abc", {}, "", "usmf CustTable"),
        ("accounts", "US-1", {}, "", "usmf CustTable"),
        (
            "accounts",
            "US-1",
            {"targets": '{"company":{"number":"5"}}'},
            "company/index/edit/id/5",
            "usmf CustTable",
        ),
        ("write_back", "orders|42@1", {"entity_id": "7"}, "", ""),
        ("stock", "*", {}, "", ""),
    ],
)
def test_a_record_is_linked_where_it_is(
    flow: str, key: str, cells: dict[str, Any], commerce: str, dynamics: str
) -> None:
    found = dict(links_of(shop(), Claim("bikes", flow, key, **cells)))
    assert ("commerce" in found, "dynamics" in found) == (bool(commerce), bool(dynamics))
    assert commerce in found.get("commerce", "")
    company, _, form = dynamics.partition(" ")
    assert f"cmp={company}&mi={form}" in found.get("dynamics", "cmp=&mi=")


def test_a_case_is_linked_by_its_id() -> None:
    targets = '{"case":{"number":"CAS-1","keys":{"case":"0f8f"}}}'
    claim = Claim("bikes", "cases", "return|4@1", targets=targets)
    assert "dataverse" not in dict(links_of(shop(), claim))
    service = Dataverse(url="https://org.crm4.dynamics.com")
    found = dict(links_of(shop(dataverse=service), claim))
    assert found["dataverse"].startswith("https://org.crm4.dynamics.com/main.aspx?")
    assert "id=0f8f" in found["dataverse"]


def test_what_is_booked_as_a_payment_is_in_the_payment_journals() -> None:
    invoices = example_connection().invoices.model_copy(update={"recipe": "payment-journal"})
    found = dict(links_of(shop(invoices=invoices), Claim("bikes", "invoices", "42@1")))
    assert found["dynamics"].endswith("cmp=usmf&mi=LedgerJournalTableCustPaym")


def test_without_an_address_of_the_administration_only_f_and_o_is_linked() -> None:
    claim = Claim("bikes", "orders", "42@1", entity_id="7")
    assert dict(links_of(example_connection(), claim)).keys() == {"dynamics"}
