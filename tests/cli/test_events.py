"""`events`: what D365 told, known or not."""

import asyncio

import pytest

from sync.app.embedded import open_embedded
from sync.config.file.reading import read_connections
from sync.core.encoding import to_json
from tests.cli.running import Line, Systems

NOWHERE = Systems("https://shop.example.com", "http://localhost", ())
KNOWN, UNKNOWN = "SalesInvoicePostedBusinessEvent", "CustomerPaymentPostedBusinessEvent"


@pytest.fixture
def home(line: Line) -> Line:
    line.configured(NOWHERE)
    text = (line.folder / "connections.toml").read_text()
    flows = '[connections.shop]\nflows = ["orders", "customers", "posted_invoices"]'
    (line.folder / "connections.toml").write_text(text.replace("[connections.shop]", flows, 1))
    return line


def _reported(line: Line, *events: tuple[str, str, str]) -> None:
    """Business events (id, name, legal entity) that came from the queue, one after the other."""

    async def taken() -> None:
        services = await open_embedded(
            line.folder / ".sync", read_connections(line.folder / "connections.toml")
        )
        for identity, name, company in events:
            event = {
                "EventId": identity,
                "BusinessEventId": name,
                "BusinessEventLegalEntity": company,
                "InvoiceId": "CIV-1",
            }
            await services.take(
                "business-events",
                to_json({**event, "EventTimeIso8601": "2026-03-02T11:58:30.1234567Z"}),
                "m-1",
                1,
            )
        await services.close()

    asyncio.run(taken())


def test_events_are_listed_the_newest_first(home: Line) -> None:
    _reported(home, ("A-1", KNOWN, "USMF"), ("A-2", UNKNOWN, "USMF"), ("A-3", UNKNOWN, "ELSE"))
    rows = home("events", "--json").documents
    assert [(row["connection"], row["id"], row["flow"]) for row in rows] == [
        ("-", "A-3", ""), ("shop", "A-2", ""), ("shop", "A-1", "posted_invoices"),
    ]  # fmt: skip
    assert rows[0]["at"].startswith("2026-03-02T11:58:30.123456")
    shown = home("events").out
    assert "Business events: 3" in shown
    assert UNKNOWN in shown


def test_only_the_unknown_and_only_so_many_are_listed_where_asked(home: Line) -> None:
    _reported(home, ("A-1", KNOWN, "USMF"), ("A-2", UNKNOWN, "USMF"), ("A-3", UNKNOWN, "ELSE"))
    assert [row["id"] for row in home("events", "--unknown", "--json").documents] == ["A-3", "A-2"]
    assert [row["id"] for row in home("events", "--most", "1", "--json").documents] == ["A-3"]
    assert [row["id"] for row in home("events", "--connection", "shop", "--json").documents] == [
        "A-2",
        "A-1",
    ]


def test_no_events_are_said_to_be_none(home: Line) -> None:
    assert "No business events." in home("events").out
