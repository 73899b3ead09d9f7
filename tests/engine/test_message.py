"""The message in the queue: a key and where it came from, one per key and second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.encoding import NotJson, from_json, to_json
from sync.engine.message import (
    AGAIN_WINDOW,
    CLOCKS_APART,
    WINDOW,
    Message,
    after_trouble,
    notification,
    once,
    outliving,
    scheduled,
)

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
MESSAGE = Message("orders", "bikes", "000000042@1", "webhook", AT)


@given(key=st.text(min_size=1), attempt=st.integers(1, 99), at=st.datetimes(timezones=st.just(UTC)))
def test_a_message_is_read_as_it_was_written(key: str, attempt: int, at: datetime) -> None:
    message = Message("orders", "bikes", key, "poll", at, attempt)
    assert Message.decode(message.encode()) == message


def test_a_message_carries_a_key_and_no_document() -> None:
    assert set(from_json(MESSAGE.encode())) == {
        "flow",
        "connection",
        "key",
        "origin",
        "hinted_at",
        "attempt",
        "looks",
        "awaits",
        "hops",
        "due",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"5", b'"text"', b"null", b"\xff", b"[" * 100_000,
        to_json({**from_json(MESSAGE.encode()), "attempt": "many"}),
        to_json({**from_json(MESSAGE.encode()), "attempt": 0}),
        to_json({**from_json(MESSAGE.encode()), "attempt": None}),
        to_json({**from_json(MESSAGE.encode()), "attempt": []}),
        to_json({**from_json(MESSAGE.encode()), "hinted_at": "yesterday"}),
        to_json({**from_json(MESSAGE.encode()), "hinted_at": "2026-03-01T12:00:00"}),
    ],
)  # fmt: skip
def test_what_is_no_message_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        Message.decode(body)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_other_document_is_taken_for_one(document: Any) -> None:
    with pytest.raises(NotJson, match="not a message"):
        Message.decode(to_json(document))


def test_notifications_within_a_window_are_one_message_that_is_due_when_every_clock_closed_it() -> (
    None
):
    first, second = (
        notification("documents", MESSAGE),
        notification(
            "documents",
            Message("orders", "bikes", "000000042@1", "event", AT + timedelta(milliseconds=700)),
        ),
    )
    assert first.id == second.id
    closed = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
    assert first.not_before == second.not_before == closed + CLOCKS_APART
    assert notification("documents", MESSAGE, timedelta()).not_before == closed


@given(st.integers(0, 10**10), st.integers(0, 999_999))
def test_a_notification_is_due_after_it_was_heard_and_within_its_window(
    seconds: int, microseconds: int
) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=microseconds)
    due = notification("documents", Message("orders", "bikes", "1@1", "webhook", at)).not_before
    assert due is not None
    assert timedelta(0) < due - at - CLOCKS_APART <= WINDOW


@pytest.mark.parametrize(
    "other",
    [
        Message("customers", "bikes", "000000042@1", "webhook", AT),
        Message("orders", "boats", "000000042@1", "webhook", AT),
        Message("orders", "bikes", "000000043@1", "webhook", AT),
        Message("orders", "bikes", "000000042@2", "webhook", AT),
        Message("orders", "bikes", "000000042@1", "webhook", AT + WINDOW),
    ],
)  # fmt: skip
def test_notifications_for_other_records_or_windows_are_messages_of_their_own(
    other: Message,
) -> None:
    assert notification("documents", other).id != notification("documents", MESSAGE).id


def test_a_try_at_a_later_time_has_an_id_that_no_broker_has_seen() -> None:
    due = AT + timedelta(minutes=1)
    again = MESSAGE.again(attempt=2)
    ids = {
        notification("documents", MESSAGE).id,
        *(
            scheduled("documents", m, due=due, unique=u).id
            for m in (MESSAGE, again)
            for u in ("a", "b")
        ),
    }
    assert len(ids) == 5
    assert scheduled("documents", again, due=due, unique="a").not_before == due
    assert Message.decode(scheduled("documents", again, due=due, unique="a").body).attempt == 2


def test_an_id_is_short_enough_for_any_broker() -> None:
    assert (
        len(notification("documents", Message("orders", "bikes", "x" * 10_000, "webhook", AT)).id)
        == 64
    )


def test_what_a_person_asks_for_is_no_repeat_of_what_a_system_says_in_the_same_second() -> None:
    ids = {
        origin: notification("documents", replace(MESSAGE, origin=origin)).id
        for origin in ("webhook", "poll", "event", "replay", "backfill")
    }
    assert ids["webhook"] == ids["poll"] == ids["event"] != ids["replay"] == ids["backfill"]


@given(st.integers(0, 10**7), st.floats(0, 29), st.integers(-30, 120))
def test_of_what_trouble_stopped_one_comes_for_each_record_and_window_after_all_were_sent(
    window: int, apart: float, asked_for: int
) -> None:
    begun = datetime(2026, 1, 1, tzinfo=UTC) + window * AGAIN_WINDOW
    sent = [
        after_trouble("documents", MESSAGE.again(attempt=attempt), at, at + asked_for * WINDOW)
        for attempt, at in ((1, begun), (7, begun + timedelta(seconds=apart)))
    ]
    assert sent[0].id == sent[1].id
    for one in sent:
        assert one.not_before is not None
        assert one.not_before >= begun + 2 * AGAIN_WINDOW + CLOCKS_APART
        assert one.not_before >= begun + asked_for * WINDOW
        assert Message.decode(one.body).notified_at == begun + AGAIN_WINDOW
    later = after_trouble("documents", MESSAGE, begun + AGAIN_WINDOW, begun)
    asked = after_trouble("documents", replace(MESSAGE, origin="replay"), begun, begun)
    other = after_trouble("documents", replace(MESSAGE, key="2@1"), begun, begun)
    assert len({one.id for one in (sent[0], later, asked, other)}) == 4


def test_one_message_outlives_a_holder_and_never_meets_its_own_id() -> None:
    first = outliving("documents", MESSAGE, "a/1", AT, "x")
    assert outliving("documents", MESSAGE, "a/1", AT + WINDOW, "y").id == first.id
    came = Message.decode(first.body)
    again = outliving("documents", came, "a/1", AT, "z")
    ids = {
        first.id, again.id, outliving("documents", Message.decode(again.body), "a/1", AT, "u").id,
        outliving("documents", MESSAGE, "b/2", AT, "x").id,
        outliving("documents", MESSAGE, "", AT, "v").id,
        outliving("documents", MESSAGE, "", AT, "w").id,
        outliving("documents", replace(MESSAGE, origin="replay"), "a/1", AT, "s").id,
        outliving("documents", replace(MESSAGE, origin="replay"), "a/1", AT, "t").id,
    }  # fmt: skip
    assert len(ids) == 8


def test_one_message_comes_for_a_time() -> None:
    first = once("documents", MESSAGE, AT)
    came = Message.decode(first.body)
    assert once("documents", replace(MESSAGE, origin="poll"), AT).id == first.id
    assert once("documents", came, AT + WINDOW).id != first.id


def test_a_message_that_came_tells_the_time_whatever_a_clock_says_that_was_set_back() -> None:
    came = Message.decode(scheduled("documents", MESSAGE, due=AT + WINDOW, unique="x").body)
    back, later = AT - timedelta(hours=3), AT + 2 * WINDOW
    assert [came.latest(now) for now in (back, later)] == [AT + WINDOW, later]
    assert MESSAGE.latest(back) == back
    sent_back = Message.decode(scheduled("documents", came, due=back, unique="y").body)
    assert sent_back.latest(back) == AT + WINDOW


def test_what_trouble_stops_again_after_the_clock_was_set_back_meets_no_id_that_was_taken() -> None:
    first = after_trouble("documents", MESSAGE, AT, AT)
    came = Message.decode(first.body)
    assert after_trouble("documents", came, AT, AT).id != first.id


def test_a_message_of_an_earlier_version_awaits_nobody() -> None:
    fields = from_json(MESSAGE.encode())
    del fields["awaits"], fields["due"]
    assert Message.decode(to_json(fields)) == MESSAGE
