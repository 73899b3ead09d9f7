"""Whether posted invoices can be invoiced in Commerce: lines that may be read, and payment methods
that say when their money is captured."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import Finding, Probe, ok, reading, warn
from sync.config.connections import Connection
from sync.dynamics.invoiced_lines import INVOICED_FIELDS, INVOICED_LINES

FLOW: Final = "captures"


def capture_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that invoicing reads."""
    return {INVOICED_LINES: ("dataAreaId", *INVOICED_FIELDS)} if FLOW in settings.flows else {}


async def invoiced_lines_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read what F&O has invoiced by line."""
    for name, fields in capture_fields(probe.settings).items():
        yield await reading(probe, name, fields)


async def captures_are_decided(probe: Probe) -> AsyncIterator[Finding]:
    """Every payment method that orders are posted by says when its money is captured."""
    settings = probe.settings
    if FLOW not in settings.flows:
        return
    named, paid = settings.captures.methods, settings.orders.payments
    unnamed = [] if "*" in named else sorted({*paid, *settings.invoices.banks} - {*named, "*"})
    if unnamed:
        yield warn(
            f"money of {', '.join(unnamed)} is never captured: captures.methods does not name it",
            'Write "at_invoice", "at_first_shipment" or "never" for it.',
        )
    else:
        yield ok("payment methods say when their money is captured")
