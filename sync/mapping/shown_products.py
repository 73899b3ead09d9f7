"""A product as a shop answers it, as contents of publications have it; and back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sync.commerce.models.fields import flag_from
from sync.commerce.models.product_attribute import ShopAttribute
from sync.mapping.products import MAXIMUM, MINIMUM, MULTIPLE

NAMES: Final = {"tax_class": "tax_class_id"}
"""Fields of the settings whose name in the shop is another one."""
QUANTITIES: Final = "quantities"

Content = Mapping[str, Mapping[str, Any]]


def attributes_of(
    row: Mapping[str, Any], attributes: Mapping[str, ShopAttribute]
) -> dict[str, str | None]:
    """What these attributes of a product show, by code."""
    return {code: one.comparable(row.get(code)) for code, one in attributes.items()}


def categories_of(row: Mapping[str, Any], categories: Sequence[int]) -> dict[str, int]:
    """Whether a product is in each of these categories, by id."""
    there = {str(one) for one in row.get("category_ids") or []}
    return {str(one): int(str(one) in there) for one in categories}


def values_of(row: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """These fields of a product, its custom attributes beside its columns."""
    names = (NAMES.get(one, one) for one in fields if one != QUANTITIES)
    return {name: _value(name, row.get(name)) for name in names}


def _value(name: str, value: Any) -> Any:
    if name == "weight":
        return Decimal(value or 0)
    if name == "status":
        return int(value or 0)
    return "" if value is None else str(value)


def quantities_of(item: Mapping[str, Any]) -> dict[str, Decimal]:
    """The limits of an order in a stock item; those of the whole shop are none of its own."""

    def flag(name: str) -> bool:
        return flag_from(item.get(name, True))

    is_own = not flag("use_config_enable_qty_inc")
    is_stepped = is_own and flag_from(item.get("enable_qty_increments"))
    is_shops = {
        MINIMUM: flag("use_config_min_sale_qty"), MAXIMUM: flag("use_config_max_sale_qty"),
        MULTIPLE: flag("use_config_qty_increments") or not is_stepped,
    }  # fmt: skip
    return {
        name: Decimal(0) if shops else Decimal(item.get(name) or 0)
        for name, shops in is_shops.items()
    }


def stock_item_of(quantities: Mapping[str, Decimal]) -> dict[str, Any]:
    """Limits as a stock item takes them. One without its flag would be ignored; the flag of the
    minimum is a whole number, all others are yes or no (measured)."""
    found: dict[str, Any] = {}
    for name, quantity in quantities.items():
        is_shops = quantity == 0
        found |= {f"use_config_{name}": is_shops, **({} if is_shops else {name: quantity})}
        if name == MINIMUM:
            found[f"use_config_{name}"] = int(is_shops)
        if name == MULTIPLE:
            found |= {"use_config_enable_qty_inc": is_shops, "enable_qty_increments": not is_shops}
    return found


def differences(wanted: Content, there: Content) -> list[str]:
    """What a shop shows otherwise, in words."""
    return [
        f"{name} ({scope}) is {there.get(scope, {}).get(name)!s:.80}, not {value!s:.80}"
        for scope, values in wanted.items()
        for name, value in values.items()
        if there.get(scope, {}).get(name) != value
    ]
