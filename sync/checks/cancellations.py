"""Whether cancellations of F&O can be followed: what remains of sales lines may be read."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sync.checks.finding import Finding, Probe, ok, reading, warn
from sync.config.connections import Connection
from sync.dynamics.invoiced_lines import INVOICED_LINES
from sync.dynamics.live_orders import (
    COPY_FIELDS,
    HEADER_FIELDS,
    LINE_COPIES,
    LINE_FIELDS,
    SENT_FIELDS,
)
from sync.dynamics.packing_slips import SLIP_LINES

FLOW: Final = "cancellations"
CAPTURES: Final = "captures"
CURE: Final = (
    "Give the role of the app's user the right to view this entity (System administration >"
    " Security configuration); or write copies = false under [connections.<name>.dynamics]: then"
    " lines are followed only where F&O shows them as cancelled whole."
)


def cancellation_fields(settings: Connection) -> Mapping[str, tuple[str, ...]]:
    """Field names by entity set that following sales orders reads."""
    if FLOW not in settings.flows:
        return {}
    dynamics, company = settings.dynamics, ("dataAreaId",)
    headers = {dynamics.order_headers: HEADER_FIELDS}
    if not dynamics.tells_remainders:
        created = (*HEADER_FIELDS, "OrderCreationDateTime")
        return {dynamics.order_headers: created, dynamics.order_lines: (*company, *LINE_FIELDS)}
    copied = {LINE_COPIES: COPY_FIELDS, SLIP_LINES: SENT_FIELDS, INVOICED_LINES: SENT_FIELDS}
    return headers | {name: (*company, *fields) for name, fields in copied.items()}


async def remainders_can_be_read(probe: Probe) -> AsyncIterator[Finding]:
    """Our user may read what remains of sales lines: what the metadata lists, a role may be
    refused."""
    settings = probe.settings
    if FLOW not in settings.flows:
        return
    if not settings.dynamics.tells_remainders:
        yield warn(
            "what remains of sales lines is not read (dynamics.copies): pieces that are cancelled"
            " of a line are not seen, and lines only when their order is looked at",
            f"Let the app's user view {LINE_COPIES}, and remove copies = false.",
        )
        return
    yield await reading(
        probe, LINE_COPIES, ("dataAreaId", *COPY_FIELDS), CURE,
        time="SysModifiedDateTime", instead="write copies = false under dynamics.",
    )  # fmt: skip
    if CAPTURES not in settings.flows:  # whose own check reads the same
        yield await reading(probe, INVOICED_LINES, ("dataAreaId", *SENT_FIELDS), CURE)


async def refunds_are_decided(probe: Probe) -> AsyncIterator[Finding]:
    """Which payment methods give money back by themselves; the others are left to a person."""
    settings = probe.settings
    if FLOW not in settings.flows:
        return
    policies = settings.cancellations.refunds
    by_itself = sorted(name for name, policy in policies.items() if policy != "report")
    if by_itself and "creditmemos" not in settings.flows:
        yield warn(
            f"cancelled pieces paid by {', '.join(by_itself)} are refunded in Commerce, and F&O is"
            ' not told: "creditmemos" is not in flows',
            'Add "creditmemos" to flows, or book those credit memos in F&O by hand.',
        )
    else:
        yield ok("refunds of cancelled pieces are decided by payment method")
