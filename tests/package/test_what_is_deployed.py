"""What is deployed: everything the app needs, and nothing of the tests, the sandbox or a developer's machine."""

import pytest

from tests.package.built import PATTERNS, is_left_out


def test_the_patterns_are_of_the_plain_kinds_that_are_read_here() -> None:
    assert not any(pattern.startswith(("!", "/")) or "**" in pattern for pattern in PATTERNS)


@pytest.mark.parametrize(
    "path",
    [
        "function_app.py",
        "host.json",
        "requirements.txt",
        "connections.toml",
        "sync/flows/orders.py",
        "sync/editions/wiring.py",
    ],
)
def test_what_the_app_needs_is_deployed(path: str) -> None:
    assert not is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "tests/package/built.py", "sync/sandbox/serve.py", "sync/demo/play.py", "infra/main.bicep", ".git/config",
        ".venv/bin/python", ".venv-infra/bin/python", ".sync/vault.json", ".sync/vault.key", "vault.json", "vault.key",
        "local.settings.json", ".azure/prod/.env", "sync/__pycache__/services.cpython-311.pyc", "docs/deploying.md",
        "requirements-dev.txt", "requirements-worker.txt", ".worker/azure_functions_runtime/__init__.py",
    ],
)  # fmt: skip
def test_what_is_none_of_its_business_is_not(path: str) -> None:
    assert is_left_out(path)
