from dataclasses import dataclass, field

import pytest

from sync.config.connections import Dynamics
from sync.core.errors import Never
from sync.dynamics.auth import LoopbackBearer, TokenPool, Tokens, checked_url, is_loopback, scope_of


@dataclass
class Vault:
    """Secrets by name."""

    secrets: dict[str, str] = field(default_factory=dict)

    async def get(self, name: str) -> str:
        if name not in self.secrets:
            raise Never(f"no secret {name}", remedy=f"Store the secret {name}")
        return self.secrets[name]


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://Env.Operations.Dynamics.com", "https://env.operations.dynamics.com"),
        (
            "https://env.sandbox.operations.eu.dynamics.com/",
            "https://env.sandbox.operations.eu.dynamics.com",
        ),
        (
            "https://usnconeboxax1aos.cloud.onebox.dynamics.com:443",
            "https://usnconeboxax1aos.cloud.onebox.dynamics.com",
        ),
        ("https://env.test:8443", "https://env.test:8443"),
        ("http://127.0.0.1:8071", "http://127.0.0.1:8071"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:8071/", "http://localhost:8071"),
    ],
)
def test_an_environment_is_addressed_by_scheme_and_host_alone(url: str, checked: str) -> None:
    assert checked_url(url) == checked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "env.operations.dynamics.com",
        "http://env.operations.dynamics.com",
        "http://127.0.0.1.evil.test",
        "http://localhost.evil.test",
        "http://127.0.0.1@evil.test",
        "https://user:pass@env.test",
        "https://env.test/namespaces/AXSF",
        "https://env.test/?a=b",
        "https://env.test/#x",
        "https://env.test:port",
        "ftp://localhost",
        "https://",
        "file:///etc/passwd",
    ],
)
def test_any_other_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(Never) as caught:
        checked_url(url)
    assert "pass" not in caught.value.reason
    assert "connections.toml" in caught.value.remedy


def test_a_token_is_asked_for_in_lower_case_and_without_a_slash() -> None:
    assert (
        scope_of("https://Env.Operations.Dynamics.com/")
        == "https://env.operations.dynamics.com/.default"
    )


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - the point
        ("127.0.0.1.evil.test", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_addresses(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


async def test_a_fixed_bearer_is_asked_of_the_store_each_time() -> None:
    vault = Vault({"sandbox-bearer": "one"})
    bearer = LoopbackBearer("http://127.0.0.1:8071", "sandbox-bearer", vault)
    assert await bearer.token() == "one"
    vault.secrets["sandbox-bearer"] = "two"
    assert await bearer.token(renew=True) == "two"
    await bearer.close()


def test_a_fixed_bearer_leaves_this_machine_never() -> None:
    with pytest.raises(Never, match="only sent to this machine"):
        LoopbackBearer("https://env.operations.dynamics.com", "sandbox-bearer", Vault())


@dataclass
class Source:
    """A source of tokens that can be closed."""

    section: Dynamics
    scope: str
    closed: bool = False

    async def token(self, *, renew: bool = False) -> str:
        return f"{self.scope} {renew}"

    async def close(self) -> None:
        self.closed = True


def section(**fields: object) -> Dynamics:
    return Dynamics.model_validate({"url": "https://Env.test", "company": "usmf", **fields})


async def test_connections_to_one_environment_as_one_app_share_a_source() -> None:
    made: list[Source] = []

    def entra(settings: Dynamics, scope: str) -> Tokens:
        made.append(Source(settings, scope))
        return made[-1]

    pool = TokenPool(Vault(), entra)
    app = {"tenant": "t", "client_id": "c", "client_secret": "s"}
    first = pool.tokens(section(**app))
    assert pool.tokens(section(**app, url="https://env.TEST/", company="dat")) is first
    assert pool.tokens(section(**{**app, "client_id": "other"})) is not first
    assert pool.tokens(section(auth="managed_identity")) is not first
    assert await first.token() == "https://env.test/.default False"
    assert isinstance(
        pool.tokens(section(auth="bearer", bearer="b", url="http://localhost")), LoopbackBearer
    )
    await pool.close()
    assert len(made) == 3
    assert all(source.closed for source in made)


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ("secret", "tenant, client_id, client_secret"),
        ("certificate", "tenant, client_id, certificate"),
        ("bearer", "bearer"),
    ],
)
def test_what_is_missing_for_signing_in_is_named(auth: str, missing: str) -> None:
    with pytest.raises(Never, match=f"needs {missing} in"):
        TokenPool(Vault(), Source).tokens(section(auth=auth))
