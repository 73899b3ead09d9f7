"""Quotes of Dynamics 365 Sales, as the client makes and reads them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dataverse import sales_office as office
from sandbox.dataverse.sales import lines_of
from sync.core.errors import AlreadyExists, Never
from sync.dataverse.documents.sales_quote import SalesQuote, marked, unmarked
from sync.dataverse.sales_quote_rows import line_removed, quote_id
from sync.dataverse.sales_quotes import Doubled, SalesQuotes
from tests.dataverse.environment import Environment, in_environment

SOON = datetime(2030, 1, 1, tzinfo=UTC)
SHOP = "https://shop.example"


def wanted(env: Environment, **line: Any) -> SalesQuote:
    """A quote of two lines; `line` changes the second."""
    customer = {"customerid_account@odata.bind": f"/accounts({env.account})"}
    first = {"productdescription": "A [1]", "quantity": Decimal(2)}
    second = {"productdescription": "B [2]", "quantity": Decimal(1), **line}
    lines = {"1": first, "2": second}
    return SalesQuote(
        quote_id(SHOP, "Q1-7"), "usmf", "Q1-7", {"name": "Q1-7 bikes"}, customer, lines
    )  # fmt: skip


def quotes_of(env: Environment) -> SalesQuotes:
    return SalesQuotes(env.client, SHOP, (2,))


@in_environment
async def test_a_quote_is_made_whole_once_or_not_at_all(env: Environment) -> None:
    quotes = quotes_of(env)
    with pytest.raises(Never):
        await quotes.create(wanted(env, quantity="one"), not_after=SOON)
    assert env.state.tables["quotes"] == env.state.tables["quotedetails"] == {}
    number = await quotes.create(wanted(env), not_after=SOON)
    with pytest.raises(AlreadyExists):
        await quotes.create(wanted(env), not_after=SOON)
    (held,) = await quotes.named("usmf", "Q1-7")
    assert (held.number, held.status, len(held.lines)) == (number, "Draft", 2)
    assert await quotes.named("usmf", "Q1-8") == []


@in_environment
async def test_the_last_revision_counts(env: Environment) -> None:
    quotes = quotes_of(env)
    number = await quotes.create(wanted(env), not_after=SOON)
    office.price(env.state, number, {"[1]": {"priceperunit": Decimal("1.25")}})
    office.activate(env.state, number, 3)
    first = await quotes.last("usmf", number)
    assert first is not None
    assert (first.status, first.may_answer) == ("Active (3)", True)
    draft = await quotes.revise(first, not_after=SOON)
    assert (draft.revision, draft.status, draft.fingerprint != first.fingerprint) == (
        1, "Draft", True,
    )  # fmt: skip
    assert [(one.reference, one.amount) for one in draft.lines] == [("1", Decimal("2.5")), ("2", 0)]
    assert env.state.tables["quotes"][first.row_id]["statuscode"] == 7
    env.state.create("quotes", None, {"quotenumber": number, "revisionnumber": 1})
    with pytest.raises(Doubled, match="several quotes"):
        await quotes.last("usmf", number)


@in_environment
async def test_lines_go_with_the_draft_alone(env: Environment) -> None:
    number = await quotes_of(env).create(wanted(env), not_after=SOON)
    row = office.last(env.state, number)
    line = lines_of(env.state, row["quoteid"])[0]
    await env.client.send(line_removed(line["quotedetailid"]), not_after=SOON)
    (left,) = lines_of(env.state, row["quoteid"])
    office.activate(env.state, number)
    with pytest.raises(Never):
        await env.client.send(line_removed(left["quotedetailid"]), not_after=SOON)
    assert lines_of(env.state, row["quoteid"]) == [left]


@pytest.mark.parametrize(
    ("text", "item", "kept"),
    [("Bike", "7", "Bike [7]"), ("x" * 600, "7", f"{'x' * 496} [7]"), ("a [8]", "7", "a [8] [7]")],
)
def test_the_text_of_a_line_ends_with_its_item(text: str, item: str, kept: str) -> None:
    assert marked(text, item) == kept
    assert unmarked(kept) == (kept[: -len(item) - 3], item)


@pytest.mark.parametrize("text", ["Bike", "[7]", "Bike [7] new", "Bike [x]", "Bike[7]"])
def test_a_text_without_its_item_is_of_none(text: str) -> None:
    assert unmarked(text) == (text, "")
