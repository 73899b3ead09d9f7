from collections.abc import Iterator

import pytest

from tests.azurite import server


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of an Azurite of this session's own; skips where it is not installed."""
    if not server.is_installed():
        pytest.skip(server.MISSING)
    with server.running(tmp_path_factory.mktemp("azurite")) as connection_string:
        yield connection_string
