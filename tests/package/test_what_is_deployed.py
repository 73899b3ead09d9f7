"""What is deployed: everything the app needs, and nothing of the tests, the sandbox or a
developer's machine."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.package.built import ROOT, build, is_left_out

AT_THE_TOP = {"connections.toml", "function_app.py", "host.json", "requirements.txt"}
PAGES = ("sync/console/templates/", "sync/console/static/")
"""The console's own files that are no code."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("built") / "package.zip")) as made:
        return made.namelist()


@pytest.mark.parametrize(
    "path",
    [
        "function_app.py",
        "host.json",
        "requirements.txt",
        "connections.toml",
        "sync/flows/orders/orders.py",
        "sync/app/wiring.py",
        "sync/console/templates/page.html",
        "sync/console/static/console.css",
        "sync/console/texts.toml",
        "sync/portal/fonts/DejaVuSans.ttf",
        "sync/portal/fonts/LICENSE.md",
    ],
)
def test_what_the_app_needs_is_deployed(path: str) -> None:
    assert not is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "tests/package/built.py", "sandbox/serve.py", "sandbox/demo/scenario.py",
        "infra/main.bicep", ".git/config",
        ".venv/bin/python", ".venv-infra/bin/python", ".sync/vault.json", ".sync/vault.key",
        "vault.json", "vault.key",
        "local.settings.json", ".azure/prod/.env", "sync/__pycache__/services.cpython-311.pyc",
        "docs/deploying.md",
        "requirements-dev.txt", "requirements-fuzz.txt", "requirements-worker.txt",
        "requirements-pins.txt", "requirements.in", "requirements-dev.in",
        ".worker/azure_functions_runtime/__init__.py",
        "token.txt", "new.txt", "key.pem", "shop.pfx", "items.csv", "orders.json", ".env",
        "sync.toml", "whatever",
        "sync/token.txt", "sync/cli/key.pem", "sync/vault.key", "sync/tables.sqlite-wal",
        "sync/customers.csv",
    ],
)  # fmt: skip
def test_what_is_none_of_its_business_is_not(path: str) -> None:
    assert is_left_out(path)


def test_all_of_the_product_is_deployed(package: list[str]) -> None:
    sources = [
        path.relative_to(ROOT)
        for path in (ROOT / "sync").rglob("*")
        if path.suffix in {".py", ".toml"}
    ]
    assert {path.as_posix() for path in sources} <= set(package)


def test_nothing_else_is(package: list[str]) -> None:
    below = {name for name in package if "/" in name}
    assert set(package) - below <= AT_THE_TOP
    pages = {name for name in below if name.startswith(PAGES)}
    assert {Path(name).suffix for name in pages} == {".css", ".html", ".js", ".svg"}
    assert {Path(name).suffix for name in below - pages} == {
        ".py", ".toml", ".ttf", ".md", ".sql",
    }  # fmt: skip
    assert {name.partition("/")[0] for name in below} == {"sync"}


@pytest.mark.parametrize(
    "path",
    [
        "token.txt",
        "new.txt",
        "key.pem",
        "vault.key",
        "shop.pfx",
        "connections.toml",
        ".sync/vault.json",
    ],
)
def test_what_may_hold_a_secret_or_names_a_customer_is_no_part_of_the_repository_either(
    path: str,
) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("these sources are no checkout")
    reported = subprocess.run(  # noqa: S603
        ["git", "check-ignore", "--quiet", "--no-index", path],  # noqa: S607
        cwd=ROOT,
        check=False,
    )
    assert reported.returncode == 0


def test_deploying_needs_an_azd_that_reads_the_list_as_it_is_meant() -> None:
    found = re.search(
        r'azd: ">= (\d+)\.(\d+)\.(\d+)"', (ROOT / "azure.yaml").read_text(encoding="utf-8")
    )
    assert found
    assert tuple(map(int, found.groups())) >= (1, 23, 13)
