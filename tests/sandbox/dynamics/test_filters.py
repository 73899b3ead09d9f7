from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.dynamics.faults import ODataFault
from sandbox.dynamics.filters import Node
from sandbox.dynamics.grammar import parsed
from sandbox.dynamics.schema import SETS

HEADERS = SETS["SalesOrderHeadersV4"]
ROW: dict[str, Any] = {
    "dataAreaId": "usmf",
    "CustomersOrderReference": "M2-000042",
    "SalesOrderName": "O'Brien & Söhne",
    "SalesOrderStatus": "Backorder",
    "TotalDiscountPercentage": Decimal("2.5"),
    "RequestedShippingDate": datetime(2026, 7, 1, 12, tzinfo=UTC),
}
STATUS = "Microsoft.Dynamics.DataEntities.SalesStatus"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("CustomersOrderReference eq 'm2-000042'", True),
        ("CustomersOrderReference ne 'M2-000042'", False),
        ("CustomersOrderReference eq '*0042'", True),
        ("CustomersOrderReference eq 'M2*'", True),
        ("CustomersOrderReference eq '*000*'", True),
        ("CustomersOrderReference eq 'M2'", False),
        ("CustomersOrderReference ne 'M2*'", False),
        ("CustomersOrderReference gt 'M1*'", True),
        ("SalesOrderName eq 'o''brien & söhne'", True),
        ("URL eq ''", True),
        ("URL eq null", False),
        ("DeliveryAddressTimeZone eq null", True),
        ("TotalDiscountPercentage gt null", False),
        (f"SalesOrderStatus eq {STATUS}'Backorder'", True),
        (f"SalesOrderStatus ne {STATUS}'Invoiced'", True),
        ("TotalDiscountPercentage eq 2.50", True),
        ("TotalDiscountPercentage gt -1", True),
        ("TotalDiscountPercentage ge 2.5 and TotalDiscountPercentage le 2.5", True),
        ("TotalDiscountPercentage lt 2.5 or TotalDiscountPercentage gt 2.5", False),
        ("RequestedShippingDate ge 2026-07-01T00:00:00Z", True),
        ("RequestedShippingDate lt 2026-07-01T14:00:00+02:00", False),
        ("FixedDueDate eq 1900-01-01T12:00:00Z", True),
        ("TransportationDocumentLineId eq 00000000-0000-0000-0000-000000000000", True),
        ("not (dataAreaId eq 'dat')", True),
        ("not dataAreaId eq 'usmf' or URL eq 'x'", False),
        ("URL eq 'x' and URL eq 'y' or dataAreaId eq 'usmf'", True),
        ("URL eq 'x' and (URL eq 'y' or dataAreaId eq 'usmf')", False),
    ],
)
def test_a_filter_fits_what_it_says(text: str, fits: bool) -> None:
    assert parsed(text, HEADERS).fits(ROW) is fits


@pytest.mark.parametrize(
    "text",
    [
        "CustomersOrderReference in ('a','b')",
        "contains(CustomersOrderReference,'a')",
        "startswith(CustomersOrderReference,'a') eq true",
        f"SalesOrderStatus has {STATUS}'Backorder'",
        "SalesOrderStatus eq 'Backorder'",
        f"SalesOrderStatus eq {STATUS}'Open'",
        f"SalesOrderStatus gt {STATUS}'None'",
        "SalesOrderStatus eq Microsoft.Dynamics.DataEntities.NoYes'Yes'",
        "customersorderreference eq 'a'",
        "URL eq 'a' or (URL eq 'b' URL eq 'c')",
        "TotalDiscountPercentage eq '2'",
        "TotalDiscountPercentage eq 2x",
        "TotalDiscountPercentage add 1 eq 2",
        "CustomersOrderReference eq 42",
        "CustomersOrderReference eq M2",
        "RequestedShippingDate eq 2026-07-01",
        "RequestedShippingDate eq '2026-07-01T00:00:00Z'",
        "RequestedShippingDate eq 2026-13-01T00:00:00Z",
        "CustomersOrderReference eq 'a",
        "CustomersOrderReference eq 'a' and",
        "CustomersOrderReference eq 'a' URL eq 'b'",
        "(CustomersOrderReference eq 'a'",
        "CustomersOrderReference eq 'a')",
        "CustomersOrderReference eq",
        "CustomersOrderReference",
        "eq",
        "(" * 200,
        "not " * 200 + "URL eq 'a'",
    ],
)
def test_what_the_service_does_not_understand_is_refused(text: str) -> None:
    with pytest.raises(ODataFault) as refused:
        parsed(text, HEADERS)
    assert refused.value.status == 400


def test_a_long_chain_of_references_is_looked_up_not_searched() -> None:
    chain = " or ".join(f"CustomersOrderReference eq '{number}'" for number in range(1000))
    needles = parsed(f"dataAreaId eq 'usmf' and ({chain})", HEADERS).needles()
    assert needles == ("CustomersOrderReference", frozenset(str(number) for number in range(1000)))


@pytest.mark.parametrize(
    "text",
    ["not (URL eq 'a')", "URL eq 'a*'", "URL eq ''", "URL eq 'a' or Email eq 'a'", "URL gt 'a'"],
)
def test_what_cannot_be_looked_up_is_searched(text: str) -> None:
    assert parsed(text, HEADERS).needles() is None


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="*"), max_size=12)
NAMES = st.sampled_from(["URL", "Email", "CustomersOrderReference"])


def quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


@given(TEXTS, TEXTS)
def test_any_text_survives_quoting(text: str, other: str) -> None:
    node = parsed(f"URL eq {quoted(text)}", HEADERS)
    assert node.fits({"URL": text})
    assert node.fits({"URL": other}) == (text.rstrip().casefold() == other.rstrip().casefold())


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> tuple[str, Any]:
    """The text of a filter, and what it means: a function of a row."""
    kind = draw(st.sampled_from(["eq", "ne"] if depth == 0 else ["eq", "ne", "and", "or", "not"]))
    if kind in {"eq", "ne"}:
        name, text = draw(NAMES), draw(st.sampled_from(["", "a", "b", "it's"]))
        return f"{name} {kind} {quoted(text)}", lambda row: (row[name] == text) == (kind == "eq")
    left, fits_left = draw(trees(depth - 1))
    if kind == "not":
        return f"not ({left})", lambda row: not fits_left(row)
    right, fits_right = draw(trees(depth - 1))
    if kind == "and":
        return f"({left}) and ({right})", lambda row: fits_left(row) and fits_right(row)
    return f"({left}) or ({right})", lambda row: fits_left(row) or fits_right(row)


LIKELY = st.sampled_from(["", "a", "b", "it's"])


@given(
    trees(),
    st.fixed_dictionaries({"URL": LIKELY, "Email": LIKELY, "CustomersOrderReference": LIKELY}),
)
def test_a_tree_means_what_its_parts_mean(tree: tuple[str, Any], row: dict[str, str]) -> None:
    text, fits = tree
    node: Node = parsed(text, HEADERS)
    assert node.fits(row) == fits(row)
    needles = node.needles()
    if needles and node.fits(row):
        assert row[needles[0]] in needles[1]


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(ODataFault):
        assert parsed(text, HEADERS).fits(ROW) in {True, False}
