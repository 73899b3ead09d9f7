"""The envelope of business events, read leniently: what is a moment, what is no event, what is only
a test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.dynamics.events import sample
from sync.core.encoding import NotJson, to_json
from sync.dynamics.business_events import BadBusinessEvent, business_event, moment
from tests.conftest import ABSENT, SHARED_SAMPLES
from tests.systems import SystemsUnderTest
from tests.virtual_time import LoopClock, virtually

RECORDED = sorted((SHARED_SAMPLES / "d365").glob("business-event-*.json"))
EVENT = {
    "EventId": "3c47a4cd",
    "BusinessEventId": "SalesInvoicePostedBusinessEvent",
    "BusinessEventLegalEntity": "USMF",
}
NOON = datetime(2022, 12, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2022-12-30T12:00:00Z", NOON),
        ("2022-12-30T12:00:00.0000000Z", NOON),
        ("2022-12-30T12:00:00.1234567Z", NOON.replace(microsecond=123456)),
        ("2022-12-30T12:00:00.1Z", NOON.replace(microsecond=100000)),
        ("2022-12-30T12:00:00", NOON),
        ("2022-12-30T14:00:00+02:00", NOON),
        ("/Date(1672401600000)/", NOON),
        ("/Date(1672401600000+0200)/", NOON),
        ("/Date(-62135596800000)/", datetime(1, 1, 1, tzinfo=UTC)),
        ("/Date(-2208988800000)/", datetime(1900, 1, 1, tzinfo=UTC)),
        ("/Date(9999999999999999)/", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (1672401600000, None),
        (None, None),
    ],
)
def test_moments_are_read_in_every_way_that_they_are_written(
    written: Any, meant: datetime | None
) -> None:
    assert moment(written) == meant


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"EventId=1"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJson):
        business_event(body)


@pytest.mark.parametrize(
    "document",
    [
        [], [EVENT], "event", 7, None, {},
        {"EventId": "1"}, {"BusinessEventId": "X"},
        {**EVENT, "EventId": ""}, {**EVENT, "EventId": 7}, {**EVENT, "EventId": "x" * 101},
        {**EVENT, "EventId": "a\nb"},
        {**EVENT, "BusinessEventId": None}, {**EVENT, "BusinessEventId": {"name": "X"}},
        {**EVENT, "BusinessEventId": "x" * 101},
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(document: Any) -> None:
    with pytest.raises(BadBusinessEvent):
        business_event(to_json(document))


@pytest.mark.parametrize(
    ("changes", "company"),
    [
        ({}, "usmf"),
        ({"BusinessEventLegalEntity": None, "LegalEntity": "DEMF"}, "demf"),
        ({"BusinessEventLegalEntity": "", "LegalEntity": "DEMF"}, "demf"),
        ({"BusinessEventLegalEntity": 7}, ""),
        ({"BusinessEventLegalEntity": None}, ""),
    ],
)
def test_the_legal_entity_stands_in_one_of_two_places(
    changes: dict[str, Any], company: str
) -> None:
    assert business_event(to_json({**EVENT, **changes})).company == company


@pytest.mark.parametrize(
    ("control", "read"),
    [
        (5637611083, 5637611083),
        (True, 0),
        ("5637611083", 0),
        (None, 0),
        (2**63, 0),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_a_control_number_is_a_whole_number_or_none(control: Any, read: int) -> None:
    assert business_event(to_json({**EVENT, "ControlNumber": control})).control_number == read


def test_ids_are_the_same_in_capitals_or_not() -> None:
    assert (
        business_event(to_json(EVENT)).id
        == business_event(to_json({**EVENT, "EventId": "3C47A4CD"})).id
    )


def test_the_sample_of_an_endpoint_being_set_up_is_a_test() -> None:
    assert business_event(to_json(sample())).is_test
    assert not business_event(to_json(EVENT)).is_test
    assert not business_event(
        to_json({**EVENT, "EventTimeIso8601": "2022-12-30T12:00:00Z"})
    ).is_test


def test_legal_entities_are_those_of_the_connection_and_of_its_stores() -> None:
    async def found() -> tuple[str, ...]:
        systems = SystemsUnderTest(
            LoopClock(), {"stores": {"2": {"company": "demf"}, "3": {"company": "usmf"}}}
        )
        systems.close()
        return systems.connection.legal_entities

    assert virtually(found()) == ("usmf", "demf")


@pytest.mark.parametrize(
    "path", RECORDED or [None], ids=lambda path: path.name if path else "absent"
)
def test_a_recorded_event_is_read(path: Path | None) -> None:
    if path is None:
        pytest.skip(ABSENT)
    event = business_event(path.read_bytes())
    assert event.event.startswith("DummyBusinessEvent")
    assert event.company == "so01"
    assert event.at == datetime(2022, 12, 30, 13, 51, 15, 294274, UTC)
    assert event.control_number == 5637611083
    assert not event.is_test
