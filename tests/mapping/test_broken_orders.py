"""Whatever an order holds, a preview ends in one of three ways: exact, not now, or parked with the
field that is amiss."""

import re
from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.core.encoding import to_json
from sync.preview.input_files import orders_in
from sync.preview.previewed import Preview
from tests.mapping.connection import MODES, NET, connection, previewed
from tests.mapping.fno import assert_well_formed, half_up, owed
from tests.mapping.made import made, row
from tests.mapping.mutations import JUNK, assert_ends_well, deep, mutated_orders, paths
from tests.mapping.samples import order
from tests.properties import examples

HARD = settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
NAMED = re.compile(
    r"cannot be read: [a-z_]+|[a-z_]+\[\]\.[a-z_]+|[a-z]+_[a-z_]+|\bitems\b|JSON object|deeper than"
    r" any|subtotal|(billing|shipping) address|[A-Z][A-Za-z]+ would (be|have)\b"
)


def assert_honest(found: Preview, document: Any) -> None:
    assert_ends_well(found, NAMED)
    if found.outcome == "deliver":
        assert_well_formed(found)
        assert owed(found.requests, _readable(document)) == half_up(
            Fraction(_number(document["grand_total"]))
        )


def _number(value: Any) -> str:
    return str(value if value not in (None, "") else 0).strip() or "0"


def _readable(document: Any) -> Any:
    """The few amounts that the proof needs, in the spelling that a fraction reads."""
    extension = document.get("extension_attributes") or {}
    names = ("gift_cards_amount", "customer_balance_amount", "reward_currency_amount")
    return {
        "tax_amount": _number(document.get("tax_amount")),
        "extension_attributes": (
            {name: _number(extension.get(name)) for name in names} if extension else {}
        ),
    }


@HARD
@given(document=mutated_orders(), mode=st.sampled_from(sorted(MODES)))
async def test_a_mutated_order_is_exact_or_skipped_or_parked_with_its_field(
    document: Any, mode: str
) -> None:
    assert_honest(await previewed(document, MODES[mode]), document)


EVERYTHING = connection(
    orders={
        "lock_prices": True,
        "note_field": "SalesOrderName",
        "oldest_days": 36500,
        "payments": {"*": {"method": "X"}},
        "deliveries": {"*": "Y"},
        "taxes": {"*": {"group": "G", "item_group": "I"}, "none": {}},
        "segments": {
            "gift_wrapping": {"item": "GIFTWRAP"},
            "custom_fees": {"item": "FEE"},
            "surcharge": {"item": "S", "field": "payment.surcharge"},
            "points": {
                "payment": "P",
                "field": "extension_attributes.points.used",
                "negative": True,
            },
        },
    }
)


@HARD
@given(document=mutated_orders())
async def test_so_it_is_with_every_setting_in_use(document: Any) -> None:
    found = await previewed(document, EVERYTHING)
    assert found.outcome != "deliver" or found.totals is None or found.totals.difference == 0
    assert found.reason or found.outcome == "deliver"
    to_json(found.as_json())


@pytest.mark.parametrize(
    "name", ["type-022-downloadable-us", "type-005-bundle-dynamic-together-us"]
)
async def test_no_single_missing_field_breaks_the_preview(name: str) -> None:
    for path in list(paths(order(name))):
        if len(path) <= 3 and not (path[0] == "items" and path[1:2] not in ((), (0,), (1,))):
            document = deepcopy(order(name))
            place = document
            for step in path[:-1]:
                place = place[step]
            del place[path[-1]]
            found = await previewed(document)
            assert found.outcome in ("deliver", "park", "skip"), path


@pytest.mark.parametrize("turn", range(len(JUNK)), ids=lambda turn: repr(JUNK[turn])[:20])
async def test_no_junk_in_any_top_field_breaks_the_preview(turn: int) -> None:
    """Each junk in every third field."""
    junk, sample = JUNK[turn], order("type-022-downloadable-us")
    extension, (row, *others) = sample["extension_attributes"], sample["items"]
    changed = [{**sample, name: junk} for name in [*sample, "surprise"]]
    changed += [{**sample, "items": [{**row, name: junk}, *others]} for name in row]
    changed += [
        {**sample, "extension_attributes": {**extension, name: junk}}
        for name in [*extension, "custom_fees", "points"]
    ]
    for document in changed[turn % 3 :: 3]:
        found = await previewed(document, EVERYTHING)
        assert found.outcome in ("deliver", "park", "skip")


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
async def test_what_is_no_order_at_all_is_parked(junk: Any) -> None:
    found = await previewed(junk)
    assert found.outcome == "park"
    assert found.reason
    assert found.remedy


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: repr(value)[:20])
def test_looking_for_orders_in_anything_ends(junk: Any) -> None:
    list(orders_in(junk))
    list(orders_in({"order": junk, "items": junk}))
    list(orders_in(deep(5000)))


async def test_a_key_of_an_unreadable_order_is_never_its_content() -> None:
    found = await previewed({"increment_id": {"name": "Jane Roe"}, "store_id": "jane@example.com"})
    assert "ane" not in found.key
    assert "ane" not in found.reason


async def test_many_faults_are_told_in_few_words() -> None:
    sample = order("type-019-mixed-all-us")
    found = await previewed({**sample, "items": [{"price": "x", "sku": ["y"]}] * 500})
    assert found.outcome == "park"
    assert "items[0].price" in found.reason
    assert "more" in found.reason
    assert len(found.reason) < 600


async def test_the_same_row_twice_is_two_lines_or_a_difference_but_never_one_reference() -> None:
    sample = order("type-030-free-product-de")
    twice = {**sample, "items": sample["items"] * 2}
    found = await previewed(twice, NET)
    if found.outcome == "deliver":
        assert_well_formed(found)
    else:
        assert "items[]" in found.reason


PLANTED = ("Roe", "jane@", "Olive", "555-0100", "Mountain", "94086", "secret note")


async def test_no_reason_quotes_a_person_whatever_is_amiss() -> None:
    """Reasons go into the trail, the log and onto operators' pages."""
    whole = made(row(), customer_note="secret note", customer_taxvat="Roe-VAT")
    for path in list(paths(whole)):
        for junk in (None, [1], {"a": 1}, "NaN", "ZZ", "jane@example.com\x00"):
            document = deepcopy(whole)
            place: Any = document
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = junk
            found = await previewed(document, EVERYTHING)
            reported = f"{found.key} {found.reason} {found.remedy} {found.notes}"
            shown = [word for word in PLANTED if word in reported]
            codes = (
                "sku",
                "method",
                "increment_id",
                "country_id",
                "state",
                "code",
                "product_type",
                "order_currency_code",
            )
            assert not shown or path[-1] in codes, (path, reported)
