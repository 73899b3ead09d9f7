import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.checks.secrets import secrets_are_stored, webhook_keys_are_keys
from tests.checks.conftest import Sandboxes, levels, only_fault


async def test_every_secret_that_the_configuration_names_is_looked_for(
    sandboxes: Sandboxes,
) -> None:
    probe = await sandboxes.probe(commerce={"webhook": {"keys": ["hook"]}})
    assert probe.settings.secret_names == [
        "consumer-key",
        "consumer-secret",
        "token",
        "token-secret",
        "bearer",
        "hook",
    ]
    sandboxes.secrets.values["hook"] = "x"
    assert levels(
        await sandboxes.found(secrets_are_stored, commerce={"webhook": {"keys": ["hook"]}})
    ) == {"ok"}


async def test_every_missing_secret_is_told(sandboxes: Sandboxes) -> None:
    sandboxes.secrets.values = {"token": "x"}
    found = await sandboxes.found(secrets_are_stored)
    assert [one.cure for one in found] == [
        "Store consumer-key.", "Store consumer-secret.", "Store token-secret.", "Store bearer.",
    ]  # fmt: skip


def public_key(bits: int = 2048) -> str:
    key = generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    ("scheme", "value", "level"),
    [
        ("rsa", public_key(), "ok"),
        ("rsa", public_key().replace("\n", "\\n"), "ok"),
        ("rsa", "not a key", "fault"),
        ("hmac", "0123456789abcdef", "ok"),
        ("hmac", "short", "fault"),
        ("hmac", " " * 20, "fault"),
        ("hmac", public_key(), "fault"),
        ("hmac", "".join(public_key().splitlines()[1:-1]), "fault"),
        ("rsa", public_key(1024), "fault"),
    ],
)
async def test_a_webhook_key_must_be_one(
    sandboxes: Sandboxes, scheme: str, value: str, level: str
) -> None:
    sandboxes.secrets.values["hook"] = value
    found = await sandboxes.found(
        webhook_keys_are_keys, commerce={"webhook": {"scheme": scheme, "keys": ["hook"]}}
    )
    assert levels(found) == {level}
    assert value not in found[0].what + found[0].cure


async def test_a_key_that_is_not_stored_is_told_once_elsewhere(sandboxes: Sandboxes) -> None:
    assert (
        await sandboxes.found(webhook_keys_are_keys, commerce={"webhook": {"keys": ["hook"]}}) == []
    )
    assert (
        only_fault(
            await sandboxes.found(secrets_are_stored, commerce={"webhook": {"keys": ["hook"]}})
        ).what
        == "no secret hook"
    )


async def test_without_a_webhook_key_polling_is_enough(sandboxes: Sandboxes) -> None:
    (found,) = await sandboxes.found(webhook_keys_are_keys)
    assert found.level == "ok"
    assert "polling alone" in found.what
