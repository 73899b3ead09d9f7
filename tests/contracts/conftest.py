from collections.abc import Iterator

import pytest

from tests.azurite import server


@pytest.fixture(scope="session")
def installed() -> None:
    """Skips where Azurite is not installed."""
    if not server.is_installed():
        pytest.skip(server.MISSING)


@pytest.fixture(scope="session")
def azurite(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite of this session's own."""
    with server.running(tmp_path_factory.mktemp("azurite")) as port:
        yield server.connection_string(port)
