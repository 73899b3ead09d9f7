"""The package as it is deployed, and workers on it; without Microsoft's code, the tests are skipped
with the reason."""

import compileall
import zipfile
from pathlib import Path

import pytest

from tests.package.built import build
from tests.worker.process import MISSING, is_installed


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked; not to be changed."""
    if not is_installed():
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("wwwroot").resolve()
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("built") / "package.zip")) as archive:
        archive.extractall(folder)
    compileall.compile_dir(folder, quiet=1)  # once, and not by each worker
    return folder
