"""Drift: where a target shows something else than the source says now. Reads both; writes nothing
but the mirror, so that the next run repairs it."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync.engine.ledger import Ledger
from sync.engine.mirror import Mirror, Mirrored, Shown
from sync.engine.publication import PublicationFlow
from sync.engine.systems import Systems


@dataclass(frozen=True)
class Drift:
    """One field that differs. `scope`: which part of the target, as a source. `shown`: by the
    target; None where it shows nothing. `wanted`: by the source, None where it
    shows nothing of it. `mirror`: what we know of it:
    `confirmed` (the target did show it), `outdated` (a run has yet to send it), `unknown` (a write
    whose outcome nobody knows), `refused`, or `none`."""

    key: str
    scope: str
    field: str
    shown: Any
    wanted: Any
    mirror: str


async def drift(
    flow: PublicationFlow, systems: Systems, ledger: Ledger, keys: Collection[str] = ()
) -> AsyncIterator[Drift]:
    """All differences, or those of these keys. Raises as both systems do."""
    partition = f"{systems.name}|{flow.name}"
    known = await (ledger.mirror.of(partition, keys) if keys else ledger.mirror.whole(partition))
    shown = await flow.target.shown(systems, keys or None)
    async for row in _rows(flow, systems, ledger, keys):
        there = shown.get(flow.target.same(row.key), {})
        said = _said(ledger.mirror, known.of(row.key), row)
        is_known = row.fault is None and row.content is not None
        beside = there if flow.target.is_whole else {}
        for one in _differences(row, there, beside, said) if is_known else ():
            yield one


async def _rows(
    flow: PublicationFlow, systems: Systems, ledger: Ledger, keys: Collection[str]
) -> AsyncIterator[Shown]:
    if not keys:
        async for row in flow.source.every(systems, ledger):
            yield row
    for key in keys:
        yield await flow.source.one(key, systems, ledger)


def _differences(
    row: Shown, there: Mapping[str, Any], beside: Mapping[str, Any], said: str
) -> Iterator[Drift]:
    """`beside`: what is not to be there where the content does not name it."""
    content = row.content or {}
    for scope in dict.fromkeys((*content, *beside)):
        here, wanted = there.get(scope, {}), content.get(scope, {})
        for field in dict.fromkeys((*wanted, *beside.get(scope, {}))):
            if here.get(field) != wanted.get(field):
                yield Drift(row.key, scope, field, here.get(field), wanted.get(field), said)


def _said(mirror: Mirror, was: Mirrored, row: Shown) -> str:
    if was.refused:
        return "refused"
    if was.sent:
        return "unknown"
    if not was.digest:
        return "none"
    return "confirmed" if mirror.shows(was, row) else "outdated"
