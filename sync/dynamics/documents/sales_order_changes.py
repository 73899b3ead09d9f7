"""What must be written to make a posted sales order agree with the order as it is now. Pure.

Compared with what *we* sent last, not with what D365 holds: what a clerk changed there stays as the
clerk left it. Where nobody knows what was sent last, D365 is asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
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

_EMPTIED = (
    "DeliveryAddressCity",
    "DeliveryAddressStreet",
    "DeliveryAddressZipCode",
    "DeliveryAddressStateId",
)
Fit = Callable[[bool, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Changes:
    """`header`: fields to patch. `patched`: fields per line reference. `removed`: references whose
    line goes. `added`: references to post. `fixed`: changed fields that no patch may change."""

    header: Mapping[str, Any]
    patched: Mapping[str, Mapping[str, Any]]
    removed: Sequence[str]
    added: Sequence[str]
    fixed: Sequence[str]

    @property
    def touches_lines(self) -> bool:
        """Whether lines that are there change or go."""
        return bool(self.patched or self.removed)

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


def as_held(
    form: Mapping[str, Any], header: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], fit: Fit
) -> dict[str, Any]:
    """What D365 holds, in the form of `sent_form`: compared with where nobody knows which of
    several documents was sent last.

    `header` and `rows` as D365 answers them, with `header_fields` and `line_fields`. `fit`: the
    fields of a header (True) or line as they are sent, cut to D365's lengths. What D365 holds as it
    would be sent is as `form` has it, and so is what is never patched.
    """
    wanted = {**dict.fromkeys(header_fields(form), ""), **form["header"]}
    there = {str(row["ExternalItemNumber"]): row for row in rows if row.get("ExternalItemNumber")}
    lines = {}
    for name, row in there.items():
        body: Mapping[str, Any] = form["lines"].get(name, {})
        lines[name] = _held(body, fit(False, body), row)
    return {**form, "header": _held(wanted, fit(True, wanted), header), "lines": lines}


def header_fields(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that headers are compared in: those of the form, and of an address those that an
    earlier one may have filled."""
    emptied = _EMPTIED if _EMPTIED[0] in form["header"] else ()
    return tuple(dict.fromkeys((*form["header"], *emptied)))


def line_fields(form: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that lines are compared in."""
    return tuple(sorted({name for body in form["lines"].values() for name in body}))


def _held(
    wanted: Mapping[str, Any], sent: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    fixed = FIXED_FIELDS | FIXED_LINE_FIELDS
    return {
        name: value
        if name in fixed or _folded(there.get(name)) == _folded(sent[name])
        else there.get(name)
        for name, value in wanted.items()
    }


def _folded(value: Any) -> Any:
    """A value as D365 compares it: numbers by value, texts without regard to case and spaces."""
    if isinstance(value, str):
        return " ".join(value.split()).casefold() or None
    return value or None


def _without(names: frozenset[str], fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


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
