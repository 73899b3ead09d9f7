"""The job that builds reports on Azure: its settings, its image, and that nobody reaches more of
its data than is theirs."""

import re
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree
from typing import Any, Final

import pathspec
import pytest

from sync.app.settings import NEEDED, REPORTS, SECRETS, Edition, Settings
from sync.reporting.containers import CONTAINERS
from tests.infra.bicep import INFRA, bicep

ROOT: Final = INFRA.parent
IMAGE: Final = (INFRA / "reports.Dockerfile").read_text(encoding="utf-8")
CONFIGURATION: Final = "connections.toml"
"""Which is not in the repository: whoever deploys brings theirs."""


def job() -> Any:
    return bicep("report-job").body("job")["properties"]


def copied() -> list[str]:
    """What the image takes from the folder."""
    lines = re.findall(r"^COPY (.+) \S+$", IMAGE, re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_its_settings_are_all_that_it_reads_and_no_secret() -> None:
    (container,) = job()["template"]["containers"]
    named = {one["name"] for one in container["env"]}
    assert named == {
        *NEEDED[Edition.AZURE], REPORTS, "SYNC_EDITION", "SYNC_LOG_FORMAT",
    }  # fmt: skip
    assert set(SECRETS).isdisjoint(named)
    account = {
        "SERVICE_BUS__fullyQualifiedNamespace": "name.servicebus.windows.net",
        "TABLES_ENDPOINT": "https://name.table.core.windows.net/",
        "KEY_VAULT_URL": "https://name.vault.azure.net/", "AZURE_CLIENT_ID": "1",
        REPORTS: "https://name.blob.core.windows.net/", "SYNC_EDITION": "azure",
    }  # fmt: skip
    settings = Settings.from_environment(account)
    assert settings.reports_endpoint == "https://name.blob.core.windows.net"


def test_one_builds_at_a_time_and_is_begun_again_when_it_was_killed() -> None:
    configured = job()["configuration"]
    assert configured["triggerType"] == "Schedule"
    assert configured["replicaRetryLimit"] > 0
    assert configured["replicaTimeout"] < 24 * 3600, "before the next night's"
    assert configured["scheduleTriggerConfig"]["parallelism"] == 1


def test_the_containers_are_those_of_the_code_and_show_nothing_to_the_public() -> None:
    data = bicep("report-data")
    assert data.tree["variables"]["containers"]["value"] == [*CONTAINERS]
    account: Any = data.body("account")["properties"]
    assert account == {**_properties("storage", "account"), "isHnsEnabled": True}
    assert _properties("report-data", "container") == {"publicAccess": "None"}
    assert _properties("report-data", "registry")["adminUserEnabled"] is False


def _properties(file: str, name: str) -> Any:
    return bicep(file).body(name)["properties"]


def test_the_image_takes_what_is_there_and_what_is_sent() -> None:
    assert copied() == ["requirements.txt", "requirements-reporting.txt", "sync", CONFIGURATION]
    for name in copied():
        assert name == CONFIGURATION or (ROOT / name).exists(), name
    kept_out = pathspec.PathSpec.from_lines(
        "gitignore", (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    )
    sent = [*copied(), "sync/cli/main.py", "sync/reporting/sql/star.sql"]
    assert [name for name in sent if kept_out.match_file(name)] == []
    for name in (".sync/vault.key", "tests/conftest.py", "shop.pem", "sync/__pycache__/a.pyc"):
        assert kept_out.match_file(name), name


def test_the_image_installs_files_with_their_hashes_and_runs_as_nobody() -> None:
    assert "--require-hashes" in IMAGE
    assert re.search(r"^USER (?!0|root)", IMAGE, re.MULTILINE)
    assert re.search(r"^FROM python:3\.11-", IMAGE, re.MULTILINE)


@pytest.mark.long
def test_its_command_runs_from_what_is_copied(tmp_path: Path) -> None:
    """With nothing but the requirements that it names; it then misses its settings."""
    for name in copied():
        if name == CONFIGURATION:
            copy(ROOT / "sync" / "cli" / "connections.example.toml", tmp_path / name)
        elif (ROOT / name).is_dir():
            copytree(ROOT / name, tmp_path / name)
        else:
            copy(ROOT / name, tmp_path / name)
    python = tmp_path / "venv" / "bin" / "python"
    _done(sys.executable, "-m", "venv", str(python.parent.parent), cwd=tmp_path)
    installs = re.search(r"^RUN python (-m pip install .+)$", IMAGE, re.MULTILINE)
    assert installs is not None
    _done(str(python), *installs[1].split(), cwd=tmp_path)
    entry = re.search(r"^ENTRYPOINT (.+)$", IMAGE, re.MULTILINE)
    assert entry is not None
    words = re.findall(r'"([^"]+)"', entry[1])
    assert words[0] == "python"
    _done(str(python), "-c", "import azure.storage.blob, duckdb", cwd=tmp_path)
    ran = subprocess.run(  # noqa: S603 - our own command
        [str(python), *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"SYNC_EDITION": "azure", "SYNC_CONNECTIONS": str(tmp_path / CONFIGURATION)},
    )  # fmt: skip
    assert ran.returncode == 2
    assert "TABLES_ENDPOINT is missing" in ran.stderr


def _done(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)  # noqa: S603 - our own
