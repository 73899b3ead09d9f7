"""What the edge adds to a hook: verify the signature, take the key out, hand the hint over. Adapters cost nothing here."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from sync.adapters.system_clock import SystemClock
from sync.encoding import to_json
from sync.flows import FLOWS
from sync.sandbox.commerce.signing import WebhookSignature, public_pem
from sync.services import Services
from tests.benchmarks.counted import Nowhere
from tests.site import CONNECTION, WEBHOOK_KEY, Named, Site

Scheme = Literal["rsa", "hmac"]
SIDE_BY_SIDE: Final = 50
HUNDREDTHS: Final = 100


@dataclass(frozen=True)
class Took:
    """How long hooks took, in milliseconds. `body`: bytes of each."""

    scheme: Scheme
    together: int
    body: int
    milliseconds: Sequence[float]

    def percentile(self, hundredths: int) -> float:
        """What so many of a hundred hooks stayed below."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) * hundredths // HUNDREDTHS, len(ordered) - 1)]

    def line(self) -> str:
        """As it is printed."""
        ways = f"{self.together} side by side" if self.together > 1 else "one by one"
        low, high = self.percentile(50), self.percentile(99)
        count = len(self.milliseconds)
        return f"{self.scheme:5} {ways:16} {self.body:6} bytes  {count:6} hooks  p50 {low:8.3f} ms  p99 {high:8.3f} ms"


async def edge(scheme: Scheme, hooks: int, *, together: int = 1) -> Took:
    """So many hooks of an order's whole payload, `together` at a time."""
    site = Site(SystemClock(), {"commerce": {"webhook": {"scheme": scheme}}})
    secret = public_pem("webhooks").decode() if scheme == "rsa" else "hook"
    queue: Any = Nowhere()
    outside = replace(site.outside(queue=queue), secrets=Named({WEBHOOK_KEY: secret}))
    services = Services(site.connections, FLOWS, outside)
    (order,) = site.commerce.place_new(1)
    body = to_json({"data": {"order": {**order.row, "items": order.items}}})
    signature = WebhookSignature(scheme, key="webhooks" if scheme == "rsa" else "hook")
    headers = {**signature.headers(body), "content-type": "application/json"}

    async def hook() -> float:
        begun = time.perf_counter()
        answer = await services.accept_webhook(CONNECTION, "orders", headers, body)
        assert answer.status == 200, answer.body
        return (time.perf_counter() - begun) * 1000

    await hook()
    took: list[float] = []
    while len(took) < hooks:
        took += await asyncio.gather(*(hook() for _ in range(min(together, hooks - len(took)))))
    await services.close()
    site.close()
    return Took(scheme, together, len(body), took)
