import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Line, Systems, both_systems
from tests.log_capture import log_as_before


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the developer's machine reaches the command line, and what it sets up of the
    log does not outlive it."""
    for name in [
        name for name in os.environ if name.startswith("SYNC_") and name != "SYNC_TEST_SKIPS"
    ]:
        monkeypatch.delenv(name)
    with log_as_before():
        yield


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The command line in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return Line(tmp_path)


@pytest.fixture
def home(line: Line) -> Line:
    """The command line after `init`."""
    assert line("init").status == 0
    return line


@pytest.fixture(scope="module")
def systems() -> Iterator[Systems]:
    """Both systems behind sockets, shared by the tests of a module."""
    yield from both_systems()
