"""What the star costs grows as the data set does: no fact compares each row of one table with each
of another."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from sync.core.encoding import from_json
from sync.reporting.duck import opened
from sync.reporting.lake import Lake
from sync.reporting.star import CONFIDENTIAL_STAR, SHARED_STAR, build_star
from tests.reporting.years import TERMS, drawn, land

PAIRWISE: Final = ("NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "IE_JOIN")
"""Operators of DuckDB that compare all with all."""
FEW: Final = 1
"""A side of so many rows is no table: the terms."""
OF_ITS_KIND: Final = """
CREATE OR REPLACE VIEW invoice_orders AS
SELECT h.company, h.number, h.day, p.shop, p.order_key, p.store, p.brand, p.country, p.region
FROM invoice_heads h
LEFT JOIN shop_documents d ON d.shop = h.shop AND d.document_key = h.record_key
JOIN order_places p ON CASE WHEN h.record_kind = 'orders'
    THEN p.shop = h.shop AND p.order_key = h.record_key ELSE p.order_id = d.order_id END
"""
"""A join whose condition depends on the kind of the invoice."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    root = tmp_path_factory.mktemp("data")
    land(root, drawn(5, size=30).sources())
    with opened(root / "spill") as duck:
        found = Lake(root, duck)
        build_star(found, TERMS)
        duck.execute("SET asof_loop_join_threshold = 0")  # else few rates are joined one by one
        yield found


def operators(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("children", ()):
        yield from operators(child)


def rows_of(node: Any) -> int:
    return int(node["intermediate_rows"])


def pairwise(lake: Lake, fact: str) -> list[str]:
    """Joins of two tables by comparing all with all, as they were carried out."""
    (told,) = lake.duck.execute(f"EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM {fact}").fetchall()
    return [
        f"{node['type']} of {[rows_of(one) for one in node['children']]} rows"
        for root in from_json(told[1])["operator"]
        for node in operators(root)
        if node["type"] in PAIRWISE and min(map(rows_of, node["children"])) > FEW
    ]


@pytest.mark.parametrize("fact", [*SHARED_STAR, *CONFIDENTIAL_STAR])
def test_no_fact_compares_all_with_all(lake: Lake, fact: str) -> None:
    assert pairwise(lake, fact) == []


def test_a_condition_that_depends_on_the_kind_would_be_found(lake: Lake) -> None:
    lake.duck.execute("BEGIN")
    lake.duck.execute(OF_ITS_KIND)
    found = pairwise(lake, "fact_invoice_lines")
    lake.duck.execute("ROLLBACK")
    assert found
