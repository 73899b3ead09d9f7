"""The figures of the last report, as charts with their tables."""

from datetime import timedelta
from decimal import Decimal

from sync.operating.reports import CASH, FORECASTS, REVENUE, Told, store, stored
from sync.reporting.forecast.cash import Expected
from sync.reporting.published import cash_to_show
from tests.console.browsing import Browser
from tests.harness import Harness, in_harness

COLUMNS = ("month", "currency", "documents", "amount")


@in_harness(flows=("orders", "customers"))
async def test_figures_are_shown_with_their_charts_and_how_fresh_they_are(
    harness: Harness,
) -> None:
    browser = await Browser.of(harness)
    assert "No report was built yet." in (await browser.sees("/reports")).text
    tables, now = harness.services.edition_parts.tables, harness.clock.now()
    rows = [("2026-01", "USD", "2", "10.00"), ("2026-02", "USD", "1", "-3.50"),
            ("2026-02", "EUR", "1", "<b>7")]  # fmt: skip
    old = Told("margin", "month", COLUMNS, rows, now)
    await store(tables, [old, old, old])
    told = Told("net", "month", COLUMNS, rows[:2], now - timedelta(hours=3), missing=2)
    await store(tables, [told])
    assert [one.figure for one in await stored(tables)] == ["net"]
    page = await browser.sees("/reports")
    assert "net by month" in page.text
    assert "2 sources or records could not be read" in page.text
    assert 'aria-label="net by month, in USD, in the order of the table"' in page.html
    assert '<rect class="below" x="20" y="60"' in page.html
    for cell in rows[1]:
        assert cell in page.text
    plain = ("usmf", "EU", "2026-06-01", "12.50", "9.00", "16.00", "11.00", "sum")
    hidden = (*plain[:2], "2026-06-08", "", "", "", "11.00", "baseline is better")
    columns = ("company", "region", "week", "expected", "low", "high", "baseline", "method")
    await store(tables, [Told("demand", "region", columns, [plain, hidden], now)], FORECASTS)
    monthly = ("usmf", "USD", "2026-06-01", "-12.50")
    named = ("company", "currency", "month", "expected")
    await store(tables, [Told("net", "month", named, [monthly], now)], REVENUE)
    cash = (Expected("usmf", "USD", "receivables", now.date(), None, Decimal("8.40"), None,
                     "due day", Decimal("9.5"), Decimal("9.0"), None, 12),)  # fmt: skip
    await store(tables, [cash_to_show(cash, now)], CASH)
    await store(tables, [told])
    page = await browser.sees("/reports")
    assert [one.figure for one in await stored(tables)] == ["net", "net", "cash", "demand"]
    assert "Forecast of cash by week: usmf USD receivables, in the order of the table" in page.html
    assert all(cell in page.text for cell in ("8.40", "due day", "9.5", "baseline days off"))
    assert "Forecast of demand by region: usmf EU, in the order of the table" in page.html
    assert "Forecast of net by month: usmf USD, in the order of the table" in page.html
    assert page.html.count('<rect class="above" x="0"') == 3
    assert "baseline is better" in page.text
