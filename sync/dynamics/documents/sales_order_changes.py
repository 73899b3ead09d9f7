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
    emptied = dict.fromkeys(_EMPTIED, "") if _EMPTIED[0] in wanted["header"] else {}
    header = {**emptied, **wanted["header"]}
    lines, there = wanted["lines"], set(references)
    patched = {
        reference: _without(FIXED_LINE_FIELDS, body)
        for reference, body in lines.items()
        if reference in there
    }
    removed, added = sorted(there - lines.keys()), [one for one in lines if one not in there]
    return Changes(_without(FIXED_FIELDS, header), patched, removed, added, fixed=())


def _without(names: frozenset[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


_EMPTIED = (
    "DeliveryAddressCity",
    "DeliveryAddressStreet",
    "DeliveryAddressZipCode",
    "DeliveryAddressStateId",
)


def changes_between(sent: Mapping[str, Any], wanted: Mapping[str, Any]) -> Changes:
    """From the form sent last to the form wanted now. Empty when nothing differs."""
    before, after = sent["lines"], wanted["lines"]
    blank = dict.fromkeys({**sent["header"], **wanted["header"]}, "")
    named = _without(NAMES, {**blank, **wanted["header"]})
    header = _changed({**blank, **sent["header"]}, named)
    patched = {
        reference: fields
        for reference in after
        if reference in before and (fields := _changed(before[reference], after[reference]))
    }
    removed = [reference for reference in before if reference not in after]
    added = [reference for reference in after if reference not in before]
    fixed = sorted(FIXED_FIELDS & header.keys())
    return Changes(_without(FIXED_FIELDS, header), patched, removed, added, fixed)


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if value != before.get(name)}
