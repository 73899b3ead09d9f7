"""A row of an order's `items`, with the amounts as REST answers them."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import field_validator, model_validator

from sync.commerce.models.fields import Amount, Code, Document, Flag, Many, Some, Text, Whole
from sync.core.encoding import NotJson, from_json
from sync.core.money import ZERO, stored


class FixedProductTax(Document):
    """One entry of `weee_tax_applied`: amounts of the whole row, net and gross."""

    row_amount: Amount = ZERO
    row_amount_incl_tax: Amount = ZERO


class ItemTax(Document):
    """One entry of an item's `itemized_taxes`."""

    tax_code: Text = ""


class ItemExtension(Document):
    """The parts of an item's extension attributes that hold money or tax."""

    itemized_taxes: Annotated[list[ItemTax], Many] = []
    gw_price: Amount = ZERO


class ChosenOption(Document):
    """What the shopper chose or typed for one custom option; ids, or the text typed."""

    option_id: Text = ""
    option_value: Text = ""


class Item(Document):
    """One row of `items`. `qty_*` in pieces; which rows carry an amount is `order_rows.py`'s
    knowledge."""

    item_id: Whole = None
    parent_item_id: Whole = None
    product_id: Whole = None
    sku: Code = ""
    name: Text = ""
    product_type: Text = ""
    is_virtual: Flag = False
    is_qty_decimal: Flag = False
    qty_ordered: Amount = ZERO
    qty_canceled: Amount = ZERO
    qty_invoiced: Amount = ZERO
    qty_shipped: Amount = ZERO
    qty_refunded: Amount = ZERO
    price: Amount = ZERO
    original_price: Amount = ZERO
    price_incl_tax: Amount = ZERO
    tax_percent: Amount = ZERO
    row_total: Amount = ZERO
    row_total_incl_tax: Amount = ZERO
    row_invoiced: Amount = ZERO
    discount_invoiced: Amount = ZERO
    tax_invoiced: Amount = ZERO
    discount_tax_compensation_invoiced: Amount = ZERO
    amount_refunded: Amount = ZERO
    discount_refunded: Amount = ZERO
    tax_refunded: Amount = ZERO
    discount_tax_compensation_refunded: Amount = ZERO
    discount_amount: Amount = ZERO
    tax_amount: Amount = ZERO
    discount_tax_compensation_amount: Amount = ZERO
    weee_tax_applied_row_amount: Amount = ZERO
    weee_tax_applied: tuple[FixedProductTax, ...] = ()
    extension_attributes: Annotated[ItemExtension, Some] = ItemExtension()
    product_option: tuple[ChosenOption, ...] = ()
    """The custom options that were chosen."""

    @model_validator(mode="before")
    @classmethod
    def _parent(cls, value: Any) -> Any:
        """A child may name its parent by a copy of it only, as where a filter left `parent_item_id`
        out."""
        parent = value.get("parent_item") if isinstance(value, dict) else None
        if not isinstance(parent, dict) or value.get("parent_item_id") or not parent.get("item_id"):
            return value
        return {**value, "parent_item_id": parent["item_id"]}

    @field_validator("product_option", mode="before")
    @classmethod
    def _custom_options(cls, value: Any) -> Any:
        """Only custom options are read, and a description is all they make: what cannot be read is
        left out."""
        extension = value.get("extension_attributes") if isinstance(value, dict) else None
        options = extension.get("custom_options") if isinstance(extension, dict) else None
        return (
            [option for option in options if _is_option(option)]
            if isinstance(options, list)
            else ()
        )

    @field_validator("weee_tax_applied", mode="before")
    @classmethod
    def _embedded_json(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value or ()
        try:
            return from_json(value or "[]") or ()
        except NotJson as error:
            raise ValueError(str(error)) from None

    @property
    def fixed_product_tax_tax(self) -> Decimal:
        """Tax on the fixed product tax of the row; it stands in no numeric field."""
        return stored(
            sum((e.row_amount_incl_tax - e.row_amount for e in self.weee_tax_applied), ZERO)
        )


def _is_option(option: Any) -> bool:
    fields = (
        (option.get("option_id"), option.get("option_value"))
        if isinstance(option, dict)
        else (None,)
    )
    return all(isinstance(field, str | int) and not isinstance(field, bool) for field in fields)
