"""Whether posted invoices can be invoiced in Commerce: lines that may be read, and payment methods
that say when their money is captured."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import READ_CURE, Finding, Probe, ok, reading, warn
from sync.config.connections import Connection
from sync.dynamics.invoiced_lines import INVOICED_FIELDS, INVOICED_LINES
from sync.dynamics.other_invoices import ORDER_LINE_FIELDS, PRINTED_FIELDS, PRINTED_LINES

FLOW: Final = "captures"


def capture_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that invoicing reads."""
    if FLOW not in settings.flows:
        return {}
    if settings.dynamics.invoiced == "journal":
        return {INVOICED_LINES: ("dataAreaId", *INVOICED_FIELDS)}
    lines = {PRINTED_LINES: PRINTED_FIELDS, settings.dynamics.order_lines: ORDER_LINE_FIELDS}
    return {name: ("dataAreaId", *fields) for name, fields in lines.items()}


async def invoiced_lines_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read what F&O has invoiced by line, from where the connection says."""
    is_journal = probe.settings.dynamics.invoiced == "journal"
    cure = f'{READ_CURE} Or write dynamics.invoiced = "lines": read from printed invoices.'
    for name, fields in capture_fields(probe.settings).items():
        yield await reading(probe, name, fields, cure if is_journal else "")


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
