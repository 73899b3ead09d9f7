"""What is deployed: everything the app needs, and nothing of the tests, the sandbox or a developer's machine."""

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PATTERNS = [
    line
    for line in (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def is_left_out(path: str) -> bool:
    """As .funcignore is read: a pattern with a slash stands for one place, any other for a name anywhere."""
    parts = PurePosixPath(path).parts
    return any(
        path == pattern or path.startswith(f"{pattern}/")
        if "/" in pattern
        else any(fnmatch(part, pattern) for part in parts)
        for pattern in PATTERNS
    )


def test_the_patterns_are_of_the_plain_kinds_that_are_read_here() -> None:
    assert not any(pattern.startswith(("!", "/")) or "**" in pattern for pattern in PATTERNS)


@pytest.mark.parametrize(
    "path",
    ["function_app.py", "host.json", "requirements.txt", "connections.toml", "sync/flows/orders.py", "sync/wiring.py"],
)
def test_what_the_app_needs_is_deployed(path: str) -> None:
    assert not is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "tests/infra/test_package.py", "sync/sandbox/serve.py", "sync/demo/play.py", "infra/main.bicep", ".git/config",
        ".venv/bin/python", ".venv-infra/bin/python", ".sync/vault.json", ".sync/vault.key", "vault.json", "vault.key",
        "local.settings.json", ".azure/prod/.env", "sync/__pycache__/wiring.cpython-311.pyc", "docs/deploying.md",
        "requirements-dev.txt",
    ],
)  # fmt: skip
def test_what_is_none_of_its_business_is_not(path: str) -> None:
    assert is_left_out(path)


def test_the_package_registers_its_functions_on_its_own(tmp_path: Path) -> None:
    for source in ROOT.rglob("*.py"):
        path = source.relative_to(ROOT)
        if not is_left_out(path.as_posix()):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, tmp_path / path)
    for data in (ROOT / "sync").rglob("*.toml"):
        shutil.copyfile(data, tmp_path / data.relative_to(ROOT))
    program = "import function_app; print(*(f.get_function_name() for f in function_app.app.get_functions()))"
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own interpreter on our own program
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path, env=system, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {"receive_webhook", "watch", "poll_orders", "deliver_orders"} <= set(done.stdout.split())
