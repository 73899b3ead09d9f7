"""What must hold for returns and complaints in `connections.toml`."""

from typing import Any

import pytest

from sync.config.connections import Returns
from sync.config.file.return_rules import return_breaches

PATH = ("connections", "main")
FLOWS = ["orders", "returns", "return_states", "refunds"]
SOUND = {"reasons": {"*": "WEB"}}


def places(written: dict[str, Any]) -> list[str | int]:
    found = list(return_breaches(PATH, written))
    assert all(one.what and one.remedy for one in found)
    return [one.path[-1] for one in found]


@pytest.mark.parametrize(
    ("returns", "place"),
    [
        ({}, None),
        ({"reasons": {}}, "reasons"),
        ({"reference_template": "R{store_id}"}, "reference_template"),
        ({"reference_template": "{store_id}-C{increment_id}"}, "reference_template"),
        ({"number_template": "{nobody}"}, "number_template"),
        ({"texts": {"number": "Number {rma}"}}, None),
        ({"texts": {"number": "Number {order}"}}, "number"),
        ({"texts": {"shipped": "{carrier} {"}}, "shipped"),
    ],
)
def test_returns_need_what_they_are_told_by(returns: dict[str, Any], place: str | None) -> None:
    memos = {"reference_template": "{store_id}-C{increment_id}"}
    written = {"flows": FLOWS, "returns": {**SOUND, **returns}, "creditmemos": memos}
    assert places(written) == ([place] if place else [])


@pytest.mark.parametrize("flows", [["returns"], ["orders", "refunds"], ["orders", "return_states"]])
def test_what_follows_needs_what_it_follows(flows: list[str]) -> None:
    assert places({"flows": flows, "returns": SOUND}) == ["returns"]


def test_our_numbers_fit_f_and_o() -> None:
    written = {"flows": FLOWS, "orders": {"numbers": "ours"}, "returns": {
        **SOUND, "number_template": "A-VERY-LONG-{store_id}-{increment_id}"
    }}  # fmt: skip
    assert places(written) == ["number_template"]


@pytest.mark.parametrize(
    ("patterns", "place"),
    [({"damaged": "damaged|broken"}, None), ({}, "patterns"), ({"damaged": "("}, "damaged")],
)
def test_complaints_are_known_by_patterns(patterns: dict[str, str], place: str | None) -> None:
    written = {"flows": ["order_issues"], "order_issues": {"patterns": patterns}}
    assert places(written) == ([place] if place else [])


def test_a_star_stands_for_all_other_ways_to_pay() -> None:
    returns = Returns.model_validate({"methods": {"braintree": "online", "*": "offline"}})
    assert [returns.method_of(one) for one in ("braintree", "checkmo")] == ["online", "offline"]
    assert Returns().method_of("braintree") is None
