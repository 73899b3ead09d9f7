"""How the shop and Adobe sign what they send us: RSA over base64 of the body, HMAC by a gateway,
RSA over raw events."""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PAIRS: dict[str, rsa.RSAPrivateKey] = {}
"""Key pairs by name, made once per process because making one is slow."""


def private_key(name: str) -> rsa.RSAPrivateKey:
    """The key pair of a name; another name is another pair, as after `Regenerate key pair`."""
    if name not in _PAIRS:
        _PAIRS[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _PAIRS[name]


def public_pem(name: str) -> bytes:
    """The public half as PEM, as an administrator copies it."""
    encoding, shape = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return private_key(name).public_key().public_bytes(encoding, shape)


def rsa_signature(name: str, message: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, in base64."""
    return b64encode(private_key(name).sign(message, padding.PKCS1v15(), hashes.SHA256()))


@dataclass(frozen=True)
class WebhookSignature:
    """How a webhook is signed. `key` names the key pair for `rsa` and is the shared secret for
    `hmac`."""

    scheme: Literal["rsa", "hmac"] = "rsa"
    key: str = field(default="webhooks", repr=False)
    header: str = "x-adobe-commerce-webhook-signature"
    message: Literal["base64", "raw"] = "base64"
    encoding: Literal["base64", "hex"] = "base64"

    def headers(self, body: bytes) -> dict[str, str]:
        """The header for a body."""
        message = b64encode(body) if self.message == "base64" else body
        if self.scheme == "rsa":
            return {self.header: rsa_signature(self.key, message).decode()}
        digest = hmac.new(self.key.encode(), message, hashlib.sha256)
        value = (
            digest.hexdigest() if self.encoding == "hex" else b64encode(digest.digest()).decode()
        )
        return {self.header: value}
