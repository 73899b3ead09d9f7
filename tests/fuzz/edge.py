"""Targets at the HTTP edge: a real engine over stores in memory, which lives on from input to input
and is renewed now and then."""

import asyncio
import base64
from collections.abc import Awaitable, Coroutine
from functools import cache
from typing import Any, Final, TypeVar

import respx

from sync.commerce.io_events import asks_for_validation
from sync.engine.flow import CommerceHook
from sync.engine.refused_keys import key_fault
from sync.flows import FLOWS
from sync.intake_http.answers import HttpAnswer
from tests.intake_http.harness import (
    ADOBE,
    HEADER,
    KEY_HOST,
    Harness,
    public_pem,
    signed_by_adobe,
)

T = TypeVar("T")
HOOKED: Final = tuple(flow.name for flow in FLOWS if flow.trigger(CommerceHook) is not None)
INPUTS_EACH: Final = 200
"""Inputs that one engine takes."""


class Engine:
    """The engine of the moment, on a loop of its own."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._inputs = 0
        self._harness: Harness | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def harness(self) -> Harness:
        """The engine for one more input."""
        self._inputs += 1
        if self._inputs % INPUTS_EACH == 0:
            self._close_harness()
        if self._harness is None:
            self._harness = self.run(_new())
        return self._harness

    def close(self) -> None:
        """Leave nothing open."""
        self._close_harness()
        self._runner.close()
        engine.cache_clear()

    def _close_harness(self) -> None:
        if self._harness is not None:
            self.run(self._harness.close())
            self._harness = None


async def _new() -> Harness:
    return Harness()


@cache
def engine() -> Engine:
    """The one of this process."""
    return Engine()


def webhook(data: bytes) -> None:
    """The first byte picks the flow, the rest is a body: signed it is stored or refused, unsigned
    it is refused."""
    harness, body = engine().harness(), data[1:]
    flow = HOOKED[data[0] % len(HOOKED)] if data else HOOKED[0]

    async def sent() -> None:
        forged = {HEADER: base64.b64encode(body).decode()}
        await _refused(harness, harness.hook(body, forged, to=f"bikes/{flow}"), {401})
        await _taken_or_refused(harness, harness.hook(body, to=f"bikes/{flow}"), {400})

    engine().run(sent())


def event(data: bytes) -> None:
    """The body of a delivery of Adobe's."""
    harness = engine().harness()

    async def sent() -> None:
        forged = signed_by_adobe(b"another body")
        validated = asks_for_validation(data)
        refusals = {200} if validated else {400, 401, 403}
        await _refused(harness, harness.events(data, forged), refusals)
        if not validated:
            await _taken_or_refused(harness, harness.events(data), {400, 403})

    with respx.mock(assert_all_called=False) as adobe:
        adobe.get(url__startswith=KEY_HOST).respond(200, text=public_pem(ADOBE))
        engine().run(sent())


def business_event(data: bytes) -> None:
    """An envelope of F&O's, by HTTPS."""
    harness = engine().harness()

    async def sent() -> None:
        sending = harness.services.accept_business_event("bikes", data)
        await _taken_or_refused(harness, sending, {400})

    engine().run(sent())


Sending = Awaitable[HttpAnswer]


async def _refused(harness: Harness, sending: Sending, refusals: set[int]) -> None:
    before = await harness.depth()
    answer = await sending
    assert answer.status in refusals, answer
    assert await harness.depth() == before


async def _taken_or_refused(harness: Harness, sending: Sending, refusals: set[int]) -> None:
    before = await harness.depth()
    answer = await sending
    if answer.status == 200:
        for flow_and_key in await harness.stored():
            assert not key_fault(flow_and_key.partition(" ")[2])
        return
    assert answer.status in refusals, answer
    assert await harness.depth() == before
