"""What a system refuses to every record stops the flow once, and parks nothing."""

import logging
from typing import Any

import pytest

from sync.core.encoding import to_json
from sync.engine.claim import State
from sync.engine.stopped_flows import BY
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION, LEDGER_HOST

NO_RIGHT = {
    "error": {
        "code": "",
        "message": "An error has occurred.",
        "innererror": {"message": "User has no permission.", "type": "ODataException"},
    }
}
NO_ROUTE = {"Message": "No HTTP resource was found that matches the request URI."}
MANY = 30


class Denied:
    """F&O without the right to one entity set, or without the set."""

    def __init__(self, app: Any, entity_set: str, status: int) -> None:
        self._app, self._set, self._status = app, entity_set, status
        self.is_denied = True
        self.refused = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self.is_denied or self._set not in scope["path"]:
            await self._app(scope, receive, send)
            return
        self.refused += 1
        body = to_json(NO_RIGHT if self._status == 403 else NO_ROUTE)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def denied(harness: Harness, entity_set: str, status: int) -> Denied:
    apps = harness.systems.apps
    apps[LEDGER_HOST] = found = Denied(apps[LEDGER_HOST], entity_set, status)
    return found


@pytest.mark.parametrize("status", [403, 404])
@in_harness()
async def test_a_missing_right_or_entity_stops_its_flow_once_and_parks_nothing(
    harness: Harness, status: int
) -> None:
    ledger = denied(harness, "SalesOrderHeadersV4", status)
    orders = [harness.place() for _ in range(MANY)]
    for order in orders:
        await harness.hooks(order)
    await harness.works_for(3600)
    (pause,) = await harness.services.flow_pauses.standing()
    assert (pause.connection, pause.flow, pause.by) == (CONNECTION, "orders", BY)
    assert "SalesOrderHeadersV4" in pause.why
    assert f"resume --connection {CONNECTION} --flow orders" in pause.why
    assert await harness.parked() == []
    assert ledger.refused <= MANY
    before = ledger.refused
    await harness.works_for(3600)
    assert ledger.refused == before

    ledger.is_denied = False
    assert await harness.services.flow_pauses.resume(CONNECTION, "orders", by="ann")
    await harness.works_until_idle()
    assert {(await harness.claim(order)).state for order in orders} == {State.DELIVERED}
    assert {len(harness.headers(order)) for order in orders} == {1}
    assert {entry.attempt for order in orders for entry in await harness.trail(order)} == {1}


@in_harness()
async def test_who_resumes_too_early_stops_the_flow_again(harness: Harness) -> None:
    denied(harness, "SalesOrderHeadersV4", 403)
    order = harness.place()
    await harness.hooks(order)
    await harness.works_for(60)
    assert await harness.services.flow_pauses.resume(CONNECTION, "orders", by="ann")
    await harness.works_for(600)
    assert len(await harness.services.flow_pauses.standing()) == 1
    assert (await harness.claim(order)).state is not State.PARKED
    assert key_of(order) not in await harness.parked()


@in_harness()
async def test_one_line_wakes_somebody(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    denied(harness, "SalesOrderHeadersV4", 403)
    for order in [harness.place() for _ in range(MANY)]:
        await harness.hooks(order)
    await harness.works_for(3600)
    found = [one for one in caplog.messages if one.startswith("flows.stopped ")]
    assert len(found) == 1
    assert f"flow=orders connection={CONNECTION}" in found[0]
