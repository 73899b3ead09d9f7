"""A refusal without end is read as far as a person needs it, and the connection is closed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.commerce.access import Access
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce
from sync.core.errors import Later, Never
from sync.core.http_reading import MOST_OF_A_REFUSAL, http_date, wait_in
from sync.dynamics.faults import error_from
from sync.dynamics.refusals import ODataAnswer, ODataCall
from tests.commerce.doubles import HandClock, KnownSecrets
from tests.commerce.shop import CREDENTIALS
from tests.dynamics.doubles import Environment, Harness
from tests.pacing.paces import pace_of

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PIECE = b'{"error":{"message":"' + b"name 'x' " * 7000


class Endless(httpx.AsyncByteStream):
    def __init__(self) -> None:
        self.pieces = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.pieces < 1000:
            self.pieces += 1
            yield PIECE

    async def aclose(self) -> None:
        self.is_closed = True


def answering(status: int, stream: Endless) -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda _: httpx.Response(status, stream=stream, headers={"retry-after": "7"})
    )


@pytest.mark.parametrize("status", [400, 500])
async def test_f_and_o(status: int) -> None:
    stream = Endless()
    client = Harness(Environment({}, {})).client(transport=answering(status, stream))
    with pytest.raises((Later, Never)):
        await client.get("Orders", {"dataAreaId": "usmf"})
    assert stream.pieces <= MOST_OF_A_REFUSAL // len(PIECE) + 1
    assert stream.is_closed


@pytest.mark.parametrize("status", [400, 503])
async def test_commerce(status: int) -> None:
    stream = Endless()
    names = {name.replace("-", "_"): name for name in CREDENTIALS}
    async with httpx.AsyncClient(transport=answering(status, stream)) as http:
        settings = Commerce(url="https://shop.example.com", **names)
        client = CommerceClient(
            Access(
                settings,
                secrets=KnownSecrets(CREDENTIALS),
                http=http,
                clock=HandClock(),
                pace=pace_of(HandClock()),
            )
        )
        with pytest.raises((Later, Never)):
            await client.get("orders/1")
    assert stream.pieces <= 2 * (MOST_OF_A_REFUSAL // len(PIECE) + 1), "a read is asked for twice"
    assert stream.is_closed


@pytest.mark.parametrize(
    "text",
    [
        "", "x" * 100_000, "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 1999 23:59:59 +99999999999",
        "Fri, 31 Dec 1999 23:59:59 -9959", "9" * 50,
        "Fri, 31 Dec 2026 23:59:59 +9999999999999999999999", "1e9", "-1", "٣", "\ud800",
    ],
)  # fmt: skip
def test_a_header_that_nobody_writes_is_no_wait_and_no_error(text: str) -> None:
    assert wait_in(text, NOW) is None
    assert http_date(text) is None


@pytest.mark.parametrize("header", ["999999999", "Fri, 31 Dec 2100 23:59:59 GMT"])
@pytest.mark.parametrize("status", [400, 408, 429, 500, 503])
def test_no_answer_can_put_a_record_off_for_longer_than_an_hour(status: int, header: str) -> None:
    error = error_from(
        ODataAnswer(status, {"retry-after": header}, b""), ODataCall("x", writes=True), now=NOW
    )
    assert isinstance(error, Never | Later)
    assert isinstance(error, Never) or (error.after or timedelta()) <= timedelta(hours=1)
