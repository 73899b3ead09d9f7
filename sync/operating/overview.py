"""Where every flow of every connection stands: what the first page of the console says.

All is read by key or in a bounded part: watermarks, pauses, samples of the last day, and the list
of the parked.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sync.alerts.alerting import Standing, standing_alerts
from sync.alerts.conditions import objective_of
from sync.app.paces import Lent
from sync.app.services import Services
from sync.core.message_queue import Depth
from sync.core.ports import Tables
from sync.engine.flow import AdobeEvents, CommerceHook, DocumentFlow, Poll
from sync.engine.flow_pauses import FlowPause, covering
from sync.engine.queues import QUEUES
from sync.engine.samples import Sample, last_day
from sync.engine.watermarks import WATERMARKS, Watermark
from sync.operating.causes import Parked, parked_of
from sync.reconcile.stored import Reconciliations

SHOWN: Final = frozenset({"parked", "behind", "paused", "away", "differs"})
"""Kinds of alerts about what the page shows by itself, sooner."""


@dataclass(frozen=True)
class FlowState:
    """One flow of one connection. `behind`: how far its poll's watermark is behind; None where it
    does not poll, or never has. `every`: how often it polls; `objective`: how far behind it may
    be."""

    connection: str
    name: str
    title: str
    is_from_commerce: bool
    polls: bool
    every: timedelta
    behind: timedelta | None
    parked: int
    pause: FlowPause | None
    samples: Mapping[int, Sample]
    objective: timedelta

    @property
    def is_late(self) -> bool:
        """Whether it is further behind than it may be; not while it is paused."""
        is_behind = self.behind is None or self.behind > self.objective
        return self.polls and self.pause is None and is_behind


@dataclass(frozen=True)
class Overview:
    """Everything on one page. `stopped`: the systems that nobody may call now. `differences`: of
    both books, by connection, that somebody has to do something about. `lent`: the requests of each
    system; `counts`: how many this process has sent, by connection."""

    flows: tuple[FlowState, ...]
    parked: Parked
    pauses: tuple[FlowPause, ...]
    stopped: Sequence[Mapping[str, Any]]
    queues: Mapping[str, Depth]
    differences: Mapping[str, int]
    alerts: Sequence[Standing] = ()
    lent: Sequence[Lent] = ()
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def late(self) -> list[FlowState]:
        """The flows that are further behind than they may be."""
        return [flow for flow in self.flows if flow.is_late]

    @property
    def others(self) -> list[Standing]:
        """The alerts of which nothing else on the page tells."""
        return [one for one in self.alerts if one.alert.kind not in SHOWN]

    @property
    def under_way(self) -> int:
        """Messages that are due, scheduled or being worked on."""
        return sum(one.due + one.scheduled + one.locked for one in self.queues.values())


async def overview_of(services: Services) -> Overview:
    """Read it. Raises what tables and queue raise."""
    parts = services.edition_parts
    pauses, parked = await services.flow_pauses.standing(), await parked_of(services)
    depths = await asyncio.gather(*(parts.queue.depth(name) for name in QUEUES))
    places = [
        (name, flow)
        for name, settings in services.connections.items()
        for flow in services.flows.values()
        if flow.name in settings.flows
    ]
    flows = await asyncio.gather(
        *(_state(services, name, flow, parked, pauses) for name, flow in places)
    )
    stopped = await services.systems_pool.paces.stopped()
    queues, differences = dict(zip(QUEUES, depths, strict=True)), await _differences(services)
    return Overview(
        tuple(flows), parked, pauses, stopped, queues, differences,
        await standing_alerts(parts.tables), await services.systems_pool.paces.lent(),
        services.systems_pool.counts(),
    )  # fmt: skip


async def _differences(services: Services) -> dict[str, int]:
    stored = Reconciliations(services.edition_parts.tables)
    found = {name: await stored.open(name) for name in services.connections}
    return {name: one.count for name, one in found.items() if one is not None}


async def _state(
    services: Services,
    name: str,
    flow: DocumentFlow[Any],
    parked: Parked,
    pauses: Sequence[FlowPause],
) -> FlowState:
    tables, now = services.edition_parts.tables, services.edition_parts.clock.now()
    poll, hooks = flow.trigger(Poll), (CommerceHook, AdobeEvents)
    settings = services.connections[name]
    every = timedelta(minutes=poll.every_minutes(settings) if poll is not None else 0)
    return FlowState(
        name, flow.name, flow.title,
        is_from_commerce=any(flow.trigger(kind) is not None for kind in hooks),
        polls=poll is not None, every=every,
        behind=await _behind(tables, name, flow.name, now),
        parked=sum((one.connection, one.flow) == (name, flow.name) for one in parked.records),
        pause=covering(pauses, name, flow.name),
        samples=await last_day(tables, name, flow.name, now),
        objective=objective_of(settings, flow.name, every),
    )  # fmt: skip


async def _behind(tables: Tables, name: str, flow: str, now: datetime) -> timedelta | None:
    mark = Watermark.of(await tables.get(WATERMARKS, name, flow))
    return max(now - mark.at, timedelta()) if mark.at is not None else None
