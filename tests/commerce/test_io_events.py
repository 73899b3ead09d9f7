"""Adobe I/O Events: reading deliveries, whose they are, whose signature, and the answer by which
Adobe sends again."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sync.commerce.event_keys import (
    FAILURE_KEPT,
    MOST_KEYS,
    MOST_UNKNOWN,
    UNKNOWN_WITHIN,
    PublicKeys,
)
from sync.commerce.io_events import (
    BadEvent,
    Event,
    WrongRecipient,
    asks_for_validation,
    challenge_answer,
    parse_events,
    status_for,
    verify_events,
)
from sync.commerce.signature import Refused
from sync.config.connections import EventKeys
from sync.core.encoding import NotJson
from sync.core.errors import Later, Never
from tests.commerce.doubles import HandClock

ORDER_SAVED = "com.adobe.commerce.observer.sales_order_save_commit_after"
KEYS = EventKeys(client_id="ours", key_host="https://keys.example.com/")
PATH = "/prod/keys/pub-key-1.pem"


def event(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": "outer",
        "type": ORDER_SAVED,
        "eventid": "b0f2b088",
        "event_id": "b0f2b088",
        "recipientclientid": "ours",
        "recipient_client_id": "ours",
        "data": {
            "key": "31a86bbd",
            "value": {"entity_id": "42", "increment_id": "000000042"},
            "source": "m.e",
            "_metadata": {"storeId": "1"},
        },
    }
    return {name: value for name, value in (made | changes).items() if value is not None}


def body_of(*events: Any) -> bytes:
    return json.dumps(events[0] if len(events) == 1 else events).encode()


def test_a_single_event_is_read() -> None:
    assert parse_events(body_of(event())) == [
        Event(
            "b0f2b088",
            ORDER_SAVED,
            {"entity_id": "42", "increment_id": "000000042"},
            {"storeId": "1"},
            "ours",
        )
    ]


def test_a_batch_is_read_in_its_order_and_an_empty_one_is_refused() -> None:
    assert [one.id for one in parse_events(body_of(event(eventid="a"), event(eventid="b")))] == [
        "a",
        "b",
    ]
    with pytest.raises(BadEvent, match="without an event"):
        parse_events(b"[]")


@pytest.mark.parametrize(
    ("changes", "identity", "recipient"),
    [
        ({}, "b0f2b088", "ours"),
        ({"eventid": None, "recipientclientid": None}, "b0f2b088", "ours"),
        ({"event_id": None, "recipient_client_id": None}, "b0f2b088", "ours"),
        ({"eventid": None, "event_id": None}, "outer", "ours"),
        (
            {
                "eventid": "new",
                "event_id": "old",
                "recipientclientid": "new",
                "recipient_client_id": "old",
            },
            "new",
            "new",
        ),
        ({"recipientclientid": 7, "recipient_client_id": None}, "b0f2b088", ""),
    ],
)
def test_new_names_are_read_before_old_ones(
    changes: dict[str, Any], identity: str, recipient: str
) -> None:
    (found,) = parse_events(body_of(event(**changes)))
    assert (found.id, found.recipient) == (identity, recipient)


def test_metadata_may_be_missing() -> None:
    assert parse_events(body_of(event(data={"value": {}, "_metadata": "x"})))[0].metadata == {}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("text", "not an object"),
        (event(type=None), "no type"),
        (event(type=5), "no type"),
        (event(eventid=None, event_id=None, id=None), "none of eventid"),
        (event(data=None), r"data\.value"),
        (event(data={"value": [1]}), r"data\.value"),
        (event(data="text"), r"data\.value"),
    ],
)
def test_what_is_no_event_of_commerce_is_told(entry: Any, words: str) -> None:
    with pytest.raises(BadEvent, match=words):
        parse_events(body_of(entry))


def test_good_events_of_a_batch_survive_a_bad_one() -> None:
    with pytest.raises(BadEvent, match="event 2: not an object") as caught:
        parse_events(body_of(event(eventid="a"), "x", event(eventid="c")))
    assert [one.id for one in caught.value.good] == ["a", "c"]


def test_more_events_than_a_delivery_can_hold_are_refused() -> None:
    with pytest.raises(BadEvent, match="1001 events"):
        parse_events(body_of(*[{}] * 1001))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_what_is_not_json_is_told(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_events(body)


@pytest.mark.parametrize(
    ("kind", "name", "same"),
    [
        (ORDER_SAVED, "observer.sales_order_save_commit_after", True),
        (
            "com.adobe.commerce.myapp.observer.sales_order_save_commit_after",
            "observer.sales_order_save_commit_after",
            True,
        ),
        (ORDER_SAVED, "observer.sales_order_save_after", False),
        (ORDER_SAVED, "commit_after", False),
        (
            "com.evil.observer.sales_order_save_commit_after",
            "observer.sales_order_save_commit_after",
            False,
        ),
        ("com.adobe.commerce.plugin.sales.api.x.place", "plugin.magento.sales.api.x.place", True),
        ("com.adobe.commerce.plugin.magento.sales.api.x.place", "plugin.sales.api.x.place", True),
    ],
)
def test_types_are_matched_by_their_ending(kind: str, name: str, same: bool) -> None:
    assert Event("1", kind, {}).ends_with(name) == same


@pytest.mark.parametrize(
    ("query", "answer"), [({"challenge": "4f-a"}, "4f-a"), ({"challenge": ""}, None), ({}, None)]
)
def test_a_challenge_is_answered_with_itself(query: dict[str, str], answer: str | None) -> None:
    assert challenge_answer(query) == answer


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b'{"validationUrl": "https://csm.adobe.io/csm/events/validate?id=1"}', True),
        (b'{"validationUrl": 5}', True),
        (b'{"other": 1}', False),
        (b"[]", False),
        (b"{", False),
    ],
)
def test_a_request_for_validation_is_told_from_events(body: bytes, asked: bool) -> None:
    assert asks_for_validation(body) is asked


class KeyHost(httpx.AsyncBaseTransport):
    """Adobe's host of public keys."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.pem = self.private.public_key().public_bytes(serialization.Encoding.PEM, form)
        self.fetched: list[str] = []
        self.answers: dict[str, httpx.Response | Exception] = {}
        self.default = httpx.Response(200, content=self.pem)
        self.hangs: dict[str, asyncio.Event] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self.fetched.append(str(request.url))
        if request.url.path in self.hangs:
            await self.hangs[request.url.path].wait()
        answer = self.answers.get(request.url.path, self.default)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def signed(self, body: bytes) -> str:
        return base64.b64encode(
            self.private.sign(body, padding.PKCS1v15(), hashes.SHA256())
        ).decode()


