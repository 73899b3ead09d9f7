"""Where quotes of the demo are negotiated: one merchant's as quotations of F&O, the other's as
quotes of Dynamics 365 Sales."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.demo.environment import Pair
from sync.config.connections import NumberMode
from sync.core.money import total
from sync.dynamics.documents.requests import QUOTATION_HEADERS, QUOTATION_LINES

IN_SALES: Final = (
    "/api/data/v9.2/quotes?$select=name,quotenumber,revisionnumber,statecode,statuscode,"
    "totalamountlessfreight"
)
STATUSES: Final[Mapping[tuple[int, int], str]] = {
    (0, 1): "Created", (1, 2): "Sent", (2, 4): "Confirmed", (3, 5): "Lost", (3, 6): "Cancelled",
}  # fmt: skip
"""State and status of Sales in F&O's words."""


@dataclass(frozen=True)
class Quotation:
    """How it stands, in F&O's words. `amount`: what the goods are approved at."""

    number: str
    status: str
    amount: Decimal


def is_in_sales(pair: Pair) -> bool:
    """Whether sellers of Dynamics 365 Sales answer this merchant's quotes."""
    return pair.numbers is NumberMode.THEIRS


async def act(pair: Pair, deed: str, number: str) -> None:
    """Its people do something with a quotation."""
    if is_in_sales(pair):
        wanted = {"document": deed, "number": number}
        await pair.ledger.ask("POST", "/sandbox/sales_quotes", wanted)
    else:
        await pair.ledger.post(deed, number)


async def quotations(pair: Pair) -> dict[str, Quotation]:
    """All by the reference of their quote. Raises `AssertionError` where one has two."""
    return await (_sold(pair) if is_in_sales(pair) else _quoted(pair))


async def _quoted(pair: Pair) -> dict[str, Quotation]:
    rows = await pair.ledger.rows_of(QUOTATION_HEADERS, pair.token)
    amounts = defaultdict[str, list[Decimal]](list)
    for line in await pair.ledger.rows_of(QUOTATION_LINES, pair.token):
        amounts[line["SalesQuotationNumber"]].append(Decimal(line["LineAmount"]))
    found = {
        str(row["CustomersReference"]): Quotation(
            number, str(row["SalesQuotationStatus"]), total(amounts[number])
        )
        for row in rows
        for number in (str(row["SalesQuotationNumber"]),)
    }
    assert len(found) == len(rows), f"{len(rows)} quotations of {len(found)} quotes"
    return found


async def _sold(pair: Pair) -> dict[str, Quotation]:
    """The last revision of each."""
    rows = (await pair.ledger.ask("GET", IN_SALES, authorization=f"Bearer {pair.token}"))["value"]
    revisions = defaultdict[str, list[Mapping[str, Any]]](list)
    for row in sorted(rows, key=lambda row: int(row["revisionnumber"])):
        revisions[str(row["name"]).partition(" ")[0]].append(row)
    for reference, some in revisions.items():
        numbers = {row["quotenumber"] for row in some}, [row["revisionnumber"] for row in some]
        is_one = len(numbers[0]) == 1 and numbers[1] == [*range(len(some))]
        assert is_one, f"{reference} has the quotes {numbers}"
    return {reference: _stands(some[-1]) for reference, some in revisions.items()}


def _stands(row: Mapping[str, Any]) -> Quotation:
    state = int(row["statecode"]), int(row["statuscode"])
    amount = Decimal(row["totalamountlessfreight"])
    return Quotation(str(row["quotenumber"]), STATUSES[state], amount)
