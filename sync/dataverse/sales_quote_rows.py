"""Quotes of Dynamics 365 Sales as rows: what writes them, and what they are read as.

A quote may be changed while it is a Draft. `ReviseQuote` makes a new Draft of one that is not: a
row of its own with the same `quotenumber`, the next `revisionnumber` and lines of its own; the row
before it is Closed as Revised. So a quote is known by its number, and its last revision counts.
Sources: docs/dataverse-quotes.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Final

from typing_extensions import override

from sync.config.connections.quotes import ACTIVE as OPEN
from sync.core.encoding import digest
from sync.core.money import ZERO
from sync.dataverse.documents.sales_quote import (
    ITEM,
    QUANTITY,
    WRITTEN_IN,
    SalesQuote,
    unmarked,
)
from sync.dataverse.web_api import RowWrite, action, changed, created, id_of, removed
from sync.dynamics.documents.quotation import HeldQuotation, QuotationLine
from sync.dynamics.field_values import amount_of

QUOTES, LINES, ORDERS = "quotes", "quotedetails", "salesorders"
DRAFT, ACTIVE, WON, CLOSED = 0, 1, 2, 3
"""`statecode` of a quote."""
REVISED: Final = "Revised"
STATUSES: Final[Mapping[int, str]] = {5: "Lost", 6: "Canceled", 7: REVISED}
"""`statuscode` of a closed one; an environment may add others."""
CURRENCY: Final = "_transactioncurrencyid_value"
TERMS: Final = "paymenttermscode@OData.Community.Display.V1.FormattedValue"
COLUMNS: Final = (
    "quoteid", "quotenumber", "revisionnumber", "statecode", "statuscode", CURRENCY, "expireson",
    "_ownerid_value", "paymenttermscode", "discountpercentage", "discountamount", "freightamount",
    "totalamount", "totaltax", "modifiedon",
)  # fmt: skip
LINE_COLUMNS: Final = (
    "quotedetailid", ITEM, QUANTITY, "priceperunit", "extendedamount", "tax",
)  # fmt: skip


@dataclass(frozen=True)
class HeldSalesQuote(HeldQuotation):
    """The last revision of a quote as Sales has it. A line is known by the id of its item
    (`reference`) and its row (`lot`); its amount is without tax, which Sales keeps beside it."""

    place: ClassVar[str] = "Dynamics 365 Sales"
    again: ClassVar[str] = "activate it again (Revise it first where it is Active)"
    item_column: ClassVar[str] = "Write-In Product, in brackets at its end,"
    carrying: ClassVar[str] = "Enter freight as Freight Amount, and discounts as amounts"
    keeping: ClassVar[str] = 'cancel the web order, and run: skip orders {key} --why "..."'
    ending: ClassVar[str] = (
        "by Close Quote (activate it first where it is a Draft): as Won where it was ordered, else"
        " as Lost or Canceled, with the reason {reason}; make no order of it"
    )
    row_id: str = ""
    state: int = DRAFT
    revision: int = 0

    @property
    @override
    def is_lost(self) -> bool:
        return self.state == CLOSED and self.status != REVISED

    @property
    @override
    def is_confirmed(self) -> bool:
        return self.state == WON

    @property
    @override
    def has_order(self) -> bool:
        return bool(self.order)

    @property
    @override
    def may_answer(self) -> bool:
        return self.state == ACTIVE

    @property
    @override
    def fingerprint(self) -> str:
        return digest([super().fingerprint, self.revision, str(self.off), str(self.carried)])


def quote_id(shop: str, reference: str) -> str:
    """The id that we choose for the first revision of a quote of a shop."""
    return id_of("quote", shop, reference)


def made(wanted: SalesQuote) -> list[RowWrite]:
    """The rows of a quote: itself, then its lines."""
    first = created(QUOTES, wanted.row_id, {**wanted.header, **wanted.names})
    return [first, *(added(wanted, wanted.row_id, one) for one in wanted.lines)]


def added(wanted: SalesQuote, row_id: str, item: str) -> RowWrite:
    """A line of the revision with this row."""
    named = {"quoteid@odata.bind": f"/{QUOTES}({row_id})"}
    body = {**WRITTEN_IN, **wanted.lines[item], **named}
    return created(LINES, id_of("quote line", row_id, item), body)


def header_changed(row_id: str, columns: Mapping[str, Any]) -> RowWrite:
    """Columns of a Draft."""
    return changed(QUOTES, row_id, columns)


def line_changed(row_id: str, columns: Mapping[str, Any]) -> RowWrite:
    """Columns of a line of a Draft."""
    return changed(LINES, row_id, columns)


def line_removed(row_id: str) -> RowWrite:
    """A line of a Draft that goes."""
    return removed(LINES, row_id)


def revised(row_id: str) -> RowWrite:
    """What makes a new Draft of an Active quote."""
    columns = {"AllColumns": False, "Columns": ["quoteid"]}
    return action("ReviseQuote", {"QuoteId": row_id, "ColumnSet": columns})


def held_of(
    company: str, row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], *, currency: str,
    order: str, answered: Collection[int],
) -> HeldSalesQuote:  # fmt: skip
    """A revision with its lines. `order`: that of Sales, where it became one."""
    freight, expires = row.get("freightamount"), text(row, "expireson")[:10]
    return HeldSalesQuote(
        company, text(row, "quotenumber"), "", _status(row, answered), "", currency, False,
        date.fromisoformat(expires) if expires else None, order, "",
        text(row, "_ownerid_value"), (text(row, TERMS), ""), amount_of(row, "discountpercentage"),
        (amount_of(row, "totalamount"), amount_of(row, "totaltax"), ZERO), tuple(map(_line, lines)),
        off=amount_of(row, "discountamount"), carried=None if freight is None else Decimal(freight),
        row_id=text(row, "quoteid").lower(), state=whole(row, "statecode"),
        revision=whole(row, "revisionnumber"),
    )  # fmt: skip


def _status(row: Mapping[str, Any], answered: Collection[int]) -> str:
    state, status = whole(row, "statecode"), whole(row, "statuscode")
    if state == ACTIVE:
        return OPEN if status in answered else f"{OPEN} ({status})"
    return {DRAFT: "Draft", WON: "Won"}.get(state, STATUSES.get(status, f"Closed ({status})"))


def _line(row: Mapping[str, Any]) -> QuotationLine:
    amount = amount_of(row, "extendedamount") - amount_of(row, "tax")
    item, reference = unmarked(text(row, ITEM))
    return QuotationLine(
        text(row, "quotedetailid").lower(), reference, item,
        amount_of(row, QUANTITY), "", amount_of(row, "priceperunit"), amount,
    )  # fmt: skip


def whole(row: Mapping[str, Any], name: str) -> int:
    """A whole number; 0 where it is not set."""
    return int(row.get(name) or 0)


def text(row: Mapping[str, Any], name: str) -> str:
    """A text; empty where it is not set."""
    value = row.get(name)
    return "" if value is None else str(value).strip()
