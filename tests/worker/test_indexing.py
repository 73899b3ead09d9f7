"""What the worker finds in the package: every function, with the bindings that the host is to
listen on."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sync.hosts.azure import DEAD, SERVICE_BUS
from tests.hosts.surface import GOLDEN
from tests.worker.process import SUCCESS, running


@dataclass(frozen=True)
class Indexed:
    """What a worker said that was started with no setting of the app: the line that answered init,
    and the functions."""

    init: Mapping[str, Any]
    functions: Mapping[str, Mapping[str, Any]]

    def triggers(self) -> dict[str, Mapping[str, Any]]:
        """What calls each function."""
        return {name: self.bindings(name)["IN"] for name in self.functions}

    def bindings(self, name: str) -> dict[str, Mapping[str, Any]]:
        """A function's bindings by direction, as they go to the host."""
        found = [json.loads(binding) for binding in self.functions[name]["raw_bindings"]]
        return {binding["direction"]: binding for binding in found}


async def indexed_in(folder: Path, log: Path) -> Indexed:
    async with running(folder, log, {}, package=folder) as worker:
        return Indexed(await worker.init(folder), worker.functions)


@pytest.fixture(scope="module")
def indexed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    return asyncio.run(indexed_in(package, tmp_path_factory.mktemp("indexed") / "log"))


def row(name: str, trigger: Mapping[str, Any]) -> tuple[str, ...]:
    """As the file with the app's surface has it."""
    match trigger["type"]:
        case "httpTrigger":
            return (
                name,
                "http " + ",".join(trigger["methods"]),
                f"/api/{trigger['route']}",
                trigger["authLevel"].lower(),
            )
        case "serviceBusTrigger" if trigger["queueName"].endswith(DEAD):
            return name, "dead letters", trigger["queueName"].removesuffix(DEAD)
        case "serviceBusTrigger":
            return name, "queue", trigger["queueName"]
        case _:
            return name, "timer", trigger["schedule"]


def test_all_functions_of_the_app_are_found_with_what_calls_them(indexed: Indexed) -> None:
    golden = [
        tuple(re.split(r"\s{2,}", line)) for line in GOLDEN.read_text(encoding="utf-8").splitlines()
    ]
    assert [row(name, trigger) for name, trigger in indexed.triggers().items()] == golden


def test_messages_come_from_the_apps_namespace_one_by_one_and_as_bytes(indexed: Indexed) -> None:
    queues = [
        trigger for trigger in indexed.triggers().values() if trigger["type"] == "serviceBusTrigger"
    ]
    assert {
        (trigger["connection"], trigger["dataType"], trigger.get("cardinality"))
        for trigger in queues
    } == {(SERVICE_BUS, "BINARY", None)}


def test_only_http_functions_return_something(indexed: Indexed) -> None:
    returning = {name for name in indexed.functions if "OUT" in indexed.bindings(name)}
    assert returning == {
        name for name, trigger in indexed.triggers().items() if trigger["type"] == "httpTrigger"
    }
    assert {indexed.bindings(name)["OUT"]["type"] for name in returning} == {"http"}


def test_no_timer_runs_because_an_instance_starts(indexed: Indexed) -> None:
    timers = [
        trigger for trigger in indexed.triggers().values() if trigger["type"] == "timerTrigger"
    ]
    assert {trigger["runOnStartup"] for trigger in timers} == {False}


def test_the_worker_awaits_every_function_on_its_loop(indexed: Indexed) -> None:
    assert indexed.init["is_async"] == dict.fromkeys(indexed.functions, True)


def test_bodies_are_asked_for_as_the_bytes_that_came(indexed: Indexed) -> None:
    assert (
        indexed.init["message"]["worker_init_response"]["capabilities"]["RawHttpBodyBytes"]
        == "true"
    )


def test_indexing_opens_no_socket_and_writes_no_file(indexed: Indexed) -> None:
    assert indexed.init["message"]["worker_init_response"]["result"]["status"] == SUCCESS
    assert indexed.init["touched"] == []


TOUCHING = """
import socket
import azure.functions as func

app = func.FunctionApp()
socket.socket().close()
open("written", "w").close()
"""


async def test_an_app_that_would_is_noticed(package: Path, tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(TOUCHING, encoding="utf-8")
    touched = (await indexed_in(tmp_path, tmp_path / "log")).init["touched"]
    assert [event.split()[0] for event in touched] == ["socket.__new__", "open"]
    assert (tmp_path / "written").exists()


async def test_an_app_that_cannot_be_imported_is_noticed(package: Path, tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("import nowhere", encoding="utf-8")
    result = (await indexed_in(tmp_path, tmp_path / "log")).init["message"]["worker_init_response"][
        "result"
    ]
    assert result["status"] != SUCCESS
    assert "nowhere" in result["exception"]["message"]
