"""An instance that was warm before it was ours, as on Flex Consumption: it hears of the app and of
its settings later."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from sync.app.settings import NEEDED, Edition
from sync.core.encoding import from_json
from tests.worker.inputs import http
from tests.worker.process import SUCCESS, Worker, running
from tests.worker.serving import CONNECTION, home_of, nobody_listens

HEALTH: Final = http("GET", "health")


@pytest.fixture
async def warm(package: Path, tmp_path: Path) -> AsyncIterator[Worker]:
    """A worker that runs elsewhere, and knows of no app."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with running(elsewhere, tmp_path / "log", {}) as worker:
        await worker.init(elsewhere)
        assert worker.functions == {}
        yield worker


async def specialize(worker: Worker, folder: Path, settings: dict[str, str]) -> None:
    """Tell the worker whose it is from now on."""
    reported = {"environment_variables": settings, "function_app_directory": str(folder)}
    answer = await worker.ask("function_environment_reload_request", reported)
    assert answer["message"]["function_environment_reload_response"]["result"]["status"] == SUCCESS
    await worker.index(folder)


async def test_settings_that_come_late_are_read_and_connections_toml_is_found_in_the_package(
    warm: Worker, package: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(package, tmp_path / "wwwroot")
    with nobody_listens() as ready:
        settings = home_of(tmp_path, ready)
        shutil.move(settings.pop("SYNC_CONNECTIONS"), folder / "connections.toml")
        await specialize(warm, folder, settings)
        outcome = await warm.invoke("health", HEALTH)
        flows = from_json(outcome.body)["flows"]
    assert outcome.status == 200
    assert CONNECTION in flows["orders"]["polled_until"]


async def test_settings_that_are_missing_then_are_named(warm: Worker, package: Path) -> None:
    await specialize(warm, package, {"WEBSITE_INSTANCE_ID": "0123"})
    outcome = await warm.invoke("health", HEALTH)
    assert (outcome.status, from_json(outcome.body)["missing"]) == (
        503,
        sorted(NEEDED[Edition.AZURE]),
    )
