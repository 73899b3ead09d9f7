"""Whether D365's numbers may be written back into the shop, as `write_back.to` asks."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Final

from sync.checks.finding import Finding, Probe, fault, ok
from sync.commerce import order_notes
from sync.commerce.errors import NotAccepted
from sync.config.connections import Connection
from sync.core.errors import Never
from sync.core.request import Request

EXT_ORDER_ID: Final = (order_notes.external_id(0, "", ""), "ext_order_id of orders")
COMMENT: Final = (order_notes.comment(0, ""), "comments of orders")


async def numbers_may_be_written(probe: Probe) -> AsyncIterator[Finding]:
    """The integration has the right to each write that the flow needs.

    Asked by the write without its document: Commerce looks at the right first, and refuses what
    lacks its argument before it does anything (`InputParamsResolver::resolve` of its Webapi module:
    the request is validated, then read).
    """
    for note, what in needed_writes(probe.settings):
        try:
            await probe.commerce.order_notes.write(replace(note, body={}))
        except NotAccepted:
            yield ok(f"{what} may be written (write_back.to)")
        except Never as refusal:
            yield fault(f"write_back.to needs to write {what}: {refusal.reason}", refusal.remedy)


def needed_writes(settings: Connection) -> Iterator[tuple[Request, str]]:
    """What is written, and its name. Invoices and credit memos are written back by comments
    alone."""
    to, flows = settings.write_back.to, settings.flows
    if "write_back" not in flows or to == "none":
        return
    has_documents = "invoices" in flows or "creditmemos" in flows
    if to == "ext_order_id" and "orders" in flows:
        yield EXT_ORDER_ID
    if to == "comment" or has_documents:
        yield COMMENT
