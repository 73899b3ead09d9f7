"""Who sent a webhook: Commerce signs the base64 text of the body with RSA; gateways may sign with a
shared secret.

Adobe's page says "HMAC SHA256", its sample code and its servers do RSASSA-PKCS1-v1_5 with SHA-256
over the base64 text of the raw body (standard alphabet, padded, one line). There is no timestamp in
it, so a hook can be replayed: what it causes must be idempotent. Only received bytes are verified,
never a document parsed and written again.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_public_key,
    load_pem_public_key,
)

from sync.config.connections import WebhookKeys
from sync.core.errors import Later, Never
from sync.core.ports import Secrets

SHORTEST_RSA_KEY: Final = 2048
"""Bits; shorter keys can be factored (NIST SP 800-131A). Adobe's have 2048 and 4096."""
CURES: Final = {
    "rsa": "Copy the whole public key, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC"
    " KEY-----, from Stores > Configuration > Adobe Services > Webhooks into the secret {name}.",
    "hmac": "Store the gateway's shared secret as {name}.",
}
LONGEST_SIGNATURE: Final = 4096
"""Characters; a 16,384-bit RSA key makes 2,732."""


class Refused(Exception):
    """The sender is not who it says, or said nothing: answer 401. `reason` holds no part of body or
    signature."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def verify(
    body: bytes, headers: Mapping[str, str], keys: WebhookKeys, secrets: Secrets
) -> None:
    """Return when `body`, as received, is signed by one of the keys; two may be valid while one is
    being rotated.

    Raises `Refused` for a missing, malformed or wrong signature and when no key is configured at
    all: also while another key is not stored yet, for `check` tells that. `Never` when none of the
    keys can be used, naming the secret of the last; `Later` when no key fits and one cannot be read
    at this moment. Header names are compared without case.
    """
    given = signature_in(headers, keys)
    if not keys.keys:
        raise Refused("no webhook key is configured")
    signed = base64.b64encode(body) if keys.message == "base64" else body
    refusals = list[Exception]()
    for name in keys.keys:
        try:
            if _fits(given, signed, await secrets.get(name), name, keys.scheme):
                return
            refusals.append(Refused("the signature fits none of the configured keys"))
        except (Never, Later) as error:
            refusals.append(error)
    raise min(reversed(refusals), key=_weight)


def _weight(refusal: Exception) -> int:
    """A key that cannot be read at this moment may yet fit; one that fits not decides over one that
    cannot be used."""
    kinds = (Later, Refused, Never)
    return next(place for place, kind in enumerate(kinds) if isinstance(refusal, kind))


def signature_in(headers: Mapping[str, str], keys: WebhookKeys) -> bytes:
    """The signature that a hook brings; nothing is computed, and no body is needed. Raises
    `Refused` where it is missing or malformed."""
    text, what = header_of(headers, keys.header), f"header {keys.header}"
    if keys.scheme == "rsa" or keys.encoding == "base64":
        return decoded_base64(text, what)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Refused(f"{what} is not hexadecimal") from None


def header_of(headers: Mapping[str, str], name: str) -> str:
    """The header's value, whatever the case of its name. Raises `Refused` when it is absent, empty,
    there twice, or longer than a signature."""
    found = [value for key, value in headers.items() if key.lower() == name.lower()]
    if not found or not found[0].strip():
        raise Refused(f"header {name} is missing")
    if len(found) > 1:
        raise Refused(f"header {name} is there {len(found)} times")
    if len(found[0]) > LONGEST_SIGNATURE:
        raise Refused(f"header {name} is longer than a signature")
    return found[0].strip()


@lru_cache(maxsize=16)
def rsa_key(pem: str) -> RSAPublicKey | None:
    """The RSA public key of a PEM text, None if it is none; line ends may be written out, as
    one-line settings do. Remembered: reading a key takes as long as using it."""
    try:
        key = load_pem_public_key(pem.replace("\\n", "\n").strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, RSAPublicKey) else None


def key_fault(key: str, scheme: str) -> str:
    """Why a stored text must not verify signatures under `scheme`: what everybody can know or work
    out lets everybody in. Empty for a key that may."""
    if scheme == "hmac":
        if not key.strip():
            return "is blank"
        return "holds a public key, which is no shared secret" if _is_public_key(key) else ""
    public = rsa_key(key)
    if public is None:
        return "holds no RSA public key in PEM form"
    if public.key_size < SHORTEST_RSA_KEY:
        return f"holds an RSA key of {public.key_size} bits, at least {SHORTEST_RSA_KEY} are needed"
    return ""


def _is_public_key(text: str) -> bool:
    """Whether a text is a key in PEM form, or what stands between its two lines."""
    if "-----BEGIN" in text:
        return True
    try:
        load_der_public_key(base64.b64decode("".join(text.replace("\\n", "").split())))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def rsa_signed(signature: bytes, message: bytes, key: RSAPublicKey) -> bool:
    """Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 over `message`."""
    try:
        key.verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def decoded_base64(text: str, what: str) -> bytes:
    """Strict standard base64. Raises `Refused` naming `what`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{what} is not base64") from None


def _fits(signature: bytes, message: bytes, key: str, name: str, scheme: str) -> bool:
    if fault := key_fault(key, scheme):
        raise Never(f"the secret {name!r} {fault}", remedy=CURES[scheme].format(name=repr(name)))
    public = rsa_key(key) if scheme == "rsa" else None
    if public is None:
        return _hmac_fits(signature, message, key)
    return rsa_signed(signature, message, public)


def _hmac_fits(signature: bytes, message: bytes, secret: str) -> bool:
    expected = hmac.new(secret.strip().encode(), message, hashlib.sha256).digest()
    return hmac.compare_digest(signature, expected)
