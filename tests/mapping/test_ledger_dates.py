"""What reaches a ledger is dated in its legal entity's time zone: a posting period ends at midnight
there."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sync.preview.previewed import Preview
from tests.mapping.made import made, row
from tests.mapping.receiving import (
    basis,
    books,
    invoice_of,
    memo_of,
    orders_of,
    preview_creditmemo,
    preview_invoice,
)
from tests.mapping.samples import PAYLOADS, read

ZONES = [
    ("America/New_York", datetime(2027, 1, 1, 5, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2026, 12, 31, 11, tzinfo=UTC)),
    ("UTC", datetime(2027, 1, 1, tzinfo=UTC)),
]
"""Each zone with the moment at which its new year begins; Auckland has summer then."""
SIDES = [(timedelta(seconds=-1), date(2026, 12, 31)), (timedelta(0), date(2027, 1, 1))]
DATES = ("InvoiceDate", "TransactionDate")


def dates_in(found: Preview) -> set[str]:
    """Every date of the requests; a journal's description is the day its lines are gathered
    under."""
    assert found.outcome == "deliver", found.reason
    reported = [request.body for request in found.requests if request.body is not None]
    journals = {str(body["Description"]).split()[1] for body in reported if "JournalName" in body}
    return {str(body[name]) for body in reported for name in DATES if name in body} | journals


def stamped(moment: datetime) -> dict[str, str]:
    return {"created_at": f"{moment:%Y-%m-%d %H:%M:%S}"}


@pytest.mark.parametrize(("zone", "midnight"), ZONES)
@pytest.mark.parametrize(("beside", "day"), SIDES)
@pytest.mark.parametrize("recipe", ["both, free text credit", "payment, return"])
async def test_a_year_ends_at_midnight_of_the_legal_entity(
    zone: str, midnight: datetime, beside: timedelta, day: date, recipe: str
) -> None:
    order, stamps = made(row()), stamped(midnight + beside)
    settings = basis(books(recipe, dynamics={"time_zone": zone}), {order["entity_id"]: order})
    assert dates_in(await preview_invoice(invoice_of(order, **stamps), settings)) == {
        day.isoformat()
    }
    assert dates_in(await preview_creditmemo(memo_of(order, **stamps), settings)) == {
        day.isoformat()
    }


@pytest.mark.parametrize(
    ("dynamics", "day"),
    [
        ({}, "2027-01-01"),
        ({"time_zone": "America/New_York"}, "2026-12-31"),
        ({"time_zone": "America/New_York", "time_zones": {"DEMF": "Europe/Berlin"}}, "2027-01-01"),
        ({"time_zones": {"usmf": "America/New_York"}}, "2027-01-01"),
    ],
)
async def test_the_zone_is_that_of_the_legal_entity_that_the_store_posts_into(
    dynamics: dict[str, Any], day: str
) -> None:
    scenario = read(PAYLOADS / "field_reports" / "ny_new_year_invoice.json")
    stores = {
        "default": {"origin": "WEB"},
        "1": {"company": "demf" if "time_zones" in dynamics else None},
    }
    settings = books("both, free text credit", dynamics=dynamics, stores=stores)
    found = await preview_invoice(scenario["invoices"][0], basis(settings, orders_of(scenario)))
    assert dates_in(found) == {day}
