"""A token of Adobe's identity service: for our client, of our organisation, not over, signed by
Adobe; its keys are fetched seldom."""

import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from sync.commerce.ims_bearer import AGAIN, KEPT, ImsKeys, verify_bearer
from sync.commerce.signature import Refused
from sync.core.errors import Later
from tests.contracts.hand_clock import HandClock

URL = "https://ims.example.com/ims/keys"
ADOBE, STRANGER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CLOCK = HandClock()


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwk(key: rsa.RSAPrivateKey, name: str = "key-1") -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    n, e = (
        text(one.to_bytes((one.bit_length() + 7) // 8, "big")) for one in (numbers.n, numbers.e)
    )
    return {"kty": "RSA", "kid": name, "n": n, "e": e}


def token(
    key: rsa.RSAPrivateKey = ADOBE, kid: str = "key-1", alg: str = "RS256", **claims: Any
) -> str:
    made = int(CLOCK.now().timestamp() * 1000)
    usual = {"client_id": "ours", "created_at": str(made), "expires_in": "86400000"}
    parts = [{"alg": alg, "kid": kid}, {**usual, **claims}]
    signed = ".".join(text(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{text(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def headers(given: str, organisation: str = "1@AdobeOrg") -> dict[str, str]:
    return {"Authorization": f"Bearer {given}", "x-gw-ims-org-id": organisation}


@pytest.fixture
def keys() -> Any:
    clock = HandClock()
    with respx.mock:
        route = respx.get(URL).respond(json={"keys": [jwk(ADOBE)]})
        yield ImsKeys(URL, http=httpx.AsyncClient(), clock=clock), route, clock


async def verified(keys: ImsKeys, given: dict[str, str], later: timedelta = timedelta()) -> None:
    now = CLOCK.now() + later
    await verify_bearer(given, keys, now, client="ours", organisation="1@AdobeOrg")


async def test_a_good_token_is_taken_and_its_keys_are_fetched_once(keys: Any) -> None:
    for _ in range(3):
        await verified(keys[0], headers(token()))
    expiring = token(created_at="", exp=int(CLOCK.now().timestamp()) + 60)
    await verified(keys[0], headers(expiring))
    assert keys[1].call_count == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "no bearer token"),
        ({"authorization": "Basic x"}, "no bearer token"),
        (headers("a.b"), "cannot be read"),
        (headers("a.b.c"), "cannot be read"),
        (headers("é.é.é"), "cannot be read"),
        (headers(token(STRANGER)), "signature is not Adobe's"),
        (headers(token(kid="other")), "key that Adobe does not have"),
        (headers(token(alg="none")), "RS256"),
        (headers(token(client_id="another")), "another client"),
        (headers(token(expires_in="0")), "is over"),
        (headers(token(created_at="")), "is over"),
        (headers(token(), "2@AdobeOrg"), "another organisation"),
    ],
)  # fmt: skip
async def test_any_other_is_refused(keys: Any, given: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        await verified(keys[0], given)


async def test_a_token_ends(keys: Any) -> None:
    await verified(keys[0], headers(token()), timedelta(hours=23))
    with pytest.raises(Refused, match="is over"):
        await verified(keys[0], headers(token()), timedelta(hours=24))


async def test_forged_key_ids_fetch_seldom_and_a_new_key_is_found(keys: Any) -> None:
    known, route, clock = keys
    for name in range(20):
        with pytest.raises(Refused):
            await known.get(f"forged-{name}")
    assert route.call_count == 1
    route.respond(json={"keys": [jwk(ADOBE), jwk(STRANGER, "key-2")]})
    clock.at += AGAIN
    await known.get("key-2")
    clock.at += KEPT
    await known.get("key-2")
    assert route.call_count == 3


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, text="<html>")])
async def test_keys_that_are_away_are_tried_again(keys: Any, answer: httpx.Response) -> None:
    known, route, clock = keys
    route.mock(return_value=answer)
    for _ in range(3):
        with pytest.raises(Later):
            await known.get("key-1")
    assert route.call_count == 1
    route.respond(json={"keys": [jwk(ADOBE), {"kid": "short", "n": "AQ", "e": "AQAB"}, 5]})
    clock.at += AGAIN
    await known.get("key-1")
