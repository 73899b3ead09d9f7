"""A flow that has no story fails the demo and the soak."""

from sandbox.demo.playing import LEFT_OUT, PLAYED, flows_of, not_played
from sync.config.connections import NumberMode
from sync.flows import FLOWS
from tests.harness import Harness, in_harness


def test_every_flow_is_on_but_for_those_that_are_named() -> None:
    names = {flow.name for flow in FLOWS}
    assert names >= LEFT_OUT
    assert {*flows_of(NumberMode.OURS)} == names - LEFT_OUT
    assert {*flows_of(NumberMode.THEIRS)} == names - LEFT_OUT - {"captures", "demand"}


@in_harness(flows=("orders",))
async def test_what_has_delivered_nothing_is_off(harness: Harness) -> None:
    async def silent() -> set[str]:
        found = await not_played(harness.services.ledger, ["shop"])
        return {one.record for one in found}

    assert await silent() == {*PLAYED}
    await harness.delivers(harness.place())
    assert {*PLAYED} - await silent() == {"orders", "customers"}
