"""Whether webhooks reach the app: asked of the app itself, as it is hosted."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from sync.checks.finding import Finding, Level, Probe, findings_of
from sync.checks.reached import webhooks_reach_us
from sync.config.connections import Connection
from tests.checks.conftest import Sandboxes
from tests.intake_http.harness import Harness
from tests.intake_http.hosted import hosted

ADDRESS = "https://sync.example.com"


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    found = Harness()
    yield found
    await found.close()


async def probe_of(harness: Harness, sandboxes: Sandboxes, name: str) -> Probe:
    """A probe of a connection that the app serves, by an operator with the same vault."""
    found = vars(await sandboxes.probe())
    settings: Connection = harness.services.connections[name]
    return Probe(**{
        **found, "name": name, "settings": settings, "secrets": harness.secrets,
        "address": ADDRESS,
    })  # fmt: skip


async def found_at(app: Any, probe: Probe) -> list[Finding]:
    with respx.mock(assert_all_called=False) as router:
        router.route(host="sync.example.com").mock(side_effect=respx.ASGIHandler(app))
        return await findings_of(webhooks_reach_us, probe)


@pytest.mark.parametrize("name", ["bikes", "boats"])
async def test_the_app_judges_the_signature_and_stores_nothing(
    harness: Harness, sandboxes: Sandboxes, name: str
) -> None:
    probe = await probe_of(harness, sandboxes, name)
    (told,) = await found_at(hosted(harness), probe)
    assert (told.level, "looks at their signature" in told.what) == (Level.OK, True)
    assert await harness.depth() == 0


async def test_a_secret_that_the_app_does_not_have_is_told(
    harness: Harness, sandboxes: Sandboxes
) -> None:
    probe = await probe_of(harness, sandboxes, "boats")
    (key,) = probe.settings.commerce.webhook.keys
    app, right = hosted(harness), harness.secrets.values[key]
    sandboxes.secrets.values[key] = f"{right} of another vault"
    (told,) = await found_at(app, Probe(**{**vars(probe), "secrets": sandboxes.secrets}))
    assert (told.level, "same vault" in told.cure) == (Level.FAULT, True)


async def test_where_no_key_is_configured_no_hook_is_sent(
    harness: Harness, sandboxes: Sandboxes
) -> None:
    assert await found_at(hosted(harness), await probe_of(harness, sandboxes, "bare")) == []


async def test_what_is_not_the_app_is_told(harness: Harness, sandboxes: Sandboxes) -> None:
    probe = await probe_of(harness, sandboxes, "bikes")
    with respx.mock() as router:
        route = router.route(host="sync.example.com").mock(return_value=httpx.Response(404))
        (told,) = await findings_of(webhooks_reach_us, probe)
        assert "answered 404" in told.what
        route.mock(side_effect=httpx.ConnectError("no"))
        (told,) = await findings_of(webhooks_reach_us, probe)
        assert ("no answer from" in told.what, "firewall" in told.cure) == (True, True)
