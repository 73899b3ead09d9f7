"""A record's row in claims: where it stands, who holds it, and what the targets hold of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from sync.core.encoding import from_json, to_json
from sync.core.ports import Row, Value
from sync.engine.cell_text import clipped
from sync.engine.digests import KeyedDigests
from sync.engine.intent import Intent
from sync.engine.message import CLOCKS_APART
from sync.engine.old_claims import targets_of
from sync.engine.write import Result

CLAIMS, TRAIL, PARKED = "claims", "trail", "parked"
"""The ledger's tables. Claims: one row per (connection, flow, key): state, lease, what was last
delivered, what is being posted. Trail: append-only, one row per outcome; identifiers, amounts,
digests and reasons, no personal data. Parked: an index of the claims that wait for a person."""
LEASE: Final = timedelta(minutes=5)
"""How long a worker may hold a record without a sign of life. A dead worker's record is taken up
again after this."""
SUSPECTED, MOST_DEATHS = 2, 5
"""After so many takings in a row whose holder never let go, the record is tried by itself, and
after so many it is what they died of."""


class State(StrEnum):
    """Where a record stands. A lease is beside this: `posting` with a dead lease is a lost answer
    to look into."""

    NEW = "new"
    POSTING = "posting"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    PARKED = "parked"
    VANISHED = "vanished"


@dataclass(frozen=True)
class Claim:
    """One record's row in claims. `digest` is of what the target holds; `number` its key there.

    `seen`: the fingerprint of what was last read, or a digest of what a list says, where the flow
    has either. `asked`: a person asked for it once. `entity_id`: the record's id in its own system,
    where a key may come to name another one. `targets`: JSON of what the targets hold, by kind of
    document: number, digest, further keys. `deaths`: takings in a row whose holder never let go.
    `retry_at`: when the next try comes, where a message waits for it; `heard_at`: the newest
    notification that it stands for. `unsettled_until`: until when a write given up before the last
    intent may still commit, whatever came of the last. `required_by`: "<flow>|<key>" of the record
    that last required this one; a guest's account has no other occasion. `differs`: the sums of
    both systems, where they differ of a delivered record and nobody has decided on them;
    `resolved`: those that a person decided on last. `accepted`: sums that a reconciliation named
    and a person decided on, a line for each kind. `on_hold`: who lets it wait. `changes`: how often
    it changed within a day, since `changes_since`. `told`: its trail's last row.
    """

    connection: str
    flow: str
    key: str
    state: State = State.NEW
    owner: str = ""
    lease_until: datetime | None = None
    again: bool = False
    asked: bool = False
    digest: str = ""
    number: str = ""
    entity_id: str = ""
    reason: str = ""
    remedy: str = ""
    read_at: datetime | None = None
    seen: str = ""
    intent_document: str = ""
    intent_kind: str = ""
    intent_not_after: datetime | None = None
    intent_settled_by: datetime | None = None
    unsettled_until: datetime | None = None
    targets: str = ""
    deaths: int = 0
    retry_at: datetime | None = None
    heard_at: datetime | None = None
    required_by: str = ""
    differs: str = ""
    resolved: str = ""
    accepted: str = ""
    on_hold: str = ""
    changes: int = 0
    changes_since: datetime | None = None
    told: str = ""
    etag: str = field(default="", compare=False)

    @property
    def partition(self) -> str:
        """Claims of one flow and connection lie together."""
        return f"{self.connection}|{self.flow}"

    @property
    def delivered(self) -> dict[str, Result]:
        """What the targets hold of this record, by kind of document."""
        rows: dict[str, dict[str, Any]] = from_json(self.targets) if self.targets else {}
        return {kind: _result(kind, row) for kind, row in rows.items()}

    @property
    def intent(self) -> Intent | None:
        """What an earlier try was about to write, when its outcome is not known."""
        return Intent.of(
            self.intent_document, self.intent_not_after, self.intent_settled_by, self.intent_kind
        )

    def announcing(self, intent: Intent | None) -> Self:
        """The claim with this intent, or without any."""
        return replace(
            self,
            intent_document=intent.stored if intent else "",
            intent_kind=intent.kind if intent else "",
            intent_not_after=intent.not_after if intent else None,
            intent_settled_by=intent.settled_by if intent else None,
        )

    def is_held_at(self, now: datetime) -> bool:
        """Whether somebody holds the record."""
        return self.owner != "" and self.lease_until is not None and self.lease_until > now

    def let_go(self) -> Self:
        """The claim, which nobody holds: its last holder died where it did not let go itself."""
        return replace(self, owner="", deaths=self.deaths + bool(self.owner))

    @property
    def is_suspect(self) -> bool:
        """Whether a claim that nobody holds is of a record to be tried by itself."""
        return not self.owner and SUSPECTED <= self.deaths < MOST_DEATHS

    def taken(self, taking: str, now: datetime) -> Self:
        """The claim, which nobody holds, taken.

        What was read last stands for no notification where its last holder may not have sent one
        again, nor where that is still to come: then a clock was set back.
        """
        is_known = self.read_at is not None and self.read_at <= now + CLOCKS_APART
        until, read_at = now + LEASE, self.read_at if is_known and not self.again else None
        return replace(self.let_go(), owner=taking, lease_until=until, again=False, read_at=read_at)

    def heard_with(self, notified_at: datetime) -> datetime:
        """The newest notification that it stands for, once this one is among them."""
        return max(notified_at, self.heard_at or notified_at)

    @property
    def may_be_listed(self) -> bool:
        """Whether a row in the list of the parked may stand for it: the claim says why first."""
        return self.waits_for_a_person or bool(self.reason)

    @property
    def waits_for_a_person(self) -> bool:
        """Whether it belongs in the list of the parked: nobody goes on with it, or its sums
        differ."""
        return self.state is State.PARKED or self.is_different

    @property
    def is_different(self) -> bool:
        """Whether it was delivered, and the sums of both systems differ; `remedy` says what to
        do."""
        return self.state is State.DELIVERED and bool(self.differs)

    @property
    def lacks_something(self) -> bool:
        """Whether it was delivered without a part that a person can bring there: `remedy` says
        how."""
        return self.state is State.DELIVERED and bool(self.remedy) and not self.differs

    def keyed(self, digests: KeyedDigests) -> Self:
        """The same claim with its digests as they are stored."""
        return replace(
            self,
            digest=digests(self.digest),
            seen=digests(self.seen),
            intent_document=digests(self.intent_document),
            targets=digests(self.targets),
        )

    def row(self) -> Row:
        """As it is stored."""
        values: dict[str, Value] = {name: getattr(self, name) for name in _CELLS}
        values["state"] = str(self.state)
        values |= {"reason": clipped(self.reason), "remedy": clipped(self.remedy)}
        return Row(
            self.partition,
            self.key,
            {name: value for name, value in values.items() if value not in (None, "")},
            self.etag,
        )

    @classmethod
    def of(cls, connection: str, flow: str, row: Row) -> Self:
        """From its row. Cells of other versions are ignored."""
        values: dict[str, Any] = {
            name: value for name, value in row.values.items() if name in _CELLS
        }
        values["state"] = State(str(values.get("state", State.NEW)))
        if values.get("number") and not values.get("targets"):
            values["targets"] = targets_json(
                targets_of(flow, str(values["number"]), str(values.get("digest", "")))
            )
        return cls(connection=connection, flow=flow, key=row.key, etag=row.etag, **values)


_CELLS: Final = dict.fromkeys(
    one.name for one in fields(Claim) if one.name not in {"connection", "flow", "key", "etag"}
)


def _result(kind: str, row: dict[str, Any]) -> Result:
    number, digest = row.get("number", ""), row.get("digest", "")
    return Result(kind, number, digest, "unchanged", row.get("keys", {}), row.get("label", ""))


def targets_json(results: Iterable[Result]) -> str:
    """What targets hold, as a claim stores it; empty for nothing."""
    rows = {held.kind: _row(held) for held in results}
    return to_json(rows).decode() if rows else ""


def _row(held: Result) -> dict[str, Any]:
    cells = {"number": held.number, "digest": held.digest, "keys": held.keys, "label": held.label}
    return {name: value for name, value in cells.items() if value}
