"""Returns as shops and warehouses have them: what is null was not loaded, fractions are refused
with a reason, staff opens them as well, and goods come in parts and more than once."""

from decimal import Decimal

import pytest

from sandbox.dials import Kind
from sandbox.dynamics import return_handling
from sync.engine.claim import State
from tests.flows.returns import Returning, in_returns, key


@pytest.mark.parametrize(
    "pieces", ["0.5", *(pytest.param(one, marks=pytest.mark.long) for one in ("1.25", "-1"))]
)
@in_returns()
async def test_a_fraction_of_a_piece_is_refused_with_its_reason(
    ours: Returning, pieces: str
) -> None:
    order = await ours.sold(pieces=2)
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    ours.now(rma)["items"][0]["qty_requested"] = Decimal(pieces)
    await ours.look()
    claim = await ours.claim(key(rma), "returns")
    assert claim.state is State.PARKED
    assert f"qty_requested is {pieces}" in claim.reason
    assert "only whole pieces come back" in claim.reason
    assert claim.remedy
    assert ours.rows("ReturnOrderHeadersV2") == []


@in_returns()
async def test_an_rma_whose_items_are_not_loaded_waits_and_is_never_empty(
    ours: Returning,
) -> None:
    order = await ours.sold(pieces=2)
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 2})
    items, ours.now(rma)["items"] = ours.now(rma)["items"], None
    await ours.polls("returns")
    await ours.works_for(60)
    claim = await ours.claim(key(rma), "returns")
    assert "not loaded" in claim.reason
    assert claim.state is not State.PARKED
    assert ours.rows("ReturnOrderHeadersV2") == []
    ours.now(rma)["items"] = items
    await ours.works_until_idle()
    assert len(ours.return_rows(rma)) == 1


@in_returns()
async def test_what_staff_opens_and_authorises_goes_its_way(ours: Returning) -> None:
    order = await ours.sold(pieces=2)
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 2}, status="authorized")
    stored = ours.now(rma)
    stored["customer_id"], stored["date_requested"] = 0, None
    stored["items"][0]["qty_authorized"] = 1
    await ours.look()
    assert [row["ReturnSalesQuantity"] for row in ours.return_rows(rma)] == [-1]
    assert ours.of(rma)["IsReturnProcessingStopped"] == "Yes"  # no day of request, so no rule
    return_handling.let_go(ours.dynamics, ours.of(rma))
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited() > 0
    assert len(order.creditmemos) == 1


PHOTO = {"name": "broken.jpg", "base64_encoded_data": "aGVsbG8=", "type": "image/jpeg"}
FILES = "ReturnOrderHeaderDocumentAttachments"


@in_returns(returns={"photos": "rma-photos/{rma_id}", "photo_megabytes": 1})
async def test_photos_are_attached_to_the_return_order_once(ours: Returning) -> None:
    order = await ours.sold(pieces=2)
    rma = ours.commerce.request_return(order, {order.items[0]["item_id"]: 1})
    large = {"name": "large.jpg", "base64_encoded_data": "A" * 1_500_000}
    ours.commerce.rma_photos[rma["entity_id"]] = [PHOTO, large, {**PHOTO, "name": "x.exe"}]
    ours.ledger_dials.next(Kind.LOST, where=lambda one: FILES in one.path, seconds=20, writes=True)
    await ours.look()
    await ours.settled()
    ours.receives(rma)
    await ours.look()
    (file,) = ours.rows(FILES)
    assert (file["ReturnOrderNumber"], file["FileName"], file["FileType"]) == (
        ours.number(rma), "broken", "jpg",
    )  # fmt: skip
    assert (file["Attachment"], file["AccessRestriction"]) == ("aGVsbG8=", "Internal")
    ours.commerce.rma_photos[rma["entity_id"]].append({"name": "no content.jpg"})
    ours.credits(rma)
    await ours.look()
    claim = await ours.claim(key(rma), "return_states")
    assert "answers no files" in claim.reason
    assert ours.refunded(order) == ours.credited(), "money does not wait for a photo"


@in_returns()
async def test_goods_that_are_registered_again_and_in_parts_are_credited_once(
    ours: Returning,
) -> None:
    order = await ours.sold(pieces=3)
    rma = await ours.requested(order, 3)
    (lot,) = [row["ReturnInventoryLotId"] for row in ours.return_rows(rma)]
    for _ in range(2):
        return_handling.register(ours.dynamics, ours.of(rma), {lot: Decimal(1)}, "CREDIT")
        await ours.look()
    assert ours.now(rma)["items"][0]["qty_returned"] == 1
    return_handling.post_slip(ours.dynamics, ours.of(rma))
    ours.credits(rma)
    await ours.look()
    await ours.look()
    assert ours.refunded(order) == ours.credited()
    ours.receives(rma)
    ours.credits(rma)
    await ours.look()
    assert ours.refunded(order) == ours.credited()
    assert ours.now(rma)["items"][0]["qty_returned"] == 3
    assert ours.now(rma)["status"] == "processed_closed"
    assert len(order.creditmemos) == 2
