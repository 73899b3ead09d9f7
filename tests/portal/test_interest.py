"""What shoppers look at: kept with consent alone, nobody's until the shop has signed who it is."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import pytest

from sync.buying.interest import InterestRows, visitor
from sync.buying.kept import KeptAccounts
from sync.core.errors import Later
from sync.core.ports import Conflict, Row
from sync.portal.interest import InterestEdge
from sync.portal.portals import interest_of
from tests.doubles.memory_tables import MemoryTables
from tests.flows.tasks import Selling, selling
from tests.systems import SHOP_KEY

PAGE: Final = "https://shop.example.com"
ME: Final = "a-visitor-of-the-shop"
BROWSER: Final = {"origin": PAGE, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140"}
INTEREST: Final[dict[str, Any]] = {
    "rules": {"interest": {"threshold": 2}},
    "interest": {"origins": [PAGE], "key": "shop-key", "requests_per_minute": 5},
}


def edge_of(ours: Selling) -> InterestEdge:
    edge = interest_of(ours.services, "shop")
    assert edge is not None
    return edge


def token(ours: Selling, customer: int = 1, key: str = SHOP_KEY) -> str:
    now = int(ours.clock.now().timestamp())
    claims = {"sub": str(customer), "aud": "shop", "iat": now, "exp": now + 60}
    return jwt.encode(claims, key, algorithm="HS256")


async def told(ours: Selling, headers: dict[str, str] | None = None, **fields: Any) -> int:
    body = {"visitor": ME, "consent": True, "skus": ["SIMPLE-001"], **fields}
    sent = BROWSER | (headers or {})
    return (await edge_of(ours).take("POST", sent, json.dumps(body).encode())).status


async def looks(ours: Selling, customer: int = 1) -> dict[str, int]:
    rows = InterestRows(ours.systems.tables, "shop")
    return await rows.of([customer], ours.clock.now().date())


@selling(tasks=INTEREST)
async def test_a_look_is_a_customers_once_the_shop_has_signed_them_in(ours: Selling) -> None:
    assert await told(ours) == 204
    assert await told(ours, token=token(ours, key="x" * 40), skus=["SIMPLE-002"]) == 204
    assert await looks(ours) == {}
    assert await told(ours, token=token(ours), skus=["SIMPLE-002"]) == 204
    assert await looks(ours) == {"SIMPLE-001": 1, "SIMPLE-002": 1}
    due = [one async for one in KeptAccounts(ours.systems.tables, "shop").due(
        ours.clock.now().replace(year=2999))]  # fmt: skip
    assert [account for account, _ in due] == ["customer|1"]
    assert await told(ours, consent=False) == 204


@pytest.mark.parametrize(
    ("headers", "fields", "status"),
    [
        ({"origin": "https://elsewhere.example.com"}, {}, 403),
        ({"origin": ""}, {}, 403),
        ({"user-agent": "Googlebot/2.1"}, {}, 204),
        ({"user-agent": ""}, {}, 204),
        ({}, {"consent": False}, 204),
        ({}, {"consent": "yes"}, 400),
        ({}, {"visitor": "me"}, 400),
        ({}, {"skus": ["A"] * 21}, 400),
        ({}, {"skus": ["A" * 65]}, 400),
        ({}, {"skus": [17]}, 400),
        ({}, {"more": "x" * 5000}, 413),
    ],
)
def test_what_no_shopper_agreed_to_is_not_kept(
    headers: dict[str, str], fields: dict[str, Any], status: int
) -> None:
    @selling(tasks=INTEREST)
    async def story(ours: Selling) -> None:
        assert await told(ours, headers, token=token(ours), **fields) == status
        assert await looks(ours) == {}

    story()


class Contended(MemoryTables):
    """Tables of which somebody else writes each row of a customer first."""

    async def insert(self, table: str, row: Row) -> Row:
        if row.key.startswith("customer|"):
            raise Conflict(row.key)
        return await super().insert(table, row)


async def test_looks_that_cannot_be_kept_as_a_customers_stay_the_visitors() -> None:
    rows, now = InterestRows(Contended(), "shop"), datetime(2026, 11, 30, tzinfo=UTC)
    await rows.add(visitor(ME), ["SIMPLE-001"], now)
    with pytest.raises(Later):
        await rows.signed_in(ME, 1, now)
    assert not await rows.add(visitor(ME), ["SIMPLE-001"], now), "it is known"


@selling(tasks=INTEREST)
async def test_who_takes_consent_back_is_forgotten_and_a_flood_is_refused(ours: Selling) -> None:
    assert await told(ours) == 204
    assert await told(ours, consent=False) == 204
    assert await told(ours, token=token(ours), skus=[]) == 204
    assert await looks(ours) == {}
    assert [await told(ours) for _ in range(4)] == [204, 204, 429, 429]
    assert await told(ours, {"x-forwarded-for": "10.0.0.2"}) == 204


@selling(tasks=INTEREST)
async def test_looking_again_and_again_is_a_task_until_it_is_bought(ours: Selling) -> None:
    order = await ours.keeps_buying(times=1)
    ours.knows(order)
    for _ in range(3):
        await told(ours, token=token(ours), skus=["SIMPLE-003"])
        await ours.days_go(1)
    (task,) = ours.tasks
    assert "SIMPLE-003" in task["description"]
    await ours.delivers(ours.place(skus=("SIMPLE-003",)))
    await ours.looks()
    assert task["statecode"] == 1
