"""What must be written to make a posted sales order agree with the order as it is now. Pure.

Compared with what *we* sent last, not with what D365 holds: what a clerk changed there stays as the
clerk left it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.dynamics.documents.sales_order import NAMES, SalesOrder

FIXED_FIELDS = frozenset(
    {"dataAreaId", "OrderingCustomerAccountNumber", "InvoiceCustomerAccountNumber", "CurrencyCode",
     "ArePricesIncludingSalesTax", *NAMES}
)  # fmt: skip
"""Fields that make the document what it is: a change of these is another document, for a person to
decide."""

FIXED_LINE_FIELDS = frozenset({"ItemNumber", "ExternalItemNumber"})
"""Fields of a line that F&O takes at its creation only."""

OPEN_STATUSES = frozenset({"", "None", "Backorder"})
"""SalesStatus values in which lines may still change: no lines yet, and `Backorder`, which is F&O's
"Open order"."""


@dataclass(frozen=True)
class Changes:
    """`header`: fields to patch. `patched`: fields per line reference. `removed`: references whose
    line goes. `added`: references to post. `fixed`: changed fields that no patch may change."""

    header: Mapping[str, Any]
    patched: Mapping[str, Mapping[str, Any]]
    removed: Sequence[str]
    added: Sequence[str]
    fixed: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.header or self.patched or self.removed or self.added or self.fixed)


def sent_form(order: SalesOrder) -> dict[str, Any]:
    """The document as it is kept beside the trail and compared with later: as it stands now."""
    return {
        "company": order.company,
        "reference": order.reference,
        "header": dict(order.header),
        "lines": {
            line.reference: {**line.body, **line.left.fields()}
            for line in order.lines
            if line.left is not None
        },
    }


def as_placed(order: SalesOrder) -> dict[str, Any]:
    """The document as it is first posted, in the form of `sent_form`."""
    return {**sent_form(order), "lines": {line.reference: dict(line.body) for line in order.lines}}


def rewritten(wanted: Mapping[str, Any], references: Iterable[str]) -> Changes:
    """All of ours written again, where nobody knows which of several documents D365 holds.

    `references`: our lines that are there. What an address of ours may have held is emptied where
    it holds no more.
    """
    header = {
        **(dict.fromkeys(_EMPTIED, "") if _EMPTIED[0] in wanted["header"] else {}),
        **wanted["header"],
    }
    there = set(references)
    return Changes(
        header={name: value for name, value in header.items() if name not in FIXED_FIELDS},
        patched={
            reference: {
                name: value for name, value in body.items() if name not in FIXED_LINE_FIELDS
            }
            for reference, body in wanted["lines"].items()
            if reference in there
        },
        removed=sorted(there - wanted["lines"].keys()),
        added=[reference for reference in wanted["lines"] if reference not in there],
        fixed=(),
    )


_EMPTIED = (
    "DeliveryAddressCity",
    "DeliveryAddressStreet",
    "DeliveryAddressZipCode",
    "DeliveryAddressStateId",
)


def changes_between(sent: Mapping[str, Any], wanted: Mapping[str, Any]) -> Changes:
    """From the form sent last to the form wanted now. Empty when nothing differs."""
    before, after = sent["lines"], wanted["lines"]
    header = {
        name: wanted["header"].get(name, "")
        for name in {**sent["header"], **wanted["header"]}
        if name not in NAMES and wanted["header"].get(name, "") != sent["header"].get(name, "")
    }
    common = [reference for reference in after if reference in before]
    patched = {
        reference: {
            name: value
            for name, value in after[reference].items()
            if value != before[reference].get(name)
        }
        for reference in common
    }
    return Changes(
        header={name: value for name, value in header.items() if name not in FIXED_FIELDS},
        patched={reference: fields for reference, fields in patched.items() if fields},
        removed=[reference for reference in before if reference not in after],
        added=[reference for reference in after if reference not in before],
        fixed=sorted(name for name in header if name in FIXED_FIELDS),
    )
