"""OAuth signatures against vectors computed elsewhere and against both generations of the shop's
own check."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import oauthlib.oauth1
import pytest

from sync.commerce.address import encoded, path_of, url_of
from sync.commerce.auth import Method, OAuth, signed_url
from sync.commerce.client import CommerceClient
from sync.config.connections import Commerce
from sync.core.errors import Later, Never
from tests.commerce.conftest import MakeClient
from tests.commerce.doubles import FixedNonce, HandClock, KnownSecrets
from tests.commerce.shop import CREDENTIALS, Shop, base_string, hmac_sha256, oauth_header

NONCE = "7d8f3e4a6b1c2d3e4f5a6b7c8d9e0f1a"
AT = datetime(2026, 1, 1, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads" / "commerce_live"
ROOT = "https://shop.example.com"
POLL = (
    "/rest/all/V1/orders?searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%"
    "5D=updated_at"
    "&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=2026-01-01%2000%"
    "3A00%3A00"
    "&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bcondition_type%5D=gteq"
    "&searchCriteria%5BpageSize%5D=50&searchCriteria%5BcurrentPage%5D=1"
)
BASE_A = (
    "GET&https%3A%2F%2Fshop.example.com%2Frest%2Fall%2FV1%2Forders%2F42&"
    "oauth_consumer_key%3Dx6a3rwvtgnxm4cwlmyhw0ug1vy0xx"
    "cs3%26oauth_nonce%3D7d8f3e4a6b1c2d3e4f5a6b7c8d9e0f1a%26oauth_signature_method%3DHMAC-SHA2"
    "56%26oauth_timestamp%3D1767"
    "225600%26oauth_token%3Dngxp8b6gqo9cf3c0ap0x3i6k5p1fyw2c%26oauth_version%3D1.0"
)
BASE_B = (
    "GET&https%3A%2F%2Fshop.example.com%2Frest%2Fall%2FV1%2Forders&"
    "oauth_consumer_key%3Dx6a3rwvtgnxm4cwlmyhw0ug1vy0xxcs3%"
    "26oauth_nonce%3D7d8f3e4a6b1c2d3e4f5a6b7c8d9e0f1a%26oauth_signature_method%3DHMAC-SHA256%2"
    "6oauth_timestamp%3D17672256"
    "00%26oauth_token%3Dngxp8b6gqo9cf3c0ap0x3i6k5p1fyw2c%26oauth_version%3D1.0%26searchCriteri"
    "a%255BcurrentPage%255D%3D1%"
    "26searchCriteria%255Bfilter_groups%255D%255B0%255D%255Bfilters%255D%255B0%255D%255Bcondit"
    "ion_type%255D%3Dgteq%26sear"
    "chCriteria%255Bfilter_groups%255D%255B0%255D%255Bfilters%255D%255B0%255D%255Bfield%255D%3"
    "Dupdated_at%26searchCriteri"
    "a%255Bfilter_groups%255D%255B0%255D%255Bfilters%255D%255B0%255D%255Bvalue%255D%3D2026-01-"
    "01%252000%253A00%253A00%26s"
    "earchCriteria%255BpageSize%255D%3D50"
)


def settings(**more: Any) -> Commerce:
    return Commerce(
        **{"url": ROOT, **{name.replace("-", "_"): name for name in CREDENTIALS}, **more}
    )


async def header_for(method: Method, url: str, **more: Any) -> dict[str, str]:
    signer = OAuth(settings(**more), secrets=KnownSecrets(CREDENTIALS), clock=FixedNonce(AT, NONCE))
    flow = signer.async_auth_flow(httpx.Request(method, url))
    return oauth_header((await anext(flow)).headers["Authorization"])


@pytest.mark.parametrize(
    ("method", "target", "decode", "signature"),
    [
        ("GET", "/rest/all/V1/orders/42", "auto", "xW4TY8LovYHhvX54ULkJ6vi3t3we9QxzUo+HhETnq00="),
        ("GET", POLL, "auto", "pKw9y36IGNGc7JFHiA7DAmuNPkumJhEOb4eBOax3y7A="),
        (
            "PUT",
            "/rest/all/V1/products/ABC%2F10",
            "auto",
            "y/MayH4sTOXSwg0/Nru16JrWoEzheoJAy0VEGj2olPo=",
        ),
        (
            "PUT",
            "/rest/all/V1/products/ABC%2F10",
            "false",
            "y/MayH4sTOXSwg0/Nru16JrWoEzheoJAy0VEGj2olPo=",
        ),
        (
            "PUT",
            "/rest/all/V1/products/ABC%2F10",
            "true",
            "LFq1AZpDnZxV8B3wEXFMRqBsWu30gbrNDKSIJamzvQw=",
        ),
    ],
)
async def test_signatures_are_those_of_the_published_vectors(
    method: Method, target: str, decode: str, signature: str
) -> None:
    sent = await header_for(method, ROOT + target, oauth_decode_path_reserved=decode)
    assert sent == {
        "oauth_consumer_key": CREDENTIALS["consumer-key"],
        "oauth_nonce": NONCE,
        "oauth_signature": signature,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": "1767225600",
        "oauth_token": CREDENTIALS["token"],
        "oauth_version": "1.0",
    }


@pytest.mark.parametrize(
    ("target", "expected"), [("/rest/all/V1/orders/42", BASE_A), (POLL, BASE_B)]
)
async def test_the_test_shop_signs_the_published_base_strings(target: str, expected: str) -> None:
    path, _, query = target.partition("?")
    oauth = await header_for("GET", ROOT + target)
    text = base_string("GET", ROOT, path, query, oauth, laminas=False)
    assert text == expected
    assert hmac_sha256(text) == oauth["oauth_signature"]


def matrix() -> list[dict[str, Any]]:
    """Rows signed by an RFC 5849 client on a live 2.4.8-p1, without those that are about
    credentials and nonces."""
    rows = json.loads((PAYLOADS / "oauth_matrix.json").read_text())["rows"]
    other = (
        "no equals sign",
        "HMAC-SHA1",
        "host upper-case",
        "wrong",
        "unknown",
        "short key",
        "timestamp",
    )
    reads = [row for row in rows if row.get("method") == "GET" and "url" in row]
    return [row for row in reads if not any(word in row["case"] for word in other)]


@pytest.mark.parametrize("row", matrix(), ids=lambda row: str(row["case"]))
def test_the_test_shop_refuses_the_signatures_that_a_live_shop_refused(row: dict[str, Any]) -> None:
    target = row["url"].replace("[", "%5B").replace("]", "%5D")
    signer = oauthlib.oauth1.Client(
        CREDENTIALS["consumer-key"],
        client_secret=CREDENTIALS["consumer-secret"],
        resource_owner_key=CREDENTIALS["token"],
        resource_owner_secret=CREDENTIALS["token-secret"],
        signature_method=oauthlib.oauth1.SIGNATURE_HMAC_SHA256,
    )
    oauth = oauth_header(signer.sign(ROOT + target, http_method="GET")[1]["Authorization"])
    path, _, query = target.partition("?")
    same = (
        hmac_sha256(base_string("GET", ROOT, path, query, oauth, laminas=False))
        == oauth["oauth_signature"]
    )
    assert same == (row["status"] != 401)


@pytest.mark.parametrize("laminas", [False, True], ids=["2.4.8", "2.4.7"])
@pytest.mark.parametrize(
    "sku",
    [
        "A-1",
        "A B",
        "A/10",
        "A+B",
        "A:B",
        "A&B",
        "50%",
        "Ü(1)",
        "a@b",
        "a=b",
        "a$b,c;d",
        "~.-_",
        "A%2FB",
    ],
)
async def test_any_sku_in_a_path_is_read_from_a_shop_of_either_generation(
    client: CommerceClient, shop: Shop, sku: str, laminas: bool
) -> None:
    shop.laminas = laminas
    shop.records[f"products/{sku}"] = {"sku": sku}
    assert await client.get(path_of("products", sku)) == {"sku": sku}


async def test_the_path_rule_of_a_shop_is_found_once_and_remembered(
    client: CommerceClient, shop: Shop
) -> None:
    shop.laminas = True
    await client.put(path_of("products", "A/10"), {"product": {"price": 1}})
    await client.put(path_of("products", "B:7"), {"product": {"price": 1}})
    assert client.counts == {"reads": 0, "writes": 3}
    shop.laminas = False
    await client.put(path_of("products", "C/1"), {"product": {"price": 1}})
    await client.put(path_of("products", "D/1"), {"product": {"price": 1}})
    assert client.counts == {"reads": 0, "writes": 6}


async def test_a_fixed_path_rule_is_not_tried_the_other_way(make: MakeClient, shop: Shop) -> None:
    shop.laminas = True
    client = make(oauth_decode_path_reserved="false")
    with pytest.raises(Later, match="signature is invalid"):
        await client.put(path_of("products", "A/10"), {"product": {}})
    assert len(shop.received) == 1


async def test_a_wrong_secret_is_not_signed_twice_and_the_advice_names_proxy_and_secrets(
    client: CommerceClient, shop: Shop, secrets: KnownSecrets
) -> None:
    secrets.values["token-secret"] = "another"
    with pytest.raises(Later, match=r"consumer_secret and token_secret.*X-Forwarded-Proto"):
        await client.get("orders/42")
    assert len(shop.received) == 1


async def test_both_path_rules_refused_means_the_secrets_are_wrong(
    client: CommerceClient, shop: Shop, secrets: KnownSecrets
) -> None:
    secrets.values["token-secret"] = "another"
    with pytest.raises(Later, match="signature is invalid"):
        await client.get(path_of("products", "A/1"))
    assert len(shop.received) == 2


async def test_a_shop_behind_a_proxy_that_hides_https_refuses_the_signature(
    client: CommerceClient, shop: Shop
) -> None:
    shop.root = "http://shop.example.com"
    with pytest.raises(Later, match="X-Forwarded-Proto"):
        await client.get("orders/42")


async def test_a_nonce_that_was_used_is_replaced_once(client: CommerceClient, shop: Shop) -> None:
    shop.records["orders/42"] = {"entity_id": 42}
    shop.nonces.add(f"{1:032x}")
    assert await client.get("orders/42") == {"entity_id": 42}
    assert len(shop.received) == 2


async def test_a_clock_that_runs_ahead_is_named_with_its_seconds(
    client: CommerceClient, shop: Shop, clock: HandClock
) -> None:
    server = clock.now()
    shop.clock = lambda: server
    clock.move(timedelta(seconds=734))
    with pytest.raises(Later, match="734 s ahead of the shop's"):
        await client.get("orders/42")


@pytest.mark.parametrize(
    ("name", "advice"), [("consumer-key", "specified key"), ("token", "Specified token")]
)
async def test_an_unknown_integration_is_later_because_correcting_a_secret_heals_every_record(
    client: CommerceClient, secrets: KnownSecrets, name: str, advice: str
) -> None:
    secrets.values[name] = "z" * 32
    with pytest.raises(Later, match=rf"{advice}.*System > Extensions > Integrations"):
        await client.get("orders/42")


async def test_a_connection_without_credentials_is_told_which_one_is_missing(
    make: MakeClient,
) -> None:
    client = make(token_secret=None)
    with pytest.raises(Never, match="names no token_secret") as caught:
        await client.get("orders/42")
    assert "commerce.token_secret" in caught.value.remedy


async def test_line_ends_around_a_stored_credential_do_no_harm(
    client: CommerceClient, shop: Shop, secrets: KnownSecrets
) -> None:
    secrets.values = {name: f"{value}\n" for name, value in secrets.values.items()}
    shop.records["orders/42"] = {}
    assert await client.get("orders/42") == {}


@pytest.mark.parametrize(
    ("url", "target", "root"),
    [
        ("https://shop.example.com:443", "/rest/all/V1/orders/1", "https://shop.example.com"),
        ("http://shop.example.com:80/", "/rest/all/V1/orders/1", "http://shop.example.com"),
        ("https://shop.example.com:8443", "/rest/all/V1/orders/1", "https://shop.example.com:8443"),
        ("https://SHOP.example.com/eu/", "/eu/rest/all/V1/orders/1", "https://shop.example.com"),
        ("https://shop.example.com/rest", "/rest/all/V1/orders/1", "https://shop.example.com"),
    ],
)
async def test_default_ports_are_not_signed_and_other_ports_are(
    make: MakeClient, shop: Shop, url: str, target: str, root: str
) -> None:
    shop.root = root
    shop.prefix = target.removesuffix("/orders/1")
    shop.records["orders/1"] = {"entity_id": 1}
    assert await make(url=url).get("orders/1") == {"entity_id": 1}
    assert shop.received[0][1] == target
    assert shop.received[0][2]["host"] == root.split("//")[1]


async def test_the_url_sent_is_the_url_signed_byte_for_byte(
    client: CommerceClient, shop: Shop
) -> None:
    shop.lists["orders"] = []
    query = [("searchCriteria[a]", "x y+z%,:'*()!~Ü"), ("searchCriteria[pageSize]", "1")]
    await client.get("orders", query)
    wanted = (
        "/rest/all/V1/orders?searchCriteria%5Ba%5D=x%20y%2Bz%25%2C%3A%27%2A%28%29%21~%C3%"
        "9C&searchCriteria%5BpageSize%5D=1"
    )
    assert shop.received[0][1] == wanted


def test_only_the_path_is_decoded_for_signing() -> None:
    url = httpx.URL("https://s.example/V1/products/A%2FB%20c?x=%2F")
    assert signed_url(url, decoded=True) == "https://s.example/V1/products/A/B%20c?x=%2F"
    assert signed_url(url, decoded=False) == str(url)


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_key_that_no_url_can_carry_is_refused_with_a_remedy(segment: str) -> None:
    with pytest.raises(Never, match="cannot be part"):
        path_of("products", segment)


@pytest.mark.parametrize(
    "path", ["orders/a b", "/orders", "orders?x=1", "a/../b", "orders/%2f", "%zz", "orders/%", "é"]
)
def test_a_path_that_is_not_escaped_is_a_mistake_of_the_caller(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|sent as"):
        url_of(settings(), path)


def test_a_query_name_comes_once_because_the_server_keeps_only_the_last() -> None:
    with pytest.raises(ValueError, match="twice"):
        encoded([("a", "1"), ("a", "2")])


def test_a_url_too_long_for_proxies_is_not_built() -> None:
    with pytest.raises(ValueError, match="too long"):
        url_of(settings(), "orders", [("a", "x" * 8000)])


async def test_no_credential_reaches_a_log_at_any_level(
    client: CommerceClient, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.records["orders/42"] = {}
    with caplog.at_level(logging.DEBUG):
        await client.get("orders/42")
    assert not [value for value in CREDENTIALS.values() if value in caplog.text]
