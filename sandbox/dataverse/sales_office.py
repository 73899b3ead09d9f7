"""What sellers do with quotes in Dynamics 365 Sales."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from sandbox.dataverse import sales
from sandbox.dataverse.refused import Row, WebFault
from sandbox.dataverse.state import DataverseState

WON, LOST, CANCELED = 4, 5, 6


def last(state: DataverseState, number: str) -> Row:
    """The last revision of a quote."""
    rows = [row for row in state.tables["quotes"].values() if row["quotenumber"] == number]
    return max(rows, key=lambda row: int(row["revisionnumber"]))


def draft(state: DataverseState, number: str) -> Row:
    """The Draft of a quote; what is Active is revised first. Raises 400 for one that is over."""
    row = last(state, number)
    if row["statecode"] == sales.ACTIVE:
        return sales.revise(state, row["quoteid"])
    if row["statecode"] != sales.DRAFT:
        raise WebFault(400, sales.LOCKED, "The quote is closed.")
    return row


def price(
    state: DataverseState, number: str, lines: Mapping[str, Mapping[str, Any]], **columns: Any
) -> Row:
    """Columns of lines, by how their texts end, and of the quote."""
    row = draft(state, number)
    for line in sales.lines_of(state, row["quoteid"]):
        text = line["productdescription"]
        values = next((one for end, one in lines.items() if text.endswith(end)), None)
        if values:
            state.change("quotedetails", line["quotedetailid"], values)
    return state.change("quotes", row["quoteid"], columns)


def activate(state: DataverseState, number: str, status: int = 2) -> None:
    """It may go to the buyer. Raises 400 for one that is no Draft."""
    row = last(state, number)
    if row["statecode"] != sales.DRAFT:
        raise WebFault(400, sales.LOCKED, "The quote is no draft.")
    row.update(statecode=sales.ACTIVE, statuscode=status, modifiedon=state.stamp())


def close(state: DataverseState, number: str, status: int = LOST) -> None:
    """Close it without a sale. Raises 400 for one that is not Active."""
    row = last(state, number)
    if row["statecode"] != sales.ACTIVE:
        raise WebFault(400, sales.LOCKED, "The quote is not active.")
    row.update(statecode=sales.CLOSED, statuscode=status, modifiedon=state.stamp())


def win(state: DataverseState, number: str, *, order: str = "") -> None:
    """Close it as Won, with an order of Sales where that is made. Raises 400 for one that is not
    Active."""
    row = last(state, number)
    if row["statecode"] != sales.ACTIVE:
        raise WebFault(400, sales.LOCKED, "The quote is not active.")
    row.update(statecode=sales.WON, statuscode=WON, modifiedon=state.stamp())
    if order:
        values = {"name": row.get("name"), "ordernumber": order, "quoteid": row["quoteid"]}
        state.create("salesorders", None, values)


def price_and_activate(state: DataverseState, number: str) -> None:
    """Give each line a price and a discount, and activate it."""
    lines = sales.lines_of(state, last(state, number)["quoteid"])
    values = {"priceperunit": Decimal("19.90"), "manualdiscountamount": Decimal("1.50")}
    price(state, number, {line["productdescription"]: values for line in lines})
    activate(state, number)


def end(state: DataverseState, number: str, status: int) -> None:
    """Close it, a Draft as well: that is activated first."""
    if last(state, number)["statecode"] == sales.DRAFT:
        activate(state, number)
    if status in (LOST, CANCELED):
        close(state, number, status)
    else:
        win(state, number, order=f"ORD-{number}")


DEEDS: Final[Mapping[str, Callable[[DataverseState, str], None]]] = {
    "quotation_sent": price_and_activate,
    "quotation_lost": lambda state, number: end(state, number, LOST),
    "quotation_cancelled": lambda state, number: end(state, number, CANCELED),
    "quotation_confirmed": lambda state, number: end(state, number, WON),
}
"""What sellers do, by the names that F&O's office has for the same (`/sandbox/postings`)."""
