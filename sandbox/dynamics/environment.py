"""An F&O environment without what batch jobs do in it: rows, settings, number sequences, and how
they are looked up.

`state.py` adds the batch jobs; rules and postings are written against this class.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Self

from sandbox.dynamics.books import Books
from sandbox.dynamics.countries import COUNTRIES
from sandbox.dynamics.schema import COMPANY, MAIN, SETS
from sandbox.dynamics.seed import Item, books, item_rows, setup_rows
from sandbox.dynamics.store import Key, Record, Store
from sandbox.dynamics.values import folded

START: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
CENT: Final = Decimal("0.01")
LOCKED: Final = frozenset({"Delivered", "Invoiced", "Canceled"})
Listener = Callable[[Mapping[str, Any]], None]
"""Told of a business event: its envelope as it goes over the wire, amounts as `Decimal`."""


@dataclass
class Settings:
    """How the environment is set up.

    `manual`: properties whose number sequence is manual, so that the caller must choose
    (`SalesOrderNumber`, `CustomerAccount`). `page_size`: the most rows of one answer.
    `strict_prices`: refuse prices and discounts with more than two decimals. `rounding`: unit per
    currency, before what the Currencies table says. `automatic_settlement`: posted payments settle
    a customer's oldest open invoices. `journal_write_seconds`: how long a request that writes lines
    of a payment journal works; one that comes meanwhile with other lines of that journal is
    refused. `reserves_on_arrival`: sales lines reserve what is on hand. `lacks`: fields
    ("Set.Field") that `$metadata` does not name. `quotations_stay`: a quotation that was sent keeps
    that status when it is changed. `closed`: fields ("Set.Field") that the server alone writes in
    this environment; `mandatory`: those that must be sent in it.
    """

    manual: set[str] = field(default_factory=set)
    page_size: int = 10_000
    strict_prices: bool = False
    rounding: dict[str, Decimal] = field(default_factory=dict)
    automatic_settlement: bool = False
    journal_write_seconds: float = 0.0
    reserves_on_arrival: bool = False
    lacks: frozenset[str] = frozenset()
    quotations_stay: bool = False
    closed: frozenset[str] = frozenset()
    mandatory: frozenset[str] = frozenset()


@dataclass
class Environment:
    """One environment. `company` is the default company of the user behind every token; `now` gives
    aware UTC.

    `received`: what came in, by place and inventory status (`on_hand.py`). `visits` counts the
    requests that have arrived, `visit` is the one whose work is being done (0: somebody's by hand).
    `is_deadlocked`: whether the changeset that is about to be committed is
    rolled back, because somebody else holds what it needs. `journal_writers`: per payment journal,
    who wrote lines last, and how many requests had arrived by then.
    """

    company: str = "dat"
    tokens: set[str] = field(default_factory=lambda: {"sandbox"})
    settings: Settings = field(default_factory=Settings)
    now: Callable[[], datetime] = lambda: START
    countries: Mapping[str, str] = field(default_factory=lambda: COUNTRIES)
    store: Store = field(default_factory=Store)
    sequences: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    books: dict[str, Books] = field(default_factory=dict)
    received: dict[tuple[tuple[str, ...], str], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )
    visits: int = 0
    visit: int = 0
    journal_writers: dict[Key, tuple[int, int]] = field(default_factory=dict)
    is_deadlocked: Callable[[], bool] = lambda: False
    _listeners: list[Listener] = field(default_factory=list)
    _remembered: dict[str, list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store.now = self._second

    def _second(self) -> datetime:
        return self.now().replace(microsecond=0)

    @classmethod
    def seeded(
        cls,
        company: str = "usmf",
        *,
        items: Iterable[Item | str] = (),
        default_company: str = "dat",
        now: Callable[[], datetime] = lambda: START,
    ) -> Self:
        """An environment whose `company` has setup tables, customer US-001, `seed.SERVICES` and
        `items`.

        A bare text is the number of a stocked item. The user's default company is another one (with
        the same setup), so requests must say `cross-company=true`.
        """
        state = cls(company=default_company, now=now)
        for name in dict.fromkeys((default_company, company)):
            state.books[name.lower()] = books(name)
            for table, values in setup_rows(name):
                state.put(table, **values)
        state.release(company, *items)
        state.remember()
        return state

    def today(self) -> datetime:
        """The session date: noon UTC, as all dates."""
        return self.now().replace(hour=12, minute=0, second=0, microsecond=0)

    def books_of(self, company: str) -> Books:
        """A company's books; empty ones where nothing was set up."""
        return self.books.setdefault(company.lower(), Books())

    def arrive(self) -> int:
        """Count a request in; its number."""
        self.visits += 1
        return self.visits

    def on_event(self, listener: Listener) -> None:
        """Tell a listener of every business event from now on, right after the transaction that
        raised it."""
        self._listeners.append(listener)

    def emit(self, envelope: Mapping[str, Any]) -> None:
        """Tell the listeners of an event; the transaction that raised it is over."""
        for listener in self._listeners:
            listener(envelope)

    def put(self, table: str, **values: Any) -> Record:
        """Store a row by hand, by table or set name, asking no rule; over the one with the same
        key, if any."""
        name = SETS[table].table if table in SETS else table
        entity = MAIN[name]
        unknown = values.keys() - entity.properties.keys()
        if unknown:
            raise ValueError(f"{table} has no property {', '.join(sorted(unknown))}")
        if COMPANY in entity.properties:
            values.setdefault(COMPANY, self.company)
        known = self.store.find(
            name, *(values.get(part, entity.properties[part].unset) for part in entity.key)
        )
        return (
            self.store.insert(name, values)
            if known is None
            else self.store.update(name, known, values)
        )

    def release(self, company: str, *items: Item | str) -> None:
        """Make products known and released in a company."""
        for item in items:
            for table, values in item_rows(company, Item(item) if isinstance(item, str) else item):
                self.put(table, **values)

    def next_number(self, sequence: str, template: str, company: str = "") -> str:
        """Draw from a number sequence of a company, or of all when none is named."""
        self.sequences[f"{company}/{sequence}"] += 1
        return template.format(
            company=company.upper(), number=self.sequences[f"{company}/{sequence}"]
        )

    def rounding_unit(self, currency: str) -> Decimal:
        """The unit that sales orders of a currency are rounded to."""
        row = self.store.find("Currencies", currency)
        stored: Decimal = row.values.get("RoundingRuleSalesOrders", CENT) if row else CENT
        return self.settings.rounding.get(currency, stored or CENT)

    def rounded(self, amount: Fraction, currency: str) -> Decimal:
        """An exact amount in a currency, halves away from zero."""
        unit = self.rounding_unit(currency)
        units = (abs(amount) / Fraction(unit) * 2 + 1) // 2
        return (Decimal(units) * unit).normalize() * (1 if amount >= 0 else -1) + 0

    def rounded_in_books(self, amount: Decimal, currency: str, company: str) -> Decimal:
        """An amount in a company's accounting currency, to its unit."""
        books = self.books_of(company)
        return self.rounded(Fraction(amount) * Fraction(books.rate(currency)), books.currency)

    def order(self, company: str, number: str) -> Record | None:
        """A sales order header."""
        return self.store.find("SalesTable", company, number)

    def lines(self, company: str, number: str) -> list[Record]:
        """The lines of a sales order, in the order of their creation."""
        found = self.store.table("SalesLine").having("SalesOrderNumber", (folded(number),))
        return [line for line in found if line[COMPANY] == company.lower()]

    def orders_for(self, reference: str, company: str | None = None) -> list[Record]:
        """The headers whose CustomersOrderReference is this text; more than one is a double
        posting."""
        found = self.store.table("SalesTable").having(
            "CustomersOrderReference", (folded(reference),)
        )
        return [header for header in found if company is None or header[COMPANY] == company.lower()]

    def order_total(self, company: str, number: str) -> Decimal:
        """The sum of the line amounts; tax inside it when `ArePricesIncludingSalesTax` says so."""
        return sum(
            (line.values.get("LineAmount", Decimal(0)) for line in self.lines(company, number)),
            Decimal(0),
        )

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """All rows as they are now, by table, oldest first; later changes do not reach it."""
        return {
            name: [dict(record.values) for record in table.oldest_first()]
            for name, table in sorted(self.store.tables.items())
        }

    def remember(self) -> None:
        """What is there now is what `reset` goes back to."""
        self._remembered = {name: table.oldest_first() for name, table in self.store.tables.items()}

    def reset(self) -> None:
        """Back to what was remembered, sequences and counts at their start. Settings stay."""
        self.store = Store(now=self._second)
        for name, records in self._remembered.items():
            for record in records:
                self.store.insert(name, record.values)
        self.sequences.clear()
        self.journal_writers.clear()
        self.requests.clear()
        self.operations.clear()
