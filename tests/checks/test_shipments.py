"""What `check` says of shipments before anything is shipped."""

from typing import Any

import pytest

from sandbox.dials import Kind
from sync.checks.entities import fields_exist
from sync.checks.shipments import (
    carriers_are_mapped,
    shipping_sources_are_there,
    slips_can_be_read,
)
from sync.dynamics.packing_slips import SLIPS
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (
    slips_can_be_read, shipping_sources_are_there, carriers_are_mapped
)  # fmt: skip


def with_shipments(**shipments: Any) -> dict[str, Any]:
    table = {"sources": {"13": "default"}, **shipments}
    return {"shipments": table, "flows": ["orders", "shipments"]}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    for check in (*CHECKS, fields_exist):
        assert levels(await sandboxes.found(check, **with_shipments())) == {"ok"}, check


@pytest.mark.parametrize("slips", ["warehouse", "lines"])
async def test_slips_are_looked_for_where_they_are_read(sandboxes: Sandboxes, slips: str) -> None:
    settings = with_shipments() | {"dynamics": {"slips": slips}}
    for check in (slips_can_be_read, fields_exist):
        assert levels(await sandboxes.found(check, **settings)) == {"ok"}


async def test_where_shipments_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check) == []


@pytest.mark.parametrize("source", ["13", "99"])
async def test_sources_and_the_stores_warehouses_are_compared(
    sandboxes: Sandboxes, source: str
) -> None:
    wrong = "nope" if source == "13" else "default"
    settings = with_shipments(sources={source: wrong})
    finding = only_fault(await sandboxes.found(shipping_sources_are_there, **settings))
    said = "no source nope" if source == "13" else "stores.1: warehouse 13 is no source"
    assert said in finding.what
    assert "shipments.sources" in finding.cure


async def test_slips_that_a_role_may_not_see_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403,
        where=lambda arrival: "CustPackingSlipTrans" in arrival.path,
    )  # fmt: skip
    finding = only_fault(await sandboxes.found(slips_can_be_read, **with_shipments()))
    assert "CustPackingSlipTransBiEntities" in finding.what
    assert "Security configuration" in finding.cure


async def test_modes_without_a_carrier_are_worth_a_look(sandboxes: Sandboxes) -> None:
    settings = with_shipments() | {"orders": {"deliveries": {"flatrate_flatrate": "STD"}}}
    (finding,) = await sandboxes.found(carriers_are_mapped, **settings)
    assert "STD" in finding.what
    named = {"carriers": {"std": {"code": "ups", "title": "UPS"}}}
    settings = with_shipments(**named) | {"orders": {"deliveries": {"flatrate_flatrate": "STD"}}}
    assert levels(await sandboxes.found(carriers_are_mapped, **settings)) == {"ok"}


@pytest.mark.parametrize("is_kept", [True, False])
async def test_slips_without_the_time_by_which_they_are_found_are_a_fault(
    sandboxes: Sandboxes, is_kept: bool
) -> None:
    """Else a poll finds none of them, and says nothing."""
    time = {"CreatedOn": sandboxes.clock.now()} if is_kept else {}
    row = {"dataAreaId": "usmf", "SourceDocumentHeader": 7, "PackingSlipId": "P7", **time}
    sandboxes.dynamics.store.insert(SLIPS, row)
    found = await sandboxes.found(slips_can_be_read, **with_shipments())
    assert levels(found) == ({"ok"} if is_kept else {"ok", "fault"})
    if not is_kept:
        assert "no row of CustPackingSlipJourBiEntities has a CreatedOn" in only_fault(found).what
