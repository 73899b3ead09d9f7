"""Values of product attributes, and barcodes, as F&O's entities answer.

Values are of the shared product and have no language. A default that a product inherits from its
category is no value of its own and is not among them. Barcodes are of a legal entity, and are found
by the product's number, that of a variant included.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any, Final

from sync.dynamics.documents.product_attribute import AttributeValue, Barcode
from sync.dynamics.odata import Filter, instant_of
from sync.dynamics.on_hand import MOST_TERMS
from sync.dynamics.reader import ODataReader

VALUES: Final = "ProductAttributeValuesV3"
VALUE_OF: Final = {
    "Text": "TextValue", "Integer": "IntegerValue", "Decimal": "DecimalValue",
    "Currency": "CurrencyValue", "TrueFalse": "BooleanValue", "DateTime": "DateTimeValue",
}  # fmt: skip
VALUE_KEY: Final = ("ProductNumber", "AttributeTypeName", "AttributeName")
VALUE_FIELDS: Final = (*VALUE_KEY, "DataType", "UnitOfMeasure", *VALUE_OF.values())
BARCODES: Final = "ProductNumberIdentifiedBarcodes"
BARCODE_KEY: Final = ("ProductNumber", "ProductQuantityUnitSymbol", "BarcodeSetupId", "Barcode")
BARCODE_FIELDS: Final = (*BARCODE_KEY, "IsDefaultDisplayedBarcode")

ValuesByName = Mapping[str, Sequence[AttributeValue]]
"""By the attribute's name without case; several where several attribute types have one name."""


class ProductAttributes:
    """Attributes and barcodes of one environment, by product number without case. Raises as the
    client does. `products`: only these, as F&O writes them; all where there are none."""

    def __init__(self, client: ODataReader) -> None:
        self._client = client

    async def values(
        self, names: Collection[str], products: Sequence[str] = ()
    ) -> Mapping[str, ValuesByName]:
        """The values of attributes of these names."""
        found: dict[str, dict[str, list[AttributeValue]]] = defaultdict(lambda: defaultdict(list))
        where = _few("AttributeName", names), _few("ProductNumber", products)
        wanted = {name.casefold() for name in names}
        async for row in self._client.query(
            VALUES, where=_all_of(*where), select=VALUE_FIELDS, order_by=VALUE_KEY
        ):
            product, _, name = (str(row.get(one) or "").casefold() for one in VALUE_KEY)
            if name in wanted:
                found[product][name].append(_value(row))
        return found

    async def barcodes(
        self, company: str, products: Sequence[str] = ()
    ) -> Mapping[str, Sequence[Barcode]]:
        """The barcodes of products."""
        found: dict[str, list[Barcode]] = defaultdict(list)
        where = _all_of(Filter.eq("dataAreaId", company), _few("ProductNumber", products))
        async for row in self._client.query(
            BARCODES, where=where, select=BARCODE_FIELDS, order_by=BARCODE_KEY
        ):
            product, unit, _, code = (str(row.get(one) or "") for one in BARCODE_KEY)
            is_default = row.get("IsDefaultDisplayedBarcode") == "Yes"
            found[product.casefold()].append(Barcode(code, unit, is_default))
        return found


def _few(field: str, values: Collection[str]) -> Filter | None:
    """The condition that a field has one of the values; none where they are many."""
    return Filter.any_of(field, values) if 0 < len(values) <= MOST_TERMS else None


def _all_of(*conditions: Filter | None) -> Filter | None:
    there = [one for one in conditions if one is not None]
    return reduce(and_, there) if there else None


def _value(row: Mapping[str, Any]) -> AttributeValue:
    kind = str(row.get("DataType") or "")
    value, unit = row.get(VALUE_OF.get(kind, "")), str(row.get("UnitOfMeasure") or "")
    if kind == "TrueFalse":
        value = value == "Yes"
    elif kind == "DateTime":
        value = instant_of(value)
    elif kind in ("Decimal", "Currency"):
        value = Decimal(value or 0)
    return AttributeValue(kind, value, unit)
