"""Parcels in the demo: a carrier tells what becomes of each, more than once, and buyers read it on
their orders once."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from sandbox.demo.environment import Environment, Pair
from sandbox.demo.home import carrier_secret
from sandbox.demo.reconciliation import Finding, shop_number
from sandbox.demo.systems import Refused, pause
from sync.core.encoding import to_json

TRACKING: Final = "PackingSlipTrackingInformation"
EVENTS: Final = (
    ("in_transit", "Your parcel is on its way"), ("scanned", ""),
    ("delivered", "Your parcel was delivered"),
)  # fmt: skip
"""The carrier's statuses, and what buyers read of each."""
AT: Final = "2026-05-04T10:15:00Z"
MOST: Final = 100
"""Events of a request."""


@dataclass(frozen=True)
class Parcels:
    """How many there are in all shops."""

    parcels: int
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"parcels": self.parcels, "differences": len(self.findings)}


async def tell(environment: Environment, name: str, numbers: Sequence[str]) -> None:
    """The carrier tells of these parcels until it is answered that all is stored."""
    events = [
        {"tracking_number": number, "status": status, "occurred_at": AT}
        for number in numbers for status, _ in EVENTS
    ]  # fmt: skip
    for begin in range(0, len(events), MOST):
        while not await _is_taken(environment, name, events[begin : begin + MOST]):
            await pause()


async def _is_taken(environment: Environment, name: str, events: Sequence[Any]) -> bool:
    """Whether the host has stored them. Raises `Refused` unless it is to be tried again."""
    moment = str(int(datetime.now(UTC).timestamp()))
    signed = f"{moment}.".encode() + to_json(events)
    signature = hmac.new(carrier_secret(name).encode(), signed, hashlib.sha256).hexdigest()
    try:
        await environment.host.ask(
            "POST", f"/api/tracking/{name}", events, x_signature=signature, x_timestamp=moment
        )
    except httpx.HTTPError:
        return False
    except Refused as refused:
        if not 500 <= refused.status < 600:
            raise
        return False
    return True


async def parcels_in_the_end(environment: Environment, within: timedelta) -> Parcels:
    """The carrier tells of all parcels, of some again; then what buyers read. Raises `Stuck`."""
    tracked = dict(zip(environment.pairs, await asyncio.gather(
        *(_tracked(pair) for pair in environment.pairs.values())
    ), strict=True))  # fmt: skip
    for name, rows in tracked.items():
        await tell(environment, name, [number for number, _ in rows])
    await environment.until_idle(within=within)
    findings = list[Finding]()
    for name, rows in tracked.items():
        findings += await _unread(environment.pairs[name], rows)
    return Parcels(sum(map(len, tracked.values())), tuple(findings))


async def _tracked(pair: Pair) -> list[tuple[str, str]]:
    """Each tracking number with the number of its order in the shop."""
    fields = ("SalesOrderNumber", "TrackingNumber")
    rows = await pair.ledger.rows_of(TRACKING, pair.token, *fields)
    orders = {
        row["SalesOrderNumber"]: shop_number(row["CustomersOrderReference"])
        for row in await pair.ledger.sales_orders()
    }
    return [
        (row["TrackingNumber"], orders[row["SalesOrderNumber"]])
        for row in rows if row["SalesOrderNumber"] in orders
    ]  # fmt: skip


async def _unread(pair: Pair, rows: Sequence[tuple[str, str]]) -> list[Finding]:
    """What buyers do not read once of their parcels, or should not read."""
    wanted = Counter(
        (order, f"{text} ({number}, {AT[:10]} {AT[11:16]} UTC)")
        for number, order in dict.fromkeys(rows) for _, text in EVENTS if text
    )  # fmt: skip
    shown = Counter(
        (str(entry["increment_id"]), text)
        for entry in await pair.shop.entered() for text in entry["comments"]
        if text.startswith("Your parcel")
    )  # fmt: skip
    return [
        Finding(pair.name, order, f'reads {shown[order, text]} times "{text}"')
        for order, text in sorted(wanted | shown) if shown[order, text] != wanted[order, text]
    ]  # fmt: skip
