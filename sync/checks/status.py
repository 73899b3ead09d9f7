"""Whether F&O tells how far an order has come: the copy for reporting, where it is read."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import READ_CURE, Finding, Level, Probe, ok, reading, warn
from sync.config.connections import Connection
from sync.dynamics.order_progress import HEADER_FIELDS, LINE_FIELDS, REPORT_FIELDS, REPORTS

FLOW: Final = "status"


def status_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that the progress of orders is read from."""
    if FLOW not in settings.flows:
        return {}
    dynamics = settings.dynamics
    read: dict[str, tuple[str, ...]] = {dynamics.order_headers: HEADER_FIELDS}
    read |= {dynamics.order_lines: LINE_FIELDS}
    return {**read, REPORTS: REPORT_FIELDS} if settings.status.reports else read


async def progress_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read the copy that tells of credit control and picking lists, or does without
    it knowingly."""
    settings = probe.settings
    if FLOW not in settings.flows:
        return
    cure = f"{READ_CURE} Or write status.reports = false: then credit is told to nobody."
    found = await reading(
        probe, REPORTS, ("dataAreaId", "SalesId"), cure,
        time="SysModifiedDateTime", instead="write status.reports = false.",
    )  # fmt: skip
    if settings.status.reports:
        yield found
    elif found.level is Level.FAULT:
        yield ok(f"{REPORTS} cannot be used, and status.reports is false")
    else:
        yield warn(
            f"{REPORTS} may be read, and status.reports is false: credit control is told to nobody",
            "Write status.reports = true.",
        )
