"""Delivery addresses of both sides: pure rules, and that any changes come to rest."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.core.errors import Never
from sync.mapping.address_books import (
    GONE,
    AddressBooks,
    Content,
    Held,
    Link,
    Merged,
    name_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Done = tuple[dict[str, str], dict[str, str], list[int], list[int]]
OLD = Content(("1 Old St",), "Ulm", "1", "", "DE")


def at(street: str, hours: int = 0, *, is_default: bool = False, name: str = "") -> Held:
    moment = NOON + timedelta(hours=hours)
    return Held(replace(OLD, street=(street,)), moment, is_default, name)


def books(
    ledger: Mapping[str, Held],
    shop: Mapping[int, Held],
    links: Mapping[str, Link] | None = None,
    *,
    both: bool = True,
) -> AddressBooks:
    return AddressBooks(ledger, shop, links or {}, lambda text: text, both, NOON)


def linked(street: str, number: int = 7) -> dict[str, Link]:
    return {"L": Link(number, books({}, {}).base(at(street).content))}


def done(merged: Merged) -> Done:
    streets = [{k: v.street[0] for k, v in side.items()} for side in
               (merged.to_shop, merged.to_ledger)]  # fmt: skip
    return streets[0], streets[1], sorted(merged.new), sorted(merged.remove)


NOTHING: Done = ({}, {}, [], [])


@pytest.mark.parametrize(
    ("ledger", "shop", "links", "both", "wanted"),
    [
        ({"L": at("a")}, {}, {}, False, ({"L": "a"}, {}, [], [])),
        ({"L": at("a")}, {7: at("a")}, {}, False, NOTHING),
        ({"L": at("a")}, {7: at("b")}, {}, False, ({"L": "a"}, {}, [], [])),
        ({"L": at("a")}, {7: at("b")}, {}, True, ({"L": "a"}, {}, [7], [])),
        ({"L": at("a", name=name_of(7))}, {7: at("b")}, {}, True, ({}, {"L": "b"}, [], [])),
        ({"L": at("b")}, {7: at("a")}, linked("a"), True, ({"L": "b"}, {}, [], [])),
        ({"L": at("a")}, {7: at("b")}, linked("a"), True, ({}, {"L": "b"}, [], [])),
        ({"L": at("a")}, {7: at("b")}, linked("a"), False, ({"L": "a"}, {}, [], [])),
        ({"L": at("b", 1)}, {7: at("c", 2)}, linked("a"), True, ({}, {"L": "c"}, [], [])),
        ({"L": at("b", 2)}, {7: at("c", 1)}, linked("a"), True, ({"L": "b"}, {}, [], [])),
        ({"L": at("b")}, {7: at("b")}, linked("a"), True, NOTHING),
        ({"L": at("a")}, {}, linked("a"), True, NOTHING),
        ({"L": at("a")}, {}, linked("a", GONE), True, NOTHING),
        ({}, {7: at("a")}, linked("a"), True, ({}, {}, [], [7])),
        ({}, {7: at("a", is_default=True)}, linked("a"), True, NOTHING),
        ({}, {7: at("b")}, linked("a"), True, NOTHING),
    ],
)  # fmt: skip
def test_what_is_written_where(
    ledger: dict[str, Held], shop: dict[int, Held], links: dict[str, Link], both: bool,
    wanted: Done,
) -> None:  # fmt: skip
    assert done(books(ledger, shop, links, both=both).merged()) == wanted


def test_a_link_is_kept_as_text_without_the_address() -> None:
    link = Link(7, "abc", "shop", 2, 99)
    assert Link.from_text(link.as_text()) == link
    merged = books({"L": at("Secret St")}, {7: at("Secret St")}).merged()
    keyed = replace(books({"L": at("Secret St")}, {}), digest_of=lambda text: text[::-1])
    assert "Secret" not in merged.links["L"].as_text()
    assert keyed.base(at("x").content) != books({}, {}).base(at("x").content)


def test_turns_of_direction_are_counted_for_a_day() -> None:
    now = int(NOON.timestamp())
    many = {"L": Link(7, books({}, {}).base(at("a").content), "shop", 5, now - 60)}
    with pytest.raises(Never, match="address L has gone to and fro"):
        books({"L": at("a")}, {7: at("b")}, many).merged()
    rested = {"L": replace(many["L"], at=now - 90_000)}
    assert done(books({"L": at("a")}, {7: at("b")}, rested).merged()) == ({}, {"L": "b"}, [], [])


EDITS = st.lists(
    st.tuples(st.sampled_from(["ledger", "shop"]), st.sampled_from("abc"), st.booleans()),
    max_size=8,
)


@given(EDITS)
def test_any_edits_come_to_rest_with_both_sides_alike(edits: list[tuple[str, str, bool]]) -> None:
    ledger, shop = {"L": at("a")}, {7: at("a")}
    links = carried_out(ledger, shop, {})
    for hour, (side, street, is_merged) in enumerate(edits):
        if side == "ledger":
            ledger["L"] = at(street, hour)
        else:
            shop[7] = at(street, hour)
        if is_merged:
            links = carried_out(ledger, shop, links)
    for _ in range(2):
        links = carried_out(ledger, shop, links)
    assert done(books(ledger, shop, links).merged()) == NOTHING
    assert ledger["L"].content == shop[7].content


def carried_out(
    ledger: dict[str, Held], shop: dict[int, Held], links: dict[str, Link]
) -> dict[str, Link]:
    """What is decided, done; the counting of turns has tests of its own."""
    merged = books(ledger, shop, {k: replace(v, bounces=0) for k, v in links.items()}).merged()
    for content in merged.to_shop.values():
        shop[7] = Held(content, NOON)
    for place, content in merged.to_ledger.items():
        ledger[place] = Held(content, NOON)
    return merged.links
