"""What a kind of record is to a reconciliation: how both books list it, and what they have to hold
of one."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from sync.commerce.search import Node
from sync.config.connections import Connection
from sync.dynamics.books import Booked, IsOurs
from sync.engine.claim import Claim
from sync.engine.copies import DocumentCopies
from sync.engine.delivery import Delivery
from sync.engine.ledger import Ledger
from sync.engine.message import Message
from sync.engine.systems import Systems
from sync.mapping.references import fields_in
from sync.reconcile.spool import COMMERCE, DYNAMICS, Entry
from sync.reconcile.wanted import Wanted

LATER: Final = timedelta(days=7)
"""How long after its record a document of F&O is looked for by its day; what was made later yet is
looked for by its reference."""


@dataclass(frozen=True)
class Window:
    """The records that are compared: made in Commerce from `since` until before `until`, in these
    store views where they are named."""

    since: datetime
    until: datetime
    stores: Collection[int] | None = None

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day on which F&O may have dated a document of them."""
        return (self.since - timedelta(days=1)).date(), (self.until + LATER).date()


@dataclass(frozen=True)
class Connected:
    """An opened connection with what is known of its records. A reconciliation writes nothing, so
    the deliveries it makes have no claim and may require nothing. `views`: the store views that
    the shop has, as far as they are the connection's."""

    systems: Systems
    ledger: Ledger
    documents: DocumentCopies
    views: frozenset[int]

    @classmethod
    async def of(cls, systems: Systems, ledger: Ledger, documents: DocumentCopies) -> Self:
        """Asks the shop for its store views: a reference that names another one is not ours."""
        found = [int(view["id"]) for view in await systems.commerce.store_views()]
        ours = (view for view in found if systems.settings.store(view) is not None)
        return cls(systems, ledger, documents, frozenset(ours))

    @property
    def settings(self) -> Connection:
        """Those of the connection."""
        return self.systems.settings

    def stores(self, window: Window) -> frozenset[int]:
        """The store views that are asked for."""
        return self.views if window.stores is None else self.views & set(window.stores)

    async def orders_made(
        self, window: Window, fields: Sequence[Node] = ()
    ) -> AsyncIterator[dict[str, Any]]:
        """The orders of the window, whole or with these fields."""
        made = self.systems.commerce.orders.made
        stores = self.stores(window)
        async for page in made(window.since, window.until, fields=fields, stores=stores):
            for row in page:
                yield row

    def delivery(self, claim: Claim) -> Delivery:
        """What a flow's rules are asked with."""
        message = Message(
            claim.flow, self.systems.name, claim.key, "told", self.systems.clock.now()
        )
        return Delivery(self.systems, self.ledger, self.documents, message, claim, _nothing)

    def day(self, moment: datetime | None, store: int | None) -> str:
        """The day of a moment in the books of a store's legal entity."""
        if moment is None:
            return ""
        zone = self.settings.time_zone(self.settings.legal_entity_of(store))
        return moment.astimezone(zone).date().isoformat()


async def _nothing(delivery: Delivery, flow: str, key: str, record: Any) -> Any:
    what = f"{flow} {key} ({type(record).__name__})"
    raise TypeError(f"a reconciliation of {delivery.claim.key} asked to deliver {what}")


@dataclass(frozen=True)
class Place:
    """A record with where its documents stand: legal entity and our references. `former`: that of
    earlier releases' default template."""

    record: Any
    key: str
    store: int | None
    made: datetime | None
    changed: datetime | None
    company: str
    references: tuple[str, ...]
    former: str


