from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import oauthlib.oauth1
import pytest

from sandbox.commerce.app import commerce_app
from sandbox.commerce.oauth import Consumer, OAuthServer, Received
from sandbox.commerce.query import nested
from sandbox.commerce.state import CommerceState
from sandbox.dials import Dials
from tests.sandbox.commerce.shop import SetClock, client_of, recordings

VECTOR = Consumer(
    1,
    "x6a3rwvtgnxm4cwlmyhw0ug1vy0xxcs3",
    "lfdp4e3ahbc0ngl0rpjz1z3m5x9yx2p1",
    "ngxp8b6gqo9cf3c0ap0x3i6k5p1fyw2c",
    "v2m7k1z8q5c4t9r6b3n0x7d1s8a5f2g4",
)
"""Credentials of published test vectors; they open nothing."""
SALES = Consumer.named("sales only", 2, frozenset({"Magento_Sales::actions_view"}))
REVOKED = Consumer.named("revoked", 3)
REVOKED.revoked = True
WRONG = {"message": "The signature is invalid. Verify and try again."}
ORDERS = "http://shop.test/rest/all/V1/orders?searchCriteria="


def header(
    url: str,
    method: Any = "GET",
    consumer: Consumer = VECTOR,
    clock: SetClock | None = None,
    **changes: Any,
) -> dict[str, str]:
    """The header of the client library, for a URL that is percent-encoded."""
    now = str(int((clock or SetClock()).moment.timestamp()))
    settings = {
        "nonce": changes.pop("nonce", "7d8f3e4a"),
        "timestamp": changes.pop("timestamp", now),
    }
    credentials = {
        "client_key": consumer.key,
        "client_secret": consumer.secret,
        "resource_owner_key": consumer.token,
        "resource_owner_secret": consumer.token_secret,
        "signature_method": oauthlib.oauth1.SIGNATURE_HMAC_SHA256,
    }
    client = oauthlib.oauth1.Client(**{**credentials, **settings, **changes})
    _, headers, _ = client.sign(url, http_method=method)
    return dict(headers)


START = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D"
POLL = (
    f"{START}%5Bfield%5D=updated_at&{START}%5Bvalue%5D=2026-01-01%2000%3A00%3A00&"
    f"{START}%5Bcondition_type%5D=gteq"
    "&searchCriteria%5BpageSize%5D=50&searchCriteria%5BcurrentPage%5D=1"
)


@pytest.fixture
def guarded(clock: SetClock) -> CommerceState:
    state = CommerceState(clock, consumers=[VECTOR, SALES, REVOKED])
    state.place_new(3)
    return state


@pytest.fixture
async def gate(guarded: CommerceState) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(commerce_app(guarded, Dials())) as client:
        yield client


