from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.core.encoding import to_json
from sync.core.errors import (
    AlreadyExists,
    Later,
    Never,
    NotProvided,
    Paused,
    SignInRefused,
    Unknown,
)
from sync.dynamics.faults import error_from, error_from_silence
from sync.dynamics.refusals import NotFound, ODataAnswer, ODataCall
from tests.dynamics.test_infolog import odata

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
READ, WRITE = ODataCall("read X"), ODataCall("create X", writes=True)
BAD_KEY = (
    "Write failed. Infolog: Warning: The value 'L' in field 'Group' is not found in the related"
    " table 'Groups'."
)
DUPLICATE = (
    "Cannot create a record in Sales orders (SalesTable). Sales order: S1. The record already"
    " exists."
)
MISSING = "No resources were found when selecting for update."
CONFLICT = "Write failed. Infolog: Error: An update conflict occurred due to another user process."
ROUTE = to_json(
    {
        "Message": (
            "No HTTP resource was found that matches the request URI. No route data was found"
            " for it."
        )
    }
)
HTML = b"<html><title>Sign in</title></html>"


def made(status: int, body: bytes = b"", call: ODataCall = WRITE, **headers: str) -> Exception:
    return error_from(
        ODataAnswer(
            status, {name.replace("_", "-"): value for name, value in headers.items()}, body
        ),
        call,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("status", "body", "on_read", "on_write"),
    [
        (400, odata(BAD_KEY), Never, Never),
        (500, odata(BAD_KEY), Never, Never),
        (500, odata("Infolog: Error: Field 'Site' must be filled in."), Never, Never),
        (
            400,
            odata("Inventory dimension Site is mandatory and must consequently be specified."),
            Never,
            Never,
        ),
        (500, odata("Infolog: Warning: Customer C1 is stopped for all."), Never, Never),
        (500, odata("Infolog: Error: validateWrite failed on data source 'X'."), Never, Never),
        (500, odata("Number 7 does not fit the number sequence."), Never, Never),
        (400, odata(DUPLICATE), AlreadyExists, AlreadyExists),
        (500, odata(DUPLICATE), AlreadyExists, AlreadyExists),
        (400, odata(MISSING), NotFound, NotFound),
        (500, odata(MISSING), NotFound, NotFound),
        (400, odata("No resource was found when selecting for update."), NotFound, NotFound),
        (400, odata(CONFLICT), Later, Later),
        (500, odata(CONFLICT), Later, Later),
        (
            500,
            odata("Deadlock, where one or more users have simultaneously locked the whole table."),
            Later,
            Later,
        ),
        (
            400,
            odata("The property 'Y' does not exist on type 'Microsoft.Dynamics.DataEntities.X'."),
            Never,
            Never,
        ),
        (400, b"", Never, Never),
        (401, b"", SignInRefused, SignInRefused),
        (403, b"", NotProvided, NotProvided),
        (403, odata("No permission."), NotProvided, NotProvided),
        (403, HTML, Later, Unknown),
        (403, b"The request is blocked.", Later, Unknown),
        (403, to_json({"statusCode": 403, "message": "Forbidden"}), Later, Unknown),
        (404, b"", NotFound, NotFound),
        (404, odata("No record."), NotFound, NotFound),
        (404, ROUTE, NotProvided, NotProvided),
        (404, HTML, Later, Later),
        (404, to_json({"title": "Not found", "status": 404}), Later, Later),
        (302, HTML, Later, Later),
        (405, b"", Never, Never),
        (409, b"", Never, Never),
        (412, b"", Never, Never),
        (422, b"", Never, Never),
        (408, b"", Later, Unknown),
        (500, b"", Later, Unknown),
        (500, odata("Infolog: Error: Stack trace: something broke."), Later, Unknown),
        (502, HTML, Later, Unknown),
        (503, b"busy", Later, Unknown),
        (504, b"", Later, Unknown),
        (429, b"", Paused, Paused),
    ],
)
def test_every_answer_means_one_thing(
    status: int, body: bytes, on_read: type[Exception], on_write: type[Exception]
) -> None:
    assert type(made(status, body, READ)) is on_read
    assert type(made(status, body, WRITE)) is on_write


@pytest.mark.parametrize("status", [0, 99, 100, 199, 600, 999])
def test_a_status_that_http_does_not_know_leaves_a_write_open(status: int) -> None:
    assert type(made(status, HTML, READ)) is Later
    assert type(made(status, HTML, WRITE)) is Unknown


@pytest.mark.parametrize("status", range(300, 600))
def test_no_answer_is_without_meaning(status: int) -> None:
    for body in (b"", HTML, odata("Something.")):
        error = made(status, body)
        assert isinstance(error, Later | Never)
        if isinstance(error, Never):
            assert error.remedy
            assert str(status) in error.reason


def test_a_firewall_that_refuses_us_is_named_and_no_record_is_to_blame() -> None:
    error = made(403, b"<html><title>403 Forbidden</title></html>", READ)
    assert isinstance(error, Later)
    assert error.is_outage
    assert "before Dynamics" in error.remedy
    assert "an HTML page: 403 forbidden" in error.reason


@pytest.mark.parametrize("status", [302, 404])
def test_where_another_host_answers_the_address_is_to_be_compared(status: int) -> None:
    error = made(status, HTML)
    assert isinstance(error, Later)
    assert "dynamics.url" in error.remedy


def test_a_refusal_keeps_the_activity_id_and_names_what_was_asked() -> None:
    error = made(400, odata(BAD_KEY), ms_dyn_aid="aid-7")
    assert isinstance(error, Never)
    assert error.code == "aid-7"
    assert (
        error.reason
        == "create X: Dynamics answered 400: The value 'L' in field 'Group' is not found in the"
        " related table 'Groups'."
    )
    assert "map items" in error.remedy
    assert "aid-8" in str(made(500, ms_dyn_aid="aid-8"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17),
        ("", 30),
        ("soon", 30),
        ("-5", 30),
        ("1.5", 30),
        ("0", 1),
        ("999999999", 3600),
        ("9" * 40, 30),
        ("Fri, 20 Nov 2026 09:00:45 GMT", 45),
        ("Fri, 20 Nov 2026 09:00:45", 45),
        ("Fri, 20 Nov 2026 08:00:00 GMT", 1),
    ],
)
def test_a_pause_lasts_as_long_as_f_and_o_says(header: str, seconds: int) -> None:
    error = made(429, odata("high resource utilization"), retry_after=header)
    assert isinstance(error, Paused)
    assert error.after == timedelta(seconds=seconds)
    assert not error.counts


def test_a_wait_named_by_another_answer_is_kept() -> None:
    error = made(503, retry_after="120")
    assert isinstance(error, Unknown)
    assert error.after == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("error", "on_write"),
    [
        (httpx.ConnectError("x"), Later),
        (httpx.ConnectTimeout("x"), Later),
        (httpx.PoolTimeout("x"), Later),
        (httpx.ProxyError("x"), Later),
        (httpx.ReadTimeout("x"), Unknown),
        (httpx.WriteTimeout("x"), Unknown),
        (httpx.ReadError("x"), Unknown),
        (httpx.WriteError("x"), Unknown),
        (httpx.RemoteProtocolError("x"), Unknown),
        (httpx.DecodingError("x"), Unknown),
        (TimeoutError(), Unknown),
    ],
)
def test_silence_leaves_a_write_open_unless_it_was_never_sent(
    error: httpx.RequestError | TimeoutError, on_write: type[Exception]
) -> None:
    assert type(error_from_silence(error, READ)) is Later
    assert type(error_from_silence(error, WRITE)) is on_write
