"""`alerts`: what stands, and whether those who are told would hear it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sync.alerts.alert import Alert
from sync.app.embedded import open_embedded
from sync.config.file.reading import read_connections
from tests.cli.running import Line

PARKED = Alert("parked|bikes|orders", "warning", "2 records wait", "No sku.", "Map it.")


class Hook(BaseHTTPRequestHandler):
    """Takes posts, and keeps their bodies with the server."""

    taken: list[Any] = []  # noqa: RUF012 - one server a test, which empties it

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.taken.append(json.loads(self.rfile.read(length)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def hook() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hook)
    Hook.taken.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hook"
    server.shutdown()
    server.server_close()


def configured(line: Line) -> None:
    with (line.folder / "connections.toml").open("a") as file:
        file.write('\nwebhook = "alerts-url"\n')


def test_a_test_reaches_who_is_told_and_changes_nothing(home: Line, hook: str) -> None:
    configured(home)
    assert home("secrets", "set", "alerts-url", stdin=hook).status == 0
    assert home("alerts", "--test").out == "Sent by webhook.\n"
    assert [one["title"] for one in Hook.taken[0]["fired"]] == ["A test of the alerts"]
    assert home("alerts").out == "No alert stands.\n"


def test_without_a_receiver_a_test_says_what_to_write(home: Line) -> None:
    refused = home("alerts", "--test")
    assert (refused.status, refused.out) == (2, "")
    assert "Write [alerts] in connections.toml" in refused.err


def test_an_address_that_does_not_answer_is_a_problem_in_words(home: Line, hook: str) -> None:
    configured(home)
    assert home("secrets", "set", "alerts-url", stdin=hook.replace("/hook", ":1")).status == 0
    refused = home("alerts", "--test")
    assert refused.status == 2
    assert "the secret alerts-url holds no https address" in refused.err


def test_what_stands_is_listed_with_what_to_do_and_ends_with_1(home: Line) -> None:
    stand(home, PARKED)
    listed = home("alerts")
    assert listed.status == 1
    assert "2 records wait" in listed.out
    assert "Map it." in listed.out
    (row,) = home("alerts", "--json").documents
    assert (row["cause"], row["told_at"]) == (PARKED.cause, None)


def stand(line: Line, alert: Alert) -> None:
    """Let the embedded edition's own alerting see it."""

    async def look() -> None:
        connections = read_connections(line.folder / "connections.toml")
        services = await open_embedded(line.folder / ".sync", connections, serves=False)
        await services.watch.alerting.look([alert])
        await services.close()

    asyncio.run(look())
