"""Whether everything is all right, in one sentence with a number; then each flow."""

from collections.abc import Sequence

from starlette.responses import Response

from sync.console.rendering import spark, text
from sync.console.visit import Visit
from sync.operating.causes import worth_of
from sync.operating.overview import FlowState, Overview, overview_of


async def show(visit: Visit) -> Response:
    """The first page."""
    found = await overview_of(visit.services)
    by_connection = {
        name: [flow for flow in found.flows if flow.connection == name]
        for name in visit.services.connections
    }
    acts = await visit.activity.newest(5)
    return visit.page(
        "overview.html", found=found, by_connection=by_connection, sentence=sentence(found),
        is_well=is_well(found), chart=chart, acts=acts, amounts=worth_of(found.parked.records),
    )  # fmt: skip


async def keys(visit: Visit) -> Response:
    """The keys of the keyboard, for those without the script's own list."""
    return visit.page("keys.html")


def is_well(found: Overview) -> bool:
    """Whether nobody has to do anything."""
    trouble = (
        found.parked.records, found.late, found.pauses, found.stopped, found.differences,
        found.others,
    )  # fmt: skip
    return not any(trouble)


def sentence(found: Overview) -> str:
    """What a person must know first."""
    count = len(found.parked.records)
    parts = []
    if count:
        name = "waits.one" if count == 1 else "waits.many"
        parts.append(text(name, count=_counted(count, is_cut=found.parked.is_cut)))
    if found.late:
        parts.append(text("late", flows=_named(found.late)))
    if found.stopped:
        parts.append(text("stopped", systems=", ".join(one["system"] for one in found.stopped)))
    if found.pauses:
        parts.append(text("paused.count", count=len(found.pauses)))
    for name, count in found.differences.items():
        parts.append(text("reconciliation.books.open", name=name, count=count))
    parts += [text("alert.said", title=one.alert.title) for one in found.others]
    return " ".join(parts) or text("well", flows=len(found.flows), count=found.under_way)


def chart(flow: FlowState) -> str:
    """How far behind it was in the last 24 hours, the oldest first."""
    values = [flow.samples[ago].behind_s if ago in flow.samples else 0 for ago in range(23, -1, -1)]
    most = max(values)
    label = text("chart", minutes=most // 60) if flow.samples else text("chart.none")
    return spark(values, label)


def _counted(count: int, *, is_cut: bool) -> str:
    return text("at.least", count=f"{count:,}") if is_cut else f"{count:,}"


def _named(flows: Sequence[FlowState]) -> str:
    return ", ".join(f"{flow.name} ({flow.connection})" for flow in flows)