async def get(client: httpx.AsyncClient, url: str, headers: dict[str, str]) -> httpx.Response:
    """Send exactly this URL: the target is not quoted again."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return await client.get(
        httpx.URL(scheme="http", host="shop.test", raw_path=target.encode()), headers=headers
    )


@pytest.mark.parametrize(
    ("decoded", "method", "path", "query", "signature"),
    [
        (
            False,
            "GET",
            "/rest/all/V1/orders/42",
            "",
            "xW4TY8LovYHhvX54ULkJ6vi3t3we9QxzUo+HhETnq00=",
        ),
        (
            False,
            "GET",
            "/rest/all/V1/orders",
            POLL,
            "pKw9y36IGNGc7JFHiA7DAmuNPkumJhEOb4eBOax3y7A=",
        ),
        (
            False,
            "PUT",
            "/rest/all/V1/products/ABC%2F10",
            "",
            "y/MayH4sTOXSwg0/Nru16JrWoEzheoJAy0VEGj2olPo=",
        ),
        (
            True,
            "PUT",
            "/rest/all/V1/products/ABC%2F10",
            "",
            "LFq1AZpDnZxV8B3wEXFMRqBsWu30gbrNDKSIJamzvQw=",
        ),
    ],
)
def test_published_vectors_are_accepted(
    decoded: bool, method: str, path: str, query: str, signature: str
) -> None:
    server = OAuthServer(SetClock(), [VECTOR], decoded_path=decoded)
    parameters = {
        "consumer_key": VECTOR.key,
        "token": VECTOR.token,
        "nonce": "7d8f3e4a6b1c2d3e4f5a6b7c8d9e0f1a",
        "timestamp": "1767225600",
        "signature_method": "HMAC-SHA256",
        "version": "1.0",
        "signature": quote(signature, safe=""),
    }
    text = "OAuth " + ", ".join(f'oauth_{name}="{value}"' for name, value in parameters.items())
    request = Received(method, "https", "shop.example.com:443", path, query, text)
    assert server.consumer(request, "Magento_Sales::actions_view") is VECTOR


MATRIX = [
    row
    for row in dict(recordings("commerce_live"))["oauth_matrix"]["rows"]
    if "/orders" in row.get("url", "")
]


CASES: dict[str, dict[str, Any]] = {
    "HMAC-SHA1": {"signature_method": "HMAC-SHA1"},
    "wrong consumer secret": {"client_secret": "x" * 32},
    "wrong token secret": {"resource_owner_secret": "x" * 32},
    "unknown consumer key": {"client_key": "k" * 32},
    "unknown token": {"resource_owner_key": "t" * 32, "resource_owner_secret": ""},
    "short token": {"resource_owner_key": "short"},
    "short key": {"client_key": "short"},
    **{
        f"oauth_timestamp {ahead:+}s": {
            "timestamp": str(int(SetClock().moment.timestamp()) + ahead)
        }
        for ahead in (-86400, -3600, -660, 540, 660)
    },
}
"""What the signer did differently in a case of the matrix that its URL does not show."""


@pytest.mark.parametrize("row", MATRIX, ids=[row["case"] for row in MATRIX])
async def test_the_recorded_matrix_of_signatures_comes_out_the_same(
    gate: httpx.AsyncClient, row: dict[str, Any]
) -> None:
    parts = urlsplit(row["url"])
    url = f"http://shop.test{parts.path}?{quote(parts.query, safe='%=&+,')}"
    response = await get(gate, url, header(url, row["method"], **CASES.get(row["case"], {})))
    assert response.status_code == row["status"], response.text[:200]
    if row["status"] >= 400:
        assert response.text.replace("\\/", "/") == row["body"]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"client_secret": "x" * 32}, 401, WRONG["message"]),
        ({"client_key": "short"}, 401, "Consumer key is not the correct length"),
        ({"client_key": "k" * 32}, 401, "A consumer having the specified key does not exist"),
        (
            {"resource_owner_key": "short"},
            400,
            "The token length is invalid. Check the length and try again.",
        ),
        ({"timestamp": "0"}, 401, "An error occurred validating the nonce"),
        ({"timestamp": "9999999999"}, 401, "An error occurred validating the nonce"),
        ({"timestamp": "1"}, 200, ""),  # there is no lower limit
        ({"nonce": "a+b/c="}, 200, ""),
        ({"consumer": SALES}, 200, ""),
        ({"consumer": REVOKED}, 401, "Access token has been revoked"),
    ],
)
async def test_each_fault_of_a_signature_has_its_own_answer(
    gate: httpx.AsyncClient, changes: dict[str, Any], status: int, message: str
) -> None:
    response = await get(gate, ORDERS, header(ORDERS, **changes))
    assert (response.status_code, response.json().get("message", "")) == (status, message)


async def test_a_nonce_is_good_once_for_two_hours(gate: httpx.AsyncClient, clock: SetClock) -> None:
    signed = header(ORDERS)
    assert (await get(gate, ORDERS, signed)).status_code == 200
    again = await get(gate, ORDERS, signed)
    text = "The nonce is already being used by the consumer with ID %1"
    assert (again.status_code, again.json()) == (401, {"message": text, "parameters": ["1"]})
    clock.pass_by(minutes=121)
    assert (await get(gate, ORDERS, signed)).status_code == 200


@pytest.mark.parametrize("authorization", ["", f"Bearer {VECTOR.token}"])
async def test_without_a_signature_nobody_is_authorised(
    gate: httpx.AsyncClient, authorization: str
) -> None:
    response = await get(gate, ORDERS, {"Authorization": authorization})
    body = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Sales::actions_view"},
    }
    assert (response.status_code, response.json()) == (401, body)


async def test_a_missing_right_answers_like_a_missing_signature(gate: httpx.AsyncClient) -> None:
    url = "http://shop.test/rest/all/V1/customers/1"
    response = await get(gate, url, header(url, consumer=SALES))
    assert (response.status_code, response.json()["parameters"]) == (
        401,
        {"resources": "Magento_Customer::customer"},
    )


async def test_missing_parameters_are_all_named(gate: httpx.AsyncClient) -> None:
    one = header(ORDERS)["Authorization"].replace('oauth_nonce="7d8f3e4a", ', "")
    assert (await get(gate, ORDERS, {"Authorization": one})).json()["parameters"] == {
        "fieldName": "oauth_nonce"
    }
    several = await get(gate, ORDERS, {"Authorization": 'OAuth oauth_version="1.0"'})
    assert several.status_code == 400
    assert len(several.json()["errors"]) == 6


async def test_the_path_rule_of_older_versions_is_a_dial(
    guarded: CommerceState, gate: httpx.AsyncClient
) -> None:
    sent = "http://shop.test/rest/all/V1/customers/a%2Fb"
    signed = "http://shop.test/rest/all/V1/customers/a/b"
    refused = (await get(gate, sent, header(signed, nonce="1"))).json()
    assert refused == WRONG
    guarded.oauth.decoded_path = True
    assert (await get(gate, sent, header(sent, nonce="2"))).json() == WRONG
    accepted = await get(gate, sent, header(signed, nonce="3"))
    assert accepted.status_code == 400  # let in, and a/b is no number


async def test_a_token_belongs_to_its_consumer(gate: httpx.AsyncClient) -> None:
    foreign: dict[str, Any] = {
        "resource_owner_key": SALES.token,
        "resource_owner_secret": SALES.token_secret,
    }
    response = await get(gate, ORDERS, header(ORDERS, **foreign))
    assert response.json()["message"] == "Token is not associated with the specified consumer"
    version = header(ORDERS, nonce="9")["Authorization"].replace(
        'oauth_version="1.0"', 'oauth_version="2.0"'
    )
    assert (await get(gate, ORDERS, {"Authorization": version})).status_code == 400


def test_a_query_is_read_as_php_reads_it() -> None:
    assert nested("a[b][c]=1&a[b][d]=x+y&list[]=1&list[]=2&bare&a[b][c]=3") == {
        "a": {"b": {"c": "3", "d": "x y"}},
        "list": {"0": "1", "1": "2"},
        "bare": "",
    }
