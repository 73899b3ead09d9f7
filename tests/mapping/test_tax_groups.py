"""Commerce's tax codes as groups of F&O, or parked when no one group fits."""

from decimal import Decimal
from typing import Any

import pytest

from tests.mapping.connection import connection, parked, previewed
from tests.mapping.fno import assert_exact, header_of, lines_of
from tests.mapping.made import made, row, with_extension


def taxed(
    *codes: str, rows: tuple[tuple[str, ...], ...] = (), **tables: dict[str, str]
) -> tuple[dict[str, Any], Any]:
    """An order with these codes, its rows with codes of their own, and a connection that maps
    `tables`."""
    items = [
        row(
            sku=f"S{n}",
            extension_attributes={"itemized_taxes": [{"tax_code": code} for code in own]},
        )
        for n, own in enumerate(rows)
    ]
    order = with_extension(
        made(*items), applied_taxes=[{"code": code, "percent": 5, "amount": 1} for code in codes]
    )
    return order, connection(
        orders={"taxes": {name.replace("_", "+"): table for name, table in tables.items()}}
    )


@pytest.mark.parametrize(
    ("codes", "rows", "tables", "group", "items"),
    [
        (
            ("DE-19",),
            (("DE-19",), ()),
            {"DE-19": {"group": "DOM", "item_group": "FULL"}, "none": {"item_group": "NONE"}},
            "DOM",
            ["FULL", "NONE"],
        ),
        (
            ("DE-19", "DE-7"),
            (("DE-19",), ("DE-7",)),
            {
                "DE-19": {"group": "DOM", "item_group": "FULL"},
                "DE-7": {"group": "DOM", "item_group": "RED"},
            },
            "DOM",
            ["FULL", "RED"],
        ),
        (("A", "B"), (("B", "A"),), {"A_B": {"group": "NY", "item_group": "NYC"}}, "NY", ["NYC"]),
        (("A", "B"), (("A", "B"),), {"B_A": {"group": "NY", "item_group": "NYC"}}, "NY", ["NYC"]),
        (
            ("C+D", "A"),
            (("A", "C+D"),),
            {"C_D_ A": {"group": "NY", "item_group": "NYC"}},
            "NY",
            ["NYC"],
        ),
        (
            ("A", "B"),
            (("A", "B"),),
            {"A": {"group": "NY", "item_group": "T"}, "B": {"group": "NY", "item_group": "T"}},
            "NY",
            ["T"],
        ),
        (("X",), (("X",),), {"*": {"group": "ALL", "item_group": "ANY"}}, "ALL", ["ANY"]),
        ((), ((),), {"*": {"group": "ALL", "item_group": "ANY"}}, "ALL", ["ANY"]),
        ((), ((),), {"none": {}}, None, [None]),
        (("X",), (("X",),), {}, None, [None]),
    ],
)
async def test_tax_codes_become_groups(
    codes: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    tables: dict[str, dict[str, str]],
    group: str | None,
    items: list[str | None],
) -> None:
    order, settings = taxed(*codes, rows=rows, **tables)
    found = await previewed(order, settings)
    assert found.outcome == "deliver", found.reason
    assert header_of(found.requests).get("SalesTaxGroupCode") == group
    assert [body.get("SalesTaxItemGroupCode") for body in lines_of(found.requests)] == items


@pytest.mark.parametrize(
    ("codes", "rows", "tables", "words"),
    [
        (("X",), (("X",),), {"Y": {"group": "G"}}, "code X is not mapped"),
        ((), ((),), {"Y": {"group": "G"}}, "code none is not mapped"),
        (
            ("A", "B"),
            (("A",), ("B",)),
            {"A": {"group": "G1"}, "B": {"group": "G2"}},
            "several sales tax groups: G1, G2",
        ),
        (
            ("A", "B"),
            (("A", "B"),),
            {"A": {"group": "G", "item_group": "I1"}, "B": {"group": "G", "item_group": "I2"}},
            "several item sales tax groups: I1, I2",
        ),
    ],
)
async def test_tax_codes_without_one_group_are_parked(
    codes: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    tables: dict[str, dict[str, str]],
    words: str,
) -> None:
    order, settings = taxed(*codes, rows=rows, **tables)
    reason = await parked(order, settings)
    assert words in reason
    assert "applied_taxes[].code" in reason


