"""Why records wait for a person, each cause once: what is parked, by what is wrong and not by whose
turn it is. Only the list of the parked is read, and of each flow a bounded part."""

import asyncio
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import Final

from sync.app.services import Services
from sync.core.ports import Row
from sync.engine.claim import PARKED

MOST_ROWS: Final = 1_000
"""Rows that are read of each flow and connection; beyond, counts are said to be of the first."""
AMOUNT: Final = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.])")
MASK: Final = "…"


@dataclass(frozen=True)
class Waiting:
    """One record that waits for a person, as the list says it. `skus`: those that it waits for to
    be mapped; `worth`: its amount with its currency, where its flow tells."""

    connection: str
    flow: str
    key: str
    reason: str
    remedy: str
    at: datetime | None
    skus: tuple[str, ...] = ()
    worth: str = ""

    @cached_property
    def cause(self) -> str:
        """The reason without what is the record's own: its key, its number, and amounts. So a cause
        is the same for all records that it holds up, and two SKUs that are not mapped are two."""
        text = self.reason
        for name in _numbers(self.key):
            text = _without(text, name) if name in text else text
        return AMOUNT.sub(MASK, text)

    @cached_property
    def cause_id(self) -> str:
        """Names the cause in URLs."""
        text = f"{self.connection}|{self.flow}|{self.cause}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class Cause:
    """Records of one flow and connection that wait for the same thing. `id` names it in URLs."""

    id: str
    connection: str
    flow: str
    reason: str
    remedy: str
    records: list[Waiting] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.records)

    @property
    def oldest(self) -> datetime | None:
        """Since when the first of them waits."""
        return min((one.at for one in self.records if one.at is not None), default=None)


@dataclass(frozen=True)
class Parked:
    """What waits. `is_cut`: of some flow there is more than was read."""

    records: tuple[Waiting, ...]
    is_cut: bool

    @property
    def causes(self) -> list[Cause]:
        """The causes, the one that holds up most records first."""
        found: dict[str, Cause] = {}
        for one in self.records:
            if one.cause_id not in found:
                named = (one.cause_id, one.connection, one.flow, one.cause, one.remedy)
                found[one.cause_id] = Cause(*named)
            found[one.cause_id].records.append(one)
        return sorted(found.values(), key=lambda cause: (-cause.count, cause.reason))

    @property
    def oldest(self) -> datetime | None:
        """Since when the first record waits."""
        return min((one.at for one in self.records if one.at is not None), default=None)

    def having(self, text: str) -> "Parked":
        """Those whose reason or key holds this text."""
        wanted = text.casefold()
        fits = [one for one in self.records if wanted in f"{one.key} {one.reason}".casefold()]
        return Parked(tuple(fits), self.is_cut)


async def parked_of(services: Services, connection: str = "", flow: str = "") -> Parked:
    """All that waits, or what waits of a connection or flow: the first `MOST_ROWS` of each."""
    names = [connection] if connection else list(services.connections)
    flows = [flow] if flow else [*services.flows, *services.sub_flows]
    places = list(product(names, flows))
    found = await asyncio.gather(*(_rows(services, *place) for place in places))
    records = [
        _waiting(*place, row)
        for place, rows in zip(places, found, strict=True)
        for row in rows[:MOST_ROWS]
    ]
    return Parked(tuple(records), any(len(rows) > MOST_ROWS for rows in found))


async def _rows(services: Services, connection: str, flow: str) -> Sequence[Row]:
    tables = services.edition_parts.tables
    rows = tables.query(PARKED, f"{connection}|{flow}", limit=MOST_ROWS + 1)
    return [row async for row in rows]


def _waiting(connection: str, flow: str, row: Row) -> Waiting:
    at = row.values.get("at")
    reason, remedy = (str(row.values.get(name) or "") for name in ("reason", "remedy"))
    since = at if isinstance(at, datetime) else None
    skus = tuple(str(row.values.get("skus") or "").splitlines())
    worth = str(row.values.get("worth") or "")
    return Waiting(connection, flow, row.key, reason, remedy, since, skus, worth)


def worth_of(records: Iterable[Waiting]) -> str:
    """What the records that tell an amount come to, by currency; as people read it."""
    sums: dict[str, Decimal] = {}
    for one in records:
        amount, _, currency = one.worth.partition(" ")
        if amount:
            sums[currency] = sums.get(currency, Decimal()) + Decimal(amount)
    return ", ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(sums.items()))


def _numbers(key: str) -> Iterable[str]:
    """The number of a key, with and without its store: 000000042@1 is also called 000000042."""
    number = key.rpartition("|")[2].partition("@")[0]
    return (key, number) if len(number) > 1 else (key,)


def _without(text: str, name: str) -> str:
    """The text with a mark for each time that `name` stands in it as a word."""
    pieces = text.split(name)
    joined = pieces[0]
    for piece in pieces[1:]:
        is_word = not (_goes_on(joined[-1:]) or _goes_on(piece[:1]))
        joined += f"{MASK if is_word else name}{piece}"
    return joined


def _goes_on(character: str) -> bool:
    return character.isalnum() or character in ("-", "_")
