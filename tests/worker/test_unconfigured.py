"""An app that is deployed before it is set up: it is there, says what it misses, and takes
nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from sync.app.settings import NEEDED, Edition
from sync.core.encoding import from_json
from tests.worker.inputs import Input, http, service_bus, timer
from tests.worker.process import Worker, running

IN_AZURE: Final = {"WEBSITE_INSTANCE_ID": "0123"}
WEBHOOK: Final = http(
    "POST", "webhooks/shop/orders", body=b"{}", route={"connection": "shop", "flow": "orders"}
)
HEALTH: Final = http("GET", "health")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def in_azure(
    package: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Worker]:
    log = tmp_path_factory.mktemp("in_azure") / "log"
    async with running(package, log, IN_AZURE, package=package) as worker:
        await worker.init(package)
        yield worker


async def answered(worker: Worker, name: str, given: Input) -> tuple[int, Any]:
    """Status and document of an HTTP function's answer."""
    outcome = await worker.invoke(name, given)
    assert outcome.content_type == "application/json"
    return outcome.status, from_json(outcome.body)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_http_functions_name_every_missing_setting(in_azure: Worker) -> None:
    reported = (503, {"error": "settings are missing", "missing": sorted(NEEDED[Edition.AZURE])})
    assert await answered(in_azure, "receive_webhook", WEBHOOK) == reported
    assert await answered(in_azure, "health", HEALTH) == reported


async def test_the_timer_fails_with_every_missing_setting_named(in_azure: Worker) -> None:
    outcome = await in_azure.invoke("tick", timer())
    assert (outcome.succeeded, outcome.returned) == (False, None)
    assert outcome.said.startswith("SettingsMissing: ")
    assert all(setting in outcome.said for setting in NEEDED[Edition.AZURE])


async def test_messages_are_given_back_with_every_missing_setting_named_while_others_are_answered(
    in_azure: Worker,
) -> None:
    triggers = {
        "deliver_documents": service_bus(b"{}", "orders#1"),
        "park_polls": service_bus(b"{}", "orders#1", DeadLetterReason="MaxDeliveryCountExceeded"),
        "take_business_event": service_bus(b"{}", "1"),
    }
    held = [asyncio.create_task(in_azure.invoke(name, given)) for name, given in triggers.items()]
    status, _ = await answered(in_azure, "health", HEALTH)
    assert status == 503
    assert not any(one.done() for one in held)
    for outcome in await asyncio.gather(*held):
        assert (outcome.succeeded, outcome.returned) == (False, None)
        assert outcome.said.startswith("SettingsMissing: ")
        assert all(setting in outcome.said for setting in NEEDED[Edition.AZURE])


async def test_without_a_connections_toml_callers_hear_so_and_nothing_is_written(
    package: Path, tmp_path: Path
) -> None:
    before = files(package)
    async with running(package, tmp_path / "log", {}, package=package) as worker:
        await worker.init(package)
        for name, given in {"receive_webhook": WEBHOOK, "health": HEALTH}.items():
            status, reported = await answered(worker, name, given)
            assert (status, "configuration" in reported["error"]) == (503, True)
        outcome = await worker.invoke("deliver_documents", service_bus(b"{}", "orders#1"))
        assert not outcome.succeeded
        assert outcome.said.startswith("BadConfiguration: connections.toml has 1 fault")
        assert "host.not_open reason=connections.toml has 1 fault" in worker.log
    assert files(package) == before
