"""Whether D365's numbers may be written back into the shop, as `write_back.to` asks."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.commerce.address import path_of
from sync.commerce.errors import NotAccepted
from sync.config.connections import Connection
from sync.core.errors import Never

EXT_ORDER_ID: Final = ("orders", "ext_order_id of orders")
COMMENT: Final = (path_of("orders", 0, "comments"), "comments of orders")


async def numbers_may_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """The integration has the right to each write that the flow needs.

    Asked by the write without its document: Commerce looks at the right first, and refuses what
    lacks its argument before it does anything (`InputParamsResolver::resolve` of its Webapi module:
    the request is validated, then read).
    """
    for path, what in needed_writes(probe.settings):
        try:
            await probe.commerce.post(path, {})
        except NotAccepted:
            yield ok(f"{what} may be written (write_back.to)")
        except Never as refusal:
            yield fault(f"write_back.to needs to write {what}: {refusal.reason}", refusal.remedy)


def needed_writes(settings: Connection) -> Iterator[tuple[str, str]]:
    """Path and what is written there. Invoices and credit memos are written back by comments
    alone."""
    to, flows = settings.write_back.to, settings.flows
    if "write_back" not in flows or to == "none":
        return
    has_documents = "invoices" in flows or "creditmemos" in flows
    if to == "ext_order_id" and "orders" in flows:
        yield EXT_ORDER_ID
    if to == "comment" or has_documents:
        yield COMMENT
