"""What azd runs before it packs: a configuration that is missing or broken is never deployed."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sync.config.file.__main__ import main
from tests.package.built import ROOT

EXAMPLE = ROOT / "sync" / "cli" / "connections.example.toml"
BROKEN = 'connections.shop.flows = ["ordres"]\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which `.venv` runs this Python."""
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return tmp_path


def before_packaging(folder: Path) -> subprocess.CompletedProcess[str]:
    found = re.search(
        r"posix:\n +shell: sh\n +run: \|\n((?: {12}.*\n)+)",
        (ROOT / "azure.yaml").read_text("utf-8"),
    )
    assert found
    script = textwrap.dedent(found[1])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603 - our own script
        ["/bin/sh", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_sound_file_is_packed(checkout: Path) -> None:
    shutil.copy(EXAMPLE, checkout / "connections.toml")
    done = before_packaging(checkout)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_file_stops_it(checkout: Path) -> None:
    done = before_packaging(checkout)
    assert done.returncode == 1
    assert "connections.toml is missing" in done.stderr


def test_a_broken_file_stops_it_and_its_faults_are_told(checkout: Path) -> None:
    (checkout / "connections.toml").write_text(BROKEN)
    done = before_packaging(checkout)
    assert done.returncode == 1
    assert '"ordres" is not a flow' in done.stderr
    assert "Traceback" not in done.stderr


def test_where_no_python_was_set_up_only_the_file_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "connections.toml").write_text(BROKEN)
    assert before_packaging(tmp_path).returncode == 0


def test_a_file_is_read_without_asking_anybody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.toml").write_text(BROKEN)
    assert main([str(EXAMPLE)]) == 0
    assert main([str(EXAMPLE), str(tmp_path / "broken.toml")]) == 1
    assert main([str(tmp_path / "none.toml")]) == 1
    assert '"ordres" is not a flow' in capsys.readouterr().err
