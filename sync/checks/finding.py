"""What a check found, and how checks are run."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sync.commerce.client import CommerceClient
from sync.commerce.errors import NotAllowed
from sync.config.connections import Connection
from sync.core.errors import Later, Never
from sync.core.message_queue import Queue
from sync.core.ports import Clock, Secrets, Tables
from sync.dataverse.client import DataverseClient
from sync.dynamics.client import DynamicsClient
from sync.dynamics.odata import Filter
from sync.engine.systems import Systems
from sync.preview.unasked import Lookups

COMPANY_KEY: Final = "dataAreaId"
READ_CURE: Final = (
    "Give the role of the app's user the right to view this entity (System administration >"
    " Security configuration)."
)

KEEP_TIME: Final = (
    "Have F&O keep this time for the table (its properties Created and Modified Date Time)."
)
FIRST_MOMENT: Final = datetime(1901, 1, 1, tzinfo=UTC)
"""F&O's empty time is of 1900."""


class Level(StrEnum):
    """ok: as it should be. warn: it works, but a person should look. fault: records will be parked
    or wait."""

    OK = "ok"
    WARN = "warn"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """`what` was found, and the `cure` where there is something to do. No secret and no personal
    datum is in either.

    `count` records are held up by it, the key of one is the `example`. `stops`: it hides whatever
    else the same system could be asked.
    """

    level: Level
    what: str
    cure: str = ""
    count: int = 0
    example: str = ""
    stops: bool = field(default=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """As `check --json` prints it."""
        held = {"count": self.count, "example": self.example} if self.count else {}
        return {"level": str(self.level), "what": self.what, "cure": self.cure, **held}


def ok(what: str) -> Finding:
    """As it should be."""
    return Finding(Level.OK, what)


def warn(what: str, cure: str) -> Finding:
    """Worth a look."""
    return Finding(Level.WARN, what, cure)


def fault(what: str, cure: str) -> Finding:
    """To be mended before records flow."""
    return Finding(Level.FAULT, what, cure)


def silent(_words: str) -> None:
    """Nobody is told."""


@dataclass
class Known:
    """What checks tell later ones, so that one cause is told once: legal entities that are not
    there, rights that are missing, a SKU of recent orders by item number, and their currencies."""

    absent: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    items: dict[str, str] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Own:
    """What the product stores in."""

    queue: Queue
    tables: Tables


@dataclass(frozen=True)
class Probe:
    """What checks work with: one connection's settings and clients."""

    name: str
    settings: Connection
    commerce: CommerceClient
    dynamics: DynamicsClient
    secrets: Secrets
    clock: Clock
    lookups: Lookups
    neighbours: tuple[Connection, ...] = ()
    """The other connections that read the same shop."""
    days: int = 90
    """How far back records are tried; 0 tries none."""
    report: Callable[[str], None] = silent
    """Takes a few words on how far a long check has come."""
    known: Known = field(default_factory=Known)
    own: Own | None = None
    dataverse: DataverseClient | None = None
    address: str = ""
    """Where Commerce reaches the app; empty where that is not looked at."""

    @property
    def companies(self) -> list[str]:
        """The legal entities of this connection, its own and those its stores name; without those
        that are known not to be there."""
        named = [store.company for store in self.settings.stores.values() if store.company]
        found = dict.fromkeys([self.settings.dynamics.company, *named])
        return [company for company in found if company not in self.known.absent]


async def reading(
    probe: Probe, entity_set: str, fields: Sequence[str], cure: str = "", *,
    time: str = "", instead: str = "",
) -> Finding:  # fmt: skip
    """Whether our user may read an entity set: what the metadata lists, a role may be refused.

    `time`: the field by which alone changes of its rows are found; it is empty where F&O does not
    keep it for the table, and nothing would ever be found. `instead`: what does without it.
    """
    company = Filter.eq(COMPANY_KEY, probe.settings.legal_entity)
    where = company if COMPANY_KEY in fields else None
    try:
        is_there = await _has_rows(probe, entity_set, where, fields[:2])
        is_timed = not (time and is_there) or await _has_rows(
            probe, entity_set, company & Filter.ge(time, FIRST_MOMENT), (time,)
        )
    except Never as refusal:
        return fault(f"{entity_set} may not be read: {refusal.reason}", cure or READ_CURE)
    if not is_timed:
        what = f"no row of {entity_set} has a {time}: nothing that changes would be found"
        return fault(what, f"{KEEP_TIME} Or {instead}")
    return ok(f"{entity_set} may be read")


async def _has_rows(
    probe: Probe, entity_set: str, where: Filter | None, fields: Sequence[str]
) -> bool:
    rows = probe.dynamics.query(entity_set, where=where, select=fields, top=1)
    return bool([row async for row in rows])


def probe_of(
    systems: Systems, secrets: Secrets, own: Own, connections: Mapping[str, Connection]
) -> Probe:
    """An opened connection, as checks see it. `connections`: all that there are."""
    url = systems.settings.commerce.url
    others = (one for name, one in connections.items() if name != systems.name)
    return Probe(
        systems.name, systems.settings, systems.commerce, systems.dynamics, secrets, systems.clock,
        Lookups(systems.items, systems.accounts, systems.digest_of),
        tuple(one for one in others if one.commerce.url == url), own=own,
        dataverse=systems.dataverse,
    )  # fmt: skip


WAIT: Final = "Wait for the system to answer, or find out what keeps it from it; then check again"
Check = Callable[[Probe], AsyncIterator[Finding]]


async def findings_of(check: Check, probe: Probe) -> list[Finding]:
    """What one check finds; an error that stops it is a finding too, with the error's own remedy as
    the cure. A missing right that was told before is not told again."""
    found: list[Finding] = []
    try:
        async for finding in check(probe):
            found.append(finding)  # noqa: PERF401 - what was found before an error is kept
    except NotAllowed as error:
        if not probe.known.lacking.issuperset(error.resources):
            found.append(fault(error.reason, error.remedy))
    except Never as error:
        found.append(replace(fault(error.reason, error.remedy), stops=True))
    except Later as error:
        what = error.reason.removesuffix(error.remedy).rstrip(" .:")
        found.append(replace(fault(what, sentence(error.remedy or WAIT)), stops=True))
    return found


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
