from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.dials import Dials
from sandbox.dynamics import DynamicsState, Item, dynamics_app
from sync.core.encoding import from_json, to_json

JSON = {"Content-Type": "application/json"}
SHIRT = Item(
    "SHIRT",
    variants=(
        {"ProductSizeId": "S", "ProductColorId": "Red"},
        {"ProductSizeId": "M", "ProductColorId": "Red"},
    ),
)


@dataclass
class Environment:
    """An environment with company usmf, and a client of it that looks across companies."""

    state: DynamicsState
    dials: Dials
    client: httpx.AsyncClient

    async def ask(
        self, method: str, target: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        content = None if body is None else to_json(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(
            method, f"/data/{target}", content=content, headers={**JSON, **given}
        )

    async def get(self, target: str) -> Any:
        answer = await self.ask("GET", target)
        assert answer.status_code == 200, answer.text
        return from_json(answer.content)

    async def made(self, target: str, **body: Any) -> dict[str, Any]:
        answer = await self.ask("POST", target, {"dataAreaId": "usmf", **body})
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = from_json(answer.content)
        return row

    async def refused(self, method: str, target: str, **body: Any) -> str:
        answer = await self.ask(method, target, None if method == "DELETE" else body)
        assert answer.status_code == 400, answer.text
        error = answer.json()["error"]
        assert (error["code"], error["message"]) == ("", "An error has occurred.")
        return str(error["innererror"]["message"])

    async def order(self, **body: Any) -> dict[str, Any]:
        return await self.made(
            "SalesOrderHeadersV4",
            **{"OrderingCustomerAccountNumber": "US-001", "DefaultShippingSiteId": "1", **body},
        )

    async def line(self, number: str, **body: Any) -> dict[str, Any]:
        return await self.made(
            "SalesOrderLinesV3", **{"SalesOrderNumber": number, "ItemNumber": "A0001", **body}
        )


@pytest.fixture
async def fo() -> AsyncIterator[Environment]:
    state = DynamicsState.seeded(items=["A0001", Item("A0002", price=Decimal("9.99")), SHIRT])
    dials = Dials()
    transport = httpx.ASGITransport(dynamics_app(state, dials))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="https://fo.example",
        headers={"Authorization": "Bearer sandbox"},
    ) as client:
        yield Environment(state, dials, client)
