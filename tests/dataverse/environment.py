"""A client over an environment of the sandbox."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from sandbox.dataverse.app import dataverse_app
from sandbox.dataverse.state import DataverseState
from sandbox.dials import Dials
from sync.adapters.sqlite.tables import SqliteTables
from sync.config.connections import Dataverse
from sync.dataverse.client import TABLE, DataverseClient
from sync.dynamics.transport import Transport, http_client
from sync.pacing.limiter import Limiter
from sync.pacing.pace import Pace
from sync.pacing.pauses import Pauses
from tests.dynamics.doubles import Issuer, SteppingClock
from tests.in_process import InProcess

URL = "https://org.crm4.dynamics.test"


class Environment:
    """The rows, the dials, and a client of them."""

    def __init__(self) -> None:
        self.clock, self.issuer, self.dials = SteppingClock(), Issuer(), Dials()
        self.state = DataverseState(self.clock.now, tokens={"token-1"})
        self.asked: list[httpx.Request] = []
        app = dataverse_app(self.state, self.dials)
        transport = InProcess({"org.crm4.dynamics.test": app}, self.asked.append)
        settings = Dataverse(url=URL)
        pauses = Pauses(SqliteTables(":memory:"), self.clock)
        pace = Pace(settings.system, Limiter(4, 4), pauses, self.clock)
        self.client = DataverseClient(
            settings,
            Transport(
                URL, http=http_client(transport=transport), tokens=self.issuer, pace=pace,
                clock=self.clock, table=TABLE,
            ),
        )  # fmt: skip
        self.account = self.state.create(
            "accounts", None, {"name": "Contoso", "accountnumber": "US-001"}
        )["accountid"]


Story = Callable[[Environment], Coroutine[Any, Any, None]]


def in_environment(story: Story) -> Callable[[], None]:
    """A test that is a story in an environment of its own."""

    def test() -> None:
        asyncio.run(story(Environment()))

    test.__name__, test.__doc__, test.__module__ = story.__name__, story.__doc__, story.__module__
    return test
