import io
import json
import logging
import re
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.cli.output import plain
from sync.core.logs import QUIET, JsonLines, Masking, TextLines, guard, masked, set_up

HEX = "0123456789abcdef" * 4
MAGENTO = "k3jh4kjh53k4j5h3k4jh5k34jh53kj45"
ENTRA = "Xy78Q~aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456"
BASE64 = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """A stream that the root logger writes to as text; everything is as before afterwards."""
    root = logging.getLogger()
    before = (
        root.handlers[:],
        root.level,
        {handler: handler.filters[:] for handler in root.handlers},
    )
    quiet = {name: logging.getLogger(name).level for name in QUIET}
    stream = io.StringIO()
    set_up(stream=stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    for handler, filters in before[2].items():
        handler.filters[:] = filters
    for name, level in quiet.items():
        logging.getLogger(name).setLevel(level)


def _lines(out: io.StringIO) -> list[str]:
    return [re.sub(r"^\S+Z ", "", line) for line in out.getvalue().splitlines()]


def _record(text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("sync.engine.runner", logging.INFO, __file__, 1, text, arguments, None)


def test_an_event_is_one_line_of_its_fields(out: io.StringIO) -> None:
    logging.getLogger("sync.engine.runner").info(
        "%s.delivered key=%s attempt=%d ms=%d", "orders", "000000042@1", 1, 120
    )
    assert _lines(out) == ["info orders.delivered key=000000042@1 attempt=1 ms=120"]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info ", out.getvalue())


def test_a_value_cannot_forge_a_line_or_a_field(out: io.StringIO) -> None:
    logging.getLogger("sync").warning(
        "orders.parked key=%s reason=%s", "1\nerror forged=1", 'a "b" c=d'
    )
    logging.getLogger("sync").warning("free text\nof two lines")
    assert _lines(out) == [
        'warning orders.parked key="1\\nerror forged=1" reason="a \\"b\\" c=d"',
        "warning free text\\nof two lines",
    ]


def test_an_empty_value_is_seen(out: io.StringIO) -> None:
    logging.getLogger("sync").info("orders.delivered number=%s", "")
    assert _lines(out) == ['info orders.delivered number=""']


@pytest.mark.parametrize(
    "point",
    [
        0x1B,
        0x9B,
        0x202E,
        0x2066,
        0x200D,
        0xE0041,
        0xD800,
        0x2028,
        0x034F,
        0x115F,
        0x180B,
        0x3164,
        0xFE0F,
        0xFFA0,
        0xE0168,
    ],
    ids=hex,
)
def test_no_code_that_turns_or_hides_text_reaches_a_terminal(point: int) -> None:
    value = f"a{chr(point)}b"
    record = logging.LogRecord("sync", 20, "", 1, "orders.parked key=%s", (value,), None)
    for text in (TextLines().format(record), JsonLines().format(record), plain(value)):
        assert "\ufffd" in text or "\\u" in text
        assert chr(point) not in text


def test_json_lines_keep_fields_and_their_types() -> None:
    line = json.loads(
        JsonLines().format(_record("%s.delivered key=%s ms=%d level=%s", "orders", "ä b", 120, "x"))
    )
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "sync.engine.runner",
        "event": "orders.delivered",
        "key": "ä b",
        "ms": 120,
        "level_": "x",
    }


def test_json_lines_hold_tracebacks_and_free_text() -> None:
    record = _record("it broke: %s", "here")
    record.exc_info = (KeyError, KeyError("x"), None)
    line = json.loads(JsonLines().format(record))
    assert line["event"] == "it broke: here"
    assert "KeyError: 'x'" in line["traceback"]
    assert "KeyError: 'x'" in TextLines().format(record)


PLANTED = [
    ("Ann.O'Lee+web@shop.example.co.uk", "customer %s is unknown"),
    ("ann%40example.com", "searchCriteria value=%s"),
    (JWT, "Bearer %s"),
    (JWT, "answer %s"),
    ("abcdefgh", "bearer %s"),
    ("dXNlcjpwYXNzd29yZA==", "Basic %s"),
    (MAGENTO, "Authorization: OAuth realm=x, oauth_token=%s"),
    (MAGENTO, "{'Authorization': 'OAuth %s', 'Accept': '*/*'}"),
    ("session=abc", "Set-Cookie: %s"),
    (MAGENTO, "the token is %s now"),
    (HEX, "key %s"),
    (BASE64, "key %s"),
    (ENTRA, "secret is %s ."),
    ("hunter2", "password=%s"),
    ("hunter2", '{"client_secret": "%s"}'),
    ("hunter2", "x-functions-key: %s"),
    ("hunter2", "accessToken=%s&x=1"),
    ("hunter2", "Endpoint=sb://bus/;SharedAccessKey=%s"),
    ("hunter2", "https://me:%s@shop.example/rest"),
    ("hunter2", "GET https://host/api/webhooks?code=%s HTTP/1.1"),
    ("hunter2", "GET /api/health?code=%s HTTP/1.1"),
    ("correct horse battery", '{"client_secret": "%s"}'),
    ("correct horse battery", "passphrase='%s'"),
    ("hunter2", "pwd=%s"),
    ("abcdefgh", "bearer: %s"),
    ("ann＠example.com", "customer %s is unknown"),
    (r"ann\u0040example.com", "customer %s is unknown"),
    ("short/parts", "-----BEGIN PRIVATE KEY-----\nMIIE\n%s\n-----END PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("secret", "text"), PLANTED)
@pytest.mark.parametrize("as_argument", [True, False])
def test_a_planted_secret_is_masked(
    out: io.StringIO, secret: str, text: str, as_argument: bool
) -> None:
    if as_argument:
        logging.getLogger("sync").error(text, secret)
    else:
        logging.getLogger("sync").error(text.replace("%s", secret))
    assert secret not in out.getvalue()
    assert "***" in out.getvalue()


@pytest.mark.parametrize(("secret", "text"), PLANTED)
def test_a_secret_in_a_traceback_is_masked(out: io.StringIO, secret: str, text: str) -> None:
    logging.getLogger("sync").error(
        "orders.failed key=%s", "1", exc_info=ValueError(text.replace("%s", secret))
    )
    assert secret not in out.getvalue()
    assert "orders.failed key=1\nValueError: " in out.getvalue()


def test_a_secret_in_one_field_leaves_the_others_readable(out: io.StringIO) -> None:
    logging.getLogger("sync").info(
        "orders.parked key=%s reason=%s ms=%d", "42", "ann@example.com is new", 7
    )
    assert _lines(out) == ['info orders.parked key=42 reason="*** is new" ms=7']


@pytest.mark.parametrize(
    "text",
    [
        "orders.delivered key=000000042@1 target=SO-000123",
        "stock.delivered key=24-MB01@12",
        "dynamics.refused activity=0a1b2c3d-0a1b-4c3d-8e4f-0a1b2c3d4e5f",
        "/usr/lib/python3.11/site-packages/httpx/_transports/default.py",
        "/home/Build1/agent/sync/adapters/sqlite/queue.py line 12",
        "The signature is invalid. Verify and try again.",
        "authorization failed; oauth_problem=signature_invalid",
        "InvoiceCustomerAccountNumberOfTheSalesOrderHeader",
        "https://erp.operations.dynamics.com/data/SalesOrderHeadersV4",
        "12345678901234567890123456789012345",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "piece", ["a", "a-", "a.", "A1/", "a@", "http://", "=", "%40", "token", "a@b.example "]
)
def test_a_line_of_many_kilobytes_is_masked_like_a_short_one(piece: str) -> None:
    assert masked(f"{piece * (40_000 // len(piece))} ann@example.com").endswith(" ***")


@given(st.text(st.sampled_from("aA1@.=:/?-_ token Bearer"), max_size=60))
def test_masking_again_changes_nothing(text: str) -> None:
    assert masked(masked(text)) == masked(text)


def test_a_malformed_line_of_our_own_stops_nothing(out: io.StringIO) -> None:
    template = "orders.delivered key=%s ms=%d"
    logging.getLogger("sync").info(template, "42")
    assert _lines(out)[0].startswith("info logs.malformed module=test_logs line=")


def test_a_line_of_a_mapping_is_written(out: io.StringIO) -> None:
    logging.getLogger("sync").info("orders.delivered key=%(key)s", {"key": "42"})
    assert _lines(out) == ["info orders.delivered key=42"]


async def test_no_url_with_its_query_is_logged_at_any_level(out: io.StringIO) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get("https://shop.example/rest/V1/customers/search?value=ann%40example.com")
    assert out.getvalue() == ""


def test_setting_up_twice_logs_once(out: io.StringIO) -> None:
    again = io.StringIO()
    set_up(level="warning", log_format="json", stream=again)
    logging.getLogger("sync").info("a.b")
    logging.getLogger("sync").warning("c.d")
    assert out.getvalue() == ""
    assert json.loads(again.getvalue())["event"] == "c.d"


def test_a_handler_that_is_there_already_is_guarded_as_well(out: io.StringIO) -> None:
    theirs = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(theirs))
    guard()
    guard()
    logging.getLogger("sync").error("no account for %s", "ann@example.com", stack_info=True)
    assert theirs.getvalue().startswith("no account for ***\nStack")
    assert (
        sum(isinstance(known, Masking) for known in logging.getLogger().handlers[-1].filters) == 1
    )
    assert "Stack (most recent call last)" in out.getvalue()
