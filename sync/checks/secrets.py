"""Secrets that a connection names: whether they are there, and whether webhook keys are keys.
Values stay unseen."""

from collections.abc import AsyncIterator
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.commerce.signature import key_fault
from sync.core.errors import Never

SHORTEST_HMAC_KEY = 16
"""Characters below which a shared secret can be guessed."""

COPY_KEY: Final = (
    "Copy the whole public key from Stores > Configuration > Adobe Services > Webhooks, from BEGIN"
    " to END."
)
SHARE_IT: Final = "Give the gateway and the vault the same shared secret."


async def secrets_are_stored(probe: Probe) -> AsyncIterator[Finding]:
    """Every secret that the configuration names can be read."""
    names = probe.settings.secret_names
    missing = []
    for name in names:
        try:
            await probe.secrets.get(name)
        except Never as error:
            missing.append(name)
            yield fault(error.reason, error.remedy)
    if not missing:
        yield ok(f"all {len(names)} secrets are stored")


async def webhook_keys_are_keys(probe: Probe) -> AsyncIterator[Finding]:
    """Each webhook key can verify a signature."""
    webhook = probe.settings.commerce.webhook
    if not webhook.keys:
        yield ok(
            "no webhook key is configured: webhooks are refused, polling alone keeps the systems in"
            " step"
        )
    for name in webhook.keys:
        key = await _stored(name, probe)
        if key is not None:
            yield key_finding(name, key, webhook.scheme)
    for name in probe.settings.tracking.keys:
        key = await _stored(name, probe)
        if key is not None:
            yield key_finding(name, key, "hmac")


async def _stored(name: str, probe: Probe) -> str | None:
    """The secret; None when it is missing, which `secrets_are_stored` reports."""
    try:
        return await probe.secrets.get(name)
    except Never:
        return None


def key_finding(name: str, key: str, scheme: str) -> Finding:
    """Whether a key fits its scheme; the key is in no text."""
    if trouble := key_fault(key, scheme):
        return fault(f"the secret {name} {trouble}", COPY_KEY if scheme == "rsa" else SHARE_IT)
    if scheme == "hmac" and len(key.strip()) < SHORTEST_HMAC_KEY:
        what = f"the shared secret {name} has fewer than {SHORTEST_HMAC_KEY} characters"
        return fault(what, "Give the gateway and the vault a longer one.")
    return ok(f"webhook key {name} is usable")
