"""Webhook signatures: Adobe's scheme by a published vector, shared secrets, rotation, and every way
of being refused."""

import base64
import hashlib
import hmac
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from sync.commerce.signature import Refused, verify
from sync.config.connections import WebhookKeys
from sync.core.errors import Later, Never
from tests.commerce.doubles import KnownSecrets

HEADER = "x-adobe-commerce-webhook-signature"
BODY = (
    rb'{"eventName":"sales_order_place_after","data":{"order":{"increment_id":"000000042",'
    rb'"store_id":1,'
    rb'"order_currency_code":"EUR","base_grand_total":"121.0000","customer_note":"caf\u00e9 \/ rear'
    rb' door"}}}'
)
PEM = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr0d+4P73j+OmSC+ZkYNe
qnPClDlg7D7qtLhoMrY2UiaP3/qdHJLErvrVgxPJsHl9611L4WtIEb0vY0aBHEdO
Pjeoc8ZGmF+Ccbmkc2RfLwxKwrN5IkQ81bPidzM6dyUl2KM312K0dL4rRQkNhXJI
9Lq/vr25ZrkrHTB4VjxOjxc7hLABJiJhYE+m5hLu06iExQcALdt66ybhgagFVGN7
JCwKcydiBazf9Qz9JrICaRKF5DT1IJ541frCXuby/Nca+s6YGY2tnNfKTLEx7eNM
FDgq+p+T3XQINjVx5mxpfDy3XXL7DHo7Uws0Dk+Cr+P8Aqdva7+s2EmqqKC0BQ3m
CwIDAQAB
-----END PUBLIC KEY-----
"""
SIGNATURE = (
    "m3vyyQgrA8PyxSaYB1a/cvv+dcu1v4drnB3WvQ1CNkt25O4AGgKOMq+8U+/"
    "F6rLD3yWkjhSbz3ZaJDitge7X1It9AwXDke8lMIfq"
    "6oB0N4cKde3sPu84bEVw2VQbbEL7ncN+6gNF4MU3voEN9pzbeE19rUtHMhJkB3gPWcfTRK70eyhKGbJZMV9DdJ2X/"
    "vcTQGHvsIOU"
    "ixJZSEUJyeYzRFWdbG1RcYvDIOcpwm5v2tCqiRCUKHJIlgcmca3yCkETOfdG8FmoDbgm3mRXBM8FGFft1/"
    "xARnvuBYFhuT0yFUeE"
    "FPhWNPkVNogh21aX9+Sf5qjptBTxvx+fSMQxlP9RtQ=="
)
RSA = WebhookKeys(keys=("hook-key",))
SHARED = {"hook-key": "test-shared-secret"}
OVER_RAW = "1LO1zjA38ratVaUfFSIFeSCiAtOdOFiyAdq6sj9q82Q="
OVER_BASE64 = "hxkTcW06Y2uBB01aIqAvMxh3gpq5J0WdfRqQPuJfkOM="


def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


async def test_the_published_vector_verifies() -> None:
    assert len(BODY) == 197
    await verify(BODY, {HEADER: SIGNATURE}, RSA, KnownSecrets({"hook-key": PEM}))


async def test_the_published_signature_fails_over_the_raw_body() -> None:
    keys = WebhookKeys(keys=("hook-key",), message="raw")
    with pytest.raises(Refused, match="fits none"):
        await verify(BODY, {HEADER: SIGNATURE}, keys, KnownSecrets({"hook-key": PEM}))


@pytest.mark.parametrize("body", [BODY + b" ", BODY.replace(rb"\/", b"/"), b""])
async def test_one_byte_more_or_less_is_another_message(body: bytes) -> None:
    with pytest.raises(Refused, match="fits none"):
        await verify(body, {HEADER: SIGNATURE}, RSA, KnownSecrets({"hook-key": PEM}))


@pytest.mark.parametrize("name", ["X-Adobe-Commerce-Webhook-Signature", HEADER.upper()])
async def test_the_case_of_a_header_and_space_around_its_value_do_not_matter(name: str) -> None:
    await verify(BODY, {"a": "b", name: f" {SIGNATURE} "}, RSA, KnownSecrets({"hook-key": PEM}))


async def test_a_key_on_one_line_with_written_line_ends_is_read() -> None:
    await verify(
        BODY, {HEADER: SIGNATURE}, RSA, KnownSecrets({"hook-key": PEM.replace("\n", "\\n")})
    )


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
async def test_two_keys_are_valid_while_one_is_rotated(order: tuple[str, str]) -> None:
    secrets = KnownSecrets({"old": PEM, "new": pem_of(other_key())})
    await verify(BODY, {HEADER: SIGNATURE}, WebhookKeys(keys=order), secrets)


async def test_a_signature_of_another_key_is_refused() -> None:
    forged = other_key().sign(base64.b64encode(BODY), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(Refused, match="fits none"):
        await verify(
            BODY, {HEADER: base64.b64encode(forged).decode()}, RSA, KnownSecrets({"hook-key": PEM})
        )


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "is missing"),
        ({HEADER: ""}, "is missing"),
        ({HEADER: "   "}, "is missing"),
        ({HEADER: "not base64!"}, "is not base64"),
        ({HEADER: "é"}, "is not base64"),
        ({HEADER: "AAAA"}, "fits none"),
        ({HEADER: SIGNATURE, HEADER.upper(): SIGNATURE}, "is there 2 times"),
    ],
)
async def test_a_missing_or_malformed_header_is_refused(
    headers: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        await verify(BODY, headers, RSA, KnownSecrets({"hook-key": PEM}))


async def test_without_a_configured_key_everything_is_refused() -> None:
    with pytest.raises(Refused, match="no webhook key is configured"):
        await verify(BODY, {HEADER: SIGNATURE}, WebhookKeys(), KnownSecrets({}))


@pytest.mark.parametrize(
    "pem", ["", "not a key", PEM[:200], pem_of(ec.generate_private_key(ec.SECP256R1()))]
)
async def test_a_broken_key_names_its_secret_and_where_to_copy_it_from(pem: str) -> None:
    with pytest.raises(Never, match="'hook-key' holds no RSA public key") as caught:
        await verify(BODY, {HEADER: SIGNATURE}, RSA, KnownSecrets({"hook-key": pem}))
    assert "Adobe Services > Webhooks" in caught.value.remedy


async def test_a_good_key_outweighs_a_broken_or_missing_one() -> None:
    secrets = KnownSecrets({"broken": "x", "hook-key": PEM})
    await verify(BODY, {HEADER: SIGNATURE}, WebhookKeys(keys=("broken", "hook-key")), secrets)
    await verify(BODY, {HEADER: SIGNATURE}, WebhookKeys(keys=("absent", "hook-key")), secrets)
    with pytest.raises(Refused, match="fits none"):
        await verify(
            BODY + b" ", {HEADER: SIGNATURE}, WebhookKeys(keys=("absent", "hook-key")), secrets
        )
    with pytest.raises(Never, match="no secret 'absent'"):
        await verify(BODY, {HEADER: SIGNATURE}, WebhookKeys(keys=("broken", "absent")), secrets)


class OneAway(KnownSecrets):
    async def get(self, name: str) -> str:
        if name == "away":
            raise Later("the vault does not answer", counts=False)
        return await super().get(name)


async def test_a_key_that_cannot_be_read_just_now_spoils_no_good_one() -> None:
    keys = WebhookKeys(keys=("away", "hook-key"))
    await verify(BODY, {HEADER: SIGNATURE}, keys, OneAway({"hook-key": PEM}))
    with pytest.raises(Later, match="does not answer"):
        await verify(BODY + b" ", {HEADER: SIGNATURE}, keys, OneAway({"hook-key": PEM}))


@pytest.mark.parametrize(
    ("message", "encoding", "value"),
    [
        ("raw", "base64", OVER_RAW),
        ("base64", "base64", OVER_BASE64),
        ("raw", "hex", base64.b64decode(OVER_RAW).hex()),
        ("base64", "hex", base64.b64decode(OVER_BASE64).hex().upper()),
    ],
)
async def test_a_shared_secret_signs_raw_or_base64_written_in_base64_or_hex(
    message: str, encoding: str, value: str
) -> None:
    choice: dict[str, Any] = {
        "scheme": "hmac",
        "message": message,
        "encoding": encoding,
        "header": "X-Signature",
    }
    keys = WebhookKeys(keys=("hook-key",), **choice)
    await verify(BODY, {"x-signature": value}, keys, KnownSecrets(SHARED))
    with pytest.raises(Refused, match="fits none"):
        await verify(BODY + b"\n", {"x-signature": value}, keys, KnownSecrets(SHARED))
    with pytest.raises(Refused, match="fits none"):
        await verify(BODY, {"x-signature": value}, keys, KnownSecrets({"hook-key": "another"}))


async def test_a_shared_secret_signature_in_the_wrong_writing_is_refused() -> None:
    choice: dict[str, Any] = {"scheme": "hmac", "encoding": "hex"}
    with pytest.raises(Refused, match="is not hexadecimal"):
        await verify(
            BODY,
            {HEADER: OVER_BASE64},
            WebhookKeys(keys=("hook-key",), **choice),
            KnownSecrets(SHARED),
        )


async def test_a_refusal_tells_nothing_of_body_or_signature() -> None:
    with pytest.raises(Refused) as caught:
        await verify(BODY, {HEADER: "AAAA"}, RSA, KnownSecrets({"hook-key": PEM}))
    assert "AAAA" not in caught.value.reason
    assert "000000042" not in caught.value.reason


BETWEEN_THE_LINES: Final = "\n".join(PEM.strip().splitlines()[1:-1])


@pytest.mark.parametrize(
    "known",
    ["", "  \n", PEM, BETWEEN_THE_LINES, BETWEEN_THE_LINES.replace("\n", "\\n")],
    ids=["empty", "blank", "PEM", "without its first and last line", "on one line"],
)
async def test_what_everybody_knows_is_no_shared_secret(known: str) -> None:
    forged = hmac.new(known.strip().encode(), BODY, hashlib.sha256).hexdigest()
    keys = WebhookKeys(
        keys=("hook-key",), scheme="hmac", message="raw", encoding="hex", header=HEADER
    )
    with pytest.raises(Never, match=r"'hook-key' (is blank|holds a public key)"):
        await verify(BODY, {HEADER: forged}, keys, KnownSecrets({"hook-key": known}))


async def test_an_rsa_key_that_can_be_factored_verifies_nothing() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the case
    signed = base64.b64encode(
        weak.sign(base64.b64encode(BODY), padding.PKCS1v15(), hashes.SHA256())
    ).decode()
    with pytest.raises(Never, match="1024 bits"):
        await verify(BODY, {HEADER: signed}, RSA, KnownSecrets({"hook-key": pem_of(weak)}))
