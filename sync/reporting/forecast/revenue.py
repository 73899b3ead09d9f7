"""Net revenue of the weeks or months to come, of each company in each currency: what will be
invoiced, less what will be credited, without tax. Nothing of cost or margin.

Beside what revenue alone may say there is a method that follows orders: what share of an order's
net was invoiced in its own week, in the next, and so on, and what of newer orders is therefore
still to come; with the orders that are expected, and what is invoiced without an order of a shop.
Orders that are void now count at no time: a backtest knows of them a little too early.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from math import inf
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Final

from sync.core.errors import Never
from sync.reporting.forecast.choosing import SHORTEST, forecast
from sync.reporting.forecast.methods import RECENT, YEAR, Method, Series
from sync.reporting.forecast.totals import TOO_SHORT
from sync.reporting.forecast.writing import AMOUNTS, WORTH, Row, cents, worth_of, write
from sync.reporting.star import star_file, star_views

if TYPE_CHECKING:
    from sync.reporting.duck import Duck

REVENUE: Final = "forecast_revenue"
COLUMNS: Final[Mapping[str, str]] = {
    "company": "VARCHAR", "currency": "VARCHAR", "begins": "DATE", **AMOUNTS, **WORTH,
    "history": "INTEGER",
}  # fmt: skip
"""`begins`: the first day of the week or month. `history` counts those that are known."""
INVOICED: Final = """
SELECT f.company, f.currency, date_trunc('{period}', f.day)::DATE,
    date_trunc('{period}', o.day)::DATE AS ordered, sum(f.net)
FROM fact_invoice_lines f LEFT JOIN (FROM fact_orders WHERE NOT is_void) o
    USING (company, currency, shop, order_key)
WHERE NOT f.is_intercompany AND f.day < $until
GROUP BY ALL
"""
INTAKE: Final = """
SELECT company, currency, date_trunc('{period}', day)::DATE, sum(net)
FROM fact_order_lines WHERE NOT is_void AND day < $until GROUP BY ALL
"""
ORDERS: Final = "orders"
"""The method."""


@dataclass(frozen=True)
class Period:
    """`reach`: within how many of them an order is invoiced, as far as its method looks. `since`:
    of how many it learns."""

    name: str
    season: int
    reach: int
    since: int

    def first(self, day: date) -> date:
        """The first day of that which a day is in."""
        return day - timedelta(days=day.weekday()) if self is WEEK else day.replace(day=1)

    def between(self, first: date, last: date) -> int:
        """How many from one to another."""
        if self is WEEK:
            return (last - first).days // 7
        return (last.year - first.year) * 12 + last.month - first.month

    def after(self, first: date, count: int) -> date:
        """The one so many later."""
        if self is WEEK:
            return first + timedelta(weeks=count)
        whole = first.year * 12 + first.month - 1 + count
        return date(whole // 12, whole % 12 + 1, 1)


WEEK: Final = Period("week", YEAR, reach=13, since=26)
MONTH: Final = Period("month", 12, reach=4, since=12)


@dataclass(frozen=True)
class Book:
    """A company's revenue in a currency, by period. `intake`: net of orders, by the period in which
    they were placed. `invoiced_later`: place of an invoice and how many periods its order was
    before -> net. A guess has no cents: these are floats, and stand in no book."""

    revenue: list[float]
    intake: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    invoiced_later: dict[tuple[int, int], float] = field(default_factory=lambda: defaultdict(float))

    def add(self, place: int, lag: int | None, net: Decimal) -> None:
        """What was invoiced or credited. `lag`: None where it was for no order of a shop."""
        self.revenue[place] += float(net)
        if lag is not None:
            self.invoiced_later[place, max(lag, 0)] += float(net)

    def from_orders(self, period: Period) -> Method:
        """The method that follows orders, of this book alone."""

        def method(past: Series, ahead: int) -> list[float]:
            now = len(past)
            shares = [self._share(lag, now, period) for lag in range(period.reach)]
            known = [self.intake.get(place, 0.0) for place in range(now)]
            coming = forecast(known, ahead, season=period.season).expected
            orders = {**self.intake, **{now + n: net for n, net in enumerate(coming)}}
            others = fmean(self._without_order(place, period) for place in range(now)[-RECENT:])
            return [
                others + sum(
                    share * orders.get(now + n - lag, 0.0) for lag, share in enumerate(shares)
                )
                for n in range(ahead)
            ]  # fmt: skip

        return method

    def _share(self, lag: int, now: int, period: Period) -> float:
        """What part of orders was invoiced so many periods after them."""
        places = range(now - lag - period.since, now - lag)
        ordered = sum(self.intake.get(place, 0.0) for place in places)
        came = sum(self.invoiced_later.get((place + lag, lag), 0.0) for place in places)
        return came / ordered if ordered else 0.0

    def _without_order(self, place: int, period: Period) -> float:
        lags = range(period.reach)
        return self.revenue[place] - sum(self.invoiced_later.get((place, n), 0.0) for n in lags)


def forecast_revenue(
    duck: "Duck", root: Path, today: date, ahead: int, period: Period = WEEK
) -> list[Row]:
    """Write the forecast into the star, and return its rows, as `COLUMNS` are. What has not ended
    by today is forecast. Raises `Never` where nothing was built."""
    if not star_file(root, "fact_invoice_lines").exists():
        raise Never("there are no invoices yet", remedy="Run: python -m sync report build")
    star_views(duck, root)
    until = period.first(today)
    books = books_of(duck, until, period)
    rows = [row for key in sorted(books) for row in _rows(key, books[key], until, ahead, period)]
    write(duck, root, REVENUE, COLUMNS, rows)
    return rows


def books_of(duck: "Duck", until: date, period: Period) -> Mapping[tuple[str, str], Book]:
    """Company and currency -> its book up to a day, out of the star; each from its first invoice
    on."""
    asked = {"until": until}
    invoiced = duck.execute(INVOICED.format(period=period.name), asked).fetchall()
    taken = duck.execute(INTAKE.format(period=period.name), asked).fetchall()
    begun: dict[tuple[str, str], date] = {}
    for company, currency, day, *_ in invoiced:
        begun[company, currency] = min(day, begun.get((company, currency), day))
    books = {key: Book([0.0] * period.between(first, until)) for key, first in begun.items()}
    for company, currency, day, ordered, net in invoiced:
        book, first = books[company, currency], begun[company, currency]
        book.add(period.between(first, day), ordered and period.between(ordered, day), net)
    for company, currency, day, net in taken:
        if (company, currency) in books:
            books[company, currency].intake[period.between(begun[company, currency], day)] = float(
                net
            )
    return books


def _rows(
    key: tuple[str, str], book: Book, until: date, ahead: int, period: Period
) -> Iterator[Row]:
    past = book.revenue
    guess = forecast(
        past, ahead, lambda _: {ORDERS: book.from_orders(period)}, season=period.season, least=-inf
    )
    method = guess.method if len(past) >= SHORTEST else TOO_SHORT
    for place in range(ahead):
        amounts = (guess.expected, guess.low, guess.high, guess.baseline)
        told = (cents(one[place]) for one in amounts)
        yield [
            *key, period.after(until, place), *told, *worth_of(guess, method), len(past)
        ]  # fmt: skip
