"""Microsoft Entra ID's token endpoint over TLS, for an app that signs in by certificate.

The app shows a JWT that its private key has signed (PS256). It names the certificate by its SHA-256
thumbprint, this endpoint as its audience and the app as issuer and subject. Several certificates
may be registered at once. Sources: Microsoft, "Microsoft identity platform application
authentication certificate credentials", "Error AADSTS error codes" (700027).
"""

import asyncio
import ipaddress
import secrets
import ssl
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sync.core.encoding import from_json, to_json

HOST: Final = "127.0.0.1"
TENANT: Final = "sandbox"
TRUSTED: Final = "entra.pem"
LASTS: Final = timedelta(days=365)
UNKNOWN: Final = "AADSTS700027: The certificate with identifier used to sign the client assertion"
REASONS: Final = {200: "OK", 401: "Unauthorized"}


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate of this machine. `pem`: the private key and the certificate."""

    key: rsa.RSAPrivateKey
    pem: bytes
    thumbprint: str

    @classmethod
    def made(cls) -> "Certificate":
        """A new one."""
        key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + LASTS)
        made = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )  # fmt: skip
        pem = private + made.public_bytes(serialization.Encoding.PEM)
        return cls(key, pem, urlsafe_b64encode(made.fingerprint(hashes.SHA256())).decode())


@dataclass
class Entra:
    """The endpoint. `certificates`: by thumbprint, those of the app. `tokens`: what each of them
    got; `opens` is told of all of them whenever they change."""

    url: str
    opens: Callable[[list[str]], Awaitable[None]]
    certificates: dict[str, Certificate] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def at_work(
        cls, home: Path, opens: Callable[[list[str]], Awaitable[None]]
    ) -> "AsyncIterator[Entra]":
        """For the length of the block; `TRUSTED` in `home` is what its clients have to trust."""
        trusted, own = home / TRUSTED, Certificate.made()
        trusted.write_bytes(own.pem)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(trusted)
        entra = cls("", opens)
        server = await asyncio.start_server(entra._answered, HOST, 0, ssl=context)
        entra.url = f"https://{HOST}:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield entra

    def register(self, certificate: Certificate) -> None:
        """From now on the app may sign in by it."""
        self.certificates[certificate.thumbprint] = certificate

    async def remove(self, thumbprint: str) -> None:
        """It is not the app's any more, and what it got opens nothing."""
        del self.certificates[thumbprint]
        self.tokens.pop(thumbprint, None)
        await self._open()

    async def _open(self) -> None:
        await self.opens([token for each in self.tokens.values() for token in each])

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = parse_qs((await reader.readexactly(length)).decode())
        status, document = await self._token({name: one[0] for name, one in body.items()})
        content = to_json(document)
        start = f"HTTP/1.1 {status} {REASONS[status]}\r\ncontent-type: application/json\r\n"
        writer.write(f"{start}content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()
        writer.close()

    async def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        certificate = self._shown_by(form.get("client_assertion", ""), form.get("client_id", ""))
        if certificate is None:
            return 401, {"error": "invalid_client", "error_description": f"{UNKNOWN} is unknown."}
        token = secrets.token_urlsafe(24)
        self.tokens.setdefault(certificate.thumbprint, []).append(token)
        await self._open()
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}

    def _shown_by(self, assertion: str, client_id: str) -> Certificate | None:
        """The certificate whose key has signed what says who asks; None where it does not."""
        signed, _, signature = assertion.rpartition(".")
        head, said = (from_json(_decoded(part)) for part in signed.split("."))
        certificate = self.certificates.get(head.get("x5t#S256", ""))
        if certificate is None or head["alg"] != "PS256":
            return None
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        try:
            certificate.key.public_key().verify(
                _decoded(signature), signed.encode(), pss, hashes.SHA256()
            )
        except InvalidSignature:
            return None
        audience = f"{self.url}/{TENANT}/oauth2/v2.0/token"
        is_meant = (said["aud"], said["iss"], said["sub"]) == (audience, client_id, client_id)
        now = datetime.now(UTC).timestamp()
        return certificate if is_meant and said["nbf"] <= now < said["exp"] else None


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part.rstrip("=") + "=" * (-len(part.rstrip("=")) % 4))