@pytest.fixture
def host() -> KeyHost:
    return KeyHost()


@pytest.fixture
async def public_keys(host: KeyHost, clock: HandClock) -> AsyncIterator[PublicKeys]:
    async with httpx.AsyncClient(transport=host) as http:
        yield PublicKeys(KEYS.key_host, http=http, clock=clock)


def headers_of(one: str | None, two: str | None = None, path: str = PATH) -> dict[str, str]:
    made = {}
    for number, signature in (("1", one), ("2", two)):
        if signature is not None:
            made[f"X-Adobe-Digital-Signature-{number}"] = signature
            made[f"x-adobe-public-key{number}-path"] = path
    return made


@pytest.mark.parametrize("place", ["first", "second"])
async def test_either_signature_over_the_raw_bytes_is_enough(
    host: KeyHost, public_keys: PublicKeys, place: str
) -> None:
    body = body_of(event())
    good, other = host.signed(body), host.signed(base64.b64encode(body))
    headers = headers_of(good, other) if place == "first" else headers_of(other, good)
    await verify_events(body, headers, parse_events(body), KEYS, public_keys)
    await verify_events(body, headers_of(None, good), parse_events(body), KEYS, public_keys)
    assert host.fetched == ["https://keys.example.com/prod/keys/pub-key-1.pem"]


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (headers_of("AAAA", "AAAA"), "neither signature fits"),
        ({}, "is missing"),
        (headers_of("!", None), "is missing"),
        (headers_of("AAAA", "AAAA", "/prod/keys/../x"), "below /prod/keys/"),
        (headers_of("AAAA", "AAAA", "/stage/keys/x.pem"), "below /prod/keys/"),
        (headers_of("AAAA", "AAAA", "/prod/keys/a/b"), "below /prod/keys/"),
        (headers_of("AAAA", "AAAA", "@evil.example/prod/keys/x"), "below /prod/keys/"),
        (headers_of("AAAA", "AAAA", "/prod/keys/x?y"), "below /prod/keys/"),
        (headers_of("AAAA", "AAAA", "/prod/keys/x\n"), "neither"),
        ({"x-adobe-digital-signature-1": "AAAA"}, "is missing"),
    ],
)
async def test_a_delivery_that_is_not_adobes_is_refused_for_good(
    public_keys: PublicKeys, headers: dict[str, str], words: str
) -> None:
    body = body_of(event())
    with pytest.raises(Refused, match=words) as caught:
        await verify_events(body, headers, parse_events(body), KEYS, public_keys)
    assert status_for(caught.value) == 401


