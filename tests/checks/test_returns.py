"""What `check` says of returns before anything comes back."""

from typing import Any

from sandbox.dials import Kind
from sync.checks.codes import codes_exist
from sync.checks.entities import fields_exist
from sync.checks.returns import (
    credit_notes_can_be_read,
    photos_are_answered,
    return_options_are_mapped,
)
from tests.checks.conftest import Sandboxes, levels, only_fault

CHECKS = (credit_notes_can_be_read, photos_are_answered, return_options_are_mapped)


def with_returns(**returns: Any) -> dict[str, Any]:
    flows = ["orders", "returns", "return_states", "refunds"]
    return {"flows": flows, "returns": {"reasons": {"*": "WEB"}, **returns}}


async def test_a_sound_connection_has_no_fault(sandboxes: Sandboxes) -> None:
    settings = with_returns(exchanges=["6"], dispositions={"6": "REPLCREDIT"})
    for check in (*CHECKS, fields_exist, codes_exist):
        assert levels(await sandboxes.found(check, **settings)) == {"ok"}, check


async def test_the_path_of_photos_is_tried(sandboxes: Sandboxes) -> None:
    (told,) = await sandboxes.found(photos_are_answered, **with_returns())
    assert (told.level, "Commerce's REST has none" in told.what) == ("ok", True)
    shop = sandboxes.commerce
    shop.rmas[1] = {"entity_id": 1, "increment_id": "1", "status": "pending", "items": []}
    for path, level in (("rma-photos/{rma_id}", "ok"), ("nowhere/{rma_id}", "fault")):
        (told,) = await sandboxes.found(photos_are_answered, **with_returns(photos=path))
        assert told.level == level, path


async def test_where_returns_do_not_flow_nobody_asks(sandboxes: Sandboxes) -> None:
    for check in CHECKS:
        assert await sandboxes.found(check) == []


async def test_credit_notes_that_a_role_may_not_see_are_a_fault(sandboxes: Sandboxes) -> None:
    sandboxes.ledger_dials.next(
        Kind.ERROR_BEFORE, status=403, where=lambda one: "CustInvoiceTransBi" in one.path
    )
    found = only_fault(await sandboxes.found(credit_notes_can_be_read, **with_returns()))
    assert "CustInvoiceTransBiEntities" in found.what


async def test_reasons_without_a_code_are_named_with_their_labels(sandboxes: Sandboxes) -> None:
    settings = with_returns()
    settings["returns"]["reasons"] = {"8": "WRONG"}
    found = only_fault(await sandboxes.found(return_options_are_mapped, **settings))
    assert '"9" (Damaged)' in found.what
    strange = with_returns(exchanges=["77"])
    told = await sandboxes.found(return_options_are_mapped, **strange)
    assert levels(told) == {"ok", "warn"}
    assert '"6" (Exchange)' in told[-1].cure


async def test_a_disposition_that_f_and_o_does_not_know_is_a_fault(sandboxes: Sandboxes) -> None:
    settings = with_returns(dispositions={"5": "NOPE"})
    assert "NOPE" in only_fault(await sandboxes.found(codes_exist, **settings)).what
