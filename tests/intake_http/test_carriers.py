"""What carriers tell: signed within a window of time, reduced to keys, stored once; or refused."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sync.core.encoding import from_json
from tests.intake_http.harness import Harness, signed_by_carrier


def parcel(status: str = "Delivered", number: str = "JD01", **fields: Any) -> dict[str, Any]:
    event = {"tracking_number": number, "status": status, "occurred_at": "2026-01-05T10:00:00Z"}
    return {**event, **fields}


async def told(harness: Harness, document: Any, **signing: Any) -> tuple[int, dict[str, Any]]:
    body = json.dumps(document).encode()
    at = harness.clock.now() + signing.pop("later", timedelta())
    answer = await harness.services.accept_tracking(
        "bikes", signed_by_carrier(body, at, **signing), body
    )
    return answer.status, from_json(answer.body)


async def test_events_are_stored_by_what_they_tell_and_others_are_counted(
    harness: Harness,
) -> None:
    moved = parcel(occurred_at="2026-01-05T12:00:00+02:00", number="JD02")
    status, said = await told(harness, [parcel(), parcel("label_created"), moved])
    assert (status, said) == (200, {"taken": 2, "unknown": 1})
    assert sorted(await harness.stored()) == [
        "tracking JD01|delivered|2026-01-05T10:00:00Z",
        "tracking JD02|delivered|2026-01-05T10:00:00Z",
    ]


@pytest.mark.parametrize(
    "signing",
    [
        {"key": "another"},
        {"later": timedelta(seconds=301)},
        {"later": timedelta(seconds=-301)},
    ],
)
async def test_another_key_or_another_time_stores_nothing(
    harness: Harness, signing: dict[str, Any]
) -> None:
    status, said = await told(harness, parcel(), **signing)
    assert (status, set(said)) == (401, {"error", "remedy"})
    assert await harness.depth() == 0


async def test_the_moment_is_signed(harness: Harness) -> None:
    """Who has seen a request cannot send it again later under another moment."""
    body = json.dumps(parcel()).encode()
    old = signed_by_carrier(body, harness.clock.now() - timedelta(hours=1))
    fresh = signed_by_carrier(body, harness.clock.now())
    headers = {**fresh, "x-signature": old["x-signature"]}
    assert (await harness.services.accept_tracking("bikes", headers, body)).status == 401


@pytest.mark.parametrize(
    "document",
    [
        {}, [], 5, [parcel(), 7], parcel(number=""), parcel(number="A|B"), parcel(number="A" * 41),
        parcel(occurred_at="yesterday"), parcel(occurred_at=None),
        parcel(tracking_number={"a": 1}),
    ],
)  # fmt: skip
async def test_what_names_no_event_is_refused_whole(harness: Harness, document: Any) -> None:
    status, said = await told(harness, document)
    assert (status, set(said)) == (400, {"error", "remedy"})
    assert await harness.depth() == 0


@pytest.mark.parametrize(
    ("connection", "status"), [("nobody", 404), ("boats", 404), ("bikes", 401)]
)
async def test_a_request_without_a_signature_is_refused_by_its_head(
    harness: Harness, connection: str, status: int
) -> None:
    named = {"connection": connection}
    unread = harness.services.edge.refused_unread("receive_tracking", named, {})
    assert unread is not None
    assert unread.status == status
    assert await harness.services.accept_tracking(connection, {}, b"{}") == unread
