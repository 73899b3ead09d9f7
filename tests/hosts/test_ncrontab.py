from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hosts.ncrontab import FIELDS, NotASchedule, schedule


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment", "due"),
    [
        ("0 */5 * * * *", "2026-03-01 11:58:30", "2026-03-01 12:00:00"),
        ("0 */5 * * * *", "2026-03-01 12:00:00", "2026-03-01 12:05:00"),
        ("30 */5 * * * *", "2026-03-01 12:00:00", "2026-03-01 12:00:30"),
        ("*/15 * * * * *", "2026-03-01 12:00:59.999", "2026-03-01 12:01:00"),
        ("* * * * * *", "2026-03-01 12:00:00.5", "2026-03-01 12:00:01"),
        ("0 5/20 * * * *", "2026-03-01 12:30:00", "2026-03-01 12:45:00"),
        ("0 5/20 * * * *", "2026-03-01 12:45:00", "2026-03-01 13:05:00"),
        ("0 10-30/10 * * * *", "2026-03-01 12:20:00", "2026-03-01 12:30:00"),
        ("0 30-10/10 * * * *", "2026-03-01 12:30:00", "2026-03-01 13:10:00"),
        ("0 0 9-17 * * mon-fri", "2026-03-06 17:00:00", "2026-03-09 09:00:00"),
        ("0 0 0 * JAN,July *", "2026-03-01 00:00:00", "2026-07-01 00:00:00"),
        ("0 0 0 * * 0", "2026-03-02 00:00:00", "2026-03-08 00:00:00"),
        ("0 0 0 * * 6", "2026-03-02 00:00:00", "2026-03-07 00:00:00"),
        ("0 0 0 * * Sunday,2", "2026-03-02 00:00:00", "2026-03-03 00:00:00"),
        ("0 0 0 29 2 *", "2026-03-01 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 0 29 feb *", "2096-03-01 00:00:00", "2104-02-29 00:00:00"),
        ("0 0 0 31 * *", "2026-03-31 00:00:00", "2026-05-31 00:00:00"),
        ("0 0 0 13 * fri", "2026-02-13 00:00:00", "2026-03-13 00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31 23:59:59", "2027-12-31 23:59:59"),
        ("0 30 2 * * *", "2026-03-29 00:00:00", "2026-03-29 02:30:00"),
    ],
)
def test_the_next_due_moment_is(text: str, moment: str, due: str) -> None:
    assert schedule(text).after(at(moment)) == at(due)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("*/5 * * * *", "six fields are needed"),
        ("0 */5 * * * * *", "six fields are needed"),
        ("00:05:00", "six fields are needed"),
        ("60 * * * * *", "seconds has '60'"),
        ("0 0 24 * * *", "hours has '24'"),
        ("0 0 0 0 * *", "day of month has '0'"),
        ("0 0 0 * 13 *", "month has '13'"),
        ("0 0 0 * * 7", "day of week has '7'"),
        ("0 0 0 ? * *", "day of month has '?'"),
        ("0 0 0 L * *", "day of month has 'L'"),
        ("0 0 0 * * mo", "day of week has 'mo'"),
        ("0 0 0 * * 1#2", "day of week has '1#2'"),
        ("0 mon * * * *", "minutes has 'mon'"),
        ("0 */0 * * * *", "minutes has the step '0'"),
        ("0 */x * * * *", "minutes has the step 'x'"),
        ("0 5/ * * * *", "minutes has the step ''"),
        ("0 1,,2 * * * *", "minutes has ''"),
        ("0 -5 * * * *", "minutes has ''"),
        ("0 0 0 30 2 *", "no such day ever comes"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_field(text: str, fault: str) -> None:
    with pytest.raises(NotASchedule) as refused:
        schedule(text)
    assert fault in str(refused.value)
    assert text in str(refused.value)


VALUES = [
    st.one_of(
        st.just("*"),
        st.integers(field.low, field.high).map(str),
        st.tuples(st.integers(field.low, field.high), st.integers(field.low, field.high)).map(
            lambda ends: f"{ends[0]}-{ends[1]}"
        ),
        st.integers(1, 40).map(lambda step: f"*/{step}"),
    )
    for field in FIELDS
]


@given(
    st.tuples(*VALUES[2:]),
    st.integers(0, 7 * 366 * 86400).map(lambda late: at("2024-01-01") + timedelta(seconds=late)),
)
def test_every_hour_between_a_moment_and_the_next_due_one_fails_some_field(
    fields: tuple[str, ...], moment: datetime
) -> None:
    try:
        read = schedule("0 0 " + " ".join(fields))
    except NotASchedule:
        return
    due = read.after(moment)
    allowed = [
        set(range(field.low, field.high + 1)) if part == "*" else set(map(int, part.split(",")))
        for part, field in zip(read.expanded.split(), FIELDS, strict=True)
    ]

    def matches(hour: datetime) -> bool:
        parts = (hour.second, hour.minute, hour.hour, hour.day, hour.month, hour.isoweekday() % 7)
        return all(part in values for part, values in zip(parts, allowed, strict=True))

    assert matches(due)
    assert due > moment
    hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    for _ in range(24 * 62):
        if hour >= due:
            break
        assert not matches(hour)
        hour += timedelta(hours=1)
