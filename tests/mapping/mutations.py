"""Real orders with something wrong in them: what an extension, a proxy, a filter or a hand could do
to one."""

import re
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from sync.core.encoding import to_json
from sync.preview.previewed import Preview
from tests.mapping.samples import money_names, order

SMALL = (
    "tax-001-unit-catexcl-shipexcl-nodisc",
    "discount-031-c25s-us-net",
    "type-019-mixed-all-us",
    "type-022-downloadable-us",
    "type-030-free-product-de",
    "type-043-fpt-untaxed-insub-us-net",
    "quantity-001-fractional-us",
    "tax-044-total-catexcl-after-discincl-f333",
    "type-005-bundle-dynamic-together-us",
    "currency-008-jpy-net-total",
)
assert set(SMALL) <= set(money_names())

Path = tuple[str | int, ...]


def assert_ends_well(found: Preview, named: re.Pattern[str]) -> None:
    """The three ways a preview may end; what it says can be written as JSON and is not a whole
    document. `named`: what a reason to park names."""
    assert found.outcome in ("deliver", "skip", "park")
    to_json(found.as_json())
    assert len(found.key) < 80
    if found.outcome == "deliver":
        assert found.totals is not None
        assert found.totals.difference == 0
        assert abs(found.totals.rounding) <= Fraction(1, 2)
    else:
        assert found.reason
        assert len(found.reason) < 3000
    if found.outcome == "park":
        assert named.search(found.reason), found.reason
        assert found.remedy


def paths(document: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a document."""
    if path:
        yield path
    pairs = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in pairs:
        yield from paths(value, (*path, key))


def deep(levels: int) -> Any:
    """A document nested `levels` deep."""
    found: Any = "bottom"
    for level in range(levels):
        found = [found] if level % 2 else {"x": found}
    return found


JUNK: list[Any] = [
    None, "", " ", "0", 0, -1, 1, True, False, [], {}, [[]], [None], [{}], [{"a": 1}],
    {"a": {"b": []}}, "NaN", "-Infinity", "sNaN",
    "1e999999", "-1E+9999999", "1e-400", "9" * 400, 10**30, -(10**15), 10**400, Decimal("1E+400"),
    Decimal("0.0000000001"),
    Decimal("-12.3456789"), Decimal("1E-300"), "12,50", "1.234,56", "1_000", "0x10", "½", "٣",
    "Ω≈ç", "a\x00b", "a\nb\tc",
    "\ud83d", "\ud83d\ude00", "𝔘𝔫𝔦", "=cmd()", "<b>&", "'; DROP", "x" * 300, "y" * 70_000, "a:0:{}",
    '[{"row_amount":"NaN"}]',
    '{"a":1}', "[" * 2000, "true", "null", "2026-13-45 99:99:99", "0000-00-00 00:00:00",
    "9999-12-31 23:59:59", deep(40), deep(500),
    "ZZ", "bundle", "configurable", "giftcard", "canceled", "pending_payment", "JPY", "eur", 1.5,
    float("inf"),
]  # fmt: skip
"""What may stand anywhere instead of what should. Floats never come from our own reader, but a
caller may have another."""

KEYS = [
    "",
    "items",
    "parent_item_id",
    "gift_cards_amount",
    "\ud800",
    "x" * 200,
    "base_grand_total",
    "custom_fees",
]


@st.composite
def mutated_orders(draw: st.DrawFn) -> Any:
    """A recorded order with one to four places changed."""
    return draw(mutated(order(draw(st.sampled_from(SMALL)))))


@st.composite
def mutated(draw: st.DrawFn, original: Any) -> Any:
    """A document with one to four places changed."""
    document = deepcopy(original)
    for _ in range(draw(st.integers(1, 4))):
        places = list(paths(document))
        if not places:
            break
        _change(draw, document, draw(st.sampled_from(places)))
    return document


def _change(draw: st.DrawFn, document: Any, path: Path) -> None:
    *way, last = path
    place = document
    for step in way:
        place = place[step]
    value = place[last]
    what = draw(
        st.sampled_from(["junk", "drop", "repeated", "added", "swapped", "respelt", "nested"])
    )
    if what == "drop":
        del place[last]
    elif what == "repeated" and isinstance(place, list):
        place.append(deepcopy(value))
    elif what == "added" and isinstance(value, dict):
        value[draw(st.sampled_from(KEYS))] = deepcopy(draw(st.sampled_from(JUNK)))
    elif what == "swapped" and isinstance(value, dict) and len(value) > 1:
        one, two = draw(st.sampled_from(sorted(value))), draw(st.sampled_from(sorted(value)))
        value[one], value[two] = value[two], value[one]
    elif what == "respelt":
        place[last] = draw(st.sampled_from(_spellings(value)))
    elif what == "nested":
        place[last] = {str(last): value}
    else:
        place[last] = deepcopy(draw(st.sampled_from(JUNK)))


def _spellings(value: Any) -> list[Any]:
    """The same in another type, negated, or repeated."""
    if isinstance(value, int | Decimal):
        return [f"{value}", f" {value}0", -value, [value], value * 1000]
    if isinstance(value, str):
        return [_number(value), value.upper(), f"  {value} ", [value]]
    return [value * 2] if isinstance(value, list) else [value]


def _number(value: str) -> Any:
    return int(value) if value.isascii() and value.isdigit() else value
