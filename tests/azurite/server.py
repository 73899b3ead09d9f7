"""Azurite's table or blob service, in memory, on a port of its own of 127.0.0.1; `make azurite`
installs it."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = Path(__file__).parent / "node_modules" / ".bin"
MISSING = "Azurite is not installed (make azurite)"
TRIES = 3
"""A port that was free may be taken before Azurite listens on it."""


def is_installed() -> bool:
    return (PROGRAMS / "azurite-table").exists() and shutil.which("node") is not None


@contextmanager
def running(place: Path, *options: str, service: str = "table") -> Iterator[int]:
    """The port of a service that runs inside the block, in the directory `place`."""
    for _ in range(TRIES):
        port = _free_port()
        with _started(service, port, place, options) as process:
            said = _said_until_ready(process)
            if process.poll() is not None:
                continue
            try:
                yield port
            finally:
                process.terminate()
            return
    raise AssertionError(f"Azurite did not start: {said}")


def connection_string(port: int, service: str = "Table") -> str:
    """With the development key that Microsoft publishes."""
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    endpoint = f"http://127.0.0.1:{port}/devstoreaccount1"
    return (
        f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};"
        f"{service}Endpoint={endpoint};"
    )


def _started(
    service: str, port: int, place: Path, more: tuple[str, ...]
) -> "subprocess.Popen[str]":
    options = [
        "--silent",
        "--disableTelemetry",
        "--inMemoryPersistence",
        f"--{service}Host",
        "127.0.0.1",
        *more,
    ]
    return subprocess.Popen(  # noqa: S603 - a fixed program with fixed options
        [
            str(shutil.which("node")), str(PROGRAMS / f"azurite-{service}"), *options,
            f"--{service}Port", str(port),
        ],
        cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,  # Ctrl+C is for whoever uses it; it is ended after them
    )  # fmt: skip


def _said_until_ready(process: "subprocess.Popen[str]") -> str:
    """What it said until it was ready, or had ended."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "successfully" in line:
            return said
    process.wait()
    return said


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
