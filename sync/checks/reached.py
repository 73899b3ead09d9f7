"""Whether webhooks reach the app: one of our own is sent to it, without a record in it.

Who signs with a shared secret is imitated: the app verifies the signature, and then refuses the
empty body. With Commerce's key pair only Commerce can sign: the app refuses what is not signed.
Either way nothing is stored.
"""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Final

import httpx

from sync.checks.finding import Finding, Probe, fault, ok
from sync.config.connections import WebhookKeys
from sync.core.errors import Never
from sync.engine.flow import CommerceHook
from sync.flows import FLOWS

BODY: Final = b"{}"
PATIENCE: Final = 10.0
"""Seconds; Commerce itself waits for two."""
SERVE: Final = (
    "See that the app runs and that this address leads to it: name, firewall, proxy, certificate."
)


async def webhooks_reach_us(probe: Probe) -> AsyncIterator[Finding]:
    """A hook of the first flow that takes any comes to the app, which judges its signature."""
    webhook, flows = probe.settings.commerce.webhook, probe.settings.flows
    takes = (one for one in FLOWS if one.trigger(CommerceHook) is not None)
    hooked = [one.name for one in takes if one.name in flows]
    if not probe.address or not webhook.keys or not hooked:
        return
    url = f"{probe.address}/api/webhooks/{probe.name}/{hooked[0]}"
    try:
        status = await _answer(url, await _headers(webhook, probe))
    except httpx.HTTPError as error:
        yield fault(f"no answer from {url} ({type(error).__name__})", SERVE)
        return
    wanted = HTTPStatus.BAD_REQUEST if webhook.scheme == "hmac" else HTTPStatus.UNAUTHORIZED
    if status == wanted:
        yield ok(f"webhooks reach the app at {url}, which looks at their signature")
    elif status == HTTPStatus.UNAUTHORIZED:
        cure = "The app has another secret: see that it reads the same vault as this command."
        yield fault(f"the app at {url} refuses what our webhook key signed", cure)
    else:
        yield fault(f"{url} answered {status}, which is no answer of the app to a hook", SERVE)


async def _answer(url: str, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        return (await http.post(url, content=BODY, headers=headers)).status_code


async def _headers(webhook: WebhookKeys, probe: Probe) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if webhook.scheme != "hmac":
        return headers
    try:
        key = await probe.secrets.get(webhook.keys[0])
    except Never:  # told by secrets_are_stored
        return headers
    signed = base64.b64encode(BODY) if webhook.message == "base64" else BODY
    mac = hmac.new(key.strip().encode(), signed, hashlib.sha256).digest()
    is_base64 = webhook.encoding == "base64"
    return {**headers, webhook.header: base64.b64encode(mac).decode() if is_base64 else mac.hex()}
