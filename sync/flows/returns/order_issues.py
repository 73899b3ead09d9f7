"""Comments of orders that ask for a person: a complaint, damaged or missing goods, without an RMA.

In:      an order with its history; patterns of the connection say what a comment is about.
Out:     nothing is written. The order is listed for a person until somebody decides on it, or
         becomes a case where `cases` flows.
Key:     "<increment_id>@<store_id>" of the order.
Repeats: a comment that was decided on asks no more; a new one asks again.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sync.commerce.models.order import Order, utc
from sync.config.connections import Connection
from sync.core.encoding import digest
from sync.core.skipped import Skipped
from sync.engine.delivery import Delivery
from sync.engine.flow import AdobeEvents, DocumentFlow, Poll, Source
from sync.engine.plan import Notification, OpenPoint, Plan
from sync.engine.results import Change, NoKey
from sync.engine.systems import Systems
from sync.flows.keys import BY_ID, elsewhere, keys_of, parts_of, whole_in
from sync.flows.orders.orders import resolve
from sync.flows.polls import our_clock
from sync.flows.returns.rma_records import CASES
from sync.pacing.priority import Priority

ISSUES: Final = "order_issues"
HISTORY: Final = "status_histories"
FIELDS: Final = (
    "entity_id", "increment_id", "store_id", "created_at",
    (HISTORY, ("entity_id", "comment", "entity_name")),
)  # fmt: skip
LONGEST: Final = 4000
"""Characters of a comment that are looked at."""


@dataclass(frozen=True)
class Noted:
    """An order with the comments that ask for a person: what each is about, by its id."""

    order: Order
    comments: Mapping[int, str]

    @property
    def sums(self) -> str:
        """What a person decides on; no text of a customer."""
        return ", ".join(f"{what} (comment {one})" for one, what in self.comments.items())


def noted_in(row: Mapping[str, Any], settings: Connection) -> dict[int, str]:
    """The comments of an order that ask for a person, by id; not those that Commerce writes of its
    own documents, nor what `status` tells the buyer."""
    told = [_pattern_of(step.comment) for step in settings.status.steps.values() if step.comment]
    patterns = {
        name: re.compile(text, re.IGNORECASE)
        for name, text in settings.order_issues.patterns.items()
    }
    found: dict[int, str] = {}
    for one in row.get(HISTORY) or ():
        text = str(one.get("comment") or "")[:LONGEST]
        about = [name for name, pattern in patterns.items() if text and pattern.search(text)]
        is_ours = one.get("entity_name") not in (None, "", "order") or any(
            pattern.fullmatch(text) for pattern in told
        )
        if about and not is_ours:
            found[int(one["entity_id"])] = ", ".join(about)
    return dict(sorted(found.items()))


def _pattern_of(comment: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, comment.split("{date}"))))


def keys_in(value: Mapping[str, Any]) -> Sequence[str]:
    """The order whose history an event tells of, by its id."""
    body = value.get("data_object", value)
    order_id = whole_in(body.get("parent_id")) if isinstance(body, Mapping) else None
    if order_id is None:
        raise NoKey("no parent_id in it")
    return [f"{order_id}@{BY_ID}"]


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Orders of the last days with such comments, by id: a comment moves no time of change."""
    settings = systems.settings
    begin = min(since, until - timedelta(days=settings.order_issues.days))
    pages = systems.commerce.orders.made(begin, until, fields=FIELDS, stores=settings.store_ids)
    async for page in pages:
        for row in page:
            noted, key = noted_in(row, settings), next(keys_of([row], systems), None)
            if noted and key is not None and int(row["entity_id"]) > int(after or 0):
                at = min(utc(str(row.get("created_at"))) or until, until)
                yield Change(key, at, digest([*noted]), str(row["entity_id"]))


async def read(key: str, systems: Systems) -> Noted | None:
    """The order with its comments as they are now."""
    row = await systems.commerce.orders.in_store(*parts_of(key))
    return None if row is None else Noted(Order.read(row), noted_in(row, systems.settings))


async def plan(noted: Noted, delivery: Delivery) -> Plan | Skipped:
    """What a person has to look at: here, or in the case that it becomes in Dataverse."""
    if reason := elsewhere(noted.order.store_id, delivery.systems):
        return Skipped(reason)
    if not noted.comments:
        return Skipped("no comment of it asks for a person")
    about = ", ".join(dict.fromkeys(noted.comments.values()))
    point = OpenPoint(
        f"{noted.order.label}: its comments ask for a person: {about}",
        "Read the order's comments in Commerce and answer there: open an RMA, refund, or send goods"
        f' again. Then run: resolve {ISSUES} {noted.order.key} --why "..."',
        sums=noted.sums,
    )
    keys = {"order": noted.order.increment_id}
    if CASES in delivery.systems.settings.flows:
        case = Notification(CASES, f"order|{noted.order.key}")
        return Plan((), digest=digest(noted.sums), keys=keys, follow_ups=(case,))
    return Plan((), digest=digest(noted.sums), keys=keys, open_point=point)


order_issues: DocumentFlow[Noted] = DocumentFlow(
    name=ISSUES,
    title="Comments of orders that ask for a person",
    source=Source(read, resolve, is_joined=True),
    plan=plan,
    triggers=(
        AdobeEvents(("observer.sales_order_status_history_save_commit_after",), keys_in),
        Poll(
            changed, our_clock, lambda connection: connection.order_issues.poll_minutes,
            fingerprint=lambda noted: digest([*noted.comments]),
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
