import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.running import Line, environment
from tests.cli.test_preview import CONFIGURATION


@contextmanager
def serving(
    folder: Path, *arguments: str
) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """A serving process and what it said when it was ready."""
    command = [sys.executable, "-m", "sync", "serve", "--port", "0", "--json", *arguments]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment()
    ) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said, process.stderr and process.stderr.read().decode()
            yield process, json.loads(said)
        finally:
            process.kill()


@pytest.fixture
def served(line: Line) -> Line:
    (line.folder / "connections.toml").write_text(CONFIGURATION)
    return line


def test_it_says_where_it_is_answers_health_to_its_key_and_ends_well_on_sigterm(
    served: Line,
) -> None:
    with serving(served.folder, "--function-key", "open sesame") as (process, ready):
        assert (ready["event"], ready["connections"], ready["has_key"]) == ("ready", ["shop"], True)
        url = f"{ready['url']}/api/health"
        answer = httpx.get(url, headers={"x-functions-key": "open sesame"})
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert httpx.get(url).status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0


def test_a_directory_is_served_once(served: Line) -> None:
    with serving(served.folder) as (_, ready):
        assert not ready["has_key"]
        ran = served("serve", "--port", "0")
        assert ran.status == 2
        assert "is served by process" in ran.err
        assert served("parked", "--json").status == 0


def test_the_key_may_lie_in_the_vault(served: Line) -> None:
    assert served("init").status == 0
    assert served("secrets", "set", "function-key", stdin="from the vault\n").status == 0
    with serving(served.folder) as (_, ready):
        answer = httpx.get(
            f"{ready['url']}/api/health", headers={"x-functions-key": "from the vault"}
        )
        assert answer.status_code == 200


def test_a_port_that_is_taken_is_told_plainly(served: Line) -> None:
    with serving(served.folder) as (_, ready):
        elsewhere = served.folder / "elsewhere"
        port = ready["url"].rpartition(":")[2]
        ran = served.process("serve", "--home", elsewhere, "--port", port)
        assert ran.status == 2
        assert f"port {port}" in ran.err
        assert "Traceback" not in ran.err


def test_a_configuration_with_faults_is_not_served(line: Line) -> None:
    (line.folder / "connections.toml").write_text("[connections.shop]\nflows = ['ordres']\n")
    ran = line.process("serve", "--port", "0")
    assert ran.status == 2
    assert '"ordres" is not a flow' in ran.err
    assert "line 2" in ran.err
    assert "Traceback" not in ran.err


def test_a_hook_without_a_signature_is_refused_before_its_body_is_sent(served: Line) -> None:
    with serving(served.folder) as (_, ready):
        address = httpx.URL(ready["url"])
        with socket.create_connection((address.host, address.port or 0)) as caller:
            caller.sendall(
                b"POST /api/webhooks/shop/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"
            )
            said = caller.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 401 ")
    assert b"signature" in said
