"""What holds for quotes of Dynamics 365 Sales. Sources: docs/dataverse-quotes.md.

Only a Draft is edited, it or its lines. Amounts of lines and totals are the system's own: price
times quantity less the line's discount, and the tax beside it; the quote's discount comes off their
sum. `ReviseQuote` makes a new Draft, a row of its own with the same number, the next revision and
lines of its own; the row before it is Closed as Revised, unless it was closed already.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Protocol

from sandbox.dataverse.refused import BAD, Row, WebFault, absent
from sandbox.dataverse.tables import TABLES

DRAFT, ACTIVE, WON, CLOSED = 0, 1, 2, 3
REVISED: Final = 7
LOCKED: Final = "0x80060429"
CENT, HUNDRED = Decimal("0.01"), Decimal(100)


class Rows(Protocol):
    """What the rules need of an environment."""

    tables: dict[str, dict[str, Row]]

    def stamp(self) -> str:
        """Now."""

    def create(self, name: str, row_id: str | None, values: Mapping[str, Any]) -> Row:
        """A new row."""


def lines_of(state: Rows, row_id: str) -> list[Row]:
    """The lines of a revision."""
    rows = state.tables["quotedetails"].values()
    return [row for row in rows if row["quoteid"] == row_id]


def must_be_editable(state: Rows, name: str, row: Mapping[str, Any]) -> None:
    """Raise 400 for a change of a quote, or of a line of one, that is no Draft any more; and for a
    write-in product without its name."""
    quote = row if name == "quotes" else state.tables["quotes"].get(row.get("quoteid", ""), {})
    if name not in ("quotes", "quotedetails"):
        return
    if quote.get("statecode", DRAFT) != DRAFT:
        raise WebFault(400, LOCKED, "The quote cannot be edited because it is not in draft state.")
    if name == "quotedetails" and not (
        row.get("isproductoverridden") and row.get("productdescription")
    ):
        raise WebFault(400, "0x80043b12", "Missing product: write in its name, or choose one.")


def calculate(state: Rows, name: str, row: Row) -> None:
    """The system's own price calculation, of a line and of its quote."""
    if name == "quotedetails":
        base = _money(_of(row, "priceperunit") * _of(row, "quantity"))
        amount = base - _of(row, "manualdiscountamount") + _of(row, "tax")
        row.update(baseamount=base, extendedamount=amount)
    quote = row if name == "quotes" else state.tables["quotes"].get(row.get("quoteid", ""))
    if name not in ("quotes", "quotedetails") or quote is None:
        return
    lines = lines_of(state, quote["quoteid"])
    tax = sum((_of(one, "tax") for one in lines), Decimal())
    goods = sum((_of(one, "extendedamount") for one in lines), Decimal()) - tax
    off = _of(quote, "discountamount")
    off += _money(goods * _of(quote, "discountpercentage") / HUNDRED)
    quote.update(
        totallineitemamount=goods, totaldiscountamount=off, totalamountlessfreight=goods - off,
        totaltax=tax, totalamount=goods - off + _of(quote, "freightamount") + tax,
        modifiedon=state.stamp(),
    )  # fmt: skip


def asked_to_revise(state: Rows, body: Mapping[str, Any]) -> Row:
    """`ReviseQuote`: the columns asked for, of the new Draft."""
    columns = body.get("ColumnSet")
    if not isinstance(columns, Mapping) or not isinstance(body.get("QuoteId"), str):
        raise WebFault(400, BAD, "ReviseQuote needs QuoteId and ColumnSet.")
    row = revise(state, body["QuoteId"])
    return {name: row.get(name) for name in columns.get("Columns") or ("quoteid",)}


def revise(state: Rows, row_id: str) -> Row:
    """The new Draft of a quote that is none. Raises 404, and 400 for a Draft."""
    quote = state.tables["quotes"].get(row_id)
    if quote is None:
        raise absent(TABLES["quotes"], row_id)
    if quote["statecode"] == DRAFT:
        raise WebFault(400, LOCKED, "A draft quote cannot be revised.")
    if quote["statecode"] == ACTIVE:
        quote.update(statecode=CLOSED, statuscode=REVISED, modifiedon=state.stamp())
    number, keys = quote["revisionnumber"] + 1, ("quoteid", "statecode", "statuscode")
    copied = {name: value for name, value in quote.items() if name not in keys}
    draft = state.create("quotes", None, {**copied, "revisionnumber": number})
    for line in lines_of(state, row_id):
        copied = {name: value for name, value in line.items() if name != "quotedetailid"}
        state.create("quotedetails", None, {**copied, "quoteid": draft["quoteid"]})
    return draft


def _of(row: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(row.get(name) or 0)


def _money(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)
