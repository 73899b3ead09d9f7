from collections.abc import AsyncIterator, Iterator

import pytest
import respx

from tests.intake_http.harness import ADOBE, KEY_HOST, Harness, public_pem


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    found = Harness()
    yield found
    await found.close()


@pytest.fixture
def key_host() -> Iterator[respx.Route]:
    """Adobe's host of public keys, at the wire."""
    with respx.mock(assert_all_called=False) as router:
        yield router.get(f"{KEY_HOST}/prod/keys/pub-key-1.pem").respond(200, text=public_pem(ADOBE))