@dataclass(frozen=True)
class Kind:
    """One kind. `flow` delivers it; its template makes the references. `sign`: -1 where F&O holds
    as negative what Commerce gave back.

    `charged(connected, window)`: Commerce's documents. `booked(books, company, window, is_ours)`:
    F&O's. `booked_of(books, company, references)`: F&O's by reference. `place(record, settings)`.
    `wanted(record, delivery, held)`; raises `Never` as the flow's rules do. `stays_open(settings)`:
    whether F&O must never invoice its documents. `explained(case, wanted)`: why
    one differs, where the kind has reasons of its own.
    """

    name: str
    flow: str
    charged: Callable[[Connected, Window], AsyncIterator[Entry]]
    booked: Callable[[Any, str, Window, IsOurs], AsyncIterator[Booked]]
    booked_of: Callable[[Any, str, Sequence[str]], Awaitable[list[Booked]]]
    place: Callable[[Any, Connection], Place]
    wanted: Callable[[Any, Delivery, Sequence[Booked]], Awaitable[Wanted]]
    is_wanted: Callable[[Connection], bool]
    sign: int = 1
    stays_open: Callable[[Connection], bool] = lambda _: False
    explained: Callable[[Any, Any], Awaitable[Any]] | None = None

    def record_named(self, reference: str, settings: Connection) -> str | None:
        """The key of the record that a reference was made for, `@?` without a store; None where it
        was not made by us."""
        template = getattr(settings, self.flow).reference_template
        fields = fields_in(reference.removesuffix(OF_CREDIT), template)
        return None if fields is None else f"{fields['increment_id']}@{fields.get('store_id', '?')}"

    def is_telling(self, settings: Connection) -> bool:
        """Whether a reference alone shows that it is ours: it has more than the number."""
        template: str = getattr(settings, self.flow).reference_template
        return template != "{increment_id}"

    async def held_by(self, connected: Connected, window: Window) -> AsyncIterator[Entry]:
        """F&O's documents with references of ours, in all legal entities of the connection."""
        settings, books = connected.settings, connected.systems.dynamics.books
        stores = connected.stores(window)

        def is_ours(reference: str) -> bool:
            key = self.record_named(reference, settings)
            return key is not None and _is_in(key, stores)

        for company in settings.legal_entities:
            async for one in self.booked(books, company, window, is_ours):
                yield self._entry(one, settings)

    def _entry(self, one: Booked, settings: Connection) -> Entry:
        one, key = self.signed(one), self.record_named(one.reference, settings) or ""
        day, store = one.day.isoformat() if one.day else "", key.rpartition("@")[2]
        return Entry(
            one.reference.removesuffix(OF_CREDIT), DYNAMICS, one.number, store, day, one.currency,
            one.amount, one.tax, one.is_gross,
            is_plain=one.tax is None or not self.stays_open(settings),
        )  # fmt: skip

    def signed(self, one: Booked) -> Booked:
        """As Commerce counts it."""
        tax = None if one.tax is None else self.sign * one.tax
        return replace(one, amount=self.sign * one.amount, tax=tax)


OF_CREDIT: Final = "/S"
"""How the reference of a payment line ends that keeps a refund as store credit."""


def _is_in(key: str, stores: Collection[int]) -> bool:
    store = key.rpartition("@")[2]
    return not store.isdigit() or int(store) in stores


def unreadable(row: Mapping[str, Any], reference: str) -> Entry:
    """A row of Commerce's list that cannot be read: only a closer look tells what it is."""
    key, store = f"{row.get('increment_id')}@{row.get('store_id')}", str(row.get("store_id"))
    day, currency = str(row.get("created_at"))[:10], str(row.get("order_currency_code"))
    return Entry(
        reference, COMMERCE, key, store, day, currency, None, None, is_gross=True, is_plain=False
    )


def charged_entry(
    connected: Connected, place: Place, amount: Decimal | None, tax: Decimal, currency: str,
    *, is_plain: bool,
) -> Entry:  # fmt: skip
    """A document of Commerce."""
    store = "" if place.store is None else str(place.store)
    day = connected.day(place.made, place.store)
    return Entry(
        place.references[0], COMMERCE, place.key, store, day, currency, amount, tax,
        is_gross=True, is_plain=is_plain,
    )  # fmt: skip
