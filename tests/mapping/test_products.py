"""Products of F&O as a shop shows them: which fields, in which language, whether they are sold."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.config.connections import Products
from sync.core.errors import Never
from sync.dynamics.documents.released_product import (
    OrderSettings,
    ReleasedProduct,
    Texts,
    Variant,
)
from sync.mapping.configurables import Child, variants_to_show
from sync.mapping.product_texts import as_html
from sync.mapping.products import Described, origin_of, product_to_show, why_not_sold
from sync.mapping.shown_products import quantities_of, stock_item_of, values_of
from sync.mapping.unshowable import Unshowable

DAY = date(2026, 3, 2)
RELEASED: dict[str, Any] = {
    "item": "LAMP", "product": "P-1", "is_service": False, "is_master": False, "group": "WEB",
    "lifecycle": "Live", "tax_group": "FULL", "net_weight": Decimal(3), "tare_weight": Decimal(1),
    "inventory_unit": "box", "sales_unit": "ea", "sells_from": None, "sells_until": None,
}  # fmt: skip
TEXTS = {
    ("p-1", ""): Texts("Lamp", "Bright"), ("p-1", "de"): Texts("Lampe", "Hell"),
    ("p-1:2", "de"): Texts("Lampe rot", ""), ("p-1", "fr"): Texts("", "Claire"),
}  # fmt: skip


def described(**values: Any) -> Described:
    own = {name: values.pop(name) for name in [*values] if name in RELEASED}
    whole: dict[str, Any] = {
        "sku": "lamp", "released": ReleasedProduct(**{**RELEASED, **own}), "variant": None,
        "texts": TEXTS, "orders": OrderSettings(), "pieces": Fraction(6), "day": DAY,
        "has_price": True, **values,
    }  # fmt: skip
    return Described(**whole)


def shown(known: Described, **settings: Any) -> Any:
    return product_to_show(known, Products(**settings), {"taxable goods": "2"})


@pytest.mark.parametrize(
    ("language", "variant", "name", "description"),
    [("", None, "Lamp", "Bright"), ("DE", None, "Lampe", "Hell"), ("fr", None, "Lamp", "Bright"),
     ("de", Variant("P-1:2", ""), "Lampe rot", ""), ("", Variant("P-1:2", ""), "Lamp", "Bright"),
     ("fi", Variant("P-1:2", ""), "Lamp", "Bright")],
)  # fmt: skip
def test_texts_are_of_the_language_or_of_the_product_itself(
    language: str, variant: Variant | None, name: str, description: str
) -> None:
    known = described(variant=variant)
    wanted = {"name": name, "description": description}
    both = ("name", "description")
    assert shown(known, fields=both, language=language) == {"all": wanted}
    views = {"v": {"language": language or "xx", "fields": both}}
    assert shown(known, views=views) == {"v": wanted}


@pytest.mark.parametrize(
    ("settings", "weight"),
    [({}, "0.5"), ({"weight": "gross"}, "0.666667"), ({"weight_factor": "2.204623"}, "1.102312")],
)
def test_the_weight_is_of_one_piece_in_the_shops_unit(
    settings: dict[str, Any], weight: str
) -> None:
    content = shown(described(), fields=("weight",), **settings)
    assert content == {"all": {"weight": Decimal(weight)}}
    assert shown(described(is_service=True), fields=("weight",)) == {"all": {"weight": 0}}


def test_a_weight_or_a_quantity_needs_a_conversion_and_zero_needs_none() -> None:
    why = Never("no conversion", remedy="Add it.")
    assert shown(described(pieces=why), fields=("weight",)).remedy == "Add it."
    none = described(pieces=why, net_weight=Decimal(0))
    assert shown(none, fields=("weight", "quantities"))["all"] == {"weight": 0}


@pytest.mark.parametrize(
    ("orders", "pieces", "wanted"),
    [
        (OrderSettings(Decimal(2), Decimal(10), Decimal(1)), 6, (12, 60, 6)),
        (OrderSettings(), 6, (0, 0, 0)),
        (OrderSettings(Decimal(-1)), 6, (0, 0, 0)),
        (OrderSettings(Decimal("0.5")), 6, (3, 0, 0)),
        (OrderSettings(Decimal("0.25")), 6, None),
    ],
)
def test_quantities_are_whole_pieces(
    orders: OrderSettings, pieces: int, wanted: tuple[int, ...] | None
) -> None:
    content = shown(described(orders=orders, pieces=Fraction(pieces)), fields=("quantities",))
    if wanted is None:
        assert isinstance(content, Never)
        assert "no whole pieces" in content.reason
    else:
        assert tuple(content["stock item"].values()) == wanted


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, ""),
        ({"orders": OrderSettings(is_stopped=True)}, "stopped for sales"),
        ({"lifecycle": "LIVE"}, ""),
        ({"lifecycle": ""}, 'its lifecycle state ""'),
        ({"variant": Variant("V", "Dead")}, 'its lifecycle state "Dead"'),
        ({"variant": Variant("V", "")}, ""),
        ({"sells_from": DAY, "sells_until": DAY}, ""),
        ({"sells_from": date(2026, 3, 3)}, "it is sold from 2026-03-03"),
        ({"sells_until": date(2026, 3, 1)}, "it was sold until 2026-03-01"),
    ],
)
def test_f_and_o_says_whether_a_product_may_be_sold(values: dict[str, Any], why: str) -> None:
    settings = Products(lifecycle_states=("live",), fields=("status",))
    known = described(**values)
    assert why in why_not_sold(known, settings)
    assert why_not_sold(described(lifecycle=""), Products()) == ""
    assert product_to_show(known, settings, {}) == {"all": {"status": 2 if why else 1}}
    assert (f"disabled: {why_not_sold(known, settings)}" in origin_of(known, settings)) is bool(why)


def test_people_are_told_what_a_product_is_made_of_and_why_it_is_not_enabled() -> None:
    known = described(has_price=False, variant=Variant("P-1:2", ""))
    assert origin_of(known, Products()) == "item LAMP, variant P-1:2"
    told = origin_of(known, Products(fields=("status",)))
    assert told == "item LAMP, variant P-1:2; not enabled: it has no price in the shop"


def test_what_must_not_be_sold_is_disabled_whatever_else_is_unknown() -> None:
    fields, stopped = ("status", "tax_class"), OrderSettings(is_stopped=True)
    views = {"de": {"language": "de"}}
    unknown = shown(described(tax_group="X"), fields=fields, tax_classes={"FULL": "x"})
    assert isinstance(unknown, Never)
    disabled = {"all": {"status": 2}, "de": {"status": 2}}
    known = described(tax_group="X", orders=stopped)
    assert shown(known, fields=fields, tax_classes={"FULL": "x"}, views=views) == disabled
    assert isinstance(shown(known, fields=fields[1:], tax_classes={"FULL": "x"}), Never)


def test_a_tax_class_is_found_by_its_name_and_an_unknown_one_is_told() -> None:
    named = {"full": "TAXABLE goods"}
    assert shown(described(), fields=("tax_class",), tax_classes=named) == {
        "all": {"tax_class_id": "2"}
    }
    unknown = shown(described(), fields=("tax_class",), tax_classes={"FULL": "Nothing"})
    assert 'no product tax class "Nothing"' in unknown.reason


def test_without_a_price_nothing_is_enabled_and_what_is_not_owned_is_not_there() -> None:
    assert shown(described(has_price=False), fields=("status",)) == {}
    assert shown(described(), fields=()) == {}


def test_a_description_is_text_and_not_markup() -> None:
    assert as_html(" a < b & c \n  d\n") == "a &lt; b &amp; c<br>d"


QUANTITIES = st.integers(0, 9999).map(Decimal)


@given(QUANTITIES, QUANTITIES, QUANTITIES)
def test_limits_of_a_stock_item_read_back_as_they_were_sent(
    minimum: Decimal, maximum: Decimal, multiple: Decimal
) -> None:
    wanted = {"min_sale_qty": minimum, "max_sale_qty": maximum, "qty_increments": multiple}
    sent = stock_item_of(wanted)
    assert isinstance(sent["use_config_min_sale_qty"], int)
    assert not isinstance(sent["use_config_min_sale_qty"], bool)
    assert quantities_of(sent) == wanted
    texts = {name: str(int(value)) for name, value in sent.items()}
    assert quantities_of(texts) == wanted


def test_values_are_read_as_contents_have_them() -> None:
    fields = ("name", "weight", "status", "tax_class", "description", "quantities")
    row = {"name": "A", "weight": None, "status": 1, "tax_class_id": 2}
    assert values_of(row, fields) == {
        "name": "A", "weight": 0, "status": 1, "tax_class_id": "2", "description": "",
    }  # fmt: skip


def test_a_master_offers_the_variants_that_the_shop_would_take() -> None:
    ready = Child("b", (("size", "1"), ("color", "2")))
    content = variants_to_show("x", [ready, Child("a", (("size", "1"), ("color", None)))])
    assert content == {"children": ["b"], "attributes": ["color", "size"]}
    assert variants_to_show("x", []) is None
    with pytest.raises(Unshowable, match="b and c have the same options"):
        variants_to_show("x", [ready, Child("c", ready.values)])


@pytest.mark.parametrize("fields", [("weight", "quantities", "name"), ("weight", "name")])
def test_a_configurable_product_has_no_weight_and_no_quantities(fields: tuple[str, ...]) -> None:
    known = described(children=[Child("b", (("size", "1"),))])
    content = shown(known, fields=fields)
    assert content["all"] == {"name": "Lamp"}
    assert content["variants of it"]["children"] == ["b"]
    assert "stock item" not in content
