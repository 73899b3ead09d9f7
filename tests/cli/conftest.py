import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Line, Systems, both_systems


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the developer's machine reaches the command line, and no log handler outlives its streams."""
    for name in [name for name in os.environ if name.startswith("SYNC_") and name != "SYNC_TEST_SKIPS"]:
        monkeypatch.delenv(name)
    yield
    root = logging.getLogger()
    for handler in [known for known in root.handlers if known.name == "sync"]:
        root.removeHandler(handler)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """The command line in an empty directory."""
    monkeypatch.chdir(tmp_path)
    return Line(tmp_path)


@pytest.fixture(scope="module")
def systems() -> Iterator[Systems]:
    """Both systems behind sockets, shared by the tests of a module."""
    yield from both_systems()
