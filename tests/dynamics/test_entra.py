import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sync.adapters.entra import EntraTokens
from sync.core.encoding import to_json
from sync.core.errors import Later, Never, SignInRefused
from tests.dynamics.test_auth import Vault, section

SCOPE = "https://env.test/.default"
APP = {"tenant": "contoso.test", "client_id": "app-1"}


class Answered(AsyncHttpResponse):
    """A token endpoint's answer in azure-core's shape."""

    def __init__(self, request: Any, status: int, document: Any, asks: str = "") -> None:
        super().__init__(request, None)
        self.status_code = status
        self.content_type = "text/html" if document is None else "application/json"
        self.headers = {"Content-Type": self.content_type}
        if asks:
            self.headers["Retry-After"] = asks
        self.reason = ""
        self.document = document

    def body(self) -> bytes:
        return b"<html>" if self.document is None else to_json(self.document)

    async def load_body(self) -> None:
        """All there."""


@dataclass
class Entra(AsyncHttpTransport[Any, Any]):
    """A token endpoint that knows one secret, counts tokens, and can be out of reach. `odd`: what
    it answers to everybody: status, document (None is a page), Retry-After."""

    secret: str = "right"
    reachable: bool = True
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    closed: int = 0
    odd: tuple[int, Any, str] | None = None

    async def send(self, request: Any, **_options: Any) -> Answered:
        if not self.reachable:
            raise ServiceRequestError("no route to login.test")
        form = {
            name: [value] if isinstance(value, str) else value for name, value in self.form(request)
        }
        self.asked.append((request.url, form))
        if self.odd is not None:
            return Answered(request, *self.odd)
        if "client_assertion" not in form and form["client_secret"] != [self.secret]:
            message = "AADSTS7000215: Invalid client secret provided for app 'app-1'. Trace ID: 1"
            return Answered(request, 401, {"error": "invalid_client", "error_description": message})
        return Answered(
            request,
            200,
            {"access_token": f"t{len(self.asked)}", "expires_in": 3599, "token_type": "Bearer"},
        )

    def form(self, request: Any) -> Iterator[tuple[str, Any]]:
        body = request.body if request.body is not None else request.data
        yield from (parse_qs(body) if isinstance(body, str) else body).items()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        self.closed += 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def by_secret(entra: Entra, vault: Vault) -> EntraTokens:
    settings = section(
        auth="secret", client_secret="fno-secret", authority="https://login.test", **APP
    )
    return EntraTokens(settings, SCOPE, vault, transport=entra, retry_total=0)


async def test_a_token_is_asked_once_and_kept() -> None:
    entra = Entra()
    tokens = by_secret(entra, Vault({"fno-secret": "right"}))
    assert await tokens.token() == await tokens.token() == "t1"
    ((url, form),) = entra.asked
    assert url == "https://login.test/contoso.test/oauth2/v2.0/token"
    assert (form["scope"], form["client_id"], form["grant_type"]) == (
        [SCOPE],
        ["app-1"],
        ["client_credentials"],
    )
    await tokens.close()
    await tokens.close()
    assert entra.closed == 1


async def test_a_renewed_token_is_another_and_is_got_with_the_secret_as_it_is_now() -> None:
    entra, vault = Entra(), Vault({"fno-secret": "right"})
    tokens = by_secret(entra, vault)
    assert await tokens.token() == "t1"
    entra.secret = vault.secrets["fno-secret"] = "rotated"
    assert await tokens.token(renew=True) == "t2"
    assert await tokens.token() == "t2"
    await tokens.close()


async def test_a_refused_secret_is_later_with_entras_code_and_is_read_anew_next_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    entra, vault = Entra(), Vault({"fno-secret": "wrong-and-secret"})
    tokens = by_secret(entra, vault)
    caplog.set_level(logging.WARNING)
    with pytest.raises(SignInRefused, match="AADSTS7000215") as caught:
        await tokens.token()
    assert not caught.value.counts
    assert caught.value.after == timedelta(minutes=5)
    assert "dynamics.sign_in_refused" in caplog.text
    assert "wrong-and-secret" not in caplog.text + str(caught.value)
    vault.secrets["fno-secret"] = "right"
    assert await tokens.token() == "t2"
    await tokens.close()


@pytest.mark.parametrize(
    ("status", "body", "asks", "after"),
    [
        (429, {"error": "too_many_requests"}, "36000", timedelta(minutes=10)),
        (503, {"error": "temporarily_unavailable", "error_description": "AADSTS90033"}, "2", None),
        (503, None, "36000", None),
        (502, {}, "", None),
        (200, None, "", None),
        (200, {"access_token": "t", "expires_in": "soon"}, "", None),
        (200, [], "", None),
    ],
)
async def test_an_issuer_that_is_busy_or_makes_no_sense_refuses_nobody_and_is_not_waited_out(
    status: int, body: Any, asks: str, after: timedelta | None
) -> None:
    entra = Entra(odd=(status, body, asks))
    settings = section(
        auth="secret", client_secret="fno-secret", authority="https://login.test", **APP
    )
    tokens = EntraTokens(settings, SCOPE, Vault({"fno-secret": "right"}), transport=entra)
    with pytest.raises(Later, match="Entra gave no token") as caught:
        await tokens.token()
    assert not isinstance(caught.value, SignInRefused)
    assert not caught.value.counts
    assert len(entra.asked) == 1
    if after is not None:
        assert caught.value.after == after
    entra.odd = None
    assert await tokens.token() == "t2"
    await tokens.close()


async def test_entra_out_of_reach_is_later() -> None:
    entra = Entra(reachable=False)
    tokens = by_secret(entra, Vault({"fno-secret": "right"}))
    with pytest.raises(Later, match="ServiceRequestError") as caught:
        await tokens.token()
    assert not caught.value.counts
    entra.reachable = True
    assert await tokens.token() == "t1"
    await tokens.close()


def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app-1")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    )
    builder = (
        builder.serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
    )
    certificate = builder.sign(key, hashes.SHA256())
    kind, form, plain = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (key.private_bytes(kind, form, plain) + certificate.public_bytes(kind)).decode()


async def test_a_certificate_signs_in_place_of_a_secret() -> None:
    entra = Entra()
    settings = section(
        auth="certificate", certificate="fno-certificate", authority="https://login.test", **APP
    )
    tokens = EntraTokens(
        settings, SCOPE, Vault({"fno-certificate": pem()}), transport=entra, retry_total=0
    )
    assert await tokens.token() == "t1"
    ((_, form),) = entra.asked
    assert "client_secret" not in form
    await tokens.close()


async def test_a_certificate_that_is_none_parks_with_a_remedy_and_is_not_repeated() -> None:
    settings = section(auth="certificate", certificate="fno-certificate", **APP)
    tokens = EntraTokens(settings, SCOPE, Vault({"fno-certificate": "not-a-pem-at-all"}))
    with pytest.raises(Never, match="fno-certificate") as caught:
        await tokens.token()
    assert "PEM" in caught.value.remedy
    assert "not-a-pem" not in str(caught.value)


async def test_a_managed_identity_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "MSI_ENDPOINT",
        "MSI_SECRET",
        "IMDS_ENDPOINT",
    ):
        monkeypatch.delenv(name, raising=False)
    settings = section(auth="managed_identity", client_id="identity-1")
    tokens = EntraTokens(settings, SCOPE, Vault(), transport=Entra(reachable=False), retry_total=0)
    with pytest.raises(Later, match="only where it is assigned, so in Azure"):
        await tokens.token()
    await tokens.close()