async def test_an_event_for_another_client_is_refused_before_any_key_is_fetched(
    host: KeyHost, public_keys: PublicKeys
) -> None:
    body = body_of(event(), event(recipientclientid="theirs"))
    with pytest.raises(WrongRecipient) as caught:
        await verify_events(
            body, headers_of(host.signed(body)), parse_events(body), KEYS, public_keys
        )
    assert status_for(caught.value) == 403
    assert not host.fetched


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(404),
        httpx.Response(302, headers={"Location": "https://evil.example/"}),
        httpx.Response(200, text="not a key"),
        httpx.Response(200, text="x" * 10_001),
        httpx.ConnectTimeout("x"),
    ],
)
async def test_a_key_that_cannot_be_fetched_is_answered_so_that_adobe_sends_again(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock, answer: httpx.Response | Exception
) -> None:
    body = body_of(event())
    events, headers = parse_events(body), headers_of(host.signed(body))
    host.answers[PATH] = answer
    for _ in range(2):
        with pytest.raises(Later) as caught:
            await verify_events(body, headers, events, KEYS, public_keys)
        assert status_for(caught.value) == 503
    assert len(host.fetched) == 1
    del host.answers[PATH]
    clock.move(timedelta(seconds=30))
    await verify_events(body, headers, events, KEYS, public_keys)


async def test_the_second_signature_counts_while_the_first_key_is_away(
    host: KeyHost, public_keys: PublicKeys
) -> None:
    body = body_of(event())
    host.answers["/prod/keys/away.pem"] = httpx.Response(500)
    headers = headers_of(host.signed(body), host.signed(body))
    headers["x-adobe-public-key1-path"] = "/prod/keys/away.pem"
    await verify_events(body, headers, parse_events(body), KEYS, public_keys)