async def test_tax_whose_code_is_called_none_never_meets_the_group_of_what_is_not_taxed() -> None:
    order, settings = taxed(
        "none", rows=(("none",),), none={"group": "EXEMPT"}, A={"group": "G", "item_group": "I"}
    )
    assert (await previewed(order, settings)).outcome == "deliver"
    order["items"][0] |= {"tax_amount": Decimal("1.90"), "row_total_incl_tax": Decimal("11.90")}
    order |= {"tax_amount": Decimal("1.90"), "grand_total": Decimal("11.90")}
    assert "tax of 1.90 USD has no tax code" in await parked(order, settings)


async def test_a_row_without_codes_of_its_own_takes_those_the_order_lists_for_it() -> None:
    order, settings = taxed(
        "A", rows=((),), A={"group": "G", "item_group": "I"}, none={"item_group": "N"}
    )
    item = order["items"][0]["item_id"]
    order = with_extension(
        order,
        item_applied_taxes=[
            {"type": "product", "item_id": item, "applied_taxes": [{"code": "A"}]},
            {"type": "shipping", "applied_taxes": [{"code": "A"}]},
        ],
    )
    order |= {"shipping_amount": "1.00", "grand_total": order["grand_total"] + 1}
    groups = [
        body["SalesTaxItemGroupCode"]
        for body in lines_of((await previewed(order, settings)).requests)
    ]
    assert groups == ["I", "I"]


@pytest.mark.parametrize(
    ("codes", "tables", "groups"),
    [
        (("A",), {"A": {"group": "G", "item_group": "I"}}, ["I", "N"]),
        (("A", "B"), {"A": {"item_group": "I"}, "B": {"item_group": "I"}}, ["I", "N"]),
        (("A", "B"), {"A_B": {"group": "G", "item_group": "I"}}, ["I", "N"]),
        (("A", "B"), {"A": {"item_group": "I"}, "B": {"item_group": "J"}}, []),
        (("A", "B"), {"A": {"item_group": "I"}, "A_B": {"item_group": "K"}}, []),
        (("A", "B"), {"A": {"item_group": "I"}}, []),
        (("A", "A", "A"), {"A": {"item_group": "I"}}, []),  # 2.85 of 1.90
    ],
)
async def test_tax_of_a_row_without_codes_is_of_the_order_s_where_that_leaves_no_choice(
    codes: tuple[str, ...], tables: dict[str, dict[str, str]], groups: list[str]
) -> None:
    """As tax extensions leave it that list their codes for the whole order."""
    order, settings = taxed(*codes, rows=((), ()), none={"item_group": "N"}, **tables)
    order["items"][0] |= {"tax_amount": Decimal("1.90"), "row_total_incl_tax": Decimal("11.90")}
    order |= {"tax_amount": Decimal("1.90"), "grand_total": Decimal("21.90")}
    amount = Decimal("1.90") if len(codes) == 1 else Decimal("0.95")
    listed = [{"code": code, "percent": 5, "amount": amount} for code in codes]
    found = await previewed(with_extension(order, applied_taxes=listed), settings)
    assert found.outcome == ("deliver" if groups else "park"), found.reason
    assert [body["SalesTaxItemGroupCode"] for body in lines_of(found.requests)] == groups


async def test_fixed_product_tax_is_a_line_per_set_of_tax_codes() -> None:
    order, settings = taxed(
        "A",
        "B",
        rows=(("A",), ("B",)),
        A={"group": "G", "item_group": "IA"},
        B={"group": "G", "item_group": "IB"},
    )
    weee = []
    for item, code in zip(order["items"], ("A", "B"), strict=True):
        item |= {
            "weee_tax_applied_row_amount": Decimal("1.50"),
            "row_total_incl_tax": item["row_total_incl_tax"] + Decimal("1.50"),
        }
        weee.append(
            {
                "type": "weee",
                "associated_item_id": item["item_id"],
                "applied_taxes": [{"code": code}],
            }
        )
    order = with_extension(order, item_applied_taxes=weee) | {
        "grand_total": order["grand_total"] + 3
    }
    lines = {
        body["ExternalItemNumber"]: body
        for body in lines_of((await previewed(order, settings)).requests)
    }
    assert (
        lines["fixed-product-tax"]["SalesTaxItemGroupCode"],
        lines["fixed-product-tax-2"]["SalesTaxItemGroupCode"],
    ) == ("IA", "IB")
    untaxed = await previewed(order)
    assert_exact(untaxed, order)
    assert len(lines_of(untaxed.requests)) == 3