async def test_a_key_is_fetched_once_a_day_however_many_ask(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    await asyncio.gather(*(public_keys.get(PATH) for _ in range(5)))
    clock.move(timedelta(hours=24) - timedelta(seconds=1))
    await public_keys.get(PATH)
    assert len(host.fetched) == 1
    clock.move(timedelta(seconds=1))
    await public_keys.get(PATH)
    assert len(host.fetched) == 2


async def test_paths_that_strangers_invent_have_one_budget_and_evict_no_good_key(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    await public_keys.get(PATH)
    invented = [f"/prod/keys/{number}" for number in range(3 * MOST_UNKNOWN)]
    host.answers |= {path: httpx.Response(404) for path in invented}
    for path in invented:
        with pytest.raises(Later):
            await public_keys.get(path)
    assert len(host.fetched) == MOST_UNKNOWN
    await public_keys.get(PATH)
    assert len(host.fetched) == MOST_UNKNOWN
    clock.move(UNKNOWN_WITHIN)
    await public_keys.get("/prod/keys/new")
    assert len(host.fetched) == MOST_UNKNOWN + 1


async def flood(public_keys: PublicKeys, minute: int, until: int = 3 * MOST_UNKNOWN) -> None:
    """Paths that nobody ever asked for, more than the budget takes."""
    for number in range(until):
        with pytest.raises(Later):
            await public_keys.get(f"/prod/keys/invented-{minute}-{number}")


async def test_a_steady_flood_of_invented_paths_delays_no_key_that_adobe_changes_to(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    """Adobe signs with the old and the new key, then with the new one and the next."""
    body = body_of(event())
    host.default = httpx.Response(404)
    keys = [f"/prod/keys/pub-key-{number}.pem" for number in range(4)]
    host.answers |= {path: httpx.Response(200, content=host.pem) for path in keys}
    await public_keys.get(keys[0])
    for minute, (old, new) in enumerate(pairwise(keys)):
        await flood(public_keys, minute)
        headers = headers_of(host.signed(body), host.signed(body), old)
        for place in ("1", "2"):
            headers[f"x-adobe-public-key{place}-path"] = new
            await verify_events(body, headers, parse_events(body), KEYS, public_keys)
            headers[f"x-adobe-public-key{place}-path"] = old
        clock.move(UNKNOWN_WITHIN)
        await flood(public_keys, minute + 100)
        headers = headers_of(None, host.signed(body), new)
        await verify_events(body, headers, parse_events(body), KEYS, public_keys)
    assert [url for url in host.fetched if "pub-key" in url] == [
        f"https://keys.example.com{path}" for path in keys
    ]


async def test_a_forged_delivery_vouches_for_no_path(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    body, other = body_of(event()), "/prod/keys/other.pem"
    await public_keys.get(PATH)
    host.default = httpx.Response(404)
    headers = headers_of("AAAA", "AAAA") | {"x-adobe-public-key2-path": other}
    with pytest.raises(Later):
        await verify_events(body, headers, parse_events(body), KEYS, public_keys)
    clock.move(FAILURE_KEPT)
    await flood(public_keys, 0)
    fetched = len(host.fetched)
    with pytest.raises(Later):
        await public_keys.get(other)
    assert len(host.fetched) == fetched


async def test_a_path_that_was_vouched_for_and_holds_no_key_is_asked_twice_a_minute_at_most(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    for path in ("/prod/keys/next.pem", "/prod/keys/next.pem", "/elsewhere"):
        public_keys.vouch(path)
    host.default = httpx.Response(404)
    for _ in range(60):
        with pytest.raises(Later):
            await public_keys.get("/prod/keys/next.pem")
        clock.move(timedelta(seconds=1))
    assert len(host.fetched) == 2


async def test_a_key_of_adobes_that_can_be_factored_verifies_nothing(
    host: KeyHost, public_keys: PublicKeys
) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - refused
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = weak.public_key().public_bytes(serialization.Encoding.PEM, form)
    host.answers[PATH] = httpx.Response(200, content=pem)
    with pytest.raises(Later):
        await public_keys.get(PATH)


async def test_a_key_that_was_good_is_renewed_whatever_strangers_have_spent(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    await public_keys.get(PATH)
    clock.move(timedelta(hours=24))
    for number in range(MOST_UNKNOWN):
        host.answers[f"/prod/keys/{number}"] = httpx.Response(404)
        with pytest.raises(Later):
            await public_keys.get(f"/prod/keys/{number}")
    await public_keys.get(PATH)
    assert host.fetched[-1].endswith(PATH)


async def test_good_keys_are_bounded_and_the_oldest_goes(
    host: KeyHost, public_keys: PublicKeys, clock: HandClock
) -> None:
    for number in range(MOST_KEYS + 1):
        await public_keys.get(f"/prod/keys/{number}")
        clock.move(UNKNOWN_WITHIN)
    fetched = len(host.fetched)
    await public_keys.get(f"/prod/keys/{MOST_KEYS}")
    await public_keys.get("/prod/keys/1")
    assert len(host.fetched) == fetched
    await public_keys.get("/prod/keys/0")
    assert len(host.fetched) == fetched + 1


async def test_a_fetch_that_hangs_delays_no_other_key(
    host: KeyHost, public_keys: PublicKeys
) -> None:
    await public_keys.get(PATH)
    host.hangs["/prod/keys/slow"] = asyncio.Event()
    slow = asyncio.create_task(public_keys.get("/prod/keys/slow"))
    await asyncio.sleep(0)
    await public_keys.get(PATH)
    await public_keys.get("/prod/keys/other")
    assert not slow.done()
    host.hangs["/prod/keys/slow"].set()
    await slow


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotJson("x"), 400),
        (BadEvent("x"), 400),
        (Refused("x"), 401),
        (WrongRecipient("x"), 403),
        (Later("x"), 503),
        (Never("x", remedy="y"), 503),
        (OSError("the queue is away"), 503),
    ],
)
def test_only_what_nobody_could_accept_is_answered_with_a_status_that_drops_it(
    error: Exception, status: int
) -> None:
    assert status_for(error) == status
